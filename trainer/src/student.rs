//! The student while it learns: the encoder's variables, the affect head, and the logit's scale and bias.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use candle_core::{DType, Device, Shape, Tensor, Var};
use candle_nn::{Init, VarBuilder, VarMap};
use indicatif::ProgressBar;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use undertone_core::encoder::candle::{Bert, embed};
use undertone_core::encoder::{AFFECT_BIAS, AFFECT_WEIGHT, TOKEN_TABLE};
use undertone_core::{AffectHead, Calibration, Embeddings, EncoderConfig, TextVectors, Tokenizer};

/// The logarithm of the factor between cosine and logit.
pub const LOGIT_SCALE: &str = "logit.scale";
/// What is added to the scaled cosine.
pub const LOGIT_BIAS: &str = "logit.bias";

/// Valence and arousal are learned on -1..1, so that the head starts near what it should say: 5 is 0.
pub const AFFECT_CENTRE: f32 = 5.0;
/// Half the range of the scale 1 to 9.
pub const AFFECT_SPREAD: f32 = 4.0;

/// A student in training. The token table is frozen: it is half of the weights, and the texts at hand use a part of it.
pub struct Student {
    pub config: EncoderConfig,
    pub tokenizer: Tokenizer,
    pub bert: Bert,
    table: Tensor,
    variables: VarMap,
}

impl Student {
    /// Starts from tensors under their names on the hub; those of the head that are missing start at their defaults,
    /// and if there are none at all, everything starts at random.
    pub fn new(
        config: EncoderConfig,
        tokenizer: Tokenizer,
        mut tensors: HashMap<String, Tensor>,
        seed: u64,
    ) -> Result<Self> {
        let device = Device::Cpu;
        let from_scratch = tensors.is_empty();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let table = match tensors.remove(TOKEN_TABLE) {
            Some(table) => table,
            None if from_scratch => random((config.vocabulary, config.hidden).into(), &mut rng)?,
            None => anyhow::bail!("the tensor {TOKEN_TABLE} is missing"),
        };
        let variables = VarMap::new();
        let vb = VarBuilder::from_varmap(&variables, DType::F32, &device);
        vb.get_with_hints((2, config.hidden), AFFECT_WEIGHT, Init::Const(0.0))?;
        vb.get_with_hints(2, AFFECT_BIAS, Init::Const(0.0))?;
        vb.get_with_hints((), LOGIT_SCALE, Init::Const(f64::from(15f32.ln())))?;
        vb.get_with_hints((), LOGIT_BIAS, Init::Const(-7.0))?;
        let heads: Vec<String> = names(&variables);
        let bert = Bert::new(vb, &config, table.clone())?;
        let student = Self { config, tokenizer, bert, table, variables };
        for (name, var) in &student.variables()? {
            match tensors.get(name) {
                Some(tensor) => {
                    let (is, should) = (tensor.dims(), var.dims());
                    ensure!(is == should, "the tensor {name} has shape {is:?}, not {should:?}");
                    var.set(tensor)?;
                }
                // candle's own random numbers cannot be seeded.
                None if from_scratch && var.rank() == 2 => var.set(&random(var.shape().clone(), &mut rng)?)?,
                None if from_scratch || heads.contains(name) => {}
                None => anyhow::bail!("the tensor {name} is missing"),
            }
        }
        Ok(student)
    }

    /// The student with other values of its variables.
    pub fn with(&self, mut variables: HashMap<String, Tensor>) -> Result<Self> {
        variables.insert(TOKEN_TABLE.into(), self.table.clone());
        Self::new(self.config.clone(), self.tokenizer.clone(), variables, 0)
    }

    /// The token ids of texts or wordings.
    pub fn tokens<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Result<Vec<Vec<u32>>> {
        texts.into_iter().map(|text| Ok(self.tokenizer.encode(text)?.ids)).collect()
    }

    /// The vectors of texts or wordings, with what has been learned so far.
    pub fn encode(&self, texts: &[&str]) -> Result<Embeddings> {
        let tokens = self.tokens(texts.iter().copied())?;
        Ok(embed(&self.bert, tokens.iter().map(Vec::as_slice))?)
    }

