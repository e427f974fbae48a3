//! Texts against labels: evidence from cosines, probabilities from evidence, tags from probabilities.

mod background;
mod calibration;
mod choices;
mod corpus;
mod evidence;
mod examples;
mod lexicon;
mod prepared;
mod readout;
mod scorer;
mod scores;
mod tags;

pub use background::Background;
pub(crate) use calibration::logit;
pub use calibration::{Calibration, Choice};
pub use corpus::Corpus;
pub use evidence::Evidence;
pub use lexicon::{Lexicon, Term};
pub use prepared::Prepared;
pub(crate) use prepared::join;
pub use readout::{Mode, Readout, ScoreOptions};
pub use scorer::{Parts, Scorer};
pub use scores::Scores;
pub use tags::Tags;
