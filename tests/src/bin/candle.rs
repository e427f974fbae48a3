//! candle in f32 as a module for the browser: what a page would have with candle and without kernels of its own. For
//! `make bench` only.

use std::collections::HashMap;

use candle_core::{DType, Device, Result, Tensor, bail};
use candle_nn::VarBuilder;
use safetensors::{Dtype, SafeTensors};
use undertone_core::encoder::{Bert, SCALE_SUFFIX, TOKEN_TABLE, TokenTable, embed};
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
    pub fn new(manifest: &[u8], weights: &[u8], tokenizer: &[u8]) -> std::result::Result<Candle, JsError> {
        let config = Manifest::from_json(manifest)?.encoder;
        let tokenizer = Tokenizer::from_bytes(tokenizer, config.max_tokens)?;
        let tensors = widen(weights)?;
        let table = tensors.get(TOKEN_TABLE).cloned();
        let vb = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let bert = Bert::new(vb, &config, || match table {
            Some(table) => Ok(TokenTable::Full(table)),
            None => bail!("the tensor {TOKEN_TABLE} is missing"),
        })?;
        Ok(Self { tokenizer, bert })
    }

    /// The texts as unit vectors, one after the other.
    pub fn encode(&self, texts: Vec<String>) -> std::result::Result<Vec<f32>, JsError> {
        let tokens =
            texts.iter().map(|text| self.tokenizer.encode(text)).collect::<undertone_core::Result<Vec<_>>>()?;
        Ok(embed(&self.bert, tokens.iter().map(|t| t.ids.as_slice()))?.as_slice().to_vec())
    }
}

/// The tensors of a bundle's weights in f32.
fn widen(weights: &[u8]) -> Result<HashMap<String, Tensor>> {
    let stored = SafeTensors::deserialize(weights)?;
    let f32s = |bytes: &[u8]| -> Vec<f32> { bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect() };
    let mut tensors = HashMap::new();
    for (name, tensor) in stored.tensors() {
        if name.ends_with(SCALE_SUFFIX) {
            continue;
        }
        let values = match tensor.dtype() {
            Dtype::F32 => f32s(tensor.data()),
            Dtype::I8 => {
                let scales = f32s(stored.tensor(&format!("{name}{SCALE_SUFFIX}"))?.data());
                let width = tensor.data().len() / scales.len().max(1);
                let rows = tensor.data().chunks_exact(width.max(1)).zip(scales);
                rows.flat_map(|(row, scale)| row.iter().map(move |&b| f32::from(b as i8) * scale)).collect()
            }
            other => bail!("the tensor {name} is {other:?}, neither I8 nor F32"),
        };
        let tensor = Tensor::from_vec(values, tensor.shape(), &Device::Cpu)?;
        tensors.insert(name, tensor);
    }
    Ok(tensors)
}

fn main() {}
