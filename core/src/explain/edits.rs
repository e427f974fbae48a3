//! What if: the smallest edits that switch a label on or off.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::perturbations::{Perturbations, Scoring, Variant};
use crate::{Background, Result, dot};

/// The most edits that are tried beside leaving out each word.
pub const MAX_EDITS: usize = 48;

/// How many words a term of the lexicon is looked for in.
const TERM_WORDS: usize = 3;

/// How many neighbours of a term are tried in its place.
const NEIGHBOURS: usize = 3;

/// How many of the strongest words get a "not", and how many are left out two by two.
const STRONGEST: usize = 4;

/// How many edits are told.
const TOLD: usize = 8;

/// The smallest edits that switch a label on or off, whichever it is not: counterfactual explanations (Wachter, Mittelstadt
/// and Russell 2018), of edits that people can read.
///
/// Tried are, of the words that [`Occlusion`](super::Occlusion) leaves out:
///
/// - each left out, and if that does not do, the strongest two by two;
/// - a negation put in: "not" behind an auxiliary verb, or before a strong word; and "n't" taken out;
/// - a word that the lexicon knows exchanged for one of the terms nearest to it, of the same form as far as its ending tells,
///   and for the nearest of another sentiment.
///
/// They are at most [`MAX_EDITS`] beside leaving out each word, and each is really made, and what comes of it encoded.
/// Negation and forms are English.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edits {
    /// The label's index.
    pub label: usize,
    /// Its probability for the text as it is.
    pub probability: f32,
    /// Whether it is on.
    pub on: bool,
    /// Those that switch the label, the smallest first, of equal size those of the largest effect; then, if there are
    /// none, those that come nearest to it. At most eight.
    pub edits: Vec<Edit>,
    /// What is to be encoded before this is complete; what is there is true already.
    pub missing: Vec<Variant>,
}

/// An edit of a text, and what comes of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// What kind of edit it is.
    pub kind: EditKind,
    /// The parts of the text that are replaced, in bytes and in order, and by what.
    pub parts: Vec<(Range<usize>, String)>,
    /// How many words it leaves out, puts in or exchanges.
    pub size: usize,
    /// The label's probability then.
    pub probability: f32,
    /// Whether the label is on then.
    pub on: bool,
}

/// What kind of edit one is; in the order in which equals are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EditKind {
    /// Words are left out.
    LeaveOut,
    /// A negation is put in or taken out.
    Negate,
    /// A word is exchanged for a neighbour in the lexicon.
    Swap,
}

/// An edit that may be tried.
struct Candidate {
    kind: EditKind,
    parts: Vec<(Range<usize>, String)>,
    size: usize,
}

impl Perturbations {
    /// The smallest edits that switch a label, as far as is known.
    ///
    /// # Errors
    /// As [`Perturbations::occlusion`].
    pub fn edits(&self, scoring: Scoring, label: usize) -> Result<Edits> {
        let occlusion = self.occlusion(scoring, label)?;
        let (scores, _) = self.scores([], scoring)?;
        let (probability, on) = (occlusion.probability, scores.on(0)[label]);
        let mut found = Edits { label, probability, on, edits: Vec::new(), missing: occlusion.missing.clone() };
        if !found.missing.is_empty() {
            return Ok(found);
        }
        let words: Vec<Range<usize>> = occlusion.words.iter().map(|word| word.range.clone()).collect();
        // What speaks for a label that is on is what to begin with, and what speaks against one that is off.
        let mut order: Vec<usize> = (0..words.len()).collect();
        let gain = |word: usize| occlusion.words[word].logit_change * if on { -1.0 } else { 1.0 };
        order.sort_by(|&a, &b| gain(b).total_cmp(&gain(a)));
        order.truncate(STRONGEST);

        let mut candidates: Vec<Candidate> = words.iter().map(|word| leave_out(&[word])).collect();
        let mut others = negations(self.passage().text(), &words, &order);
        others.extend(swaps(self.passage().text(), &words, scoring.scorer.background()));
        others.truncate(MAX_EDITS - STRONGEST * (STRONGEST - 1) / 2);
        candidates.extend(others);
        self.judge(&mut found, &candidates, scoring)?;
        if found.missing.is_empty() && !found.edits.iter().any(|edit| edit.on != on) {
            let pairs =
                order.iter().enumerate().flat_map(|(i, &a)| order[..i].iter().map(move |&b| [a.min(b), a.max(b)]));
            candidates.extend(pairs.map(|[a, b]| leave_out(&[&words[a], &words[b]])));
            self.judge(&mut found, &candidates, scoring)?;
        }
        Ok(found)
    }

