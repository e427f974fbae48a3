//! What a model may be measured by.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::{EvaluationSet, Probe, Probes};

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
            _ => EvaluationSet::read(folder).map(Self::Set),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Set(set) => &set.name,
            Self::Probes(probes) => &probes.name,
        }
    }

    /// All texts that it asks about.
    pub fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::Set(set) => Box::new(set.texts.iter().map(String::as_str)),
            Self::Probes(probes) => Box::new(probes.probes.iter().flat_map(Probe::texts)),
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
