//! The words that texts are scored against.

mod colour;
mod edit;
mod file;
mod set;
mod vectors;

pub use colour::Colour;
pub use set::{Label, LabelId, LabelSet};
pub use vectors::{Examples, Wordings};
