//! What labels mean to the model: a label's vector is the mean of its wordings' vectors, moved by examples if there are any.

use std::collections::{BTreeSet, HashMap};

use crate::{Embeddings, Error, ErrorKind, LabelSet, Result, TextVectors};

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
        self.absent(&set.parts().iter().flat_map(|part| set.wordings_of(part.label)).collect::<Vec<_>>())
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

    /// Of some wordings those that still have to be encoded, each once, in their order.
    pub fn absent(&self, wordings: &[String]) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let absent = wordings.iter().filter(|wording| !self.vectors.contains_key(*wording));
        absent.filter(|wording| seen.insert(*wording)).cloned().collect()
    }

    /// The vectors of some wordings, in their order; `None` while one is missing.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): a vector of another length than `dim`.
    pub fn rows(&self, wordings: &[String], dim: usize) -> Result<Option<Embeddings>> {
        let mut rows = Vec::with_capacity(wordings.len() * dim);
        for wording in wordings {
            let Some(vector) = self.vectors.get(wording) else {
                return Ok(None);
            };
            rows.extend_from_slice(vector);
        }
        Embeddings::new(dim, rows).map(Some)
    }

    /// Forgets what a set does not need, once that is a lot.
    pub fn tidy(&mut self, set: &LabelSet) {
        if self.vectors.len() <= SPARE {
            return;
        }
        let needed: BTreeSet<String> = set.parts().iter().flat_map(|part| set.wordings_of(part.label)).collect();
        self.vectors.retain(|wording, _| needed.contains(wording));
    }

    /// One vector for each of the set's [parts](LabelSet::parts), in their order: for each label, unless it folds others.
    /// `None` while a wording is missing.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): wordings whose vectors cancel each other.
    pub fn matrix(&self, set: &LabelSet, dim: usize) -> Result<Option<Embeddings>> {
        let parts = set.parts();
        let mut rows = Vec::with_capacity(parts.len() * dim);
        for part in parts {
            let wordings = set.wordings_of(part.label);
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

/// How many examples a label's wordings are worth: as many on either side move it half as far as any number can.
const WORTH: f64 = 5.0;

/// How far a great many examples move a label, in lengths of the way from the centre of all texts to theirs.
const REACH: f64 = 2.0;

/// Texts that a person decided have a label, or have not.
///
/// They move the label's vector towards those that have it and away from those that have not, by how far they are from just any
/// text:
///
/// ```text
/// moved = unit(label + REACH n / (n + WORTH) (mean of those that have it,     weighted by 1 - p, - centre)
///                    - REACH m / (m + WORTH) (mean of those that have it not, weighted by p,     - centre))
/// n = the number of those that have it,  m = the sum of p over those that have it not
/// p = the probability that the machine gave the text for the label by its wordings alone
/// ```
///
/// with `WORTH` = 5 and `REACH` = 2. This is Rocchio's relevance feedback (Rocchio 1971), in which each text weighs as in the
/// gradient of the logistic loss: what the machine knew already moves nothing much, its mistakes most. Each side is shrunk by
/// its number as an empirical Bayes estimate of a mean is (Efron and Morris 1973), so that a single example cannot carry the
/// label away.
///
/// Limits: the two numbers were chosen on development sets, and figures on them are in `docs/corrections.md`. The vector can turn,
/// but neither the threshold nor the calibration moves with it. A text of several windows counts as their mean. Examples that are
/// all alike teach what they have in common, whether or not it is the label.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examples {
    have: Side,
    lack: Side,
}

/// The examples on one side.
#[derive(Clone, Debug, Default, PartialEq)]
struct Side {
    /// What they are worth together.
    number: f64,
    weight: f64,
    /// Their weighted sum.
    sum: Vec<f64>,
}

impl Side {
    fn push(&mut self, vector: &[f32], weight: f64, number: f64) {
        self.number += number;
        self.weight += weight;
        self.sum.resize(vector.len().max(self.sum.len()), 0.0);
        self.sum.iter_mut().zip(vector).for_each(|(sum, &x)| *sum += weight * f64::from(x));
    }

    /// How far a coordinate moves towards this side.
    fn pull(&self, at: usize, centre: f32) -> f64 {
        if self.weight <= 0.0 {
            return 0.0;
        }
        REACH * self.number / (self.number + WORTH) * (self.sum[at] / self.weight - f64::from(centre))
    }
}

impl Examples {
    /// Adds a text. `probability` is what the machine gave it for the label by the label's wordings alone, 0 to 1.
    pub fn push(&mut self, text: &[f32], has: bool, probability: f32) {
        let p = f64::from(probability).clamp(1e-6, 1.0 - 1e-6);
        if has { self.have.push(text, 1.0 - p, 1.0) } else { self.lack.push(text, p, p) }
    }

    /// The label's vector, moved. `centre` is the mean of the reference texts' vectors, not scaled to length one.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of different lengths, or examples that undo the label.
    pub fn moved(&self, label: &[f32], centre: &[f32]) -> Result<Vec<f32>> {
        let lengths = [&self.have, &self.lack].map(|side| side.sum.len());
        if centre.len() != label.len() || lengths.iter().any(|&length| length != 0 && length != label.len()) {
            let message = "examples have vectors of another length than the label: encode both with one model";
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let pull = |at: usize| self.have.pull(at, centre[at]) - self.lack.pull(at, centre[at]);
        let row = label.iter().enumerate().map(|(at, &x)| (f64::from(x) + pull(at)) as f32).collect();
        Ok(Embeddings::new(label.len(), row)?.into_vec())
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

    #[test]
    fn examples_turn_a_label_the_more_the_more_there_are() {
        let (label, centre) = ([1.0, 0.0], [0.0, 0.0]);
        let turned = |has: bool, count: usize, probability: f32| {
            let mut examples = Examples::default();
            (0..count).for_each(|_| examples.push(&[0.0, 1.0], has, probability));
            examples.moved(&label, &centre).unwrap()[1]
        };
        assert_eq!(Examples::default().moved(&label, &centre).unwrap(), label);
        let some = [0, 1, 3, 10, 100].map(|count| turned(true, count, 0.3));
        assert!(some.is_sorted_by(|a, b| a < b), "{some:?}");
        // Five are worth half of all, by the formula: unit(1, 2 * 5 / 10).
        assert!((turned(true, 5, 0.3) - 0.5f32.sqrt()).abs() < 1e-6);
        // Towards what has it, away from what has not; the surer the machine was of the latter, the further.
        assert!(turned(false, 3, 0.9) < turned(false, 3, 0.1) && turned(false, 3, 0.1) < 0.0);
    }

    #[test]
    fn what_the_machine_got_wrong_counts_most() {
        let mut examples = Examples::default();
        examples.push(&[0.0, 1.0], true, 0.9);
        examples.push(&[0.0, -1.0], true, 0.1);
        assert!(examples.moved(&[1.0, 0.0], &[0.0, 0.0]).unwrap()[1] < 0.0);
    }

    #[test]
    fn examples_of_another_model_are_refused() {
        let mut examples = Examples::default();
        examples.push(&[0.0, 1.0, 0.0], true, 0.5);
        let error = examples.moved(&[1.0, 0.0], &[0.0, 0.0]).unwrap_err();
        assert!(error.to_string().contains("another length"), "{error}");
        assert!(Examples::default().moved(&[1.0, 0.0], &[0.0]).is_err());
    }
}
