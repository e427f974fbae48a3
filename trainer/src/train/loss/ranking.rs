//! The ranking of each row: of the labels of each text, or of the transposed matrix the texts of each label, which is the
//! ranking that average precision measures.

use anyhow::Result;
use candle_core::{D, Tensor};

/// What the logarithm of nothing is taken for.
const NEVER: f64 = -1e4;

/// From which degree on a pair is a yes.
const YES: f64 = 0.25;

/// Each yes of a row against what is not, without the other yeses:
///
/// ```text
/// loss = mean over rows of (sum over p of q_p ln(1 + sum over n of w_n (1 - d_n) e^(s (c_n - c_p)))) / max(1, sum over p of q_p)
/// q_p  = min(1, w_p) d_p^2 where d_p >= 1/4, else 0
/// ```
///
/// for the sharpness `s`. Rows without a yes or a no do not count. A row's only yes pulls as its degree says: a faint one less
/// than a dominant one.
pub fn loss(cosine: &Tensor, degree: &Tensor, weight: &Tensor, sharpness: f64) -> Result<Tensor> {
    let [cosine, degree, weight] = [cosine.contiguous()?, degree.contiguous()?, weight.contiguous()?];
    let kind = degree.dtype();
    let yes = degree.ge(YES)?.to_dtype(kind)?;
    let pull = ((weight.minimum(1.0)? * degree.sqr()?)? * yes)?;
    let push = (&weight * degree.affine(-1.0, 1.0)?)?;
    let some = push.gt(0.0)?.to_dtype(kind)?;
    let logit = (cosine * sharpness)?;
    // ln of the pushes' sum, a column.
    let pushed = ((&logit + push.maximum(1e-6)?.log()?)? * &some)?.add(&some.affine(-NEVER, NEVER)?)?;
    let rest = pushed.log_sum_exp(D::Minus1)?.unsqueeze(D::Minus1)?;
    let each = softplus(&rest.broadcast_sub(&logit)?)?;
    let total = pull.sum(D::Minus1)?;
    let counts = (total.gt(0.0)?.to_dtype(kind)? * some.max(D::Minus1)?)?;
    let rows = ((&pull * each)?.sum(D::Minus1)? / total.maximum(1.0)?)?;
    let count = counts.sum_all()?.to_scalar::<f32>()?.max(1.0);
    Ok(((rows * counts)?.sum_all()? / f64::from(count))?)
}

/// `ln(1 + e^x)`
pub fn softplus(x: &Tensor) -> candle_core::Result<Tensor> {
    x.relu()? + (x.abs()?.neg()?.exp()? + 1.0)?.log()?
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    fn tensor(values: &[f32], rows: usize) -> Tensor {
        Tensor::from_slice(values, (rows, values.len() / rows), &Device::Cpu).unwrap()
    }

    fn value(cosine: &[f32], degree: &[f32], weight: &[f32]) -> f32 {
        loss(&tensor(cosine, 1), &tensor(degree, 1), &tensor(weight, 1), 2.0).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn each_yes_is_held_against_what_is_not() {
        let two = value(&[0.5, 0.0, 0.1], &[1.0, 1.0, 0.0], &[1.0; 3]);
        let alone = |c: f32| (1.0 + (2.0 * (0.1 - c)).exp()).ln();
        assert!((two - 0.5 * (alone(0.5) + alone(0.0))).abs() < 1e-6);
    }

    #[test]
    fn a_faint_yes_alone_pulls_less_than_a_dominant_one() {
        let faint = value(&[0.1, 0.3], &[0.3, 0.0], &[1.0, 1.0]);
        let dominant = value(&[0.1, 0.3], &[1.0, 0.0], &[1.0, 1.0]);
        // It also pushes against itself a little.
        assert!(faint < 0.15 * dominant, "{faint} {dominant}");
    }

    #[test]
    fn a_no_counts_as_often_as_its_weight_says_and_the_unknown_never() {
        let thrice = value(&[0.1, 0.3], &[1.0, 0.0], &[1.0, 3.0]);
        let repeated = value(&[0.1, 0.3, 0.3, 0.3], &[1.0, 0.0, 0.0, 0.0], &[1.0; 4]);
        assert!((thrice - repeated).abs() < 1e-6);
        let unknown = value(&[0.1, 0.3, 0.9], &[1.0, 0.0, 0.0], &[1.0, 3.0, 0.0]);
        assert!((thrice - unknown).abs() < 1e-6);
    }

    #[test]
    fn rows_without_a_yes_or_a_no_pull_nowhere() {
        let cosine = Var::from_tensor(&tensor(&[0.1, 0.3, 0.2, 0.5, 0.4, 0.4], 3)).unwrap();
        let (degree, weight) = (tensor(&[1.0, 0.0, 0.0, 0.0, 1.0, 1.0], 3), tensor(&[1.0; 6], 3));
        let loss = loss(&cosine, &degree, &weight, 2.0).unwrap();
        let slope: Vec<Vec<f32>> = loss.backward().unwrap().get(&cosine).unwrap().to_vec2().unwrap();
        assert!(slope[0][0] < -0.1 && slope[1] == [0.0, 0.0] && slope[2] == [0.0, 0.0], "{slope:?}");
        let alone = value(&[0.1, 0.3], &[1.0, 0.0], &[1.0, 1.0]);
        assert!((loss.to_scalar::<f32>().unwrap() - alone).abs() < 1e-6);
    }
}
