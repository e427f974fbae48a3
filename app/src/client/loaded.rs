//! What the page has of a loaded model: all but the encoder.

use undertone_core::{Background, Embeddings, Result, Scorer};

use crate::wire::Model;

/// A model that the worker has loaded.
#[derive(Debug)]
pub struct Loaded {
    /// What the worker says of it.
    pub model: Model,
    /// Scores texts against labels, on the page.
    pub scorer: Scorer,
}

impl Loaded {
    /// Takes the vectors of the lexicon's terms, then of the reference texts.
    ///
    /// # Errors
    /// Vectors that do not fit the model.
    pub fn new(model: Model, mut vectors: Vec<f32>) -> Result<Self> {
        let dim = model.dim as usize;
        let background = if model.lexicon.is_empty() {
            Background::none(dim)
        } else {
            let reference = vectors.split_off((model.lexicon.len() * dim).min(vectors.len()));
            let (terms, reference) = (Embeddings::new(dim, vectors)?, Embeddings::new(dim, reference)?);
            Background::new(model.lexicon.clone(), terms, reference)?
        };
        let scorer = Scorer::new(model.calibration.clone(), background)?;
        Ok(Self { model, scorer })
    }
}
