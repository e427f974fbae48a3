//! The operations, for whatever instructions they are compiled with: everything is inlined into functions that have them.

use super::{Finish, Heads, Norm, ZERO};
use crate::encoder::elementwise;
use crate::encoder::engine::codes::{Codes, Row};
use crate::encoder::engine::matrix::Matrix;
use crate::math::{Grid, multiply};

/// The most rows of a tile.
pub const MAX_ROWS: usize = 8;
/// The most columns of a tile.
pub const MAX_COLUMNS: usize = 32;

/// The sums of a tile.
pub type Sums = [[i32; MAX_COLUMNS]; MAX_ROWS];

/// The innermost loop of the product, for one instruction set.
pub trait Tile {
    /// How many rows of activations at most.
    const ROWS: usize;
    /// How many outputs.
    const COLUMNS: usize;
    /// How many activations one 32-bit load brings: four `i8`, or two `i16`.
    const GROUP: usize;

    /// The sums of products of `R` rows of codes and a panel, whose weights are shifted by [`ZERO`].
    ///
    /// # Safety
    /// The processor must have the tile's instructions. `panel` has `COLUMNS · GROUP` bytes for each group of a row.
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: &mut Sums);
}

#[inline(always)]
pub fn quantise<T: Tile>(rows: &[f32], width: usize, out: &mut Codes) {
    let groups = out.groups;
    let rows = rows.chunks_exact(width).zip(out.values.chunks_exact_mut(groups)).zip(&mut out.rows);
    for ((values, codes), row) in rows {
        let (least, largest) = extremes(values);
        let range = largest - least;
        let inverse = if range > 0.0 { 255.0 / range } else { 0.0 };
        let zero = elementwise::round(-128.0 - least * inverse);
        let sum = if T::GROUP == 4 {
            encode(values, inverse, zero, as_bytes(codes), |code| code as i8)
        } else {
            encode(values, inverse, zero, as_halves(codes), |code| code as i16)
        };
        *row = Row { scale: range / 255.0, zero, sum };
    }
}

/// The least and the largest value, 0 among them.
#[inline(always)]
fn extremes(values: &[f32]) -> (f32, f32) {
    const WIDE: usize = 16;
    let (mut least, mut largest) = ([0f32; WIDE], [0f32; WIDE]);
    let (blocks, rest) = values.as_chunks::<WIDE>();
    for block in blocks {
        for i in 0..WIDE {
            // Written out, for `f32::min` would look for NaN.
            least[i] = if block[i] < least[i] { block[i] } else { least[i] };
            largest[i] = if block[i] > largest[i] { block[i] } else { largest[i] };
        }
    }
    let mut range = (0f32, 0f32);
    for &x in least.iter().chain(&largest).chain(rest) {
        range = (if x < range.0 { x } else { range.0 }, if x > range.1 { x } else { range.1 });
    }
    range
}

/// Writes the codes of a row and returns their sum.
#[inline(always)]
fn encode<C>(values: &[f32], inverse: f32, zero: i32, codes: &mut [C], narrow: impl Fn(i32) -> C) -> i32 {
    let shift = zero as f32;
    let (head, tail) = codes.split_at_mut(values.len());
    let mut sum = 0;
    for (x, out) in values.iter().zip(head) {
        let code = x * inverse + shift;
        let code = if code < 127.0 { code } else { 127.0 };
        let code = elementwise::round(if code > -128.0 { code } else { -128.0 });
        sum += code;
        *out = narrow(code);
    }
    tail.iter_mut().for_each(|out| *out = narrow(0));
    sum
}

fn as_bytes(codes: &mut [u32]) -> &mut [i8] {
    // SAFETY: four bytes for each of them, of any bits.
    unsafe { std::slice::from_raw_parts_mut(codes.as_mut_ptr().cast(), codes.len() * 4) }
}

fn as_halves(codes: &mut [u32]) -> &mut [i16] {
    // SAFETY: two halves for each of them, of any bits; a half needs no more alignment than they have.
    unsafe { std::slice::from_raw_parts_mut(codes.as_mut_ptr().cast(), codes.len() * 2) }
}

/// # Safety
/// As [`Tile::sums`].
#[inline(always)]
pub unsafe fn product<T: Tile>(codes: &Codes, matrix: &Matrix, finish: Finish, out: &mut [f32]) {
    let (groups, outputs) = (codes.groups, matrix.outputs());
    let mut sums: Sums = [[0; MAX_COLUMNS]; MAX_ROWS];
    let bytes = groups * T::GROUP * T::COLUMNS;
    for (number, panel) in matrix.panels().enumerate() {
        let panel = &panel[..bytes];
        let first = number * T::COLUMNS;
        let mut row = 0;
        while row < codes.rows.len() {
            let step = (codes.rows.len() - row).min(T::ROWS);
            macro_rules! tile {
                ($($rows:literal)*) => {
                    match step {
                        $($rows if $rows <= T::ROWS => {
                            let rows: [&[u32]; $rows] =
                                std::array::from_fn(|i| &codes.values[(row + i) * groups..(row + i + 1) * groups]);
                            // SAFETY: the caller's.
                            unsafe { T::sums(rows, panel, &mut sums) }
                        })*
                        _ => unreachable!(),
                    }
                };
            }
            tile!(1 2 3 4 5 6 7 8);
            for (i, sums) in sums.iter().enumerate().take(step) {
                let from = (row + i) * outputs + first;
                let to = ((row + i + 1) * outputs).min(from + T::COLUMNS);
                write::<T>(&codes.rows[row + i], sums, matrix, first, finish, &mut out[from..to]);
            }
            row += step;
        }
    }
}

