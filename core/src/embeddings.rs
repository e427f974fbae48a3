//! Unit vectors of texts or labels.

use crate::{Error, ErrorKind, Result};

/// Rows of unit vectors, one below the other: a `(len, dim)` matrix of f32, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    dim: usize,
    values: Vec<f32>,
}

impl Embeddings {
    /// Takes `(n, dim)` values, row-major, and scales every row to length one. Rows of that length stay as they are,
    /// bit for bit, so that vectors may travel as plain numbers.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: values that do not make whole rows, or a row without a direction (zero, or with a value
    /// that is no finite number).
    pub fn new(dim: usize, mut values: Vec<f32>) -> Result<Self> {
        if dim == 0 || !values.len().is_multiple_of(dim) {
            return Err(bad(format!("{} values do not make vectors of length {dim}", values.len())));
        }
        for (i, row) in values.chunks_exact_mut(dim).enumerate() {
            normalise(row).map_err(|why| bad(format!("row {i} of the vectors {why}")))?;
        }
        Ok(Self { dim, values })
    }

    /// No rows yet.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn empty(dim: usize) -> Self {
        assert!(dim > 0, "vectors have at least one dimension");
        Self { dim, values: Vec::new() }
    }

    /// The length of each row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Row `i`.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.values.chunks_exact(self.dim)
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// All values, row after row.
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }

    /// Appends the rows of `other`.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`] if they have another length.
    pub fn push(&mut self, other: &Self) -> Result<()> {
        if self.dim != other.dim {
            return Err(bad(format!("vectors of length {} cannot follow vectors of length {}", other.dim, self.dim)));
        }
        self.values.extend_from_slice(&other.values);
        Ok(())
    }

    /// Appends a row that is a unit vector of this length already.
    pub(crate) fn push_unit(&mut self, row: &[f32]) {
        debug_assert_eq!(row.len(), self.dim);
        self.values.extend_from_slice(row);
    }

    /// The mean direction of some vectors, as a unit vector: what several wordings mean together.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: no vectors, vectors of different lengths, or vectors that cancel each other.
    pub fn mean(rows: &[&[f32]]) -> Result<Vec<f32>> {
        let [first, others @ ..] = rows else {
            return Err(bad("no vectors have no mean"));
        };
        if let Some(other) = others.iter().find(|row| row.len() != first.len()) {
            return Err(bad(format!("vectors of lengths {} and {} have no mean", first.len(), other.len())));
        }
        let mut mean = first.to_vec();
        for row in others {
            mean.iter_mut().zip(*row).for_each(|(sum, x)| *sum += x);
        }
        normalise(&mut mean).map_err(|why| bad(format!("the mean of {} vectors {why}", rows.len())))?;
        Ok(mean)
    }
}

/// Scales `row` to length one, or says what is wrong with it.
fn normalise(row: &mut [f32]) -> std::result::Result<(), &'static str> {
    let square: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    if !square.is_finite() {
        return Err("has a value that is not a finite number");
    }
    if square == 0.0 {
        return Err("has no direction: all its values are zero");
    }
    // What rounding to f32 leaves of a unit length; scaling again would only move the last bits.
    if (square - 1.0).abs() > 1e-6 {
        let factor = square.sqrt().recip();
        row.iter_mut().for_each(|x| *x = (f64::from(*x) * factor) as f32);
    }
    Ok(())
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
