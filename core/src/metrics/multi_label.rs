//! Which labels were said of rows, beside those that people gave.

use super::{bad, check_lengths, check_matrices, mean, share};
use crate::Result;

/// The share of rows with the right answer.
pub fn accuracy<T: PartialEq>(gold: &[T], said: &[T]) -> Result<f64> {
    check_lengths(gold.len(), said.len())?;
    Ok(share(gold.iter().zip(said).filter(|(g, s)| g == s).count(), gold.len()))
}

/// The F1 of each label: the harmonic mean of precision and recall, 0 where neither side has the label.
pub fn f1(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<f64>> {
    Ok(counts(gold, said)?.iter().map(Counts::f1).collect())
}

/// The mean F1 over all labels. scikit-learn's `f1_score(average="macro", zero_division=0)`.
pub fn macro_f1(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<f64> {
    mean(&f1(gold, said)?).ok_or_else(|| bad("there are no labels to average over"))
}

/// The F1 over all cells, 0 if neither side has any label. scikit-learn's `f1_score(average="micro", zero_division=0)`.
pub fn micro_f1(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<f64> {
    Ok(counts(gold, said)?.iter().fold(Counts::default(), |sum, counts| sum.plus(counts)).f1())
}

/// The mean over rows of the labels in common by the labels of either side; a row without any counts as 0.
/// scikit-learn's `jaccard_score(average="samples", zero_division=0)`.
pub fn jaccard(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<f64> {
    check_matrices(gold, said)?;
    let row = |(gold, said): (&Vec<bool>, &Vec<bool>)| {
        let both = gold.iter().zip(said).filter(|(g, s)| **g && **s).count();
        let either = gold.iter().zip(said).filter(|(g, s)| **g || **s).count();
        share(both, either)
    };
    Ok(gold.iter().zip(said).map(row).sum::<f64>() / gold.len() as f64)
}

/// The share of what was said of each label that people gave too, 0 where it was never said.
pub fn precision(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<f64>> {
    Ok(counts(gold, said)?.iter().map(Counts::precision).collect())
}

/// The share of what people gave of each label that was said too, 0 where they never gave it.
pub fn recall(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<f64>> {
    Ok(counts(gold, said)?.iter().map(Counts::recall).collect())
}

/// How often people gave a label, how often it was said, and how often both.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counts {
    pub both: usize,
    pub gold: usize,
    pub said: usize,
}

impl Counts {
    pub fn f1(&self) -> f64 {
        share(2 * self.both, self.gold + self.said)
    }

    pub fn precision(&self) -> f64 {
        share(self.both, self.said)
    }

    pub fn recall(&self) -> f64 {
        share(self.both, self.gold)
    }

    /// Both together.
    pub fn plus(&self, other: &Self) -> Self {
        Self { both: self.both + other.both, gold: self.gold + other.gold, said: self.said + other.said }
    }
}

pub(super) fn counts(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<Counts>> {
    let mut counts = vec![Counts::default(); check_matrices(gold, said)?];
    for (gold, said) in gold.iter().zip(said) {
        for ((counts, &gold), &said) in counts.iter_mut().zip(gold).zip(said) {
            counts.both += usize::from(gold && said);
            counts.gold += usize::from(gold);
            counts.said += usize::from(said);
        }
    }
    Ok(counts)
}
