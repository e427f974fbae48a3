//! How far two annotation sets of the same texts agree: how good is a cheaper teacher?

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use undertone_core::{Encoder, metrics};

use crate::bundle;
use crate::data::each_row;

#[derive(Deserialize)]
struct Row {
    id: Option<Value>,
    text: Option<String>,
    descriptors: Option<Vec<String>>,
    labels: Option<Vec<String>>,
    ratings: Option<Map<String, Value>>,
    valence: Option<f64>,
    arousal: Option<f64>,
}

/// Figures by name, in order; what the sets do not have is not there.
#[derive(Debug, Default)]
pub struct Agreement {
    texts: usize,
    only_first: usize,
    only_second: usize,
    figures: Vec<(&'static str, f64, String)>,
}

/// Compares the sets in the files or folders; with a bundle, descriptors by their meaning too.
pub fn check(first: &Path, second: &Path, student: Option<&Path>) -> Result<Agreement> {
    let (a, b) = (read(first)?, read(second)?);
    let mut pairs: Vec<(&Row, &Row)> = Vec::new();
    let mut only_first = 0;
    for (key, row) in &a {
        match b.get(key) {
            Some(other) => pairs.push((row, other)),
            None => only_first += 1,
        }
    }
    ensure!(
        !pairs.is_empty(),
        "{} and {} have no text in common; annotate the same texts by both teachers",
        first.display(),
        second.display()
    );
    // The order decides which rows stand in for chance.
    pairs.sort_by(|x, y| x.0.text.cmp(&y.0.text));
    let mut agreement =
        Agreement { texts: pairs.len(), only_first, only_second: b.len() - pairs.len(), figures: Vec::new() };
    agreement.descriptors(&pairs, student)?;
    agreement.labels(&pairs)?;
    agreement.ratings(&pairs)?;
    agreement.affect(&pairs)?;
    Ok(agreement)
}

/// Rows by their text, which also holds where the ids differ.
fn read(path: &Path) -> Result<HashMap<String, Row>> {
    let file: PathBuf = if path.is_dir() { path.join("data.jsonl") } else { path.to_owned() };
    let mut rows = HashMap::new();
    each_row(&file, |place, row: Row| {
        let id = row.id.as_ref().map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let key = row.text.as_ref().map(|text| text.trim().to_owned()).or(id);
        let key = key.with_context(|| format!("{place}: the row has neither text nor id; add a field \"text\""))?;
        rows.entry(key).or_insert(row);
        Ok(())
    })?;
    ensure!(!rows.is_empty(), "{} has no rows", file.display());
    Ok(rows)
}

fn set(words: &[String]) -> HashSet<String> {
    words.iter().map(|word| word.trim().to_lowercase()).collect()
}

impl Agreement {
    fn add(&mut self, name: &'static str, value: f64, note: impl Into<String>) {
        self.figures.push((name, value, note.into()));
    }

    fn descriptors(&mut self, pairs: &[(&Row, &Row)], student: Option<&Path>) -> Result<()> {
        let words = |row: &Row| row.descriptors.as_deref().map(set).filter(|words| !words.is_empty());
        let pairs: Vec<_> = pairs.iter().filter_map(|(a, b)| words(a).zip(words(b))).collect();
        if pairs.is_empty() {
            return Ok(());
        }
        let n = pairs.len() as f64;
        let jaccard =
            |(a, b): &(HashSet<String>, HashSet<String>)| a.intersection(b).count() as f64 / a.union(b).count() as f64;
        self.add("descriptors_exact", pairs.iter().map(jaccard).sum::<f64>() / n, "share of descriptors in common");
        let Some(folder) = student else { return Ok(()) };
        let encoder = Encoder::load(bundle::read(folder)?)?;
        let mut all: Vec<&str> = pairs.iter().flat_map(|(a, b)| a.iter().chain(b)).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        let vectors = encoder.encode(&all)?.vectors.means()?;
        let place: HashMap<&str, usize> = all.iter().enumerate().map(|(i, word)| (*word, i)).collect();
        let cosine = |a: &str, b: &str| -> f64 {
            let (a, b) = (vectors.row(place[a]), vectors.row(place[b]));
            f64::from(a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>())
        };
        // Each word's nearest on the other side, on average over both sides.
        let towards = |from: &HashSet<String>, to: &HashSet<String>| {
            let nearest = |a: &String| to.iter().map(|b| cosine(a, b)).fold(-1.0, f64::max);
            from.iter().map(nearest).sum::<f64>() / from.len() as f64
        };
        let overlap = |a: &HashSet<String>, b: &HashSet<String>| (towards(a, b) + towards(b, a)) / 2.0;
        let near = pairs.iter().map(|(a, b)| overlap(a, b)).sum::<f64>() / n;
        self.add("descriptors_meaning", near, "cosine to the nearest descriptor of the other");
        // The same teachers about texts that have nothing to do with each other.
        if pairs.len() > 1 {
            let shift = pairs.len() / 2;
            let chance =
                (0..pairs.len()).map(|i| overlap(&pairs[i].0, &pairs[(i + shift) % pairs.len()].1)).sum::<f64>() / n;
            self.add("descriptors_chance", chance, "the same between different texts");
        }
        Ok(())
    }

