//! Annotation sets: texts with what a teacher said of them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::jsonl::{Place, each_row};
use super::lexicon::{Entry, Lexicon};

/// A text and what the teacher said of it.
#[derive(Debug, Clone)]
pub struct Example {
    pub text: String,
    /// Free-form descriptors, lower case; each is expressed by the text.
    pub descriptors: Vec<String>,
    /// Labels the teacher was asked about, with how far each is expressed, 0 to 1. Others are unknown.
    pub ratings: Vec<(String, f32)>,
    /// Valence and arousal, 1 to 9.
    pub affect: Option<[f32; 2]>,
}

/// Everything there is to learn from: examples, and what is known of some descriptors.
#[derive(Debug, Default)]
pub struct Annotations {
    pub examples: Vec<Example>,
    /// What a descriptor may also be called, and how it relates to others.
    pub lexicon: Lexicon,
    /// Name and number of rows of each set read.
    pub sources: Vec<(String, usize)>,
    /// What was chosen from a closed list, for each set.
    choices: Vec<Choices>,
}

/// The longest descriptor that is one: anything above is prose that slipped into the column.
const MAX_DESCRIPTOR_WORDS: usize = 12;

#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    descriptors: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    ratings: Option<serde_json::Map<String, serde_json::Value>>,
    valence: Option<f32>,
    arousal: Option<f32>,
    term: Option<String>,
    example: Option<String>,
    definition: Option<String>,
    #[serde(default)]
    synonyms: Vec<String>,
    #[serde(default)]
    near_not_same: Vec<String>,
    #[serde(default)]
    family: String,
    #[serde(default)]
    basic: String,
    #[serde(default)]
    sentiment: String,
}

impl Annotations {
    /// Reads the folders in order; duplicates of a text are kept, they are further opinions.
    pub fn read(folders: &[impl AsRef<Path>]) -> Result<Self> {
        let mut all = Self::default();
        for folder in folders {
            let folder = folder.as_ref();
            // What `undertone annotate` wrote may be a file of rows alone.
            let file = if folder.is_file() { folder.to_owned() } else { folder.join("data.jsonl") };
            ensure!(
                file.is_file(),
                "{} is no annotation set: it has no data.jsonl; give a folder that has one",
                folder.display()
            );
            let (mut rows, mut choices) = (0, Choices::default());
            each_row(&file, |place, row| {
                rows += 1;
                all.push(&place, row, &mut choices)
            })?;
            all.choices.push(choices);
            ensure!(rows > 0, "{} has no rows; give a set with at least one, or leave it out", file.display());
            let name = folder.file_name().map_or_else(|| folder.display().to_string(), |n| n.to_string_lossy().into());
            all.sources.push((name, rows));
        }
        Ok(all)
    }

    /// Adds as ratings what annotations imply: what was chosen from a closed list is a no to the rest of the list, and
    /// nothing on any other label; and "wry amusement" says something of amusement.
    pub fn imply(&mut self) {
        for choices in std::mem::take(&mut self.choices) {
            choices.spell_out(&mut self.examples);
        }
        for example in &mut self.examples {
            for descriptor in &example.descriptors {
                let Some((term, degree)) = self.lexicon.shade_of(descriptor) else { continue };
                let said = |name: &String| name == term;
                if !example.descriptors.iter().any(said) && !example.ratings.iter().any(|(name, _)| said(name)) {
                    example.ratings.push((term.to_owned(), degree));
                }
            }
        }
    }

