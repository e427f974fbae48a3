#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod data;
mod embeddings;
#[cfg(feature = "model")]
pub mod encoder;
mod error;
pub mod explain;
pub mod granularity;
mod json;
mod labels;
mod math;
pub mod metrics;
mod model;
mod scoring;
#[cfg(feature = "model")]
mod tagger;
mod text;
mod text_vectors;

pub use data::{
    Annotation, Annotations, Cell, Column, Encoding, Format, Gold, Prediction, Problem, Reason, Role, Roles, Run,
    Status, Table, label_studio_config,
};
pub use embeddings::Embeddings;
#[cfg(feature = "model")]
pub use encoder::{Encoded, Encoder, TOKEN_TABLE, Tokenizer};
pub use error::{Error, ErrorKind, Result};
pub use labels::{Class, Colour, Cut, Examples, Label, LabelId, LabelSet, Node, Part, Tree, Wordings};
pub use math::dot;
pub use model::{Affect, AffectHead, Bundle, EncoderConfig, FileEntry, Manifest};
pub use scoring::{
    Background, Calibration, Choice, Corpus, Evidence, Lexicon, Mode, Parts, Prepared, Readout, ScoreOptions, Scorer,
    Scores, Tags, Term,
};
#[cfg(feature = "model")]
pub use tagger::{Tagged, Tagger};
pub use text::utf16_ranges;
#[cfg(feature = "model")]
pub use text::{Normalised, Window, Windows, normalise, sentences, words};
pub use text_vectors::TextVectors;
