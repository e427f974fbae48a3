//! The base model that a student starts from: a BERT checkpoint as the Hugging Face hub has it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use candle_core::{Device, Tensor};
use serde::Deserialize;
use undertone_core::EncoderConfig;

/// A base checkpoint, read whole.
pub struct Base {
    pub config: EncoderConfig,
    /// By their names on the hub, without a prefix `bert.`; empty if only the shape is known.
    pub tensors: HashMap<String, Tensor>,
    /// The tokeniser's file.
    pub tokenizer: serde_json::Value,
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
    model_type: String,
    hidden_act: String,
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
        let hub: HubConfig = serde_json::from_slice(&read(CONFIG)?)
            .map_err(|e| anyhow::anyhow!("{}: {e}", folder.join(CONFIG).display()))?;
        ensure!(
            hub.model_type == "bert" && hub.hidden_act == "gelu",
            "the base model is of type {} with activation {}; Undertone trains bert with gelu",
            hub.model_type,
            hub.hidden_act
        );
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
        let tokenizer = serde_json::from_slice(&read(TOKENIZER)?)
            .map_err(|e| anyhow::anyhow!("{}: {e}", folder.join(TOKENIZER).display()))?;
        let mut tensors = HashMap::new();
        if !from_scratch {
            read(WEIGHTS)?;
            let loaded = candle_core::safetensors::load(folder.join(WEIGHTS), &Device::Cpu)
                .with_context(|| format!("{} cannot be read; download it again", folder.join(WEIGHTS).display()))?;
            for (name, tensor) in loaded {
                let name = name.strip_prefix("bert.").map(str::to_owned).unwrap_or(name);
                if tensor.dtype().is_float() {
                    tensors.insert(name, tensor.to_dtype(candle_core::DType::F32)?);
                }
            }
            // Positions beyond the longest text are never looked up.
            let positions = "embeddings.position_embeddings.weight";
            if let Some(table) = tensors.get_mut(positions) {
                *table = table.narrow(0, 0, max_tokens)?.contiguous()?;
            }
        }
        Ok(Self { config, tensors, tokenizer })
    }
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
