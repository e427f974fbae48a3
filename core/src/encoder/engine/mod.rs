//! The student's forward pass in seven-bit integers: what tags texts, in the browser and on the command line.
//!
//! Every linear map is an integer product of weights, rounded once when the bundle was made, and activations, rounded row by
//! row as they come (Dettmers et al. 2022 call this vector-wise quantisation); everything between them is f32. A text's
//! rows depend on nothing but the text, so its vector is the same in any company, bit for bit.

mod codes;
pub mod kernels;
mod matrix;
mod trial;

use std::sync::{Mutex, PoisonError};

pub use codes::Codes;
use kernels::{Finish, Heads, Kernels, Norm};
pub use matrix::{MAX_WEIGHT, Matrix};
use trial::Trial;

use super::elementwise;
use super::ragged::Ragged;
use super::weights::{TokenTable, Weights};
use crate::{EncoderConfig, Error, ErrorKind, Result};

/// A student that is ready to read.
pub struct Engine {
    trial: Trial,
    hidden: usize,
    heads: usize,
    wide: usize,
    positions: usize,
    table: TokenTable,
    /// `(positions, hidden)`: what a token's place adds, its type included.
    places: Vec<f32>,
    norm: Norm,
    layers: Vec<Layer>,
    /// Memory of passes that are over, for those to come.
    spare: Mutex<Vec<Scratch>>,
}

/// Attention, then the feed-forward part, each added to its input and normalised.
struct Layer {
    query_key_value: Matrix,
    attended: Matrix,
    attended_norm: Norm,
    widen: Matrix,
    narrow: Matrix,
    norm: Norm,
}

/// Everything that a pass writes to, kept so that no pass allocates what an earlier one had.
#[derive(Default)]
struct Scratch {
    /// `(tokens, hidden)`: the tokens' vectors.
    x: Vec<f32>,
    /// `(tokens, hidden)`: what attention brings.
    attended: Vec<f32>,
    /// `(tokens, 3 hidden)` or `(tokens, intermediate)`.
    wide: Vec<f32>,
    codes: Codes,
    /// Some of a product's sums.
    sums: Vec<i32>,
    attention: Vec<f32>,
}

impl Engine {
    /// Packs a bundle's weights for these kernels; of the file's bytes only the token table is kept.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: a tensor that is missing or of another shape.
    pub fn new(weights: Weights, config: &EncoderConfig, kernels: &'static Kernels) -> Result<Self> {
        let (hidden, wide) = (config.hidden, config.intermediate);
        let norm = |name: &str| -> Result<Norm> {
            Ok(Norm {
                weight: weights.floats(&format!("{name}.weight"), &[hidden])?,
                bias: weights.floats(&format!("{name}.bias"), &[hidden])?,
                eps: config.layer_norm_eps as f32,
            })
        };
        let matrix = |names: &[String], outputs: usize, inputs: usize| -> Result<Matrix> {
            let part = |name: &String| {
                let matrix = weights.int8(&format!("{name}.weight"), outputs, inputs)?;
                Ok((matrix, weights.floats(&format!("{name}.bias"), &[outputs])?))
            };
            Ok(Matrix::pack(kernels, names.iter().map(part).collect::<Result<Vec<_>>>()?))
        };
        let layers = (0..config.layers).map(|i| {
            let name = |part: &str| format!("encoder.layer.{i}.{part}");
            let heads = ["query", "key", "value"].map(|part| name(&format!("attention.self.{part}")));
            Ok(Layer {
                query_key_value: matrix(&heads, hidden, hidden)?,
                attended: matrix(&[name("attention.output.dense")], hidden, hidden)?,
                attended_norm: norm(&name("attention.output.LayerNorm"))?,
                widen: matrix(&[name("intermediate.dense")], wide, hidden)?,
                narrow: matrix(&[name("output.dense")], hidden, wide)?,
                norm: norm(&name("output.LayerNorm"))?,
            })
        });
        let layers = layers.collect::<Result<_>>()?;
        let embedding_norm = norm("embeddings.LayerNorm")?;
        let embedding = |name: &str, rows| {
            weights.int8(&format!("embeddings.{name}_embeddings.weight"), rows, hidden).map(|rows| rows.widened())
        };
        let mut places = embedding("position", config.positions)?;
        // A text is one segment: only the first token type ever occurs.
        let types = embedding("token_type", config.token_types)?;
        for place in places.chunks_exact_mut(hidden) {
            elementwise::add_scaled(place, &types[..hidden], 1.0);
        }
        Ok(Self {
            trial: Trial::new(kernels),
            hidden,
            heads: config.heads,
            wide: wide.max(3 * hidden),
            positions: config.positions,
            table: weights.into_token_table(config.vocabulary, hidden)?,
            places,
            norm: embedding_norm,
            layers,
            spare: Mutex::default(),
        })
    }

