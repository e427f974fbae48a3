//! The BERT family's encoder on ragged rows, in f32 and with gradients.

use candle_core::{Result, Tensor, bail};
use candle_nn::{Init, VarBuilder};

use super::ops;
use crate::EncoderConfig;
use crate::encoder::ragged::{Offsets, Ragged};

/// Dropout for one pass, so that no feature relies on a few others.
#[derive(Debug, Clone)]
pub struct Noise {
    rate: f32,
    /// One for each text.
    seeds: Vec<u64>,
}

impl Noise {
    /// Zeroes values with probability `rate`, below 1. Which of a text's values it zeroes depends on the text's own seed
    /// alone, and not on the texts beside it.
    pub fn new(rate: f32, seeds: Vec<u64>) -> Self {
        Self { rate, seeds }
    }

    /// None at all, as when texts are read.
    pub fn none() -> Self {
        Self { rate: 0.0, seeds: Vec::new() }
    }
}

/// What goes on in a pass beside the computation.
struct Pass<'a> {
    noise: Noise,
    /// Is told the name of each linear map and what goes into it.
    witness: Option<&'a mut Witness<'a>>,
}

/// Is told the name of each linear map, as in `encoder.layer.0.output.dense`, and what goes into it: `(tokens, inputs)`.
pub type Witness<'a> = dyn FnMut(&str, &Tensor) -> Result<()> + 'a;

impl Pass<'_> {
    fn dropout(&mut self, x: Tensor, offsets: &Offsets) -> Result<Tensor> {
        let Noise { rate, seeds } = &mut self.noise;
        if *rate <= 0.0 {
            return Ok(x);
        }
        // Another stream for each place.
        seeds.iter_mut().for_each(|seed| *seed = seed.wrapping_add(0x6a09_e667_f3bc_c909));
        ops::dropout(&x, *rate, seeds.as_slice().into(), offsets)
    }
}

struct Linear {
    name: String,
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn new(inputs: usize, outputs: usize, vb: VarBuilder) -> Result<Self> {
        let init = Init::Randn { mean: 0.0, stdev: 0.02 };
        Ok(Self {
            name: vb.prefix(),
            weight: vb.get_with_hints((outputs, inputs), "weight", init)?,
            bias: vb.get_with_hints(outputs, "bias", Init::Const(0.0))?,
        })
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor> {
        if let Some(witness) = &mut pass.witness {
            witness(&self.name, x)?;
        }
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

    fn forward(&self, x: &Tensor, offsets: &Offsets, pass: &mut Pass<'_>) -> Result<Tensor> {
        let (q, k, v) = (self.query.forward(x, pass)?, self.key.forward(x, pass)?, self.value.forward(x, pass)?);
        let attended = self.attended.forward(&ops::attention(&q, &k, &v, self.heads, offsets)?, pass)?;
        let x = self.attended_norm.forward(&(pass.dropout(attended, offsets)? + x)?)?;
        let widened = ops::gelu(&self.widen.forward(&x, pass)?)?;
        let narrowed = self.narrow.forward(&widened, pass)?;
        self.norm.forward(&(pass.dropout(narrowed, offsets)? + x)?)
    }
}

/// A BERT encoder with mean pooling: token ids to unit vectors.
///
/// Built from a [`VarBuilder`] under the checkpoint names of the Hugging Face hub. The token table comes apart from the
/// rest: it stays as it is.
pub struct Bert {
    table: Tensor,
    positions: Tensor,
    token_type: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

impl Bert {
    /// Takes the weights of `config`'s shape from `vb`, and the token table `(vocabulary, hidden)`.
    ///
    /// # Errors
    /// A tensor that is missing or of another shape.
    pub fn new(vb: VarBuilder, config: &EncoderConfig, table: Tensor) -> Result<Self> {
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
        if table.dims() != [config.vocabulary, config.hidden] {
            bail!("the token table has shape {:?}, not {:?}", table.dims(), (config.vocabulary, config.hidden));
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
    /// As [`Bert::forward`], and another number of seeds than of texts.
    pub fn noisy(&self, texts: &Ragged, noise: Noise) -> Result<Tensor> {
        if noise.rate > 0.0 && noise.seeds.len() != texts.texts() {
            bail!("{} texts came with {} seeds", texts.texts(), noise.seeds.len());
        }
        self.pass(texts, Pass { noise, witness: None })
    }

    /// As [`Bert::forward`], with somebody watching what goes into the linear maps.
    ///
    /// # Errors
    /// As [`Bert::forward`], and those of the witness.
    pub fn witnessed<'a>(&self, texts: &Ragged, witness: &'a mut Witness<'a>) -> Result<Tensor> {
        self.pass(texts, Pass { noise: Noise::none(), witness: Some(witness) })
    }

    fn pass(&self, texts: &Ragged, mut pass: Pass<'_>) -> Result<Tensor> {
        let tokens = self.table.index_select(&Tensor::new(texts.ids(), self.table.device())?, 0)?;
        let positions = Tensor::from_iter(texts.positions(), tokens.device())?;
        let x = (tokens + self.positions.index_select(&positions, 0)?)?.broadcast_add(&self.token_type)?;
        let mut x = pass.dropout(self.norm.forward(&x)?, texts.offsets())?;
        for layer in &self.layers {
            x = layer.forward(&x, texts.offsets(), &mut pass)?;
        }
        ops::unit_rows(&ops::mean_pool(&x, texts.offsets())?)
    }
}
