//! `undertone speed`: how fast the student learns and reads, for benchmarks that hold it against others.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use undertone_core::Encoder;

use crate::data::each_row;
use crate::{bundle, train};

/// Time training or reading.
#[derive(Debug, Subcommand)]
pub enum Speed {
    /// Forward, backward and optimiser on made-up tokens
    Train(train::SpeedArgs),
    /// Texts to vectors, on one thread
    Encode(EncodeArgs),
}

/// Time texts to vectors.
#[derive(Debug, Args)]
pub struct EncodeArgs {
    /// The bundle's folder
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Texts: JSON lines, each with a "text"
    #[arg(long, value_name = "FILE")]
    texts: PathBuf,
    /// How many texts are encoded together where they are not encoded alone
    #[arg(long, default_value_t = 32, value_name = "N")]
    batch: usize,
}

#[derive(Deserialize)]
struct Row {
    text: String,
}

/// Runs the command.
pub fn speed(what: &Speed) -> Result<()> {
    match what {
        Speed::Train(args) => train::speed(args),
        Speed::Encode(args) => encode(args),
    }
}

/// Prints milliseconds a text, each alone, and texts a second, in batches, as JSON.
fn encode(args: &EncodeArgs) -> Result<()> {
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let mut texts = Vec::new();
    each_row(&args.texts, |_, row: Row| {
        texts.push(row.text);
        Ok(())
    })?;
    ensure!(!texts.is_empty() && args.batch > 0, "{} has no texts, or the batch no size", args.texts.display());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let seconds = |batch: usize| -> Result<f64> {
        let start = Instant::now();
        for chunk in texts.chunks(batch) {
            encoder.encode(chunk)?;
        }
        Ok(start.elapsed().as_secs_f64())
    };
    seconds(args.batch)?;
    let (alone, together) = (seconds(1)?, seconds(args.batch)?);
    let count = texts.len() as f64;
    println!(
        "{}",
        json!({
            "kernels": encoder.kernels(),
            "texts": texts.len(),
            "ms_alone": 1e3 * alone / count,
            "texts_per_second": count / together,
        })
    );
    Ok(())
}
