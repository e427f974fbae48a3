//! What the text feels like.

use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::{Prepared, Scorer};

use super::reading::EncodedText;
use super::{Editing, LabelVectors, Model, Notices, Reading, Topic};
use crate::client::Question;
use crate::wire::engine::{self, Encoded, Role, Unit};
use crate::wire::{BrowserErrorKind, Report};

/// How long typing pauses before the text is encoded: shorter than a keystroke, so that the
/// answer keeps up, and long enough to skip what a paste or a held key passes through.
const PAUSE: Duration = Duration::from_millis(60);

/// The text that is typed, encoded and scored.
#[derive(Clone, Copy)]
pub struct TextReading {
    /// What the text feels like, in the labels as they were when it was last known.
    pub reading: Memo<Option<Reading>>,
    encoded: RwSignal<Option<EncodedText>>,
    refused: RwSignal<Option<std::sync::Arc<str>>>,
    encoding: StoredValue<bool>,
    editing: Editing,
    model: Model,
    labels: LabelVectors,
    notices: Notices,
}

impl TextReading {
    /// That of the document's text, from now on.
    pub fn new(editing: Editing, model: Model, labels: LabelVectors, notices: Notices) -> Self {
        let encoded = RwSignal::new(None);
        let reading = Memo::new(move |before: Option<&Option<Reading>>| {
            let options = undertone_core::ScoreOptions { mode: editing.mode.get(), threshold: editing.threshold.get() };
            // Without a model or labels the last reading stays: it is as true as it was.
            let (Some(loaded), Some(labels)) = (model.loaded(), labels.prepared()) else {
                return before.cloned().flatten();
            };
            let reading = encoded.with(|encoded: &Option<EncodedText>| {
                encoded.as_ref().map(|text| Reading::new(text, &labels, &loaded.scorer, &options)).transpose()
            });
            reading.unwrap_or_else(|error| {
                notices.say(Topic::Encoding, error.to_string());
                before.cloned().flatten()
            })
        });
        let (refused, encoding) = (RwSignal::new(None), StoredValue::new(false));
        let text = Self { reading, encoded, refused, encoding, editing, model, labels, notices };
        let mut encode = debounce(PAUSE, move |()| text.encode());
        Effect::new(move |_| {
            editing.text.track();
            encode(());
        });
        Effect::new(move |_| {
            if model.loaded().is_some() {
                // Another engine may manage what the last one could not.
                refused.set(None);
                text.encode();
            }
        });
        text
    }

    /// The evidence of the text for some labels; `None` while there is no text.
    pub fn evidence(self, scorer: &Scorer, labels: &Prepared) -> Option<Vec<f32>> {
        self.encoded.with(|encoded| {
            let evidence = scorer.evidence(&encoded.as_ref()?.vectors, labels).ok()?;
            Some(evidence.row(0).to_vec())
        })
    }

    /// Whether what is shown lags behind the text or the labels.
    pub fn is_behind(self) -> bool {
        let text = self.editing.text.get();
        let known = self.encoded.with(|encoded| match encoded {
            Some(encoded) => encoded.text == text,
            None => text.trim().is_empty(),
        });
        let refused = self.refused.with(|refused| refused.as_ref() == Some(&text));
        !(known || refused) || !self.labels.are_current()
    }

    /// Encodes the text, unless that is being done: then its end looks again, so that answers
    /// keep coming while somebody types faster than the model reads.
    fn encode(self) {
        let Some(loaded) = untrack(|| self.model.loaded()) else { return };
        let text = self.editing.text.get_untracked();
        if text.trim().is_empty() {
            self.encoded.set(None);
            return;
        }
        let known = self.encoded.with_untracked(|encoded| encoded.as_ref().is_some_and(|known| known.text == text));
        let refused = self.refused.with_untracked(|refused| refused.as_ref() == Some(&text));
        if known || refused || self.encoding.get_value() {
            return;
        }
        self.encoding.set_value(true);
        let question = Question { role: Role::Typing, unit: Unit::Text, texts: vec![text.to_string()] };
        self.model.encode(question, move |outcome| {
            self.encoding.set_value(false);
            match outcome.and_then(|encoded| understand(text.clone(), &encoded, &loaded.model)) {
                Ok(encoded) => {
                    self.notices.clear(Topic::Encoding);
                    self.encoded.set(Some(encoded));
                }
                Err(report) => {
                    self.refused.set(Some(text.clone()));
                    self.notices.say(Topic::Encoding, report.message);
                }
            }
            if self.editing.text.get_untracked() != text {
                self.encode();
            }
        });
    }
}

fn understand(text: std::sync::Arc<str>, encoded: &Encoded, model: &engine::Model) -> Result<EncodedText, Report> {
    let vectors = encoded.texts(model.dim as usize)?;
    let affect = model.affect.read_texts(&vectors)?.into_iter().next();
    let affect = affect.ok_or_else(|| Report::browser(BrowserErrorKind::Worker, "the worker left a text out"))?;
    let ranges = encoded.ranges.chunks_exact(2).map(|range| range[0]..range[1]).collect();
    Ok(EncodedText { text, vectors, ranges, cut: encoded.cut.contains(&1), affect })
}
