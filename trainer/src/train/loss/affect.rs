//! Valence and arousal, by a linear head on a text's vector.

use anyhow::Result;
use candle_core::{Device, Tensor};

use super::Head;
use crate::student::{AFFECT_CENTRE, AFFECT_SPREAD};
use crate::train::batch::Batch;

/// The mean squared error on the scale from -1 to 1; none where no text of the batch has valence and arousal.
pub fn loss(texts: &Tensor, batch: &Batch, head: &Head) -> Result<Option<Tensor>> {
    let known = batch.examples.iter().enumerate().filter_map(|(i, example)| Some((i as u32, example.affect?)));
    let (rows, said): (Vec<u32>, Vec<[f32; 2]>) = known.unzip();
    if rows.is_empty() {
        return Ok(None);
    }
    let count = rows.len();
    let rows = Tensor::from_vec(rows, count, &Device::Cpu)?;
    let said: Vec<f32> = said.concat().into_iter().map(|v| (v - AFFECT_CENTRE) / AFFECT_SPREAD).collect();
    let said = Tensor::from_vec(said, (count, 2), &Device::Cpu)?;
    let read = texts.index_select(&rows, 0)?.matmul(&head.affect_weight.t()?)?.broadcast_add(&head.affect_bias)?;
    Ok(Some((read - said)?.sqr()?.mean_all()?))
}
