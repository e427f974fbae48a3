//! Which words did it: what becomes of a label's probability without them.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::perturbations::{Perturbations, Scoring, Variant};
use crate::scoring::logit;
use crate::{Result, Scores};

/// The most words of a text that are left out one by one. Of a longer text they are those of the stretches that matter.
pub const MAX_WORDS: usize = 48;

/// The most stretches of a text that are left out one by one.
pub const MAX_STRETCHES: usize = 64;

/// The most pairs of words that are left out together.
pub const MAX_PAIRS: usize = 12;

/// Among how many of the strongest words pairs are sought.
const STRONGEST: usize = 4;

/// How far from the strongest words their partners are sought, in words.
const NEAR: usize = 3;

/// From which interaction on, in probability, two words are said to work together.
const TOGETHER: f32 = 0.1;

/// How many pairs are told.
const TOLD: usize = 3;

/// What becomes of a label's probability when parts of the text are left out (occlusion: Zeiler and Fergus 2014; for words,
/// Li, Monroe and Jurafsky 2016). Each part is really left out, and what remains is really encoded.
///
/// - A text of at most [`MAX_WORDS`] words loses each of them in turn.
/// - A longer one first loses each of its windows, which costs nothing, then each [stretch](super::Passage::stretches) of
///   the windows that matter most, at most [`MAX_STRETCHES`], and then each word of the stretches that matter most, at most
///   [`MAX_WORDS`].
/// - Then pairs of words are left out together: the strongest words with each other, and with those around them. Half as many
///   as words were left out, at most [`MAX_PAIRS`].
///
/// So no text costs more than [`MAX_STRETCHES`] + [`MAX_WORDS`] + [`MAX_PAIRS`] encodings of one window. "Matters" and
/// "strong" are by the change of the logit of the label's probability, whatever its sign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occlusion {
    /// The label's index.
    pub label: usize,
    /// Its probability for the text as it is.
    pub probability: f32,
    /// The stretches that were left out, in the order of the text; none of a short text.
    pub stretches: Vec<Effect>,
    /// The words that were left out, in the order of the text.
    pub words: Vec<Effect>,
    /// The words that work together, the strongest pair first: those whose interaction is a tenth at least, at most three.
    pub pairs: Vec<Pair>,
    /// What is to be encoded before this is complete; what is there is true already.
    pub missing: Vec<Variant>,
}

/// What becomes of a label's probability without a part of the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Where the part is, in bytes.
    pub range: Range<usize>,
    /// The probability without it.
    pub without: f32,
    /// How much that is more than with it: below 0 for what speaks for the label, above 0 for what speaks against it.
    pub change: f32,
    /// The same for the logit of the probability, which tells effects apart where probabilities are near 0 or 1.
    pub logit_change: f32,
}

/// Two words whose effects depend on each other: "not" and "happy", or "glad" and "delighted".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// Where the words are, in bytes, in the order of the text.
    pub ranges: [Range<usize>; 2],
    /// The probability without the one, and without the other.
    pub without_one: [f32; 2],
    /// The probability without both.
    pub without: f32,
    /// How much that is more than the two words' own effects make together:
    /// `without - without_one[0] - without_one[1] + probability`.
    pub interaction: f32,
}

impl Occlusion {
    /// The words by how much they matter, the strongest first; of equals, the first in the text.
    pub fn strongest(&self) -> Vec<&Effect> {
        let mut words: Vec<&Effect> = self.words.iter().collect();
        words.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        words
    }
}

impl Perturbations {
    /// What becomes of a label's probability when parts of the text are left out, as far as is known.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): no such label, or vectors of another model.
    pub fn occlusion(&self, scoring: Scoring, label: usize) -> Result<Occlusion> {
        scoring.check(label)?;
        let mut found = Occlusion {
            label,
            probability: self.scores([], scoring)?.0.probability(0)[label],
            stretches: Vec::new(),
            words: Vec::new(),
            pairs: Vec::new(),
            missing: Vec::new(),
        };
        let mut words: Vec<Range<usize>> = self.passage().words().to_vec();
        if words.len() > MAX_WORDS {
            let stretches = self.stretches_that_matter(scoring, label)?;
            found.stretches = self.effects(&stretches, scoring, label, &mut found.missing)?;
            if !found.missing.is_empty() {
                return Ok(found);
            }
            words = self.words_that_matter(&found.stretches);
        }
        found.words = self.effects(&words, scoring, label, &mut found.missing)?;
        if found.missing.is_empty() {
            found.pairs = self.pairs(&found.words, scoring, label, &mut found.missing)?;
        }
        Ok(found)
    }

    /// The effects of parts of the text, as far as they are known; what is not goes to `missing`.
    fn effects(
        &self,
        parts: &[Range<usize>],
        scoring: Scoring,
        label: usize,
        missing: &mut Vec<Variant>,
    ) -> Result<Vec<Effect>> {
        let variants: Vec<Variant> = parts.iter().map(|part| self.variant([(part.clone(), "")])).collect();
        let (scores, places) = self.scores(&variants, scoring)?;
        missing.extend(self.missing(&variants));
        let known = parts.iter().zip(places).filter_map(|(part, place)| Some((part, place?)));
        Ok(known.map(|(part, place)| effect(part, &scores, place, label)).collect())
    }

