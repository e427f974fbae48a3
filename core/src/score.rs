//! Texts against labels.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::calibration::{logit, sigmoid};
use crate::embeddings::dot;
use crate::{Background, Calibration, Embeddings, Error, ErrorKind, LabelId, LabelSet, Lexicon, Result};

/// How labels relate to each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A text may express several: each has a probability of its own.
    #[default]
    Multi,
    /// A text expresses one at most: labels, and none of them, share the probability.
    Single,
}

/// How to score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ScoreOptions {
    /// Several labels or one.
    pub mode: Mode,
    /// From which probability on a label is on, 0 to 1; the calibration's if there is none. A label's own threshold
    /// wins over both, and [`Mode::Single`] heeds no other.
    pub threshold: Option<f32>,
}

/// What a [`Scorer`] finds: `(texts, labels)` matrices with the labels in the order of their set.
///
/// Methods that take a text's index panic if there is no such text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    width: usize,
    cosine: Vec<f32>,
    probability: Vec<f32>,
    none: Vec<f32>,
    on: Vec<bool>,
}

impl Scores {
    /// How many texts.
    pub fn len(&self) -> usize {
        self.none.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.none.is_empty()
    }

    /// How many labels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The cosine of text `i` with each label, -1 to 1: what everything else is made from.
    pub fn cosine(&self, i: usize) -> &[f32] {
        &self.cosine[i * self.width..(i + 1) * self.width]
    }

    /// The probability of each label for text `i`. In [`Mode::Multi`] a parent is at least as probable as its most
    /// probable descendant: who is furious is angry.
    pub fn probability(&self, i: usize) -> &[f32] {
        &self.probability[i * self.width..(i + 1) * self.width]
    }

    /// The probability that text `i` expresses none of the labels.
    pub fn none(&self, i: usize) -> f32 {
        self.none[i]
    }

    /// Which labels text `i` expresses: by threshold in [`Mode::Multi`], the winner at most in [`Mode::Single`].
    pub fn on(&self, i: usize) -> &[bool] {
        &self.on[i * self.width..(i + 1) * self.width]
    }

    /// The label that a forced choice gives text `i`: the most probable, though none may be more so. Among equals it
    /// is the closest, so a child before the parent that it lifts, then the first. `None` if there are no labels.
    pub fn best(&self, i: usize) -> Option<usize> {
        best(self.probability(i), self.cosine(i))
    }
}

/// Scores texts against labels: dot products, so that anything about labels may change at any time.
#[derive(Debug, Clone)]
pub struct Scorer {
    calibration: Calibration,
    background: Background,
    /// What the reference texts have to share out, by term.
    reference: Vec<Shares>,
}

/// `exp(cosine / temperature)` of a text with each term of the lexicon.
#[derive(Debug, Clone)]
struct Shares {
    terms: Vec<f32>,
    /// What all terms together take off a label's evidence.
    competition: f32,
}

/// A label set as texts are scored against it: all that depends on the labels alone, so that a text that changes with
/// every key costs no more than it must.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    vectors: Embeddings,
    columns: Vec<Column>,
    /// The thresholds that labels have of their own.
    thresholds: Vec<Option<f32>>,
    lifts: Vec<(usize, usize)>,
    /// The lexicon's term for no emotion and its column, if no label of the set stands for it.
    neutral: Option<(usize, Column)>,
}

/// What stays the same for all texts of a label.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    claims: Vec<usize>,
    /// What is added to scaled evidence.
    offset: f32,
}

impl Scorer {
    /// A scorer that reads cosines by `calibration`, before `background`.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: a calibration that is not valid.
    pub fn new(calibration: Calibration, background: Background) -> Result<Self> {
        calibration.validate()?;
        let mut scorer = Self { calibration, background, reference: Vec::new() };
        scorer.reference = scorer.background.reference().rows().map(|text| scorer.shares(text)).collect();
        Ok(scorer)
    }

    /// How it reads cosines.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// What labels are held against.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// Prepares labels for [`Scorer::score`]. `vectors` has one row for each label of `set`, in its order.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: another number of vectors than of labels, or vectors of another model.
    pub fn prepare(&self, vectors: Embeddings, set: &LabelSet) -> Result<Prepared> {
        self.check(&vectors, set)?;
        let neutral = self.background.neutral(set);
        let claims = self.background.claims(set).into_iter();
        let rows = vectors.rows().zip(claims).zip(neutral);
        let columns: Vec<_> = rows.map(|((label, claims), neutral)| self.column(label, claims, neutral, set)).collect();
        let neutral = self.neutral_column(set, &columns);
        let thresholds = set.labels().iter().map(|label| label.threshold).collect();
        Ok(Prepared { vectors, columns, thresholds, lifts: lifts(set), neutral })
    }

