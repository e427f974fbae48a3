//! From similarity to probability.

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Result};

/// How a model's cosines become probabilities, and from which one on a label is on: the same for every label set.
///
/// The first four numbers shape a label's [`Evidence`](crate::Evidence), whose docs have the formula. The others read it:
///
/// ```text
/// logit       = scale * (evidence - hubness * its mean over the reference texts) + bias
///             - crowding * ln(labels) + neutral, if the label is one for no emotion
///             + emotional, if no label of the set is
/// probability = 1 / (1 + exp(-logit))
/// ```
///
/// Where a text has one label, logits have a hubness of their own, and the probabilities are the softmax of
/// `sharpness * logit`: see [`Choice`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Calibration {
    /// The temperature at which a label's descendants add up and all terms compete; positive.
    pub temperature: f32,
    /// How much a term that a label stands for counts beside the label itself. Not negative.
    pub descendants: f32,
    /// How much all terms together compete with a label, 0 to 1.
    pub competition: f32,
    /// The temperature at which the windows of a long text make one evidence: near their maximum if it is low, near their
    /// mean if it is high; positive.
    pub windows: f32,
    /// What evidence is multiplied with; positive.
    pub scale: f32,
    /// What is added then.
    pub bias: f32,
    /// What is taken off for each e-fold of labels in the set: the longer the list that people choose from, the rarer
    /// they choose any one. Not negative.
    pub crowding: f32,
    /// How much a label that is close to everything loses: a factor of its mean evidence, 0 to 1.
    pub hubness: f32,
    /// What is added for a label that says that there is no emotion: people choose it for other reasons than emotions.
    pub neutral: f32,
    /// What is added for each label of a set in which no label says that there is no emotion: such lists are given to people
    /// for texts that express something.
    #[serde(skip_serializing_if = "is_zero")]
    pub emotional: f32,
    /// From which probability on a label is on, 0 to 1, where nobody says otherwise.
    pub threshold: f32,
    /// How one label of several is chosen; if nothing is said, by the same logits as several are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
}

/// What differs in the logits of labels of which a text has one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Instead of the calibration's, 0 to 1.
    pub hubness: f32,
    /// What logits are multiplied with before their softmax; positive.
    pub sharpness: f32,
}

fn is_zero(value: &f32) -> bool {
    *value == 0.0
}

impl Default for Calibration {
    /// A cosine of one half is as good as even; nothing but the cosine counts.
    fn default() -> Self {
        Self {
            scale: 10.0,
            bias: -5.0,
            crowding: 0.0,
            hubness: 0.0,
            neutral: 0.0,
            emotional: 0.0,
            temperature: 0.05,
            descendants: 0.0,
            competition: 0.0,
            windows: 0.04,
            threshold: 0.5,
            choice: None,
        }
    }
}

impl Calibration {
    /// How one label of several is chosen.
    pub fn choice(&self) -> Choice {
        self.choice.unwrap_or(Choice { hubness: self.hubness, sharpness: 1.0 })
    }

    /// Checks that the numbers can do their work.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`], naming the number.
    pub fn validate(&self) -> Result<()> {
        let unit = 0.0..=1.0;
        let Choice { hubness, sharpness } = self.choice();
        let checks = [
            ("scale", self.scale, self.scale > 0.0, "a positive number"),
            ("bias", self.bias, true, "a finite number"),
            ("crowding", self.crowding, self.crowding >= 0.0, "a finite number, 0 or more"),
            ("hubness", self.hubness, unit.contains(&self.hubness), "between 0 and 1"),
            ("neutral", self.neutral, true, "a finite number"),
            ("emotional", self.emotional, true, "a finite number"),
            ("choice.hubness", hubness, unit.contains(&hubness), "between 0 and 1"),
            ("choice.sharpness", sharpness, sharpness > 0.0, "a positive number"),
            // Below, exponentials of cosines overflow.
            ("temperature", self.temperature, self.temperature >= 0.02, "a finite number, 0.02 or more"),
            ("descendants", self.descendants, self.descendants >= 0.0, "a finite number, 0 or more"),
            ("competition", self.competition, unit.contains(&self.competition), "between 0 and 1"),
            ("windows", self.windows, self.windows >= 0.001, "a finite number, 0.001 or more"),
            ("threshold", self.threshold, unit.contains(&self.threshold), "between 0 and 1"),
        ];
        match checks.into_iter().find(|&(_, value, good, _)| !(value.is_finite() && good)) {
            None => Ok(()),
            Some((what, value, _, must)) => {
                let message = format!("the calibration's {what} is {value}, it must be {must}: export the model again");
                Err(Error::new(ErrorKind::BadModel, message))
            }
        }
    }
}

/// The logit of a probability, finite at both ends.
pub(crate) fn logit(probability: f32) -> f32 {
    let p = f64::from(probability).clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln() as f32
}
