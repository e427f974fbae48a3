//! Batches: texts, and the labels they are held against.

use std::collections::HashMap;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom, index};
use rand_chacha::ChaCha8Rng;

use super::random::{Purpose, stream};
use crate::data::{Entry, Example, Lexicon, Rating};
use crate::recipe::Recipe;

/// A batch of texts and distinct labels: what their teachers said of them, and some of the lexicon.
pub struct Batch<'a> {
    pub examples: Vec<&'a Example>,
    /// The labels' terms, as the teacher wrote them.
    pub terms: Vec<&'a str>,
    /// What stands for each term this time.
    pub wordings: Vec<String>,
    /// For each text its descriptors among the terms.
    pub positives: Vec<Vec<usize>>,
    /// For each text its ratings, by the terms they are of.
    pub ratings: Vec<Vec<(usize, &'a Rating)>>,
}

/// Lines up labels for texts; the same recipe, epoch and step give the same ones.
pub struct Batcher<'a> {
    lexicon: &'a Lexicon,
    recipe: &'a Recipe,
}

impl<'a> Batcher<'a> {
    pub fn new(lexicon: &'a Lexicon, recipe: &'a Recipe) -> Self {
        Self { lexicon, recipe }
    }

    /// The batch of these examples.
    pub fn batch(&self, epoch: usize, step: usize, examples: Vec<&'a Example>) -> Batch<'a> {
        let mut rng = stream(self.recipe.seed, epoch, step, Purpose::Labels);
        let mut terms: Vec<&'a str> = Vec::new();
        let mut columns: HashMap<&'a str, usize> = HashMap::new();
        let mut take = |labels: &[&'a str]| {
            for &label in labels {
                columns.entry(label).or_insert_with(|| {
                    terms.push(label);
                    terms.len() - 1
                });
            }
        };
        let descriptors = examples.iter().map(|e| e.descriptors.iter().map(String::as_str).collect()).collect();
        take(&some(descriptors, self.recipe.descriptors, &mut rng));
        let rated = examples.iter().map(|e| e.ratings.iter().map(|r| r.label.as_str()).collect()).collect();
        take(&some(rated, self.recipe.ratings, &mut rng));
        let entries = self.lexicon.entries();
        let drawn = index::sample(&mut rng, entries.len(), self.recipe.drawn.min(entries.len()));
        take(&drawn.iter().map(|i| entries[i].term.as_str()).collect::<Vec<_>>());

        let column = |label: &str| columns.get(label).copied();
        let positives = examples.iter().map(|e| e.descriptors.iter().filter_map(|d| column(d)).collect()).collect();
        let ratings =
            examples.iter().map(|e| e.ratings.iter().filter_map(|r| Some((column(&r.label)?, r))).collect()).collect();
        let mut rng = stream(self.recipe.seed, epoch, step, Purpose::Wordings);
        let wordings = terms.iter().map(|term| self.wording(term, self.lexicon.get(term), &mut rng)).collect();
        Batch { examples, terms, wordings, positives, ratings }
    }

    /// A seed for the dropout of each of a batch's sequences: its texts, then its labels.
    pub fn noise(&self, epoch: usize, step: usize, sequences: usize) -> Vec<u64> {
        let mut rng = stream(self.recipe.seed, epoch, step, Purpose::Dropout);
        (0..sequences).map(|_| rng.random()).collect()
    }

    /// The bare term mostly; sometimes in the template; where the lexicon knows it, also a synonym or its definition.
    fn wording(&self, term: &str, known: Option<&Entry>, rng: &mut ChaCha8Rng) -> String {
        let templated = || self.recipe.template.replacen("{}", term, 1);
        let draw: f32 = if self.recipe.bare { 0.0 } else { rng.random() };
        match known {
            None if draw < 0.85 => term.into(),
            None => templated(),
            Some(_) if draw < 0.5 => term.into(),
            Some(w) if draw < 0.7 => w.synonyms.choose(rng).cloned().unwrap_or_else(|| term.into()),
            Some(w) if draw < 0.8 => w.definition.clone(),
            Some(w) if draw < 0.9 => format!("{term}: {}", w.definition),
            Some(_) => templated(),
        }
    }
}

/// The distinct labels of texts, in their order; `most` of them at random where there are more, a label of each text before a
/// second of any.
fn some<'a>(mut of: Vec<Vec<&'a str>>, most: usize, rng: &mut ChaCha8Rng) -> Vec<&'a str> {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    let mut all: Vec<&str> = of.iter().flatten().copied().collect();
    all.retain(|label| seen.insert(label, ()).is_none());
    if all.len() <= most {
        return all;
    }
    of.iter_mut().for_each(|labels| labels.shuffle(rng));
    of.shuffle(rng);
    let longest = of.iter().map(Vec::len).max().unwrap_or(0);
    let in_turn = (0..longest).flat_map(|i| of.iter().filter_map(move |labels| labels.get(i)));
    let mut kept: HashMap<&str, ()> = HashMap::new();
    for label in in_turn {
        if kept.len() == most {
            break;
        }
        kept.insert(label, ());
    }
    all.retain(|label| kept.contains_key(label));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Origin;

    fn example(descriptors: &[&str], ratings: &[(&str, f32)]) -> Example {
        let rating = |&(label, degree): &(&str, f32)| Rating { label: label.into(), degree, origin: Origin::Asked };
        Example {
            descriptors: descriptors.iter().map(|&d| d.into()).collect(),
            ratings: ratings.iter().map(rating).collect(),
            ..Example::default()
        }
    }

    fn lexicon() -> Lexicon {
        let entry = |term: &&str| Entry { term: (*term).into(), definition: "d".into(), ..Entry::default() };
        Lexicon::new(["joy", "anger", "fear", "envy"].iter().map(entry).collect())
    }

    #[test]
    fn labels_are_what_was_said_and_some_of_the_lexicon() {
        let (lexicon, recipe) = (lexicon(), Recipe { drawn: 4, bare: true, ..Recipe::default() });
        let examples = [example(&["joy", "glee"], &[("envy", 0.0)]), example(&["glee"], &[])];
        let batch = Batcher::new(&lexicon, &recipe).batch(0, 0, examples.iter().collect());
        assert_eq!(batch.terms[..3], ["joy", "glee", "envy"]);
        let mut terms = batch.terms.clone();
        terms.sort_unstable();
        assert_eq!(terms, ["anger", "envy", "fear", "glee", "joy"]);
        assert_eq!(batch.wordings, batch.terms);
        assert_eq!(batch.positives, [vec![0, 1], vec![1]]);
        assert_eq!((batch.ratings[0][0].0, batch.ratings[1].len()), (2, 0));
    }

    #[test]
    fn every_text_keeps_a_label_before_any_keeps_two() {
        let names: Vec<Vec<String>> = (0..6).map(|i| (0..5).map(|j| format!("{i} {j}")).collect()).collect();
        let of = || names.iter().map(|labels| labels.iter().map(String::as_str).collect()).collect::<Vec<Vec<&str>>>();
        for step in 0..20 {
            let kept = some(of(), 9, &mut stream(1, 0, step, Purpose::Labels));
            assert_eq!(kept.len(), 9);
            for i in 0..6 {
                let of_text = kept.iter().filter(|label| label.starts_with(&i.to_string())).count();
                assert!((1..=2).contains(&of_text), "{kept:?}");
            }
        }
        assert_eq!(some(of(), 30, &mut stream(1, 0, 0, Purpose::Labels)), of().concat());
    }

    /// Terms are drawn alike, so that none is a column more often than others for being said more often.
    #[test]
    fn the_lexicon_is_drawn_evenly() {
        let (lexicon, recipe) = (lexicon(), Recipe { drawn: 2, ..Recipe::default() });
        let batcher = Batcher::new(&lexicon, &recipe);
        let said = example(&["other"], &[]);
        let mut uses: HashMap<String, usize> = HashMap::new();
        for step in 0..400 {
            for term in &batcher.batch(0, step, vec![&said]).terms[1..] {
                *uses.entry((*term).to_owned()).or_default() += 1;
            }
        }
        assert!(uses.len() == 4 && uses.values().all(|n| (150..250).contains(n)), "{uses:?}");
    }
}
