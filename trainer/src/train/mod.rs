//! `undertone train`: contrastive distillation (Niu and Mower Provost 2025).
//!
//! A [`sampler`] deals examples into batches, [`batch`] lines up labels for them, [`targets`] says what is known of each
//! pair, [`mod@loss`] what the student is to do about it, [`step`] runs it forward and back, and the [`optimiser`] moves it.

mod batch;
mod checkpoint;
mod loss;
mod optimiser;
mod random;
mod sampler;
mod speed;
mod step;
mod targets;
mod terms;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use undertone_core::Tokenizer;

use crate::base::Base;
use crate::data::{Annotations, EvaluationSet, Exam};
use crate::evaluate::{Report, Subject};
use crate::recipe::Recipe;
use crate::student::Student;
use crate::{background, calibrate};
use batch::Batcher;
pub use checkpoint::{Checkpoint, State};
use optimiser::{AdamW, Schedule, Settings};
use sampler::Sampler;
pub use speed::{SpeedArgs, speed};
use step::Workers;
use targets::Targets;
use terms::Terms;

/// Distil a student from annotation sets.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Annotation sets: folders with a data.jsonl of texts with descriptors, labels or ratings
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    pub data: Vec<PathBuf>,
    /// The base model: a folder, or a name on the Hugging Face hub
    #[arg(long, default_value = "sentence-transformers/all-MiniLM-L6-v2", value_name = "DIR|NAME")]
    pub base: String,
    /// Where checkpoints and curves go
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// Evaluation sets to look at after each epoch
    #[arg(long, num_args = 1.., value_name = "DIR")]
    pub dev: Vec<PathBuf>,
    /// How many rows of each evaluation set to look at, evenly drawn; all if not given
    #[arg(long, value_name = "N")]
    pub dev_rows: Option<usize>,
    /// Evaluation sets or probes whose texts are not learned from, beside those of --dev
    #[arg(long, num_args = 1.., value_name = "DIR")]
    pub held_out: Vec<PathBuf>,
    #[command(flatten)]
    pub recipe: Recipe,
    /// Processor threads
    #[arg(long, default_value_t = threads(), value_name = "N")]
    pub threads: usize,
    /// Save a checkpoint every so many steps, beside the end of each epoch
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub save_every: usize,
    /// Stop after so many steps, as if interrupted
    #[arg(long, value_name = "N")]
    pub stop_after: Option<usize>,
    /// Go on from the checkpoint in the output folder
    #[arg(long)]
    pub resume: bool,
}

