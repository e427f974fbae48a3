//! What the student is asked to do, as losses on its vectors: one file for each.
//!
//! Throughout, `c` is the cosine of a text and a label, `d` the degree to which the text expresses it, and `w` how much the
//! pair counts ([`Targets`]).

mod affect;
mod margin;
mod pairs;
mod ranking;

use anyhow::Result;
use candle_core::{Device, Tensor};

use super::batch::Batch;
use super::targets::Targets;
use crate::recipe::Recipe;

/// What the student learns beside its encoder.
pub struct Head {
    /// The logarithm of the factor between cosine and logit.
    pub scale: Tensor,
    /// What is added to the scaled cosine.
    pub bias: Tensor,
    /// `(2, hidden)`: valence, arousal.
    pub affect_weight: Tensor,
    pub affect_bias: Tensor,
}

/// The loss of a batch, a scalar: the recipe's weighted sum of all. `texts (texts, hidden)` and `labels (labels, hidden)`
/// are unit vectors.
pub fn loss(
    recipe: &Recipe,
    batch: &Batch,
    targets: &Targets,
    texts: &Tensor,
    labels: &Tensor,
    head: &Head,
) -> Result<Tensor> {
    let shape = (batch.examples.len(), batch.terms.len());
    let matrix = |values: &[f32]| Tensor::from_slice(values, shape, &Device::Cpu);
    let (degree, weight) = (matrix(&targets.degree)?, matrix(&targets.weight)?);
    let cosine = texts.matmul(&labels.t()?)?;
    let mut parts = Vec::new();
    if recipe.pairs > 0.0 {
        parts.push((pairs::loss(&cosine, &degree, &weight, head)? * recipe.pairs)?);
    }
    if recipe.labels > 0.0 {
        let ranking = ranking::loss(&cosine, &degree, &weight, recipe.sharpness)?;
        parts.push((ranking * recipe.labels)?);
    }
    if recipe.texts > 0.0 {
        let ranking = ranking::loss(&cosine.t()?, &degree.t()?, &weight.t()?, recipe.sharpness)?;
        parts.push((ranking * recipe.texts)?);
    }
    if recipe.groups > 0.0
        && let Some(margin) = margin::loss(&cosine, batch, targets, recipe.margin, recipe.sharpness)?
    {
        parts.push((margin * recipe.groups)?);
    }
    if recipe.affect > 0.0
        && let Some(affect) = affect::loss(texts, batch, head)?
    {
        parts.push((affect * recipe.affect)?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or(Tensor::zeros((), candle_core::DType::F32, &Device::Cpu)?);
    Ok(parts.try_fold(first, |sum, part| sum + part)?)
}
