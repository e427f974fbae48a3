//! Annotation sets: texts with what a teacher said of them.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::jsonl::{Contents, Place, each_row_of_some, rows_of};
use super::lexicon::{Entry, Lexicon};

/// A text and what teachers said of it.
#[derive(Debug, Clone, Default)]
pub struct Example {
    /// As its set calls it; empty if it does not.
    pub id: String,
    /// The index of the set that it comes from, the first if several have it.
    pub source: usize,
    /// Texts of one group share words or situation, and differ in what is felt.
    pub group: Option<Arc<str>>,
    pub text: String,
    /// Free-form descriptors, lower case; each is expressed by the text.
    pub descriptors: Vec<String>,
    /// What was said of particular labels, each once.
    pub ratings: Vec<Rating>,
    /// Valence and arousal, 1 to 9.
    pub affect: Option<[f32; 2]>,
}

/// How far a label is expressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rating {
    pub label: String,
    /// From 0, not at all, to 1, dominant.
    pub degree: f32,
    pub origin: Origin,
}

/// How a rating came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The teacher was asked about this label, which may tempt.
    Asked,
    /// The label was invented for this text; no other was ever held against it.
    Invented,
    /// The teacher rated all of a list.
    Complete,
    /// The teacher chose some of a list; the others are 0.
    Chosen,
}

/// A set that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The name of its folder or file.
    pub set: String,
    pub rows: usize,
    /// Of its rows: what makes two sets the same.
    pub sha256: String,
}

/// Everything there is to learn from: examples, and what is known of some descriptors.
#[derive(Debug, Default)]
pub struct Annotations {
    pub examples: Vec<Example>,
    /// What a descriptor may also be called, and how it relates to others.
    pub lexicon: Lexicon,
    pub sources: Vec<Source>,
}

/// The longest descriptor that is one: anything above is prose that slipped into the column.
const MAX_DESCRIPTOR_WORDS: usize = 12;

#[derive(Deserialize)]
struct Row {
    id: Option<serde_json::Value>,
    group: Option<String>,
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
    /// Reads the sets in order: folders with a `data.jsonl`, or files of rows. Rows of the same text become one example,
    /// with what all of them say; where they rate a label twice, the last rating holds.
    ///
    /// # Errors
    /// A set without rows, or a row that is none, by file and line.
    pub fn read(sets: &[impl AsRef<Path>]) -> Result<Self> {
        let mut reader = Reader::default();
        for set in sets {
            reader.set(set.as_ref())?;
        }
        Ok(reader.finish())
    }

    /// Leaves out examples whose texts are among these: what a model is measured by it must not have read.
    pub fn leave_out<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> usize {
        let held_out: HashSet<&str> = texts.into_iter().map(str::trim).collect();
        let before = self.examples.len();
        self.examples.retain(|example| !held_out.contains(example.text.trim()));
        before - self.examples.len()
    }

    /// Keeps about this part of the examples, groups whole; the lexicon stays. A smaller part is within each larger one, in
    /// whatever order the sets are read.
    pub fn keep(&mut self, part: f64) {
        let place = |example: &Example| {
            let digest = Sha256::digest(example.unit());
            digest.first_chunk().map_or(0.0, |bytes| u64::from_le_bytes(*bytes) as f64 / u64::MAX as f64)
        };
        self.examples.retain(|example| part >= 1.0 || place(example) < part);
    }

    /// Every label that was said, as often as it was.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.examples
            .iter()
            .flat_map(|e| e.descriptors.iter().chain(e.ratings.iter().map(|r| &r.label)).map(String::as_str))
    }

    /// Everything that will be tokenised, for the choice of a vocabulary.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.examples.iter().map(|e| e.text.as_str()).chain(self.labels()).chain(self.lexicon.wordings())
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    examples: Vec<Example>,
    /// For each text its example.
    texts: HashMap<String, usize>,
    entries: Vec<Entry>,
    sources: Vec<Source>,
}

impl Reader {
    fn set(&mut self, set: &Path) -> Result<()> {
        let file = rows_of(set).with_context(|| format!("{} is no annotation set", set.display()))?;
        let list = Header::of(set)?.labels;
        // For each row of the set the labels that were chosen from a closed list.
        let mut choices: Vec<(usize, Vec<String>)> = Vec::new();
        let Contents { rows, sha256 } = each_row_of_some(&file, |place, row| {
            let (example, chosen) = self.row(&place, row, list.is_some())?;
            choices.extend(chosen.map(|chosen| (example, chosen)));
            Ok(())
        })?;
        self.spell_out(choices, list);
        let name = set.file_name().map_or_else(|| set.display().to_string(), |n| n.to_string_lossy().into());
        self.sources.push(Source { set: name, rows, sha256 });
        Ok(())
    }

