//! Which examples an epoch sees, and which of them meet in a batch.

use std::collections::HashMap;

use rand::Rng;
use rand::seq::SliceRandom;

use super::random::{Purpose, stream};
use crate::data::{Annotations, Example};
use crate::recipe::Recipe;

/// Deals examples out into the batches of an epoch; the same recipe and epoch give the same ones.
pub struct Sampler<'a> {
    sources: Vec<Source<'a>>,
    size: usize,
    seed: u64,
}

/// A set's examples.
struct Source<'a> {
    /// In units that stay together: the texts of a group, or a text alone.
    units: Vec<Vec<&'a Example>>,
    /// How many examples an epoch draws.
    drawn: usize,
}

impl<'a> Sampler<'a> {
    pub fn new(annotations: &'a Annotations, recipe: &Recipe) -> Self {
        let mut sources: Vec<Vec<Vec<&Example>>> = vec![Vec::new(); annotations.sources.len()];
        let mut groups: HashMap<(usize, &str), usize> = HashMap::new();
        for example in &annotations.examples {
            let units = &mut sources[example.source];
            let place = match &example.group {
                Some(group) => *groups.entry((example.source, group)).or_insert(units.len()),
                None => units.len(),
            };
            match units.get_mut(place) {
                Some(unit) => unit.push(example),
                None => units.push(vec![example]),
            }
        }
        let rows: Vec<f64> = sources.iter().map(|units| units.iter().map(Vec::len).sum::<usize>() as f64).collect();
        // Each set draws a share between its own and an equal one.
        let weights: Vec<f64> =
            rows.iter().map(|&n| if n > 0.0 { n.powf(1.0 - recipe.balance) } else { 0.0 }).collect();
        let (total, weight): (f64, f64) = (rows.iter().sum(), weights.iter().sum());
        let sources = sources.into_iter().zip(weights).zip(&annotations.sources).map(|((units, own), source)| {
            let repeat = recipe.repeat.iter().find(|(set, _)| *set == source.set).map_or(1.0, |(_, times)| *times);
            Source { units, drawn: (repeat * own / weight * total).round() as usize }
        });
        Self { sources: sources.filter(|source| source.drawn > 0).collect(), size: recipe.batch, seed: recipe.seed }
    }

    /// How many batches an epoch has.
    pub fn per_epoch(&self) -> usize {
        self.sources.iter().map(|source| source.drawn).sum::<usize>().div_ceil(self.size)
    }

