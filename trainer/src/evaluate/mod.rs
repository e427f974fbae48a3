//! `undertone evaluate`: a model's figures on sets that people labelled.

mod report;
mod subject;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::Value;
use undertone_core::{Encoder, LabelSet};

use crate::bundle;
use crate::data::EvaluationSet;
pub use report::Report;
pub use subject::Subject;

/// Measure a model by sets that people labelled.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The bundle: a folder with manifest.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Evaluation sets: folders with set.json and data.jsonl
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
    /// A label set with descriptions and synonyms for the sets' labels, matched by name
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Write the figures as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// Runs the command.
pub fn evaluate(args: &EvaluateArgs) -> Result<()> {
    let sets = args.set.iter().map(|s| EvaluationSet::read(s, None)).collect::<Result<Vec<_>>>()?;
    let wording = args.labels.as_deref().map(read_labels).transpose()?;
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let progress = ProgressBar::new(distinct(&sets));
    let subject = Subject::of_encoder(&encoder, wording, &progress);
    let report = Report::of(&subject, &sets)?;
    progress.finish_and_clear();
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{:#}", Value::Object(report.to_json())),
        Some(path) => {
            let text = format!("{:#}\n", Value::Object(report.to_json()));
            fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            print!("{report}");
        }
        None => print!("{report}"),
    }
    Ok(())
}

/// How many texts the sets have between them.
pub fn distinct(sets: &[EvaluationSet]) -> u64 {
    sets.iter().flat_map(|set| &set.texts).collect::<HashSet<_>>().len() as u64
}

fn read_labels(path: &Path) -> Result<LabelSet> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    LabelSet::from_json(&text).with_context(|| path.display().to_string())
}
