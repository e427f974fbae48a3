//! The student: texts and label wordings to unit vectors.

#[cfg(feature = "candle")]
pub mod candle;
mod elementwise;
pub mod engine;
mod ragged;
mod tokenize;
mod weights;

use std::ops::Range;

pub use ragged::Ragged;
pub use tokenize::{Located, Tokenizer, Tokens};
pub use weights::{Int8, SCALE_SUFFIX, TOKEN_TABLE, Weights};

use engine::{Engine, kernels::Kernels};

use crate::explain::{Familiarity, TokenVectors};
use crate::{
    AffectHead, Background, Bundle, Embeddings, Error, ErrorKind, Manifest, Result, Scorer, TextVectors, text,
};

/// The name of the affect head's weights `(2, hidden)` in the bundle: valence, arousal.
pub const AFFECT_WEIGHT: &str = "affect.weight";
/// The name of the affect head's bias `(2)`.
pub const AFFECT_BIAS: &str = "affect.bias";

/// The name of the vectors of the manifest's lexicon `(terms, hidden)` in the bundle.
pub const TERM_VECTORS: &str = "lexicon.vectors";
/// The name of the reference texts' vectors `(texts, hidden)`.
pub const REFERENCE_VECTORS: &str = "reference.vectors";

/// How many tokens are encoded at once. More would share the way of the weights through the caches among more rows; but
/// then the rows no longer fit in there themselves.
const TOKENS_AT_ONCE: usize = 256;

/// A loaded student.
pub struct Encoder {
    manifest: Manifest,
    tokenizer: Tokenizer,
    engine: Engine,
    affect: AffectHead,
    scorer: Scorer,
}

/// What [`Encoder::encode`] makes of texts.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// A unit vector for each window of each text.
    pub vectors: TextVectors,
    /// For each window, where in its text it is, in bytes.
    pub windows: Vec<Range<usize>>,
    /// For each text, whether its end was left out: it has more than [`Encoder::MAX_WORDS`] words.
    pub cut: Vec<bool>,
}

impl Encoder {
    /// Builds the student from a bundle's bytes, which are given up: matrices are packed one at a time, and only the token
    /// table stays as it was.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`] or [`ErrorKind::BadTokenizer`], saying which tensor or file does not fit.
    pub fn load(bundle: Bundle) -> Result<Self> {
        Self::with_kernels(bundle, Kernels::best())
    }

    /// As [`Encoder::load`], for kernels of one's choice: all give the same vectors.
    ///
    /// # Errors
    /// As [`Encoder::load`].
    pub fn with_kernels(bundle: Bundle, kernels: &'static Kernels) -> Result<Self> {
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
        let affect = {
            let bias = weights.floats(AFFECT_BIAS, &[2])?;
            AffectHead::new(config.hidden, weights.floats(AFFECT_WEIGHT, &[2, config.hidden])?, [bias[0], bias[1]])?
        };
        let background = if manifest.lexicon.is_empty() {
            Background::none(config.hidden)
        } else {
            let vectors = |name| Embeddings::new(config.hidden, weights.values(name)?.0);
            Background::new(manifest.lexicon.clone(), vectors(TERM_VECTORS)?, vectors(REFERENCE_VECTORS)?)?
        };
        let scorer = Scorer::new(manifest.calibration.clone(), background)?;
        let engine = Engine::new(weights, config, kernels)?;
        Ok(Self { manifest, tokenizer, engine, affect, scorer })
    }

    /// The longest text that is read to its end, in words.
    pub const MAX_WORDS: usize = text::MAX_WORDS;

    /// The unit vectors of texts, in their order. A text that is longer than the model reads at once is cut into windows at
    /// the ends of sentences, and each window has a vector. A vector does not depend on its neighbours: that of a window is
    /// that of the window's text alone.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] if a vector comes out as no number.
    pub fn encode(&self, texts: &[&str]) -> Result<Encoded> {
        let texts = texts.iter().map(|text| self.tokenizer.windows(text)).collect::<Result<Vec<_>>>()?;
        let windows = texts.iter().flat_map(|text| &text.windows);
        let ids: Vec<&[u32]> = windows.clone().map(|window| window.ids.as_slice()).collect();
        let vectors = TextVectors::new(self.vectors(&ids)?, texts.iter().map(|text| text.windows.len()))?;
        let windows = windows.map(|window| window.range.clone()).collect();
        Ok(Encoded { vectors, windows, cut: texts.iter().map(|text| text.cut).collect() })
    }