/// From a row of sums to results.
#[inline(always)]
fn write<T: Tile>(row: &Row, sums: &[i32], matrix: &Matrix, first: usize, finish: Finish, out: &mut [f32]) {
    let columns = first..first + T::COLUMNS;
    let (scales, bias) = (&matrix.scales[columns.clone()], &matrix.bias[columns.clone()]);
    let weights = &matrix.sums[columns];
    let shift = ZERO * row.sum;
    let value = |c: usize| (sums[c] - shift - row.zero * weights[c]) as f32 * (row.scale * scales[c]) + bias[c];
    if out.len() == T::COLUMNS {
        let mut values = [0f32; MAX_COLUMNS];
        let values = &mut values[..T::COLUMNS];
        for (c, x) in values.iter_mut().enumerate() {
            *x = value(c);
        }
        finish_row(finish, values, out);
    } else {
        for (c, out) in out.iter_mut().enumerate() {
            finish_row(finish, &[value(c)], std::slice::from_mut(out));
        }
    }
}

#[inline(always)]
fn finish_row(finish: Finish, values: &[f32], out: &mut [f32]) {
    match finish {
        Finish::Store => out.copy_from_slice(values),
        Finish::Add => out.iter_mut().zip(values).for_each(|(out, x)| *out += x),
        Finish::Gelu => out.iter_mut().zip(values).for_each(|(out, x)| *out = elementwise::gelu(*x)),
    }
}

#[inline(always)]
pub fn attention(heads: Heads<'_>, offsets: &[usize], scratch: &mut Vec<f32>, out: &mut [f32]) {
    let Heads { rows, hidden, heads } = heads;
    let width = hidden / heads;
    let scale = 1.0 / (width as f32).sqrt();
    let stride = 3 * hidden;
    for bounds in offsets.windows(2) {
        let len = bounds[1] - bounds[0];
        let padded = len.next_multiple_of(elementwise::LANES);
        // A head's keys, transposed, and its weights.
        scratch.clear();
        scratch.resize((width + len) * padded, 0.0);
        let (keys, weights) = scratch.split_at_mut(width * padded);
        let rows = &rows[bounds[0] * stride..bounds[1] * stride];
        let out = &mut out[bounds[0] * hidden..bounds[1] * hidden];
        for head in 0..heads {
            let part = |third: usize| Grid { values: &rows[third * hidden + head * width..], stride };
            for (token, key) in part(1).rows(len, width).enumerate() {
                for (d, x) in key.iter().enumerate() {
                    keys[d * padded + token] = x * scale;
                }
            }
            multiply(part(0), Grid { values: keys, stride: padded }, [len, width, padded], weights, padded);
            for row in weights.chunks_exact_mut(padded) {
                softmax(row, len);
            }
            let weights = Grid { values: weights, stride: padded };
            multiply(weights, part(2), [len, len, width], &mut out[head * width..], hidden);
        }
    }
}

/// Of the first `len` logits; what fills the row up to whole lanes becomes 0.
#[inline(always)]
fn softmax(logits: &mut [f32], len: usize) {
    logits[len..].fill(f32::NEG_INFINITY);
    let mut lanes = [f32::NEG_INFINITY; elementwise::LANES];
    for block in logits.as_chunks::<{ elementwise::LANES }>().0 {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    let largest = lanes.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut lanes = [0f32; elementwise::LANES];
    for block in logits.as_chunks_mut::<{ elementwise::LANES }>().0 {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *x = elementwise::exp(*x - largest);
            *lane += *x;
        }
    }
    // Not left as the next to nothing that `exp` makes of it: arithmetic on subnormal numbers is slow.
    logits[len..].fill(0.0);
    let factor = 1.0 / lanes.iter().sum::<f32>();
    for block in logits.as_chunks_mut::<{ elementwise::LANES }>().0 {
        for x in block {
            *x *= factor;
        }
    }
}

#[inline(always)]
pub fn normalise(norm: &Norm, rows: &mut [f32]) {
    let Norm { weight, bias, eps } = norm;
    for row in rows.chunks_exact_mut(weight.len()) {
        let (mean, factor) = elementwise::moments(row, *eps);
        for ((x, w), b) in row.iter_mut().zip(weight).zip(bias) {
            *x = (*x - mean) * factor * w + b;
        }
    }
}
