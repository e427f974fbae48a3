//! The affect head of a bundle: what the student learned of valence and arousal, and what its words say of them.
//!
//! The student also knows valence and arousal by way of words: a text is close to some terms of the lexicon, and
//! the lexicon says where each term lies. Both readings err in their own way, so that their mean is nearer to people's
//! than either (trainer/EXPERIMENTS.md has figures). The second one is not linear; the linear map that comes closest to
//! it over some texts is as good, and goes into the head, so that reading a text costs no more than before.

use anyhow::{Context, Result};
use candle_core::{Device, Tensor};
use undertone_core::{AffectHead, Embeddings, dot};

use crate::calibrate::TEMPERATURE;
use crate::linear::solve;
use crate::statistics::spread;

/// How much the lexicon's reading counts beside the learned one.
const SHARE: f32 = 0.5;

/// The ridge of the linear map, for each text.
const RIDGE: f64 = 0.03;

/// The least spread of a reading, in steps of the scale, that is more than the rounding of its sums.
const MEANINGFUL: f32 = 0.001;

/// `head` with half of its say given to the lexicon: `terms` are its vectors, `places` their valence and arousal, 1 to 9,
/// where it tells, and `texts` the vectors of texts over which to come close. The mean and the spread over these texts
/// stay those of `head`. Without places there is nothing to lean on, and `head` remains.
///
/// # Errors
/// Vectors that are no finite numbers.
pub fn leaning_on_words(
    head: AffectHead,
    texts: &Embeddings,
    terms: &Embeddings,
    places: &[Option<[f32; 2]>],
) -> Result<AffectHead> {
    let known: Vec<(&[f32], [f32; 2])> = terms.rows().zip(places).filter_map(|(t, p)| Some((t, (*p)?))).collect();
    if known.is_empty() || texts.is_empty() {
        return Ok(head);
    }
    let (n, dim) = (texts.len(), texts.dim());
    let words: Vec<[f32; 2]> = texts.rows().map(|text| place(text, &known)).collect();
    let x = Tensor::from_slice(texts.as_slice(), (n, dim), &Device::Cpu)?;
    let mean = x.mean_keepdim(0)?;
    let x = x.broadcast_sub(&mean)?;
    let mean: Vec<f32> = mean.flatten_all()?.to_vec1()?;
    let moments: Vec<Vec<f32>> = x.t()?.contiguous()?.matmul(&x)?.to_vec2()?;
    let equations: Vec<Vec<f64>> = moments
        .iter()
        .enumerate()
        .map(|(i, row)| {
            let ridge = |j| if i == j { RIDGE * n as f64 } else { 0.0 };
            row.iter().enumerate().map(|(j, &x)| f64::from(x) + ridge(j)).collect()
        })
        .collect();

    let (mut weight, mut bias) = (Vec::with_capacity(2 * dim), head.bias);
    for (axis, learned) in head.weight.chunks_exact(dim).enumerate() {
        let (level, spread) = level_and_spread(texts.rows().map(|text| dot(learned, text) + head.bias[axis]));
        let (words_level, words_spread) = level_and_spread(words.iter().map(|w| w[axis]));
        if spread.min(words_spread) < MEANINGFUL {
            weight.extend_from_slice(learned);
            continue;
        }
        let target: Vec<f32> = words.iter().map(|w| (w[axis] - words_level) * spread / words_spread).collect();
        let right: Vec<f32> = Tensor::from_vec(target, (1, n), &Device::Cpu)?.matmul(&x)?.flatten_all()?.to_vec1()?;
        let fitted = solve(equations.clone(), right.into_iter().map(f64::from).collect())
            .context("the student's vectors are no numbers; train again")?;
        let mixed: Vec<f32> = learned.iter().zip(fitted).map(|(l, f)| (1.0 - SHARE) * l + SHARE * f as f32).collect();
        let (_, mixed_spread) = level_and_spread(texts.rows().map(|text| dot(&mixed, text)));
        let mixed: Vec<f32> = mixed.into_iter().map(|w| w * spread / mixed_spread).collect();
        bias[axis] = level - dot(&mixed, &mean);
        weight.extend(mixed);
    }
    Ok(AffectHead::new(dim, weight, bias)?)
}

/// Where a text lies by the terms it is close to.
fn place(text: &[f32], terms: &[(&[f32], [f32; 2])]) -> [f32; 2] {
    let (mut total, mut sum) = (0.0, [0.0; 2]);
    for (term, place) in terms {
        let weight = (dot(text, term) / TEMPERATURE).exp();
        total += weight;
        sum.iter_mut().zip(place).for_each(|(sum, place)| *sum += weight * place);
    }
    sum.map(|sum| sum / total)
}

/// Mean and standard deviation of one axis of a reading.
fn level_and_spread(values: impl Iterator<Item = f32>) -> (f32, f32) {
    let (mean, deviation) = spread(&values.map(f64::from).collect::<Vec<_>>());
    (mean as f32, deviation as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts on a circle; the first axis is what the head learned as valence, the second what words say of it.
    fn circle() -> Embeddings {
        let rows = (0..64).flat_map(|i| {
            let angle = std::f32::consts::TAU * (i as f32 + 0.5) / 64.0;
            [angle.cos(), angle.sin()]
        });
        Embeddings::new(2, rows.collect()).unwrap()
    }

    fn learned() -> AffectHead {
        AffectHead::new(2, vec![2.0, 0.0, 0.0, 1.0], [5.5, 4.0]).unwrap()
    }

    #[test]
    fn words_turn_the_head_and_keep_its_mean_and_spread() {
        let terms = Embeddings::new(2, vec![0.0, 1.0, 0.0, -1.0]).unwrap();
        let places = [Some([9.0, 5.0]), Some([1.0, 5.0])];
        let head = leaning_on_words(learned(), &circle(), &terms, &places).unwrap();
        let [along, across] = [head.weight[0], head.weight[1]];
        assert!(along > 0.5 && across > 0.5, "{head:?}");
        assert!((along.hypot(across) - 2.0).abs() < 1e-4, "the spread is {}", along.hypot(across));
        assert!((head.bias[0] - 5.5).abs() < 1e-4, "{head:?}");
        // The terms do not differ in arousal, so they say nothing of it.
        assert_eq!((&head.weight[2..], head.bias[1]), (&[0.0, 1.0][..], 4.0));
    }

    #[test]
    fn a_lexicon_that_tells_no_places_changes_nothing() {
        let terms = Embeddings::new(2, vec![0.0, 1.0]).unwrap();
        assert_eq!(leaning_on_words(learned(), &circle(), &terms, &[None]).unwrap(), learned());
    }
}
