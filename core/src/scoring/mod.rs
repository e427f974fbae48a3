//! Texts against labels: evidence from cosines, probabilities from evidence, tags from probabilities.

mod background;
mod calibration;
mod corpus;
mod evidence;
mod examples;
mod lexicon;
mod readout;
mod scorer;
mod scores;

pub use background::Background;
pub(crate) use calibration::logit;
pub use calibration::{Calibration, Choice};
pub use corpus::Corpus;
pub use evidence::Evidence;
pub use lexicon::{Lexicon, Term};
pub use readout::{Mode, Readout, ScoreOptions};
pub use scorer::{Parts, Prepared, Scorer};
pub use scores::Scores;
