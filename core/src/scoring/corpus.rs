//! Texts that are scored again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use fixedbitset::FixedBitSet;

use super::choices::Choices;
use super::evidence::{TermAffinity, log_sum_exp_of};
use super::prepared::Key;
use super::readout::{Shares, logits};
use super::scorer::same_length;
use crate::math::{Transposed, sigmoid};
use crate::{Evidence, Mode, Prepared, Result, ScoreOptions, Scorer, Scores, Tags, TextVectors};

/// How much memory is kept for columns beside those in use, in bytes: enough to go back and forth between several label sets
/// and cuts.
const SPARE: usize = 64 << 20;

/// How many columns of any length are kept beside those in use.
const SPARE_COLUMNS: RangeInclusive<usize> = 64..=512;

/// How many texts are read at a time.
const TEXTS_AT_ONCE: usize = 1024;

/// Texts that are scored again and again while the labels change.
///
/// The evidence of all texts for a label is kept as a column, by what it depends on: after an edit only the new column is
/// computed, after a move through the cuts of a tree only that of the class that was split or joined, a label that comes back
/// costs nothing, and neither does a threshold. [`Corpus::advance`] computes columns in steps, so that nobody waits for a
/// hundred thousand texts.
///
/// The scores are those of [`Scorer::score`], to the last bit.
#[derive(Debug, Clone)]
pub struct Corpus {
    scorer: Scorer,
    texts: TextVectors,
    affinity: TermAffinity,
    /// The evidence of each text for no emotion.
    neutral: Vec<f32>,
    columns: Kept<Key, Vec<f32>>,
    /// The texts that reach a threshold, by column, offset and threshold: of the first ones.
    reached: Kept<(Key, u32, u32), Reached>,
    choices: Choices,
}

/// Which texts reach a threshold.
#[derive(Debug, Clone, Default)]
struct Reached {
    texts: Arc<FixedBitSet>,
    /// Of how many texts that is known.
    known: usize,
}

