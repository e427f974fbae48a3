//! How strongly texts express labels, before that is a probability.

use std::ops::Range;

use crate::math::{exp, ln};
use crate::{Calibration, TextVectors};

/// How many texts are joined at a time: few enough that they stay in the nearest cache.
const TEXTS_AT_ONCE: usize = 1024;

/// How strongly texts express labels: a `(texts, labels)` matrix, row-major.
///
/// The evidence of a window of a text for a label, whose cosine similarity is `c`, at the calibration's temperature `t`:
///
/// ```text
/// evidence = t ln(exp(c / t) + descendants * sum over the label's descendants d of exp(cosine(d) / t))
///          - competition * t ln(sum over all terms of the lexicon of exp(cosine / t))
/// ```
///
/// A text of several windows has for each label the log-mean-exp of theirs, at the temperature `w` of
/// [`Calibration::windows`]: between their mean (`w` large) and their maximum (`w` small).
///
/// ```text
/// evidence = w ln(mean over the windows of exp(evidence / w))
/// ```
///
/// A label that is a class of several, by a [`Cut`](crate::Cut) or because others are folded into it, has the log-sum-exp of
/// theirs at the temperature `t`: a little above the strongest. So the share that `softmax(evidence / t)` gives to a class
/// is the sum of its labels' shares, however they are joined.
///
/// ```text
/// evidence = t ln(sum over the class's labels of exp(evidence / t))
/// ```
///
/// Everything else follows from these numbers, label by label, so that they can be kept, joined and compared, whatever
/// the other labels are.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    width: usize,
    values: Vec<f32>,
    /// Of each text, for the lexicon's term for no emotion.
    neutral: Vec<f32>,
}

impl Evidence {
    /// Takes `(texts, width)` values, row-major, and of each text its evidence for no emotion (any number where nothing
    /// asks for it).
    ///
    /// # Panics
    /// If the numbers of values and texts do not fit.
    pub fn new(width: usize, values: Vec<f32>, neutral: Vec<f32>) -> Self {
        assert_eq!(values.len(), width * neutral.len(), "evidence has a row for each text. This is a bug.");
        Self { width, values, neutral }
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.neutral.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.neutral.is_empty()
    }

    /// How many labels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The evidence of a text for each label.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn row(&self, text: usize) -> &[f32] {
        &self.values[text * self.width..(text + 1) * self.width]
    }

    /// The evidence of each text for a label.
    pub fn column(&self, label: usize) -> impl ExactSizeIterator<Item = f32> + Clone {
        self.values.iter().skip(label).step_by(self.width.max(1)).copied()
    }

    /// The evidence of each text for no emotion: that of the lexicon's term for it.
    pub fn neutral(&self) -> &[f32] {
        &self.neutral
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// The evidence of texts whose windows' evidence this is. `texts` names the rows of each: any of them, in any
    /// company, as where one window of a text is exchanged for another.
    ///
    /// # Panics
    /// If a text has no window, or one that is not there.
    pub fn pooled<'a>(&self, texts: impl IntoIterator<Item = &'a [usize]>, calibration: &Calibration) -> Self {
        let mut pooled = Self { width: self.width, ..Self::default() };
        for rows in texts {
            assert!(!rows.is_empty(), "a text has a window at least. This is a bug.");
            let pool =
                |value: &dyn Fn(usize) -> f32| log_mean_exp(rows.iter().map(|&row| value(row)), calibration.windows);
            pooled.values.extend((0..self.width).map(|label| pool(&|row| self.row(row)[label])));
            pooled.neutral.push(pool(&|row| self.neutral[row]));
        }
        pooled
    }
}

/// What windows have to do with the lexicon's terms: everything in their evidence that does not depend on a label.
#[derive(Debug, Clone, Default)]
pub(super) struct TermAffinity {
    terms: usize,
    /// `exp(cosine / temperature)` of each window with each term.
    exponentials: Vec<f32>,
    /// What all terms together take off a label's evidence, by window.
    competition: Vec<f32>,
    /// The cosine similarity with the term for no emotion, by window.
    neutral: Vec<f32>,
}

impl TermAffinity {
    /// No windows yet, of a lexicon of `terms`.
    pub fn new(terms: usize) -> Self {
        Self { terms, ..Self::default() }
    }

    /// Adds a window that has these cosines with the terms. `neutral` is the term for no emotion.
    pub fn push(&mut self, cosines: &[f32], neutral: Option<usize>, calibration: &Calibration) {
        let t = calibration.temperature;
        let from = self.exponentials.len();
        self.exponentials.extend(cosines.iter().map(|cosine| exp(cosine / t)));
        let total: f32 = self.exponentials[from..].iter().sum();
        self.competition.push(if total > 0.0 { calibration.competition * t * ln(total) } else { 0.0 });
        self.neutral.push(neutral.map_or(0.0, |term| cosines[term]));
    }

