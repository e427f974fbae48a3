//! What if: what an edit of a text changes, and which of its words did it.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::perturbations::{Perturbations, Scoring, Variant};
use super::{Passage, ranked};
use crate::Result;

/// The most places of an edit that are told apart; of more, neighbours count as one.
pub const MAX_CHANGES: usize = 16;

/// The most parts of either version, what both begin and end with aside, that are compared one by one: the comparison takes
/// time by their product. Longer stretches count as one place.
const MAX_PARTS: usize = 4_000;

/// The difference between two versions of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Of each label its probability before and after, and whether it is on.
    pub labels: Vec<Shift>,
    /// The places where the versions differ, in order.
    pub changes: Vec<Change>,
    /// What is to be encoded before this is complete, as variants of the later version; what is there is true already.
    pub missing: Vec<Variant>,
}

/// What an edit does to a label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Shift {
    /// The probability before and after.
    pub probability: [f32; 2],
    /// Whether the label is on before and after.
    pub on: [bool; 2],
}

impl Shift {
    /// How much more probable the label is after than before.
    pub fn change(&self) -> f32 {
        self.probability[1] - self.probability[0]
    }
}

/// A place where two versions of a text differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What stood there before, in bytes of the earlier version; empty if something was put in.
    pub before: Range<usize>,
    /// What stands there, in bytes of the later version; empty if something was left out.
    pub after: Range<usize>,
    /// The probability of each label for the later version with this place as it was before: what the place does is the
    /// difference from there to the probability after. Empty while it is missing.
    pub undone: Vec<f32>,
}

impl Difference {
    /// Compares two versions of a text. The words that did it are found as in [`Occlusion`](super::Occlusion): each place is
    /// really taken back, and what remains is really encoded.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): vectors of different models.
    pub fn new(before: &Perturbations, after: &Perturbations, scoring: Scoring) -> Result<Self> {
        let places = places(before.passage(), after.passage());
        let undo: Vec<Variant> = places
            .iter()
            .map(|(was, is)| after.variant([(is.clone(), &before.passage().text()[was.clone()])]))
            .collect();
        let (first, _) = before.scores([], scoring)?;
        let (second, found) = after.scores(&undo, scoring)?;
        let single = places.len() == 1;
        let shift = |label: usize| Shift {
            probability: [first.probability(0)[label], second.probability(0)[label]],
            on: [first.on(0)[label], second.on(0)[label]],
        };
        let change = |((before, after), found): ((Range<usize>, Range<usize>), Option<usize>)| {
            // The only place taken back makes the version before.
            let undone = if single { Some(first.probability(0)) } else { found.map(|row| second.probability(row)) };
            Change { before, after, undone: undone.map(<[f32]>::to_vec).unwrap_or_default() }
        };
        Ok(Self {
            labels: (0..first.width()).map(shift).collect(),
            changes: places.into_iter().zip(found).map(change).collect(),
            missing: if single { Vec::new() } else { after.missing(&undo) },
        })
    }

    /// The labels' indices, those that change most first.
    pub fn ranked(&self) -> Vec<usize> {
        ranked(self.labels.len(), |label| self.labels[label].change().abs())
    }
}

/// A text's words, and what stands between them, without white space; as far as the text is read.
fn parts(passage: &Passage) -> Vec<Range<usize>> {
    let end = passage.windows().last().map_or(0, |window| window.end);
    let text = &passage.text()[..end];
    let mut parts = Vec::new();
    let mut at = 0;
    for word in passage.words().iter().chain(std::iter::once(&(end..end))) {
        let between = &text[at..word.start];
        let start = at + between.len() - between.trim_start().len();
        parts.extend([start..start + between.trim().len(), word.clone()].into_iter().filter(|part| !part.is_empty()));
        at = word.end;
    }
    parts
}

