//! What is said of a row, as the member "undertone" of a JSON object.

use std::borrow::Cow;
use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::annotation::{Annotation, Prediction, Run, Status};
use super::json::Name;
use super::names;
use crate::Affect;

/// The member's name.
pub(super) const ENTRY: &str = "undertone";

/// An entry as it is read.
#[derive(serde::Deserialize)]
pub(super) struct Entry<'a> {
    pub status: Status,
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub tags: Option<Vec<String>>,
    #[serde(borrow, default)]
    pub scores: Option<Pairs<'a>>,
    #[serde(default)]
    pub none: Option<f32>,
    #[serde(default)]
    pub valence: Option<f32>,
    #[serde(default)]
    pub arousal: Option<f32>,
    #[serde(borrow, default)]
    pub thresholds: Option<Pairs<'a>>,
    #[serde(default)]
    pub model: String,
    #[serde(default)]
    pub label_set: String,
    /// The format that the row was written in, where that has a member for labels of its own.
    #[serde(borrow, default)]
    pub format: Option<Cow<'a, str>>,
    /// What that member had said before.
    #[serde(borrow, default)]
    pub original: Option<&'a RawValue>,
}

/// Numbers by label, in order.
pub(super) struct Pairs<'a>(pub Vec<(Cow<'a, str>, f32)>);

/// How an entry is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Style<'a> {
    /// The format, where that has a member for labels of its own.
    pub format: Option<&'a str>,
    /// What that member said before.
    pub original: Option<&'a str>,
    /// Whether every entry has the same members of the same types, numbers by label as a list: what Arrow needs.
    pub uniform: bool,
}

impl Entry<'_> {
    /// The labels of this run.
    pub fn run(&self) -> Run {
        let pairs = self.thresholds.as_ref().or(self.scores.as_ref()).map_or(&[][..], |pairs| &pairs.0);
        let thresholds = self.thresholds.as_ref().map_or(&[][..], |pairs| &pairs.0);
        Run {
            model: self.model.clone(),
            label_set: self.label_set.clone(),
            labels: pairs.iter().map(|(name, _)| name.clone().into_owned()).collect(),
            thresholds: thresholds.iter().map(|&(_, threshold)| threshold).collect(),
        }
    }

    /// What is said of the row, with labels counted by `run`, which is this entry's and has the index `index`. The error is
    /// what is wrong with it.
    pub fn annotation(&self, run: &Run, index: usize) -> Result<Annotation, String> {
        let find = |what: &str, name: &str| {
            let place = run.labels.iter().position(|label| label == name);
            place.ok_or_else(|| {
                format!("{what} name '{name}', of which there is no threshold; import the file as it was")
            })
        };
        let all = |what: &str, names: &Option<Vec<String>>| {
            names
                .as_ref()
                .map(|names| names.iter().map(|name| find(what, name)).collect::<Result<Vec<_>, _>>())
                .transpose()
        };
        let mut prediction = None;
        if let Some(Pairs(scores)) = &self.scores {
            let mut found = Prediction {
                probability: vec![0.0; run.labels.len()],
                on: vec![false; run.labels.len()],
                none: self.none.unwrap_or_default(),
                affect: self.valence.zip(self.arousal).map(|(valence, arousal)| Affect { valence, arousal }),
            };
            for (at, (name, score)) in scores.iter().enumerate() {
                let label =
                    if run.labels.get(at).is_some_and(|label| label == name) { at } else { find("scores", name)? };
                if !(0.0..=1.0).contains(score) {
                    return Err(format!("the score of '{name}' is {score}; it must be between 0 and 1"));
                }
                found.probability[label] = *score;
            }
            for tag in all("tags", &self.tags)?.unwrap_or_default() {
                found.on[tag] = true;
            }
            prediction = Some(found);
        }
        Ok(Annotation {
            run: index,
            prediction,
            status: self.status,
            labels: all("labels", &self.labels)?,
            note: self.note.clone().unwrap_or_default(),
        })
    }
}

