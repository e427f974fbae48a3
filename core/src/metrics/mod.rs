//! How well scores agree with what people said, and people with each other.
//!
//! Matrices are `(rows, labels)`. Every function refuses rows that do not match, no rows at all, and scores that are
//! not finite numbers, with [`ErrorKind::BadInput`]. Figures are those of scikit-learn, statsmodels and `krippendorff`,
//! which tests hold them against.

mod agreement;
mod confusion;
mod correlation;
mod figures;
mod interval;
mod multi_label;
mod ranking;
mod reliability;
mod threshold;

use crate::{Error, ErrorKind, Result};

pub(crate) use agreement::beyond_chance;
pub use agreement::{Judgements, Pair, cohen_kappa, krippendorff_alpha, masi, nominal};
pub use confusion::{Mistake, co_occurrence, confusion, mistakes};
pub use correlation::pearson;
pub use figures::{Figures, LabelFigures};
pub use interval::{DRAWS, Estimate, Interval, resample};
pub use multi_label::{accuracy, f1, jaccard, macro_f1, micro_f1, precision, recall};
pub use ranking::{Point, auroc, average_precision, mean_average_precision, precision_recall, roc_auc};
pub use reliability::{Bin, calibration_error, reliability};
pub use threshold::{Cut, Fit, ThresholdFit, fit_thresholds, sweep};

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
