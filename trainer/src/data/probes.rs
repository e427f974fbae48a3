//! Probes: claims about how labels compare for a text, each of which a model meets or not.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::jsonl::{each_row_of_some, rows_of};

/// A folder of `set.json`, whose task is "probes", and `data.jsonl`.
#[derive(Debug, Clone)]
pub struct Probes {
    pub name: String,
    pub probes: Vec<Probe>,
}

/// A text, and what should hold for it.
#[derive(Debug, Clone)]
pub struct Probe {
    /// What of language it is about, "negation" for one.
    pub phenomenon: String,
    pub text: String,
    pub claim: Claim,
    /// Why it should hold, in a few words; may be empty.
    pub note: String,
}

#[derive(Debug, Clone)]
pub enum Claim {
    /// Each label of `higher` scores above each of `lower`.
    Order { higher: Vec<String>, lower: Vec<String> },
    /// The wordings score alike, and each above each of `lower`.
    Same { wordings: Vec<String>, lower: Vec<String> },
    /// The label scores higher for the probe's text than for the other.
    Pair { label: String, other: String },
}

impl Probe {
    /// Its text, and the other one if it compares two.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let other = match &self.claim {
            Claim::Pair { other, .. } => Some(other.as_str()),
            Claim::Order { .. } | Claim::Same { .. } => None,
        };
        std::iter::once(self.text.as_str()).chain(other)
    }
}

impl Claim {
    /// All labels that the claim is about.
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Order { higher: above, lower } | Self::Same { wordings: above, lower } => {
                above.iter().chain(lower).cloned().collect()
            }
            Self::Pair { label, .. } => vec![label.clone()],
        }
    }
}

#[derive(Deserialize)]
struct Header {
    name: String,
}

#[derive(Deserialize)]
struct Row {
    kind: Option<String>,
    phenomenon: Option<String>,
    text: Option<String>,
    other: Option<String>,
    label: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    higher: Vec<String>,
    #[serde(default)]
    lower: Vec<String>,
    #[serde(default)]
    note: String,
}

impl Row {
    fn probe(self) -> Result<Probe> {
        let phenomenon = filled(self.phenomenon, "phenomenon")?;
        let text = filled(self.text, "text")?;
        let claim = match self.kind.as_deref() {
            Some("order") => {
                Claim::Order { higher: words(self.higher, "higher", 1)?, lower: words(self.lower, "lower", 1)? }
            }
            Some("same") => {
                Claim::Same { wordings: words(self.labels, "labels", 2)?, lower: words(self.lower, "lower", 0)? }
            }
            Some("pair") => Claim::Pair { label: filled(self.label, "label")?, other: filled(self.other, "other")? },
            Some(kind) => anyhow::bail!("the field \"kind\" is \"{kind}\"; it must be \"order\", \"same\" or \"pair\""),
            None => anyhow::bail!("the field \"kind\" is missing; it must be \"order\", \"same\" or \"pair\""),
        };
        // The labels are scored as one set, in which a name can be but once.
        let mut seen = HashSet::new();
        for label in claim.labels() {
            let new = seen.insert(label.trim().to_lowercase());
            ensure!(
                new,
                "the label \"{label}\" is named twice; name each once in \"labels\", \"higher\" and \"lower\""
            );
        }
        Ok(Probe { phenomenon, text, claim, note: self.note })
    }
}

fn filled(value: Option<String>, field: &str) -> Result<String> {
    value
        .filter(|value| !value.trim().is_empty())
        .with_context(|| format!("the field \"{field}\" is missing or empty; fill it in"))
}

fn words(words: Vec<String>, field: &str, least: usize) -> Result<Vec<String>> {
    ensure!(
        words.len() >= least && words.iter().all(|word| !word.trim().is_empty()),
        "the field \"{field}\" must list {least} or more labels, none of them empty"
    );
    Ok(words)
}

impl Probes {
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("set.json");
        let header = fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let header: Header = serde_json::from_str(&header).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))?;
        let mut probes = Vec::new();
        each_row_of_some(&rows_of(folder)?, |place, row: Row| {
            probes.push(row.probe().with_context(|| place.to_string())?);
            Ok(())
        })?;
        Ok(Self { name: header.name, probes })
    }
}