    /// Scores texts.
    ///
    /// - [`Mode::Multi`]: a label's probability is the sigmoid of its logit ([`Calibration`]), and lifts those of its
    ///   ancestors. None has the probability that the most probable label lacks.
    /// - [`Mode::Single`]: probabilities are the softmax over the labels' logits and, for none, the logit of the
    ///   calibration's threshold, or of "neutral" if that is higher and no label of the set: a label that by itself
    ///   would not be on loses against none.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of different lengths, or a threshold that is not between 0 and 1.
    pub fn score(&self, texts: &Embeddings, labels: &Prepared, options: &ScoreOptions) -> Result<Scores> {
        let Prepared { vectors: labels, columns, thresholds, lifts, neutral } = labels;
        same_length(texts, labels)?;
        if let Some(threshold) = options.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(bad(format!("the threshold is {threshold}, it must be between 0 and 1")));
        }
        let threshold = logit(self.calibration.threshold);
        let common = options.threshold.unwrap_or(self.calibration.threshold);
        let width = labels.len();
        let cells = texts.len() * width;
        let mut scores = Scores {
            width,
            cosine: Vec::with_capacity(cells),
            probability: Vec::with_capacity(cells),
            none: Vec::with_capacity(texts.len()),
            on: Vec::with_capacity(cells),
        };
        for text in texts.rows() {
            let from = scores.cosine.len();
            // Rounding may carry a product of unit vectors beyond one.
            scores.cosine.extend(labels.rows().map(|label| dot(text, label).clamp(-1.0, 1.0)));
            let cosine = &scores.cosine[from..];
            let shares = self.shares(text);
            let logits = cosine.iter().zip(columns).map(|(&cosine, column)| self.logit(cosine, column, &shares));
            match options.mode {
                Mode::Multi => {
                    scores.probability.extend(logits.map(sigmoid));
                    let probability = &mut scores.probability[from..];
                    for &(child, parent) in lifts {
                        probability[parent] = probability[parent].max(probability[child]);
                    }
                    scores.none.push(1.0 - probability.iter().copied().fold(0.0, f32::max));
                    let on = |(p, own): (&f32, &Option<f32>)| *p >= own.unwrap_or(common);
                    scores.on.extend(probability.iter().zip(thresholds).map(on));
                }
                Mode::Single => {
                    let none = match neutral {
                        Some((term, column)) => {
                            let cosine = dot(text, self.background.terms().row(*term));
                            self.logit(cosine, column, &shares).max(threshold)
                        }
                        None => threshold,
                    };
                    let logits: Vec<f64> = logits.map(f64::from).collect();
                    let none = f64::from(none);
                    let largest = logits.iter().copied().fold(none, f64::max);
                    let none = (none - largest).exp();
                    let total = none + logits.iter().map(|l| (l - largest).exp()).sum::<f64>();
                    scores.probability.extend(logits.iter().map(|l| ((l - largest).exp() / total) as f32));
                    let none = (none / total) as f32;
                    let probability = &scores.probability[from..];
                    let winner = best(probability, cosine)
                        .filter(|&l| probability[l] > none && thresholds[l].is_none_or(|own| probability[l] >= own));
                    scores.none.push(none);
                    scores.on.extend((0..width).map(|l| Some(l) == winner));
                }
            }
        }
        Ok(scores)
    }

    /// What the logits of [`Mode::Multi`] are made of, for who fits a calibration: of each text and label the evidence,
    /// row-major, and of each label the mean evidence over the reference texts and whether it is one for no emotion.
    ///
    /// # Errors
    /// As [`Scorer::score`].
    pub fn evidence(
        &self,
        texts: &Embeddings,
        labels: &Embeddings,
        set: &LabelSet,
    ) -> Result<(Vec<f32>, Vec<f32>, Vec<bool>)> {
        self.check(labels, set)?;
        same_length(texts, labels)?;
        let claims = self.background.claims(set);
        let mut evidence = Vec::with_capacity(texts.len() * labels.len());
        for text in texts.rows() {
            let shares = self.shares(text);
            evidence.extend(labels.rows().zip(&claims).map(|(l, claims)| self.weigh(dot(text, l), claims, &shares)));
        }
        let mean = labels.rows().zip(&claims).map(|(label, claims)| self.mean_evidence(label, claims)).collect();
        Ok((evidence, mean, self.background.neutral(set)))
    }

    fn shares(&self, text: &[f32]) -> Shares {
        let t = self.calibration.temperature;
        let terms: Vec<f32> = self.background.terms().rows().map(|term| (dot(text, term) / t).exp()).collect();
        let total: f32 = terms.iter().sum();
        let competition = if total > 0.0 { self.calibration.competition * t * total.ln() } else { 0.0 };
        Shares { terms, competition }
    }

    /// The evidence of a label that has this cosine and these terms.
    fn weigh(&self, cosine: f32, claims: &[usize], shares: &Shares) -> f32 {
        let Calibration { temperature, descendants, .. } = self.calibration;
        let claimed = descendants * claims.iter().map(|&term| shares.terms[term]).sum::<f32>();
        // Exact where there is nothing to add up.
        let own = if claimed > 0.0 { temperature * ((cosine / temperature).exp() + claimed).ln() } else { cosine };
        own - shares.competition
    }

    fn mean_evidence(&self, label: &[f32], claims: &[usize]) -> f32 {
        let texts = self.background.reference().rows().zip(&self.reference);
        let sum: f32 = texts.map(|(text, shares)| self.weigh(dot(text, label), claims, shares)).sum();
        sum / self.reference.len().max(1) as f32
    }

    fn column(&self, label: &[f32], claims: Vec<usize>, neutral: bool, set: &LabelSet) -> Column {
        let c = &self.calibration;
        let hub = if c.hubness > 0.0 { c.hubness * self.mean_evidence(label, &claims) } else { 0.0 };
        let crowd = c.crowding * (set.labels().len().max(1) as f32).ln();
        let offset = c.bias - c.scale * hub - crowd + if neutral { c.neutral } else { 0.0 };
        Column { claims, offset }
    }

    /// The lexicon's term for no emotion and its column, if no label of the set stands for it.
    fn neutral_column(&self, set: &LabelSet, columns: &[Column]) -> Option<(usize, Column)> {
        let term = self.background.lexicon().find(Lexicon::NEUTRAL)?;
        if columns.iter().any(|column| column.claims.contains(&term)) {
            return None;
        }
        let terms = self.background.lexicon().terms().iter().enumerate();
        let claims = terms.filter(|(_, t)| t.basic == Lexicon::NEUTRAL).map(|(i, _)| i).collect();
        Some((term, self.column(self.background.terms().row(term), claims, true, set)))
    }

    fn logit(&self, cosine: f32, column: &Column, shares: &Shares) -> f32 {
        self.calibration.scale * self.weigh(cosine, &column.claims, shares) + column.offset
    }

    fn check(&self, labels: &Embeddings, set: &LabelSet) -> Result<()> {
        if !self.background.terms().is_empty() {
            same_length(self.background.terms(), labels)?;
        }
        if labels.len() != set.labels().len() {
            let (vectors, labels) = (labels.len(), set.labels().len());
            return Err(bad(format!("{labels} labels came with {vectors} vectors: encode the label set as it is now")));
        }
        Ok(())
    }
}

