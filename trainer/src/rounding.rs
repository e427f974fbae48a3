//! Weights to whole numbers, so that what a matrix computes changes least.
//!
//! Rounding each weight to its nearest ignores that a matrix sees only certain inputs. Here each weight takes over the
//! errors of those before it, as far as the inputs of some texts say that it can make up for them: OPTQ (Frantar et al. 2022)
//! in the form of Chee et al. 2023, "QuIP", which proves both the same.

use anyhow::{Result, ensure};
use candle_core::Tensor;
use rayon::prelude::*;
use undertone_core::dot;

/// How much of the mean of the diagonal is added to it: for inputs that the texts left unexplored.
const DAMPING: f32 = 0.01;

/// The second moments of a linear map's inputs, XᵀX.
pub struct Moments(Tensor);

/// Which errors each input takes over from those before it.
pub struct Feedback {
    /// Row `i` has `i` factors.
    factors: Vec<Vec<f32>>,
}

impl Moments {
    /// Those of `(n, inputs)`.
    pub fn of(inputs: &Tensor) -> candle_core::Result<Self> {
        Ok(Self(inputs.t()?.matmul(inputs)?))
    }

    /// Those of more inputs.
    pub fn add(&mut self, inputs: &Tensor) -> candle_core::Result<()> {
        self.0 = (&self.0 + inputs.t()?.matmul(inputs)?)?;
        Ok(())
    }

    /// Factors XᵀX into V Vᵀ with V upper triangular. The square error of a row of errors e is then |e V|², whose column i
    /// depends on errors up to i alone.
    pub fn feedback(&self) -> Result<Feedback> {
        let mut v: Vec<Vec<f32>> = self.0.to_vec2()?;
        let n = v.len();
        let mean = (0..n).map(|i| v[i][i]).sum::<f32>() / n as f32;
        for (i, row) in v.iter_mut().enumerate() {
            row[i] += DAMPING * mean;
        }
        for i in (0..n).rev() {
            let (above, rest) = v.split_at_mut(i);
            let row = &mut rest[0];
            let square = row[i] - dot(&row[i + 1..], &row[i + 1..]);
            ensure!(square > 0.0, "the inputs of a matrix are no numbers, so it cannot be rounded; train again");
            row[i] = square.sqrt();
            above.par_iter_mut().for_each(|other| other[i] = (other[i] - dot(&other[i + 1..], &row[i + 1..])) / row[i]);
        }
        let factors = (0..n).map(|i| (0..i).map(|j| v[j][i] / v[i][i]).collect()).collect();
        Ok(Feedback { factors })
    }
}

impl Feedback {
    /// Rows of `width` weights as whole numbers from -levels to levels times a scale per row.
    pub fn round(&self, values: &[f32], width: usize, levels: f32) -> (Vec<u8>, Vec<f32>) {
        let round = |row: &[f32]| {
            let scale = scale(row, levels);
            let mut errors = Vec::with_capacity(width);
            let mut bytes = Vec::with_capacity(width);
            for (weight, factors) in row.iter().zip(&self.factors) {
                let wanted = weight + dot(&errors, factors);
                let level = (wanted / scale).round().clamp(-levels, levels);
                bytes.push(level as i8 as u8);
                errors.push(weight - level * scale);
            }
            (bytes, scale)
        };
        let rows: Vec<_> = values.par_chunks_exact(width.max(1)).map(round).collect();
        let (bytes, scales): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        (bytes.concat(), scales)
    }
}

/// Each weight as its nearest whole number from -levels to levels times a scale per row.
pub fn nearest(values: &[f32], width: usize, levels: f32) -> (Vec<u8>, Vec<f32>) {
    let mut bytes = Vec::with_capacity(values.len());
    let mut scales = Vec::new();
    for row in values.chunks_exact(width.max(1)) {
        let scale = scale(row, levels);
        bytes.extend(row.iter().map(|x| (x / scale).round() as i8 as u8));
        scales.push(scale);
    }
    (bytes, scales)
}

/// What a level is worth, so that the largest value is the last one.
fn scale(row: &[f32], levels: f32) -> f32 {
    let largest = row.iter().fold(0f32, |m, x| m.max(x.abs()));
    if largest > 0.0 { largest / levels } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// Inputs that move together, as those of a network do.
    fn inputs() -> Tensor {
        let hidden = |t: usize, k: usize| ((t * 7 + k * 3) as f32 * 0.37).sin();
        let value = |t: usize, i: usize| {
            (0..4).map(|k| hidden(t, k) * ((i * 5 + k) as f32 * 0.61).cos()).sum::<f32>()
                + 0.05 * ((t * 13 + i * 29) as f32).sin()
        };
        let values: Vec<f32> = (0..200).flat_map(|t| (0..24).map(move |i| value(t, i))).collect();
        Tensor::from_vec(values, (200, 24), &Device::Cpu).unwrap()
    }

    fn widened((bytes, scales): (Vec<u8>, Vec<f32>)) -> Tensor {
        let values: Vec<f32> = bytes.iter().enumerate().map(|(i, &b)| f32::from(b as i8) * scales[i / 24]).collect();
        Tensor::from_vec(values, (8, 24), &Device::Cpu).unwrap()
    }

    #[test]
    fn results_change_less_than_by_rounding_to_the_nearest() {
        let x = inputs();
        let weights: Vec<f32> = (0..8 * 24).map(|i| ((i * i) as f32 * 0.13).sin()).collect();
        let full = Tensor::from_vec(weights.clone(), (8, 24), &Device::Cpu).unwrap();
        let error = |rounded: Tensor| {
            let difference = x.matmul(&(&full - rounded).unwrap().t().unwrap()).unwrap();
            difference.sqr().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap()
        };
        let mut moments = Moments::of(&x.narrow(0, 0, 80).unwrap()).unwrap();
        moments.add(&x.narrow(0, 80, 120).unwrap()).unwrap();
        let fed_back = error(widened(moments.feedback().unwrap().round(&weights, 24, 15.0)));
        let nearest = error(widened(nearest(&weights, 24, 15.0)));
        assert!(fed_back < 0.3 * nearest, "{fed_back} against {nearest}");
    }
}
