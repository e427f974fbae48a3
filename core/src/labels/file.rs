//! The label-set file.

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::set::{bad, check_template, check_threshold, key, tidy, tidy_words};
use super::{Colour, Label, LabelId, LabelSet};
use crate::{Error, Result};

/// The field with the colour.
const COLOUR: &str = "colour";

/// The largest id that a file may give: it leaves more ids than anyone can use up, and every tool can hold it.
const LARGEST_ID: u32 = 1 << 30;

/// What is in the file. Labels name their parents: that is what people can write.
#[derive(Serialize, Deserialize)]
pub(super) struct File {
    name: String,
    #[serde(default)]
    template: String,
    /// Written if it does not follow from the labels: the last one was removed, and its id must not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_id: Option<u32>,
    labels: Vec<Entry>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    threshold: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    colour: Option<Value>,
    /// In degrees: what earlier versions wrote instead of the colour.
    #[serde(default, skip_serializing)]
    hue: Option<u16>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    folded: Vec<Entry>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl TryFrom<File> for LabelSet {
    type Error = Error;

    fn try_from(file: File) -> Result<Self> {
        let File { name, template, next_id, labels: entries, other } = file;
        let places = Place::all(&entries);
        let mut indices = HashMap::new();
        for (i, place) in places.iter().enumerate() {
            if tidy(&place.entry.name).is_empty() {
                return Err(bad(format!("{place} has no name: give it one, or remove it")));
            }
            check_threshold(place.entry.threshold).map_err(|why| bad(format!("{place} {why}")))?;
            if place.holder.is_some() {
                continue;
            }
            if let Some(first) = indices.insert(key(&place.entry.name), i) {
                let message = format!("{place} repeats label {}: rename or remove one of them", places[first].number());
                return Err(bad(message));
            }
        }
        let (ids, next) = ids(&places, next_id)?;
        let parent = |place: &Place<'_>| {
            let Some(name) = place.entry.parent.as_deref().filter(|name| !tidy(name).is_empty()) else {
                return Ok(None);
            };
            // Of the labels that are folded with it, else of the set; what is folded elsewhere comes last.
            let name = key(name);
            let named = |other: &Place<'_>| key(&other.entry.name) == name;
            let beside = || places.iter().position(|other| other.holder == place.holder && named(other));
            let elsewhere = || places.iter().position(named);
            let found = match place.holder {
                None => indices.get(&name).copied(),
                Some(_) => beside().or_else(|| indices.get(&name).copied()).or_else(elsewhere),
            };
            found.map(Some).ok_or_else(|| {
                let name = place.entry.parent.as_deref().unwrap_or_default();
                let message = format!("{place} has the parent '{name}', which is not in the set");
                bad(format!("{message}: add it, or correct its name"))
            })
        };
        let parents = places.iter().map(parent).collect::<Result<Vec<_>>>()?;
        if let Some(i) = (0..places.len()).find(|&i| is_own_ancestor(i, &parents)) {
            return Err(bad(format!("{} is its own ancestor: give it another parent", places[i])));
        }
        let hue = |place: &Place<'_>| match place.entry.hue {
            Some(hue) if hue >= 360 => Err(bad(format!("{place} has the hue {hue}: it must be below 360"))),
            _ => Ok(()),
        };
        places.iter().try_for_each(hue)?;
        let known = parents.into_iter().map(|parent| parent.map(|i| ids[i]));
        let known: Vec<_> = ids.iter().copied().zip(known).collect();
        let labels = labels(entries, &mut known.into_iter());
        Ok(Self { name, template: check_template(&template)?, labels, next, other })
    }
}

/// The labels of some entries. `known` are the id and parent of each, in the order of [`Place::all`].
fn labels(entries: Vec<Entry>, known: &mut impl Iterator<Item = (LabelId, Option<LabelId>)>) -> Vec<Label> {
    let mut labels = Vec::with_capacity(entries.len());
    for mut entry in entries {
        let Some((id, parent)) = known.next() else { break };
        labels.push(Label {
            id,
            parent,
            name: tidy(&entry.name).to_owned(),
            colour: entry.take_colour(),
            description: entry.description,
            synonyms: tidy_words(entry.synonyms),
            threshold: entry.threshold,
            folded: self::labels(entry.folded, known),
            other: entry.other,
        });
    }
    labels
}

/// Where an entry stands.
struct Place<'a> {
    entry: &'a Entry,
    /// The place of the entry that folds it.
    holder: Option<usize>,
    /// Its number, from 1, among those it stands with, and its name; before it those of the entries that fold it.
    path: Vec<(usize, &'a str)>,
}

