//! `undertone corrections`: how much better a model gets at a set's labels by rows of it that a person corrects.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use undertone_core::metrics::macro_f1;
use undertone_core::{Encoder, Mode, Prepared, ScoreOptions, Scores};

use crate::bundle;
use crate::data::{EvaluationSet, Task};
use crate::evaluate::{self, Subject};
use crate::statistics::spread;

/// Measure how much corrections help: macro F1 after 0, 1, 3, 5, 10 and 30 of them a label, on rows that were not corrected.
///
/// A set's rows are dealt into two halves. From one, so many rows a label are taken and corrected, at random or those whose
/// probability is nearest to the threshold; the labels learn from them, and the other half tells what that is worth. The mean
/// over the deals is told, with their standard deviation.
#[derive(Debug, Args)]
pub struct CorrectionsArgs {
    /// The bundle: a folder with manifest.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Multi-label evaluation sets: folders with set.json and data.jsonl
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
    /// How often rows are dealt anew
    #[arg(long, default_value_t = 20, value_name = "N")]
    deals: u64,
    /// Write the figures as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// How many corrections a label.
const NUMBERS: [usize; 6] = [0, 1, 3, 5, 10, 30];

/// How rows are chosen.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Random,
    Uncertain,
}

impl Choice {
    const ALL: [Self; 2] = [Self::Random, Self::Uncertain];

    fn name(self) -> &'static str {
        match self {
            Self::Random => "random",
            Self::Uncertain => "uncertain",
        }
    }
}

/// What corrections are worth on a set: of each choice, of each number, the mean macro F1 and its standard deviation.
struct Gains {
    set: String,
    labels: usize,
    by_choice: Vec<(Choice, Vec<(f64, f64)>)>,
}

/// Runs the command.
pub fn corrections(args: &CorrectionsArgs) -> Result<()> {
    ensure!(args.deals > 0, "--deals is 0; deal once at least");
    let sets = args.set.iter().map(|path| EvaluationSet::read(path)).collect::<Result<Vec<_>>>()?;
    for set in &sets {
        ensure!(set.task == Task::Multi, "{}: corrections are measured on multi-label sets", set.name);
        ensure!(set.texts.len() > 1, "{}: one half learns from the other; give more rows", set.name);
    }
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let progress = ProgressBar::new(evaluate::distinct(&sets));
    let subject = Subject::of_encoder(&encoder, None, &progress);
    let found = sets.iter().map(|set| measure(&subject, set, args.deals)).collect::<Result<Vec<_>>>()?;
    progress.finish_and_clear();
    let json = || Value::Object(found.iter().map(|gains| (gains.set.clone(), gains.to_json())).collect());
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{:#}", json()),
        Some(path) => evaluate::write(path, &format!("{:#}\n", json()))?,
        None => found.iter().for_each(|gains| print!("{gains}")),
    }
    Ok(())
}

fn measure(subject: &Subject, set: &EvaluationSet, deals: u64) -> Result<Gains> {
    let by_wording = subject.prepared(set)?;
    let options = ScoreOptions { mode: Mode::Multi, threshold: None };
    let read = |labels: &Prepared, rows: &[usize]| -> Result<Scores> {
        let texts: Vec<&str> = rows.iter().map(|&row| set.texts[row].as_str()).collect();
        Ok(subject.scorer().score(&subject.encode(&texts)?, labels, &options)?)
    };
    let gold = |rows: &[usize]| -> Vec<Vec<bool>> {
        rows.iter().map(|&row| (0..set.labels.len()).map(|label| set.gold[row].contains(&label)).collect()).collect()
    };
    let mut values = vec![vec![Vec::new(); NUMBERS.len()]; Choice::ALL.len()];
    for deal in 0..deals {
        let mut random = fastrand::Rng::with_seed(deal);
        let mut rows: Vec<usize> = (0..set.texts.len()).collect();
        random.shuffle(&mut rows);
        let (open, held_out) = rows.split_at(rows.len() / 2);
        let zero_shot = read(&by_wording, open)?;
        let truth = gold(held_out);
        for (choice, values) in Choice::ALL.into_iter().zip(&mut values) {
            // One order a label, so that more corrections hold those of fewer.
            let order: Vec<Vec<usize>> = (0..set.labels.len())
                .map(|label| {
                    let mut order: Vec<usize> = (0..open.len()).collect();
                    match choice {
                        Choice::Random => random.shuffle(&mut order),
                        Choice::Uncertain => order.sort_by(|&a, &b| {
                            let off = |i: usize| (zero_shot.probability(i)[label] - subject.threshold()).abs();
                            off(a).total_cmp(&off(b))
                        }),
                    }
                    order
                })
                .collect();
            for (number, values) in NUMBERS.into_iter().zip(values) {
                let mut taken: Vec<usize> = order.iter().flat_map(|order| order.iter().take(number)).copied().collect();
                taken.sort_unstable();
                taken.dedup();
                let taken: Vec<usize> = taken.into_iter().map(|i| open[i]).collect();
                let learned;
                let labels = if taken.is_empty() {
                    &by_wording
                } else {
                    let texts: Vec<&str> = taken.iter().map(|&row| set.texts[row].as_str()).collect();
                    let texts = subject.encode(&texts)?;
                    let vectors = subject.scorer().with_examples(&by_wording, &texts, &gold(&taken))?;
                    learned = subject.scorer().prepare(vectors, &subject.labels(&set.labels)?)?;
                    &learned
                };
                let scores = read(labels, held_out)?;
                let said: Vec<Vec<bool>> = (0..scores.len()).map(|text| scores.on(text).to_vec()).collect();
                values.push(macro_f1(&truth, &said)?);
            }
        }
    }
    let by_choice = Choice::ALL.into_iter().zip(values);
    let by_choice = by_choice.map(|(choice, values)| (choice, values.iter().map(|v| spread(v)).collect()));
    Ok(Gains { set: set.name.clone(), labels: set.labels.len(), by_choice: by_choice.collect() })
}

impl Gains {
    /// `{"labels", "random": [{"corrections", "macro_f1", "deviation"}, ...], "uncertain": [...]}`
    fn to_json(&self) -> Value {
        let mut object: Map<String, Value> = Map::new();
        object.insert("labels".into(), self.labels.into());
        for (choice, values) in &self.by_choice {
            let one = |(number, (mean, deviation)): (&usize, &(f64, f64))| json!({"corrections": number, "macro_f1": mean, "deviation": deviation});
            object.insert(choice.name().into(), NUMBERS.iter().zip(values).map(one).collect());
        }
        Value::Object(object)
    }
}

impl fmt::Display for Gains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}, {} labels: macro F1 after so many corrections a label", self.set, self.labels)?;
        let numbers: Vec<String> = NUMBERS.iter().map(|number| format!("{number:>12}")).collect();
        writeln!(f, "  {:10}{}", "", numbers.concat())?;
        for (choice, values) in &self.by_choice {
            let values: Vec<String> = values
                .iter()
                .map(|(mean, deviation)| format!("{:>12}", format!("{mean:.3} ±{deviation:.3}")))
                .collect();
            writeln!(f, "  {:10}{}", choice.name(), values.concat())?;
        }
        Ok(())
    }
}
