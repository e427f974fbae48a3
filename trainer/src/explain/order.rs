//! Orders in which the words of a text may be named, to be held against each other.

use std::collections::HashMap;
use std::ops::Range;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor, Var};
use candle_nn::VarBuilder;
use undertone_core::encoder::candle::Bert;
use undertone_core::encoder::{Ragged, TOKEN_TABLE, Weights};
use undertone_core::explain::{Share, shares_of};
use undertone_core::{Bundle, EncoderConfig, Tokenizer};

/// The words' indices by a value, the highest first; of equals, the first in the text.
pub fn by<T: Copy + Into<f64>>(values: &[T]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].into().total_cmp(&values[a].into()));
    order
}

/// A bundle's student in f32, whose cosine similarities have gradients.
pub struct Gradients {
    config: EncoderConfig,
    tensors: HashMap<String, Tensor>,
    table: Vec<f32>,
    tokenizer: Tokenizer,
}

/// What a gradient says of each word.
pub struct ByGradient {
    /// The sum over the word's tokens of the gradient's product with the token's embedding.
    pub product: Vec<f64>,
    /// The sum over the word's tokens of the gradient's length.
    pub length: Vec<f64>,
}

impl Gradients {
    /// The weights of a bundle, as they are after rounding.
    pub fn new(bundle: &Bundle) -> Result<Self> {
        let config = bundle.manifest.encoder.clone();
        let weights = Weights::new(bundle.weights.clone())?;
        let mut tensors = HashMap::new();
        for name in weights.names() {
            let (values, shape) = weights.values(name)?;
            tensors.insert(name.to_owned(), Tensor::from_vec(values, shape, &Device::Cpu)?);
        }
        let table = tensors.remove(TOKEN_TABLE).context("the bundle has no token table")?;
        let table = table.flatten_all()?.to_vec1()?;
        let tokenizer = Tokenizer::from_bytes(&bundle.tokenizer, config.max_tokens)?;
        Ok(Self { config, tensors, table, tokenizer })
    }

    /// What the gradient of a text's cosine similarity with a label by the embeddings of its tokens says of its words
    /// (Simonyan et al. 2014; times the input: Denil et al. 2014). The text is one that is read at once.
    pub fn of(&self, text: &str, words: &[Range<usize>], label: &[f32]) -> Result<ByGradient> {
        let located = self.tokenizer.locate(text)?;
        let (ids, hidden) = (&located.tokens.ids, self.config.hidden);
        // A table of the text's own tokens, so that each place has a gradient of its own.
        let rows: Vec<f32> =
            ids.iter().flat_map(|&id| &self.table[id as usize * hidden..][..hidden]).copied().collect();
        let table = Var::from_tensor(&Tensor::from_vec(rows, (ids.len(), hidden), &Device::Cpu)?)?;
        let config = EncoderConfig { vocabulary: ids.len(), ..self.config.clone() };
        let vb = VarBuilder::from_tensors(self.tensors.clone(), candle_core::DType::F32, &Device::Cpu);
        let bert = Bert::new(vb, &config, table.as_tensor().clone())?;
        let places: Vec<u32> = (0..ids.len() as u32).collect();
        let vector = bert.forward(&Ragged::new([places.as_slice()])?)?;
        let label = Tensor::new(label, &Device::Cpu)?.unsqueeze(0)?;
        let gradients = (vector * label)?.sum_all()?.backward()?;
        let gradient = gradients.get(&table).context("the token table has no gradient. This is a bug.")?;
        let product = (gradient * table.as_tensor())?.sum(1)?.to_vec1::<f32>()?;
        let length = gradient.sqr()?.sum(1)?.sqrt()?.to_vec1::<f32>()?;
        let by_word = |values: Vec<f32>| {
            let shares = located.ranges.iter().zip(values).map(|(range, share)| Share { range: range.clone(), share });
            shares_of(words, &[shares.collect()]).into_iter().map(f64::from).collect()
        };
        Ok(ByGradient { product: by_word(product), length: by_word(length) })
    }
}
