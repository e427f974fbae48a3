//! What is read from disk: annotation sets to learn from, evaluation sets to be measured by.

mod annotations;
mod evaluation;
mod jsonl;
mod lexicon;

pub use annotations::{Annotations, Example};
pub use evaluation::{EvaluationSet, Task};
pub use lexicon::{Entry, Lexicon, Relation};
