//! Whether what is claimed with a probability holds as often.

use super::{bad, check_lengths, share};
use crate::Result;

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
