//! A smaller vocabulary: what English emotion text uses, and pieces enough that no word fails.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result, ensure};
use candle_core::Tensor;
use serde_json::Value;
use undertone_core::encoder::TOKEN_TABLE;
use undertone_core::{Bundle, Tokenizer};

use crate::base::Base;

impl Base {
    /// Keeps `size` tokens of the vocabulary: special ones, single characters (any word can still be spelled), those
    /// that occur in `texts`, the most frequent before others, and of the rest the first, which in BERT's vocabulary are the most frequent. The ids
    /// change, the order does not.
    pub fn keep_vocabulary<'a>(&mut self, size: usize, texts: impl Iterator<Item = &'a str>) -> Result<()> {
        let vocabulary = vocabulary_of(&self.tokenizer)?;
        ensure!(
            vocabulary.len() <= self.config.vocabulary,
            "the base model's {} has {} tokens, its config.json says {}; download both again, or give another --base",
            Bundle::TOKENIZER,
            vocabulary.len(),
            self.config.vocabulary
        );
        if size >= vocabulary.len() {
            return Ok(());
        }
        let mut uses = vec![0usize; vocabulary.len()];
        let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&self.tokenizer)?, usize::MAX)?;
        for text in texts {
            for id in tokenizer.encode(text)?.ids {
                uses[id as usize] += 1;
            }
        }
        let special: HashSet<&str> = self.tokenizer["added_tokens"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|token| token["content"].as_str())
            .collect();
        // Lower is kept first.
        let rank = |(id, token): (usize, &String)| {
            let piece = token.strip_prefix("##").unwrap_or(token);
            let latin = piece.chars().all(|c| (c as u32) < 0x250 || (0x2010..0x2040).contains(&(c as u32)));
            match () {
                () if special.contains(token.as_str()) => 0,
                () if piece.chars().count() == 1 && latin => 1,
                () if uses[id] > 0 => 2,
                () if token.starts_with("[unused") => 5,
                () if latin => 3,
                () => 4,
            }
        };
        let mut ids: Vec<usize> = (0..vocabulary.len()).collect();
        ids.sort_by_key(|&id| (rank((id, &vocabulary[id])), std::cmp::Reverse(uses[id]), id));
        ids.truncate(size);
        ids.sort_unstable();
        let moved: HashMap<u64, u64> = ids.iter().enumerate().map(|(new, &old)| (old as u64, new as u64)).collect();

        let kept: serde_json::Map<_, _> =
            ids.iter().enumerate().map(|(new, &old)| (vocabulary[old].clone(), Value::from(new))).collect();
        self.tokenizer["model"]["vocab"] = Value::Object(kept);
        renumber(&mut self.tokenizer["added_tokens"], &moved)?;
        renumber(&mut self.tokenizer["post_processor"], &moved)?;
        if let Some(table) = self.tensors.get_mut(TOKEN_TABLE) {
            let ids: Vec<u32> = ids.iter().map(|&id| id as u32).collect();
            *table = table.index_select(&Tensor::new(ids, table.device())?, 0)?;
        }
        self.config.vocabulary = size;
        Ok(())
    }
}

/// The tokens by id.
fn vocabulary_of(tokenizer: &Value) -> Result<Vec<String>> {
    ensure!(
        tokenizer["model"]["type"].as_str().unwrap_or("WordPiece") == "WordPiece",
        "the base model's tokeniser is {}; Undertone trains WordPiece models",
        tokenizer["model"]["type"]
    );
    let vocabulary = tokenizer["model"]["vocab"]
        .as_object()
        .with_context(|| format!("the base model's {} has no vocabulary", Bundle::TOKENIZER))?;
    let mut tokens: Vec<(&String, Option<u64>)> = vocabulary.iter().map(|(token, id)| (token, id.as_u64())).collect();
    tokens.sort_by_key(|&(_, id)| id);
    ensure!(
        tokens.iter().enumerate().all(|(i, &(_, id))| id == Some(i as u64)),
        "the ids of the base model's vocabulary have gaps; it is not one Undertone can train"
    );
    Ok(tokens.into_iter().map(|(token, _)| token.clone()).collect())
}

/// Gives every id within `value` its new one: numbers under `"id"` and `"ids"`, and those of the pairs `["[SEP]", 102]` by
/// which the post-processors of BERT and RoBERTa name their special tokens.
fn renumber(value: &mut Value, moved: &HashMap<u64, u64>) -> Result<()> {
    fn one(id: &mut Value, moved: &HashMap<u64, u64>) -> Result<()> {
        if let Some(old) = id.as_u64() {
            let new = moved.get(&old).with_context(|| format!("the special token {old} is not in the vocabulary"))?;
            *id = Value::from(*new);
        }
        Ok(())
    }
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(|item| renumber(item, moved)),
        Value::Object(fields) => fields.iter_mut().try_for_each(|(key, field)| match (key.as_str(), field) {
            ("id", id) => one(id, moved),
            ("ids", Value::Array(ids)) => ids.iter_mut().try_for_each(|id| one(id, moved)),
            ("cls" | "sep", Value::Array(pair)) => pair.iter_mut().try_for_each(|part| one(part, moved)),
            (_, field) => renumber(field, moved),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use undertone_core::EncoderConfig;

    use super::*;

    fn base(post_processor: Value) -> Base {
        let words = ["[PAD]", "zebra", "yacht", "[UNK]", "[CLS]", "[SEP]", "a", "glad"];
        let vocabulary: serde_json::Map<_, _> =
            words.iter().enumerate().map(|(i, w)| ((*w).into(), i.into())).collect();
        let special = |id: usize| {
            json!({"id": id, "content": words[id], "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": false, "special": true})
        };
        Base {
            config: EncoderConfig {
                layers: 1,
                hidden: 4,
                heads: 1,
                intermediate: 4,
                vocabulary: words.len(),
                positions: 8,
                token_types: 1,
                layer_norm_eps: 1e-12,
                max_tokens: 8,
                pooling: "mean".into(),
            },
            tensors: HashMap::new(),
            tokenizer: json!({"version": "1.0", "truncation": null, "padding": null,
                "added_tokens": [special(0), special(3), special(4), special(5)],
                "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": post_processor,
                "decoder": null, "model": {"type": "WordPiece", "unk_token": "[UNK]",
                    "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary}}),
            sha256: String::new(),
        }
    }

    /// A cut once left BERT's post-processor its old ids, which then were other tokens.
    #[test]
    fn special_tokens_keep_their_places_in_every_kind_of_tokeniser() {
        let pair = |name: &str, id: u64| json!([name, id]);
        for post_processor in [
            json!({"type": "BertProcessing", "sep": pair("[SEP]", 5), "cls": pair("[CLS]", 4)}),
            json!({"type": "RobertaProcessing", "sep": pair("[SEP]", 5), "cls": pair("[CLS]", 4), "trim_offsets": true,
                "add_prefix_space": false}),
        ] {
            let mut base = base(post_processor);
            let ids = |base: &Base| {
                let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&base.tokenizer).unwrap(), 8).unwrap();
                tokenizer.encode("glad").unwrap().ids
            };
            assert_eq!(ids(&base), [4, 7, 5]);
            base.keep_vocabulary(6, ["a glad"].into_iter()).unwrap();
            assert_eq!(ids(&base), [2, 5, 3]);
        }
    }
}
