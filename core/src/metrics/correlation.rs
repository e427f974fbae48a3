//! Whether two numbers of the same rows rise together.

use super::{check_finite, check_lengths};
use crate::Result;

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
