//! Texts against labels.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::calibration::logit;
use crate::math::{Transposed, exp, sigmoid};
use crate::scores::best;
use crate::{Background, Calibration, Embeddings, Error, ErrorKind, LabelId, LabelSet, Lexicon, Mode, Result, Scores};

/// How many texts' products are held at a time: few enough that they stay in the nearest caches.
pub(crate) const BLOCK: usize = 16;

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

/// Scores texts against labels: dot products, so that anything about labels may change at any time.
#[derive(Debug, Clone)]
pub struct Scorer {
    calibration: Calibration,
    background: Background,
    /// The lexicon's terms.
    terms: Transposed,
    /// What the reference texts have to share out, by term.
    reference: Vec<Shares>,
}

/// `exp(cosine / temperature)` of a text with each term of the lexicon.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    terms: Vec<f32>,
    /// What all terms together take off a label's evidence.
    competition: f32,
    /// The cosine with the term for no emotion.
    neutral: f32,
}

/// A label set as texts are scored against it: all that depends on the labels alone, so that a text that changes with
/// every key costs no more than it must.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    pub(crate) vectors: Embeddings,
    upright: Transposed,
    /// The lexicon's terms that each label stands for.
    pub(crate) claims: Vec<Vec<usize>>,
    /// What is added to each label's scaled evidence.
    offsets: Vec<f32>,
    /// The thresholds that labels have of their own.
    thresholds: Vec<Option<f32>>,
    lifts: Vec<(usize, usize)>,
    /// What the lexicon's term for no emotion stands for, and its offset, if no label of the set is one for none.
    neutral: Option<(Vec<usize>, f32)>,
}

