//! `undertone annotate`: a large language model, the teacher, says what texts express; a student learns from it.
//!
//! Texts ([`input`]) become items of a [`mod@question`], which goes to the server [`mod@live`] or by [`batch`]; the
//! [`courier`] carries it, the [`pacer`] keeps to the limits, [`answer`] reads what comes back, and the [`ledger`] keeps
//! it.

mod answer;
mod batch;
mod check;
mod courier;
mod input;
mod interrupt;
mod key;
mod labels;
mod ledger;
mod live;
mod meter;
mod pacer;
mod prompt;
mod question;
mod summary;

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use courier::{Courier, ServerArgs};
use input::{InputArgs, Text, Texts};
use labels::LabelArgs;
use ledger::{Ledger, Paths};
use live::Remains;
use meter::{Estimate, Prices, Tariff, dollars};
use question::{Format, Item, Kind, Question};
use summary::Summary;

/// Let a large language model annotate texts for a student to learn from.
///
/// Every answer is on disk before the next is asked; a run that was broken off goes on with --resume, and nothing that
/// was answered is asked again.
#[derive(Debug, Args)]
pub struct AnnotateArgs {
    #[command(flatten)]
    input: InputArgs,
    /// The annotation set: a file that ends in .jsonl, or a folder; raw answers go beside it
    #[arg(long, value_name = "PATH", required_unless_present = "check")]
    output: Option<PathBuf>,
    /// The teacher, by the server's name for it
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
    /// What to ask
    #[arg(long, value_enum, default_value_t = Kind::Descriptors)]
    question: Kind,
    #[command(flatten)]
    labels: LabelArgs,
    /// What to tell the teacher, instead of the project's own prompt for the question
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,
    /// How firmly to hold the server to JSON; auto tries a schema, then any JSON, then nothing
    #[arg(long, value_enum, default_value_t = Answers::Auto)]
    format: Answers,
    /// Further fields of each request as a JSON object, such as '{"temperature": 0}'
    #[arg(long, value_name = "JSON", default_value = "{}", hide_default_value = true)]
    extra: String,
    /// How many texts to ask about in one request
    #[arg(long, default_value_t = 10, value_name = "N")]
    per_request: usize,
    /// How many requests to have under way at once
    #[arg(long, default_value_t = 8, value_name = "N")]
    concurrency: usize,
    /// How often to ask about a text whose answer is no good
    #[arg(long, default_value_t = 3, value_name = "N")]
    tries: u32,
    /// Go on with what is there
    #[arg(long)]
    resume: bool,
    /// Say what it would cost, and ask nothing
    #[arg(long)]
    dry_run: bool,
    /// Spend without asking first
    #[arg(long)]
    yes: bool,
    /// Stop when so many dollars are spent
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<f64>,
    /// Prices of models, instead of those the project knows of
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Ask by the server's Batch API: within a day, at half the price
    #[arg(long, conflicts_with = "budget")]
    batch: bool,
    /// What the batch is about, to go on with it elsewhere; else beside the output
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Write the batch's request files to upload by hand, and ask nothing
    #[arg(long, conflicts_with_all = ["batch", "budget"])]
    write_requests: bool,
    /// Read files of answers and errors that were downloaded by hand
    #[arg(long, num_args = 1.., value_name = "FILE", conflicts_with_all = ["batch", "write_requests", "budget"])]
    read_results: Vec<PathBuf>,
    /// How many requests go into one file of a batch
    #[arg(long, default_value_t = batch::MOST_REQUESTS, value_name = "N")]
    requests_per_file: usize,
    /// How long to wait between looks at a batch, in seconds
    #[arg(long, default_value_t = 30.0, value_name = "SECONDS")]
    poll: f64,
    /// Compare two annotation sets of the same texts, files or folders, and ask nothing
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    check: Option<Vec<PathBuf>>,
    /// With --check: the bundle by which descriptors are compared in meaning
    #[arg(long, value_name = "DIR", requires = "check")]
    student: Option<PathBuf>,
    /// Write the summary as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// A format, or the best that the server knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Answers {
    Auto,
    Schema,
    Json,
    Text,
}

impl Answers {
    fn format(self) -> Format {
        match self {
            Self::Auto | Self::Schema => Format::Schema,
            Self::Json => Format::Json,
            Self::Text => Format::Text,
        }
    }
}

