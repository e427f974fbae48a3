//! The student: texts and label wordings to unit vectors.

mod bert;
mod ops;
mod tokenize;
mod weights;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;

pub use bert::{Bert, Noise, Ragged, TokenTable};
pub use tokenize::{Located, Tokenizer, Tokens};
pub use weights::{SCALE_SUFFIX, TOKEN_TABLE};

use crate::{AffectHead, Background, Bundle, Embeddings, Error, ErrorKind, Manifest, Result, Scorer};
use weights::Weights;

/// The name of the affect head's weights `(2, hidden)` in the bundle: valence, arousal.
pub const AFFECT_WEIGHT: &str = "affect.weight";
/// The name of the affect head's bias `(2)`.
pub const AFFECT_BIAS: &str = "affect.bias";

/// The name of the vectors of the manifest's lexicon `(terms, hidden)` in the bundle.
pub const TERM_VECTORS: &str = "lexicon.vectors";
/// The name of the reference texts' vectors `(texts, hidden)`.
pub const REFERENCE_VECTORS: &str = "reference.vectors";

/// How many tokens are encoded at once: bounds the memory that a long list of texts takes.
const TOKENS_AT_ONCE: usize = 1024;

/// A loaded student.
pub struct Encoder {
    manifest: Manifest,
    tokenizer: Tokenizer,
    bert: Bert,
    affect: AffectHead,
    scorer: Scorer,
}

/// What [`Encoder::encode`] returns, a row and a flag for each text.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// One unit vector per text.
    pub vectors: Embeddings,
    /// Whether the end of the text was left out because it has more tokens than the model takes.
    pub truncated: Vec<bool>,
}

impl Encoder {
    /// Builds the student from a bundle's bytes, which are given up: tensors are widened one at a time, and only the
    /// token table stays, in int8.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`] or [`ErrorKind::BadTokenizer`], saying which tensor or file does not fit.
    pub fn load(bundle: Bundle) -> Result<Self> {
        let Bundle { manifest, weights, tokenizer } = bundle;
        let config = &manifest.encoder;
        let tokenizer = Tokenizer::from_bytes(&tokenizer, config.max_tokens)?;
        if tokenizer.vocabulary() != config.vocabulary {
            return Err(Error::new(
                ErrorKind::BadTokenizer,
                format!(
                    "tokenizer.json has {} tokens, the manifest says {}: export the model again",
                    tokenizer.vocabulary(),
                    config.vocabulary
                ),
            ));
        }
        let weights = Weights::new(weights)?;
        let bias: [f32; 2] = weights.values(AFFECT_BIAS)?.try_into().map_err(|bias: Vec<f32>| {
            Error::new(ErrorKind::BadModel, format!("the affect head has {} biases, not 2", bias.len()))
        })?;
        let affect = AffectHead::new(config.hidden, weights.values(AFFECT_WEIGHT)?, bias)?;
        let background = if manifest.lexicon.is_empty() {
            Background::none(config.hidden)
        } else {
            let vectors = |name| Embeddings::new(config.hidden, weights.values(name)?);
            Background::new(manifest.lexicon.clone(), vectors(TERM_VECTORS)?, vectors(REFERENCE_VECTORS)?)?
        };
        let scorer = Scorer::new(manifest.calibration.clone(), background)?;
        let vb = VarBuilder::from_backend(Box::new(weights.clone()), DType::F32, Device::Cpu);
        let bert = Bert::new(vb, config, || weights.into_token_table()).map_err(broken)?;
        Ok(Self { manifest, tokenizer, bert, affect, scorer })
    }

    /// The unit vectors of texts, in their order. A text's vector does not depend on its neighbours.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if a vector comes out as no number.
    pub fn encode(&self, texts: &[&str]) -> Result<Encoded> {
        let tokens = texts.iter().map(|text| self.tokenizer.encode(text)).collect::<Result<Vec<_>>>()?;
        let mut vectors = Embeddings::empty(self.manifest.encoder.hidden);
        let mut rest = tokens.as_slice();
        while !rest.is_empty() {
            let mut total = 0;
            let fitting = rest.iter().take_while(|t| {
                total += t.ids.len();
                total <= TOKENS_AT_ONCE
            });
            let (batch, after) = rest.split_at(fitting.count().max(1));
            vectors.push(&embed(&self.bert, batch.iter().map(|t| t.ids.as_slice()))?)?;
            rest = after;
        }
        Ok(Encoded { vectors, truncated: tokens.iter().map(|t| t.truncated).collect() })
    }

    /// Turns texts into tokens, and tells where in a text each stands.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// Reads valence and arousal off a text's vector.
    pub fn affect_head(&self) -> &AffectHead {
        &self.affect
    }

    /// Scores texts against labels as the bundle's calibration says.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// What the bundle says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// The unit vectors of token ids, with whatever weights `bert` has at present.
///
/// # Errors
/// An empty text, or one longer than the model has positions.
pub fn embed<'a>(bert: &Bert, texts: impl IntoIterator<Item = &'a [u32]>) -> Result<Embeddings> {
    let rows = Ragged::new(texts).and_then(|texts| bert.forward(&texts)).map_err(broken)?;
    let (_, dim) = rows.dims2().map_err(broken)?;
    Embeddings::new(dim, rows.flatten_all().and_then(|rows| rows.to_vec1()).map_err(broken)?)
}

fn broken(e: candle_core::Error) -> Error {
    Error::new(ErrorKind::BadModel, format!("the model does not run: {e}")).with_source(e)
}
