//! What the student is to say of each pair of a batch, and how much each pair counts.

use std::collections::HashMap;

use undertone_core::{Embeddings, dot};

use super::batch::Batch;
use crate::data::{Lexicon, Origin, Relation, Sense};
use crate::recipe::Recipe;

/// Degree and weight of each pair, `(texts, labels)` row-major.
pub struct Targets {
    pub labels: usize,
    /// How far the label is expressed, 0 to 1.
    pub degree: Vec<f32>,
    /// How much the pair counts: 1 for what a teacher said of his own accord, 0 for what nobody knows.
    pub weight: Vec<f32>,
}

/// How far what is broader than what was said is expressed.
const BROADER: f32 = 0.8;

impl Targets {
    /// Fills in the matrix. `terms` are the base model's vectors of the batch's terms.
    ///
    /// - What a text was said to express is a yes, and so are other words for it.
    /// - What is broader, narrower or of the same family, what the base model finds close, and what a descriptor is a shade of
    ///   count as the recipe says.
    /// - All else is a no for texts that were described in free words; of other texts nothing else is known.
    /// - A rating holds whatever else was said. A no to a label that the teacher was asked about counts more.
    pub fn new(batch: &Batch, terms: &Embeddings, lexicon: &Lexicon, recipe: &Recipe) -> Self {
        let (texts, labels) = (batch.examples.len(), batch.terms.len());
        let mut kinship = Kinship::new(batch, terms, lexicon, recipe);
        let mut invented = vec![false; labels];
        for (label, rating) in batch.ratings.iter().flatten() {
            invented[*label] |= rating.origin == Origin::Invented;
        }
        let mut targets = Self { labels, degree: vec![0.0; texts * labels], weight: vec![0.0; texts * labels] };
        for text in 0..texts {
            let row = text * labels..(text + 1) * labels;
            let (degree, weight) = (&mut targets.degree[row.clone()], &mut targets.weight[row]);
            let descriptors = &batch.positives[text];
            if !descriptors.is_empty() {
                weight.fill(1.0);
                for &said in descriptors {
                    for (label, kin) in kinship.of(said).iter().enumerate() {
                        match *kin {
                            Kin::Yes(d, w) if w > 0.0 && d > degree[label] => (degree[label], weight[label]) = (d, w),
                            Kin::No(w) if degree[label] == 0.0 => weight[label] = weight[label].min(w),
                            // Doubtful, but no negative.
                            Kin::Yes(_, _) if degree[label] == 0.0 => weight[label] = 0.0,
                            _ => {}
                        }
                    }
                }
                // What was rated speaks for its kin as well, though not so loud as to make a yes of it.
                let rated = batch.ratings[text].iter().filter(|(_, rating)| rating.degree > 0.0);
                for &(said, _) in rated {
                    for (label, kin) in kinship.of(said).iter().enumerate().filter(|(label, _)| degree[*label] == 0.0) {
                        weight[label] = match *kin {
                            Kin::No(w) => weight[label].min(w),
                            Kin::Yes(_, _) => 0.0,
                        };
                    }
                }
                for label in (0..labels).filter(|&label| invented[label] && degree[label] == 0.0) {
                    weight[label] *= recipe.invented;
                }
            }
            for &(label, rating) in &batch.ratings[text] {
                let count = match rating.origin {
                    Origin::Asked | Origin::Invented if rating.degree == 0.0 => recipe.zeros,
                    Origin::Chosen => recipe.chosen,
                    Origin::Asked | Origin::Invented | Origin::Complete => 1.0,
                };
                (degree[label], weight[label]) = (rating.degree, count);
            }
        }
        targets
    }
}

/// What a label that was said means for another: how far that is expressed, and how much it counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kin {
    Yes(f32, f32),
    No(f32),
}

/// How the labels of a batch stand to each other.
struct Kinship<'a> {
    terms: &'a Embeddings,
    lexicon: &'a Lexicon,
    recipe: &'a Recipe,
    senses: Vec<Option<Sense>>,
    /// For each label that was said what that means for all.
    known: HashMap<usize, Vec<Kin>>,
}