impl Corpus {
    /// No texts yet, of vectors of length `dim`.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn new(scorer: Scorer, dim: usize) -> Self {
        let affinity = scorer.affinity(&[]);
        Self {
            scorer,
            texts: TextVectors::empty(dim),
            affinity,
            neutral: Vec::new(),
            columns: Kept::default(),
            reached: Kept::default(),
            choices: Choices::default(),
        }
    }

    /// Adds texts, behind those that are there.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    pub fn push(&mut self, texts: &TextVectors) -> Result<()> {
        self.texts.push(texts)?;
        self.scorer.extend(&mut self.affinity, texts.rows().as_slice());
        let new = self.neutral.len()..self.texts.len();
        self.neutral.extend(new.map(|text| self.scorer.neutral_of(&self.texts, text, &self.affinity)));
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
        same_length(self.texts.rows(), &labels.parts.vectors)?;
        self.touch(labels);
        if self.known(&labels.keys) == self.len() {
            return Ok(true);
        }
        if let Some(to) = self.step(&labels.parts.keys, texts) {
            self.compare(labels, to);
        } else if let Some(to) = self.step(&labels.keys, texts) {
            self.join(labels, to);
        }
        Ok(self.known(&labels.keys) == self.len())
    }

    /// Of how many texts, from the first on, the evidence is known.
    fn known(&self, keys: &[Key]) -> usize {
        keys.iter().map(|key| self.column(*key).len()).min().unwrap_or(self.len())
    }

    fn column(&self, key: Key) -> &[f32] {
        self.columns.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Up to which text the columns that are the furthest behind are computed next; none if all are complete. Where others
    /// are further on, they are caught up with, not computed again.
    fn step(&self, keys: &[Key], texts: usize) -> Option<Range<usize>> {
        let from = self.known(keys);
        let next = keys.iter().map(|key| self.column(*key).len()).filter(|&known| known > from).min();
        let to = self.len().min(from.saturating_add(texts.max(1))).min(next.unwrap_or(usize::MAX));
        (from < self.len()).then_some(from..to)
    }

    /// Computes the columns of the parts that are known up to the start of a range, to its end.
    fn compare(&mut self, labels: &Prepared, range: Range<usize>) {
        let parts = &*labels.parts;
        let late: Vec<usize> =
            (0..parts.keys.len()).filter(|&part| self.column(parts.keys[part]).len() == range.start).collect();
        let vectors = Transposed::new(late.iter().map(|&part| parts.vectors.row(part)), self.texts.rows().dim());
        let descendants: Vec<Vec<usize>> = late.iter().map(|&part| parts.descendants[part].clone()).collect();
        let mut at = range.start;
        while at < range.end {
            let some = at..range.end.min(at + TEXTS_AT_ONCE);
            at = some.end;
            let evidence = self.scorer.evidence_of(&self.texts, some.clone(), &vectors, &descendants, &self.affinity);
            for (column, &part) in late.iter().enumerate() {
                let kept = self.columns.entry(parts.keys[part]);
                // Two parts may be the same.
                if kept.len() == some.start {
                    kept.extend(evidence.column(column));
                }
            }
        }
    }

    /// Computes the columns of the classes that are known up to the start of a range, to its end.
    fn join(&mut self, labels: &Prepared, range: Range<usize>) {
        for (label, &key) in labels.keys.iter().enumerate() {
            if self.column(key).len() == range.start {
                let parts =
                    labels.members[label].iter().map(|&part| &self.column(labels.parts.keys[part])[range.clone()]);
                let joined = log_sum_exp_of(&parts.collect::<Vec<_>>(), self.scorer.calibration().temperature);
                self.columns.entry(key).extend(joined);
            }
        }
    }

    /// The evidence of all texts for each label, a column each; `None` while [`Corpus::advance`] has something left to do.
    pub fn columns(&self, labels: &Prepared) -> Option<Vec<&[f32]>> {
        (self.known(&labels.keys) == self.len()).then(|| labels.keys.iter().map(|&key| self.column(key)).collect())
    }

    /// The evidence of some texts: from the columns where they are there, else computed for these texts alone.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn evidence(&self, labels: &Prepared, texts: &[usize]) -> Result<Evidence> {
        same_length(self.texts.rows(), &labels.parts.vectors)?;
        let columns: Vec<&[f32]> = labels.keys.iter().map(|&key| self.column(key)).collect();
        let known = self.known(&labels.keys);
        let mut values = Vec::with_capacity(texts.len() * columns.len());
        for &text in texts {
            if text < known {
                values.extend(columns.iter().map(|column| column[text]));
            } else {
                let one = self.scorer.evidence_for(&self.texts, text..text + 1, labels, &self.affinity);
                values.extend_from_slice(one.as_slice());
            }
        }
        Ok(Evidence::new(columns.len(), values, texts.iter().map(|&text| self.neutral[text]).collect()))
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
        let mut scores = Scores::with_capacity(self.len(), labels.len());
        for texts in all.chunks(TEXTS_AT_ONCE) {
            scores.push(self.score_texts(labels, options, texts)?);
        }
        Ok(scores)
    }

    /// Which texts express which labels, of the first texts whose evidence is known by now: of all, once
    /// [`Corpus::advance`] has nothing left to do. It says what [`Scores::on`] says, at a fraction of the cost: what did not
    /// change since it was last asked for is not looked at again.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): a threshold that is not between 0 and 1.
    pub fn tags(&mut self, labels: &Prepared, options: &ScoreOptions) -> Result<Tags> {
        options.check()?;
        let known = self.known(&labels.keys);
        let texts = match options.mode {
            Mode::Multi => {
                let threshold = options.threshold.unwrap_or(self.scorer.calibration().threshold);
                self.reached_by_labels(labels, threshold, known)
            }
            Mode::Single => self.chosen(labels, known),
        };
        Ok(Tags::new(known, texts))
    }

    /// Of each label, which of the first texts reach its threshold, themselves or by what is below it.
    fn reached_by_labels(&mut self, labels: &Prepared, threshold: f32, known: usize) -> Vec<Arc<FixedBitSet>> {
        self.reached.tick(4 * labels.len() + SPARE_COLUMNS.end());
        let readout = labels.readout();
        let mut below = vec![Vec::new(); labels.len()];
        // The deepest come first, so that what they have below them is complete.
        for &(child, parent) in &readout.edges {
            let mut found: Vec<usize> = below[child].clone();
            found.push(child);
            below[parent].extend(found);
        }
        let of = |label: usize| {
            let threshold = readout.thresholds[label].unwrap_or(threshold);
            let own = self.reach(labels, label, threshold, known);
            if below[label].is_empty() {
                return own;
            }
            let mut texts = (*own).clone();
            below[label].iter().for_each(|&child| texts.union_with(&self.reach(labels, child, threshold, known)));
            Arc::new(texts)
        };
        (0..labels.len()).map(of).collect()
    }

    /// Which of the first texts have a probability of at least `threshold` by a label's own evidence.
    fn reach(&mut self, labels: &Prepared, label: usize, threshold: f32, known: usize) -> Arc<FixedBitSet> {
        let (key, offset, scale) =
            (labels.keys[label], labels.readout().offsets[label], self.scorer.calibration().scale);
        let column = self.columns.get(&key).map_or(&[][..], Vec::as_slice);
        let reached = self.reached.entry((key, offset.to_bits(), threshold.to_bits()));
        if reached.known < known {
            let texts = Arc::make_mut(&mut reached.texts);
            texts.grow(known);
            let new = (reached.known..).zip(&column[reached.known..known]);
            new.filter(|&(_, evidence)| sigmoid(scale * evidence + offset) >= threshold)
                .for_each(|(text, _)| texts.insert(text));
            reached.known = known;
        }
        if reached.known == known {
            return Arc::clone(&reached.texts);
        }
        let mut texts = FixedBitSet::with_capacity(known);
        texts.extend(reached.texts.ones().take_while(|&text| text < known));
        Arc::new(texts)
    }

    /// Of each label, which of the first texts choose it.
    fn chosen(&mut self, labels: &Prepared, known: usize) -> Vec<Arc<FixedBitSet>> {
        let (readout, calibration) = (labels.readout(), self.scorer.calibration());
        let column = |key: &Key| self.columns.get(key).map_or(&[][..], Vec::as_slice);
        let columns: Vec<&[f32]> = labels.keys.iter().map(column).collect();
        let mut chosen = vec![FixedBitSet::with_capacity(known); labels.len()];
        let offsets = readout.choice_offsets.iter().map(|offset| offset.to_bits());
        self.choices.update(labels.keys.iter().copied().zip(offsets).collect(), &columns, calibration.scale, known);
        let none = readout.none(calibration);
        for text in (0..known).take_while(|_| !labels.is_empty()) {
            let (label, logit) = self.choices.of(text);
            let none = none.of(self.neutral[text]);
            let reaches = |own: f32| {
                let row: Vec<f32> = columns.iter().map(|column| column[text]).collect();
                let logits: Vec<f32> = logits(&row, &readout.choice_offsets, calibration.scale).collect();
                Shares::of(&logits, none, calibration).probability(logit) >= own
            };
            if logit > none && readout.thresholds[label].is_none_or(reaches) {
                chosen[label].insert(text);
            }
        }
        chosen.into_iter().map(Arc::new).collect()
    }

    /// Counts these labels' columns as used, and forgets columns that have not been for the longest time.
    fn touch(&mut self, labels: &Prepared) {
        let bytes = size_of::<f32>() * self.len().max(1);
        let spare = (SPARE / bytes).clamp(*SPARE_COLUMNS.start(), *SPARE_COLUMNS.end());
        self.columns.tick(labels.parts.keys.len() + labels.len() + spare);
        for &key in labels.parts.keys.iter().chain(&labels.keys) {
            self.columns.entry(key);
        }
    }
}

/// What was computed, and when it was last used.
#[derive(Debug, Clone)]
struct Kept<K, V> {
    values: HashMap<K, (V, u64)>,
    clock: u64,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { values: HashMap::new(), clock: 0 }
    }
}

impl<K: Copy + Eq + Hash, V: Default> Kept<K, V> {
    /// Begins a new round, and if there are more than `most` values, forgets those that were not used for the longest time.
    fn tick(&mut self, most: usize) {
        if self.values.len() > most {
            let mut ages: Vec<u64> = self.values.values().map(|&(_, used)| used).collect();
            ages.sort_unstable_by(|a, b| b.cmp(a));
            let oldest = ages[most];
            let last = self.clock;
            self.values.retain(|_, &mut (_, used)| used > oldest || used == last);
        }
        self.clock += 1;
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.values.get(key).map(|(value, _)| value)
    }

    /// The value, which counts as used in this round.
    fn entry(&mut self, key: K) -> &mut V {
        let (value, used) = self.values.entry(key).or_default();
        *used = self.clock;
        value
    }
}
