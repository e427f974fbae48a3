//! Texts against labels.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::embeddings::dot;
use crate::{Calibration, Embeddings, Error, ErrorKind, LabelId, LabelSet, Result};

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

/// What [`score`] finds: `(texts, labels)` matrices with the labels in the order of their set.
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

/// The logit of a probability, finite at both ends.
fn logit(probability: f32) -> f64 {
    let p = f64::from(probability).clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

/// Scores texts against labels: a dot product for each pair, so that anything about labels may change at any time.
///
/// `labels` has one row for each label of `set`, in its order.
///
/// - [`Mode::Multi`]: a label's probability is the sigmoid of its calibrated cosine, and lifts those of its ancestors.
///   Of the other labels, only their number matters to it. None has the probability that the most probable label lacks.
/// - [`Mode::Single`]: probabilities are the softmax over the labels' logits and, for none, the logit of the
///   calibration's threshold: a label that by itself would not be on loses against none.
///
/// # Errors
/// [`ErrorKind::BadInput`]: vectors of different lengths, another number of vectors than of labels, or a threshold that
/// is not between 0 and 1. [`ErrorKind::BadModel`]: a calibration that is not valid.
pub fn score(
    texts: &Embeddings,
    labels: &Embeddings,
    set: &LabelSet,
    calibration: &Calibration,
    options: &ScoreOptions,
) -> Result<Scores> {
    check(texts, labels, set, options)?;
    calibration.validate()?;
    let calibration = calibration.among(set.labels().len());
    let none_logit = logit(calibration.threshold);
    let common = options.threshold.unwrap_or(calibration.threshold);
    let lifts = lifts(set);
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
        match options.mode {
            Mode::Multi => {
                scores.probability.extend(cosine.iter().map(|&c| calibration.probability(c)));
                let probability = &mut scores.probability[from..];
                for &(child, parent) in &lifts {
                    probability[parent] = probability[parent].max(probability[child]);
                }
                scores.none.push(1.0 - probability.iter().copied().fold(0.0, f32::max));
                let on = |(p, label): (&f32, &crate::Label)| *p >= label.threshold.unwrap_or(common);
                scores.on.extend(probability.iter().zip(set.labels()).map(on));
            }
            Mode::Single => {
                let logits = cosine.iter().map(|&c| f64::from(calibration.logit(c)));
                let largest = logits.clone().fold(none_logit, f64::max);
                let none = (none_logit - largest).exp();
                let total = none + logits.clone().map(|l| (l - largest).exp()).sum::<f64>();
                scores.probability.extend(logits.map(|l| ((l - largest).exp() / total) as f32));
                let none = (none / total) as f32;
                let probability = &scores.probability[from..];
                let winner = best(probability, cosine).filter(|&l| {
                    probability[l] > none && set.labels()[l].threshold.is_none_or(|own| probability[l] >= own)
                });
                scores.none.push(none);
                scores.on.extend((0..width).map(|l| Some(l) == winner));
            }
        }
    }
    Ok(scores)
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

fn check(texts: &Embeddings, labels: &Embeddings, set: &LabelSet, options: &ScoreOptions) -> Result<()> {
    let bad = |message| Err(Error::new(ErrorKind::BadInput, message));
    if texts.dim() != labels.dim() {
        let (texts, labels) = (texts.dim(), labels.dim());
        return bad(format!("texts have vectors of length {texts} and labels of {labels}: encode both with one model"));
    }
    if labels.len() != set.labels().len() {
        let (vectors, labels) = (labels.len(), set.labels().len());
        return bad(format!("{labels} labels came with {vectors} vectors: encode the label set as it is now"));
    }
    match options.threshold {
        Some(threshold) if !(0.0..=1.0).contains(&threshold) => {
            bad(format!("the threshold is {threshold}, it must be between 0 and 1"))
        }
        _ => Ok(()),
    }
}
