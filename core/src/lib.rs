#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod affect;
mod background;
mod bundle;
mod calibration;
mod corpus;
mod embeddings;
#[cfg(feature = "model")]
pub mod encoder;
mod error;
mod json;
mod labels;
mod lexicon;
mod manifest;
mod math;
pub mod metrics;
#[cfg(feature = "model")]
mod normalise;
mod records;
mod score;
mod scores;
mod utf16;

pub use affect::{Affect, AffectHead};
pub use background::Background;
pub use bundle::Bundle;
pub use calibration::Calibration;
pub use corpus::Corpus;
pub use embeddings::Embeddings;
#[cfg(feature = "model")]
pub use encoder::{Encoded, Encoder, TOKEN_TABLE, Tokenizer};
pub use error::{Error, ErrorKind, Result};
pub use labels::{Label, LabelId, LabelSet};
pub use lexicon::{Lexicon, Term};
pub use manifest::{EncoderConfig, FileEntry, Manifest};
pub use math::dot;
#[cfg(feature = "model")]
pub use normalise::{Normalised, normalise};
pub use records::{Fields, Record, Records};
pub use score::{Prepared, ScoreOptions, Scorer};
pub use scores::{Mode, Scores};
pub use utf16::utf16_ranges;
