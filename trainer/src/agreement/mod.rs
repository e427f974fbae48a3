//! `undertone agreement`: how far people agree about the labels of a file's texts, and how well the machine does beside them.

mod judged;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use indicatif::ProgressBar;
use rayon::prelude::*;
use undertone_core::{Encoder, Gold, LabelSet, Mode, Role, Roles, ScoreOptions, Table, Tagger};

use crate::bundle;
use crate::evaluate::{read_labels, write};
use judged::{Judged, Machine};
use report::Report;

/// Measure how far annotators agree, and how well the machine agrees with them.
///
/// The columns of a file that name labels are annotators; a single one is the gold that the machine is measured by, several
/// are gold by majority unless --gold names one. The machine is a model of --model and --labels, or what an export of the
/// app says of its rows.
#[derive(Debug, Args)]
pub struct AgreementArgs {
    /// A file of texts: .csv, .tsv, .jsonl, .json, as spreadsheets, Label Studio, doccano, spaCy and the app write them
    file: PathBuf,
    /// The column of the texts, if not the one that is guessed
    #[arg(long, value_name = "COLUMN")]
    text: Option<String>,
    /// The columns of the annotators, whose cells name labels, if not those that are guessed
    #[arg(long, num_args = 1.., value_name = "COLUMN")]
    annotator: Vec<String>,
    /// The annotator that the machine is measured by, if not the majority of all
    #[arg(long, value_name = "COLUMN")]
    gold: Option<String>,
    /// The bundle that is one more annotator: a folder with manifest.json
    #[arg(long, value_name = "DIR", requires = "labels")]
    model: Option<PathBuf>,
    /// The label set; without it, the labels are those that the file names
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// The machine gives each text one label at most
    #[arg(long)]
    single: bool,
    /// Into how many parts rows are dealt to tell what fitted thresholds are worth elsewhere
    #[arg(long, default_value_t = 5, value_name = "N")]
    folds: usize,
    /// Write the figures as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// How many texts a thread takes at a time.
const SHARE: usize = 32;

/// Runs the command.
pub fn agreement(args: &AgreementArgs) -> Result<()> {
    let place = args.file.display();
    let content = fs::read(&args.file).with_context(|| format!("{place} cannot be read"))?;
    let table = Table::read(&args.file.to_string_lossy(), content)?;
    table.problems().iter().for_each(|problem| eprintln!("{place}: {problem}"));
    let roles = roles(&table, args)?;
    let labels = args.labels.as_deref().map(read_labels).transpose()?;
    let mut judged = Judged::of_table(&table, &roles, labels.as_ref())?;
    if let (Some(model), Some(labels)) = (&args.model, labels) {
        let text = roles.text_column().with_context(|| format!("{place} has no column of texts; name it by --text"))?;
        judged.machine = Some(tag(&table, text, model, labels, args.single)?);
    }
    ensure!(
        !judged.people.is_empty(),
        "{place} has no column whose cells name labels; name the annotators' columns by --annotator"
    );
    judged.unknown.iter().for_each(|(name, rows)| {
        eprintln!("{place}: {rows} rows have the label '{name}', which is not in the label set; it does not count");
    });
    let gold = args.gold.as_deref().map(|name| judged.person(name)).transpose()?;
    let report = Report::new(&judged, gold, args.folds)?;
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{:#}", report.to_json()),
        Some(path) => {
            write(path, &format!("{:#}\n", report.to_json()))?;
            print!("{report}");
        }
        None => print!("{report}"),
    }
    Ok(())
}

/// The columns that were named, and of the others those that are guessed.
fn roles(table: &Table, args: &AgreementArgs) -> Result<Roles> {
    let mut roles = Roles::guess(table);
    let column = |name: &str| {
        table.column(name).with_context(|| {
            let names: Vec<&str> = table.columns().iter().map(|column| column.name.as_str()).collect();
            format!("{} has no column '{name}'; it has {}", table.name(), names.join(", "))
        })
    };
    if let Some(name) = &args.text {
        roles.text = Some(Role::chosen(column(name)?));
    }
    if !args.annotator.is_empty() {
        roles.gold = args.annotator.iter().map(|name| Ok(Gold::chosen(column(name)?))).collect::<Result<_>>()?;
    } else if let Some(name) = &args.gold {
        let gold = column(name)?;
        if roles.gold.iter().all(|known| known.columns != [gold]) {
            roles.gold.push(Gold::chosen(gold));
        }
    }
    Ok(roles)
}

/// What a model says of the texts.
fn tag(table: &Table, text: usize, model: &Path, labels: LabelSet, single: bool) -> Result<Machine> {
    let encoder = Arc::new(Encoder::load(bundle::read(model)?)?);
    let name = encoder.manifest().name.clone();
    if labels.labels().is_empty() {
        bail!("the label set has no labels; add some");
    }
    let mode = if single { Mode::Single } else { Mode::Multi };
    let tagger = Tagger::new(encoder, labels, ScoreOptions { mode, threshold: None })?;
    let texts: Vec<String> = (0..table.len()).map(|row| table.text(row, text).into_owned()).collect();
    let progress = ProgressBar::new(texts.len() as u64);
    let shares: Vec<_> = texts
        .par_chunks(SHARE)
        .map(|share| {
            let share: Vec<&str> = share.iter().map(String::as_str).collect();
            let scores = tagger.tag(&share)?.scores;
            progress.inc(share.len() as u64);
            Ok((0..share.len())
                .map(|text| Some((scores.on(text).to_vec(), scores.probability(text).to_vec())))
                .collect())
        })
        .collect::<undertone_core::Result<Vec<Vec<_>>>>()?;
    progress.finish_and_clear();
    Ok(Machine { name, single, rows: shares.concat() })
}
