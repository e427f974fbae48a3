//! candle in f32 as a module for the browser: what a page would have with candle and without kernels of its own. For
//! `make bench` only.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use undertone_core::encoder::candle::{Bert, embed};
use undertone_core::encoder::{TOKEN_TABLE, Weights};
use undertone_core::{Manifest, Tokenizer};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// The encoder that trains, with a bundle's weights widened to f32.
#[wasm_bindgen]
pub struct Candle {
    tokenizer: Tokenizer,
    bert: Bert,
}

#[wasm_bindgen]
impl Candle {
    /// Takes the bytes of a bundle's files.
    #[wasm_bindgen(constructor)]
    pub fn new(manifest: &[u8], weights: Vec<u8>, tokenizer: &[u8]) -> Result<Candle, JsError> {
        let config = Manifest::from_json(manifest)?.encoder;
        let tokenizer = Tokenizer::from_bytes(tokenizer, config.max_tokens)?;
        let weights = Weights::new(weights)?;
        let widened = |name: &str| -> Result<Tensor, JsError> {
            let (values, shape) = weights.values(name)?;
            Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
        };
        let tensors: HashMap<_, _> =
            weights.names().map(|name| Ok((name.to_owned(), widened(name)?))).collect::<Result<_, JsError>>()?;
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let bert = Bert::new(vb, &config, widened(TOKEN_TABLE)?)?;
        Ok(Self { tokenizer, bert })
    }

    /// The texts as unit vectors, one after the other.
    pub fn encode(&self, texts: Vec<String>) -> Result<Vec<f32>, JsError> {
        let tokens =
            texts.iter().map(|text| self.tokenizer.encode(text)).collect::<undertone_core::Result<Vec<_>>>()?;
        Ok(embed(&self.bert, tokens.iter().map(|t| t.ids.as_slice()))?.as_slice().to_vec())
    }
}

fn main() {}
