//! Texts that are scored again and again.

use crate::math::Transposed;
use crate::score::{BLOCK, Judge, Shares, cosines, same_length};
use crate::{Embeddings, Prepared, Result, ScoreOptions, Scorer, Scores};

/// Texts that are scored again and again while the labels change. What was computed for a label is kept as long as the
/// label stays in the set: after an edit only that label is computed, and a threshold costs no product at all.
///
/// The scores are those of [`Scorer::score`], to the last bit.
#[derive(Debug, Clone)]
pub struct Corpus {
    scorer: Scorer,
    texts: Embeddings,
    shares: Vec<Shares>,
    columns: Vec<Column>,
}

/// What is known of a label, for the texts so far.
#[derive(Debug, Clone)]
struct Column {
    vector: Vec<f32>,
    claims: Vec<usize>,
    cosine: Vec<f32>,
    evidence: Vec<f32>,
}

impl Corpus {
    /// No texts yet, of vectors of length `dim`.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn new(scorer: Scorer, dim: usize) -> Self {
        Self { scorer, texts: Embeddings::empty(dim), shares: Vec::new(), columns: Vec::new() }
    }

    /// Adds texts, behind those that are there.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of another length.
    pub fn push(&mut self, texts: &Embeddings) -> Result<()> {
        self.texts.push(texts)?;
        for block in texts.as_slice().chunks(BLOCK * texts.dim()) {
            self.shares.extend(self.scorer.shares(block));
        }
        Ok(())
    }

    /// The texts' vectors.
    pub fn texts(&self) -> &Embeddings {
        &self.texts
    }

    /// How it scores.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// Scores all texts.
    ///
    /// # Errors
    /// As [`Scorer::score`].
    pub fn score(&mut self, labels: &Prepared, options: &ScoreOptions) -> Result<Scores> {
        same_length(&self.texts, &labels.vectors)?;
        self.line_up(labels);
        self.catch_up();
        let judge = Judge::new(&self.scorer, labels, options)?;
        let width = self.columns.len();
        let mut scores = Scores::with_capacity(self.texts.len(), width);
        let (mut cosine, mut evidence) = (vec![0.0; BLOCK * width], vec![0.0; BLOCK * width]);
        for (block, shares) in self.shares.chunks(BLOCK).enumerate() {
            let rows = block * BLOCK..block * BLOCK + shares.len();
            for (l, column) in self.columns.iter().enumerate() {
                let values = column.cosine[rows.clone()].iter().zip(&column.evidence[rows.clone()]);
                for (i, (&c, &e)) in values.enumerate() {
                    (cosine[i * width + l], evidence[i * width + l]) = (c, e);
                }
            }
            for (i, shares) in shares.iter().enumerate() {
                let row = i * width..(i + 1) * width;
                judge.text(&cosine[row.clone()], &evidence[row], shares, &mut scores);
            }
        }
        Ok(scores)
    }

    /// Brings the columns into the order of the labels, with empty ones for new labels.
    fn line_up(&mut self, labels: &Prepared) {
        let mut known = std::mem::take(&mut self.columns);
        for (vector, claims) in labels.vectors.rows().zip(&labels.claims) {
            let column = match known.iter().position(|column| column.vector == vector) {
                Some(place) => {
                    let mut column = known.swap_remove(place);
                    // Another label may have come between this one and its terms.
                    if column.claims != *claims {
                        column.claims.clone_from(claims);
                        column.weigh(&self.scorer, &self.shares, 0);
                    }
                    column
                }
                None => {
                    Column { vector: vector.to_vec(), claims: claims.clone(), cosine: Vec::new(), evidence: Vec::new() }
                }
            };
            self.columns.push(column);
        }
    }

    /// Computes what the columns lack: new labels all texts, the others those that came since.
    fn catch_up(&mut self) {
        let (dim, texts) = (self.texts.dim(), self.texts.as_slice());
        while let Some(from) =
            self.columns.iter().map(|c| c.cosine.len()).min().filter(|&from| from < self.shares.len())
        {
            let mut late: Vec<_> = self.columns.iter_mut().filter(|column| column.cosine.len() == from).collect();
            let labels = Transposed::new(late.iter().map(|column| column.vector.as_slice()), dim);
            for block in texts[from * dim..].chunks(BLOCK * dim) {
                let rows = cosines(block, &labels);
                for (l, column) in late.iter_mut().enumerate() {
                    column.cosine.extend(rows.iter().skip(l).step_by(labels.len()));
                }
            }
            for column in late {
                column.weigh(&self.scorer, &self.shares, from);
            }
        }
    }
}

impl Column {
    /// Weighs the evidence of the texts from `from` on.
    fn weigh(&mut self, scorer: &Scorer, shares: &[Shares], from: usize) {
        self.evidence.truncate(from);
        let texts = self.cosine.iter().zip(shares).skip(from);
        self.evidence.extend(texts.map(|(&cosine, shares)| scorer.weigh(cosine, &self.claims, shares)));
    }
}
