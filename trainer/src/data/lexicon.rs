//! The lexicon as the trainer knows it: wordings of a term, and how names of emotions relate.

use std::collections::{BTreeSet, HashMap};

use undertone_core::Term;

/// What a lexicon's row says of its term.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// Its name, lower case.
    pub term: String,
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

impl Entry {
    /// As bundles carry it.
    fn to_term(&self) -> Term {
        Term {
            term: self.term.clone(),
            synonyms: self.synonyms.clone(),
            family: self.family.clone(),
            basic: self.basic.clone(),
            sentiment: self.sentiment.clone(),
        }
    }
}

/// How a label stands to a descriptor that the teacher gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Relation {
    /// Another word for the same: expressed as well.
    Same,
    /// What the descriptor is a kind of: true in a sense, but not what was said.
    Broader,
    /// What the descriptor is a shade of, and how far it expresses that, 0 to 1.
    ShadeOf(f32),
    /// A kind of what the descriptor says, or a shade of it: it may be the one that is meant, or not.
    Narrower,
    /// A shade of the same name, or of a broader one.
    Akin,
    /// Another of the same family.
    Sibling,
    /// What the descriptor is often taken for and is not.
    Distinct,
}

/// What a label says in the lexicon's words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sense {
    /// The term or coarse name.
    node: usize,
    /// `None` for the node's own names; for a shade of it, as "wry amusement", how far it expresses the node.
    shade: Option<f32>,
}

/// Words before an emotion that leave a little of it.
const WEAKENING: [&str; 12] = [
    "mild",
    "faint",
    "slight",
    "quiet",
    "subtle",
    "tentative",
    "vague",
    "lingering",
    "light",
    "gentle",
    "soft",
    "low-key",
];

/// Words in a descriptor that make it something else than its last words.
const TURNING: [&str; 26] = [
    "not",
    "no",
    "of",
    "over",
    "lack",
    "lacking",
    "mock",
    "feigned",
    "fake",
    "without",
    "non",
    "free",
    "anti",
    "at",
    "to",
    "for",
    "about",
    "with",
    "in",
    "from",
    "sarcastic",
    "ironic",
    "suppressed",
    "less",
    "never",
    "than",
];

/// How far a weak shade of an emotion expresses it, and any other shade.
const SHADES: [f32; 2] = [0.67, 0.9];

/// Terms, the coarse names above them, and how they relate.
#[derive(Debug, Default)]
pub struct Lexicon {
    entries: Vec<Entry>,
    /// For each term's name its entry.
    by_term: HashMap<String, usize>,
    /// From every name, synonym and coarse name to its node. Nodes are the terms, then the coarse names that are no terms.
    names: HashMap<String, usize>,
    node_names: Vec<String>,
    core: undertone_core::Lexicon,
    /// Of each node 1 if all that it names is pleasant, -1 if all is unpleasant, else 0.
    sentiments: Vec<i8>,
    /// `(nodes, nodes)`: how the second stands to the first.
    relations: Vec<Option<Relation>>,
}

impl Lexicon {
    /// A later entry of the same term replaces an earlier one.
    pub fn new(entries: Vec<Entry>) -> Self {
        let mut by_term: HashMap<String, usize> = HashMap::new();
        let mut kept: Vec<Entry> = Vec::new();
        for entry in entries {
            match by_term.get(&entry.term) {
                Some(&place) => kept[place] = entry,
                None => {
                    by_term.insert(entry.term.clone(), kept.len());
                    kept.push(entry);
                }
            }
        }
        let core = undertone_core::Lexicon::from(kept.iter().map(Entry::to_term).collect::<Vec<_>>());
        let mut node_names: Vec<String> = kept.iter().map(|entry| entry.term.clone()).collect();
        let coarse: BTreeSet<&str> = core.terms().iter().flat_map(|term| term.ancestry()).collect();
        let coarse = coarse.into_iter().filter(|name| core.find(name).is_none_or(|t| core.terms()[t].term != *name));
        node_names.extend(coarse.map(str::to_owned));
        let mut names: HashMap<String, usize> = HashMap::new();
        // A node's own name wins over another's synonym.
        for (node, name) in node_names.iter().enumerate() {
            names.insert(name.clone(), node);
        }
        for (node, entry) in kept.iter().enumerate() {
            for synonym in &entry.synonyms {
                names.entry(synonym.to_lowercase()).or_insert(node);
            }
        }
        let sentiments = node_names.iter().map(|name| sentiment(name, &core)).collect();
        let relations = relations(&kept, &core, &node_names);
        Self { entries: kept, by_term, names, node_names, core, sentiments, relations }
    }

    pub fn get(&self, term: &str) -> Option<&Entry> {
        self.by_term.get(term).map(|&i| &self.entries[i])
    }

