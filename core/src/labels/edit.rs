//! What may be done to a label set. An edit that fails changes nothing.

use std::collections::{HashMap, HashSet};

use serde_json::Map;

use super::set::{bad, check_template, check_threshold, key, missing, tidy, tidy_words};
use super::{Colour, Label, LabelId, LabelSet};
use crate::Result;

impl LabelSet {
    /// Adds a label at the end.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): an empty name, or that of another label.
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
            colour: None,
            folded: Vec::new(),
            other: Map::new(),
        });
        Ok(id)
    }

    /// Gives a label another name.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label, an empty name, or that of another label.
    pub fn rename(&mut self, id: LabelId, name: &str) -> Result<()> {
        let name = self.free_name(name, Some(id))?;
        self.get_mut(id)?.name = name;
        Ok(())
    }

    /// Takes a label out; those below it move up to its parent.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label.
    pub fn remove(&mut self, id: LabelId) -> Result<Label> {
        let removed = self.labels.remove(self.index(id)?);
        self.adopt(id, removed.parent);
        Ok(removed)
    }

    /// Makes one label of two: `from` goes, its name and synonyms become synonyms of `into`, its description too
    /// unless `into` has one, those below it move below `into`, and what it folds `into` folds.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label, or twice the same.
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
        target.folded.extend(from.folded);
        self.adopt(from.id, Some(into));
        Ok(())
    }

    /// Says what a label means.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label.
    pub fn set_description(&mut self, id: LabelId, description: &str) -> Result<()> {
        self.get_mut(id)?.description = description.to_owned();
        Ok(())
    }

    /// Gives other words for a label; empty ones and repetitions are left out.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label.
    pub fn set_synonyms(&mut self, id: LabelId, synonyms: Vec<String>) -> Result<()> {
        self.get_mut(id)?.synonyms = tidy_words(synonyms);
        Ok(())
    }

    /// Sets from which probability on a label is on; `None` for the usual one.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label, or a threshold that is not between 0 and 1.
    pub fn set_threshold(&mut self, id: LabelId, threshold: Option<f32>) -> Result<()> {
        let label = self.get_mut(id)?;
        check_threshold(threshold).map_err(|why| bad(format!("the label '{}' {why}", label.name)))?;
        label.threshold = threshold;
        Ok(())
    }

    /// Sets a label's colour; `None` to leave it to others.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label.
    pub fn set_colour(&mut self, id: LabelId, colour: Option<Colour>) -> Result<()> {
        let label = self.get_mut(id)?;
        label.colour = colour;
        // Instead of one that could not be read.
        label.other.remove("colour");
        Ok(())
    }

    /// Puts a label below another, or with `None` at the top.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label, or a parent that is the label itself or below it.
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
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): a template without a `{}`, or with several.
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
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): no such label.
    pub fn move_to(&mut self, id: LabelId, index: usize) -> Result<()> {
        let label = self.labels.remove(self.index(id)?);
        self.labels.insert(index.min(self.labels.len()), label);
        Ok(())
    }

    /// `newer`, in which labels that have a name of this set are this set's, by id; all others get ids that this set
    /// never gave out. So results stay with their labels when a file is edited elsewhere and loaded again.
    #[must_use]
    pub fn reimport(&self, newer: Self) -> Self {
        // Labels before those that are folded: a class has the id of a label that it folds.
        let every = |set: &Self| -> Vec<(LabelId, String)> {
            let folded = set.labels.iter().flat_map(Label::all_folded);
            set.labels.iter().chain(folded).map(|label| (label.id, key(&label.name))).collect()
        };
        let mut known = HashMap::new();
        every(self).into_iter().for_each(|(id, name)| {
            known.entry(name).or_insert(id);
        });
        let mut next = self.next;
        let (mut ids, mut given) = (HashMap::new(), HashSet::new());
        for (id, name) in every(&newer) {
            ids.entry(id).or_insert_with(|| {
                let id = known.get(&name).copied().filter(|id| !given.contains(id)).unwrap_or_else(|| {
                    next += 1;
                    LabelId(next - 1)
                });
                given.insert(id);
                id
            });
        }
        let labels = newer.labels.into_iter().map(|label| label.with_ids(&ids)).collect();
        Self { labels, next, ..newer }
    }

    /// Puts everything below `parent` below `other`.
    pub(super) fn adopt(&mut self, parent: LabelId, other: Option<LabelId>) {
        for label in self.labels.iter_mut().filter(|label| label.parent == Some(parent)) {
            label.parent = other;
        }
    }

    pub(super) fn index(&self, id: LabelId) -> Result<usize> {
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
