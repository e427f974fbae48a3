//! The lexicon as the trainer knows it: wordings of a term, and how terms relate.

use std::collections::HashMap;

use undertone_core::Term;

/// What a lexicon's row says of its term.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub definition: String,
    pub synonyms: Vec<String>,
    /// Terms it is taken for, and is not.
    pub near_not_same: Vec<String>,
    pub family: String,
    pub basic: String,
    pub sentiment: String,
    /// Valence and arousal, 1 to 9.
    pub affect: Option<[f32; 2]>,
}

/// How a label stands to a descriptor that the teacher gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Another word for the same: expressed as well.
    Same,
    /// What the descriptor is often taken for and is not.
    Distinct,
    /// What the descriptor is a kind of: true in a sense, but not what was said.
    Broader,
}

/// Words before an emotion that leave a little of it.
const WEAKENING: [&str; 8] = ["mild", "faint", "slight", "quiet", "subtle", "tentative", "vague", "lingering"];

/// Words in a descriptor that make it something else than its last word.
const TURNING: [&str; 10] = ["not", "no", "of", "over", "lack", "lacking", "mock", "feigned", "fake", "without"];

/// What a weak shade of an emotion is rated, of one: as teachers rate what is clear and not dominant.
const WEAK: f32 = 2.0 / 3.0;

/// Terms by name.
#[derive(Debug, Default)]
pub struct Lexicon {
    names: Vec<String>,
    entries: HashMap<String, Entry>,
    /// From every name and synonym to the term.
    canonical: HashMap<String, String>,
}

impl Lexicon {
    pub fn insert(&mut self, term: String, entry: Entry) {
        self.canonical.insert(term.clone(), term.clone());
        for synonym in &entry.synonyms {
            self.canonical.entry(synonym.to_lowercase()).or_insert_with(|| term.clone());
        }
        if self.entries.insert(term.clone(), entry).is_none() {
            self.names.push(term);
        }
    }

    pub fn get(&self, term: &str) -> Option<&Entry> {
        self.entries.get(term)
    }

    /// All wordings other than the terms.
    pub fn wordings(&self) -> impl Iterator<Item = &str> {
        self.entries.values().flat_map(|e| e.synonyms.iter().chain([&e.definition]).map(String::as_str))
    }

    /// The terms in their order, as the bundle carries them.
    pub fn terms(&self) -> Vec<Term> {
        let term = |name: &String| {
            let entry = self.entries.get(name)?;
            Some(Term {
                term: name.clone(),
                synonyms: entry.synonyms.clone(),
                family: entry.family.clone(),
                basic: entry.basic.clone(),
                sentiment: entry.sentiment.clone(),
            })
        };
        self.names.iter().filter_map(term).collect()
    }

    /// Valence and arousal of the terms, in their order, where they are known.
    pub fn affects(&self) -> Vec<Option<[f32; 2]>> {
        self.names.iter().map(|name| self.entries.get(name)?.affect).collect()
    }

    /// The term that a descriptor of several words is a shade of, and how far it is expressed, 0 to 1: "wry amusement" is
    /// amusement, "mild frustration" a little frustration. None for what is a term itself, or turns one around ("mock
    /// outrage", "lack of interest").
    pub fn shade_of(&self, descriptor: &str) -> Option<(&str, f32)> {
        if self.canonical.contains_key(descriptor) {
            return None;
        }
        let (first, mut rest) = descriptor.split_once(' ')?;
        if descriptor.split(' ').any(|word| TURNING.contains(&word)) {
            return None;
        }
        let degree = if WEAKENING.contains(&first) { WEAK } else { 1.0 };
        loop {
            if let Some(term) = self.canonical.get(rest) {
                return Some((term, degree));
            }
            rest = rest.split_once(' ')?.1;
        }
    }

    /// How `label` stands to `descriptor`, if the lexicon says.
    pub fn relation(&self, descriptor: &str, label: &str) -> Option<Relation> {
        let said = self.canonical.get(descriptor)?;
        let entry = self.entries.get(said)?;
        let other = self.canonical.get(label);
        if other == Some(said) {
            return Some(Relation::Same);
        }
        if entry.near_not_same.iter().any(|near| near == label || Some(near) == other) {
            return Some(Relation::Distinct);
        }
        [&entry.family, &entry.basic, &entry.sentiment].iter().any(|above| *above == label).then_some(Relation::Broader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_are_those_of_the_lexicon() {
        let mut lexicon = Lexicon::default();
        let entry = |synonym: &str, near: &[&str], family: &str| Entry {
            synonyms: vec![synonym.into()],
            near_not_same: near.iter().map(|&n| n.into()).collect(),
            family: family.into(),
            basic: "anger".into(),
            sentiment: "negative".into(),
            ..Entry::default()
        };
        lexicon.insert("irritation".into(), entry("Irritated", &["anger"], "annoyance"));
        lexicon.insert("anger".into(), entry("angry", &[], "anger"));
        assert_eq!(lexicon.relation("irritation", "irritated"), Some(Relation::Same));
        assert_eq!(lexicon.relation("irritated", "angry"), Some(Relation::Distinct));
        assert_eq!(lexicon.relation("irritation", "negative"), Some(Relation::Broader));
        assert_eq!(lexicon.relation("anger", "irritation"), None);
        assert_eq!(lexicon.relation("mild wonder", "anger"), None);
    }

    #[test]
    fn shades_are_those_of_known_terms() {
        let mut lexicon = Lexicon::default();
        lexicon.insert("anger".into(), Entry { synonyms: vec!["Angry".into()], ..Entry::default() });
        assert_eq!(lexicon.shade_of("cold anger"), Some(("anger", 1.0)));
        assert_eq!(lexicon.shade_of("mild righteous anger"), Some(("anger", WEAK)));
        assert_eq!(lexicon.shade_of("very angry"), Some(("anger", 1.0)));
        for other in ["anger", "angry", "mock anger", "lack of anger", "anger management", "calm"] {
            assert_eq!(lexicon.shade_of(other), None, "{other}");
        }
    }
}