/// Writes what is said of a row.
pub(super) fn write(out: &mut String, annotation: &Annotation, run: &Run, style: Style<'_>) {
    let Style { format, original, uniform } = style;
    let names = |labels: &[usize]| names::list(&run.names(labels.iter().copied()));
    let _ = write!(out, "{{\"status\":\"{}\"", annotation.status);
    match &annotation.labels {
        Some(labels) => push(out, "labels", &names(labels)),
        None if uniform => push(out, "labels", "null"),
        None => {}
    }
    if uniform || !annotation.note.is_empty() {
        push(out, "note", &string(&annotation.note));
    }
    match &annotation.prediction {
        Some(prediction) => {
            push(out, "tags", &names(&prediction.tags().collect::<Vec<_>>()));
            let scores = prediction.probability.iter().map(|&p| fixed::<4>(p));
            pairs(out, ["scores", "score"], &run.labels, scores, uniform);
            push(out, "none", &fixed::<4>(prediction.none));
            if uniform || prediction.affect.is_some() {
                let of = |value: Option<f32>| value.map_or("null".into(), fixed::<2>);
                push(out, "valence", &of(prediction.affect.map(|affect| affect.valence)));
                push(out, "arousal", &of(prediction.affect.map(|affect| affect.arousal)));
            }
        }
        None if uniform => {
            ["tags", "scores", "none", "valence", "arousal"].into_iter().for_each(|name| push(out, name, "null"));
        }
        None => {}
    }
    pairs(
        out,
        ["thresholds", "threshold"],
        &run.labels,
        (0..run.labels.len()).map(|label| shortest(run.threshold(label))),
        uniform,
    );
    push(out, "model", &string(&run.model));
    push(out, "label_set", &string(&run.label_set));
    if let Some(format) = format {
        push(out, "format", &string(format));
    }
    match original {
        // Of any type, and therefore as text.
        Some(original) if uniform => push(out, "original", &string(original)),
        Some(original) => push(out, "original", original),
        None if uniform => push(out, "original", "null"),
        None => {}
    }
    out.push('}');
}

/// A further member.
fn push(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, ",\"{name}\":{value}");
}

/// A member with a number for each label.
fn pairs(
    out: &mut String,
    [name, number]: [&str; 2],
    labels: &[String],
    numbers: impl Iterator<Item = String>,
    uniform: bool,
) {
    let _ = write!(out, ",\"{name}\":{}", if uniform { '[' } else { '{' });
    for (i, (label, value)) in labels.iter().zip(numbers).enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let label = string(label);
        let _ = match uniform {
            true => write!(out, "{comma}{{\"label\":{label},\"{number}\":{value}}}"),
            false => write!(out, "{comma}{label}:{value}"),
        };
    }
    out.push(if uniform { ']' } else { '}' });
}

/// Text as JSON.
pub(super) fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A number with so many decimals; what is no number is 0.
pub(super) fn fixed<const DECIMALS: usize>(number: f32) -> String {
    let number = if number.is_finite() { number } else { 0.0 };
    format!("{number:.DECIMALS$}")
}

/// A number with as few decimals as tell it, one at least.
pub(super) fn shortest(number: f32) -> String {
    format!("{:?}", if number.is_finite() { number } else { 0.0 })
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// A pair in a list.
        #[derive(serde::Deserialize)]
        struct Pair<'a> {
            #[serde(borrow)]
            label: Name<'a>,
            #[serde(alias = "threshold")]
            score: f32,
        }

        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("numbers by label")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Name(name), number)) = map.next_entry::<Name<'de>, f32>()? {
                    pairs.push((name, number));
                }
                Ok(Pairs(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(Pair { label: Name(label), score }) = list.next_element()? {
                    pairs.push((label, score));
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_any(InOrder)
    }
}