    /// The unit vectors of some windows of texts, as [`Tokenizer::windows`] cuts them: what [`Encoder::encode`] does in one go,
    /// for those who must stop in between, or know the vectors of other windows already.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_windows(&self, windows: &[&text::Window]) -> Result<Embeddings> {
        self.vectors(&windows.iter().map(|window| window.ids.as_slice()).collect::<Vec<_>>())
    }

    /// The unit vector of each of a text's [`sentences`](crate::sentences), and where in the text they are, in bytes. What is
    /// longer than the model reads at once is several.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_sentences(&self, text: &str) -> Result<(Embeddings, Vec<Range<usize>>)> {
        let sentences = crate::sentences(text);
        let parts: Vec<&str> = sentences.iter().map(|range| &text[range.clone()]).collect();
        let encoded = self.encode(&parts)?;
        let starts = sentences.iter().zip(encoded.vectors.counts()).flat_map(|(s, count)| vec![s.start; count]);
        let ranges = starts.zip(&encoded.windows).map(|(start, window)| start + window.start..start + window.end);
        let ranges = ranges.collect();
        Ok((encoded.vectors.into_rows(), ranges))
    }

    /// The vectors of a text's tokens before they are pooled, and where in the text each stands: what a cosine similarity is
    /// a sum of.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn encode_tokens(&self, text: &str) -> Result<TokenVectors> {
        let mut windows = Vec::new();
        for window in self.tokenizer.windows(text)?.windows {
            let located = self.tokenizer.locate(&text[window.range.clone()])?;
            let start = window.range.start;
            let ranges = located.ranges.into_iter().map(|range| range.map(|r| start + r.start..start + r.end));
            let rows = self.engine.tokens(&Ragged::new([window.ids.as_slice()])?)?;
            windows.push((ranges.collect(), rows));
        }
        TokenVectors::new(self.manifest.encoder.hidden, windows)
    }

    /// How much of a text the vocabulary knows.
    ///
    /// # Errors
    /// As [`Encoder::encode`].
    pub fn familiarity(&self, text: &str) -> Result<Familiarity> {
        let unknown = self.tokenizer.unknown();
        let mut found = Familiarity::default();
        for window in self.tokenizer.windows(text)?.windows {
            let located = self.tokenizer.locate(&text[window.range.clone()])?;
            let ids = located.tokens.ids.iter().zip(&located.ranges).filter(|(_, range)| range.is_some());
            for (id, _) in ids {
                found.tokens += 1;
                found.unknown += usize::from(Some(*id) == unknown);
            }
            found.words += text::words(&text[window.range]).len();
        }
        Ok(found)
    }

    /// The unit vectors of what fits into the model.
    fn vectors(&self, ids: &[&[u32]]) -> Result<Embeddings> {
        let mut vectors = Embeddings::empty(self.manifest.encoder.hidden);
        let mut rest = ids;
        while !rest.is_empty() {
            let mut total = 0;
            let fitting = rest.iter().take_while(|ids| {
                total += ids.len();
                total <= TOKENS_AT_ONCE
            });
            let (batch, after) = rest.split_at(fitting.count().max(1));
            let batch = Ragged::new(batch.iter().copied())?;
            vectors.push(&Embeddings::new(vectors.dim(), self.engine.forward(&batch)?)?)?;
            rest = after;
        }
        Ok(vectors)
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

    /// Lets instructions compete that give the same vectors but are not the fastest everywhere: by a clock in
    /// milliseconds, on the first texts that come.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> f64) -> Self {
        self.engine.set_clock(clock);
        self
    }

    /// What instructions it computes with.
    pub fn kernels(&self) -> &'static str {
        self.engine.kernels().name
    }

    /// What the bundle says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}
