//! The student in candle: f32, with gradients. What trains, and what the engine's integers are held against.

mod bert;
mod ops;

pub use bert::{Bert, Noise, Witness};

use super::ragged::Ragged;
use crate::{Embeddings, Error, ErrorKind, Result};

/// The unit vectors of token ids, with whatever weights `bert` has at present.
///
/// # Errors
/// An empty text, or one longer than the model has positions.
pub fn embed<'a>(bert: &Bert, texts: impl IntoIterator<Item = &'a [u32]>) -> Result<Embeddings> {
    let rows = bert.forward(&Ragged::new(texts)?).map_err(broken)?;
    let (_, dim) = rows.dims2().map_err(broken)?;
    Embeddings::new(dim, rows.flatten_all().and_then(|rows| rows.to_vec1()).map_err(broken)?)
}

fn broken(e: candle_core::Error) -> Error {
    Error::new(ErrorKind::BadModel, format!("the model does not run: {e}")).with_source(e)
}
