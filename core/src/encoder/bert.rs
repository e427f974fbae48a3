//! The BERT family's encoder, on ragged rows: one module for training and for inference.

use std::sync::Arc;

use candle_core::{Device, Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use super::ops::{self, Offsets};
use crate::EncoderConfig;

/// The token ids of some texts, concatenated, and where each text begins.
#[derive(Debug, Clone)]
pub struct Ragged {
    ids: Vec<u32>,
    offsets: Offsets,
}

impl Ragged {
    /// The texts' token ids; every text has at least one.
    ///
    /// # Errors
    /// A text without a token.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a [u32]>) -> Result<Self> {
        let (mut ids, mut offsets) = (Vec::new(), vec![0]);
        for text in texts {
            if text.is_empty() {
                bail!("text {} has no token", offsets.len() - 1);
            }
            ids.extend_from_slice(text);
            offsets.push(ids.len());
        }
        Ok(Self { ids, offsets: offsets.into() })
    }

    /// How many texts.
    pub fn texts(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many tokens, of all texts together.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    fn positions(&self) -> Vec<u32> {
        self.offsets.windows(2).flat_map(|b| 0..(b[1] - b[0]) as u32).collect()
    }
}

/// The token table, half of the student's weights: rows are gathered, the whole is never widened.
#[derive(Debug, Clone)]
pub enum TokenTable {
    /// `(vocabulary, hidden)` in f32: while training.
    Full(Tensor),
    /// `(vocabulary, hidden)` in int8 with a scale per row, on the bytes of the bundle.
    Int8 {
        /// A buffer that holds the rows, from `start` on.
        bytes: Arc<Vec<u8>>,
        /// Where in `bytes` the first row begins.
        start: usize,
        /// One factor per row.
        scales: Vec<f32>,
        /// Values in a row.
        hidden: usize,
    },
}

impl TokenTable {
    fn shape(&self) -> Result<(usize, usize)> {
        match self {
            Self::Full(table) => table.dims2(),
            Self::Int8 { scales, hidden, .. } => Ok((scales.len(), *hidden)),
        }
    }

    /// The rows of `ids`: `(ids, hidden)` in f32.
    fn gather(&self, ids: &[u32]) -> Result<Tensor> {
        match self {
            Self::Full(table) => table.index_select(&Tensor::new(ids, table.device())?, 0),
            Self::Int8 { bytes, start, scales, hidden } => {
                let mut rows = Vec::with_capacity(ids.len() * hidden);
                for &id in ids {
                    let id = id as usize;
                    let Some(scale) = scales.get(id) else { bail!("token {id} is outside the vocabulary") };
                    let from = start + id * hidden;
                    rows.extend(bytes[from..from + hidden].iter().map(|&b| f32::from(b as i8) * scale));
                }
                Tensor::from_vec(rows, (ids.len(), *hidden), &Device::Cpu)
            }
        }
    }
}

/// Dropout for one pass, so that no feature relies on a few others.
#[derive(Debug, Clone, Copy)]
pub struct Noise {
    rate: f32,
    seed: u64,
}

impl Noise {
    /// Zeroes values with probability `rate`, below 1; the same seed zeroes the same ones.
    pub fn new(rate: f32, seed: u64) -> Self {
        Self { rate, seed }
    }

    /// None at all, as when texts are read.
    pub fn none() -> Self {
        Self { rate: 0.0, seed: 0 }
    }

    fn apply(&mut self, x: Tensor) -> Result<Tensor> {
        if self.rate <= 0.0 {
            return Ok(x);
        }
        // Another stream for each place.
        self.seed = self.seed.wrapping_add(0x6a09_e667_f3bc_c909);
        ops::dropout(&x, self.rate, self.seed)
    }
}

struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn new(inputs: usize, outputs: usize, vb: VarBuilder) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        Ok(Self {
            weight: vb.get_with_hints((outputs, inputs), "weight", init)?,
            bias: vb.get_with_hints(outputs, "bias", Init::Const(0.0))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::linear(x, &self.weight, &self.bias)
    }
}

struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl LayerNorm {
    fn new(config: &EncoderConfig, vb: VarBuilder) -> Result<Self> {
        Ok(Self {
            weight: vb.get_with_hints(config.hidden, "weight", Init::Const(1.0))?,
            bias: vb.get_with_hints(config.hidden, "bias", Init::Const(0.0))?,
            eps: config.layer_norm_eps as f32,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        ops::layer_norm(x, &self.weight, &self.bias, self.eps)
    }
}

/// Attention, then the feed-forward part, each added to its input and normalised.
struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attended_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
    heads: usize,
}

impl Layer {
    fn new(config: &EncoderConfig, vb: VarBuilder) -> Result<Self> {
        let (hidden, wide) = (config.hidden, config.intermediate);
        let attention = vb.pp("attention");
        Ok(Self {
            query: Linear::new(hidden, hidden, attention.pp("self.query"))?,
            key: Linear::new(hidden, hidden, attention.pp("self.key"))?,
            value: Linear::new(hidden, hidden, attention.pp("self.value"))?,
            attended: Linear::new(hidden, hidden, attention.pp("output.dense"))?,
            attended_norm: LayerNorm::new(config, attention.pp("output.LayerNorm"))?,
            widen: Linear::new(hidden, wide, vb.pp("intermediate.dense"))?,
            narrow: Linear::new(wide, hidden, vb.pp("output.dense"))?,
            norm: LayerNorm::new(config, vb.pp("output.LayerNorm"))?,
            heads: config.heads,
        })
    }

    fn forward(&self, x: &Tensor, offsets: &Offsets, noise: &mut Noise) -> Result<Tensor> {
        let (q, k, v) = (self.query.forward(x)?, self.key.forward(x)?, self.value.forward(x)?);
        let attended = self.attended.forward(&ops::attention(&q, &k, &v, self.heads, offsets)?)?;
        let attended = noise.apply(attended)?;
        let x = self.attended_norm.forward(&(attended + x)?)?;
        let widened = ops::gelu(&self.widen.forward(&x)?)?;
        self.norm.forward(&(noise.apply(self.narrow.forward(&widened)?)? + x)?)
    }
}

/// A BERT encoder with mean pooling: token ids to unit vectors.
///
/// Built from a [`VarBuilder`] under the checkpoint names of the Hugging Face hub, so that the same code trains (on a
/// `VarMap`) and infers (on a bundle's bytes). The token table comes apart from the rest: it stays as it is.
pub struct Bert {
    table: TokenTable,
    positions: Tensor,
    token_type: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

impl Bert {
    /// Takes the weights of `config`'s shape from `vb`, and the token table at the end, when `vb` is done with: so it
    /// may take over the buffer that the others were read from.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape.
    pub fn new(vb: VarBuilder, config: &EncoderConfig, table: impl FnOnce() -> Result<TokenTable>) -> Result<Self> {
        let embeddings = vb.pp("embeddings");
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        let types = (config.token_types, config.hidden);
        let positions =
            embeddings.get_with_hints((config.positions, config.hidden), "position_embeddings.weight", init)?;
        // A text is one segment: only the first token type ever occurs.
        let token_type = embeddings.get_with_hints(types, "token_type_embeddings.weight", init)?.narrow(0, 0, 1)?;
        let norm = LayerNorm::new(config, embeddings.pp("LayerNorm"))?;
        let layers = (0..config.layers)
            .map(|i| Layer::new(config, vb.pp(format!("encoder.layer.{i}"))))
            .collect::<Result<_>>()?;
        drop((embeddings, vb));
        let table = table()?;
        if table.shape()? != (config.vocabulary, config.hidden) {
            bail!("the token table has shape {:?}, not {:?}", table.shape()?, (config.vocabulary, config.hidden));
        }
        Ok(Self { table, positions, token_type, norm, layers })
    }

    /// The unit vectors of texts: `(texts, hidden)`.
    ///
    /// # Errors
    /// A token outside the vocabulary, or a text longer than there are positions.
    pub fn forward(&self, texts: &Ragged) -> Result<Tensor> {
        self.noisy(texts, Noise::none())
    }

    /// As [`Bert::forward`], with dropout in the places where BERT has it, the attention's weights aside.
    ///
    /// # Errors
    /// As [`Bert::forward`].
    pub fn noisy(&self, texts: &Ragged, mut noise: Noise) -> Result<Tensor> {
        let tokens = self.table.gather(&texts.ids)?;
        let positions = Tensor::from_vec(texts.positions(), texts.tokens(), tokens.device())?;
        let x = (tokens + self.positions.index_select(&positions, 0)?)?.broadcast_add(&self.token_type)?;
        let mut x = noise.apply(self.norm.forward(&x)?)?;
        for layer in &self.layers {
            x = layer.forward(&x, &texts.offsets, &mut noise)?;
        }
        ops::unit_rows(&ops::mean_pool(&x, &texts.offsets)?)
    }
}
