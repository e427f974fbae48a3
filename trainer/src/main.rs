//! The command line `undertone`: has texts annotated, distils, evaluates and exports the student.

mod annotate;
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
    /// Let a large language model describe texts, for a student to learn from
    Annotate(Box<annotate::AnnotateArgs>),
    /// Distil a student from annotation sets
    Train(train::TrainArgs),
    /// Measure a model by sets that people labelled
    Evaluate(evaluate::EvaluateArgs),
    /// Write a checkpoint as the bundle that the app loads
    Export(export::ExportArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Annotate(args) => annotate::annotate(&args),
        Command::Train(args) => train::train(&args),
        Command::Evaluate(args) => evaluate::evaluate(&args),
        Command::Export(args) => export::export(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
