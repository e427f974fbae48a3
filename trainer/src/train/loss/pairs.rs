//! The sigmoid loss of SigLIP (Zhai et al. 2023) on every pair of text and label.

use anyhow::Result;
use candle_core::Tensor;

use super::Head;
use super::ranking::softplus;

/// `sum over pairs of w (ln(1 + e^z) - d z) / texts`, for the logit `z = c e^scale + bias`.
pub fn loss(cosine: &Tensor, degree: &Tensor, weight: &Tensor, head: &Head) -> Result<Tensor> {
    let logit = cosine.broadcast_mul(&head.scale.exp()?)?.broadcast_add(&head.bias)?;
    let pairs = ((softplus(&logit)? - (degree * &logit)?)? * weight)?;
    Ok((pairs.sum_all()? / cosine.dim(0)? as f64)?)
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn it_is_least_where_probabilities_are_degrees() {
        let tensor = |values: &[f32]| Tensor::from_slice(values, (1, values.len()), &Device::Cpu).unwrap();
        let scalar = |value: f32| Tensor::new(value, &Device::Cpu).unwrap();
        let head = Head {
            scale: scalar(10f32.ln()),
            bias: scalar(-5.0),
            affect_weight: tensor(&[0.0]),
            affect_bias: tensor(&[0.0]),
        };
        let degree = [1.0 / 3.0, 2.0 / 3.0, 0.5, 0.9];
        let cosine = degree.map(|d: f32| 0.5 + (d / (1.0 - d)).ln() / 10.0);
        let at = Var::from_tensor(&tensor(&cosine)).unwrap();
        let slope = |degree: &[f32]| {
            let loss = loss(&at, &tensor(degree), &tensor(&[1.0, 1.0, 1.0, 0.0]), &head).unwrap();
            loss.backward().unwrap().get(&at).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert!(slope(&degree).iter().all(|slope| slope.abs() < 1e-5));
        // What does not count pulls nowhere, though it is off.
        let off = slope(&[0.0, 1.0, 0.5, 0.0]);
        assert!(off[0] > 1.0 && off[1] < -1.0 && off[3] == 0.0, "{off:?}");
    }
}
