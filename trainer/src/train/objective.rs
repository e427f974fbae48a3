//! What the student is asked to do with a batch, as a loss on its vectors.

use anyhow::Result;
use candle_core::{D, Device, Tensor};
use undertone_core::Embeddings;

use super::batch::Batch;
use crate::data::{Lexicon, Relation};
use crate::student::{AFFECT_CENTRE, AFFECT_SPREAD};

/// The weights of the terms, and the bounds of what counts as a negative.
#[derive(Debug, Clone, Copy)]
pub struct Objective {
    /// Of the softmax term, which sharpens the ranking of a text's labels.
    pub softmax: f64,
    /// Of valence's and arousal's squared error.
    pub affect: f64,
    /// A label that the teacher did not give, but that is closer than this to one it gave, is no negative.
    pub synonym_cosine: f32,
}

/// The inverse temperature of the softmax term.
const SOFTMAX_SCALE: f64 = 20.0;

/// What the teacher said of each pair of a batch, `(texts, labels)` row-major.
pub struct Targets {
    /// How far the label is expressed, 0 to 1.
    pub degree: Vec<f32>,
    /// 1 where that is known, 0 where the pair is left out of the loss.
    pub known: Vec<f32>,
}

impl Objective {
    /// Fills in the matrix. `terms` are the base model's vectors of the batch's terms.
    ///
    /// A descriptor says yes to its synonyms, nothing of broader terms and of those the base model finds close, and no to
    /// all others, among them what the lexicon calls near but not the same.
    pub fn targets(&self, batch: &Batch, terms: &Embeddings, lexicon: &Lexicon) -> Targets {
        let (texts, labels) = (batch.texts.len(), batch.terms.len());
        let relate = |a: usize, b: usize| match lexicon.relation(batch.terms[a], batch.terms[b]) {
            Some(relation) => Some(relation),
            // What is close is, for all that is known, the same or broader.
            None => (cosine(terms.row(a), terms.row(b)) > self.synonym_cosine).then_some(Relation::Broader),
        };
        let mut related: Vec<Option<Vec<(usize, Relation)>>> = vec![None; labels];
        let mut targets = Targets { degree: vec![0.0; texts * labels], known: vec![0.0; texts * labels] };
        for text in 0..texts {
            let row = text * labels..(text + 1) * labels;
            let (degree, known) = (&mut targets.degree[row.clone()], &mut targets.known[row]);
            let positives = &batch.positives[text];
            // Who was asked about a few labels only has said nothing of the others.
            known.fill(if positives.is_empty() { 0.0 } else { 1.0 });
            let mut same = Vec::new();
            for &label in positives {
                let related = related[label].get_or_insert_with(|| {
                    let others = (0..labels).filter(|&other| other != label);
                    others.filter_map(|other| Some((other, relate(label, other)?))).collect()
                });
                for &(other, relation) in related.iter() {
                    match relation {
                        Relation::Same => same.push(other),
                        Relation::Broader => known[other] = 0.0,
                        Relation::Distinct => {}
                    }
                }
            }
            for &label in positives.iter().chain(&same) {
                (degree[label], known[label]) = (1.0, 1.0);
            }
            for &(label, rating) in &batch.ratings[text] {
                (degree[label], known[label]) = (rating, 1.0);
            }
        }
        targets
    }

    /// The loss of a batch, a scalar. `texts (texts, hidden)` and `labels (labels, hidden)` are unit vectors; `scale`
    /// is the logarithm of the factor between cosine and logit.
    ///
    /// The first term is the sigmoid loss of SigLIP (Zhai et al. 2023) on every known pair; the second the cross entropy
    /// of each text's labels; the third the squared error of valence and arousal.
    pub fn loss(
        &self,
        batch: &Batch,
        targets: &Targets,
        texts: &Tensor,
        labels: &Tensor,
        head: &Head,
    ) -> Result<Tensor> {
        let device = &Device::Cpu;
        let shape = (batch.texts.len(), batch.terms.len());
        let degree = Tensor::from_slice(&targets.degree, shape, device)?;
        let known = Tensor::from_slice(&targets.known, shape, device)?;
        let cosine = texts.matmul(&labels.t()?)?;
        let logit = cosine.broadcast_mul(&head.scale.exp()?)?.broadcast_add(&head.bias)?;
        let softplus = (logit.relu()? + (logit.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
        let pairs = ((softplus - (&degree * &logit)?)? * &known)?;
        let mut loss = (pairs.sum_all()? / shape.0 as f64)?;

        if self.softmax > 0.0 {
            let unknown = known.affine(1e4, -1e4)?;
            let log_p = candle_nn::ops::log_softmax(&((cosine * SOFTMAX_SCALE)? + unknown)?, D::Minus1)?;
            let share = degree.broadcast_div(&degree.sum_keepdim(1)?.maximum(1e-6)?)?;
            loss = (loss - ((share * log_p)?.sum_all()? * (self.softmax / shape.0 as f64))?)?;
        }

        let rated: Vec<(u32, [f32; 2])> =
            batch.affect.iter().enumerate().filter_map(|(i, affect)| affect.map(|a| (i as u32, a))).collect();
        if self.affect > 0.0 && !rated.is_empty() {
            let rows = Tensor::from_iter(rated.iter().map(|r| r.0), device)?;
            let said = rated.iter().flat_map(|r| r.1.map(|v| (v - AFFECT_CENTRE) / AFFECT_SPREAD));
            let said = Tensor::from_iter(said, device)?.reshape((rated.len(), 2))?;
            let read =
                texts.index_select(&rows, 0)?.matmul(&head.affect_weight.t()?)?.broadcast_add(&head.affect_bias)?;
            loss = (loss + ((read - said)?.sqr()?.mean_all()? * self.affect)?)?;
        }
        Ok(loss)
    }
}

/// What the student learns beside its encoder.
pub struct Head {
    pub scale: Tensor,
    pub bias: Tensor,
    pub affect_weight: Tensor,
    pub affect_bias: Tensor,
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
