//! Errors on their way to a person.

use serde::{Deserialize, Serialize};
use undertone_core::{Error, ErrorKind};

/// An error on its way to a person.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// What kind of error it is.
    pub kind: ReportKind,
    /// One sentence: what, where, what to do.
    pub message: String,
}

/// The kinds of [`Report`]: core's, and those that only a browser knows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReportKind {
    /// An error of `undertone-core`.
    Core(ErrorKind),
    /// An error of the browser or the network.
    Browser(BrowserErrorKind),
}

/// What goes wrong around the model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrowserErrorKind {
    /// A file could not be fetched.
    Network,
    /// The browser refused to keep or return something.
    Storage,
    /// The worker stopped.
    Worker,
}

impl Report {
    /// A report of something that the browser or the network did.
    pub fn browser(kind: BrowserErrorKind, message: impl Into<String>) -> Self {
        Self { kind: ReportKind::Browser(kind), message: message.into() }
    }
}

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self { kind: ReportKind::Core(error.kind()), message: error.to_string() }
    }
}
