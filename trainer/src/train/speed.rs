//! `undertone speed train`: how fast the trainer trains, on made-up tokens. `benches/pytorch.py` holds it against PyTorch, and
//! does the very same there: whoever changes the one changes the other.

use std::time::Instant;

use anyhow::{Result, ensure};
use candle_core::{D, DType, Device, Tensor};
use clap::Args;
use serde_json::json;
use undertone_core::Tokenizer;
use undertone_core::encoder::candle::Noise;

use super::optimiser::{AdamW, Settings};
use super::step::Workers;
use crate::base::Base;
use crate::student::Student;

/// Time forward, backward and optimiser on made-up tokens.
#[derive(Debug, Args)]
pub struct SpeedArgs {
    /// The base model: a folder, or a name on the Hugging Face hub
    #[arg(long, value_name = "DIR|NAME")]
    base: String,
    /// Sequences a step; the first half is held against the second
    #[arg(long, default_value_t = 32, value_name = "N")]
    batch: usize,
    /// Tokens a sequence
    #[arg(long, default_value_t = 32, value_name = "N")]
    tokens: usize,
    /// Steps to time
    #[arg(long, default_value_t = 20, value_name = "N")]
    steps: usize,
    /// Steps before those
    #[arg(long, default_value_t = 2, value_name = "N")]
    warmup: usize,
    /// Processor threads
    #[arg(long, default_value_t = 2, value_name = "N")]
    threads: usize,
}

const RATE: f64 = 1e-4;
const DECAY: f64 = 0.01;
const MAX_NORM: f64 = 1.0;
/// The inverse temperature of the cosines.
const SCALE: f64 = 20.0;

/// Runs the command: prints the seconds and the loss of each step as JSON.
pub fn speed(args: &SpeedArgs) -> Result<()> {
    let half = args.batch / 2;
    ensure!(half > 0 && args.batch == 2 * half, "--batch is {}; it must be even", args.batch);
    let base = Base::read(&args.base, args.tokens, false)?;
    let vocabulary = base.config.vocabulary;
    let tokenizer = Tokenizer::from_bytes(&serde_json::to_vec(&base.tokenizer)?, args.tokens)?;
    let student = Student::new(base.config, tokenizer, base.tensors, 0)?;
    let settings = Settings { rate: RATE, layer_decay: 1.0, head_rate: RATE, decay: DECAY, average: 0.0 };
    let mut optimiser = AdamW::new(student.variables()?, settings, student.config.layers)?;
    let workers = Workers::new(args.threads)?;
    // Which sequence of the second half belongs to which of the first: each to its own.
    let own = Tensor::eye(half, DType::F32, &Device::Cpu)?;

    let (mut seconds, mut losses) = (Vec::new(), Vec::new());
    for step in 0..args.warmup + args.steps {
        let began = Instant::now();
        let tokens = sequences(step, args.batch, args.tokens, vocabulary);
        let (loss, gradients) = student.gradients(
            &workers,
            &tokens,
            |_| Noise::none(),
            |vectors| {
                let (texts, labels) = (vectors.narrow(0, 0, half)?, vectors.narrow(0, half, half)?);
                let logits = (texts.matmul(&labels.t()?)? * SCALE)?;
                let log_p = candle_nn::ops::log_softmax(&logits, D::Minus1)?;
                Ok(((log_p * &own)?.sum_all()? * (-1.0 / half as f64))?)
            },
        )?;
        optimiser.step(&gradients, 1.0, MAX_NORM)?;
        if step >= args.warmup {
            seconds.push(began.elapsed().as_secs_f64());
        }
        losses.push(loss);
    }
    println!("{}", json!({"seconds": seconds, "losses": losses}));
    Ok(())
}

/// Tokens that look random, and can be made anew in any language.
fn sequences(step: usize, batch: usize, tokens: usize, vocabulary: usize) -> Vec<Vec<u32>> {
    let token = |i: usize| ((step * batch * tokens + i) * 7919 % vocabulary) as u32;
    (0..batch).map(|row| (row * tokens..(row + 1) * tokens).map(token).collect()).collect()
}
