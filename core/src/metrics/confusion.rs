//! What is taken for what.

use super::{bad, check_lengths, check_matrices};
use crate::Result;

/// How many rows have label `g` by people and label `s` as said, in row `g` and column `s` of a square matrix of `labels` rows:
/// scikit-learn's `confusion_matrix`.
///
/// # Errors
/// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput), beside the usual: a label that is not below `labels`.
pub fn confusion(gold: &[usize], said: &[usize], labels: usize) -> Result<Vec<Vec<usize>>> {
    check_lengths(gold.len(), said.len())?;
    let mut counts = vec![vec![0; labels]; labels];
    for (row, (&g, &s)) in gold.iter().zip(said).enumerate() {
        match counts.get_mut(g).and_then(|counts| counts.get_mut(s)) {
            Some(count) => *count += 1,
            None => return Err(bad(format!("row {row} has a label of {labels} that is not there: {}", g.max(s)))),
        }
    }
    Ok(counts)
}

/// In how many rows label `g` by people meets label `s` as said, where rows may have several of either: a square matrix with a
/// row `g` and a column `s`, and behind those of the labels one for "none". A row counts once for each pair of its labels.
pub fn co_occurrence(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<Vec<usize>>> {
    let labels = check_matrices(gold, said)?;
    let mut counts = vec![vec![0; labels + 1]; labels + 1];
    for (gold, said) in gold.iter().zip(said) {
        let said = or_none(said);
        for g in or_none(gold) {
            said.iter().for_each(|&s| counts[g][s] += 1);
        }
    }
    Ok(counts)
}

/// The labels of a row, or the index behind the last label if it has none.
fn or_none(row: &[bool]) -> Vec<usize> {
    let labels: Vec<usize> = row.iter().enumerate().filter(|&(_, &on)| on).map(|(label, _)| label).collect();
    if labels.is_empty() { vec![row.len()] } else { labels }
}

/// A label that is said instead of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The label that people gave, and that was not said.
    pub missed: usize,
    /// The label that was said, and that people did not give.
    pub said: usize,
    /// In how many rows.
    pub rows: usize,
}

/// Which labels are said instead of which, the most frequent first: the labels of a row that were missed, each with each of
/// those that were said wrongly. What only one side has too much of is no such mistake.
pub fn mistakes(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<Mistake>> {
    let labels = check_matrices(gold, said)?;
    let mut counts = vec![0; labels * labels];
    for (gold, said) in gold.iter().zip(said) {
        let only = |one: &[bool], other: &[bool]| -> Vec<usize> {
            (0..labels).filter(|&label| one[label] && !other[label]).collect()
        };
        let wrong = only(said, gold);
        for missed in only(gold, said) {
            wrong.iter().for_each(|&said| counts[missed * labels + said] += 1);
        }
    }
    let mistake = |(i, rows): (usize, usize)| Mistake { missed: i / labels, said: i % labels, rows };
    let mut mistakes: Vec<Mistake> = counts.into_iter().enumerate().filter(|&(_, n)| n > 0).map(mistake).collect();
    mistakes.sort_by_key(|mistake| std::cmp::Reverse(mistake.rows));
    Ok(mistakes)
}
