//! Labels that learn from texts that a person decided on.

use super::scorer::same_length;
use crate::{Embeddings, Error, ErrorKind, Examples, Mode, Prepared, Result, ScoreOptions, Scorer, TextVectors};

impl Scorer {
    /// The vectors of the labels' [parts](crate::LabelSet::parts), each moved by what a person decided of some texts: see
    /// [`Examples`] for the formula. `labels` are prepared from their wordings alone, and `decided` has a row for each text, which says of each label whether the text has
    /// it. [`Scorer::prepare`] takes the result.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of different lengths, or rows that do not fit.
    pub fn with_examples(&self, labels: &Prepared, texts: &TextVectors, decided: &[Vec<bool>]) -> Result<Embeddings> {
        let vectors = &labels.parts.vectors;
        same_length(texts.rows(), vectors)?;
        if texts.len() != decided.len() || decided.iter().any(|row| row.len() != labels.len()) {
            let message = format!("what was decided does not say of {} texts and {} labels", texts.len(), labels.len());
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let scores = self.score(texts, labels, &ScoreOptions { mode: Mode::Multi, threshold: None })?;
        let mut examples = vec![Examples::default(); labels.len()];
        for (text, row) in decided.iter().enumerate() {
            let vector = texts.mean(text)?;
            for ((examples, &has), &probability) in examples.iter_mut().zip(row).zip(scores.probability(text)) {
                examples.push(&vector, has, probability);
            }
        }
        let centre = self.centre(vectors.dim());
        let mut rows = vec![Vec::new(); vectors.len()];
        for (members, examples) in labels.members.iter().zip(&examples) {
            for &part in members {
                rows[part] = examples.moved(vectors.row(part), &centre)?;
            }
        }
        Embeddings::new(vectors.dim(), rows.concat())
    }

    /// The mean of the reference texts' vectors; zero if there are none.
    fn centre(&self, dim: usize) -> Vec<f32> {
        let rows = self.background().reference().rows();
        let mut centre = vec![0.0; dim];
        for row in rows.rows() {
            centre.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
        }
        centre.iter_mut().for_each(|sum| *sum /= rows.len().max(1) as f32);
        centre
    }
}
