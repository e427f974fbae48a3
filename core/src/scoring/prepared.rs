//! Labels as texts are scored against them.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::evidence::log_sum_exp;
use crate::math::Transposed;
use crate::{Embeddings, Evidence, Readout};

/// A label set as texts are scored against it: all that depends on the labels alone, so that a text that changes with
/// every key costs no more than it must.
///
/// A label may be a class of several [parts](crate::LabelSet::parts). [`Scorer::cut`](crate::Scorer::cut) makes classes of
/// labels without encoding or comparing anything anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    pub(super) parts: Arc<LabelParts>,
    /// The parts of each label, in the order in which they add up.
    pub(super) members: Vec<Vec<usize>>,
    pub(super) keys: Vec<Key>,
    pub(super) reference: Evidence,
    pub(super) neutral: Vec<bool>,
    pub(super) readout: Readout,
}

/// What has a vector of its own.
#[derive(Debug, PartialEq)]
pub(super) struct LabelParts {
    pub vectors: Embeddings,
    pub columns: Transposed,
    /// The lexicon's terms that each part stands for.
    pub descendants: Vec<Vec<usize>>,
    pub keys: Vec<Key>,
    /// The evidence of the reference texts, `(reference texts, parts)`.
    pub reference: Evidence,
    /// For each part, whether it says that there is no emotion.
    pub neutral: Vec<bool>,
    /// Whether no part stands for the lexicon's term for no emotion.
    pub open: bool,
}

/// What a label's evidence depends on beside the text: equal keys, equal evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    /// That of a part.
    pub fn of_part(vector: &[f32], descendants: &[usize]) -> Self {
        let mut hash = Sha256::new_with_prefix([0]);
        vector.iter().for_each(|x| hash.update(x.to_bits().to_le_bytes()));
        descendants.iter().for_each(|&term| hash.update((term as u64).to_le_bytes()));
        Self::take(hash)
    }

    /// That of a class of parts, whatever their order.
    pub fn of_class(parts: impl Iterator<Item = Self>) -> Self {
        let mut parts: Vec<Self> = parts.collect();
        if let [only] = parts[..] {
            return only;
        }
        parts.sort_unstable();
        let mut hash = Sha256::new_with_prefix([1]);
        parts.iter().for_each(|part| hash.update(part.0));
        Self::take(hash)
    }

    fn take(hash: Sha256) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(hash.finalize()).for_each(|(byte, hash)| *byte = hash);
        Self(key)
    }
}

impl Prepared {
    /// A vector for each label; of a class the mean of its parts'.
    pub fn vectors(&self) -> Embeddings {
        let mut vectors = Embeddings::empty(self.dim());
        for members in &self.members {
            let rows: Vec<&[f32]> = members.iter().map(|&part| self.parts.vectors.row(part)).collect();
            // Parts that cancel each other have no mean: the class is then what its first part is.
            let row =
                Embeddings::mean(&rows).unwrap_or_else(|_| rows.first().map(|row| row.to_vec()).unwrap_or_default());
            vectors.push_unit(&row);
        }
        vectors
    }

    /// The vectors of all [parts](crate::LabelSet::parts), in the order of the set that was prepared: what
    /// [`Scorer::prepare`](crate::Scorer::prepare) took.
    pub fn part_vectors(&self) -> impl Iterator<Item = &[f32]> {
        self.parts.vectors.rows()
    }

    /// How many parts there are in all.
    pub(crate) fn parts(&self) -> usize {
        self.parts.vectors.len()
    }

    /// The lexicon's terms that a label stands for, in ascending order.
    pub(crate) fn claims(&self, label: usize) -> Vec<usize> {
        let mut terms: Vec<usize> =
            self.members[label].iter().flat_map(|&part| self.parts.descendants[part].iter().copied()).collect();
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    /// The length of the labels' vectors.
    pub fn dim(&self) -> usize {
        self.parts.vectors.dim()
    }

    /// How many labels.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The evidence of the reference texts for each label: how close it is to just any text.
    pub fn reference(&self) -> &Evidence {
        &self.reference
    }

    /// For each label, whether it says that there is no emotion; a class, if all of its parts do.
    pub fn neutral(&self) -> &[bool] {
        &self.neutral
    }

    /// How evidence for these labels is read.
    pub fn readout(&self) -> &Readout {
        &self.readout
    }
}

/// The evidence for classes of the columns of `parts`: of one column that itself.
pub(crate) fn join(parts: Evidence, classes: &[Vec<usize>], temperature: f32) -> Evidence {
    let same = classes.len() == parts.width() && classes.iter().enumerate().all(|(i, class)| class[..] == [i]);
    if same {
        return parts;
    }
    let mut values = Vec::with_capacity(parts.len() * classes.len());
    for text in 0..parts.len() {
        let row = parts.row(text);
        values.extend(classes.iter().map(|class| log_sum_exp(class.iter().map(|&part| row[part]), temperature)));
    }
    Evidence::new(classes.len(), values, parts.neutral().to_vec())
}
