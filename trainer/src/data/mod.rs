//! What is read from disk: annotation sets to learn from, evaluation sets and probes to be measured by.

mod annotations;
mod evaluation;
mod exam;
mod jsonl;
mod lexicon;
mod probes;

pub use annotations::{Annotations, Example, Origin, Rating, Source};
pub use evaluation::{EvaluationSet, Task};
pub use exam::Exam;
pub use jsonl::{each_row, each_row_of_some, rows_of};
pub use lexicon::{Entry, Lexicon, Relation, Sense};
pub use probes::{Claim, Probe, Probes};