    /// The entries in their order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// All wordings other than the terms.
    pub fn wordings(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().flat_map(|e| e.synonyms.iter().chain([&e.definition]).map(String::as_str))
    }

    /// The terms in their order, as the bundle carries them.
    pub fn terms(&self) -> Vec<Term> {
        self.entries.iter().map(Entry::to_term).collect()
    }

    /// Valence and arousal of the terms, in their order, where they are known.
    pub fn affects(&self) -> Vec<Option<[f32; 2]>> {
        self.entries.iter().map(|entry| entry.affect).collect()
    }

    /// What a label says: a term or coarse name by one of its names; or, of several words, a shade of the node that its last
    /// words name ("wry amusement" is amusement, "mild frustration" a little frustration). None for what is unknown, or turns
    /// a name around ("mock outrage", "lack of interest").
    pub fn sense(&self, label: &str) -> Option<Sense> {
        let named = |label: &str| self.names.get(label).or_else(|| self.names.get(self.core.canonical(label)));
        if let Some(&node) = named(label) {
            return Some(Sense { node, shade: None });
        }
        let (first, mut rest) = label.split_once(' ')?;
        if label.split(' ').any(|word| TURNING.contains(&word)) {
            return None;
        }
        let degree = if WEAKENING.contains(&first) { SHADES[0] } else { SHADES[1] };
        loop {
            if let Some(&node) = named(rest) {
                return Some(Sense { node, shade: Some(degree) });
            }
            rest = rest.split_once(' ')?.1;
        }
    }

    /// Whether one is pleasant and the other unpleasant.
    pub fn opposite(&self, one: Sense, other: Sense) -> bool {
        self.sentiments[one.node] * self.sentiments[other.node] < 0
    }

    /// How a label stands to a descriptor, if the lexicon says.
    pub fn relation(&self, said: Sense, label: Sense) -> Option<Relation> {
        use Relation::{Akin, Broader, Narrower, Same, ShadeOf};
        let nodes = self.relations[said.node * self.node_names.len() + label.node]?;
        Some(match (said.shade, label.shade, nodes) {
            (Some(degree), None, Same) => ShadeOf(degree),
            (None, Some(_), Same) => Narrower,
            (Some(_), Some(_), Same) | (_, Some(_), Broader) => Akin,
            (_, _, relation) => relation,
        })
    }
}

/// Whether a term, or else all terms below a coarse name, are pleasant or unpleasant.
fn sentiment(name: &str, core: &undertone_core::Lexicon) -> i8 {
    let value = |term: &Term| match term.sentiment.as_str() {
        "positive" => 1,
        "negative" => -1,
        _ => 0,
    };
    if let Some(term) = core.terms().iter().find(|term| term.term == name) {
        return value(term);
    }
    let mut below = core.terms().iter().filter(|term| term.ancestry().contains(&name)).map(value);
    let first = below.next().unwrap_or(0);
    if below.all(|other| other == first) { first } else { 0 }
}