fn same_length(texts: &Embeddings, labels: &Embeddings) -> Result<()> {
    if texts.dim() == labels.dim() {
        return Ok(());
    }
    let (texts, labels) = (texts.dim(), labels.dim());
    Err(bad(format!("texts have vectors of length {texts} and labels of {labels}: encode both with one model")))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}

fn best(probability: &[f32], cosine: &[f32]) -> Option<usize> {
    let better = |&a: &usize, &b: &usize| {
        probability[a].total_cmp(&probability[b]).then_with(|| cosine[a].total_cmp(&cosine[b]))
    };
    // Of equals, `max_by` takes the last.
    (0..probability.len()).rev().max_by(better)
}

/// The indices of each child and its parent, the deepest children first.
fn lifts(set: &LabelSet) -> Vec<(usize, usize)> {
    let index: HashMap<LabelId, usize> = set.labels().iter().enumerate().map(|(i, label)| (label.id, i)).collect();
    let parent = |i: usize| set.labels()[i].parent.and_then(|id| index.get(&id).copied());
    let depth = |i: usize| std::iter::successors(parent(i), |&i| parent(i)).count();
    let mut lifts: Vec<_> = (0..set.labels().len()).filter_map(|i| Some((i, parent(i)?))).collect();
    lifts.sort_by_cached_key(|&(child, _)| std::cmp::Reverse(depth(child)));
    lifts
}
