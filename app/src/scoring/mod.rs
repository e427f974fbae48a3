//! The scoring worker: it owns the file that is open, its vectors and its scores.
//!
//! [`Sheet`] is the file: texts, vectors in a [`Corpus`](undertone_core::Corpus), decisions. [`Sweep`] goes over all rows in
//! steps and finds what is counted, filtered and sorted. Both are plain Rust. [`serve()`] is the message loop around them,
//! which answers for the rows in view first, and encodes the texts with engines of its own, so that neither texts nor vectors
//! ever pass through the page.

mod examine;
mod export;
mod serve;
mod sheet;
mod sweep;
mod texts;

pub use examine::{Judge, examine};
pub use export::Exporter;
pub use serve::serve;
pub use sheet::{Labels, Look, Sheet};
pub use sweep::{Outcome, Sweep};
pub use texts::Texts;