impl Scorer {
    /// A scorer that reads cosines by `calibration`, before `background`.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: a calibration that is not valid.
    pub fn new(calibration: Calibration, background: Background) -> Result<Self> {
        calibration.validate()?;
        let terms = transposed(background.terms());
        let mut scorer = Self { calibration, background, terms, reference: Vec::new() };
        scorer.reference = scorer.shares(scorer.background.reference().as_slice());
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
        let (upright, claims) = (transposed(&vectors), self.background.claims(set));
        let neutral = self.background.neutral(set);
        let offsets = self.offsets(&upright, &claims, &neutral, set.labels().len());
        Ok(Prepared {
            neutral: self.neutral_column(&claims),
            vectors,
            upright,
            claims,
            offsets,
            thresholds: set.labels().iter().map(|label| label.threshold).collect(),
            lifts: lifts(set),
        })
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
        let judge = Judge::new(self, labels, options)?;
        same_length(texts, &labels.vectors)?;
        let mut scores = Scores::with_capacity(texts.len(), labels.vectors.len());
        for block in texts.as_slice().chunks(BLOCK * texts.dim()) {
            let shares = self.shares(block);
            let cosines = cosines(block, &labels.upright);
            let evidence = self.weigh_all(&cosines, &labels.claims, &shares);
            for (text, shares) in shares.iter().enumerate() {
                let row = text * labels.claims.len()..(text + 1) * labels.claims.len();
                judge.text(&cosines[row.clone()], &evidence[row], shares, &mut scores);
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
        let (upright, claims) = (transposed(labels), self.background.claims(set));
        let blocks = texts.as_slice().chunks(BLOCK * texts.dim());
        let evidence =
            blocks.flat_map(|block| self.weigh_all(&cosines(block, &upright), &claims, &self.shares(block))).collect();
        Ok((evidence, self.mean_evidence(&upright, &claims), self.background.neutral(set)))
    }

    /// What texts, the rows of a matrix, have to share out.
    pub(crate) fn shares(&self, texts: &[f32]) -> Vec<Shares> {
        let t = self.calibration.temperature;
        let neutral = self.background.lexicon().find(Lexicon::NEUTRAL);
        let cosines = cosines(texts, &self.terms);
        let shares = (0..texts.len() / self.background.terms().dim()).map(|text| {
            let row = &cosines[text * self.terms.len()..(text + 1) * self.terms.len()];
            let terms: Vec<f32> = row.iter().map(|cosine| exp(cosine / t)).collect();
            let total: f32 = terms.iter().sum();
            let competition = if total > 0.0 { self.calibration.competition * t * total.ln() } else { 0.0 };
            Shares { terms, competition, neutral: neutral.map_or(0.0, |term| row[term]) }
        });
        shares.collect()
    }

    /// The evidence of a label that has this cosine and these terms.
    pub(crate) fn weigh(&self, cosine: f32, claims: &[usize], shares: &Shares) -> f32 {
        let Calibration { temperature, descendants, .. } = self.calibration;
        let claimed = descendants * claims.iter().map(|&term| shares.terms[term]).sum::<f32>();
        // Exact where there is nothing to add up.
        let own = if claimed > 0.0 { temperature * (exp(cosine / temperature) + claimed).ln() } else { cosine };
        own - shares.competition
    }

    /// The evidence of texts for labels, `(texts, labels)` as the cosines are.
    fn weigh_all(&self, cosines: &[f32], claims: &[Vec<usize>], shares: &[Shares]) -> Vec<f32> {
        let rows = cosines.chunks(claims.len().max(1)).zip(shares);
        rows.flat_map(|(row, shares)| row.iter().zip(claims).map(|(&cosine, c)| self.weigh(cosine, c, shares)))
            .collect()
    }

    /// Each label's mean evidence over the reference texts.
    fn mean_evidence(&self, labels: &Transposed, claims: &[Vec<usize>]) -> Vec<f32> {
        let reference = self.background.reference();
        let evidence = self.weigh_all(&cosines(reference.as_slice(), labels), claims, &self.reference);
        let mut mean = vec![0.0; claims.len()];
        for row in evidence.chunks(claims.len().max(1)) {
            mean.iter_mut().zip(row).for_each(|(sum, evidence)| *sum += evidence);
        }
        mean.iter_mut().for_each(|sum| *sum /= reference.len().max(1) as f32);
        mean
    }

    /// What is added to the scaled evidence of labels in a set of `count`.
    fn offsets(&self, labels: &Transposed, claims: &[Vec<usize>], neutral: &[bool], count: usize) -> Vec<f32> {
        let c = &self.calibration;
        let mean = if c.hubness > 0.0 { self.mean_evidence(labels, claims) } else { vec![0.0; claims.len()] };
        let crowd = c.crowding * (count.max(1) as f32).ln();
        let offset = |(mean, neutral): (f32, &bool)| {
            c.bias - c.scale * c.hubness * mean - crowd + if *neutral { c.neutral } else { 0.0 }
        };
        mean.into_iter().zip(neutral).map(offset).collect()
    }

    /// What the lexicon's term for no emotion stands for, and its offset, if no label has claimed it.
    fn neutral_column(&self, claims: &[Vec<usize>]) -> Option<(Vec<usize>, f32)> {
        let term = self.background.lexicon().find(Lexicon::NEUTRAL)?;
        if claims.iter().any(|claims| claims.contains(&term)) {
            return None;
        }
        let terms = self.background.lexicon().terms().iter().enumerate();
        let own: Vec<usize> = terms.filter(|(_, t)| t.basic == Lexicon::NEUTRAL).map(|(i, _)| i).collect();
        let vector = self.background.terms().row(term);
        let upright = Transposed::new([vector].into_iter(), vector.len());
        let offset = self.offsets(&upright, std::slice::from_ref(&own), &[true], claims.len()).first().copied()?;
        Some((own, offset))
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

/// How texts' evidence is read: one label set, one way to score.
pub(crate) struct Judge<'a> {
    scorer: &'a Scorer,
    labels: &'a Prepared,
    mode: Mode,
    /// From which probability on labels without a threshold of their own are on.
    threshold: f32,
}

impl<'a> Judge<'a> {
    pub fn new(scorer: &'a Scorer, labels: &'a Prepared, options: &ScoreOptions) -> Result<Self> {
        if let Some(threshold) = options.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(bad(format!("the threshold is {threshold}, it must be between 0 and 1")));
        }
        let threshold = options.threshold.unwrap_or(scorer.calibration.threshold);
        Ok(Self { scorer, labels, mode: options.mode, threshold })
    }

    /// Adds a text, whose cosine with each label and whose evidence for each label are known.
    pub fn text(&self, cosine: &[f32], evidence: &[f32], shares: &Shares, scores: &mut Scores) {
        let Calibration { scale, threshold, .. } = self.scorer.calibration;
        let Prepared { offsets, thresholds, lifts, neutral, .. } = self.labels;
        let from = scores.probability.len();
        scores.cosine.extend_from_slice(cosine);
        let logits = evidence.iter().zip(offsets).map(|(evidence, offset)| scale * evidence + offset);
        match self.mode {
            Mode::Multi => {
                scores.probability.extend(logits.map(sigmoid));
                let probability = &mut scores.probability[from..];
                for &(child, parent) in lifts {
                    probability[parent] = probability[parent].max(probability[child]);
                }
                scores.none.push(1.0 - probability.iter().copied().fold(0.0, f32::max));
                let on = |(p, own): (&f32, &Option<f32>)| *p >= own.unwrap_or(self.threshold);
                scores.on.extend(probability.iter().zip(thresholds).map(on));
            }
            Mode::Single => {
                let threshold = logit(threshold);
                let none = neutral.as_ref().map_or(threshold, |(claims, offset)| {
                    threshold.max(scale * self.scorer.weigh(shares.neutral, claims, shares) + offset)
                });
                let none = f64::from(none);
                let logits: Vec<f64> = logits.map(f64::from).collect();
                let largest = logits.iter().copied().fold(none, f64::max);
                let none = (none - largest).exp();
                let total = none + logits.iter().map(|l| (l - largest).exp()).sum::<f64>();
                scores.probability.extend(logits.iter().map(|l| ((l - largest).exp() / total) as f32));
                let none = (none / total) as f32;
                let probability = &scores.probability[from..];
                let winner = best(probability, cosine)
                    .filter(|&l| probability[l] > none && thresholds[l].is_none_or(|own| probability[l] >= own));
                scores.none.push(none);
                scores.on.extend((0..offsets.len()).map(|l| Some(l) == winner));
            }
        }
    }
}

/// The cosines of unit rows, `(texts, labels)`: rounding may carry a product beyond one.
pub(crate) fn cosines(texts: &[f32], labels: &Transposed) -> Vec<f32> {
    let mut cosines = labels.products(texts);
    cosines.iter_mut().for_each(|cosine| *cosine = cosine.clamp(-1.0, 1.0));
    cosines
}

fn transposed(rows: &Embeddings) -> Transposed {
    Transposed::new(rows.rows(), rows.dim())
}

pub(crate) fn same_length(texts: &Embeddings, labels: &Embeddings) -> Result<()> {
    if texts.dim() == labels.dim() {
        return Ok(());
    }
    let (texts, labels) = (texts.dim(), labels.dim());
    Err(bad(format!("texts have vectors of length {texts} and labels of {labels}: encode both with one model")))
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
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
