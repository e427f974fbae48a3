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

impl ScoreOptions {
    /// Checks that the threshold is one.
    pub(super) fn check(&self) -> Result<()> {
        match self.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            Some(threshold) => Err(bad(format!("the threshold is {threshold}, it must be between 0 and 1"))),
            None => Ok(()),
        }
    }
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
        options.check()?;
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
        let from = scores.probability.len();
        scores.evidence.extend_from_slice(evidence);
        let none = self.none(calibration).of(neutral);
        let logits: Vec<f32> = logits(evidence, &self.choice_offsets, calibration.scale).collect();
        let shares = Shares::of(&logits, none, calibration);
        scores.probability.extend(logits.iter().map(|&logit| shares.probability(logit)));
        let probability = &scores.probability[from..];
        // By logits, which tell apart what probabilities of f32 no longer do.
        let winner = best(&logits, evidence)
            .filter(|&l| logits[l] > none && self.thresholds[l].is_none_or(|own| probability[l] >= own));
        scores.none.push(shares.probability(none));
        scores.on.extend((0..self.width()).map(|l| Some(l) == winner));
    }

    /// The logit that none has where a text has one label.
    pub(super) fn none(&self, calibration: &Calibration) -> NoneLogit {
        NoneLogit { threshold: logit(calibration.threshold), scale: calibration.scale, neutral: self.neutral }
    }
}

/// The logit that none has where a text has one label: that of the threshold, or of "neutral" if that is higher.
#[derive(Clone, Copy)]
pub(super) struct NoneLogit {
    threshold: f32,
    scale: f32,
    neutral: Option<f32>,
}

impl NoneLogit {
    /// For a text with this evidence for no emotion.
    pub fn of(self, neutral: f32) -> f32 {
        self.neutral.map_or(self.threshold, |offset| self.threshold.max(self.scale * neutral + offset))
    }
}

/// How labels and none share the probability where a text has one label.
pub(super) struct Shares {
    sharpness: f64,
    largest: f64,
    total: f64,
}

impl Shares {
    pub fn of(logits: &[f32], none: f32, calibration: &Calibration) -> Self {
        let sharpness = f64::from(calibration.choice().sharpness);
        let scaled = |logit: f32| sharpness * f64::from(logit);
        let largest = logits.iter().map(|&logit| scaled(logit)).fold(scaled(none), f64::max);
        let share = |logit: f32| exp_f64(scaled(logit) - largest);
        let total = share(none) + logits.iter().map(|&logit| share(logit)).sum::<f64>();
        Self { sharpness, largest, total }
    }

    /// The probability of a logit.
    pub fn probability(&self, logit: f32) -> f32 {
        (exp_f64(self.sharpness * f64::from(logit) - self.largest) / self.total) as f32
    }
}

pub(super) fn logits(evidence: &[f32], offsets: &[f32], scale: f32) -> impl Iterator<Item = f32> {
    evidence.iter().zip(offsets).map(move |(evidence, offset)| scale * evidence + offset)
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
