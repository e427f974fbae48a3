//! What texts were found to express.

use serde::{Deserialize, Serialize};

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

/// What a [`Scorer`](crate::Scorer) finds: `(texts, labels)` matrices with the labels in the order of their set.
///
/// Methods that take a text's index panic if there is no such text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub(crate) width: usize,
    pub(crate) cosine: Vec<f32>,
    pub(crate) probability: Vec<f32>,
    pub(crate) none: Vec<f32>,
    pub(crate) on: Vec<bool>,
}

impl Scores {
    /// Room for so many texts.
    pub(crate) fn with_capacity(texts: usize, width: usize) -> Self {
        let cells = texts * width;
        Self {
            width,
            cosine: Vec::with_capacity(cells),
            probability: Vec::with_capacity(cells),
            none: Vec::with_capacity(texts),
            on: Vec::with_capacity(cells),
        }
    }

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

/// The index of the most probable label; of equals the closest, then the first.
pub(crate) fn best(probability: &[f32], cosine: &[f32]) -> Option<usize> {
    let better = |&a: &usize, &b: &usize| {
        probability[a].total_cmp(&probability[b]).then_with(|| cosine[a].total_cmp(&cosine[b]))
    };
    // Of equals, `max_by` takes the last.
    (0..probability.len()).rev().max_by(better)
}
