//! What is read from disk: annotation sets to learn from, evaluation sets to be measured by.

mod annotations;
mod evaluation;
mod jsonl;

pub use annotations::{Annotations, Example, Wordings};
pub use evaluation::{EvaluationSet, Task};
pub use jsonl::each_row;
