//! What the engine computes, once for each instruction set.
//!
//! The source of everything but the innermost loop of the integer product is the same (`generic`), compiled anew with each
//! set of instructions; the loops are in `portable`, `x86` and `wasm`. Integer arithmetic is exact, and f32 runs in lanes
//! that do not depend on the width of registers (`elementwise`), so that all of them return the same bits.

mod generic;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::codes::Codes;
use super::matrix::Matrix;

/// What becomes of a product's results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// They are written.
    Store,
    /// They are added to what is there.
    Add,
    /// Their Gaussian error linear units are written.
    Gelu,
}

/// Attention's queries, keys and values: a row for each token, with all heads' queries, then keys, then values.
#[derive(Clone, Copy)]
pub struct Heads<'a> {
    /// `(tokens, 3 hidden)`.
    pub rows: &'a [f32],
    /// Values in each of the three.
    pub hidden: usize,
    /// How many heads share them evenly.
    pub heads: usize,
}

/// Scale and shift of a layer normalisation.
pub struct Norm {
    /// One factor for each column.
    pub weight: Vec<f32>,
    /// One summand for each column.
    pub bias: Vec<f32>,
    /// What keeps it from dividing by zero.
    pub eps: f32,
}

type Quantise = unsafe fn(rows: &[f32], width: usize, out: &mut Codes);
type Product = unsafe fn(codes: &Codes, matrix: &Matrix, finish: Finish, sums: &mut Vec<i32>, out: &mut [f32]);
type Attention = unsafe fn(heads: Heads<'_>, offsets: &[usize], scratch: &mut Vec<f32>, out: &mut [f32]);
type Normalise = unsafe fn(norm: &Norm, rows: &mut [f32]);

/// The engine's operations for one instruction set.
#[derive(Clone, Copy)]
pub struct Kernels {
    /// What the instruction set is called.
    pub name: &'static str,
    /// How many outputs the product's tile has: the width of a matrix's panels.
    pub columns: usize,
    /// How many activations one 32-bit load brings.
    pub group: usize,
    quantise: Quantise,
    product: Product,
    attention: Attention,
    normalise: Normalise,
}

impl Kernels {
    /// What the portable ones are called.
    pub const PORTABLE: &'static str = "portable";

    /// Those that this processor can run, the fastest first and the portable last.
    pub fn available() -> Vec<&'static Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        all.extend(x86::available());
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        all.extend(wasm::available());
        all.push(&portable::KERNELS);
        all
    }

    /// The fastest that this processor can run.
    pub fn best() -> &'static Self {
        Self::available().first().copied().unwrap_or(&portable::KERNELS)
    }

    /// In how many groups a row of activations stands: an even number.
    pub fn groups(&self, width: usize) -> usize {
        width.div_ceil(self.group).next_multiple_of(2)
    }

    /// Rounds `(n, width)` activations to seven bits, each row between its own least and largest value.
    ///
    /// # Panics
    /// If there are no whole rows.
    pub fn quantise(&self, rows: &[f32], width: usize, out: &mut Codes) {
        assert!(width > 0 && rows.len().is_multiple_of(width), "activations make whole rows. This is a bug.");
        out.resize(rows.len() / width, self.groups(width));
        // SAFETY: only what the processor can run is `available`.
        unsafe { (self.quantise)(rows, width, out) }
    }

    /// `x wᵀ + b`, finished: `(n, inputs)` codes by an `(outputs, inputs)` matrix into `(n, outputs)`. The products and
    /// their sums are exact; `sums` is room for some of them.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn product(&self, codes: &Codes, matrix: &Matrix, finish: Finish, sums: &mut Vec<i32>, out: &mut [f32]) {
        assert_eq!(codes.groups, matrix.groups(), "as many go in as the matrix takes");
        assert_eq!(out.len(), codes.rows.len() * matrix.outputs(), "as many come out as there is room for");
        // SAFETY: as in `quantise`.
        unsafe { (self.product)(codes, matrix, finish, sums, out) }
    }

    /// Scaled dot-product attention among the rows of each text, into `(tokens, hidden)`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    pub fn attention(&self, heads: Heads<'_>, offsets: &[usize], scratch: &mut Vec<f32>, out: &mut [f32]) {
        assert_eq!(heads.rows.len(), 3 * out.len(), "a query, a key and a value for each result");
        // SAFETY: as in `quantise`.
        unsafe { (self.attention)(heads, offsets, scratch, out) }
    }

    /// Layer normalisation of each row, in place.
    pub fn normalise(&self, norm: &Norm, rows: &mut [f32]) {
        // SAFETY: as in `quantise`.
        unsafe { (self.normalise)(norm, rows) }
    }
}

/// The [`Kernels`] of a tile, compiled with the features given.
macro_rules! kernels {
    ($name:expr, $tile:ty $(, $feature:literal)?) => {{
        $(#[target_feature(enable = $feature)])?
        unsafe fn quantise(rows: &[f32], width: usize, out: &mut $crate::encoder::engine::codes::Codes) {
            $crate::encoder::engine::kernels::generic::quantise::<$tile>(rows, width, out);
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn product(
            codes: &$crate::encoder::engine::codes::Codes,
            matrix: &$crate::encoder::engine::matrix::Matrix,
            finish: $crate::encoder::engine::kernels::Finish,
            sums: &mut Vec<i32>,
            out: &mut [f32],
        ) {
            // SAFETY: the tile's instructions are this function's, and the shapes were compared.
            unsafe { $crate::encoder::engine::kernels::generic::product::<$tile>(codes, matrix, finish, sums, out) }
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn attention(
            heads: $crate::encoder::engine::kernels::Heads<'_>,
            offsets: &[usize],
            scratch: &mut Vec<f32>,
            out: &mut [f32],
        ) {
            $crate::encoder::engine::kernels::generic::attention(heads, offsets, scratch, out);
        }
        $(#[target_feature(enable = $feature)])?
        unsafe fn normalise(norm: &$crate::encoder::engine::kernels::Norm, rows: &mut [f32]) {
            $crate::encoder::engine::kernels::generic::normalise(norm, rows);
        }
        $crate::encoder::engine::kernels::Kernels {
            name: $name,
            columns: <$tile as $crate::encoder::engine::kernels::generic::Tile>::COLUMNS,
            group: <$tile as $crate::encoder::engine::kernels::generic::Tile>::GROUP,
            quantise,
            product,
            attention,
            normalise,
        }
    }};
}
use kernels;
