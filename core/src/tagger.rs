//! From texts to tags in one step.

use std::sync::Arc;

use crate::{
    Affect, Encoded, Encoder, Error, ErrorKind, LabelSet, Prepared, Result, ScoreOptions, Scores, TextVectors,
};

/// A model and the labels to tag with: what everything calls that has texts and wants tags.
///
/// ```no_run
/// use std::sync::Arc;
/// use undertone_core::{Bundle, Encoder, LabelSet, Manifest, ScoreOptions, Tagger};
///
/// let read = |name: &str| std::fs::read(format!("public/model/{name}"));
/// let manifest = Manifest::from_json(&read(Bundle::MANIFEST)?)?;
/// let encoder = Encoder::load(Bundle::new(manifest, read(Bundle::WEIGHTS)?, read(Bundle::TOKENIZER)?)?)?;
///
/// let mut labels = LabelSet::new("mine");
/// labels.add("wistful relief")?;
/// let tagger = Tagger::new(Arc::new(encoder), labels, ScoreOptions::default())?;
///
/// let tagged = tagger.tag(&["The house is sold. I kept the key."])?;
/// println!("{} {:?}", tagged.scores.probability(0)[0], tagged.affect[0]);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Tagger {
    encoder: Arc<Encoder>,
    labels: LabelSet,
    prepared: Prepared,
    options: ScoreOptions,
}

/// What texts were found to feel like.
#[derive(Debug, Clone)]
pub struct Tagged {
    /// The scores of each text for each label.
    pub scores: Scores,
    /// How pleasant and how stirred each text is.
    pub affect: Vec<Affect>,
}

impl Tagger {
    /// Reads the wordings of the labels.
    ///
    /// # Errors
    /// As [`Encoder::encode`] and [`Scorer::prepare`](crate::Scorer::prepare).
    pub fn new(encoder: Arc<Encoder>, labels: LabelSet, options: ScoreOptions) -> Result<Self> {
        let mut wordings = crate::Wordings::default();
        let missing = wordings.missing(&labels);
        let vectors = encoder.encode(&missing.iter().map(String::as_str).collect::<Vec<_>>())?.vectors;
        wordings.learn(missing, &vectors)?;
        let vectors = wordings.matrix(&labels, encoder.manifest().encoder.hidden)?.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a label has no vector although all of its wordings have. This is a bug.")
        })?;
        let prepared = encoder.scorer().prepare(vectors, &labels)?;
        Ok(Self { encoder, labels, prepared, options })
    }

    /// The model.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The labels.
    pub fn labels(&self) -> &LabelSet {
        &self.labels
    }

    /// The labels as texts are scored against them.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// Tags texts.
    ///
    /// # Errors
    /// As [`Encoder::encode`] and [`Scorer::score`](crate::Scorer::score).
    pub fn tag(&self, texts: &[&str]) -> Result<Tagged> {
        let Encoded { vectors, .. } = self.encoder.encode(texts)?;
        self.tag_vectors(&vectors)
    }

    /// Tags texts that were encoded before: dot products alone.
    ///
    /// # Errors
    /// As [`Scorer::score`](crate::Scorer::score).
    pub fn tag_vectors(&self, texts: &TextVectors) -> Result<Tagged> {
        let scores = self.encoder.scorer().score(texts, &self.prepared, &self.options)?;
        Ok(Tagged { scores, affect: self.encoder.affect_head().read_texts(texts)? })
    }
}
