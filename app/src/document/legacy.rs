//! What earlier versions kept of a visit.

use std::sync::Arc;

use serde::Deserialize;
use undertone_core::{LabelSet, Mode};

use super::{Content, Order, View};

/// The one session that earlier versions kept, in the browser's `localStorage`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Session {
    text: String,
    labels: LabelSet,
    #[serde(default)]
    preset: Option<String>,
    mode: Mode,
    #[serde(default)]
    threshold: Option<f32>,
    #[serde(default)]
    order: Order,
}

impl Session {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence.
    pub fn from_json(json: &str) -> Result<Self, String> {
        serde_json::from_str(json).map_err(|error| {
            format!(
                "What an earlier version kept of your visit cannot be read ({error}): it is left as it is, and Undertone begins afresh."
            )
        })
    }

    /// As a document.
    pub fn into_content(self, name: impl Into<String>) -> Content {
        let Self { text, labels, preset, mode, threshold, order } = self;
        let view = View { mode, threshold, order, ..View::default() };
        Content { text: text.into(), labels: Arc::new(labels), preset, view, ..Content::new(name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_of_an_earlier_version_becomes_a_document() {
        let json = r#"{"text":"Hello.","labels":{"name":"Mine","template":"{}","next_id":7,"labels":
            [{"id":3,"name":"glee","description":"","synonyms":[],"hue":40}]},"preset":null,"mode":"single",
            "threshold":0.25,"order":"list","theme":"dark"}"#;
        let content = Session::from_json(json).unwrap().into_content("mine");
        assert_eq!((&*content.text, content.name.as_str()), ("Hello.", "mine"));
        assert_eq!(content.labels.labels()[0].id.get(), 3);
        assert_eq!(
            (content.view.mode, content.view.threshold, content.view.order),
            (Mode::Single, Some(0.25), Order::List)
        );
        assert!(Session::from_json("{\"text\":1}").unwrap_err().contains("left as it is"));
    }
}
