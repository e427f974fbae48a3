//! Labels in their order, and the tree they make.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::Colour;
use super::file::File;
use crate::model::short_hash;
use crate::{Error, ErrorKind, Result, json};

/// What identifies a label through all edits of its set. Given out once, never again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelId(pub(super) u32);

impl LabelId {
    /// The id as a number.
    pub fn get(self) -> u32 {
        self.0
    }
}

/// One thing that a text may express.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Stays when everything else changes.
    pub id: LabelId,
    /// What people call it. Unique in its set.
    pub name: String,
    /// What it means, in a sentence; may be empty.
    pub description: String,
    /// Other words for it.
    pub synonyms: Vec<String>,
    /// The broader label that it is a case of.
    pub parent: Option<LabelId>,
    /// From which probability on it is on, 0 to 1, if not from the usual one.
    pub threshold: Option<f32>,
    /// Its colour, if somebody chose it.
    pub colour: Option<Colour>,
    /// The labels that it stands for, if it is a class that was made of several: see [`LabelSet::fold`].
    pub folded: Vec<Self>,
    /// What else its file says of it: fields that this version does not know, kept for those that do.
    pub other: Map<String, Value>,
}

/// A label with a vector of its own: [`LabelSet::parts`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part<'a> {
    /// The index of the set's label that it is part of.
    pub index: usize,
    /// What it is: that label, or one that is folded into it.
    pub label: &'a Label,
}

/// An ordered set of labels, some below others, and the template that they are read in.
///
/// Names are unique: two that differ only in case, in surrounding space or in how accents are composed are the same. An edit that fails changes
/// nothing. Read and written as a label-set file, by serde too.
///
/// ```
/// # use undertone_core::{LabelSet, Result};
/// let mut set = LabelSet::new("mine");
/// let anger = set.add("anger")?;
/// let fury = set.add("fury")?;
/// set.set_parent(fury, Some(anger))?;
/// set.rename(fury, "rage")?;
/// assert_eq!(set.find("Rage").map(|label| label.id), Some(fury));
/// assert_eq!(LabelSet::from_json(&set.to_json())?, set);
/// # Ok::<_, undertone_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "File", into = "File")]
pub struct LabelSet {
    pub(super) name: String,
    pub(super) template: String,
    pub(super) labels: Vec<Label>,
    /// The id of the next label; larger than any that was ever given out.
    pub(super) next: u32,
    /// What else its file says: fields that this version does not know.
    pub(super) other: Map<String, Value>,
}

/// The template of the bare name.
pub(super) const BARE: &str = "{}";

