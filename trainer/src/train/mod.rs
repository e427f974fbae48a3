//! `undertone train`: contrastive distillation (Niu and Mower Provost 2025), see `Objective` for the loss.

mod batch;
mod checkpoint;
mod objective;
mod optimiser;
mod speed;
mod step;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value, json};
use undertone_core::encoder::candle::Noise;
use undertone_core::{Embeddings, Tokenizer};

use crate::base::Base;
use crate::data::{Annotations, EvaluationSet};
use crate::evaluate::{Report, Subject};
use crate::student::Student;
use batch::{Batch, Batcher};
pub use checkpoint::{Checkpoint, State};
use objective::Objective;
use optimiser::{AdamW, Schedule};
pub use speed::{SpeedArgs, speed};
use step::Workers;

/// Distil a student from annotation sets.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Annotation sets: folders with a data.jsonl of texts with descriptors, labels or ratings
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// The base model: a folder, or a name on the Hugging Face hub
    #[arg(long, default_value = "sentence-transformers/all-MiniLM-L6-v2", value_name = "DIR|NAME")]
    base: String,
    /// Where checkpoints and curves go
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Evaluation sets to look at after each epoch
    #[arg(long, num_args = 1.., value_name = "DIR")]
    dev: Vec<PathBuf>,
    /// How many rows of each evaluation set to look at
    #[arg(long, default_value_t = 1000, value_name = "N")]
    dev_rows: usize,
    /// How often all texts are seen
    #[arg(long, default_value_t = 3, value_name = "N")]
    epochs: usize,
    /// Texts a step
    #[arg(long, default_value_t = 64, value_name = "N")]
    batch: usize,
    /// The highest learning rate
    #[arg(long, default_value_t = 1e-4, value_name = "X")]
    rate: f64,
    /// Which part of the steps the learning rate rises
    #[arg(long, default_value_t = 0.06, value_name = "X")]
    warmup: f64,
    /// Weight decay
    #[arg(long, default_value_t = 0.01, value_name = "X")]
    decay: f64,
    /// The longest that a step's gradient may be
    #[arg(long, default_value_t = 1.0, value_name = "X")]
    max_norm: f64,
    /// Weight of the softmax term
    #[arg(long, default_value_t = 0.5, value_name = "X")]
    softmax: f64,
    /// Weight of valence and arousal
    #[arg(long, default_value_t = 4.0, value_name = "X")]
    affect: f64,
    /// Which part of the values between the layers is left out, at random each time
    #[arg(long, default_value_t = 0.1, value_name = "X")]
    dropout: f32,
    /// Labels that the base model finds closer than this are no negatives of each other
    #[arg(long, default_value_t = 0.65, value_name = "COSINE")]
    synonyms: f32,
    /// What a label is sometimes put into; {} is the label
    #[arg(long, default_value = "This text expresses {}.")]
    template: String,
    /// The longest text, in tokens
    #[arg(long, default_value_t = 128, value_name = "N")]
    max_tokens: usize,
    /// How many tokens of the base model's vocabulary to keep
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    vocabulary: usize,
    /// Learn also what annotations imply: labels of a closed list that were not chosen are absent, and "wry amusement" is
    /// amusement
    #[arg(long)]
    implied: bool,
    /// Start from random weights in the shape of the base model
    #[arg(long)]
    from_scratch: bool,
    /// The seed of everything random
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Processor threads
    #[arg(long, default_value_t = std::thread::available_parallelism().map_or(1, usize::from), value_name = "N")]
    threads: usize,
    /// Save a checkpoint every so many steps, beside the end of each epoch
    #[arg(long, default_value_t = 200, value_name = "N")]
    save_every: usize,
    /// Stop after so many steps, as if interrupted
    #[arg(long, value_name = "N")]
    stop_after: Option<usize>,
    /// Go on from the checkpoint in the output folder
    #[arg(long)]
    resume: bool,
}

impl TrainArgs {
    /// What must be equal for a run to be the same run.
    fn recipe(&self) -> Map<String, Value> {
        let recipe = json!({
            "base": self.base, "epochs": self.epochs, "batch": self.batch, "rate": self.rate, "warmup": self.warmup,
            "decay": self.decay, "max_norm": self.max_norm, "softmax": self.softmax, "affect": self.affect,
            "dropout": self.dropout,
            "synonyms": self.synonyms, "template": self.template, "max_tokens": self.max_tokens,
            "vocabulary": self.vocabulary, "implied": self.implied, "from_scratch": self.from_scratch, "seed": self.seed,
        });
        match recipe {
            Value::Object(recipe) => recipe,
            _ => Map::new(),
        }
    }
}

/// The base model's vectors of all descriptors, which say what is nearly the same as what.
struct Terms {
    index: std::collections::HashMap<String, usize>,
    vectors: Embeddings,
}

impl Terms {
    fn new(student: &Student, annotations: &Annotations) -> Result<Self> {
        let mut index = std::collections::HashMap::new();
        let mut terms = Vec::new();
        for example in &annotations.examples {
            for term in example.descriptors.iter().chain(example.ratings.iter().map(|(label, _)| label)) {
                if !index.contains_key(term) {
                    index.insert(term.clone(), terms.len());
                    terms.push(term.as_str());
                }
            }
        }
        let progress = bar(terms.len() as u64, "Reading the descriptors");
        let mut vectors = Embeddings::empty(student.config.hidden);
        for chunk in terms.chunks(128) {
            vectors.push(&student.encode(chunk)?)?;
            progress.inc(chunk.len() as u64);
        }
        progress.finish_and_clear();
        Ok(Self { index, vectors })
    }