    /// Takes up what comes of candidates.
    fn judge(&self, found: &mut Edits, candidates: &[Candidate], scoring: Scoring) -> Result<()> {
        let parts = |candidate: &Candidate| {
            self.variant(candidate.parts.iter().map(|(range, with)| (range.clone(), with.as_str())))
        };
        let variants: Vec<Variant> = candidates.iter().map(parts).collect();
        found.missing = self.missing(&variants);
        let (scores, places) = self.scores(&variants, scoring)?;
        let known = candidates.iter().zip(places).filter_map(|(candidate, place)| {
            let place = place?;
            Some(Edit {
                kind: candidate.kind,
                parts: candidate.parts.clone(),
                size: candidate.size,
                probability: scores.probability(place)[found.label],
                on: scores.on(place)[found.label],
            })
        });
        let mut edits: Vec<Edit> = known.collect();
        let (on, before) = (found.on, found.probability);
        let gain = |edit: &Edit| if on { before - edit.probability } else { edit.probability - before };
        let switches = edits.iter().any(|edit| edit.on != on);
        edits.retain(|edit| if switches { edit.on != on } else { gain(edit) > 0.0 });
        edits.sort_by(|a, b| {
            let size = |edit: &Edit| if switches { edit.size } else { 0 };
            size(a).cmp(&size(b)).then_with(|| gain(b).total_cmp(&gain(a))).then(a.kind.cmp(&b.kind))
        });
        edits.truncate(TOLD);
        found.edits = edits;
        Ok(())
    }
}

fn leave_out(words: &[&Range<usize>]) -> Candidate {
    let parts = words.iter().map(|&word| (word.clone(), String::new())).collect();
    Candidate { kind: EditKind::LeaveOut, parts, size: words.len() }
}

/// Verbs that "not" stands behind.
const AUXILIARIES: [&str; 24] = [
    "am", "is", "are", "was", "were", "do", "does", "did", "have", "has", "had", "can", "could", "will", "would",
    "shall", "should", "may", "might", "must", "i'm", "you're", "we're", "they're",
];

/// Words of which "'s" is short for "is" or "has".
const PRONOUNS: [&str; 8] = ["it", "that", "this", "he", "she", "there", "what", "who"];

const NEGATIONS: [&str; 6] = ["not", "never", "no", "nothing", "nobody", "hardly"];

/// Edits that negate, or take a negation out. `order` names the strongest words.
fn negations(text: &str, words: &[Range<usize>], order: &[usize]) -> Vec<Candidate> {
    let plain: Vec<String> = words.iter().map(|word| text[word.clone()].to_lowercase().replace('’', "'")).collect();
    let negated = |at: usize| plain.get(at).is_some_and(|word| NEGATIONS.contains(&word.as_str()));
    let edit =
        |range: Range<usize>, with: String| Candidate { kind: EditKind::Negate, parts: vec![(range, with)], size: 1 };
    let mut edits = Vec::new();
    for (i, (word, range)) in plain.iter().zip(words).enumerate() {
        let original = &text[range.clone()];
        let affirmed = match word.as_str() {
            "can't" => Some(original.len() - 2),
            "cannot" => Some(3),
            "won't" | "shan't" | "ain't" => None,
            word if word.ends_with("n't") => {
                Some(original.chars().rev().take(3).fold(original.len(), |at, c| at - c.len_utf8()))
            }
            _ => None,
        };
        if let Some(stem) = affirmed.and_then(|length| original.get(..length)) {
            edits.push(edit(range.clone(), stem.to_owned()));
        } else if word == "won't" {
            edits.push(edit(range.clone(), "will".to_owned()));
        }
        let auxiliary = AUXILIARIES.contains(&word.as_str())
            || word.strip_suffix("'s").is_some_and(|word| PRONOUNS.contains(&word));
        if auxiliary && !negated(i + 1) {
            edits.push(edit(range.end..range.end, " not".to_owned()));
        }
    }
    for &word in order {
        let before = word.checked_sub(1);
        let verb = before.is_some_and(|before| AUXILIARIES.contains(&plain[before].as_str()) || negated(before));
        if !verb && !negated(word) {
            let at = words[word].start;
            edits.push(edit(at..at, "not ".to_owned()));
        }
    }
    edits
}

