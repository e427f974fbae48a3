//! What survives a reload: the text, the labels and how they are read.

use serde::{Deserialize, Serialize};
use undertone_core::{LabelSet, Mode};

use crate::board::Board;

/// The text that a newcomer finds.
const SAMPLE: &str = "I honestly thought everyone had forgotten my birthday, and then you all \
                      jumped out of the kitchen with a cake. I can't stop smiling!";

/// The labels that a newcomer finds: the first preset, so that they are there before anything
/// was fetched.
const FIRST_LABELS: &str = include_str!("../../public/label-sets/ekman.json");
/// The file of [`FIRST_LABELS`] among the presets.
const FIRST_PRESET: &str = "ekman";

/// In which order results are shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// The strongest first.
    #[default]
    Score,
    /// As in the list of labels.
    List,
}

/// Which colours the page wears.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// Those of the system.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// The theme that one press of the button leads to.
    pub fn next(self) -> Self {
        match self {
            Self::Auto => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::Auto,
        }
    }

    /// Its value of the page's `data-theme`; none leaves the choice to the system.
    pub fn attribute(self) -> Option<&'static str> {
        match self {
            Self::Auto => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }
}

/// Everything that a person set or wrote.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Session {
    /// The text.
    pub text: String,
    /// The labels, and the preset that they are.
    #[serde(flatten)]
    pub board: Board,
    /// Several labels or one.
    pub mode: Mode,
    /// From which probability a label is on; none for the model's own.
    #[serde(default)]
    pub threshold: Option<f32>,
    /// The order of results.
    #[serde(default)]
    pub order: Order,
    /// The colours.
    #[serde(default)]
    pub theme: Theme,
}

impl Default for Session {
    fn default() -> Self {
        // A test proves that the file can be read; an empty list would be no disaster either.
        let labels = LabelSet::from_json(FIRST_LABELS).unwrap_or_else(|_| LabelSet::new("Labels"));
        Self {
            text: SAMPLE.into(),
            board: Board { labels, preset: Some(FIRST_PRESET.into()) },
            mode: Mode::Multi,
            threshold: None,
            order: Order::default(),
            theme: Theme::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_finds_labels_and_a_text() {
        let session = Session::default();
        assert_eq!(session.board.labels.labels().len(), 6);
        assert!(!session.text.is_empty());
    }

    #[test]
    fn a_session_survives_with_its_ids() {
        let mut session = Session::default();
        let first = session.board.labels.labels()[0].id;
        session.board.labels.remove(first).unwrap();
        session.board.labels.add("wonder").unwrap();
        session.threshold = Some(0.3);
        let json = serde_json::to_string(&session).unwrap();
        let back: Session = serde_json::from_str(&json).unwrap();
        assert_eq!(back, session);
    }

    #[test]
    fn every_preset_is_a_label_set_with_descriptions() {
        #[derive(Deserialize)]
        struct Entry {
            file: String,
            name: String,
            labels: usize,
        }
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../public/label-sets");
        let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let index: Vec<Entry> = serde_json::from_str(&read("index.json")).unwrap();
        assert_eq!(index.len(), 6);
        for entry in index {
            let set = LabelSet::from_json(&read(&entry.file)).unwrap();
            assert_eq!(set.name(), entry.name);
            assert_eq!(set.labels().len(), entry.labels, "{}", entry.file);
            for label in set.labels() {
                assert!(label.description.ends_with('.'), "{}: {}", entry.file, label.name);
                assert!(label.colour.is_some(), "{}: {}", entry.file, label.name);
            }
        }
    }
}
