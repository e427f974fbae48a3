//! Which texts express which labels.

use std::sync::Arc;

use fixedbitset::FixedBitSet;

use crate::Scores;

/// Which texts express which labels: for each label a set of texts, so that counting and comparing them takes a few
/// instructions for 64 texts.
///
/// Methods that take a label's index panic if there is no such label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tags {
    len: usize,
    labels: Vec<Arc<FixedBitSet>>,
    none: usize,
}

impl Tags {
    pub(super) fn new(len: usize, labels: Vec<Arc<FixedBitSet>>) -> Self {
        let mut any = FixedBitSet::with_capacity(len);
        labels.iter().for_each(|texts| any.union_with(texts));
        let none = len - any.count_ones(..);
        Self { len, labels, none }
    }

    /// What [`Scores::on`] says.
    pub fn of(scores: &Scores) -> Self {
        let on = |text: usize| (0..scores.width()).filter(move |&label| scores.on(text)[label]);
        Self::from_rows(scores.width(), (0..scores.len()).map(on))
    }

    /// The labels of each text, of `width` labels in all, by their indices; those beyond `width` are left out.
    pub fn from_rows<R: IntoIterator<Item = usize>>(width: usize, rows: impl ExactSizeIterator<Item = R>) -> Self {
        let len = rows.len();
        let mut labels = vec![FixedBitSet::with_capacity(len); width];
        for (text, row) in rows.enumerate() {
            for label in row {
                if let Some(texts) = labels.get_mut(label) {
                    texts.insert(text);
                }
            }
        }
        Self::new(len, labels.into_iter().map(Arc::new).collect())
    }

    /// The same of classes of labels: a text expresses a class if it expresses one of its labels.
    ///
    /// # Panics
    /// If there is no such label.
    pub fn join(&self, classes: &[Vec<usize>]) -> Self {
        let join = |class: &Vec<usize>| match class[..] {
            [only] => Arc::clone(&self.labels[only]),
            _ => {
                let mut texts = FixedBitSet::with_capacity(self.len);
                class.iter().for_each(|&label| texts.union_with(&self.labels[label]));
                Arc::new(texts)
            }
        };
        Self::new(self.len, classes.iter().map(join).collect())
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many labels.
    pub fn width(&self) -> usize {
        self.labels.len()
    }

    /// How many texts express a label.
    pub fn count(&self, label: usize) -> usize {
        self.labels[label].count_ones(..)
    }

    /// How many texts express no label.
    pub fn none(&self) -> usize {
        self.none
    }

    /// Whether a text expresses a label.
    pub fn has(&self, text: usize, label: usize) -> bool {
        self.labels[label].contains(text)
    }

    /// The texts that express a label, in ascending order.
    pub fn texts(&self, label: usize) -> impl Iterator<Item = usize> + '_ {
        self.labels[label].ones()
    }

    /// How many texts express both of two labels.
    pub fn both(&self, a: usize, b: usize) -> usize {
        self.labels[a].intersection_count(&self.labels[b])
    }

    /// How many texts express one of two labels or both.
    pub fn either(&self, a: usize, b: usize) -> usize {
        self.count(a) + self.count(b) - self.both(a, b)
    }
}
