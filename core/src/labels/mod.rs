//! The words that texts are scored against.

mod file;

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, Result, json};
use file::File;

/// What identifies a label through all edits of its set. Given out once, never again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LabelId(u32);

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
    /// The hue of its colour in degrees, below 360, if somebody chose it.
    pub hue: Option<u16>,
}

/// An ordered set of labels, some below others, and the template that they are read in.
///
/// Names are unique: two that differ only in case or in surrounding space are the same. An edit that fails changes
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
    name: String,
    template: String,
    labels: Vec<Label>,
    /// The id of the next label; larger than any that was ever given out.
    next: u32,
}

/// The template of the bare name.
const BARE: &str = "{}";

impl LabelSet {
    /// A set without labels, whose template is the bare name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), template: BARE.into(), labels: Vec::new(), next: 0 }
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

    /// What to encode for a label, each wording once: its name in the template, its synonyms, and if it has a
    /// description, that with the name before it and alone. The label's vector is their mean
    /// ([`Embeddings::mean`](crate::Embeddings::mean)). Empty if there is no such label.
    pub fn wordings(&self, id: LabelId) -> Vec<String> {
        let Some(label) = self.get(id) else {
            return Vec::new();
        };
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

    /// Adds a label at the end.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: an empty name, or that of another label.
    pub fn add(&mut self, name: &str) -> Result<LabelId> {
        let name = self.free_name(name, None)?;
        let id = LabelId(self.next);
        self.next += 1;
        self.labels.push(Label {
            id,
            name,
            description: String::new(),
            synonyms: Vec::new(),
            parent: None,
            threshold: None,
            hue: None,
        });
        Ok(id)
    }

    /// Gives a label another name.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label, an empty name, or that of another label.
    pub fn rename(&mut self, id: LabelId, name: &str) -> Result<()> {
        let name = self.free_name(name, Some(id))?;
        self.get_mut(id)?.name = name;
        Ok(())
    }

    /// Takes a label out; those below it move up to its parent.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label.
    pub fn remove(&mut self, id: LabelId) -> Result<Label> {
        let removed = self.labels.remove(self.index(id)?);
        self.adopt(id, removed.parent);
        Ok(removed)
    }

    /// Makes one label of two: `from` goes, its name and synonyms become synonyms of `into`, its description too
    /// unless `into` has one, and those below it move below `into`.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label, or twice the same.
    pub fn merge(&mut self, from: LabelId, into: LabelId) -> Result<()> {
        if from == into {
            return Err(bad(format!("the label '{}' cannot be merged with itself", self.existing(from)?.name)));
        }
        self.index(into)?;
        let below = self.descendants(from).iter().any(|label| label.id == into);
        let from = self.labels.remove(self.index(from)?);
        let target = self.get_mut(into)?;
        if below {
            target.parent = from.parent;
        }
        if target.description.trim().is_empty() {
            target.description = from.description;
        }
        let words = target.synonyms.drain(..).chain([from.name]).chain(from.synonyms).collect();
        let words = tidy_words(words).into_iter().filter(|word| key(word) != key(&target.name));
        target.synonyms = words.collect();
        self.adopt(from.id, Some(into));
        Ok(())
    }

    /// Says what a label means.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label.
    pub fn set_description(&mut self, id: LabelId, description: &str) -> Result<()> {
        self.get_mut(id)?.description = description.to_owned();
        Ok(())
    }

    /// Gives other words for a label; empty ones and repetitions are left out.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label.
    pub fn set_synonyms(&mut self, id: LabelId, synonyms: Vec<String>) -> Result<()> {
        self.get_mut(id)?.synonyms = tidy_words(synonyms);
        Ok(())
    }

    /// Sets from which probability on a label is on; `None` for the usual one.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label, or a threshold that is not between 0 and 1.
    pub fn set_threshold(&mut self, id: LabelId, threshold: Option<f32>) -> Result<()> {
        let label = self.get_mut(id)?;
        check_threshold(threshold).map_err(|why| bad(format!("the label '{}' {why}", label.name)))?;
        label.threshold = threshold;
        Ok(())
    }

    /// Sets the hue of a label's colour in degrees; `None` to leave it to others.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label, or a hue of 360 or more.
    pub fn set_hue(&mut self, id: LabelId, hue: Option<u16>) -> Result<()> {
        let label = self.get_mut(id)?;
        check_hue(hue).map_err(|why| bad(format!("the label '{}' {why}", label.name)))?;
        label.hue = hue;
        Ok(())
    }

    /// Puts a label below another, or with `None` at the top.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label, or a parent that is the label itself or below it.
    pub fn set_parent(&mut self, id: LabelId, parent: Option<LabelId>) -> Result<()> {
        if let Some(parent) = parent {
            let (label, above) = (self.existing(id)?, self.existing(parent)?);
            if id == parent || self.descendants(id).iter().any(|below| below.id == parent) {
                let (label, above) = (&label.name, &above.name);
                let message = format!("the label '{label}' cannot go below '{above}', which is itself or below it");
                return Err(bad(message));
            }
        }
        self.get_mut(id)?.parent = parent;
        Ok(())
    }

    /// Sets what names are put into, at its one `{}`. An empty template is the bare name.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: a template without a `{}`, or with several.
    pub fn set_template(&mut self, template: &str) -> Result<()> {
        self.template = check_template(template)?;
        Ok(())
    }

    /// Sets what the set is called.
    pub fn set_name(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// Moves a label to a place in the order: before the label that is there, or to the end.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`]: no such label.
    pub fn move_to(&mut self, id: LabelId, index: usize) -> Result<()> {
        let label = self.labels.remove(self.index(id)?);
        self.labels.insert(index.min(self.labels.len()), label);
        Ok(())
    }

    /// `newer`, in which labels that have a name of this set are this set's, by id; all others get ids that this set
    /// never gave out. So results stay with their labels when a file is edited elsewhere and loaded again.
    #[must_use]
    pub fn reimport(&self, newer: Self) -> Self {
        let known: HashMap<String, LabelId> = self.labels.iter().map(|label| (key(&label.name), label.id)).collect();
        let mut next = self.next;
        let mut fresh = || {
            next += 1;
            LabelId(next - 1)
        };
        let id = |label: &Label| (label.id, known.get(&key(&label.name)).copied().unwrap_or_else(&mut fresh));
        let ids: HashMap<LabelId, LabelId> = newer.labels.iter().map(id).collect();
        let labels = newer.labels.into_iter().map(|label| Label {
            id: ids[&label.id],
            parent: label.parent.map(|parent| ids[&parent]),
            ..label
        });
        Self { labels: labels.collect(), next, ..newer }
    }

    fn below(&self, parent: Option<LabelId>) -> impl Iterator<Item = &Label> {
        self.labels.iter().filter(move |label| label.parent == parent)
    }

    /// Puts everything below `parent` below `other`.
    fn adopt(&mut self, parent: LabelId, other: Option<LabelId>) {
        for label in self.labels.iter_mut().filter(|label| label.parent == Some(parent)) {
            label.parent = other;
        }
    }

    fn index(&self, id: LabelId) -> Result<usize> {
        self.labels.iter().position(|label| label.id == id).ok_or_else(|| missing(id))
    }

    fn existing(&self, id: LabelId) -> Result<&Label> {
        self.get(id).ok_or_else(|| missing(id))
    }

    fn get_mut(&mut self, id: LabelId) -> Result<&mut Label> {
        self.labels.iter_mut().find(|label| label.id == id).ok_or_else(|| missing(id))
    }

    /// The name as it is kept, if no label but `own` has it.
    fn free_name(&self, name: &str, own: Option<LabelId>) -> Result<String> {
        let name = tidy(name);
        if name.is_empty() {
            return Err(bad("a label needs a name: type at least one character"));
        }
        match self.find(name) {
            Some(other) if Some(other.id) != own => {
                Err(bad(format!("there is a label '{}' already: choose another name", other.name)))
            }
            _ => Ok(name.to_owned()),
        }
    }
}

/// A name without what nobody sees around it: space, and marks of writing direction or byte order.
fn tidy(name: &str) -> &str {
    name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'))
}

/// What two names have in common if they are the same.
fn key(name: &str) -> String {
    tidy(name).to_lowercase()
}

fn tidy_words(words: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let words = words.iter().map(|word| tidy(word)).filter(|word| !word.is_empty());
    words.filter(|word| seen.insert(key(word))).map(str::to_owned).collect()
}

fn check_template(template: &str) -> Result<String> {
    match template.matches(BARE).count() {
        1 => Ok(template.to_owned()),
        0 if template.trim().is_empty() => Ok(BARE.to_owned()),
        0 => Err(bad(format!("the template '{template}' has no {{}} for the label: write it where the label goes"))),
        n => Err(bad(format!("the template '{template}' has {n} times {{}}: write it once, where the label goes"))),
    }
}

fn check_threshold(threshold: Option<f32>) -> std::result::Result<(), String> {
    match threshold {
        Some(t) if !(0.0..=1.0).contains(&t) => Err(format!("has the threshold {t}: it must be between 0 and 1")),
        _ => Ok(()),
    }
}

fn check_hue(hue: Option<u16>) -> std::result::Result<(), String> {
    match hue {
        Some(hue) if hue >= 360 => Err(format!("has the hue {hue}: it must be below 360")),
        _ => Ok(()),
    }
}

fn missing(id: LabelId) -> Error {
    bad(format!("there is no label with the id {} any more", id.0))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadLabels, message)
}
