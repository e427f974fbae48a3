//! How well scores agree with what people said, by scikit-learn's definitions.
//!
//! Matrices are `(rows, labels)`. Every function refuses rows that do not match, no rows at all, and scores that are
//! not finite numbers, with [`ErrorKind::BadInput`].

mod agreement;
mod interval;

use crate::{Error, ErrorKind, Result};

pub use agreement::cohen_kappa;
pub use interval::{Interval, resample};

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
    let sum =
        |sum: Counts, c: &Counts| Counts { both: sum.both + c.both, gold: sum.gold + c.gold, said: sum.said + c.said };
    Ok(counts(gold, said)?.iter().fold(Counts::default(), sum).f1())
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

/// Pearson's correlation, 0 where one side is constant and it is not defined.
pub fn pearson(a: &[f64], b: &[f64]) -> Result<f64> {
    check_lengths(a.len(), b.len())?;
    check_finite(a)?;
    check_finite(b)?;
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|x| x - mean).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let constant = |values: &[f64]| values.iter().all(|x| *x == values[0]);
    if constant(a) || constant(b) {
        return Ok(0.0);
    }
    let (a, b) = (centred(a), centred(b));
    Ok((dot(&a, &b) / (dot(&a, &a).sqrt() * dot(&b, &b).sqrt())).clamp(-1.0, 1.0))
}

/// The share of what was said of each label that people gave too, 0 where it was never said.
pub fn precision(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<f64>> {
    Ok(counts(gold, said)?.iter().map(|c| share(c.both, c.said)).collect())
}

/// The share of what people gave of each label that was said too, 0 where they never gave it.
pub fn recall(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<f64>> {
    Ok(counts(gold, said)?.iter().map(|c| share(c.both, c.gold)).collect())
}

/// Claims of about the same probability, and how many of them held.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Bin {
    /// The least probability in the bin.
    pub from: f64,
    /// The least probability above the bin; 1 belongs to the last bin.
    pub to: f64,
    /// How many claims.
    pub count: usize,
    /// Their mean probability, 0 if there are none.
    pub probability: f64,
    /// The share of them that held, 0 if there are none.
    pub held: f64,
}

/// Claims by probability, 0 to 1, in `bins` bins of equal width: what a reliability diagram shows.
pub fn reliability<T: Copy + Into<f64>>(held: &[bool], probability: &[T], bins: usize) -> Result<Vec<Bin>> {
    check_lengths(held.len(), probability.len())?;
    let probability: Vec<f64> = probability.iter().map(|&p| p.into()).collect();
    if let Some(i) = probability.iter().position(|p| !(0.0..=1.0).contains(p)) {
        return Err(bad(format!("row {i} has the probability {}, which is not between 0 and 1", probability[i])));
    }
    if bins == 0 {
        return Err(bad("probabilities cannot be put into no bins"));
    }
    // For each bin the claims, those that held, and the sum of the probabilities.
    let mut sums = vec![(0, 0, 0.0); bins];
    for (&held, &p) in held.iter().zip(&probability) {
        let sum = &mut sums[((p * bins as f64) as usize).min(bins - 1)];
        *sum = (sum.0 + 1, sum.1 + usize::from(held), sum.2 + p);
    }
    let bin = |(i, (count, held, sum)): (usize, (usize, usize, f64))| Bin {
        from: i as f64 / bins as f64,
        to: (i + 1) as f64 / bins as f64,
        count,
        probability: if count == 0 { 0.0 } else { sum / count as f64 },
        held: share(held, count),
    };
    Ok(sums.into_iter().enumerate().map(bin).collect())
}

/// The expected calibration error, 0 to 1: how far the probability of [`reliability`]'s bins is from the share that
/// held, on the mean over the claims.
pub fn calibration_error<T: Copy + Into<f64>>(held: &[bool], probability: &[T], bins: usize) -> Result<f64> {
    let bins = reliability(held, probability, bins)?;
    let off = bins.iter().map(|bin| bin.count as f64 * (bin.probability - bin.held).abs()).sum::<f64>();
    Ok(off / held.len() as f64)
}

/// What one threshold for all labels makes of scores.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// From which score on a label is said.
    pub threshold: f64,
    /// The [`macro_f1`] of what is said then.
    pub macro_f1: f64,
    /// The [`micro_f1`] of what is said then.
    pub micro_f1: f64,
}

/// What each of some thresholds makes of scores, in their order.
pub fn sweep<T: Copy + Into<f64>>(gold: &[Vec<bool>], scores: &[Vec<T>], thresholds: &[f64]) -> Result<Vec<Cut>> {
    check_matrices(gold, scores)?;
    let cut = |&threshold: &f64| {
        let said: Vec<Vec<bool>> =
            scores.iter().map(|row| row.iter().map(|&s| s.into() >= threshold).collect()).collect();
        Ok(Cut { threshold, macro_f1: macro_f1(gold, &said)?, micro_f1: micro_f1(gold, &said)? })
    };
    thresholds.iter().map(cut).collect()
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

/// How often people gave a label, how often it was said, and how often both.
#[derive(Clone, Default)]
struct Counts {
    both: usize,
    gold: usize,
    said: usize,
}

impl Counts {
    fn f1(&self) -> f64 {
        share(2 * self.both, self.gold + self.said)
    }
}

fn counts(gold: &[Vec<bool>], said: &[Vec<bool>]) -> Result<Vec<Counts>> {
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

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn check_lengths(gold: usize, said: usize) -> Result<()> {
    if gold != said {
        return Err(bad(format!("{gold} rows cannot be compared with {said}")));
    }
    if gold == 0 {
        return Err(bad("there are no rows to compare"));
    }
    Ok(())
}

/// The number of labels, if it is the same in every row.
fn check_matrices<A, B>(gold: &[Vec<A>], said: &[Vec<B>]) -> Result<usize> {
    check_lengths(gold.len(), said.len())?;
    let labels = gold[0].len();
    match (0..gold.len()).find(|&i| gold[i].len() != labels || said[i].len() != labels) {
        Some(i) => Err(bad(format!("row {i} does not have {labels} labels on both sides"))),
        None => Ok(labels),
    }
}

fn check_finite(values: &[f64]) -> Result<()> {
    match values.iter().position(|x| !x.is_finite()) {
        Some(i) => Err(bad(format!("row {i} has the score {}, which is not a finite number", values[i]))),
        None => Ok(()),
    }
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
