//! How far two who judge the same rows agree beyond chance.

use std::collections::HashMap;
use std::hash::Hash;

use super::{check_lengths, share};
use crate::Result;

/// Cohen's kappa (Cohen 1960) of two judgements of the same rows, at most 1: the share of rows on which they agree, beyond
/// that on which they would by chance, of all that is beyond chance.
///
/// ```text
/// kappa = (observed - expected) / (1 - expected)
/// expected = sum over the answers of (share of the first judge's rows) * (share of the second's)
/// ```
///
/// `None` where nothing is beyond chance: both give one and the same answer to all rows. scikit-learn's `cohen_kappa_score`.
///
/// # Errors
/// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): judgements of different numbers of rows, or of none.
pub fn cohen_kappa<T: Eq + Hash>(first: &[T], second: &[T]) -> Result<Option<f64>> {
    check_lengths(first.len(), second.len())?;
    let mut counts: HashMap<&T, [usize; 2]> = HashMap::new();
    for (a, b) in first.iter().zip(second) {
        counts.entry(a).or_default()[0] += 1;
        counts.entry(b).or_default()[1] += 1;
    }
    let rows = first.len();
    let agreed = first.iter().zip(second).filter(|(a, b)| a == b).count();
    // In whole numbers, so that the order of the answers does not matter.
    let chance: u128 = counts.values().map(|&[a, b]| a as u128 * b as u128).sum();
    Ok(beyond_chance(share(agreed, rows), chance as f64 / (rows as f64 * rows as f64)))
}

/// What is observed beyond what is expected, of all that is; none if nothing is.
fn beyond_chance(observed: f64, expected: f64) -> Option<f64> {
    (expected < 1.0).then(|| (observed - expected) / (1.0 - expected))
}
