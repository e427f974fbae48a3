//! What labels are held against.

use crate::{Embeddings, Error, ErrorKind, LabelSet, Lexicon, Result, TextVectors};

/// The terms of a lexicon and some reference texts, as vectors of the model.
///
/// Coarse labels are scored through the terms they stand for; all terms together tell how much emotion a text has to
/// share out; and the reference texts tell how close a label is to just any text.
#[derive(Debug, Clone, PartialEq)]
pub struct Background {
    lexicon: Lexicon,
    terms: Embeddings,
    reference: TextVectors,
}

impl Background {
    /// A lexicon with a vector for each term, and the vectors of reference texts.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: another number of vectors than of terms, or vectors of two lengths.
    pub fn new(lexicon: Lexicon, terms: Embeddings, reference: Embeddings) -> Result<Self> {
        let bad = |message| Err(Error::new(ErrorKind::BadModel, message));
        if lexicon.len() != terms.len() {
            let (names, vectors) = (lexicon.len(), terms.len());
            return bad(format!("the lexicon has {names} terms and {vectors} vectors: export the model again"));
        }
        if terms.dim() != reference.dim() {
            return bad(
                "the lexicon and the reference texts have vectors of two lengths: export the model again".into()
            );
        }
        Ok(Self { lexicon, terms, reference: reference.into() })
    }

    /// No background: a label's cosine is all there is to it. `dim` is the length of the model's vectors.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn none(dim: usize) -> Self {
        let empty = Embeddings::empty(dim);
        Self { lexicon: Lexicon::default(), terms: empty.clone(), reference: empty.into() }
    }

    /// The terms' names and kinship.
    pub fn lexicon(&self) -> &Lexicon {
        &self.lexicon
    }

    /// A vector for each term.
    pub fn terms(&self) -> &Embeddings {
        &self.terms
    }

    /// The reference texts' vectors.
    pub fn reference(&self) -> &TextVectors {
        &self.reference
    }

    /// For each [part](LabelSet::parts) of a set, which is each label unless it folds others, its descendants: the terms that
    /// it stands for.
    ///
    /// A term goes to the label of its own name or synonym if there is one, else to that of its family, else of its basic
    /// emotion, else of its sentiment. So "joy" stands for all joyful terms beside "anger", and for few beside
    /// "gratitude", "pride" and "relief". Labels that mean the same stand for the same.
    pub fn descendants(&self, set: &LabelSet) -> Vec<Vec<usize>> {
        let parts = set.parts();
        let names: Vec<&str> = parts.iter().map(|part| self.lexicon.canonical(&part.label.name)).collect();
        let mut descendants = vec![Vec::new(); names.len()];
        for (t, term) in self.lexicon.terms().iter().enumerate() {
            let taken = term.ancestry().into_iter().find(|above| names.contains(above));
            for (label, _) in names.iter().enumerate().filter(|&(_, name)| Some(*name) == taken) {
                descendants[label].push(t);
            }
        }
        descendants
    }

    /// For each [part](LabelSet::parts) of a set, whether it says that there is no emotion.
    pub fn neutral(&self, set: &LabelSet) -> Vec<bool> {
        set.parts().iter().map(|part| self.lexicon.canonical(&part.label.name) == Lexicon::NEUTRAL).collect()
    }
}
