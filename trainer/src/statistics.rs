//! How numbers lie.

/// Mean and standard deviation; both 0 where there are no numbers.
pub fn spread(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let square = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len().max(1) as f64;
    (mean, square.sqrt())
}