/// The places where two texts differ, as ranges of either.
fn places(before: &Passage, after: &Passage) -> Vec<(Range<usize>, Range<usize>)> {
    let (old, new) = (parts(before), parts(after));
    let words = |passage: &Passage, parts: &[Range<usize>]| -> Vec<String> {
        parts.iter().map(|part| passage.text()[part.clone()].to_owned()).collect()
    };
    let (old_words, new_words) = (words(before, &old), words(after, &new));
    let prefix = old_words.iter().zip(&new_words).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old_words[prefix..], &new_words[prefix..]);
    let suffix = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - suffix], &new_rest[..new_rest.len() - suffix]);

    let mut hunks: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    if old_middle.len().max(new_middle.len()) > MAX_PARTS {
        hunks.push((prefix..prefix + old_middle.len(), prefix..prefix + new_middle.len()));
    } else {
        // Counted here: where a part is left out or put in, an operation does not always say where in the other text that is.
        let (mut old_at, mut new_at) = (prefix, prefix);
        for op in capture_diff_slices(Algorithm::Myers, old_middle, new_middle) {
            let (old, new) = (old_at..old_at + op.old_range().len(), new_at..new_at + op.new_range().len());
            (old_at, new_at) = (old.end, new.end);
            if matches!(op, DiffOp::Equal { .. }) {
                continue;
            }
            match hunks.last_mut() {
                Some(last) if last.0.end == old.start && last.1.end == new.start => {
                    (last.0.end, last.1.end) = (old.end, new.end);
                }
                _ => hunks.push((old, new)),
            }
        }
    }
    while hunks.len() > MAX_CHANGES {
        let gap = |i: &usize| hunks[i + 1].1.start - hunks[*i].1.end;
        let Some(nearest) = (0..hunks.len() - 1).min_by_key(gap) else { break };
        let (old, new) = hunks.remove(nearest + 1);
        (hunks[nearest].0.end, hunks[nearest].1.end) = (old.end, new.end);
    }
    hunks.into_iter().map(|(a, b)| (bytes(&old, a), bytes(&new, b))).collect()
}

/// The bytes of some parts; of none, the place behind the part before.
fn bytes(parts: &[Range<usize>], range: Range<usize>) -> Range<usize> {
    match &parts[range.clone()] {
        [first, .., last] => first.start..last.end,
        [only] => only.clone(),
        [] => {
            let end = range.start.checked_sub(1).map_or(0, |before| parts[before].end);
            end..end
        }
    }
}

#[cfg(all(test, feature = "model"))]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::explain::splice::splice;

    fn passage(text: &str) -> Passage {
        Passage::new(text, std::iter::once(0..text.len()))
    }

    fn between<'a>(before: &'a str, after: &'a str) -> Vec<(&'a str, &'a str)> {
        let places = places(&passage(before), &passage(after));
        places.into_iter().map(|(was, is)| (&before[was], &after[is])).collect()
    }

    #[test]
    fn places_are_the_words_that_differ() {
        assert_eq!(between("I am happy.", "I am not happy!"), [("", "not"), (".", "!")]);
        assert_eq!(between("I was never sad, really", "I was sad"), [("never", ""), (", really", "")]);
        assert_eq!(between("so sad 😭", "so  glad 😭"), [("sad", "glad")]);
        assert_eq!(between("", "new"), [("", "new")]);
        assert_eq!(between("old", ""), [("old", "")]);
        assert_eq!(between("same", " same "), []);
    }

    #[test]
    fn many_places_are_a_few() {
        let [before, after] = [0, 1].map(|odd| {
            (0..100).map(|i| if i % 2 == odd { format!("a{i}") } else { "x".into() }).collect::<Vec<_>>().join(" ")
        });
        let places = between(&before, &after);
        assert_eq!(places.len(), MAX_CHANGES);
        let [before, after] = ["a", "b"].map(|word| format!("{word} ").repeat(MAX_PARTS + 1));
        assert_eq!(between(&before, &after).len(), 1);
    }

    proptest! {
        #[test]
        fn all_places_taken_back_make_the_text_before(
            before in "([ab]{1,2}[ ,]{0,2}|😭){0,20}", after in "([ab]{1,2}[ ,]{0,2}|😭){0,20}"
        ) {
            let places = places(&passage(&before), &passage(&after));
            let undone = splice(&after, places.iter().map(|(was, is)| (is.clone(), &before[was.clone()])));
            let plain = |text: &str| text.replace(char::is_whitespace, "");
            prop_assert_eq!(plain(&undone), plain(&before), "{:?}", places);
        }
    }
}