    /// Those of a batch, in its order.
    fn of(&self, batch: &Batch) -> Result<Embeddings> {
        let rows = batch.terms.iter().filter_map(|t| self.index.get(*t)).flat_map(|&i| self.vectors.row(i));
        Ok(Embeddings::new(self.vectors.dim(), rows.copied().collect())?)
    }
}

/// Runs the command.
pub fn train(args: &TrainArgs) -> Result<()> {
    ensure!(args.batch > 1, "--batch is {}; a contrast needs two texts at least", args.batch);
    ensure!((0.0..1.0).contains(&args.dropout), "--dropout is {}; give a part of one", args.dropout);
    ensure!(args.template.contains("{}"), "--template '{}' has no {{}} for the label", args.template);
    let mut annotations = Annotations::read(&args.data)?;
    if args.implied {
        annotations.imply();
    }
    let dev = args.dev.iter().map(|d| EvaluationSet::read(d, Some(args.dev_rows))).collect::<Result<Vec<_>>>()?;
    let checkpoint = Checkpoint::of_run(&args.output);
    ensure!(
        args.resume || !checkpoint.exists(),
        "{} holds a run already; give --resume to go on with it, or another --output",
        args.output.display()
    );

    let mut base = Base::read(&args.base, args.max_tokens, args.from_scratch)?;
    base.keep_vocabulary(args.vocabulary, annotations.texts())?;
    let tokenizer = base.tokenizer;
    let start = Student::new(
        base.config.clone(),
        Tokenizer::from_bytes(&serde_json::to_vec(&tokenizer)?, args.max_tokens)?,
        base.tensors,
        args.seed,
    )?;
    let terms = Terms::new(&start, &annotations)?;

    let mut state = State {
        encoder: base.config,
        step: 0,
        recipe: args.recipe(),
        data: annotations.sources.clone(),
        seconds: 0.0,
        metrics: Map::new(),
    };
    let mut student = start;
    if args.resume {
        let saved = checkpoint.state().context("there is nothing to resume; leave --resume out to start")?;
        ensure!(
            saved.recipe == state.recipe && saved.data == state.data,
            "{} was trained with other settings or data; give the same, or another --output",
            args.output.display()
        );
        ensure!(
            saved.encoder == state.encoder,
            "{} was trained from a base model of another shape than {} has now; give that one, or another --output",
            args.output.display(),
            args.base
        );
        student = checkpoint.student()?;
        state = saved;
    }
    let mut optimiser = AdamW::new(student.variables()?, args.decay);
    if args.resume {
        checkpoint.restore(&mut optimiser)?;
    }

    fs::create_dir_all(&args.output).with_context(|| format!("{} cannot be created", args.output.display()))?;
    let batcher = Batcher::new(&annotations, args.batch, args.seed, &args.template);
    let per_epoch = batcher.per_epoch();
    let steps = per_epoch * args.epochs;
    let schedule = Schedule { peak: args.rate, warmup: (args.warmup * steps as f64).ceil() as usize, steps };
    // Random weights find everything alike: they know no synonyms.
    let synonym_cosine = if args.from_scratch { f32::INFINITY } else { args.synonyms };
    let objective = Objective { softmax: args.softmax, affect: args.affect, synonym_cosine };
    let workers = Workers::new(args.threads)?;
    let mut curve = Curve::open(&args.output.join("loss.csv"), state.step)?;
    let progress = bar(steps as u64, "Training");
    progress.set_position(state.step as u64);
    progress.reset_eta();
    eprintln!(
        "{} texts, {} descriptors, {} steps of {}",
        annotations.examples.len(),
        terms.vectors.len(),
        steps,
        args.batch
    );

    let last = args.stop_after.map_or(steps, |stop| steps.min(stop));
    let earlier = state.seconds;
    let began = Instant::now();
    let mut smooth = None;
    while state.step < last {
        let epoch = state.step / per_epoch;
        let order = batcher.epoch(epoch);
        for (index, examples) in order.iter().enumerate().skip(state.step % per_epoch) {
            let batch = batcher.batch(epoch, index, examples);
            let targets = objective.targets(&batch, &terms.of(&batch)?, &annotations.lexicon);
            let sequences = batch.texts.iter().copied().chain(batch.wordings.iter().map(String::as_str));
            let tokens = student.tokens(sequences)?;
            let noise = |thread| Noise::new(args.dropout, batcher.seed(epoch, index, thread));
            let (loss, gradients) = student.learn(&workers, &objective, &batch, &targets, &tokens, noise)?;
            let rate = schedule.rate(state.step);
            let norm = optimiser.step(&gradients, rate, args.max_norm)?;
            state.step += 1;
            state.seconds = earlier + began.elapsed().as_secs_f64();
            curve.point(state.step, loss, rate, norm)?;
            let shown = smooth.map_or(loss, |s: f64| 0.98 * s + 0.02 * loss);
            smooth = Some(shown);
            progress.set_message(format!("loss {shown:.3}"));
            progress.set_position(state.step as u64);
            if state.step.is_multiple_of(args.save_every) || state.step == last {
                checkpoint.save(&state, &student, &optimiser, &tokenizer)?;
            }
            if state.step == last {
                break;
            }
        }
        if state.step.is_multiple_of(per_epoch) {
            if !dev.is_empty() {
                let report = Report::of(&Subject::of_student(&student)?, &dev)?;
                progress.suspend(|| eprintln!("\nAfter epoch {}\n{report}", epoch + 1));
                state.metrics = report.to_json();
                append(&args.output.join("dev.jsonl"), &json!({"epoch": epoch + 1, "metrics": state.metrics}))?;
            }
            checkpoint.save(&state, &student, &optimiser, &tokenizer)?;
        }
    }
    progress.finish();
    Ok(())
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
