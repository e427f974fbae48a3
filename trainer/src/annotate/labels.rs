//! The labels that a closed-set or a ratings question is about, and which of them tempt for a text.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use undertone_core::{Bundle, Embeddings, Encoder, LabelSet};

use super::input::Text;
use super::question::{Assignment, Item, Kind, NEUTRAL};
use crate::bundle;

/// Which labels are asked about.
#[derive(Debug, Args)]
pub struct LabelArgs {
    /// The labels: a label set (.json), or a label a line; for ratings, the project's lexicon if there is none
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// For ratings: the bundle whose student proposes the labels that tempt most for each text
    #[arg(long, value_name = "DIR")]
    pub labels_from_model: Option<PathBuf>,
    /// For ratings: how many labels to rate for each text
    #[arg(long, default_value_t = 8, value_name = "N")]
    pub labels_per_text: usize,
}

/// The labels of a run. A closed set always has the label for what expresses nothing.
pub fn read(args: &LabelArgs, kind: Kind) -> Result<Vec<String>> {
    if kind == Kind::Descriptors {
        ensure!(
            args.labels.is_none() && args.labels_from_model.is_none(),
            "descriptors are free words; labels go with --question closed-set or --question ratings"
        );
        return Ok(Vec::new());
    }
    ensure!(args.labels_per_text > 0, "--labels-per-text is 0; it must be 1 at least");
    let mut labels = match &args.labels {
        Some(path) => from_file(path)?,
        None if kind == Kind::Ratings => lexicon()?,
        None => anyhow::bail!("a closed set needs its labels; give them by --labels"),
    };
    let mut seen = HashSet::new();
    labels.retain(|label| seen.insert(label.to_lowercase()));
    ensure!(!labels.is_empty(), "there are no labels to ask about; --labels has none");
    if kind == Kind::ClosedSet && seen.insert(NEUTRAL.into()) {
        labels.push(NEUTRAL.into());
    }
    Ok(labels)
}

fn from_file(path: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if path.extension().is_some_and(|e| e == "json") {
        let set = LabelSet::from_json(&text).with_context(|| path.display().to_string())?;
        return Ok(set.labels().iter().map(|label| label.name.clone()).collect());
    }
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The terms of the lexicon that the project brings.
fn lexicon() -> Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Row {
        term: String,
    }
    let rows = include_str!("../../data/emotion-lexicon/data.jsonl").lines();
    rows.map(|row| Ok(serde_json::from_str::<Row>(row).context("the project's lexicon is damaged")?.term)).collect()
}

/// How the labels of a text are chosen, for whoever goes on with the run.
pub fn assignment(args: &LabelArgs, kind: Kind) -> Result<Option<Assignment>> {
    if kind != Kind::Ratings {
        return Ok(None);
    }
    let student = args.labels_from_model.as_deref().map(|folder| {
        let path = folder.join(Bundle::MANIFEST);
        let manifest = fs::read(&path).with_context(|| {
            format!("{} cannot be read; --labels-from-model takes a bundle's folder", path.display())
        })?;
        // It has the checksums of everything else.
        Ok::<_, anyhow::Error>(hex::encode(Sha256::digest(manifest)))
    });
    Ok(Some(Assignment { per_text: args.labels_per_text, student: student.transpose()? }))
}

/// How many of `count` labels are drawn at random, the others being the nearest: one in four. Where that leaves a fraction,
/// it is for so many of the texts one more.
fn random(text: &str, count: usize) -> usize {
    count / 4 + usize::from(usize::from(Sha256::digest(text)[0] % 4) < count % 4)
}

/// Gives each text the labels to be rated: with a student, three in four are those nearest to the text, and the rest are
/// drawn at random, so that the teacher also says what is plainly not expressed. The same text always gets the same.
pub fn assign(texts: Vec<Text>, labels: &[String], args: &LabelArgs, kind: Kind) -> Result<Vec<Item>> {
    if kind != Kind::Ratings {
        return Ok(texts.into_iter().map(|text| Item::new(text, Vec::new())).collect());
    }
    let Some(folder) = &args.labels_from_model else {
        let draw = |text: Text| {
            let drawn = if labels.len() <= args.labels_per_text {
                labels.to_vec()
            } else {
                shuffled(&text.text, (0..labels.len()).collect())
                    .into_iter()
                    .take(args.labels_per_text)
                    .map(|l| labels[l].clone())
                    .collect()
            };
            Item::new(text, drawn)
        };
        return Ok(texts.into_iter().map(draw).collect());
    };
    let encoder = Encoder::load(bundle::read(folder)?)?;
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    let vectors = encoder.encode(&names)?.vectors.means()?;
    let mut items = Vec::with_capacity(texts.len());
    for chunk in texts.chunks(64) {
        let rows = encoder.encode(&chunk.iter().map(|text| text.text.as_str()).collect::<Vec<_>>())?.vectors.means()?;
        for (text, row) in chunk.iter().zip(rows.rows()) {
            let ranked = ranked(row, &vectors);
            let near = args.labels_per_text - random(&text.text, args.labels_per_text);
            let (first, rest) = ranked.split_at(near.min(ranked.len()));
            let chosen = first.iter().copied().chain(shuffled(&text.text, rest.to_vec())).take(args.labels_per_text);
            // Not in the order of the student's liking, which the teacher should not know.
            let chosen = shuffled(&text.text, chosen.collect());
            items.push(Item::new(text.clone(), chosen.into_iter().map(|l| labels[l].clone()).collect()));
        }
    }
    Ok(items)
}

fn ranked(text: &[f32], labels: &Embeddings) -> Vec<usize> {
    let cosine: Vec<f32> = labels.rows().map(|label| label.iter().zip(text).map(|(a, b)| a * b).sum()).collect();
    let mut ranked: Vec<usize> = (0..cosine.len()).collect();
    ranked.sort_by(|&a, &b| cosine[b].total_cmp(&cosine[a]));
    ranked
}

fn shuffled(text: &str, mut indices: Vec<usize>) -> Vec<usize> {
    indices.shuffle(&mut ChaCha8Rng::from_seed(Sha256::digest(text).into()));
    indices
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With 1 to 3, 5, 6 or 9 labels a text, none was once random.
    #[test]
    fn a_quarter_of_the_labels_is_random_however_many_there_are() {
        for count in 1..=12 {
            let drawn: usize = (0..2000).map(|i| random(&format!("text {i}"), count)).sum();
            let share = drawn as f64 / (2000 * count) as f64;
            assert!((share - 0.25).abs() < 0.04, "{count} labels: {share}");
        }
        assert!((0..50).all(|i| random(&i.to_string(), 8) == 2));
    }
}
