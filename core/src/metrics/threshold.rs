//! From which score on a label is best said.

use std::fmt;

use super::multi_label::Counts;
use super::{bad, check_finite, check_matrices, macro_f1, mean, micro_f1};
use crate::Result;

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

/// Thresholds from these rows, and what they are worth on others.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdFit {
    /// One for all labels.
    pub one: Fit,
    /// One for each label.
    pub by_label: Fit,
}

/// Thresholds, and the macro F1 they bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Of each label.
    pub thresholds: Vec<f64>,
    /// On the rows that they were fitted on: this flatters.
    pub fitted: f64,
    /// What to expect on other rows: rows are decided by thresholds that were fitted without them.
    pub expected: f64,
}

/// The thresholds that are tried: the hundredths.
const STEPS: usize = 100;

/// How many rows with a label, and how many without, it takes for a threshold of its own; with less it keeps the common one.
const LEAST: usize = 5;

/// Fits thresholds to scores between 0 and 1: one for all labels with the best macro F1, and one for each label with the best
/// F1. Of thresholds that are equally good, it is the middle one of the longest stretch.
///
/// What they are worth elsewhere is told by cross-validation: rows are dealt into `folds` at random, those of each fold are
/// decided by thresholds fitted on the others, and the F1 is that of all these decisions together (Forman and Scholz 2010:
/// the mean of the folds' F1 is biased where labels are rare).
///
/// # Errors
/// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput), beside the usual: fewer than two folds, or fewer rows than folds.
pub fn fit_thresholds<T: Copy + Into<f64>>(
    gold: &[Vec<bool>],
    scores: &[Vec<T>],
    folds: usize,
) -> Result<ThresholdFit> {
    let labels = check_matrices(gold, scores)?;
    let rows = gold.len();
    if folds < 2 || rows < folds {
        return Err(bad(format!("{rows} rows cannot be dealt into {folds} folds; give more rows")));
    }
    if labels == 0 {
        return Err(bad("there are no labels to fit thresholds for"));
    }
    let mut order: Vec<usize> = (0..rows).collect();
    fastrand::Rng::with_seed(rows as u64).shuffle(&mut order);
    let mut parts = vec![vec![Histogram::default(); labels]; folds];
    for (place, &row) in order.iter().enumerate() {
        let scores: Vec<f64> = scores[row].iter().map(|&score| score.into()).collect();
        check_finite(&scores)?;
        for ((histogram, &gold), &score) in parts[place % folds].iter_mut().zip(&gold[row]).zip(&scores) {
            histogram.add(score, gold);
        }
    }
    Ok(ThresholdFit { one: Fit::new(&parts, |on| vec![common(on); on.len()]), by_label: Fit::new(&parts, by_label) })
}

impl fmt::Display for Fit {
    /// What may be hoped for, in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fitted, expected, .. } = self;
        write!(f, "fitted on these rows; expect a macro F1 of {expected:.3} rather than {fitted:.3} elsewhere")
    }
}

impl Fit {
    /// The thresholds that `steps` finds for scores, which are dealt into folds.
    fn new(folds: &[Vec<Histogram>], steps: impl Fn(&[Histogram]) -> Vec<usize>) -> Self {
        let sum = |left_out: Option<usize>| {
            let mut total = vec![Histogram::default(); folds[0].len()];
            for (_, fold) in folds.iter().enumerate().filter(|(i, _)| Some(*i) != left_out) {
                total.iter_mut().zip(fold).for_each(|(total, fold)| total.push(fold));
            }
            total
        };
        let decide = |steps: &[usize], on: &[Histogram]| -> Vec<Counts> {
            on.iter().zip(steps).map(|(histogram, &step)| histogram.counts(step)).collect()
        };
        let f1 = |counts: &[Counts]| mean(&counts.iter().map(Counts::f1).collect::<Vec<_>>()).unwrap_or(0.0);
        let all = sum(None);
        let thresholds = steps(&all);
        let mut elsewhere = vec![Counts::default(); all.len()];
        for (i, fold) in folds.iter().enumerate() {
            for (total, counts) in elsewhere.iter_mut().zip(decide(&steps(&sum(Some(i))), fold)) {
                *total = total.plus(&counts);
            }
        }
        Self {
            fitted: f1(&decide(&thresholds, &all)),
            expected: f1(&elsewhere),
            thresholds: thresholds.into_iter().map(|step| step as f64 / STEPS as f64).collect(),
        }
    }
}

/// The scores of a label, in steps of the thresholds.
#[derive(Clone)]
struct Histogram {
    /// How many rows of each step, and how many of them have the label. A step holds the scores from its threshold on up to the
    /// next.
    steps: [(u32, u32); STEPS + 1],
}

impl Default for Histogram {
    fn default() -> Self {
        Self { steps: [(0, 0); STEPS + 1] }
    }
}

impl Histogram {
    fn add(&mut self, score: f64, gold: bool) {
        // The last threshold that the score reaches: a product may end a bit below it, or above.
        let near = (score.clamp(0.0, 1.0) * STEPS as f64).round() as usize;
        let step = if near as f64 / STEPS as f64 <= score { near } else { near.saturating_sub(1) };
        let (rows, positives) = &mut self.steps[step];
        *rows += 1;
        *positives += u32::from(gold);
    }

    fn push(&mut self, other: &Self) {
        for (step, other) in self.steps.iter_mut().zip(&other.steps) {
            *step = (step.0 + other.0, step.1 + other.1);
        }
    }

    /// What the threshold of a step makes of the scores.
    fn counts(&self, step: usize) -> Counts {
        let sum = |steps: &[(u32, u32)]| steps.iter().fold((0, 0), |sum, step| (sum.0 + step.0, sum.1 + step.1));
        let ((_, gold), (said, both)) = (sum(&self.steps), sum(&self.steps[step..]));
        Counts { both: both as usize, gold: gold as usize, said: said as usize }
    }
}

/// The one threshold for all labels, in steps.
fn common(on: &[Histogram]) -> usize {
    best(|step| on.iter().map(|histogram| histogram.counts(step).f1()).sum())
}

/// The threshold of each label, in steps.
fn by_label(on: &[Histogram]) -> Vec<usize> {
    let common = common(on);
    let one = |histogram: &Histogram| {
        let Counts { gold, said, .. } = histogram.counts(0);
        let enough = gold >= LEAST && said - gold >= LEAST;
        if enough { best(|step| histogram.counts(step).f1()) } else { common }
    };
    on.iter().map(one).collect()
}

/// The step of the largest value; of several, the middle of the longest stretch of them.
fn best(value: impl Fn(usize) -> f64) -> usize {
    let values: Vec<f64> = (1..STEPS).map(value).collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let mut longest = 1..1;
    let mut at = 1;
    for stretch in values.chunk_by(|a, b| (*a >= largest) == (*b >= largest)) {
        if stretch[0] >= largest && stretch.len() > longest.len() {
            longest = at..at + stretch.len();
        }
        at += stretch.len();
    }
    (longest.start + longest.end - 1) / 2
}
