//! The labels as texts are scored against them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::{LabelSet, Prepared, Wordings};

use super::{Editing, Model, Notices, Topic};
use crate::client::Question;
use crate::wire::Report;
use crate::wire::engine::{Role, Unit};

/// How long typing pauses before labels are encoded: half-typed names mean nothing.
const PAUSE: Duration = Duration::from_millis(120);

/// Labels with a vector for each.
#[derive(Clone, Debug)]
pub struct PreparedLabels {
    /// Counts them: what is said of another version is about other labels.
    pub version: u32,
    /// The labels.
    pub set: Arc<LabelSet>,
    /// The same, ready to be scored against.
    pub prepared: Prepared,
}

impl PartialEq for PreparedLabels {
    fn eq(&self, other: &Self) -> bool {
        self.version == other.version
    }
}

/// The labels' vectors.
#[derive(Clone, Copy)]
pub struct LabelVectors {
    prepared: Memo<Option<Arc<PreparedLabels>>>,
    wordings: RwSignal<Wordings>,
    /// What is being encoded, by question.
    asked: StoredValue<BTreeMap<u32, Vec<String>>>,
    /// What could not be encoded.
    refused: RwSignal<BTreeSet<String>>,
    editing: Editing,
    model: Model,
    notices: Notices,
}

impl LabelVectors {
    /// Those of the document's labels, from now on.
    pub fn new(editing: Editing, model: Model, notices: Notices) -> Self {
        let wordings = RwSignal::new(Wordings::default());
        let versions = StoredValue::new(0);
        let prepared = Memo::new(move |before: Option<&Option<Arc<PreparedLabels>>>| {
            let before = before.cloned().flatten();
            let (Some(loaded), set) = (model.loaded(), editing.labels.get()) else { return before };
            if let Some(before) = before.as_ref().filter(|before| Arc::ptr_eq(&before.set, &set)) {
                return Some(before.clone());
            }
            let dim = loaded.model.dim as usize;
            let vectors = wordings.with(|wordings| wordings.matrix(&set, dim));
            let prepared =
                vectors.and_then(|vectors| vectors.map(|vectors| loaded.scorer.prepare(vectors, &set)).transpose());
            match prepared {
                Ok(Some(prepared)) => {
                    let version = versions.try_update_value(|version| {
                        *version += 1;
                        *version
                    });
                    Some(Arc::new(PreparedLabels { version: version.unwrap_or_default(), set, prepared }))
                }
                // Until all wordings have vectors, those of before stay.
                Ok(None) => before,
                Err(error) => {
                    notices.say(Topic::Encoding, error.to_string());
                    before
                }
            }
        });
        let (asked, refused) = (StoredValue::default(), RwSignal::default());
        let labels = Self { prepared, wordings, asked, refused, editing, model, notices };
        let mut encode = debounce(PAUSE, move |()| labels.encode());
        Effect::new(move |_| {
            editing.labels.track();
            encode(());
        });
        Effect::new(move |_| {
            if model.loaded().is_some() {
                // Another engine may manage what the last one could not.
                refused.set(BTreeSet::new());
                labels.encode();
            }
        });
        labels
    }

    /// The labels with their vectors, as they were last complete.
    pub fn prepared(self) -> Option<Arc<PreparedLabels>> {
        self.prepared.get()
    }

    /// Reads the vectors of the wordings.
    pub fn with_wordings<T>(self, read: impl FnOnce(&Wordings) -> T) -> T {
        self.wordings.with(read)
    }

    /// Whether they are those of the document, or as near as can be.
    pub fn are_current(self) -> bool {
        let current = self.editing.labels.get();
        self.prepared.with(|prepared| prepared.as_ref().is_some_and(|prepared| Arc::ptr_eq(&prepared.set, &current)))
            || self.refused.with(|refused| {
                !refused.is_empty()
                    && self.wordings.with(|known| known.missing(&current).iter().any(|w| refused.contains(w)))
            })
    }

    /// Encodes what is new. What is being encoded already is waited for, and what nobody needs any more is not.
    fn encode(self) {
        if untrack(|| self.model.loaded()).is_none() {
            return;
        }
        let set = self.editing.labels.get_untracked();
        let missing = self.wordings.with_untracked(|wordings| wordings.missing(&set));
        let asked = self.asked.get_value();
        for (&id, wordings) in &asked {
            if !wordings.iter().any(|wording| missing.contains(wording)) {
                self.model.cancel(id);
                self.asked.update_value(|asked| drop(asked.remove(&id)));
            }
        }
        let pending: BTreeSet<&String> = asked.values().flatten().collect();
        let refused = self.refused.get_untracked();
        let new: Vec<String> =
            missing.into_iter().filter(|wording| !pending.contains(wording) && !refused.contains(wording)).collect();
        if new.is_empty() {
            return;
        }
        let number = StoredValue::new(None);
        let wordings = new.clone();
        let question = Question { role: Role::Label, unit: Unit::Text, texts: new.clone() };
        let id = self.model.encode(question, move |outcome| {
            if let Some(id) = number.get_value() {
                self.asked.update_value(|asked| drop(asked.remove(&id)));
            }
            let learned = outcome.and_then(|encoded| self.learn(&wordings, &encoded));
            if let Err(report) = learned {
                self.refused.update(|refused| refused.extend(wordings));
                self.notices.say(Topic::Encoding, report.message);
            }
        });
        number.set_value(id);
        if let Some(id) = id {
            self.asked.update_value(|asked| drop(asked.insert(id, new)));
        }
    }

    fn learn(self, wordings: &[String], encoded: &crate::wire::engine::Encoded) -> Result<(), Report> {
        let Some(loaded) = untrack(|| self.model.loaded()) else { return Ok(()) };
        let vectors = encoded.texts(loaded.model.dim as usize)?;
        let set = self.editing.labels.get_untracked();
        let learned = self.wordings.try_update(|known| {
            let learned = known.learn(wordings.to_vec(), &vectors);
            known.tidy(&set);
            learned
        });
        Ok(learned.unwrap_or(Ok(()))?)
    }
}
