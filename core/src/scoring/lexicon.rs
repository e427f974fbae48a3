//! What is known of emotion terms beside their vectors: what they are also called, and what they are kinds of.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{LabelSet, Result};

/// What people call coarse emotions that the lexicon knows by another name.
const COARSE: [(&str, &[&str]); 5] = [
    ("joy", &["happiness", "happy"]),
    ("positive", &["positive", "positivity", "positive emotion", "positive sentiment", "pos"]),
    ("negative", &["negative", "negativity", "negative emotion", "negative sentiment", "neg"]),
    ("ambiguous", &["ambiguous", "mixed", "mixed feelings", "mixed emotions"]),
    ("neutral", &["neutral", "none", "no emotion", "unemotional", "emotionless"]),
];

/// A term of the lexicon: the finest grain at which Undertone tells emotions apart by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Its name, lower case.
    pub term: String,
    /// Other names of the same emotion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub synonyms: Vec<String>,
    /// The family it belongs to, of some thirty.
    pub family: String,
    /// The basic emotion that the family is a form of.
    pub basic: String,
    /// Positive, negative, ambiguous or neutral.
    pub sentiment: String,
}

impl Term {
    /// The names it goes by at ever coarser grain: itself, its family, its basic emotion, its sentiment. Lists of basic
    /// emotions that know no love, such as Ekman's, count it as joy.
    pub fn ancestry(&self) -> [&str; 5] {
        let wider = if self.basic == "love" { "joy" } else { &self.basic };
        [&self.term, &self.family, &self.basic, wider, &self.sentiment]
    }
}

/// Emotion terms and the tree above them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Term>", into = "Vec<Term>")]
pub struct Lexicon {
    terms: Vec<Term>,
    index: HashMap<String, usize>,
    /// The names of families, basic emotions and sentiments.
    coarse: HashSet<String>,
}

impl From<Vec<Term>> for Lexicon {
    fn from(terms: Vec<Term>) -> Self {
        let mut index = HashMap::new();
        // A term's own name wins over another's synonym.
        for (i, term) in terms.iter().enumerate() {
            index.entry(key(&term.term)).or_insert(i);
        }
        for (i, term) in terms.iter().enumerate() {
            for synonym in &term.synonyms {
                index.entry(key(synonym)).or_insert(i);
            }
        }
        let coarse = terms.iter().flat_map(|term| [&term.family, &term.basic, &term.sentiment]).cloned().collect();
        Self { terms, index, coarse }
    }
}

impl From<Lexicon> for Vec<Term> {
    fn from(lexicon: Lexicon) -> Self {
        lexicon.terms
    }
}

impl Lexicon {
    /// The term for no emotion.
    pub const NEUTRAL: &str = "neutral";

    /// What the lexicon calls an emotion of this name: the family, basic emotion or sentiment of that name, in its common
    /// spelling, else the term that has it as a name or synonym, else the name itself. What is coarser comes first:
    /// "calm" is another word for the term "calmness", and the name of a family of which calmness is a part.
    pub fn canonical<'a>(&'a self, name: &'a str) -> &'a str {
        let key = key(name);
        if let Some((coarse, _)) = COARSE.iter().find(|(_, aliases)| aliases.contains(&key.as_str())) {
            return coarse;
        }
        if let Some(coarse) = self.coarse.get(&key) {
            return coarse;
        }
        self.find(name).map_or(name.trim(), |term| &self.terms[term].term)
    }

    /// The terms, in the lexicon's order.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// How many terms.
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are no terms.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms as labels, each with its synonyms: the finest set there is. The vectors of these labels are
    /// [`Background::terms`](crate::Background::terms): nothing needs to be encoded for them.
    ///
    /// # Errors
    /// [`ErrorKind::BadLabels`](crate::ErrorKind::BadLabels): two terms of one name.
    pub fn labels(&self) -> Result<LabelSet> {
        let mut set = LabelSet::new("Lexicon");
        for term in &self.terms {
            let id = set.add(&term.term)?;
            set.set_synonyms(id, term.synonyms.clone())?;
        }
        Ok(set)
    }

    /// The index of the term that goes by `name`, its own or a synonym; case, outer space and
    /// whether accents are composed do not matter.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.index.get(&key(name)).copied()
    }
}

fn key(name: &str) -> String {
    name.trim().nfc().collect::<String>().to_lowercase()
}