/// How each node stands to each other: by the tree above the terms first, and only then by what terms are taken for.
fn relations(entries: &[Entry], core: &undertone_core::Lexicon, node_names: &[String]) -> Vec<Option<Relation>> {
    let n = node_names.len();
    // All that a node answers to; and all that is above it: names of its lineage, and what answers to these.
    let own: Vec<BTreeSet<&str>> =
        node_names.iter().map(|name| BTreeSet::from([name.as_str(), core.canonical(name)])).collect();
    let above: Vec<BTreeSet<&str>> = (0..n)
        .map(|node| match core.terms().get(node) {
            Some(term) => {
                let lineage = term.ancestry().into_iter().filter(|name| *name != term.term);
                lineage.flat_map(|name| [name, core.canonical(name)]).collect()
            }
            None => BTreeSet::new(),
        })
        .collect();
    let is_above = |upper: usize, lower: usize| own[upper].intersection(&above[lower]).next().is_some();
    let near = |said: usize, label: usize| {
        let near = entries.get(said).map_or(&[][..], |entry| &entry.near_not_same);
        near.iter().any(|name| own[label].contains(name.as_str()) || core.find(name) == Some(label))
    };
    let family = |node: usize| entries.get(node).map(|entry| entry.family.as_str());
    let relation = |said: usize, label: usize| match () {
        () if said == label || own[said].intersection(&own[label]).next().is_some() => Some(Relation::Same),
        () if is_above(label, said) => Some(Relation::Broader),
        () if is_above(said, label) => Some(Relation::Narrower),
        () if near(said, label) => Some(Relation::Distinct),
        () if family(said).is_some() && family(said) == family(label) => Some(Relation::Sibling),
        () => None,
    };
    (0..n * n).map(|cell| relation(cell / n, cell % n)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(term: &str, synonyms: &[&str], near: &[&str], family: &str, basic: &str, sentiment: &str) -> Entry {
        let words = |words: &[&str]| words.iter().map(|&word| word.into()).collect();
        Entry {
            term: term.into(),
            synonyms: words(synonyms),
            near_not_same: words(near),
            family: family.into(),
            basic: basic.into(),
            sentiment: sentiment.into(),
            ..Entry::default()
        }
    }

    fn lexicon() -> Lexicon {
        Lexicon::new(vec![
            entry("irritation", &["Irritated"], &["anger", "envy"], "annoyance", "anger", "negative"),
            entry("anger", &["angry"], &["irritation"], "anger", "anger", "negative"),
            entry("fury", &["furious"], &["anger"], "anger", "anger", "negative"),
            entry("envy", &["green with envy"], &[], "envy", "anger", "negative"),
            entry("amusement", &["amused"], &[], "amusement", "joy", "positive"),
            entry("joy", &["joyful"], &["amusement"], "joy", "joy", "positive"),
            entry("happiness", &["happy"], &[], "joy", "joy", "positive"),
            entry("calmness", &["calm"], &[], "calm", "joy", "positive"),
            entry("serenity", &[], &[], "calm", "joy", "positive"),
        ])
    }

    /// How a label stands to a descriptor.
    fn relation(said: &str, label: &str) -> Option<Relation> {
        let lexicon = lexicon();
        lexicon.relation(lexicon.sense(said)?, lexicon.sense(label)?)
    }

    #[test]
    fn relations_are_those_of_the_lexicon() {
        assert_eq!(relation("irritation", "irritated"), Some(Relation::Same));
        assert_eq!(relation("irritated", "green with envy"), Some(Relation::Distinct));
        assert_eq!(relation("irritation", "negative"), Some(Relation::Broader));
        assert_eq!(relation("irritation", "amusement"), None);
        assert_eq!(relation("wonder", "anger"), None);
        assert_eq!(relation("serenity", "calm"), Some(Relation::Broader));
        assert_eq!(relation("serenity", "calmness"), Some(Relation::Sibling));
        assert_eq!(relation("amusement", "joyous wonder"), None);
    }

    /// What a text expresses it expresses in broader words too, though the lexicon may warn of the confusion, and whatever
    /// the broader word's form.
    #[test]
    fn what_is_above_is_never_a_no() {
        for label in ["joy", "joyful", "happiness", "happy", "positive"] {
            assert_eq!(relation("amusement", label), Some(Relation::Broader), "{label}");
            assert_eq!(relation("wry amusement", label), Some(Relation::Broader), "wry, {label}");
        }
        for label in ["anger", "angry"] {
            assert_eq!(relation("fury", label), Some(Relation::Broader), "{label}");
            assert_eq!(relation("irritated", label), Some(Relation::Broader), "{label}");
        }
        assert_eq!(relation("wry amusement", "amused"), Some(Relation::ShadeOf(SHADES[1])));
    }

    #[test]
    fn what_is_below_is_unknown() {
        for label in ["fury", "furious", "cold fury", "irritation", "envy"] {
            assert_eq!(relation("anger", label), Some(Relation::Narrower), "{label}");
        }
        assert_eq!(relation("amusement", "wry amusement"), Some(Relation::Narrower));
        assert_eq!(relation("positive", "amusement"), Some(Relation::Narrower));
        assert_eq!(relation("warm amusement", "wry amusement"), Some(Relation::Akin));
        assert_eq!(relation("fury", "cold anger"), Some(Relation::Akin));
    }

    #[test]
    fn opposites_differ_in_sentiment() {
        let lexicon = lexicon();
        let opposite = |one, other| lexicon.opposite(lexicon.sense(one).unwrap(), lexicon.sense(other).unwrap());
        assert!(opposite("joy", "anger") && opposite("cold anger", "positive"));
        assert!(!opposite("joy", "amusement") && !opposite("anger", "negative"));
    }

    #[test]
    fn shades_are_those_of_known_names() {
        let lexicon = lexicon();
        let shade_of = |label| {
            let sense = lexicon.sense(label)?;
            Some((lexicon.node_names[sense.node].as_str(), sense.shade?))
        };
        assert_eq!(shade_of("cold anger"), Some(("anger", SHADES[1])));
        assert_eq!(shade_of("mild righteous anger"), Some(("anger", SHADES[0])));
        assert_eq!(shade_of("very angry"), Some(("anger", SHADES[1])));
        for other in ["anger", "angry", "mock anger", "lack of anger", "anger management", "angry at me", "wonder"] {
            assert_eq!(shade_of(other), None, "{other}");
        }
    }
}