    /// Lets kernels that are alike but for their speed compete, by a clock in milliseconds.
    pub fn set_clock(&mut self, clock: fn() -> f64) {
        self.trial.set_clock(clock);
    }

    /// What computes, the fastest so far if several compete.
    pub fn kernels(&self) -> &'static Kernels {
        self.trial.fastest()
    }

    /// The unit vectors of texts, row after row: `(texts, hidden)`.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a token outside the vocabulary, or a text longer than there are positions.
    pub fn forward(&self, texts: &Ragged) -> Result<Vec<f32>> {
        self.run(texts, |rows| self.pooled(rows, texts))
    }

    /// The vectors of the texts' tokens, before they are pooled: `(tokens, hidden)`. A text's unit vector has the direction
    /// of their sum.
    ///
    /// # Errors
    /// As [`Engine::forward`].
    pub fn tokens(&self, texts: &Ragged) -> Result<Vec<f32>> {
        self.run(texts, <[f32]>::to_vec)
    }

    /// Lets the tokens' vectors be used where they are.
    fn run(&self, texts: &Ragged, use_rows: impl Fn(&[f32]) -> Vec<f32>) -> Result<Vec<f32>> {
        if texts.longest() > self.positions {
            let message = format!("a text has {} tokens, the model has {} positions", texts.longest(), self.positions);
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let mut scratch = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let vectors = self
            .trial
            .run(texts.tokens(), |kernels| self.pass(kernels, texts, &mut scratch).map(|()| use_rows(&scratch.x)));
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
        vectors
    }

    /// Leaves the tokens' vectors in the scratch.
    fn pass(&self, kernels: &Kernels, texts: &Ragged, scratch: &mut Scratch) -> Result<()> {
        let (hidden, tokens) = (self.hidden, texts.tokens());
        let Scratch { x, attended, wide, codes, sums, attention } = scratch;
        x.resize(tokens * hidden, 0.0);
        attended.resize(tokens * hidden, 0.0);
        wide.resize(tokens * self.wide, 0.0);

        for ((row, &token), place) in x.chunks_exact_mut(hidden).zip(texts.ids()).zip(texts.positions()) {
            self.table.read(token, row)?;
            let place = place as usize * hidden;
            elementwise::add_scaled(row, &self.places[place..place + hidden], 1.0);
        }
        kernels.normalise(&self.norm, x);
        for layer in &self.layers {
            let heads = &mut wide[..tokens * 3 * hidden];
            kernels.quantise(x, hidden, codes);
            kernels.product(codes, &layer.query_key_value, Finish::Store, sums, heads);
            let heads = Heads { rows: heads, hidden, heads: self.heads };
            kernels.attention(heads, texts.offsets(), attention, attended);
            kernels.quantise(attended, hidden, codes);
            kernels.product(codes, &layer.attended, Finish::Add, sums, x);
            kernels.normalise(&layer.attended_norm, x);

            let widened = &mut wide[..tokens * layer.widen.outputs()];
            kernels.quantise(x, hidden, codes);
            kernels.product(codes, &layer.widen, Finish::Gelu, sums, widened);
            kernels.quantise(widened, layer.widen.outputs(), codes);
            kernels.product(codes, &layer.narrow, Finish::Add, sums, x);
            kernels.normalise(&layer.norm, x);
        }
        Ok(())
    }

    /// The directions of the sums of the texts' rows.
    fn pooled(&self, x: &[f32], texts: &Ragged) -> Vec<f32> {
        let hidden = self.hidden;
        let mut vectors = vec![0f32; texts.texts() * hidden];
        for (bounds, vector) in texts.offsets().windows(2).zip(vectors.chunks_exact_mut(hidden)) {
            for row in x[bounds[0] * hidden..bounds[1] * hidden].chunks_exact(hidden) {
                elementwise::add_scaled(vector, row, 1.0);
            }
            let factor = elementwise::reciprocal_length(vector);
            vector.iter_mut().for_each(|x| *x *= factor);
        }
        vectors
    }
}
