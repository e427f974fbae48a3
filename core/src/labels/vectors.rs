//! What labels mean to the model: a label's vector is the mean of its wordings' vectors.

use std::collections::{BTreeSet, HashMap};

use crate::{Embeddings, LabelSet, Result, TextVectors};

/// How many wordings are remembered beyond those in use: enough to undo for a long time, and to
/// switch between presets, without encoding anything twice.
const SPARE: usize = 2_000;

/// The vectors of wordings that were encoded before, so that an edit costs only what is new.
#[derive(Clone, Debug, Default)]
pub struct Wordings {
    vectors: HashMap<String, Vec<f32>>,
}

impl Wordings {
    /// The wordings of a set that still have to be encoded, each once, in the set's order.
    pub fn missing(&self, set: &LabelSet) -> Vec<String> {
        let mut seen = BTreeSet::new();
        set.labels()
            .iter()
            .flat_map(|label| set.wordings(label.id))
            .filter(|wording| !self.vectors.contains_key(wording))
            .filter(|wording| seen.insert(wording.clone()))
            .collect()
    }

    /// Remembers the vectors of these wordings. A wording of several windows, a description that is an essay, has their
    /// mean.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): windows that cancel each other.
    pub fn learn(&mut self, wordings: Vec<String>, vectors: &TextVectors) -> Result<()> {
        for (text, wording) in wordings.into_iter().enumerate().take(vectors.len()) {
            self.vectors.insert(wording, vectors.mean(text)?);
        }
        Ok(())
    }

    /// The vector of a wording, if it is known.
    pub fn get(&self, wording: &str) -> Option<&[f32]> {
        self.vectors.get(wording).map(Vec::as_slice)
    }

    /// Forgets what a set does not need, once that is a lot.
    pub fn tidy(&mut self, set: &LabelSet) {
        if self.vectors.len() <= SPARE {
            return;
        }
        let needed: BTreeSet<String> = set.labels().iter().flat_map(|label| set.wordings(label.id)).collect();
        self.vectors.retain(|wording, _| needed.contains(wording));
    }

    /// One vector for each label of the set, in its order; `None` while a wording is missing.
    pub fn matrix(&self, set: &LabelSet, dim: usize) -> Result<Option<Embeddings>> {
        let mut rows = Vec::with_capacity(set.labels().len() * dim);
        for label in set.labels() {
            let wordings = set.wordings(label.id);
            let mut vectors = Vec::with_capacity(wordings.len());
            for wording in &wordings {
                let Some(vector) = self.vectors.get(wording) else {
                    return Ok(None);
                };
                vectors.push(vector.as_slice());
            }
            rows.extend(Embeddings::mean(&vectors)?);
        }
        Embeddings::new(dim, rows).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(rows: &[[f32; 2]]) -> TextVectors {
        Embeddings::new(2, rows.concat()).unwrap().into()
    }

    fn set(names: &[&str]) -> LabelSet {
        let mut set = LabelSet::new("test");
        for name in names {
            set.add(name).unwrap();
        }
        set
    }

    #[test]
    fn a_renamed_label_needs_only_its_new_wording() {
        let mut set = set(&["joy", "anger"]);
        let mut wordings = Wordings::default();
        assert_eq!(wordings.missing(&set), ["joy", "anger"]);
        wordings.learn(wordings.missing(&set), &vectors(&[[1.0, 0.0], [0.0, 1.0]])).unwrap();
        assert!(wordings.missing(&set).is_empty());

        let joy = set.labels()[0].id;
        set.rename(joy, "delight").unwrap();
        assert_eq!(wordings.missing(&set), ["delight"]);
        assert!(wordings.matrix(&set, 2).unwrap().is_none());
        set.rename(joy, "joy").unwrap();
        assert!(wordings.matrix(&set, 2).unwrap().is_some());
    }

    #[test]
    fn a_label_is_the_mean_of_its_wordings() {
        let mut set = set(&["joy"]);
        let joy = set.labels()[0].id;
        set.set_synonyms(joy, vec!["glee".into()]).unwrap();
        let mut wordings = Wordings::default();
        wordings.learn(vec!["joy".into(), "glee".into()], &vectors(&[[1.0, 0.0], [0.0, 1.0]])).unwrap();
        let matrix = wordings.matrix(&set, 2).unwrap().unwrap();
        assert!((matrix.row(0)[0] - matrix.row(0)[1]).abs() < 1e-6);
    }

    #[test]
    fn a_wording_that_two_labels_share_is_asked_for_once() {
        let mut set = set(&["joy", "glee"]);
        let joy = set.labels()[0].id;
        set.set_synonyms(joy, vec!["glee".into()]).unwrap();
        assert_eq!(Wordings::default().missing(&set), ["joy", "glee"]);
    }

    #[test]
    fn an_empty_set_has_an_empty_matrix() {
        let matrix = Wordings::default().matrix(&set(&[]), 2).unwrap().unwrap();
        assert_eq!(matrix.len(), 0);
    }
}
