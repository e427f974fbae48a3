//! The base model that a student starts from: a BERT checkpoint as the Hugging Face hub has it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use undertone_core::EncoderConfig;
use undertone_core::encoder::TOKEN_TABLE;
use undertone_core::encoder::candle::Bert;

/// A base checkpoint, read whole.
pub struct Base {
    pub config: EncoderConfig,
    /// By their names on the hub, without a prefix `bert.`; empty if only the shape is known.
    pub tensors: HashMap<String, Tensor>,
    /// The tokeniser's file.
    pub tokenizer: serde_json::Value,
    /// The SHA-256 of the weights' file in hexadecimal; empty if only the shape is known.
    pub sha256: String,
}

/// What kind of model a config is of; those of other kinds lack the other fields.
#[derive(Deserialize)]
struct HubKind {
    #[serde(default)]
    model_type: String,
    #[serde(default)]
    hidden_act: String,
}

#[derive(Deserialize)]
struct HubConfig {
    num_hidden_layers: usize,
    hidden_size: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    vocab_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
}

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";

impl Base {
    /// Reads `config.json`, `tokenizer.json` and, unless `from_scratch`, `model.safetensors`. `max_tokens` is the
    /// longest text the student will take.
    pub fn read(source: &str, max_tokens: usize, from_scratch: bool) -> Result<Self> {
        let folder = locate(source, from_scratch)?;
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).with_context(|| {
                format!(
                    "the base model {source} has no {name}; give the folder of a BERT checkpoint or its name on the \
                     Hugging Face hub (sentence-transformers/all-MiniLM-L6-v2)"
                )
            })
        };
        let json = read(CONFIG)?;
        let broken = |name: &str, e: serde_json::Error| {
            anyhow::anyhow!(
                "{}: {e}; download the base model again, or give another --base",
                folder.join(name).display()
            )
        };
        let kind: HubKind = serde_json::from_slice(&json).map_err(|e| broken(CONFIG, e))?;
        ensure!(
            kind.model_type == "bert" && kind.hidden_act == "gelu",
            "{}: the base model is of type '{}' with activation '{}'; give a --base of type 'bert' with 'gelu'",
            folder.join(CONFIG).display(),
            kind.model_type,
            kind.hidden_act
        );
        let hub: HubConfig = serde_json::from_slice(&json).map_err(|e| broken(CONFIG, e))?;
        ensure!(
            max_tokens <= hub.max_position_embeddings,
            "the base model takes {} tokens at most; give --max-tokens {} or less",
            hub.max_position_embeddings,
            hub.max_position_embeddings
        );
        let config = EncoderConfig {
            layers: hub.num_hidden_layers,
            hidden: hub.hidden_size,
            heads: hub.num_attention_heads,
            intermediate: hub.intermediate_size,
            vocabulary: hub.vocab_size,
            positions: max_tokens,
            token_types: hub.type_vocab_size,
            layer_norm_eps: hub.layer_norm_eps,
            max_tokens,
            pooling: "mean".into(),
        };
        config.validate()?;
        let tokenizer = serde_json::from_slice(&read(TOKENIZER)?).map_err(|e| broken(TOKENIZER, e))?;
        let mut tensors = HashMap::new();
        let mut digest = String::new();
        if !from_scratch {
            digest = hex::encode(Sha256::digest(read(WEIGHTS)?));
            let loaded = candle_core::safetensors::load(folder.join(WEIGHTS), &Device::Cpu)
                .with_context(|| format!("{} cannot be read; download it again", folder.join(WEIGHTS).display()))?;
            for (name, tensor) in loaded {
                let name = name.strip_prefix("bert.").map(str::to_owned).unwrap_or(name);
                if tensor.dtype().is_float() {
                    tensors.insert(name, tensor.to_dtype(DType::F32)?);
                }
            }
            check(&tensors, &EncoderConfig { positions: hub.max_position_embeddings, ..config.clone() }).with_context(
                || {
                    format!(
                        "{} is no BERT of the shape that {CONFIG} beside it says; download both again, or give another \
                         --base",
                        folder.join(WEIGHTS).display()
                    )
                },
            )?;
            // Positions beyond the longest text are never looked up.
            let positions = "embeddings.position_embeddings.weight";
            if let Some(table) = tensors.get_mut(positions) {
                *table = table.narrow(0, 0, max_tokens)?.contiguous()?;
            }
        }
        Ok(Self { config, tensors, tokenizer, sha256: digest })
    }
}

/// Checks that the tensors are those of an encoder of this shape, by building one.
fn check(tensors: &HashMap<String, Tensor>, config: &EncoderConfig) -> Result<()> {
    let table = tensors.get(TOKEN_TABLE).with_context(|| format!("the tensor {TOKEN_TABLE} is missing"))?.clone();
    let vb = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
    Bert::new(vb, config, table)?;
    Ok(())
}

/// The folder of a base model: as given, or downloaded from the hub into its cache.
fn locate(source: &str, from_scratch: bool) -> Result<PathBuf> {
    let folder = Path::new(source);
    if folder.is_dir() {
        return Ok(folder.to_owned());
    }
    ensure!(
        source.split('/').count() == 2 && !source.starts_with(['.', '/']),
        "the base model {source} is neither a folder nor a name on the Hugging Face hub; give one of them"
    );
    let fetch = || -> Result<PathBuf> {
        let repository = hf_hub::api::sync::Api::new()?.model(source.to_owned());
        let config = repository.get(CONFIG)?;
        repository.get(TOKENIZER)?;
        if !from_scratch {
            repository.get(WEIGHTS)?;
        }
        Ok(config.parent().map(Path::to_owned).unwrap_or_default())
    };
    fetch().with_context(|| {
        format!(
            "the base model {source} could not be downloaded from the Hugging Face hub; give a folder that holds it"
        )
    })
}