    /// Everything that will be tokenised, for the choice of a vocabulary.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let examples = self.examples.iter().flat_map(|e| {
            [&e.text].into_iter().chain(&e.descriptors).chain(e.ratings.iter().map(|r| &r.0)).map(String::as_str)
        });
        examples.chain(self.lexicon.wordings())
    }

    fn push(&mut self, place: &Place, row: Row, choices: &mut Choices) -> Result<()> {
        let affect = match (row.valence, row.arousal) {
            (Some(valence), Some(arousal)) => {
                for (name, value) in [("valence", valence), ("arousal", arousal)] {
                    ensure!((1.0..=9.0).contains(&value), "{place}: {name} is {value}; it must be from 1 to 9");
                }
                Some([valence, arousal])
            }
            _ => None,
        };
        if let Some(term) = row.term {
            let definition =
                row.definition.with_context(|| format!("{place}: the term '{term}' has no \"definition\"; add it"))?;
            let text = row.example.with_context(|| format!("{place}: the term '{term}' has no \"example\"; add it"))?;
            let entry = Entry {
                definition,
                synonyms: row.synonyms,
                near_not_same: row.near_not_same,
                family: row.family,
                basic: row.basic,
                sentiment: row.sentiment,
                affect,
            };
            let term = descriptor(place, &term)?;
            self.examples.push(Example { text, descriptors: vec![term.clone()], ratings: Vec::new(), affect });
            self.lexicon.insert(term, entry);
            return Ok(());
        }
        let text = row.text.with_context(|| format!("{place}: the row has no text; add a field \"text\""))?;
        ensure!(!text.trim().is_empty(), "{place}: the text is empty; fill it or delete the row");
        let chosen = row.descriptors.is_none();
        let descriptors = row.descriptors.or(row.labels).unwrap_or_default();
        let descriptors: Vec<String> = descriptors.iter().map(|d| descriptor(place, d)).collect::<Result<_>>()?;
        let ratings = row.ratings.unwrap_or_default();
        if descriptors.is_empty() && ratings.is_empty() {
            bail!("{place}: the row has no descriptors; add a field \"descriptors\", \"labels\" or \"ratings\"");
        }
        let rating = |(name, value): (String, serde_json::Value)| match value.as_f64() {
            Some(value) if (0.0..=3.0).contains(&value) => Ok((descriptor(place, &name)?, value as f32 / 3.0)),
            _ => bail!("{place}: the rating of '{name}' is {value}; it must be from 0 to 3"),
        };
        if chosen && !descriptors.is_empty() {
            choices.push(self.examples.len(), &descriptors);
        }
        self.examples.push(Example {
            text,
            descriptors,
            ratings: ratings.into_iter().map(rating).collect::<Result<_>>()?,
            affect,
        });
        Ok(())
    }
}

/// Which examples of a set have descriptors that were chosen from a closed list, and the list: what was ever chosen.
#[derive(Debug, Default)]
struct Choices {
    list: Vec<String>,
    examples: Vec<usize>,
}

impl Choices {
    fn push(&mut self, example: usize, chosen: &[String]) {
        for label in chosen {
            if !self.list.contains(label) {
                self.list.push(label.clone());
            }
        }
        self.examples.push(example);
    }

    /// Ratings of the whole list instead of descriptors; where an example has a rating already, that holds.
    fn spell_out(self, examples: &mut [Example]) {
        for example in self.examples {
            let example = &mut examples[example];
            let chosen = std::mem::take(&mut example.descriptors);
            for label in &self.list {
                if !example.ratings.iter().any(|(name, _)| name == label) {
                    example.ratings.push((label.clone(), f32::from(u8::from(chosen.contains(label)))));
                }
            }
        }
    }
}

/// A descriptor as it is compared: trimmed, lower case.
fn descriptor(place: &Place, raw: &str) -> Result<String> {
    let words = raw.split_whitespace().count();
    ensure!(words > 0, "{place}: a descriptor is empty; delete it");
    ensure!(
        words <= MAX_DESCRIPTOR_WORDS,
        "{place}: a descriptor has {words} words ('{}...'); shorten it to {MAX_DESCRIPTOR_WORDS} at most",
        raw.chars().take(40).collect::<String>()
    );
    Ok(raw.trim().trim_end_matches('.').to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_implied_is_rated() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, rows: &[&str]| {
            let path = folder.path().join(name);
            std::fs::write(&path, rows.join("\n")).unwrap();
            path
        };
        let closed = write(
            "closed.jsonl",
            &[
                r#"{"text": "a", "labels": ["joy"]}"#,
                r#"{"text": "b", "labels": ["anger", "joy"], "ratings": {"anger": 1}}"#,
            ],
        );
        let free = write(
            "free.jsonl",
            &[
                r#"{"text": "c", "descriptors": ["mild joy", "wry anger", "anger", "calm"]}"#,
                r#"{"term": "joy", "definition": "d", "example": "e"}"#,
                r#"{"term": "anger", "definition": "d", "example": "e"}"#,
            ],
        );
        let mut all = Annotations::read(&[closed, free]).unwrap();
        assert_eq!(all.examples[0].descriptors, ["joy"]);
        assert!(all.examples[0].ratings.is_empty());
        all.imply();
        let ratings = |i: usize| -> Vec<(&str, f32)> {
            all.examples[i].ratings.iter().map(|(name, degree)| (name.as_str(), *degree)).collect()
        };
        assert_eq!(ratings(0), [("joy", 1.0), ("anger", 0.0)]);
        assert_eq!(ratings(1), [("anger", 1.0 / 3.0), ("joy", 1.0)]);
        assert_eq!(ratings(2), [("joy", 2.0 / 3.0)]);
        assert!(all.examples[0].descriptors.is_empty() && all.examples[1].descriptors.is_empty());
        assert_eq!(all.examples[2].descriptors.len(), 4);
    }
}
