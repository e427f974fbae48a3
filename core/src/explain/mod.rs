//! Reading closely: why a text was scored as it was, where in it, and what if it were otherwise.
//!
//! - [`Perturbations`]: a text and variants of it. [`Occlusion`] says which words did it, [`Edits`] which smallest edits would
//!   switch a label, [`Difference`] what an edit changed, [`Breakdown`] what a probability is made of.
//! - [`TokenVectors`]: what each token adds to a cosine similarity.
//! - [`Ribbon`]: valence, arousal and labels sentence by sentence, and where the text turns.
//! - [`Comparison`]: two ways of labelling the same texts.
//! - [`nearest()`], [`typical`], [`borderline`]: other texts to read beside.
//! - [`Card`]: what to know about a score before one relies on it.
//!
//! Places in a text are in bytes; [`utf16_ranges`](crate::utf16_ranges) makes of them what a browser counts. The formulas are
//! where they are used; `docs/explain.md` has what was measured.

mod card;
mod comparison;
mod difference;
mod edits;
mod nearest;
mod occlusion;
mod passage;
mod perturbations;
mod ribbon;
mod shares;
mod splice;

pub use card::{CAVEAT, Card, Familiarity, Reliability, WordingScore};
pub use comparison::{Comparison, LabelComparison, TextComparison, label_pairs};
pub use difference::{Change, Difference, MAX_CHANGES, Shift};
pub use edits::{Edit, EditKind, Edits, MAX_EDITS};
pub use nearest::{CommonWords, Neighbour, borderline, nearest, typical};
pub use occlusion::{Effect, MAX_PAIRS, MAX_STRETCHES, MAX_WORDS, Occlusion, Pair};
pub use passage::Passage;
pub use perturbations::{Perturbations, Scoring, Variant};
pub use ribbon::{Point, Ribbon, Series, Turn};
pub use shares::{Breakdown, Share, TokenVectors, shares_of};
pub use splice::edited;

/// The indices of the highest of some values, the highest first, of equals the lowest index; at most `most`. Sorts no more
/// than it returns.
fn highest(count: usize, most: usize, value: impl Fn(usize) -> f32) -> Vec<usize> {
    let order = |&a: &usize, &b: &usize| value(b).total_cmp(&value(a)).then(a.cmp(&b));
    let mut indices: Vec<usize> = (0..count).collect();
    if most < count {
        indices.select_nth_unstable_by(most, order);
        indices.truncate(most);
    }
    indices.sort_unstable_by(order);
    indices
}

/// All of some indices, by a value, the highest first.
fn ranked(count: usize, value: impl Fn(usize) -> f32) -> Vec<usize> {
    highest(count, count, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_are_those_of_sorting() {
        let values = [0.3f32, 0.9, 0.1, 0.9, 0.5];
        assert_eq!(highest(5, 3, |i| values[i]), [1, 3, 4]);
        assert_eq!(ranked(5, |i| values[i]), [1, 3, 4, 0, 2]);
        assert!(highest(5, 0, |i| values[i]).is_empty());
        assert!(highest(0, 3, |_| 0.0).is_empty());
    }
}