    /// Takes a row in. Returns its example, and the labels that were chosen from a closed list.
    fn row(&mut self, place: &Place, row: Row, complete: bool) -> Result<(usize, Option<Vec<String>>)> {
        let affect = match (row.valence, row.arousal) {
            (Some(valence), Some(arousal)) => {
                for (name, value) in [("valence", valence), ("arousal", arousal)] {
                    ensure!((1.0..=9.0).contains(&value), "{place}: {name} is {value}; it must be from 1 to 9");
                }
                Some([valence, arousal])
            }
            _ => None,
        };
        let id = match row.id {
            Some(serde_json::Value::String(id)) => id,
            Some(id) => id.to_string(),
            None => String::new(),
        };
        let mut example = Example { id, source: self.sources.len(), affect, ..Example::default() };
        if let Some(term) = row.term {
            let definition =
                row.definition.with_context(|| format!("{place}: the term '{term}' has no \"definition\"; add it"))?;
            example.text =
                row.example.with_context(|| format!("{place}: the term '{term}' has no \"example\"; add it"))?;
            let term = descriptor(place, &term)?;
            example.descriptors = vec![term.clone()];
            self.entries.push(Entry {
                term,
                definition,
                synonyms: row.synonyms,
                near_not_same: row.near_not_same,
                family: row.family,
                basic: row.basic,
                sentiment: row.sentiment,
                affect,
            });
            return Ok((self.add(example), None));
        }
        example.text = row.text.with_context(|| format!("{place}: the row has no text; add a field \"text\""))?;
        ensure!(!example.text.trim().is_empty(), "{place}: the text is empty; fill it or delete the row");
        example.group = row.group.map(Into::into);
        let all = |labels: Vec<String>| labels.iter().map(|d| descriptor(place, d)).collect::<Result<Vec<_>>>();
        let chosen = if row.descriptors.is_none() { row.labels.map(all).transpose()? } else { None };
        example.descriptors = all(row.descriptors.unwrap_or_default())?;
        let origin = if complete { Origin::Complete } else { Origin::Asked };
        for (label, value) in row.ratings.unwrap_or_default() {
            let degree = value.as_f64().filter(|degree| (0.0..=3.0).contains(degree));
            let degree = degree
                .with_context(|| format!("{place}: the rating of '{label}' is {value}; it must be from 0 to 3"))?;
            example.ratings.push(Rating {
                label: descriptor(place, &label)?,
                degree: expressed(degree as f32),
                origin,
            });
        }
        let chosen = chosen.filter(|chosen| !chosen.is_empty());
        if example.descriptors.is_empty() && example.ratings.is_empty() && chosen.is_none() {
            bail!("{place}: the row has no descriptors; add a field \"descriptors\", \"labels\" or \"ratings\"");
        }
        Ok((self.add(example), chosen))
    }

    /// Adds what a row says to what is known of its text.
    fn add(&mut self, new: Example) -> usize {
        let place = *self.texts.entry(new.text.trim().to_owned()).or_insert(self.examples.len());
        let Some(known) = self.examples.get_mut(place) else {
            self.examples.push(new);
            return place;
        };
        for descriptor in new.descriptors {
            if !known.descriptors.contains(&descriptor) {
                known.descriptors.push(descriptor);
            }
        }
        new.ratings.into_iter().for_each(|rating| known.rate(rating));
        known.group = known.group.take().or(new.group);
        known.affect = known.affect.or(new.affect);
        place
    }

    /// What was chosen from a closed list is a yes, and a no to the rest of the list; a rating that is there already holds.
    /// The list is the set's, or if that names none, what was ever chosen.
    fn spell_out(&mut self, choices: Vec<(usize, Vec<String>)>, list: Option<Vec<String>>) {
        let mut list = list.unwrap_or_default();
        for label in choices.iter().flat_map(|(_, chosen)| chosen) {
            if !list.contains(label) {
                list.push(label.clone());
            }
        }
        for (example, chosen) in choices {
            let example = &mut self.examples[example];
            for label in &list {
                if !example.ratings.iter().any(|rating| rating.label == *label) {
                    let degree = f32::from(u8::from(chosen.contains(label)));
                    example.ratings.push(Rating { label: label.clone(), degree, origin: Origin::Chosen });
                }
            }
        }
    }

