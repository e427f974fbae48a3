//! Vectors of texts, short and long.

use std::ops::Range;

use crate::{Embeddings, Error, ErrorKind, Result};

/// The vectors of texts: a unit vector for each *window* of a text. A text that the model reads at once has one window, a
/// longer one several, in the order of the text.
///
/// The windows of all texts stand one below the other, `(windows, dim)`.
#[derive(Debug, Clone, PartialEq)]
pub struct TextVectors {
    rows: Embeddings,
    /// Where the windows of each text begin, and after the last one their number: `texts + 1` ascending entries.
    bounds: Vec<usize>,
}

impl TextVectors {
    /// No texts yet, of vectors of length `dim`.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn empty(dim: usize) -> Self {
        Self { rows: Embeddings::empty(dim), bounds: vec![0] }
    }

    /// The windows of texts, and of each text how many of them are its own.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a text without a window, or another number of windows than of rows.
    pub fn new(rows: Embeddings, counts: impl IntoIterator<Item = usize>) -> Result<Self> {
        let mut bounds = vec![0];
        let mut end = 0;
        for (text, count) in counts.into_iter().enumerate() {
            if count == 0 {
                return Err(bad(format!("text {text} has no window")));
            }
            end += count;
            bounds.push(end);
        }
        if end != rows.len() {
            return Err(bad(format!("{} vectors do not make {end} windows of texts", rows.len())));
        }
        Ok(Self { rows, bounds })
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The length of each vector.
    pub fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// The vectors of all windows.
    pub fn rows(&self) -> &Embeddings {
        &self.rows
    }

    /// The vectors of all windows.
    pub fn into_rows(self) -> Embeddings {
        self.rows
    }

    /// The indices of a text's windows.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn windows(&self, text: usize) -> Range<usize> {
        self.bounds[text]..self.bounds[text + 1]
    }

    /// The indices of the windows of some texts.
    ///
    /// # Panics
    /// If there are no such texts.
    pub fn windows_of(&self, texts: Range<usize>) -> Range<usize> {
        self.bounds[texts.start]..self.bounds[texts.end]
    }

    /// The vectors of a text's windows.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn text(&self, text: usize) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.windows(text).map(|window| self.rows.row(window))
    }

    /// How many windows each text has.
    pub fn counts(&self) -> impl ExactSizeIterator<Item = usize> {
        self.bounds.windows(2).map(|bounds| bounds[1] - bounds[0])
    }

    /// A text's direction as a whole: the mean of its windows', a unit vector. For what compares texts with each other, and
    /// for wordings of labels; labels are held against every window.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: windows that cancel each other.
    ///
    /// # Panics
    /// If there is no such text.
    pub fn mean(&self, text: usize) -> Result<Vec<f32>> {
        Embeddings::mean(&self.text(text).collect::<Vec<_>>())
    }

    /// [`TextVectors::mean`] of each text: `(texts, dim)`.
    ///
    /// # Errors
    /// As [`TextVectors::mean`].
    pub fn means(&self) -> Result<Embeddings> {
        let mut rows = Vec::with_capacity(self.len() * self.dim());
        for text in 0..self.len() {
            rows.extend(self.mean(text)?);
        }
        Embeddings::new(self.dim(), rows)
    }

    /// Some of the texts, in the order given.
    ///
    /// # Panics
    /// If there are no such texts.
    #[must_use]
    pub fn pick(&self, texts: &[usize]) -> Self {
        let mut picked = Self::empty(self.dim());
        for &text in texts {
            self.text(text).for_each(|row| picked.rows.push_unit(row));
            picked.bounds.push(picked.rows.len());
        }
        picked
    }

    /// Appends texts.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] if their vectors have another length.
    pub fn push(&mut self, others: &Self) -> Result<()> {
        let first = self.rows.len();
        self.rows.push(&others.rows)?;
        self.bounds.extend(others.bounds[1..].iter().map(|bound| first + bound));
        Ok(())
    }
}

impl From<Embeddings> for TextVectors {
    /// Texts of one window each.
    fn from(rows: Embeddings) -> Self {
        let bounds = (0..=rows.len()).collect();
        Self { rows, bounds }
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