    /// The examples of an epoch in a random order, batch by batch: as many batches as in any epoch, none of which splits a
    /// group, and each with about the share of each set that the epoch has. Batches are not sorted by length: rows are ragged,
    /// so there is no padding to save, and texts of all kinds make better negatives of each other.
    pub fn epoch(&self, epoch: usize) -> Vec<Vec<&'a Example>> {
        let mut rng = stream(self.seed, epoch, 0, Purpose::Order);
        // Where in the epoch, 0 to 1, each unit comes.
        let mut places: Vec<(f64, &Vec<&Example>)> = Vec::new();
        for source in &self.sources {
            let mut drawn: Vec<&Vec<&Example>> = Vec::new();
            let mut left = source.drawn;
            // All of a source once, in another order each time, before any of it comes again.
            while left > 0 {
                let mut order: Vec<&Vec<&Example>> = source.units.iter().collect();
                order.shuffle(&mut rng);
                for unit in order.into_iter().take_while(|unit| {
                    let due = left > 0;
                    left = left.saturating_sub(unit.len());
                    due
                }) {
                    drawn.push(unit);
                }
            }
            let count = drawn.len() as f64;
            let place = |(i, unit)| ((i as f64 + rng.random::<f64>()) / count, unit);
            places.extend(drawn.into_iter().enumerate().map(place));
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (count, all) = (self.per_epoch(), places.iter().map(|(_, unit)| unit.len()).sum::<usize>());
        let mut batches: Vec<Vec<&Example>> = vec![Vec::with_capacity(self.size); count];
        let mut before = 0;
        for (_, unit) in places {
            batches[before * count / all].extend(unit);
            before += unit.len();
        }
        batches.retain(|batch| !batch.is_empty());
        batches.shuffle(&mut rng);
        batches
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::data::Source as Set;

    /// Sources of so many examples, those of the first in groups of three.
    fn annotations(sizes: &[usize]) -> Annotations {
        let mut annotations = Annotations::default();
        for (source, &size) in sizes.iter().enumerate() {
            annotations.sources.push(Set { set: source.to_string(), rows: size, sha256: String::new() });
            annotations.examples.extend((0..size).map(|i| Example {
                source,
                text: format!("{source} {i}"),
                group: (source == 0).then(|| (i / 3).to_string().into()),
                ..Example::default()
            }));
        }
        annotations
    }

    fn recipe(seed: u64, balance: f64) -> Recipe {
        Recipe { batch: 8, seed, balance, ..Recipe::default() }
    }

    fn texts<'a>(batches: &[Vec<&'a Example>]) -> Vec<Vec<&'a str>> {
        batches.iter().map(|batch| batch.iter().map(|e| e.text.as_str()).collect()).collect()
    }

    #[test]
    fn an_epoch_sees_every_text_once_and_groups_whole() {
        let annotations = annotations(&[31, 50]);
        let sampler = Sampler::new(&annotations, &recipe(1, 0.0));
        for epoch in 0..5 {
            let batches = sampler.epoch(epoch);
            assert_eq!(batches.len(), sampler.per_epoch());
            let all = texts(&batches).concat();
            assert_eq!((all.len(), all.iter().collect::<HashSet<_>>().len()), (81, 81));
            for batch in &batches {
                assert!((5..=10).contains(&batch.len()), "{}", batch.len());
                for example in batch.iter().filter(|e| e.group.is_some()) {
                    let together = batch.iter().filter(|other| other.group == example.group).count();
                    let whole = annotations.examples.iter().filter(|other| other.group == example.group).count();
                    assert_eq!(together, whole);
                }
            }
        }
    }

    #[test]
    fn balance_is_between_the_sets_own_sizes_and_equal_ones() {
        let annotations = annotations(&[30, 120]);
        let count = |balance| {
            let batches = Sampler::new(&annotations, &recipe(1, balance)).epoch(0);
            let small = batches.concat().iter().filter(|e| e.source == 0).count();
            (small, batches.concat().len())
        };
        assert_eq!(count(0.0), (30, 150));
        assert_eq!(count(0.5).0, 51);
        let (small, all) = count(1.0);
        assert_eq!((small, all), (75, 150));
        let recipe = Recipe { repeat: vec![("0".into(), 0.5)], ..recipe(1, 0.0) };
        assert_eq!(Sampler::new(&annotations, &recipe).epoch(0).concat().len(), 135);
        // Twice each before any comes a third time.
        let recipe = Recipe { balance: 1.0, repeat: Vec::new(), ..recipe };
        let batches = Sampler::new(&annotations, &recipe).epoch(0);
        let all = texts(&batches).concat();
        let uses = |i: usize| all.iter().filter(|text| **text == format!("0 {i}")).count();
        assert!((0..30).all(|i| (2..=3).contains(&uses(i))));
    }

    #[test]
    fn every_batch_has_its_share_of_every_set() {
        let annotations = annotations(&[90, 710]);
        for batch in Sampler::new(&annotations, &Recipe { batch: 40, ..recipe(1, 0.0) }).epoch(0) {
            let small = batch.iter().filter(|example| example.source == 0).count();
            assert!((1..=10).contains(&small), "{small}");
        }
    }

    /// The second epoch of one seed was once the first of the next.
    #[test]
    fn seeds_and_epochs_have_orders_of_their_own() {
        let annotations = annotations(&[30, 50]);
        let mut seen = HashSet::new();
        for seed in 1..4 {
            for epoch in 0..3 {
                let batches = Sampler::new(&annotations, &recipe(seed, 0.0)).epoch(epoch);
                assert!(seen.insert(texts(&batches)), "seed {seed}, epoch {epoch}");
            }
        }
        let again = Sampler::new(&annotations, &recipe(2, 0.0));
        assert_eq!(texts(&again.epoch(1)), texts(&again.epoch(1)));
    }
}
