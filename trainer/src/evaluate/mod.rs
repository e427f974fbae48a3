//! `undertone evaluate`: a model's figures on sets that people labelled.

mod comparison;
mod page;
mod plot;
mod probes;
mod reading;
mod report;
mod subject;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::Value;
use undertone_core::{Encoder, LabelSet};

use crate::bundle;
use crate::data::{EvaluationSet, Exam};
use comparison::{Comparison, Model};
pub use report::Report;
pub use subject::Subject;

/// Measure models by sets that people labelled, or by probes: claims about how labels compare.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The bundle: a folder with manifest.json; several are shown side by side
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    model: Vec<PathBuf>,
    /// Evaluation sets or probes: folders with set.json and data.jsonl
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
    /// A label set with descriptions and synonyms for the sets' labels, matched by name
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Write the figures as JSON to a file, or to standard output with -: an object by set; of several models, an
    /// object of these by the model's path, as given
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
    /// Write a page with plots and the worst mistakes, which quotes texts of the sets: one HTML file
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

/// Runs the command.
pub fn evaluate(args: &EvaluateArgs) -> Result<()> {
    for (i, path) in args.model.iter().enumerate() {
        ensure!(!args.model[..i].contains(path), "--model has {} twice; give each model once", path.display());
    }
    let exams = args.set.iter().map(|s| Exam::read(s)).collect::<Result<Vec<_>>>()?;
    let wording = args.labels.as_deref().map(read_labels).transpose()?;
    let models = args.model.iter().map(|path| measure(path, &exams, wording.clone())).collect::<Result<Vec<_>>>()?;
    let comparison = Comparison { models };
    if let Some(path) = &args.report {
        write(path, &page::page(&comparison, &exams)?)?;
    }
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{:#}", Value::Object(comparison.to_json())),
        Some(path) => {
            write(path, &format!("{:#}\n", Value::Object(comparison.to_json())))?;
            print!("{comparison}");
        }
        None => print!("{comparison}"),
    }
    Ok(())
}

fn measure(path: &Path, exams: &[Exam], wording: Option<LabelSet>) -> Result<Model> {
    let encoder = Encoder::load(bundle::read(path)?)?;
    let progress = ProgressBar::new(exams.iter().map(|exam| exam.len() as u64).sum());
    let report = Report::of_exams(&Subject::of_encoder(&encoder, wording, &progress), exams)?;
    progress.finish_and_clear();
    Ok(Model { path: path.display().to_string(), name: encoder.manifest().name.clone(), report })
}

/// Writes a file.
pub fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// How many texts the sets have between them.
pub fn distinct(sets: &[EvaluationSet]) -> u64 {
    sets.iter().flat_map(|set| &set.texts).collect::<HashSet<_>>().len() as u64
}

/// Reads a label-set file.
pub fn read_labels(path: &Path) -> Result<LabelSet> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    LabelSet::from_json(&text).with_context(|| path.display().to_string())
}