    fn finish(self) -> Annotations {
        let Self { mut examples, entries, sources, .. } = self;
        let lexicon = Lexicon::new(entries);
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for label in examples.iter().flat_map(|e| e.descriptors.iter().chain(e.ratings.iter().map(|r| &r.label))) {
            *uses.entry(label).or_default() += 1;
        }
        let once: HashSet<String> = uses.into_iter().filter(|(_, n)| *n == 1).map(|(label, _)| label.into()).collect();
        for rating in examples.iter_mut().flat_map(|example| &mut example.ratings) {
            let invented = once.contains(&rating.label) && lexicon.sense(&rating.label).is_none();
            if rating.origin == Origin::Asked && invented {
                rating.origin = Origin::Invented;
            }
        }
        Annotations { examples, lexicon, sources }
    }
}

impl Example {
    /// What it goes by among others: its group's name, or its own, or its text.
    fn unit(&self) -> &str {
        self.group.as_deref().unwrap_or(if self.id.is_empty() { &self.text } else { &self.id })
    }

    /// Adds a rating, or replaces that of the same label.
    fn rate(&mut self, new: Rating) {
        match self.ratings.iter_mut().find(|rating| rating.label == new.label) {
            Some(rating) => *rating = new,
            None => self.ratings.push(new),
        }
    }
}

/// How far a label of this rating is expressed: what teachers call clear is nearer to dominant than faint to nothing.
fn expressed(rating: f32) -> f32 {
    const DEGREES: [f32; 5] = [0.0, 0.3, 0.75, 1.0, 1.0];
    let below = DEGREES[rating as usize];
    below + rating.fract() * (DEGREES[rating as usize + 1] - below)
}

/// What a set's `set.json` says of its ratings.
#[derive(Default, Deserialize)]
struct Header {
    /// The list that every row was rated on, or chosen from.
    labels: Option<Vec<String>>,
}

