//! What can go wrong, told in one sentence.

use std::error::Error as StdError;

use serde::{Deserialize, Serialize};

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of thing went wrong, for callers that branch on it.
///
/// On the wire in kebab-case: `"bad-model"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The model's manifest or weights are damaged, incomplete or contradict each other.
    BadModel,
    /// The model's tokeniser is unreadable or not the model's.
    BadTokenizer,
    /// A label set, or an edit of one, makes no sense.
    BadLabels,
    /// What was given to compute on is unusable.
    BadInput,
    /// It is well formed, but this version cannot do it.
    Unsupported,
    /// A bug.
    Internal,
}

/// An error whose text is one sentence: what is wrong, where, and what to do about it.
///
/// The sentence begins in lower case and ends without a stop, so that a caller can put the name of a file before it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of a kind, with its sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same error, with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}
