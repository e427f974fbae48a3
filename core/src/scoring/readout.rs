//! From evidence to probabilities and tags.

use serde::{Deserialize, Serialize};

use super::calibration::logit;
use super::scores::best;
use crate::math::{exp_f64, sigmoid};
use crate::{Calibration, Error, ErrorKind, Evidence, Result, Scores};

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

/// How the evidence for one list of labels is read: a line of numbers for each, which depend on the labels alone.
///
/// - [`Mode::Multi`]: a label's probability is the sigmoid of its logit, `scale * evidence + offset` ([`Calibration`] has
///   the formula), and at least that of each label below it. None has the probability that the most probable label lacks.
/// - [`Mode::Single`]: probabilities are the softmax over the labels' logits
///   ([`Choice`](crate::Choice)) and, for none, the logit of the calibration's threshold, or of "neutral" if that is higher and no label of the list: a label that by itself would
///   not be on loses against none.
#[derive(Debug, Clone, PartialEq)]
pub struct Readout {
    /// Of each label, what is added to its scaled evidence.
    pub(crate) offsets: Vec<f32>,
    /// The same where a text has one label.
    pub(crate) choice_offsets: Vec<f32>,
    /// Of each label, the threshold that it has of its own.
    pub(crate) thresholds: Vec<Option<f32>>,
    /// The indices of each child and its parent, the deepest children first.
    pub(crate) edges: Vec<(usize, usize)>,
    /// The offset of the evidence for no emotion where a text has one label, if no label of the list is one for it.
    pub(crate) neutral: Option<f32>,
}

impl Readout {
    /// How many labels.
    pub fn width(&self) -> usize {
        self.offsets.len()
    }

    /// Reads texts' evidence.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: evidence for another number of labels, or a threshold that is not between 0 and 1.
    pub fn read(&self, evidence: &Evidence, calibration: &Calibration, options: &ScoreOptions) -> Result<Scores> {
        if evidence.width() != self.width() {
            let (there, here) = (evidence.width(), self.width());
            return Err(bad(format!("evidence for {there} labels cannot be read as that for {here}")));
        }
        if let Some(threshold) = options.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(bad(format!("the threshold is {threshold}, it must be between 0 and 1")));
        }
        let mut scores = Scores::with_capacity(evidence.len(), self.width());
        for text in 0..evidence.len() {
            let row = evidence.row(text);
            match options.mode {
                Mode::Multi => {
                    self.multi(row, calibration, options.threshold.unwrap_or(calibration.threshold), &mut scores);
                }
                Mode::Single => self.single(row, evidence.neutral()[text], calibration, &mut scores),
            }
        }
        Ok(scores)
    }

    fn multi(&self, evidence: &[f32], calibration: &Calibration, threshold: f32, scores: &mut Scores) {
        let from = scores.probability.len();
        scores.evidence.extend_from_slice(evidence);
        scores.probability.extend(logits(evidence, &self.offsets, calibration.scale).map(sigmoid));
        let probability = &mut scores.probability[from..];
        for &(child, parent) in &self.edges {
            probability[parent] = probability[parent].max(probability[child]);
        }
        scores.none.push(1.0 - probability.iter().copied().fold(0.0, f32::max));
        let on = |(p, own): (&f32, &Option<f32>)| *p >= own.unwrap_or(threshold);
        scores.on.extend(probability.iter().zip(&self.thresholds).map(on));
    }

    fn single(&self, evidence: &[f32], neutral: f32, calibration: &Calibration, scores: &mut Scores) {
        let Calibration { scale, threshold, .. } = *calibration;
        let from = scores.probability.len();
        scores.evidence.extend_from_slice(evidence);
        let threshold = logit(threshold);
        let none = self.neutral.map_or(threshold, |offset| threshold.max(scale * neutral + offset));
        let sharpness = f64::from(calibration.choice().sharpness);
        let none = sharpness * f64::from(none);
        let logits = logits(evidence, &self.choice_offsets, scale).map(|logit| sharpness * f64::from(logit));
        let logits: Vec<f64> = logits.collect();
        let largest = logits.iter().copied().fold(none, f64::max);
        let none = exp_f64(none - largest);
        let shares: Vec<f64> = logits.iter().map(|l| exp_f64(l - largest)).collect();
        let total = none + shares.iter().sum::<f64>();
        scores.probability.extend(shares.iter().map(|share| (share / total) as f32));
        let none = (none / total) as f32;
        let probability = &scores.probability[from..];
        let winner = best(probability, evidence)
            .filter(|&l| probability[l] > none && self.thresholds[l].is_none_or(|own| probability[l] >= own));
        scores.none.push(none);
        scores.on.extend((0..self.width()).map(|l| Some(l) == winner));
    }
}

fn logits(evidence: &[f32], offsets: &[f32], scale: f32) -> impl Iterator<Item = f32> {
    evidence.iter().zip(offsets).map(move |(evidence, offset)| scale * evidence + offset)
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
