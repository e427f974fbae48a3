//! The file that is open.

use serde::{Deserialize, Serialize};

use super::Decisions;

/// Which file: enough to find its content again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FileRef {
    /// What its content is kept under; never given twice.
    pub key: String,
    /// Its name.
    pub name: String,
    /// The column with the texts, if somebody chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// A file and what was decided about its rows.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct OpenFile {
    /// The file.
    #[serde(flatten)]
    pub file: FileRef,
    /// What was decided, row by row.
    #[serde(default)]
    pub decisions: Decisions,
}
