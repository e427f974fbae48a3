//! Whether rows that people gave a label score higher than others.

use super::{bad, check_finite, check_lengths, check_matrices, mean, share};
use crate::Result;

/// The precision at each score, weighted by what recall gains there; equal scores count as one. `None` without a
/// positive. scikit-learn's `average_precision_score`.
pub fn average_precision<T: Copy + Into<f64>>(gold: &[bool], scores: &[T]) -> Result<Option<f64>> {
    let positives = gold.iter().filter(|&&g| g).count();
    let (mut found, mut seen, mut sum) = (0, 0, 0.0);
    for Tie { positives, size, .. } in ties(gold, scores)?.iter().rev() {
        found += positives;
        seen += size;
        sum += share(found, seen) * *positives as f64;
    }
    Ok((positives > 0).then(|| sum / positives as f64))
}

/// The mean [`average_precision`] of the labels that have a positive.
pub fn mean_average_precision<T: Copy + Into<f64>>(gold: &[Vec<bool>], scores: &[Vec<T>]) -> Result<f64> {
    let values = by_label(gold, scores, average_precision)?;
    mean(&values).ok_or_else(|| bad("no label has a row that people gave it: there is nothing to average"))
}

/// The probability that a positive scores above a negative, equal scores counting half: the area under the ROC curve.
/// `None` without a positive or without a negative. scikit-learn's `roc_auc_score`.
pub fn roc_auc<T: Copy + Into<f64>>(gold: &[bool], scores: &[T]) -> Result<Option<f64>> {
    let positives = gold.iter().filter(|&&g| g).count();
    let negatives = gold.len() - positives;
    let (mut below, mut sum) = (0.0, 0.0);
    for Tie { positives, size, .. } in ties(gold, scores)? {
        let negatives = (size - positives) as f64;
        sum += positives as f64 * (below + negatives / 2.0);
        below += negatives;
    }
    Ok((positives > 0 && negatives > 0).then(|| sum / (positives as f64 * negatives as f64)))
}

/// The mean [`roc_auc`] of the labels that have a positive and a negative.
pub fn auroc<T: Copy + Into<f64>>(gold: &[Vec<bool>], scores: &[Vec<T>]) -> Result<f64> {
    let values = by_label(gold, scores, roc_auc)?;
    mean(&values).ok_or_else(|| bad("no label has both kinds of row: there is nothing to average"))
}

/// A point of a precision-recall curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// From which score on a row is said.
    pub threshold: f64,
    /// The share of the rows said that are positive.
    pub precision: f64,
    /// The share of the positives that are said.
    pub recall: f64,
}

/// A point for each score that occurs, the highest first, so that recall rises; empty without a positive.
pub fn precision_recall<T: Copy + Into<f64>>(gold: &[bool], scores: &[T]) -> Result<Vec<Point>> {
    let positives = gold.iter().filter(|&&g| g).count();
    let (mut found, mut seen) = (0, 0);
    let point = |tie: &Tie| {
        found += tie.positives;
        seen += tie.size;
        Point { threshold: tie.score, precision: share(found, seen), recall: share(found, positives) }
    };
    let points = ties(gold, scores)?.iter().rev().map(point).collect();
    Ok(if positives == 0 { Vec::new() } else { points })
}

/// Rows of one score.
struct Tie {
    score: f64,
    positives: usize,
    size: usize,
}

/// The rows by score, the lowest first.
fn ties<T: Copy + Into<f64>>(gold: &[bool], scores: &[T]) -> Result<Vec<Tie>> {
    check_lengths(gold.len(), scores.len())?;
    let scores: Vec<f64> = scores.iter().map(|&s| s.into()).collect();
    check_finite(&scores)?;
    let mut rows: Vec<(f64, bool)> = scores.into_iter().zip(gold.iter().copied()).collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tie = |rows: &[(f64, bool)]| Tie {
        score: rows[0].0,
        positives: rows.iter().filter(|row| row.1).count(),
        size: rows.len(),
    };
    Ok(rows.chunk_by(|a, b| a.0 == b.0).map(tie).collect())
}

/// A figure of each label that has it.
fn by_label<T: Copy>(
    gold: &[Vec<bool>],
    scores: &[Vec<T>],
    figure: impl Fn(&[bool], &[T]) -> Result<Option<f64>>,
) -> Result<Vec<f64>> {
    let labels = check_matrices(gold, scores)?;
    let column = |l: usize| {
        let gold: Vec<bool> = gold.iter().map(|row| row[l]).collect();
        let scores: Vec<T> = scores.iter().map(|row| row[l]).collect();
        figure(&gold, &scores)
    };
    (0..labels).map(column).filter_map(Result::transpose).collect()
}
