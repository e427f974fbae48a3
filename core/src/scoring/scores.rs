//! What texts were found to express.

/// What a [`Scorer`](crate::Scorer) finds: `(texts, labels)` matrices with the labels in the order of their set.
///
/// Methods that take a text's index panic if there is no such text.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    pub(crate) width: usize,
    pub(crate) evidence: Vec<f32>,
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
            evidence: Vec::with_capacity(cells),
            probability: Vec::with_capacity(cells),
            none: Vec::with_capacity(texts),
            on: Vec::with_capacity(cells),
        }
    }

    /// Appends the texts of `others`, which were scored against the same labels.
    pub(crate) fn push(&mut self, others: Self) {
        self.evidence.extend(others.evidence);
        self.probability.extend(others.probability);
        self.none.extend(others.none);
        self.on.extend(others.on);
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

    /// The [`Evidence`](crate::Evidence) of text `i` for each label: what everything else is made from.
    pub fn evidence(&self, i: usize) -> &[f32] {
        &self.evidence[i * self.width..(i + 1) * self.width]
    }

    /// The probability of each label for text `i`. In [`Mode::Multi`](crate::Mode::Multi) a parent is at least as probable as its most
    /// probable descendant: who is furious is angry.
    pub fn probability(&self, i: usize) -> &[f32] {
        &self.probability[i * self.width..(i + 1) * self.width]
    }

    /// The probability that text `i` expresses none of the labels.
    pub fn none(&self, i: usize) -> f32 {
        self.none[i]
    }

    /// Which labels text `i` expresses: by threshold in [`Mode::Multi`](crate::Mode::Multi), the winner at most in [`Mode::Single`](crate::Mode::Single).
    pub fn on(&self, i: usize) -> &[bool] {
        &self.on[i * self.width..(i + 1) * self.width]
    }

    /// The label that a forced choice gives text `i`: the most probable, though none may be more so. Among equals it
    /// is the one with the most evidence, so a child before the parent that is as probable for its sake, then the first.
    /// `None` if there are no labels.
    pub fn best(&self, i: usize) -> Option<usize> {
        best(self.probability(i), self.evidence(i))
    }
}

/// The index of the most probable label; of equals the one with the most evidence, then the first.
pub(crate) fn best(probability: &[f32], evidence: &[f32]) -> Option<usize> {
    let better = |&a: &usize, &b: &usize| {
        probability[a].total_cmp(&probability[b]).then_with(|| evidence[a].total_cmp(&evidence[b]))
    };
    // Of equals, `max_by` takes the last.
    (0..probability.len()).rev().max_by(better)
}