/// Runs the command.
pub fn annotate(args: &AnnotateArgs) -> Result<()> {
    if let Some([first, second]) = args.check.as_deref() {
        let agreement = check::check(first, second, args.student.as_deref())?;
        return tell(args.json.as_deref(), &agreement.to_json(), &agreement.to_string());
    }
    for (flag, n) in [
        ("per-request", args.per_request),
        ("concurrency", args.concurrency),
        ("tries", args.tries as usize),
        ("requests-per-file", args.requests_per_file),
    ] {
        ensure!(n > 0, "--{flag} is 0; it must be 1 at least");
    }
    ensure!(args.poll > 0.0 && args.poll < 1e6, "--poll is {}; it must be a number of seconds above 0", args.poll);
    let output = args.output.as_deref().context("--output is missing")?;
    let mut paths = Paths::of(output);
    if let Some(state) = &args.state {
        paths.state.clone_from(state);
    }
    if args.batch || args.write_requests || !args.read_results.is_empty() {
        by_batch(args, &paths)
    } else {
        live(args, &paths)
    }
}

fn question(args: &AnnotateArgs) -> Result<Question> {
    let labels = labels::read(&args.labels, args.question)?;
    Ok(Question {
        kind: args.question,
        model: args.model.clone().context("--model is missing; it names the teacher, such as gpt-4o")?,
        prompt: prompt::read(args.question, args.prompt.as_deref(), &labels)?,
        labels,
        extra: question::extra(&args.extra)?,
        assignment: labels::assignment(&args.labels, args.question)?,
    })
}

/// The texts to ask about, with a word on those that are not.
fn texts(args: &AnnotateArgs) -> Result<Vec<Text>> {
    ensure!(!args.input.input.is_empty(), "--input is missing; it names the files with the texts");
    let Texts { rows, empty, repeated, long, cut } = Texts::read(&args.input)?;
    let most = args.input.max_chars;
    for (n, what) in [
        (empty, "empty ones are left out".to_owned()),
        (repeated, "that occurred before are left out".to_owned()),
        (long, format!("of more than {most} characters are left out; --cut takes their beginnings")),
        (cut, format!("are cut to {most} characters")),
    ] {
        if n > 0 {
            eprintln!("{n} texts {what}");
        }
    }
    Ok(rows)
}

fn live(args: &AnnotateArgs, paths: &Paths) -> Result<()> {
    let question = question(args)?;
    let tariff = Tariff::new(Prices::read(args.prices.as_deref())?, &question.model);
    ensure!(
        args.budget.is_none() || tariff.price.is_some(),
        "--budget needs the price of {}; write it into a file for --prices",
        question.model
    );
    let mut texts = texts(args)?;
    let all = texts.len();
    let assign = |texts| labels::assign(texts, &question.labels, &args.labels, question.kind);
    if args.dry_run && !args.resume {
        let items = assign(texts)?;
        announce(&estimate(&question, items.iter(), args.per_request), &question, &tariff, false);
        return Ok(());
    }
    let courier = Courier::new(&args.server)?;
    let mut ledger = Ledger::open(paths, &question.fingerprint(), args.resume)?;
    texts.retain(|text| !ledger.settled(&text.id));
    let items = assign(texts)?;
    let expected = estimate(&question, items.iter(), args.per_request);
    if !items.is_empty() {
        announce(&expected, &question, &tariff, false);
        if args.dry_run {
            return Ok(());
        }
        consent(args.yes)?;
    }
    let progress = bar(all, all - items.len());
    let manner = live::Manner {
        concurrency: args.concurrency,
        per_request: args.per_request,
        tries: args.tries,
        budget: args.budget,
        format: args.format.format(),
        adapt: args.format == Answers::Auto,
    };
    let run = live::run(&courier, &question, items, &mut ledger, &manner, &tariff, &progress);
    let remains = runtime()?.block_on(run)?;
    progress.finish_and_clear();
    finish(args, paths, &ledger, remains, &tariff)
}

