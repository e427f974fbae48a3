//! The label-set file.

use std::collections::{HashMap, HashSet};

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
    #[serde(flatten)]
    other: Map<String, Value>,
}

impl TryFrom<File> for LabelSet {
    type Error = Error;

    fn try_from(file: File) -> Result<Self> {
        let File { name, template, next_id, labels: entries, other } = file;
        let place = |i: usize| format!("label {} ('{}')", i + 1, tidy(&entries[i].name));
        let mut indices = HashMap::new();
        for (i, entry) in entries.iter().enumerate() {
            if tidy(&entry.name).is_empty() {
                return Err(bad(format!("label {} has no name: give it one, or remove it", i + 1)));
            }
            if let Some(first) = indices.insert(key(&entry.name), i) {
                let message = format!("{} repeats label {}: rename or remove one of them", place(i), first + 1);
                return Err(bad(message));
            }
            check_threshold(entry.threshold).map_err(|why| bad(format!("{} {why}", place(i))))?;
        }
        let (ids, next) = ids(&entries, next_id)?;
        let parent = |i: usize| {
            let Some(name) = entries[i].parent.as_deref().filter(|name| !tidy(name).is_empty()) else {
                return Ok(None);
            };
            indices.get(&key(name)).copied().map(Some).ok_or_else(|| {
                let message = format!("{} has the parent '{name}', which is not in the set", place(i));
                bad(format!("{message}: add it, or correct its name"))
            })
        };
        let parents = (0..entries.len()).map(parent).collect::<Result<Vec<_>>>()?;
        if let Some(i) = (0..entries.len()).find(|&i| is_own_ancestor(i, &parents)) {
            return Err(bad(format!("{} is its own ancestor: give it another parent", place(i))));
        }
        let mut labels = Vec::with_capacity(entries.len());
        for (i, mut entry) in entries.into_iter().enumerate() {
            let colour =
                entry.take_colour().map_err(|why| bad(format!("label {} ('{}') {why}", i + 1, tidy(&entry.name))))?;
            labels.push(Label {
                id: ids[i],
                name: tidy(&entry.name).to_owned(),
                description: entry.description,
                synonyms: tidy_words(entry.synonyms),
                parent: parents[i].map(|parent| ids[parent]),
                threshold: entry.threshold,
                colour,
                other: entry.other,
            });
        }
        Ok(Self { name, template: check_template(&template)?, labels, next, other })
    }
}

impl Entry {
    /// The label's colour. One that is written in a way that this version does not read stays in the file, as all fields do
    /// that it does not know.
    fn take_colour(&mut self) -> std::result::Result<Option<Colour>, String> {
        let Some(colour) = self.colour.take() else {
            return match self.hue {
                Some(hue) if hue >= 360 => Err(format!("has the hue {hue}: it must be below 360")),
                hue => Ok(hue.map(Colour::of_hue)),
            };
        };
        let read = colour.as_str().and_then(|colour| colour.parse().ok());
        if read.is_none() && !colour.is_null() {
            self.other.insert(COLOUR.into(), colour);
        }
        Ok(read)
    }
}

/// The id of each entry, and the next one after them.
fn ids(entries: &[Entry], next: Option<u32>) -> Result<(Vec<LabelId>, u32)> {
    let mut given = HashSet::new();
    for (i, id) in entries.iter().enumerate().filter_map(|(i, entry)| Some((i, entry.id?))) {
        let place = format!("label {} ('{}') has the id {id}", i + 1, tidy(&entries[i].name));
        if id > LARGEST_ID {
            return Err(bad(format!("{place}, which is larger than {LARGEST_ID}: remove the id")));
        }
        if !given.insert(id) {
            return Err(bad(format!("{place}, which another label has too: remove one of the two ids")));
        }
    }
    let after = given.iter().max().map_or(0, |id| id + 1);
    let mut next = next.unwrap_or(0).max(after);
    if next > LARGEST_ID + 1 {
        return Err(bad(format!("the set's next_id is {next}, which is larger than {LARGEST_ID}: remove it")));
    }
    let id = |entry: &Entry| {
        LabelId(entry.id.unwrap_or_else(|| {
            next += 1;
            next - 1
        }))
    };
    let ids = entries.iter().map(id).collect();
    Ok((ids, next))
}

fn is_own_ancestor(i: usize, parents: &[Option<usize>]) -> bool {
    // A chain as long as the set has run into a cycle, of which `i` need not be part.
    std::iter::successors(parents[i], |&i| parents[i]).take(parents.len()).any(|ancestor| ancestor == i)
}

impl From<LabelSet> for File {
    fn from(set: LabelSet) -> Self {
        let after = set.labels.iter().map(|label| label.id.0 + 1).max().unwrap_or(0);
        let names: HashMap<LabelId, String> = set.labels.iter().map(|label| (label.id, label.name.clone())).collect();
        let entry = |label: Label| Entry {
            id: Some(label.id.0),
            name: label.name,
            description: label.description,
            synonyms: label.synonyms,
            parent: label.parent.map(|parent| names[&parent].clone()),
            threshold: label.threshold,
            colour: label.colour.map(|colour| colour.to_string().into()),
            hue: None,
            other: label.other,
        };
        Self {
            name: set.name,
            template: set.template,
            next_id: (set.next != after).then_some(set.next),
            labels: set.labels.into_iter().map(entry).collect(),
            other: set.other,
        }
    }
}
