//! From similarity to probability.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Result};

/// How a model's cosines become probabilities, and from which one on a label is on: the same for every label set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What a cosine is multiplied with; positive.
    pub scale: f32,
    /// What is added then.
    pub bias: f32,
    /// What is taken off for each e-fold of labels in the set: the longer the list that people choose from, the rarer
    /// they choose any one. Not negative.
    #[serde(default)]
    pub crowding: f32,
    /// From which probability on a label is on, 0 to 1, where nobody says otherwise.
    pub threshold: f32,
}

impl Calibration {
    /// The calibration for a label among `labels` in all: `crowding * ln(labels)` less bias.
    #[must_use]
    pub fn among(&self, labels: usize) -> Self {
        Self { bias: self.bias - self.crowding * (labels.max(1) as f32).ln(), ..self.clone() }
    }

    /// The logit of a cosine: `scale * cosine + bias`. Its sigmoid is the probability.
    pub fn logit(&self, cosine: f32) -> f32 {
        self.scale * cosine + self.bias
    }

    /// The probability of a label whose vector has this cosine with the text's.
    pub fn probability(&self, cosine: f32) -> f32 {
        1.0 / (1.0 + (-self.logit(cosine)).exp())
    }

    /// Checks that the numbers can do their work.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`], naming the number.
    pub fn validate(&self) -> Result<()> {
        let bad = |what: &str, value: f32, must: &str| {
            let message = format!("the calibration's {what} is {value}, it must be {must}: export the model again");
            Err(Error::new(ErrorKind::BadModel, message))
        };
        if !(self.scale.is_finite() && self.scale > 0.0) {
            return bad("scale", self.scale, "a positive number");
        }
        if !self.bias.is_finite() {
            return bad("bias", self.bias, "a finite number");
        }
        if !(self.crowding.is_finite() && self.crowding >= 0.0) {
            return bad("crowding", self.crowding, "a finite number, 0 or more");
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return bad("threshold", self.threshold, "between 0 and 1");
        }
        Ok(())
    }
}