    fn labels(&mut self, pairs: &[(&Row, &Row)]) -> Result<()> {
        let words = |row: &Row| row.labels.as_deref().map(set);
        let pairs: Vec<_> = pairs.iter().filter_map(|(a, b)| words(a).zip(words(b))).collect();
        let mut labels: Vec<&String> = pairs.iter().flat_map(|(a, b)| a.iter().chain(b)).collect();
        labels.sort_unstable();
        labels.dedup();
        if labels.is_empty() {
            return Ok(());
        }
        let kappas: Vec<f64> = labels
            .iter()
            .filter_map(|label| kappa(pairs.iter().map(|(a, b)| (a.contains(*label), b.contains(*label)))))
            .collect();
        if !kappas.is_empty() {
            let mean = kappas.iter().sum::<f64>() / kappas.len() as f64;
            self.add("labels_kappa", mean, format!("Cohen's, mean of {} labels", kappas.len()));
        }
        if pairs.iter().all(|(a, b)| a.len() == 1 && b.len() == 1)
            && let Some(kappa) = kappa(pairs.iter().map(|(a, b)| (a.iter().next(), b.iter().next())))
        {
            self.add("label_kappa", kappa, "Cohen's, of the one label of each text");
        }
        let same = pairs.iter().filter(|(a, b)| a == b).count() as f64 / pairs.len() as f64;
        self.add("labels_same", same, "share of texts with the very same labels");
        Ok(())
    }

    fn ratings(&mut self, pairs: &[(&Row, &Row)]) -> Result<()> {
        let mut both = (Vec::new(), Vec::new());
        for (a, b) in pairs {
            for (label, rating) in a.ratings.iter().flatten() {
                let other = b.ratings.as_ref().and_then(|ratings| ratings.get(label)).and_then(Value::as_f64);
                if let Some((a, b)) = rating.as_f64().zip(other) {
                    both.0.push(a);
                    both.1.push(b);
                }
            }
        }
        if !both.0.is_empty() {
            let told = format!("Pearson, {} ratings", both.0.len());
            self.add("ratings_r", metrics::pearson(&both.0, &both.1)?, told);
            let expressed = both.0.iter().zip(&both.1).map(|(a, b)| (*a >= 1.5, *b >= 1.5));
            if let Some(kappa) = kappa(expressed) {
                self.add("ratings_kappa", kappa, "Cohen's, of clear or dominant against the rest");
            }
        }
        Ok(())
    }

    fn affect(&mut self, pairs: &[(&Row, &Row)]) -> Result<()> {
        let mut column = |name: &'static str, of: fn(&Row) -> Option<f64>| -> Result<()> {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().filter_map(|(a, b)| of(a).zip(of(b))).unzip();
            if !a.is_empty() {
                let apart = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum::<f64>() / a.len() as f64;
                self.add(name, metrics::pearson(&a, &b)?, format!("Pearson; {apart:.2} apart on average"));
            }
            Ok(())
        };
        column("valence_r", |row| row.valence)?;
        column("arousal_r", |row| row.arousal)
    }

    pub fn to_json(&self) -> Value {
        let mut all = Map::new();
        all.insert("texts".into(), json!(self.texts));
        all.insert("only_first".into(), json!(self.only_first));
        all.insert("only_second".into(), json!(self.only_second));
        all.extend(self.figures.iter().map(|(name, value, _)| ((*name).to_owned(), json!(value))));
        Value::Object(all)
    }
}

/// Cohen's kappa: agreement beyond chance, 1 at most. None where both sides always say the same one thing, and there
/// is nothing to agree about.
fn kappa<T: Eq + std::hash::Hash + Copy>(pairs: impl Iterator<Item = (T, T)>) -> Option<f64> {
    let mut counts: HashMap<T, (f64, f64)> = HashMap::new();
    let (mut same, mut n) = (0.0, 0.0);
    for (a, b) in pairs {
        counts.entry(a).or_default().0 += 1.0;
        counts.entry(b).or_default().1 += 1.0;
        same += f64::from(u8::from(a == b));
        n += 1.0;
    }
    let chance = counts.values().map(|(a, b)| a * b).sum::<f64>() / (n * n);
    (n > 0.0 && chance < 1.0).then(|| (same / n - chance) / (1.0 - chance))
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} texts in both, {} in the first alone, {} in the second alone",
            self.texts, self.only_first, self.only_second
        )?;
        self.figures.iter().try_for_each(|(name, value, note)| writeln!(f, "{name:20} {value:>6.3}  {note}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_is_cohens() {
        // The usual example: 20 and 15 of 50 alike.
        let table = [((true, true), 20), ((true, false), 5), ((false, true), 10), ((false, false), 15)];
        let pairs = table.iter().flat_map(|&(pair, n)| std::iter::repeat_n(pair, n));
        assert!((kappa(pairs).unwrap() - 0.4).abs() < 1e-9);
        assert_eq!(kappa([(1, 1), (1, 1)].into_iter()), None);
        assert_eq!(kappa([(1, 2), (2, 1)].into_iter()), Some(-1.0));
    }
}