impl Header {
    fn of(set: &Path) -> Result<Self> {
        let path: PathBuf = set.join("set.json");
        if !path.is_file() {
            return Ok(Self::default());
        }
        let json = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_slice(&json).map_err(|e| anyhow::anyhow!("{}: {e}", path.display()))
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
    use crate::data::Relation;

    /// Writes sets of a file each, and reads them.
    fn read(sets: &[&[&str]]) -> Annotations {
        let folder = tempfile::tempdir().unwrap();
        let write = |(i, rows): (usize, &&[&str])| {
            let path = folder.path().join(format!("{i}.jsonl"));
            std::fs::write(&path, rows.join("\n")).unwrap();
            path
        };
        Annotations::read(&sets.iter().enumerate().map(write).collect::<Vec<_>>()).unwrap()
    }

    fn ratings(example: &Example) -> Vec<(&str, f32, Origin)> {
        example.ratings.iter().map(|r| (r.label.as_str(), r.degree, r.origin)).collect()
    }

    const JOY: &str = r#"{"term": "joy", "definition": "d", "example": "joyful"}"#;
    const ANGER: &str = r#"{"term": "anger", "definition": "d", "example": "angry"}"#;

    #[test]
    fn what_was_not_chosen_from_a_list_is_a_no() {
        let closed = [
            r#"{"text": "a", "labels": ["joy"]}"#,
            r#"{"text": "b", "labels": ["anger", "joy"], "ratings": {"anger": 1}}"#,
        ];
        let free = [r#"{"text": "c", "descriptors": ["mild joy", "wry anger", "anger", "calm"]}"#, JOY, ANGER];
        let all = read(&[&closed, &free]);
        assert_eq!(ratings(&all.examples[0]), [("joy", 1.0, Origin::Chosen), ("anger", 0.0, Origin::Chosen)]);
        assert_eq!(ratings(&all.examples[1]), [("anger", 0.3, Origin::Asked), ("joy", 1.0, Origin::Chosen)]);
        assert!(all.examples[0].descriptors.is_empty() && all.examples[1].descriptors.is_empty());
        assert!(all.examples[2].ratings.is_empty() && all.examples[2].descriptors.len() == 4);
    }

    #[test]
    fn rows_of_one_text_say_more_of_it() {
        let free = [r#"{"id": "x", "text": "a ", "descriptors": ["glee"], "valence": 8, "arousal": 6}"#];
        let asked = [r#"{"id": 7, "text": "a", "ratings": {"on cloud nine": 3, "glee": 1}, "group": "g"}"#];
        let all = read(&[&free, &asked]);
        let [example] = &all.examples[..] else { panic!("{:?}", all.examples) };
        assert_eq!((example.id.as_str(), example.source, example.affect), ("x", 0, Some([8.0, 6.0])));
        assert_eq!((example.group.as_deref(), &example.descriptors[..]), (Some("g"), &["glee".to_owned()][..]));
        // Asked about twice, if once as a descriptor, is not invented.
        let invented = ("on cloud nine", 1.0, Origin::Invented);
        assert_eq!(ratings(example), [invented, ("glee", 0.3, Origin::Asked)]);
        assert_eq!(all.sources[1].rows, 1);
    }

    #[test]
    fn a_set_with_a_list_is_rated_on_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("set.json"), r#"{"name": "s", "labels": ["joy", "envy"]}"#).unwrap();
        let rows = [r#"{"text": "a", "ratings": {"joy": 2, "envy": 0}}"#, r#"{"text": "b", "labels": ["joy"]}"#];
        std::fs::write(folder.path().join("data.jsonl"), rows.join("\n")).unwrap();
        let all = Annotations::read(&[folder.path()]).unwrap();
        assert_eq!(ratings(&all.examples[0]), [("joy", 0.75, Origin::Complete), ("envy", 0.0, Origin::Complete)]);
        assert_eq!(ratings(&all.examples[1]), [("joy", 1.0, Origin::Chosen), ("envy", 0.0, Origin::Chosen)]);
    }

    /// The name and the number of rows do not make two sets the same.
    #[test]
    fn sets_are_told_apart_by_what_they_say() {
        let one = read(&[&[r#"{"text": "a", "descriptors": ["joy"]}"#]]);
        let other = read(&[&[r#"{"text": "a", "descriptors": ["joys"]}"#]]);
        assert_eq!((&one.sources[0].set, one.sources[0].rows), (&other.sources[0].set, other.sources[0].rows));
        assert_ne!(one.sources, other.sources);
    }

    #[test]
    fn what_is_measured_by_is_left_out() {
        let mut all =
            read(&[&[r#"{"text": "a", "descriptors": ["joy"]}"#, r#"{"text": "b", "descriptors": ["joy"]}"#]]);
        assert_eq!(all.leave_out([" b "]), 1);
        assert_eq!(all.examples.len(), 1);
    }

    #[test]
    fn parts_are_within_each_other_and_keep_groups_whole() {
        let rows: Vec<String> = (0..300)
            .map(|i| format!(r#"{{"id": "{i}", "group": "{}", "text": "{i} a", "descriptors": ["joy"]}}"#, i / 3))
            .collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        let kept = |rows: &[&str], part| {
            let mut all = read(&[rows]);
            all.keep(part);
            all.examples.into_iter().map(|example| example.id).collect::<HashSet<_>>()
        };
        let [eighth, half, all] = [0.125, 0.5, 1.0].map(|part| kept(&rows, part));
        assert!((20..60).contains(&eighth.len()) && (120..180).contains(&half.len()) && all.len() == 300);
        assert!(eighth.is_subset(&half) && eighth.len() % 3 == 0);
        let reversed: Vec<&str> = rows.iter().rev().copied().collect();
        assert_eq!(kept(&reversed, 0.5), half);
    }

    /// No word for what is above a term, in any form, is ever a no to it, nor a reason against it.
    #[test]
    fn the_projects_lexicon_has_no_ancestor_among_what_is_near() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/emotion-lexicon");
        let lexicon = Annotations::read(&[data]).unwrap().lexicon;
        for entry in lexicon.entries() {
            let said = lexicon.sense(&entry.term).unwrap();
            for above in [&entry.family, &entry.basic, &entry.sentiment] {
                let synonyms = lexicon.get(above).map_or(&[][..], |entry| &entry.synonyms);
                for name in [above].into_iter().chain(synonyms) {
                    let relation = lexicon.relation(said, lexicon.sense(&name.to_lowercase()).unwrap());
                    let kin = matches!(relation, Some(Relation::Same | Relation::Broader));
                    assert!(kin, "{}, {name}: {relation:?}", entry.term);
                }
                assert!(!entry.near_not_same.contains(above) || *above == entry.term, "{}, {above}", entry.term);
            }
        }
    }
}