/// Edits that exchange what the lexicon knows for what is near it there.
fn swaps(text: &str, words: &[Range<usize>], background: &Background) -> Vec<Candidate> {
    let lexicon = background.lexicon();
    let mut edits = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let mut length = 1;
        // The longest that is known, of words that stand together.
        let known = (1..=TERM_WORDS.min(words.len() - at)).rev().find_map(|count| {
            let range = words[at].start..words[at + count - 1].end;
            let term = lexicon.find(&text[range.clone()])?;
            length = count;
            Some((range, term))
        });
        if let Some((range, term)) = known {
            let form = Form::of(&text[range.clone()], &lexicon.terms()[term].term);
            for neighbour in neighbours(background, term) {
                let entry = &lexicon.terms()[neighbour];
                let names = std::iter::once(&entry.term).chain(&entry.synonyms);
                let Some(name) = names.into_iter().find(|name| Form::of(name, &entry.term) == form) else { continue };
                let size = length.max(name.split(' ').count());
                edits.push(Candidate { kind: EditKind::Swap, parts: vec![(range.clone(), name.clone())], size });
            }
        }
        at += length;
    }
    edits
}

/// The terms nearest to one, and the nearest of each other sentiment.
fn neighbours(background: &Background, term: usize) -> Vec<usize> {
    let (terms, entries) = (background.terms(), background.lexicon().terms());
    let mut others: Vec<(f32, usize)> =
        (0..terms.len()).filter(|&other| other != term).map(|o| (dot(terms.row(o), terms.row(term)), o)).collect();
    others.sort_by(|a, b| b.0.total_cmp(&a.0));
    let order = || others.iter().map(|&(_, other)| other);
    let mut near: Vec<usize> = order().take(NEIGHBOURS).collect();
    for sentiment in ["positive", "negative"] {
        let other = order().find(|&other| entries[other].sentiment == sentiment);
        near.extend(other.filter(|&other| entries[term].sentiment != sentiment && !near.contains(&other)));
    }
    near
}

/// What a word can stand for in a sentence, as far as its ending tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Noun,
    Adverb,
    Quality,
    Phrase,
}

impl Form {
    /// The form of a name that a term goes by: terms themselves are nouns, as are some of their synonyms; of the others
    /// most tell how somebody is.
    fn of(name: &str, term: &str) -> Self {
        const NOUNS: [&str; 12] =
            ["ness", "ment", "ion", "ity", "ude", "ance", "ence", "ship", "hood", "ism", "ure", "ght"];
        let name = name.to_lowercase();
        match name.as_str() {
            name if name.contains(' ') => Self::Phrase,
            name if name == term || NOUNS.iter().any(|ending| name.ends_with(ending)) => Self::Noun,
            name if name.ends_with("ly") => Self::Adverb,
            _ => Self::Quality,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::splice::splice;
    use crate::{Embeddings, Lexicon, Term};

    fn words(text: &str) -> Vec<Range<usize>> {
        let start = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
        text.split([' ', '.'])
            .filter(|word| !word.is_empty())
            .map(|word| start(word)..start(word) + word.len())
            .collect()
    }

    fn applied(text: &str, candidates: Vec<Candidate>) -> Vec<String> {
        let apply = |c: Candidate| splice(text, c.parts.iter().map(|(range, with)| (range.clone(), with.as_str())));
        candidates.into_iter().map(apply).collect()
    }

    #[test]
    fn negation_goes_in_and_out() {
        let negated = |text: &str, strongest: &[usize]| applied(text, negations(text, &words(text), strongest));
        assert_eq!(negated("I am happy.", &[2]), ["I am not happy."]);
        assert_eq!(negated("It's a joy.", &[2]), ["It's not a joy.", "It's a not joy."]);
        assert_eq!(negated("I don’t mind.", &[]), ["I do mind."]);
        assert_eq!(negated("I won't. I can't", &[]), ["I will. I can't", "I won't. I can"]);
        assert_eq!(negated("I am not sad.", &[3]), [""; 0]);
    }

    #[test]
    fn a_word_goes_for_its_neighbour_of_the_same_form() {
        let term = |term: &str, synonyms: &[&str], sentiment: &str| Term {
            term: term.into(),
            synonyms: synonyms.iter().map(|&s| s.into()).collect(),
            sentiment: sentiment.into(),
            ..Term::default()
        };
        let terms = vec![
            term("happiness", &["happy", "glad", "on top of the world"], "positive"),
            term("delight", &["delightedness", "delighted"], "positive"),
            term("grief", &["heartbroken"], "negative"),
        ];
        let vectors = Embeddings::new(2, vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0]).unwrap();
        let background = Background::new(Lexicon::from(terms), vectors, Embeddings::empty(2)).unwrap();
        let swapped = |text: &str| applied(text, swaps(text, &words(text), &background));
        assert_eq!(swapped("I am Happy."), ["I am delighted.", "I am heartbroken."]);
        assert_eq!(swapped("What happiness."), ["What delight.", "What grief."]);
        assert_eq!(swapped("Nothing here"), [""; 0]);
    }
}