/// As many as there are processors.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Runs the command.
pub fn train(args: &TrainArgs) -> Result<()> {
    let recipe = &args.recipe;
    recipe.validate()?;
    let mut annotations = Annotations::read(&args.data)?;
    let dev = args.dev.iter().map(|d| EvaluationSet::read(d)).collect::<Result<Vec<_>>>()?;
    let held_out = args.held_out.iter().map(|d| Exam::read(d)).collect::<Result<Vec<_>>>()?;
    annotations.leave_out(dev.iter().flat_map(|set| &set.texts).map(String::as_str));
    annotations.leave_out(held_out.iter().flat_map(Exam::texts));
    annotations.keep(recipe.part);
    ensure!(!annotations.examples.is_empty(), "all texts of --data are held out; there is nothing to learn from");
    let dev: Vec<EvaluationSet> =
        dev.into_iter().map(|set| args.dev_rows.map_or_else(|| set.clone(), |rows| set.thinned(rows))).collect();
    let checkpoint = Checkpoint::of_run(&args.output);
    ensure!(
        args.resume || !checkpoint.exists(),
        "{} holds a run already; give --resume to go on with it, or another --output",
        args.output.display()
    );

    let mut base = Base::read(&args.base, recipe.max_tokens, recipe.from_scratch)?;
    base.keep_vocabulary(recipe.vocabulary, annotations.texts())?;
    let Base { config, tensors, tokenizer, sha256 } = base;
    let start = || {
        let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&tokenizer)?, recipe.max_tokens)?;
        Student::new(config.clone(), tokenizer, tensors.clone(), recipe.seed)
    };
    let terms = Terms::new(start()?);

    let mut state = State {
        encoder: config.clone(),
        step: 0,
        base: args.base.clone(),
        base_sha256: sha256,
        recipe: recipe.clone(),
        data: annotations.sources.clone(),
        seconds: 0.0,
        metrics: Map::new(),
    };
    let student = if args.resume {
        let saved = checkpoint.state().context("there is nothing to resume; leave --resume out to start")?;
        ensure!(
            saved.recipe == state.recipe && saved.data == state.data,
            "{} was trained with other settings or data; give the same, or another --output",
            args.output.display()
        );
        ensure!(
            saved.encoder == state.encoder && saved.base_sha256 == state.base_sha256,
            "{} was trained from another base model than {} is now; give that one, or another --output",
            args.output.display(),
            args.base
        );
        state = saved;
        checkpoint.student()?
    } else {
        start()?
    };
    let mut optimiser = AdamW::new(student.variables()?, Settings::of(recipe), config.layers)?;
    if args.resume {
        checkpoint.restore(&mut optimiser)?;
    }

    fs::create_dir_all(&args.output).with_context(|| format!("{} cannot be created", args.output.display()))?;
    let sampler = Sampler::new(&annotations, recipe);
    let batcher = Batcher::new(&annotations.lexicon, recipe);
    let per_epoch = sampler.per_epoch();
    let steps = per_epoch * recipe.epochs;
    let schedule = Schedule { warmup: (recipe.warmup * steps as f64).ceil() as usize, steps };
    let workers = Workers::new(args.threads)?;
    let mut curve = Curve::open(&args.output.join("loss.csv"), state.step)?;
    let progress = bar(steps as u64, "Training");
    progress.set_position(state.step as u64);
    progress.reset_eta();
    eprintln!("{} texts, {} steps of {}", annotations.examples.len(), steps, recipe.batch);

    let last = args.stop_after.map_or(steps, |stop| steps.min(stop));
    let earlier = state.seconds;
    let began = Instant::now();
    let mut smooth = None;
    while state.step < last {
        let epoch = state.step / per_epoch;
        let order = sampler.epoch(epoch);
        for (index, examples) in order.into_iter().enumerate().skip(state.step % per_epoch) {
            let batch = batcher.batch(epoch, index, examples);
            let targets = Targets::new(&batch, &terms.of(&batch)?, &annotations.lexicon, recipe);
            let texts = batch.examples.iter().map(|example| example.text.as_str());
            let tokens = student.tokens(texts.chain(batch.wordings.iter().map(String::as_str)))?;
            let seeds = batcher.noise(epoch, index, tokens.len());
            let (loss, gradients) = student.learn(&workers, recipe, &batch, &targets, &tokens, &seeds)?;
            let part = schedule.part(state.step);
            let norm = optimiser.step(&gradients, part, recipe.max_norm)?;
            state.step += 1;
            state.seconds = earlier + began.elapsed().as_secs_f64();
            curve.point(state.step, loss, part * recipe.rate, norm)?;
            let shown = smooth.map_or(loss, |s: f64| 0.98 * s + 0.02 * loss);
            smooth = Some(shown);
            progress.set_message(format!("loss {shown:.3}"));
            progress.set_position(state.step as u64);
            if state.step.is_multiple_of(args.save_every) || state.step == last {
                checkpoint.save(&state, &student.with(optimiser.averaged()?)?, &optimiser, &tokenizer)?;
            }
            if state.step == last {
                break;
            }
        }
        if state.step.is_multiple_of(per_epoch) {
            if !dev.is_empty() {
                let report = measure(&student.with(optimiser.averaged()?)?, &annotations, &dev)?;
                progress.suspend(|| eprintln!("\nAfter epoch {}\n{report}", epoch + 1));
                state.metrics = report.to_json();
                append(&args.output.join("dev.jsonl"), &json!({"epoch": epoch + 1, "metrics": state.metrics}))?;
            }
            checkpoint.save(&state, &student.with(optimiser.averaged()?)?, &optimiser, &tokenizer)?;
        }
    }
    progress.finish();
    Ok(())
}

/// The student's figures as a bundle of it would have them: scored through the lexicon, calibrated to these very sets.
fn measure(student: &Student, annotations: &Annotations, dev: &[EvaluationSet]) -> Result<Report> {
    let mut subject = Subject::of_student(student, background::of(student, annotations)?)?;
    // Early on, closer labels may not be likelier ones yet: then the figures are those of a calibration by default.
    let _ = calibrate::settle(&mut subject, dev);
    Report::of(&subject, dev)
}

/// The loss curve, a line a step.
struct Curve {
    file: fs::File,
}

impl Curve {
    /// Opens the file; lines after `step`, of a run that was broken off, are dropped.
    fn open(path: &std::path::Path, step: usize) -> Result<Self> {
        let kept: String = match fs::read_to_string(path) {
            Ok(text) => text.lines().take(step + 1).flat_map(|line| [line, "\n"]).collect(),
            Err(_) => String::new(),
        };
        let head = if kept.is_empty() { "step,loss,rate,gradient_norm\n" } else { "" };
        fs::write(path, head.to_owned() + &kept).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { file: OpenOptions::new().append(true).open(path)? })
    }

    fn point(&mut self, step: usize, loss: f64, rate: f64, norm: f64) -> Result<()> {
        writeln!(self.file, "{step},{loss:.6},{rate:.3e},{norm:.4}")
            .context("loss.csv cannot be written; free some space, and give --resume to go on from the last checkpoint")
    }
}

fn append(path: &std::path::Path, row: &Value) -> Result<()> {
    let write = || writeln!(OpenOptions::new().create(true).append(true).open(path)?, "{row}");
    write()
        .with_context(|| format!("{} cannot be written; free some space, and give --resume to go on", path.display()))
}

/// A progress bar that shows how long is left.
fn bar(length: u64, name: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len} {elapsed}<{eta} {msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style.progress_chars("=> ")).with_prefix(name)
}
