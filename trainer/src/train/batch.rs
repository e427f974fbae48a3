//! Batches: texts, the labels they are held against, and what the teacher said of each pair.

use std::collections::HashMap;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::data::{Annotations, Entry, Example};

/// A batch of texts and the distinct descriptors and rated labels of all of them.
pub struct Batch<'a> {
    pub texts: Vec<&'a str>,
    /// The labels' terms, as the teacher wrote them.
    pub terms: Vec<&'a str>,
    /// What stands for each term this time.
    pub wordings: Vec<String>,
    /// For each text the labels it expresses.
    pub positives: Vec<Vec<usize>>,
    /// For each text the labels that were rated, and how; its other labels are unknown if it has no descriptors.
    pub ratings: Vec<Vec<(usize, f32)>>,
    pub affect: Vec<Option<[f32; 2]>>,
}

/// Cuts annotations into batches; the same seed and epoch give the same ones.
pub struct Batcher<'a> {
    annotations: &'a Annotations,
    size: usize,
    seed: u64,
    template: &'a str,
}

impl<'a> Batcher<'a> {
    pub fn new(annotations: &'a Annotations, size: usize, seed: u64, template: &'a str) -> Self {
        Self { annotations, size, seed, template }
    }

    pub fn per_epoch(&self) -> usize {
        self.annotations.examples.len().div_ceil(self.size)
    }

    /// Independent streams of random numbers for the order of an epoch and for each of its batches.
    fn rng(&self, epoch: usize, stream: usize) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed.wrapping_add(epoch as u64));
        rng.set_stream(stream as u64);
        rng
    }

    /// The examples of an epoch in a random order, batch by batch. Batches are not sorted by length: rows are ragged, so
    /// there is no padding to save, and texts of all kinds make better negatives of each other.
    pub fn epoch(&self, epoch: usize) -> Vec<Vec<&'a Example>> {
        let mut order: Vec<&Example> = self.annotations.examples.iter().collect();
        order.shuffle(&mut self.rng(epoch, 0));
        order.chunks(self.size).map(<[_]>::to_vec).collect()
    }

    /// Lines up the examples' labels and picks a wording for each.
    pub fn batch(&self, epoch: usize, index: usize, examples: &[&'a Example]) -> Batch<'a> {
        let mut rng = self.rng(epoch, index + 1);
        let mut terms: Vec<&str> = Vec::new();
        let mut known: HashMap<&str, usize> = HashMap::new();
        let mut column = |term: &'a str| {
            *known.entry(term).or_insert_with(|| {
                terms.push(term);
                terms.len() - 1
            })
        };
        let positives = examples.iter().map(|e| e.descriptors.iter().map(|d| column(d)).collect()).collect();
        let ratings = examples.iter().map(|e| e.ratings.iter().map(|(l, r)| (column(l), *r)).collect()).collect();
        let wordings =
            terms.iter().map(|term| self.wording(term, self.annotations.lexicon.get(term), &mut rng)).collect();
        Batch {
            texts: examples.iter().map(|e| e.text.as_str()).collect(),
            terms,
            wordings,
            positives,
            ratings,
            affect: examples.iter().map(|e| e.affect).collect(),
        }
    }

    /// A seed of its own for each thread of a step.
    pub fn seed(&self, epoch: usize, index: usize, thread: usize) -> u64 {
        let mut rng = self.rng(epoch, index + 1);
        // Far behind what the wordings draw.
        rng.set_word_pos((1 << 32) + 2 * thread as u128);
        rng.random()
    }

    /// The bare term mostly; sometimes in the template; where the lexicon knows it, also a synonym or its definition.
    fn wording(&self, term: &str, known: Option<&Entry>, rng: &mut impl Rng) -> String {
        let templated = || self.template.replacen("{}", term, 1);
        let draw: f32 = rng.random();
        match known {
            None if draw < 0.85 => term.into(),
            None => templated(),
            Some(_) if draw < 0.5 => term.into(),
            Some(w) if draw < 0.7 => w.synonyms.choose(rng).cloned().unwrap_or_else(|| term.into()),
            Some(w) if draw < 0.8 => w.definition.clone(),
            Some(w) if draw < 0.9 => format!("{term}: {}", w.definition),
            Some(_) => templated(),
        }
    }
}
