//! What a document says.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use undertone_core::LabelSet;

use super::{OpenFile, View};
use crate::presets;

/// The text that a newcomer finds.
const SAMPLE: &str = "I honestly thought everyone had forgotten my birthday, and then you all \
                      jumped out of the kitchen with a cake. I can't stop smiling!";

/// Everything in a document. What is large is shared, so that a copy costs nothing.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Content {
    /// What it is called.
    pub name: String,
    /// The text that was typed.
    pub text: Arc<str>,
    /// The labels.
    pub labels: Arc<LabelSet>,
    /// The preset that they are, unless somebody has edited them since.
    #[serde(default)]
    pub preset: Option<String>,
    /// The file that is open.
    #[serde(default)]
    pub file: Option<Arc<OpenFile>>,
    /// How it is looked at.
    #[serde(default)]
    pub view: View,
}

impl Content {
    /// The content of a new document.
    pub fn new(name: impl Into<String>) -> Self {
        let first = presets::first();
        Self {
            name: name.into(),
            text: SAMPLE.into(),
            labels: Arc::new(first.labels()),
            preset: Some(first.key.into()),
            file: None,
            view: View::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_finds_labels_and_a_text() {
        let content = Content::new("mine");
        assert_eq!(content.labels.labels().len(), 6);
        assert!(!content.text.is_empty());
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
    }
}
