//! Texts that share their words and differ in what is felt: a label must tell them apart.

use std::collections::HashMap;

use anyhow::Result;
use candle_core::{Device, Tensor};

use super::ranking::softplus;
use crate::train::batch::Batch;
use crate::train::targets::Targets;

/// From which difference on two texts differ.
const APART: f32 = 0.5;

/// `mean of ln(1 + e^(s (margin (d - d') - (c - c'))))` over all labels and pairs of texts of a group, of which the first
/// expresses the label more by a half at least, as far as both are known; `s` is the sharpness. None where there is no such pair.
pub fn loss(cosine: &Tensor, batch: &Batch, targets: &Targets, margin: f64, sharpness: f64) -> Result<Option<Tensor>> {
    let (more, less, apart) = pairs(batch, targets);
    if more.is_empty() {
        return Ok(None);
    }
    let count = more.len();
    let cells = cosine.contiguous()?.flatten_all()?;
    let gather = |cells_of: Vec<u32>| cells.index_select(&Tensor::from_vec(cells_of, count, &Device::Cpu)?, 0);
    let wanted = Tensor::from_vec(apart, count, &Device::Cpu)?.affine(margin, 0.0)?;
    let difference = (gather(more)? - gather(less)?)?;
    Ok(Some(softplus(&((wanted - difference)? * sharpness)?)?.mean_all()?))
}

/// The cells of each pair, and how far their degrees are apart.
fn pairs(batch: &Batch, targets: &Targets) -> (Vec<u32>, Vec<u32>, Vec<f32>) {
    let mut groups: HashMap<(usize, &str), Vec<usize>> = HashMap::new();
    for (text, example) in batch.examples.iter().enumerate() {
        if let Some(group) = &example.group {
            groups.entry((example.source, group)).or_default().push(text);
        }
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().collect();
    groups.sort_unstable();
    let (mut more, mut less, mut apart) = (Vec::new(), Vec::new(), Vec::new());
    for group in &groups {
        for (&a, &b) in group.iter().flat_map(|a| group.iter().map(move |b| (a, b))) {
            for label in 0..targets.labels {
                let (a, b) = (a * targets.labels + label, b * targets.labels + label);
                let difference = targets.degree[a] - targets.degree[b];
                if difference >= APART && targets.weight[a] > 0.0 && targets.weight[b] > 0.0 {
                    more.push(a as u32);
                    less.push(b as u32);
                    apart.push(difference);
                }
            }
        }
    }
    (more, less, apart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Example;

    #[test]
    fn a_label_is_to_be_apart_in_the_texts_of_a_group() {
        let of = |group: Option<&str>| Example { group: group.map(Into::into), ..Example::default() };
        let examples = [of(Some("a")), of(None), of(Some("a")), of(Some("b"))];
        let batch = Batch {
            examples: examples.iter().collect(),
            terms: vec!["joy", "fear"],
            wordings: Vec::new(),
            positives: Vec::new(),
            ratings: Vec::new(),
        };
        let targets = Targets {
            labels: 2,
            degree: vec![1.0, 0.4, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            weight: vec![1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0],
        };
        assert_eq!(pairs(&batch, &targets), (vec![0], vec![4], vec![1.0]));
        let value = |first: f32, second: f32| {
            let cosine = [first, 0.0, 0.0, 0.0, second, 0.0, 0.0, 0.0];
            let cosine = Tensor::from_slice(&cosine, (4, 2), &Device::Cpu).unwrap();
            loss(&cosine, &batch, &targets, 0.1, 20.0).unwrap().unwrap().to_scalar::<f32>().unwrap()
        };
        assert!((value(0.5, 0.4) - 2f32.ln()).abs() < 1e-6);
        assert!(value(0.5, 0.0) < 1e-3);
        assert!((value(0.2, 0.5) - 8.0).abs() < 1e-3);
        let unknown = Targets { weight: vec![0.0; 8], ..targets };
        let cosine = Tensor::zeros((4, 2), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(loss(&cosine, &batch, &unknown, 0.1, 20.0).unwrap().is_none());
    }
}
