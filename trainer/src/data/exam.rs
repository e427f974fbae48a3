//! What a model may be measured by.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{EvaluationSet, Probes};

/// A folder with a `set.json`, whose task says which of the two it is.
#[derive(Debug)]
pub enum Exam {
    Set(EvaluationSet),
    Probes(Probes),
}

impl Exam {
    pub fn read(folder: &Path) -> Result<Self> {
        // A file that cannot be read is told by whoever reads it in earnest.
        let header = fs::read(folder.join("set.json")).ok().and_then(|h| serde_json::from_slice::<Value>(&h).ok());
        match header.as_ref().and_then(|header| header["task"].as_str()) {
            Some("probes") => Probes::read(folder).map(Self::Probes),
            _ => EvaluationSet::read(folder, None).map(Self::Set),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Set(set) => &set.name,
            Self::Probes(probes) => &probes.name,
        }
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        match self {
            Self::Set(set) => set.texts.len(),
            Self::Probes(probes) => probes.probes.len(),
        }
    }
}
