//! The words that texts are scored against.

mod colour;
mod edit;
mod file;
mod fold;
mod set;
mod tree;
mod vectors;

pub use colour::Colour;
pub(crate) use fold::implied;
pub(crate) use set::key;
pub use set::{Label, LabelId, LabelSet, Part};
pub(crate) use tree::{Branch, Draft};
pub use tree::{Class, Cut, Node, Tree};
pub use vectors::{Examples, Wordings};