    /// As [`Student::encode`], for many, a few at a time.
    pub fn encode_all<'a>(&self, texts: impl ExactSizeIterator<Item = &'a str>) -> Result<Embeddings> {
        let mut vectors = Embeddings::empty(self.config.hidden);
        let progress = ProgressBar::new(texts.len() as u64);
        for chunk in texts.collect::<Vec<_>>().chunks(64) {
            vectors.push(&self.encode(chunk)?)?;
            progress.inc(chunk.len() as u64);
        }
        progress.finish_and_clear();
        Ok(vectors)
    }

    /// The vectors of texts of any length, as [`Encoder::encode`](undertone_core::Encoder::encode) makes them.
    pub fn encode_texts(&self, texts: &[&str]) -> Result<TextVectors> {
        let texts =
            texts.iter().map(|text| self.tokenizer.windows(text)).collect::<undertone_core::Result<Vec<_>>>()?;
        let ids = texts.iter().flat_map(|text| &text.windows).map(|window| window.ids.as_slice());
        Ok(TextVectors::new(embed(&self.bert, ids)?, texts.iter().map(|text| text.windows.len()))?)
    }

    /// The variables in the order of their names.
    pub fn variables(&self) -> Result<Vec<(String, Var)>> {
        let data = self.variables.data().lock().map_err(|_| poisoned())?;
        let mut variables: Vec<_> = data.iter().map(|(name, var)| (name.clone(), var.clone())).collect();
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(variables)
    }

    /// A variable by its name.
    pub fn variable(&self, name: &str) -> Result<Var> {
        let data = self.variables.data().lock().map_err(|_| poisoned())?;
        data.get(name).cloned().with_context(|| format!("the student has no variable {name}"))
    }

    /// Everything there is to keep: variables and token table.
    pub fn tensors(&self) -> Result<HashMap<String, Tensor>> {
        let mut tensors: HashMap<_, _> =
            self.variables()?.into_iter().map(|(name, var)| (name, var.as_tensor().clone())).collect();
        tensors.insert(TOKEN_TABLE.into(), self.table.clone());
        Ok(tensors)
    }

    /// The learned map from cosine to logit. No threshold is learned: one half.
    pub fn calibration(&self) -> Result<Calibration> {
        Ok(Calibration {
            scale: self.variable(LOGIT_SCALE)?.to_scalar::<f32>()?.exp(),
            bias: self.variable(LOGIT_BIAS)?.to_scalar()?,
            ..Calibration::default()
        })
    }

    /// The affect head on the scale from 1 to 9.
    pub fn affect_head(&self) -> Result<AffectHead> {
        let weight = self.variable(AFFECT_WEIGHT)?.affine(f64::from(AFFECT_SPREAD), 0.0)?;
        let bias = self.variable(AFFECT_BIAS)?.affine(f64::from(AFFECT_SPREAD), f64::from(AFFECT_CENTRE))?;
        let bias: Vec<f32> = bias.to_vec1()?;
        Ok(AffectHead::new(self.config.hidden, weight.flatten_all()?.to_vec1()?, [bias[0], bias[1]])?)
    }
}

fn names(variables: &VarMap) -> Vec<String> {
    variables.data().lock().map(|data| data.keys().cloned().collect()).unwrap_or_default()
}

/// BERT's start: normal with a standard deviation of 0.02.
fn random(shape: Shape, rng: &mut ChaCha8Rng) -> Result<Tensor> {
    let uniform = |rng: &mut ChaCha8Rng| rng.random_range(f32::EPSILON..1.0);
    let normal = |rng: &mut ChaCha8Rng| {
        let (radius, angle) = ((-2.0 * uniform(rng).ln()).sqrt(), std::f32::consts::TAU * uniform(rng));
        0.02 * radius * angle.cos()
    };
    let values: Vec<f32> = (0..shape.elem_count()).map(|_| normal(rng)).collect();
    Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
}

fn poisoned() -> anyhow::Error {
    anyhow::anyhow!("a thread that held the student's variables broke off")
}

#[cfg(test)]
mod tests {
    use std::env;

    use serde::Deserialize;

    use super::*;
    use crate::base::Base;

    #[derive(Deserialize)]
    struct Reference {
        text: String,
        ids: Vec<u32>,
        vector: Vec<f32>,
    }

    /// The vectors of all-MiniLM-L6-v2 are those of onnxruntime (fixtures/reference.py). The weights are 90 MB and not
    /// in the repository: UNDERTONE_BASE names the folder that holds them.
    #[test]
    fn the_base_models_vectors_are_the_references() {
        let Ok(folder) = env::var("UNDERTONE_BASE") else {
            println!("skipped: UNDERTONE_BASE names no folder with the base model");
            return;
        };
        let base = Base::read(&folder, 128, false).unwrap();
        let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&base.tokenizer).unwrap(), 128).unwrap();
        let student = Student::new(base.config, tokenizer, base.tensors, 0).unwrap();
        let references: Vec<Reference> =
            serde_json::from_str(include_str!("../tests/fixtures/reference.json")).unwrap();
        for Reference { text, ids, vector } in references {
            assert_eq!(student.tokenizer.encode(&text).unwrap().ids, ids, "{text}");
            let ours = embed(&student.bert, [ids.as_slice()]).unwrap();
            let cosine: f32 = ours.row(0).iter().zip(&vector).map(|(a, b)| a * b).sum();
            assert!(cosine > 0.9999, "{text}: cosine {cosine}");
        }
    }
}