    /// The stretches of the windows that matter most, in the order of the text.
    fn stretches_that_matter(&self, scoring: Scoring, label: usize) -> Result<Vec<Range<usize>>> {
        let passage = self.passage();
        let windows: Vec<Range<usize>> = passage.windows().to_vec();
        let mut order: Vec<usize> = (0..windows.len()).collect();
        if windows.len() > 1 {
            let without: Vec<Variant> = windows.iter().map(|window| self.variant([(window.clone(), "")])).collect();
            let (scores, places) = self.scores(&without, scoring)?;
            let strength = |window: usize| {
                places[window].map_or(0.0, |place| strength(&effect(&windows[window], &scores, place, label)))
            };
            order.sort_by(|&a, &b| strength(b).total_cmp(&strength(a)));
        }
        let mut chosen: Vec<Range<usize>> = Vec::new();
        for window in order {
            let inside = |stretch: &&Range<usize>| passage.windows_of(stretch).start == window;
            let stretches: Vec<_> = passage.stretches().iter().filter(inside).cloned().collect();
            if chosen.len() + stretches.len() > MAX_STRETCHES && !chosen.is_empty() {
                break;
            }
            chosen.extend(stretches.into_iter().take(MAX_STRETCHES));
        }
        chosen.sort_by_key(|range| range.start);
        Ok(chosen)
    }

    /// The words of the stretches that matter most, in the order of the text.
    fn words_that_matter(&self, stretches: &[Effect]) -> Vec<Range<usize>> {
        let mut order: Vec<&Effect> = stretches.iter().collect();
        order.sort_by(|a, b| strength(b).total_cmp(&strength(a)));
        let mut words: BTreeSet<usize> = BTreeSet::new();
        for stretch in order {
            let inside = self.passage().words_in(&stretch.range);
            if words.len() + inside.len() > MAX_WORDS && !words.is_empty() {
                break;
            }
            words.extend(inside.take(MAX_WORDS));
        }
        words.into_iter().map(|word| self.passage().words()[word].clone()).collect()
    }

    /// Which words work together.
    fn pairs(&self, words: &[Effect], scoring: Scoring, label: usize, missing: &mut Vec<Variant>) -> Result<Vec<Pair>> {
        let sought = partners(words);
        let variant = |&[a, b]: &[usize; 2]| self.variant([(words[a].range.clone(), ""), (words[b].range.clone(), "")]);
        // Two words of two windows would cost two encodings, and windows do not know of each other.
        let near = |&[a, b]: &[usize; 2]| {
            let window = |word: usize| self.passage().windows_of(&words[word].range);
            window(a) == window(b) && window(a).len() == 1
        };
        let sought: Vec<[usize; 2]> = sought.into_iter().filter(near).collect();
        let variants: Vec<Variant> = sought.iter().map(variant).collect();
        let (scores, places) = self.scores(&variants, scoring)?;
        missing.extend(self.missing(&variants));
        let probability = scores.probability(0)[label];
        let mut pairs: Vec<Pair> = sought
            .iter()
            .zip(places)
            .filter_map(|(&[a, b], place)| {
                let (one, other) = (&words[a], &words[b]);
                let without = scores.probability(place?)[label];
                let interaction = without - one.without - other.without + probability;
                let ranges = [one.range.clone(), other.range.clone()];
                Some(Pair { ranges, without_one: [one.without, other.without], without, interaction })
            })
            .filter(|pair| pair.interaction.abs() >= TOGETHER)
            .collect();
        pairs.sort_by(|a, b| b.interaction.abs().total_cmp(&a.interaction.abs()));
        pairs.truncate(TOLD);
        Ok(pairs)
    }
}

/// The pairs of words worth leaving out together, as indices in ascending order, the most promising first.
fn partners(words: &[Effect]) -> Vec<[usize; 2]> {
    let most = (words.len() / 2).min(MAX_PAIRS);
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|&a, &b| strength(&words[b]).total_cmp(&strength(&words[a])));
    order.truncate(STRONGEST);
    // A pair's turn comes the later, the weaker the stronger of its words is and the further away or the weaker the other.
    let mut candidates: Vec<(usize, [usize; 2])> = Vec::new();
    for (rank, &word) in order.iter().enumerate() {
        candidates.extend(order.iter().enumerate().skip(rank + 1).map(|(other, &with)| (rank + other, [word, with])));
        let near = (1..=NEAR).flat_map(|far| [word.checked_sub(far), Some(word + far)].map(|with| (far, with)));
        let near = near.filter_map(|(far, with)| Some((far, with.filter(|&with| with < words.len())?)));
        candidates.extend(near.map(|(far, with)| (2 * rank + far, [word, with])));
    }
    candidates.sort_by_key(|&(turn, _)| turn);
    let mut pairs: Vec<[usize; 2]> = Vec::new();
    for (_, [a, b]) in candidates {
        let pair = [a.min(b), a.max(b)];
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    pairs.truncate(most);
    pairs
}

fn effect(part: &Range<usize>, scores: &Scores, place: usize, label: usize) -> Effect {
    let (with, without) = (scores.probability(0)[label], scores.probability(place)[label]);
    Effect { range: part.clone(), without, change: without - with, logit_change: logit(without) - logit(with) }
}

fn strength(effect: &Effect) -> f32 {
    effect.logit_change.abs()
}