    /// The evidence of a window for a label of this cosine and these descendants.
    pub fn evidence(&self, window: usize, cosine: f32, descendants: &[usize], calibration: &Calibration) -> f32 {
        let t = calibration.temperature;
        let row = &self.exponentials[window * self.terms..(window + 1) * self.terms];
        let below = calibration.descendants * descendants.iter().map(|&term| row[term]).sum::<f32>();
        // Exact where there is nothing to add up.
        let own = if below > 0.0 { t * ln(exp(cosine / t) + below) } else { cosine };
        own - self.competition[window]
    }

    /// What all terms together take off the evidence of a window.
    pub fn competition(&self, window: usize) -> f32 {
        self.competition[window]
    }

    /// The evidence of a window for no emotion: `descendants` are those of the term for it.
    pub fn neutral(&self, window: usize, descendants: &[usize], calibration: &Calibration) -> f32 {
        self.evidence(window, self.neutral[window], descendants, calibration)
    }
}

/// The log-mean-exp of values at a temperature; of one value that value.
pub(super) fn log_mean_exp(values: impl ExactSizeIterator<Item = f32> + Clone, temperature: f32) -> f32 {
    let largest = values.clone().fold(f32::NEG_INFINITY, f32::max);
    match values.len() {
        0 | 1 => largest,
        count => {
            let sum: f32 = values.map(|value| exp((value - largest) / temperature)).sum();
            largest + temperature * ln(sum / count as f32)
        }
    }
}

/// The log-sum-exp of values at a temperature; of one value that value.
pub(super) fn log_sum_exp(values: impl ExactSizeIterator<Item = f32> + Clone, temperature: f32) -> f32 {
    let largest = values.clone().fold(f32::NEG_INFINITY, f32::max);
    if values.len() < 2 {
        return largest;
    }
    let sum = values.fold(0.0, |sum, value| sum + exp((value - largest) / temperature));
    largest + temperature * ln(sum)
}

/// The log-sum-exp, text by text, of columns of evidence of one length: the same as [`log_sum_exp`] of each text's, to the
/// last bit.
pub(super) fn log_sum_exp_of(columns: &[&[f32]], temperature: f32) -> Vec<f32> {
    let [first, others @ ..] = columns else {
        return Vec::new();
    };
    if others.is_empty() {
        return first.to_vec();
    }
    let mut joined = vec![0.0; first.len()];
    let mut sums = [0.0f32; TEXTS_AT_ONCE];
    for (block, joined) in joined.chunks_mut(TEXTS_AT_ONCE).enumerate() {
        let texts = block * TEXTS_AT_ONCE..block * TEXTS_AT_ONCE + joined.len();
        let sums = &mut sums[..joined.len()];
        joined.fill(f32::NEG_INFINITY);
        for column in columns {
            let values = &column[texts.clone()];
            joined.iter_mut().zip(values).for_each(|(largest, &value)| *largest = largest.max(value));
        }
        sums.fill(0.0);
        for column in columns {
            let values = joined.iter().zip(&column[texts.clone()]);
            sums.iter_mut()
                .zip(values)
                .for_each(|(sum, (largest, value))| *sum += exp((value - largest) / temperature));
        }
        joined.iter_mut().zip(&*sums).for_each(|(largest, &sum)| *largest += temperature * ln(sum));
    }
    joined
}

/// The evidence of texts from that of their windows, which are `(windows, labels)`.
pub(super) fn pool(windows: &[f32], width: usize, texts: &TextVectors, of: Range<usize>, temperature: f32) -> Vec<f32> {
    let first = texts.windows_of(of.clone()).start;
    let mut pooled = Vec::with_capacity(of.len() * width);
    for text in of {
        let range = texts.windows(text);
        let rows = &windows[(range.start - first) * width..(range.end - first) * width];
        if range.len() == 1 {
            pooled.extend_from_slice(rows);
        } else {
            let label = |l: usize| log_mean_exp(rows[l..].iter().step_by(width).copied(), temperature);
            pooled.extend((0..width).map(label));
        }
    }
    pooled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_put_together_between_their_mean_and_their_maximum() {
        let values = [0.1f32, 0.5, 0.3];
        let at = |temperature| log_mean_exp(values.iter().copied(), temperature);
        assert!((at(100.0) - 0.3).abs() < 1e-3, "{}", at(100.0));
        assert!((at(0.005) - 0.5).abs() < 0.01, "{}", at(0.005));
        let between = [0.005, 0.02, 0.1, 1.0, 100.0].map(at);
        assert!(between.is_sorted_by(|a, b| a >= b), "{between:?}");
        assert_eq!(log_mean_exp([0.7].into_iter(), 0.1), 0.7);
    }
}
