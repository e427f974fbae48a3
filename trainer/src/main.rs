//! The command line `undertone`: has texts annotated, distils, evaluates and exports the student.

mod affect;
mod agreement;
mod annotate;
mod background;
mod base;
mod bootstrap;
mod bundle;
mod calibrate;
mod corrections;
mod data;
mod evaluate;
mod explain;
mod export;
mod file;
mod granularity;
mod linear;
mod recipe;
mod rounding;
mod speed;
mod statistics;
mod student;
mod train;
mod vocabulary;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Undertone tells what a text feels like, in the words you choose.
#[derive(Parser)]
#[command(name = "undertone", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Let a large language model describe texts, for a student to learn from
    Annotate(Box<annotate::AnnotateArgs>),
    /// Distil a student from annotation sets
    Train(Box<train::TrainArgs>),
    /// Measure a model by sets that people labelled
    Evaluate(evaluate::EvaluateArgs),
    /// Say why a text is scored as it is
    Explain(explain::ExplainArgs),
    /// Measure explanations: faithfulness, plausibility, turning points and cost
    #[command(hide = true)]
    ExplainMeasure(explain::MeasureArgs),
    /// Measure how far people agree about a file's labels, and the machine with them
    Agreement(agreement::AgreementArgs),
    /// Measure how much better labels get by rows that a person corrects
    Corrections(corrections::CorrectionsArgs),
    /// Find out how fine a label set the texts of a file bear
    Granularity(granularity::GranularityArgs),
    /// Write a checkpoint as the bundle that the app loads
    Export(export::ExportArgs),
    /// Fit a bundle's probabilities anew to sets that people labelled
    Calibrate(calibrate::CalibrateArgs),
    /// Time training or reading, for benchmarks beside others
    #[command(hide = true, subcommand)]
    Speed(speed::Speed),
}

/// Tensors of many megabytes come and go at every step; the system's allocator gives each back to the kernel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_candle_to_one_thread();
    let result = match Cli::parse().command {
        Command::Annotate(args) => annotate::annotate(&args),
        Command::Train(args) => train::train(&args),
        Command::Evaluate(args) => evaluate::evaluate(&args),
        Command::Explain(args) => explain::explain(&args),
        Command::ExplainMeasure(args) => explain::measure(&args),
        Command::Agreement(args) => agreement::agreement(&args),
        Command::Corrections(args) => corrections::corrections(&args),
        Command::Granularity(args) => granularity::granularity(&args),
        Command::Export(args) => export::export(&args),
        Command::Calibrate(args) => calibrate::calibrate(&args),
        Command::Speed(what) => speed::speed(&what),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", sentence(&error));
            ExitCode::FAILURE
        }
    }
}

/// candle adds large tensors on threads of its own, one pool for the whole program: the trainer's threads, which are busy
/// already, would wait there for each other.
fn keep_candle_to_one_thread() {
    const THREADS: &str = "CANDLE_NUM_THREADS";
    if std::env::var_os(THREADS).is_none() {
        // SAFETY: this is the first thing that the program does, and it has one thread so far.
        unsafe { std::env::set_var(THREADS, "1") };
    }
}

/// An error and its causes in one line. A cause that the sentence before it tells already is left out, and so is the
/// stack of calls that candle puts below its errors.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        let cause = cause.lines().next().unwrap_or_default().trim();
        if said.is_empty() {
            said = cause.to_owned();
        } else if !said.contains(cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}
