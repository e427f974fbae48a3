//! The command line `undertone`: distils, evaluates and exports the student.

mod base;
mod bundle;
mod calibrate;
mod data;
mod evaluate;
mod export;
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
    /// Distil a student from annotation sets
    Train(train::TrainArgs),
    /// Measure a model by sets that people labelled
    Evaluate(evaluate::EvaluateArgs),
    /// Write a checkpoint as the bundle that the app loads
    Export(export::ExportArgs),
    /// Time the training, for benches/pytorch.py
    #[command(hide = true)]
    Speed(train::SpeedArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Train(args) => train::train(&args),
        Command::Evaluate(args) => evaluate::evaluate(&args),
        Command::Export(args) => export::export(&args),
        Command::Speed(args) => train::speed(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", sentence(&error));
            ExitCode::FAILURE
        }
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
