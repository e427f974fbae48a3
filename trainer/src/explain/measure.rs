//! Whether what is said of texts is true, and what it costs: the figures of docs/explain.md.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use undertone_core::explain::{CommonWords, Occlusion, Ribbon, edited, nearest, shares_of};
use undertone_core::metrics::{Interval, resample};
use undertone_core::{Embeddings, Encoder, LabelSet, Mode, ScoreOptions, TextVectors, sentences, words};

use super::Reader;
use super::order::{Gradients, by};
use crate::bundle;
use crate::data::{each_row_of_some, rows_of};
use crate::evaluate::read_labels;

/// Measure explanations: faithfulness, plausibility, turning points and cost
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// The bundle
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The label set by whose most probable label each text is explained
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// An annotation set, for faithfulness, turning points and cost
    #[arg(long, value_name = "DIR")]
    texts: PathBuf,
    /// How many of its texts are explained
    #[arg(long, default_value_t = 500)]
    count: usize,
    /// Pairs of texts that differ in a word, for plausibility
    #[arg(long, value_name = "DIR")]
    pairs: PathBuf,
    /// Write the figures as JSON
    #[arg(long)]
    json: bool,
}

/// How often texts are drawn anew for an interval.
const DRAWS: u64 = 2_000;

/// At which shares of a text's words deletion is measured, in tenths.
const TENTHS: usize = 10;

/// How many random orders stand for chance.
const RANDOM: u64 = 3;

/// The longest text whose deletion is measured: one that is explained word by word.
const LONGEST: usize = undertone_core::explain::MAX_WORDS;

/// A row of an annotation set.
#[derive(Deserialize)]
struct Row {
    text: String,
    valence: Option<f32>,
}

/// A row of the pairs.
#[derive(Deserialize)]
struct PairRow {
    phenomenon: String,
    texts: [String; 2],
    words: [String; 2],
    labels: [String; 2],
}

/// A mean over texts, with its 95 % interval over texts drawn anew.
#[derive(Debug, Clone, Copy, Serialize)]
struct Figure {
    mean: f64,
    interval: Option<Interval>,
    texts: usize,
}

impl Figure {
    fn of(values: &[f64]) -> Self {
        let mean = |times: &dyn Fn(usize) -> u32| {
            let (mut sum, mut count) = (0.0, 0u32);
            for (i, value) in values.iter().enumerate() {
                sum += value * f64::from(times(i));
                count += times(i);
            }
            sum / f64::from(count.max(1))
        };
        let drawn = (0..DRAWS).map(|draw| {
            let times = resample(values.len(), draw);
            mean(&|i| times[i])
        });
        let interval = if values.is_empty() { None } else { Interval::of(drawn.collect()) };
        Self { mean: mean(&|_| 1), interval, texts: values.len() }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.mean)?;
        match self.interval {
            Some(Interval { low, high }) => write!(f, " [{low:.3}, {high:.3}] of {}", self.texts),
            None => Ok(()),
        }
    }
}

#[derive(Serialize)]
struct Figures {
    faithfulness: BTreeMap<String, Figure>,
    plausibility: BTreeMap<String, Figure>,
    turns: BTreeMap<String, Figure>,
    cost: BTreeMap<String, Figure>,
}

/// Runs the command.
pub fn measure(args: &MeasureArgs) -> Result<()> {
    let bundle = bundle::read(&args.model)?;
    let gradients = Gradients::new(&bundle)?;
    let rows: Vec<Row> = rows_in(&args.texts)?;
    let pairs: Vec<PairRow> = rows_in(&args.pairs)?;
    let mut names: Vec<&str> = pairs.iter().flat_map(|pair| &pair.labels).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut pair_labels = LabelSet::new("pairs");
    for name in names {
        pair_labels.add(name)?;
    }
    let options = ScoreOptions { mode: Mode::Multi, threshold: None };
    let by_pairs = Reader::new(Encoder::load(bundle.clone())?, pair_labels, options)?;
    let reader = Reader::new(Encoder::load(bundle)?, read_labels(&args.labels)?, options)?;
    let figures = Figures {
        cost: cost(&reader, &rows)?,
        faithfulness: faithfulness(&reader, &gradients, &rows, args.count)?,
        plausibility: plausibility(&by_pairs, &pairs)?,
        turns: turns(&reader, &rows)?,
    };
    if args.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        let all = [&figures.faithfulness, &figures.plausibility, &figures.turns, &figures.cost];
        for (name, figure) in all.into_iter().flatten() {
            println!("{name:60} {figure}");
        }
    }
    Ok(())
}