fn by_batch(args: &AnnotateArgs, paths: &Paths) -> Result<()> {
    let begun = paths.state.exists();
    ensure!(
        !begun || args.resume || !args.read_results.is_empty(),
        "{} tells of a batch already; give --resume to go on with it, or another --output",
        paths.state.display()
    );
    let go_on = args.resume || begun;
    let mut state = if begun {
        batch::State::read(&paths.state)?
    } else {
        ensure!(args.read_results.is_empty(), "{} is missing; results are read by it", paths.state.display());
        batch::State::new(&paths.state, question(args)?, args.format.format(), Vec::new())
    };
    let tariff = Tariff::new(Prices::read(args.prices.as_deref())?, &state.question.model);
    let mut fresh = if args.input.input.is_empty() && begun { Vec::new() } else { texts(args)? };
    let known: HashSet<&str> = state.items.iter().map(|item| item.id.as_str()).collect();
    fresh.retain(|text| !known.contains(text.id.as_str()));
    let fresh = labels::assign(fresh, &state.question.labels, &args.labels, state.question.kind)?;
    state.items.extend(fresh);
    if args.dry_run && !go_on {
        announce(&estimate(&state.question, state.items.iter(), args.per_request), &state.question, &tariff, true);
        return Ok(());
    }
    let courier = if args.batch { Some(Courier::new(&args.server)?) } else { None };
    let mut ledger = Ledger::open(paths, &state.question.fingerprint(), go_on)?;
    if let Some(folder) = paths.state.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let manner = batch::Manner {
        per_request: args.per_request,
        tries: args.tries,
        per_file: args.requests_per_file,
        poll: Duration::from_secs_f64(args.poll),
    };
    if !args.read_results.is_empty() {
        let remains = batch::read_results(&state, &args.read_results, &mut ledger)?;
        if !remains.unanswered.is_empty() {
            eprintln!(
                "{} texts have no answer: read the rest of the results, or write requests for them with \
                 --write-requests --resume",
                remains.unanswered.len()
            );
        }
        return finish(args, paths, &ledger, remains, &tariff);
    }
    let due = state.due(&ledger, manner.tries);
    let expected = estimate(&state.question, due.iter().map(|(item, _)| *item), args.per_request);
    if expected.texts > 0 {
        announce(&expected, &state.question, &tariff, true);
    }
    if args.dry_run {
        return Ok(());
    }
    let Some(courier) = courier else {
        for path in batch::write_requests(&mut state, &ledger, &manner)? {
            println!("{}", path.display());
        }
        eprintln!("Upload each as a batch for /v1/chat/completions; then read what comes of it with --read-results.");
        return Ok(());
    };
    if expected.texts > 0 {
        consent(args.yes)?;
    }
    state.save()?;
    let settled = state.items.iter().filter(|item| ledger.settled(&item.id)).count();
    let progress = bar(state.items.len(), settled);
    let remains = runtime()?.block_on(batch::run(&courier, &mut state, &mut ledger, &manner, &progress))?;
    progress.finish_and_clear();
    finish(args, paths, &ledger, remains, &tariff)
}

fn estimate<'a>(question: &Question, items: impl Iterator<Item = &'a Item>, per_request: usize) -> Estimate {
    Estimate::new(question, items.map(|item| (meter::tokens(&item.text), item.labels.len())), per_request)
}

/// Says what is about to be spent.
fn announce(estimate: &Estimate, question: &Question, tariff: &Tariff, batch: bool) {
    eprintln!("{estimate}");
    match tariff.price {
        Some(price) => eprintln!(
            "about {} for {} at the prices of {}{}",
            dollars(estimate.cost(&tariff.prices, price, batch)),
            question.model,
            tariff.prices.dated,
            if price.reasons { ", and more for what it thinks before it answers" } else { "" }
        ),
        None => eprintln!("the price of {} is not known; --prices takes a file with it", question.model),
    }
}

fn consent(yes: bool) -> Result<()> {
    if yes {
        return Ok(());
    }
    ensure!(io::stdin().is_terminal(), "nobody is here to agree to the cost; give --yes to do so beforehand");
    eprint!("Go on? [y/N] ");
    io::stderr().flush().context("the terminal cannot be written to")?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("the terminal cannot be read")?;
    if !["y", "yes"].contains(&line.trim().to_lowercase().as_str()) {
        bail!("nothing was asked, and nothing spent");
    }
    Ok(())
}

fn bar(all: usize, settled: usize) -> ProgressBar {
    let progress = ProgressBar::new(all as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} texts, {per_sec}, {eta} left; {msg}") {
        progress.set_style(style);
    }
    progress.set_position(settled as u64);
    progress.reset_eta();
    progress.enable_steady_tick(Duration::from_millis(500));
    progress
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    // One thread suffices: it waits for the network, and the ledger needs no lock.
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("nothing can be run")
}

fn finish(args: &AnnotateArgs, paths: &Paths, ledger: &Ledger, remains: Remains, tariff: &Tariff) -> Result<()> {
    let summary = Summary::new(&paths.data, ledger, &remains, tariff)?;
    tell(args.json.as_deref(), &summary.to_json(), &summary.to_string())?;
    if let Some(why) = remains.stopped {
        bail!("{why}; what was answered is kept, and --resume goes on");
    }
    Ok(())
}

/// Figures as JSON where asked for, else as text for people.
fn tell(json: Option<&Path>, figures: &Value, text: &str) -> Result<()> {
    match json {
        Some(path) if path == Path::new("-") => println!("{figures:#}"),
        Some(path) => {
            fs::write(path, format!("{figures:#}\n"))
                .with_context(|| format!("{} cannot be written", path.display()))?;
            eprint!("{text}");
        }
        None => eprint!("{text}"),
    }
    Ok(())
}