impl<'a> Kinship<'a> {
    fn new(batch: &Batch, terms: &'a Embeddings, lexicon: &'a Lexicon, recipe: &'a Recipe) -> Self {
        let senses = batch.terms.iter().map(|term| lexicon.sense(term)).collect();
        Self { terms, lexicon, recipe, senses, known: HashMap::new() }
    }

    /// What it means for each label that `said` was said.
    fn of(&mut self, said: usize) -> &[Kin] {
        if !self.known.contains_key(&said) {
            let kin = (0..self.senses.len()).map(|label| self.between(said, label)).collect();
            self.known.insert(said, kin);
        }
        &self.known[&said]
    }

    fn between(&self, said: usize, label: usize) -> Kin {
        let Recipe { unlike, alike, .. } = *self.recipe;
        if said == label {
            return Kin::Yes(1.0, 1.0);
        }
        // Random weights find everything alike: they know no synonyms.
        let cosine = if self.recipe.from_scratch { 0.0 } else { dot(self.terms.row(said), self.terms.row(label)) };
        let distance = ((alike - cosine) / (alike - unlike)).clamp(0.0, 1.0);
        let Some((one, other)) = self.senses[said].zip(self.senses[label]) else { return Kin::No(distance) };
        match self.lexicon.relation(one, other) {
            Some(Relation::Same) => Kin::Yes(1.0, 1.0),
            Some(Relation::ShadeOf(degree)) => Kin::Yes(degree, self.recipe.shade),
            Some(Relation::Broader) => Kin::Yes(BROADER, self.recipe.broader),
            Some(Relation::Narrower | Relation::Akin) => Kin::No(0.0),
            Some(Relation::Sibling) => Kin::No(distance.min(self.recipe.siblings)),
            Some(Relation::Distinct) => Kin::No(self.recipe.near),
            None if self.lexicon.opposite(one, other) => Kin::No(1.0),
            None => Kin::No(distance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Entry, Example, Rating};
    use crate::train::batch::Batcher;

    fn lexicon() -> Lexicon {
        let entry = |term: &str, synonym: &str, near: &str, family: &str, basic: &str| Entry {
            term: term.into(),
            synonyms: vec![synonym.into()],
            near_not_same: vec![near.into()],
            family: family.into(),
            basic: basic.into(),
            sentiment: "s".into(),
            ..Entry::default()
        };
        Lexicon::new(vec![
            entry("joy", "joyful", "amusement", "joy", "joy"),
            entry("amusement", "amused", "joy", "amusement", "joy"),
            entry("hilarity", "hilarious", "calmness", "amusement", "joy"),
            entry("calmness", "calm", "hilarity", "calm", "joy"),
            entry("fear", "afraid", "joy", "fear", "fear"),
        ])
    }

    fn example(descriptors: &[&str], ratings: &[(&str, f32, Origin)]) -> Example {
        let rating = |&(label, degree, origin): &(&str, f32, Origin)| Rating { label: label.into(), degree, origin };
        Example {
            descriptors: descriptors.iter().map(|&d| d.into()).collect(),
            ratings: ratings.iter().map(rating).collect(),
            ..Example::default()
        }
    }

    /// Degree and weight of a label for the first of these texts.
    fn cell(examples: &[Example], label: &str, recipe: &Recipe) -> (f32, f32) {
        let lexicon = lexicon();
        let recipe = Recipe { bare: true, drawn: 0, ..recipe.clone() };
        let batch = Batcher::new(&lexicon, &recipe).batch(0, 0, examples.iter().collect());
        // Only what begins with "close" is close to each other.
        let vectors = batch.terms.iter().enumerate().flat_map(|(i, term)| {
            let axis = if term.starts_with("close") { 0 } else { i + 1 };
            (0..=batch.terms.len()).map(move |j| f32::from(u8::from(j == axis)))
        });
        let terms = Embeddings::new(batch.terms.len() + 1, vectors.collect()).unwrap();
        let targets = Targets::new(&batch, &terms, &lexicon, &recipe);
        let place = batch.terms.iter().position(|term| *term == label).unwrap();
        (targets.degree[place], targets.weight[place])
    }

    /// Of two texts the second brings further labels.
    fn said(descriptors: &[&str], label: &str) -> (f32, f32) {
        cell(&[example(descriptors, &[]), example(&[label], &[])], label, &Recipe::default())
    }

    #[test]
    fn what_is_above_what_was_said_is_no_negative() {
        for label in ["joy", "joyful", "s", "happiness"] {
            assert_eq!(said(&["hilarity"], label).1, 0.0, "{label}");
            assert_eq!(said(&["wild hilarity"], label).1, 0.0, "{label}");
        }
        let recipe = Recipe { broader: 0.5, ..Recipe::default() };
        let examples = [example(&["hilarity"], &[]), example(&["joyful"], &[])];
        assert_eq!(cell(&examples, "joyful", &recipe), (0.8, 0.5));
    }

    #[test]
    fn what_is_below_what_was_said_is_unknown() {
        assert_eq!(said(&["joy", "fear"], "hilarious"), (0.0, 0.0));
        assert_eq!(said(&["joy", "fear"], "loud hilarity"), (0.0, 0.0));
    }

    #[test]
    fn other_words_are_a_yes_and_others_a_no() {
        let recipe = Recipe::default();
        assert_eq!(said(&["amusement"], "amused"), (1.0, 1.0));
        assert_eq!(said(&["wry amusement"], "amused"), (0.9, recipe.shade));
        assert_eq!(said(&["faint amusement"], "amused"), (0.67, recipe.shade));
        assert_eq!(said(&["amusement"], "afraid"), (0.0, 1.0));
        assert_eq!(said(&["hilarity"], "calm"), (0.0, recipe.near));
        assert_eq!(said(&["hilarity", "close to tears"], "close to crying"), (0.0, 0.0));
        assert_eq!(said(&["close to tears"], "far from it"), (0.0, 1.0));
    }

    #[test]
    fn ratings_hold_whatever_else_was_said() {
        let recipe = Recipe::default();
        let of = |origin, degree| cell(&[example(&["amusement"], &[("joy", degree, origin)])], "joy", &recipe);
        assert_eq!(of(Origin::Asked, 0.0), (0.0, recipe.zeros));
        assert_eq!(of(Origin::Complete, 0.0), (0.0, 1.0));
        assert_eq!(of(Origin::Chosen, 1.0), (1.0, recipe.chosen));
        assert_eq!(of(Origin::Asked, 0.3), (0.3, 1.0));
        // A yes makes its kin doubtful, a no nothing.
        let other = |degree| {
            let examples = [example(&["fear"], &[("amusement", degree, Origin::Asked)]), example(&["amused"], &[])];
            cell(&examples, "amused", &recipe)
        };
        assert_eq!(other(0.75), (0.0, 0.0));
        assert_eq!(other(0.0), (0.0, 1.0));
    }

    #[test]
    fn labels_invented_for_other_texts_are_a_doubtful_no() {
        let recipe = Recipe::default();
        let own = |label: &str| example(&["fear"], &[(label, 1.0, Origin::Invented)]);
        let of = |first: &str, second: &str| cell(&[own(first), own(second)], second, &recipe);
        assert_eq!(of("done explaining", "in stitches"), (0.0, recipe.invented));
        assert_eq!(of("close to leaving", "close to quitting"), (0.0, 0.0));
        // Who was asked about some labels only has said nothing of what others said of their own accord.
        let asked = [example(&[], &[("fear", 1.0, Origin::Asked)]), example(&["hilarity"], &[])];
        assert_eq!(cell(&asked, "hilarity", &recipe), (0.0, 0.0));
    }
}