fn rows_in<T: DeserializeOwned>(set: &Path) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    each_row_of_some(&rows_of(set)?, |_, row| {
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// The area under the deletion curve: the mean probability of the label, as a share of that of the whole text, while the
/// words go in an order, none at first and all at last. The less, the better the order.
fn faithfulness(
    reader: &Reader,
    gradients: &Gradients,
    rows: &[Row],
    count: usize,
) -> Result<BTreeMap<String, Figure>> {
    let short: Vec<&str> = (rows.iter().map(|row| row.text.as_str()))
        .filter(|text| (5..=LONGEST).contains(&words(text).len()))
        .filter(|text| reader.encoder.encode(&[text]).is_ok_and(|encoded| encoded.windows.len() == 1))
        .collect();
    let chosen: Vec<&str> =
        (0..count.min(short.len())).map(|i| short[i * short.len() / count.min(short.len())]).collect();
    ensure!(!chosen.is_empty(), "there is no text of 5 to {LONGEST} words to measure by");
    let progress = ProgressBar::new(chosen.len() as u64);
    let mut areas: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (at, text) in chosen.into_iter().enumerate() {
        let mut perturbations = reader.perturbations(text)?;
        let places = perturbations.passage().words().to_vec();
        let label = reader.best(text)?;
        let vectors = reader.labels.vectors();
        let vector = vectors.row(label);
        let occlusion = reader.occlusion(&mut perturbations, label)?;
        let shares = reader.encoder.encode_tokens(text)?.shares(vector)?;
        let gradient = gradients.of(text, &places, vector)?;
        let drops: Vec<f32> = occlusion.words.iter().map(|word| -word.logit_change).collect();
        let mut orders = vec![
            ("words left out", by(&drops)),
            ("token share", by(&shares_of(&places, &shares))),
            ("gradient times input", by(&gradient.product)),
            ("gradient's length", by(&gradient.length)),
        ];
        for seed in 0..RANDOM {
            let mut order: Vec<usize> = (0..places.len()).collect();
            order.shuffle(&mut ChaCha8Rng::seed_from_u64(at as u64 * RANDOM + seed));
            orders.push(("random", order));
        }
        for (name, order) in orders {
            areas.entry(name).or_default().push(area(reader, text, &places, &order, label)?);
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    // Chance is the mean over its orders.
    let random: Vec<f64> =
        areas["random"].chunks(RANDOM as usize).map(|some| some.iter().sum::<f64>() / some.len() as f64).collect();
    areas.insert("random", random);
    let ours = areas["words left out"].clone();
    let mut figures = BTreeMap::new();
    for (name, values) in areas {
        figures.insert(format!("area under the deletion curve, {name}"), Figure::of(&values));
        if name != "words left out" {
            let more: Vec<f64> = values.iter().zip(&ours).map(|(theirs, ours)| theirs - ours).collect();
            figures.insert(format!("area under the deletion curve, {name} less words left out"), Figure::of(&more));
        }
    }
    Ok(figures)
}

/// The area under the deletion curve of an order, by the trapezoidal rule.
fn area(reader: &Reader, text: &str, places: &[Range<usize>], order: &[usize], label: usize) -> Result<f64> {
    let variants: Vec<String> = (0..=TENTHS)
        .map(|tenth| {
            let mut gone: Vec<usize> = order[..(tenth * order.len()).div_ceil(TENTHS)].to_vec();
            gone.sort_unstable();
            edited(text, &gone.into_iter().map(|word| (places[word].clone(), String::new())).collect::<Vec<_>>())
        })
        .collect();
    let texts: Vec<&str> = variants.iter().map(String::as_str).collect();
    let vectors = reader.encoder.encode(&texts)?.vectors;
    let scores = reader.encoder.scorer().score(&vectors, &reader.labels, &reader.options)?;
    let p: Vec<f64> = (0..=TENTHS).map(|tenth| f64::from(scores.probability(tenth)[label])).collect();
    let whole = p[0].max(1e-6);
    Ok(p.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0 / whole).sum::<f64>() / TENTHS as f64)
}

/// How often the word in which a pair differs is among the first two that are named, for the label that it decides.
fn plausibility(reader: &Reader, pairs: &[PairRow]) -> Result<BTreeMap<String, Figure>> {
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for pair in pairs {
        let mut sides = Vec::new();
        for ((text, word), name) in pair.texts.iter().zip(&pair.words).zip(&pair.labels) {
            if word.is_empty() {
                continue;
            }
            let label = reader.set.labels().iter().position(|label| label.name == *name);
            let label = label.with_context(|| format!("there is no label '{name}'"))?;
            let mut perturbations = reader.perturbations(text)?;
            let occlusion = reader.occlusion(&mut perturbations, label)?;
            let named = |count: usize| {
                let first = occlusion.strongest().into_iter().take(count);
                f64::from(u8::from(first.into_iter().any(|effect| text[effect.range.clone()] == **word)))
            };
            let chance = 2.0 / occlusion.words.len().max(2) as f64;
            let figures = [("first", named(1)), ("among the first two", named(2)), ("among two at random", chance)];
            for (what, value) in figures {
                found.entry(format!("the word that differs, {what}, of texts")).or_default().push(value);
            }
            let kind = format!("the word that differs, among the first two, {}", pair.phenomenon);
            found.entry(kind).or_default().push(named(2));
            sides.push(named(2));
        }
        let both = sides.iter().copied().fold(1.0, f64::min);
        found
            .entry("the word that differs, among the first two on every side, of pairs".into())
            .or_default()
            .push(both);
        let mean = sides.iter().sum::<f64>() / sides.len().max(1) as f64;
        found.entry("the word that differs, among the first two, of pairs".into()).or_default().push(mean);
    }
    Ok(found.into_iter().map(|(name, values)| (name, Figure::of(&values))).collect())
}

/// How many texts are put together for turning points.
const TURNS: usize = 300;

/// How often a turning point is found where two texts of opposite valence were put together, and where none is.
fn turns(reader: &Reader, rows: &[Row]) -> Result<BTreeMap<String, Figure>> {
    let halves = |keep: &dyn Fn(f32) -> bool| -> Vec<Vec<&str>> {
        let rows = rows.iter().filter(|row| row.valence.is_some_and(keep));
        let parts = rows.map(|row| sentences(&row.text).into_iter().map(|range| &row.text[range]).collect::<Vec<_>>());
        parts.filter(|parts| parts.len() >= 3).map(|parts| parts[..3].to_vec()).collect()
    };
    let (pleasant, unpleasant) = (halves(&|valence| valence >= 7.0), halves(&|valence| valence <= 3.0));
    ensure!(!pleasant.is_empty() && !unpleasant.is_empty(), "there are no texts of three sentences with valence");
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let truth = |yes: bool| f64::from(u8::from(yes));
    for _ in 0..TURNS {
        let mut pick = |from: &[Vec<&str>]| from[random.random_range(0..from.len())].join("\n");
        let (mut a, mut b) = (pick(&pleasant), pick(&unpleasant));
        let alike = [format!("{a}\n{}", pick(&pleasant)), format!("{b}\n{}", pick(&unpleasant))];
        if random.random() {
            std::mem::swap(&mut a, &mut b);
        }
        let at = sentences(&a).len();
        let turned = ribbon(reader, &format!("{a}\n{b}"))?;
        let near = |far: usize| turned.turns.iter().any(|turn| turn.sentence.abs_diff(at) <= far);
        found.entry("turning point where it is, exactly").or_default().push(truth(near(0)));
        found.entry("turning point where it is, within a sentence").or_default().push(truth(near(1)));
        for text in alike {
            let alarm = !ribbon(reader, &text)?.turns.is_empty();
            found.entry("turning point where two texts are of like valence").or_default().push(truth(alarm));
        }
    }
    let alone = rows.iter().filter(|row| sentences(&row.text).len() >= 4).take(TURNS);
    for row in alone {
        let alarm = !ribbon(reader, &row.text)?.turns.is_empty();
        found.entry("turning point within a text of the corpus").or_default().push(truth(alarm));
    }
    Ok(found.into_iter().map(|(name, values)| (name.to_owned(), Figure::of(&values))).collect())
}

fn ribbon(reader: &Reader, text: &str) -> Result<Ribbon> {
    let (vectors, ranges) = reader.encoder.encode_sentences(text)?;
    let whole = reader.encoder.encode(&[text])?.vectors;
    Ok(Ribbon::new(&ranges, &vectors.into(), &whole, reader.scoring(), reader.encoder.affect_head())?)
}

/// How many texts are timed.
const TIMED: usize = 60;

/// A file of many texts: those of the corpus again and again, each time a little elsewhere.
struct Crowd<'a> {
    rows: &'a [Row],
    vectors: TextVectors,
    common: CommonWords,
}

impl<'a> Crowd<'a> {
    const TEXTS: usize = 100_000;

    fn new(reader: &Reader, rows: &'a [Row]) -> Result<Self> {
        let rows = &rows[..rows.len().min(500)];
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        let vectors = reader.encoder.encode(&texts)?.vectors.means()?;
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut values = Vec::with_capacity(Self::TEXTS * vectors.dim());
        for text in 0..Self::TEXTS {
            values.extend(vectors.row(text % rows.len()).iter().map(|x| x + random.random_range(-0.03..0.03)));
        }
        let vectors = Embeddings::new(vectors.dim(), values)?.into();
        let common = CommonWords::of(Self::TEXTS, |text| &rows[text % rows.len()].text);
        Ok(Self { rows, vectors, common })
    }

    fn text(&self, text: usize) -> &str {
        &self.rows[text % self.rows.len()].text
    }
}

/// What explaining a text costs, in texts of the corpus that are encoded alone.
fn cost(reader: &Reader, rows: &[Row]) -> Result<BTreeMap<String, Figure>> {
    let timed = |work: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
        let start = Instant::now();
        work()?;
        Ok(start.elapsed().as_secs_f64())
    };
    let file = Crowd::new(reader, rows)?;
    let (mut ratios, mut among) = (Vec::new(), Vec::new());
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let typical: Vec<&str> = rows.iter().take(TIMED).map(|row| row.text.as_str()).collect();
    let twenty = rows.iter().map(|row| row.text.as_str()).filter(|text| words(text).len() == 20);
    for text in twenty.take(TIMED) {
        // In turn, because a machine's mood lasts longer than a text.
        let alone = timed(&mut || {
            for text in &typical {
                reader.encoder.encode(&[text])?;
            }
            Ok(())
        })?;
        let mut perturbations = reader.perturbations(text)?;
        let mut told: Option<Occlusion> = None;
        let explained = timed(&mut || {
            told = Some(reader.occlusion(&mut perturbations, 0)?);
            Ok(())
        })?;
        let vectors = reader.encoder.encode(&[text])?.vectors;
        let sought = timed(&mut || {
            nearest((text, &vectors), &file.vectors, |i| file.text(i), &file.common, 10)?;
            Ok(())
        })?;
        let alone = alone / typical.len() as f64;
        ratios.push(explained / alone);
        among.push(sought / alone);
        found.entry("encodings of a 20-word text's explanation").or_default().push(perturbations.len() as f64);
    }
    found.insert("explaining 20 words, in texts encoded alone", ratios);
    found.insert("the ten nearest of 100,000 texts, in texts encoded alone", among);
    Ok(found.into_iter().map(|(name, values)| (name.to_owned(), Figure::of(&values))).collect())
}
