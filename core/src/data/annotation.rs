//! What is said of a table's rows: by the machine and by people.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::bad;
use crate::{Affect, Error, LabelSet, Result, Scores};

/// How far a person has come with a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has looked at it yet.
    #[default]
    Open,
    /// Somebody agreed with the machine.
    Accepted,
    /// Somebody chose other labels.
    Corrected,
    /// Somebody wants to come back to it.
    Flagged,
}

/// What a model made of a label set: what scores belong to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    /// Which model: its name and [`Manifest::hash`](crate::Manifest::hash).
    pub model: String,
    /// Which label set: its [`LabelSet::hash`].
    pub label_set: String,
    /// The labels' names.
    pub labels: Vec<String>,
    /// From which probability on each label is on.
    pub thresholds: Vec<f32>,
}

/// What the machine says of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The probability of each label.
    pub probability: Vec<f32>,
    /// Which labels are on: the row's tags.
    pub on: Vec<bool>,
    /// The probability that none of them applies.
    pub none: f32,
    /// How pleasant and how stirred the text is.
    pub affect: Option<Affect>,
}

/// What is said of a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotation {
    /// The index of the [`Run`] that labels are counted by.
    pub run: usize,
    /// What the machine says; none before it has read the row.
    pub prediction: Option<Prediction>,
    /// How far a person has come.
    pub status: Status,
    /// The labels that a person decided on, by their index in the run; none before they did.
    pub labels: Option<Vec<usize>>,
    /// What a person noted.
    pub note: String,
}

/// What an export of ours says of the rows of its table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Annotations {
    /// What the scores belong to; several if exports were put together.
    pub runs: Vec<Run>,
    /// Of each row of the table; none where the file says nothing.
    pub rows: Vec<Option<Annotation>>,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Corrected, Self::Flagged];

    /// As files have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Corrected => "corrected",
            Self::Flagged => "flagged",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Status {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = |status: &Self| text.trim().eq_ignore_ascii_case(status.name());
        Self::ALL.into_iter().find(named).ok_or_else(|| {
            bad(format!("the status is '{text}'; it must be one of open, accepted, corrected and flagged"))
        })
    }
}

impl Run {
    /// What `model` makes of a label set, whose labels are on from `threshold` on unless they have one of their own.
    pub fn new(model: impl Into<String>, set: &LabelSet, threshold: f32) -> Self {
        Self {
            model: model.into(),
            label_set: set.hash(),
            labels: set.labels().iter().map(|label| label.name.clone()).collect(),
            thresholds: set.labels().iter().map(|label| label.threshold.unwrap_or(threshold)).collect(),
        }
    }

    /// From which probability on a label is on.
    pub(super) fn threshold(&self, label: usize) -> f32 {
        self.thresholds.get(label).copied().unwrap_or(0.5)
    }

    /// The names of labels by their indices.
    pub(super) fn names(&self, labels: impl IntoIterator<Item = usize>) -> Vec<&str> {
        labels.into_iter().filter_map(|label| self.labels.get(label)).map(String::as_str).collect()
    }
}

impl Prediction {
    /// What scores say of a text.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn new(scores: &Scores, text: usize, affect: Option<Affect>) -> Self {
        Self {
            probability: scores.probability(text).to_vec(),
            on: scores.on(text).to_vec(),
            none: scores.none(text),
            affect,
        }
    }

    /// The labels that are on, by their index.
    pub fn tags(&self) -> impl Iterator<Item = usize> + '_ {
        self.on.iter().enumerate().filter(|&(_, &on)| on).map(|(label, _)| label)
    }
}

impl Annotation {
    /// The row's labels: those that a person decided on, else the machine's tags.
    pub fn effective(&self) -> Vec<usize> {
        match (&self.labels, &self.prediction) {
            (Some(labels), _) => labels.clone(),
            (None, Some(prediction)) => prediction.tags().collect(),
            (None, None) => Vec::new(),
        }
    }
}
