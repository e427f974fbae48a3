//! Texts that are scored again and again.

use std::collections::HashMap;
use std::ops::Range;

use super::evidence::TermAffinity;
use super::scorer::same_length;
use crate::math::Transposed;
use crate::{Evidence, Prepared, Result, ScoreOptions, Scorer, Scores, TextVectors};

/// How many columns are kept beside those in use: enough to go back and forth between several label sets.
const SPARE_COLUMNS: usize = 512;

/// How many texts are read at a time.
const TEXTS_AT_ONCE: usize = 1024;

/// Texts that are scored again and again while the labels change.
///
/// The evidence of all texts for a label is kept as a column, by the label's vector: after an edit only the new column is
/// computed, a label that comes back costs nothing, and neither does a threshold. [`Corpus::advance`] computes columns
/// in steps, so that nobody waits for a hundred thousand texts.
///
/// The scores are those of [`Scorer::score`], to the last bit.
#[derive(Debug, Clone)]
pub struct Corpus {
    scorer: Scorer,
    texts: TextVectors,
    affinity: TermAffinity,
    columns: HashMap<Key, Column>,
    /// Counts the label sets that were asked for, to tell which columns have not been used for the longest time.
    clock: u64,
}

/// What a label's evidence depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The bits of its vector.
    vector: Vec<u32>,
    descendants: Vec<usize>,
}

/// A label's evidence.
#[derive(Debug, Clone, Default)]
struct Column {
    /// That of the first texts.
    evidence: Vec<f32>,
    used: u64,
}

impl Corpus {
    /// No texts yet, of vectors of length `dim`.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn new(scorer: Scorer, dim: usize) -> Self {
        let affinity = scorer.affinity(&[]);
        Self { scorer, texts: TextVectors::empty(dim), affinity, columns: HashMap::new(), clock: 0 }
    }

    /// Adds texts, behind those that are there.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    pub fn push(&mut self, texts: &TextVectors) -> Result<()> {
        self.texts.push(texts)?;
        self.scorer.extend(&mut self.affinity, texts.rows().as_slice());
        Ok(())
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts' vectors.
    pub fn texts(&self) -> &TextVectors {
        &self.texts
    }

    /// How it scores.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// Computes columns that these labels lack, for at most `texts` texts, and says whether there is nothing left to do.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    pub fn advance(&mut self, labels: &Prepared, texts: usize) -> Result<bool> {
        same_length(self.texts.rows(), &labels.vectors)?;
        let keys = self.touch(labels);
        let have = |key: &Key| self.columns.get(key).map_or(0, |column| column.evidence.len());
        let Some(from) = keys.iter().map(have).min().filter(|&from| from < self.len()) else {
            return Ok(true);
        };
        let late: Vec<&Key> = keys.iter().filter(|key| have(key) == from).collect();
        // Beyond the least there may be columns that are further on: they are caught up with, not computed again.
        let to = self.len().min(from.saturating_add(texts.max(1)));
        let to = keys.iter().map(have).filter(|&have| have > from).min().map_or(to, |next| to.min(next));
        let rows: Vec<Vec<f32>> =
            late.iter().map(|key| key.vector.iter().map(|&bits| f32::from_bits(bits)).collect()).collect();
        let vectors = Transposed::new(rows.iter().map(Vec::as_slice), self.texts.rows().dim());
        let descendants: Vec<Vec<usize>> = late.iter().map(|key| key.descendants.clone()).collect();
        let mut at = from;
        while at < to {
            let some = at..to.min(at + TEXTS_AT_ONCE);
            at = some.end;
            let evidence = self.scorer.evidence_of(&self.texts, some, &vectors, &descendants, &self.affinity);
            for (label, key) in late.iter().enumerate() {
                if let Some(column) = self.columns.get_mut(*key) {
                    column.evidence.extend(evidence.column(label));
                }
            }
        }
        Ok(keys.iter().all(|key| self.columns.get(key).is_some_and(|column| column.evidence.len() == self.len())))
    }

    /// The evidence of some texts: from the columns where they are there, else computed for these texts alone.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn evidence(&self, labels: &Prepared, texts: &[usize]) -> Result<Evidence> {
        same_length(self.texts.rows(), &labels.vectors)?;
        let keys = keys(labels);
        let columns: Vec<&[f32]> =
            keys.iter().map(|key| self.columns.get(key).map_or(&[][..], |column| &column.evidence)).collect();
        let there = columns.iter().map(|column| column.len()).min().unwrap_or(usize::MAX);
        let width = columns.len();
        let mut values = Vec::with_capacity(texts.len() * width);
        let mut neutral = Vec::with_capacity(texts.len());
        for &text in texts {
            if text < there {
                values.extend(columns.iter().map(|column| column[text]));
                neutral.push(self.scorer.neutral_of(&self.texts, text, &self.affinity));
            } else {
                let one = self.compute(labels, text..text + 1);
                values.extend_from_slice(one.as_slice());
                neutral.extend_from_slice(one.neutral());
            }
        }
        Ok(Evidence::new(width, values, neutral))
    }

    /// Scores some texts.
    ///
    /// # Errors
    /// As [`Scorer::score`].
    ///
    /// # Panics
    /// If there is no such text.
    pub fn score_texts(&self, labels: &Prepared, options: &ScoreOptions, texts: &[usize]) -> Result<Scores> {
        labels.readout().read(&self.evidence(labels, texts)?, self.scorer.calibration(), options)
    }

    /// Scores all texts.
    ///
    /// # Errors
    /// As [`Scorer::score`].
    pub fn score(&mut self, labels: &Prepared, options: &ScoreOptions) -> Result<Scores> {
        while !self.advance(labels, usize::MAX)? {}
        let all: Vec<usize> = (0..self.len()).collect();
        let mut scores = Scores::with_capacity(self.len(), labels.vectors().len());
        for texts in all.chunks(TEXTS_AT_ONCE) {
            scores.push(self.score_texts(labels, options, texts)?);
        }
        Ok(scores)
    }

    fn compute(&self, labels: &Prepared, texts: Range<usize>) -> Evidence {
        self.scorer.evidence_of(&self.texts, texts, &labels.columns, &labels.descendants, &self.affinity)
    }

    /// Marks the columns of these labels as used, makes those that are missing, and drops the oldest that are too many.
    fn touch(&mut self, labels: &Prepared) -> Vec<Key> {
        self.clock += 1;
        let keys = keys(labels);
        for key in &keys {
            self.columns.entry(key.clone()).or_default().used = self.clock;
        }
        let most = keys.len() + SPARE_COLUMNS;
        if self.columns.len() > most {
            let mut ages: Vec<u64> = self.columns.values().map(|column| column.used).collect();
            ages.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = ages[most - 1];
            let now = self.clock;
            self.columns.retain(|_, column| column.used > oldest || column.used == now);
        }
        keys
    }
}

fn keys(labels: &Prepared) -> Vec<Key> {
    let rows = labels.vectors.rows().zip(&labels.descendants);
    rows.map(|(vector, descendants)| Key {
        vector: vector.iter().map(|x| x.to_bits()).collect(),
        descendants: descendants.clone(),
    })
    .collect()
}