impl<'a> Place<'a> {
    /// All entries, each before those that it folds.
    fn all(entries: &'a [Entry]) -> Vec<Self> {
        let stack = |entries: &'a [Entry], holder: Option<usize>| {
            entries.iter().enumerate().rev().map(move |(i, entry)| (i + 1, entry, holder))
        };
        let mut places: Vec<Self> = Vec::with_capacity(entries.len());
        let mut open: Vec<_> = stack(entries, None).collect();
        while let Some((number, entry, holder)) = open.pop() {
            let mut path = holder.map(|holder| places[holder].path.clone()).unwrap_or_default();
            path.push((number, tidy(&entry.name)));
            places.push(Self { entry, holder, path });
            open.extend(stack(&entry.folded, Some(places.len() - 1)));
        }
        places
    }

    /// Its number.
    fn number(&self) -> usize {
        self.path.last().map_or(0, |&(number, _)| number)
    }

    /// Whether an entry folds this one, itself or through others.
    fn is_folded_into(&self, other: usize, places: &[Self]) -> bool {
        std::iter::successors(self.holder, |&holder| places[holder].holder).any(|holder| holder == other)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (number, name)) in self.path.iter().rev().enumerate() {
            f.write_str(if i == 0 { "label " } else { " of those folded into label " })?;
            write!(f, "{number}")?;
            if !name.is_empty() {
                write!(f, " ('{name}')")?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// A label as it is written. `names` are those of all labels.
    fn of(label: Label, names: &HashMap<LabelId, String>) -> Self {
        // Among labels that are folded together, one is below another by its own name.
        let mut inner = names.clone();
        inner.extend(label.folded.iter().map(|label| (label.id, label.name.clone())));
        Self {
            id: Some(label.id.0),
            name: label.name,
            description: label.description,
            synonyms: label.synonyms,
            parent: label.parent.and_then(|parent| names.get(&parent).cloned()),
            threshold: label.threshold,
            colour: label.colour.map(|colour| colour.to_string().into()),
            hue: None,
            folded: label.folded.into_iter().map(|label| Self::of(label, &inner)).collect(),
            other: label.other,
        }
    }

    /// The label's colour. One that is written in a way that this version does not read stays in the file, as all fields do
    /// that it does not know.
    fn take_colour(&mut self) -> Option<Colour> {
        let Some(colour) = self.colour.take() else {
            return self.hue.map(Colour::of_hue);
        };
        let read = colour.as_str().and_then(|colour| colour.parse().ok());
        if read.is_none() && !colour.is_null() {
            self.other.insert(COLOUR.into(), colour);
        }
        read
    }
}

/// The id of each entry, and the next one after them. A class may have the id of a label that it folds, and of no other.
fn ids(places: &[Place<'_>], next: Option<u32>) -> Result<(Vec<LabelId>, u32)> {
    let mut given: HashMap<u32, usize> = HashMap::new();
    for (i, id) in places.iter().enumerate().filter_map(|(i, place)| Some((i, place.entry.id?))) {
        let place = &places[i];
        if id > LARGEST_ID {
            return Err(bad(format!("{place} has the id {id}, which is larger than {LARGEST_ID}: remove the id")));
        }
        if given.insert(id, i).is_some_and(|other| !place.is_folded_into(other, places)) {
            let message = format!("{place} has the id {id}, which another label has too");
            return Err(bad(format!("{message}: remove one of the two ids")));
        }
    }
    let after = given.keys().max().map_or(0, |id| id + 1);
    let mut next = next.unwrap_or(0).max(after);
    if next > LARGEST_ID + 1 {
        return Err(bad(format!("the set's next_id is {next}, which is larger than {LARGEST_ID}: remove it")));
    }
    let id = |place: &Place<'_>| {
        LabelId(place.entry.id.unwrap_or_else(|| {
            next += 1;
            next - 1
        }))
    };
    let ids = places.iter().map(id).collect();
    Ok((ids, next))
}

fn is_own_ancestor(i: usize, parents: &[Option<usize>]) -> bool {
    // A chain as long as the set has run into a cycle, of which `i` need not be part.
    std::iter::successors(parents[i], |&i| parents[i]).take(parents.len()).any(|ancestor| ancestor == i)
}

impl From<LabelSet> for File {
    fn from(set: LabelSet) -> Self {
        let folded = set.labels.iter().flat_map(Label::all_folded);
        let all: Vec<(LabelId, String)> =
            set.labels.iter().chain(folded).map(|label| (label.id, label.name.clone())).collect();
        let after = all.iter().map(|(id, _)| id.0 + 1).max().unwrap_or(0);
        // A class may have the id of a label that it folds: whoever is below it is so by the class's name.
        let names: HashMap<LabelId, String> = all.into_iter().rev().collect();
        Self {
            name: set.name,
            template: set.template,
            next_id: (set.next != after).then_some(set.next),
            labels: set.labels.into_iter().map(|label| Entry::of(label, &names)).collect(),
            other: set.other,
        }
    }
}