impl LabelSet {
    /// A set without labels, whose template is the bare name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), template: BARE.into(), labels: Vec::new(), next: 0, other: Map::new() }
    }

    /// Reads a label-set file.
    ///
    /// Labels without an id get one. Errors count labels from 1, as people do.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: what is no such file, or a label that repeats another, has no name, has a parent that
    /// is missing or its own descendant, or a number out of range.
    pub fn from_json(json: &str) -> Result<Self> {
        json::parse::<File>(json.as_bytes(), "label set", ErrorKind::BadLabels)?.try_into()
    }

    /// The label-set file: the same set gives the same bytes.
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// What the set is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a name is put into before it is encoded, at its `{}`.
    pub fn template(&self) -> &str {
        &self.template
    }

    /// The labels, in order.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// The label with an id.
    pub fn get(&self, id: LabelId) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }

    /// The label with a name, whatever its case and the space around it.
    pub fn find(&self, name: &str) -> Option<&Label> {
        let key = key(name);
        self.labels.iter().find(|label| self::key(&label.name) == key)
    }

    /// The labels without a parent, in order.
    pub fn roots(&self) -> impl Iterator<Item = &Label> {
        self.below(None)
    }

    /// The labels directly below one, in order.
    pub fn children(&self, id: LabelId) -> impl Iterator<Item = &Label> {
        self.below(Some(id))
    }

    /// The labels below one, at any depth: each before those below itself.
    pub fn descendants(&self, id: LabelId) -> Vec<&Label> {
        let mut found = Vec::new();
        let mut open: Vec<&Label> = self.children(id).collect();
        open.reverse();
        while let Some(label) = open.pop() {
            found.push(label);
            let at = open.len();
            open.extend(self.children(label.id));
            open[at..].reverse();
        }
        found
    }

    /// What texts are compared with: labels, each with a vector of its own. A label that folds no others is one part; one that
    /// does is those of the labels that it folds, and itself if it has synonyms or a description.
    pub fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::with_capacity(self.labels.len());
        for (index, label) in self.labels.iter().enumerate() {
            let mut open = vec![label];
            while let Some(label) = open.pop() {
                let speaks = !label.synonyms.is_empty() || !label.description.trim().is_empty();
                if label.folded.is_empty() || speaks {
                    parts.push(Part { index, label });
                }
                open.extend(label.folded.iter().rev());
            }
        }
        parts
    }

    /// What to encode for a label, each wording once: its name in the template, its synonyms, and if it has a
    /// description, that with the name before it and alone. The label's vector is their mean
    /// ([`Embeddings::mean`](crate::Embeddings::mean)). Empty if there is no such label.
    pub fn wordings(&self, id: LabelId) -> Vec<String> {
        self.get(id).map(|label| self.wordings_of(label)).unwrap_or_default()
    }

    /// [`LabelSet::wordings`] of a label or one that is folded.
    pub(crate) fn wordings_of(&self, label: &Label) -> Vec<String> {
        let mut wordings = vec![self.template.replacen(BARE, &label.name, 1)];
        wordings.extend(label.synonyms.iter().cloned());
        let description = label.description.trim();
        if !description.is_empty() {
            wordings.push(format!("{}: {description}", label.name));
            wordings.push(description.to_owned());
        }
        let mut seen = BTreeSet::new();
        wordings.retain(|wording| seen.insert(wording.clone()));
        wordings
    }

    /// What tells this set from others by which texts would get other scores: the first 16 hexadecimal digits of the SHA-256
    /// of everything that counts. The set's own name, ids, colours and what this version does not know do not.
    pub fn hash(&self) -> String {
        let name = |id: LabelId| self.get(id).map(|label| label.name.as_str());
        let label = |label: &Label| {
            let mut value = serde_json::json!([
                label.name,
                label.description,
                label.synonyms,
                label.parent.and_then(name),
                label.threshold
            ]);
            if let Some(value) = value.as_array_mut() {
                let words = |folded: &Label| serde_json::json!([folded.name, folded.description, folded.synonyms]);
                value.extend(label.all_folded().into_iter().map(words));
            }
            value
        };
        let labels: Vec<serde_json::Value> = self.labels.iter().map(label).collect();
        short_hash(serde_json::json!([self.template, labels]).to_string().as_bytes())
    }

    fn below(&self, parent: Option<LabelId>) -> impl Iterator<Item = &Label> {
        self.labels.iter().filter(move |label| label.parent == parent)
    }
}

/// A name without what nobody sees around it: space, and marks of writing direction or byte order.
pub(super) fn tidy(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'))
}

/// What two names have in common if they are the same.
pub(crate) fn key(name: &str) -> String {
    tidy(name).nfc().collect::<String>().to_lowercase()
}

pub(super) fn tidy_words(words: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let words = words.iter().map(|word| tidy(word)).filter(|word| !word.is_empty());
    words.filter(|word| seen.insert(key(word))).map(str::to_owned).collect()
}

pub(super) fn check_template(template: &str) -> Result<String> {
    match template.matches(BARE).count() {
        1 => Ok(template.to_owned()),
        0 if template.trim().is_empty() => Ok(BARE.to_owned()),
        0 => Err(bad(format!("the template '{template}' has no {{}} for the label: write it where the label goes"))),
        n => Err(bad(format!("the template '{template}' has {n} times {{}}: write it once, where the label goes"))),
    }
}

pub(super) fn check_threshold(threshold: Option<f32>) -> std::result::Result<(), String> {
    match threshold {
        Some(t) if !(0.0..=1.0).contains(&t) => Err(format!("has the threshold {t}: it must be between 0 and 1")),
        _ => Ok(()),
    }
}

pub(super) fn missing(id: LabelId) -> Error {
    bad(format!("there is no label with the id {} any more", id.0))
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadLabels, message)
}
