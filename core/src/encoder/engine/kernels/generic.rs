//! The operations, for whatever instructions they are compiled with: everything is inlined into functions that have them.

use super::{Finish, Heads, Norm};
use crate::encoder::elementwise::{self, Exp, Gelu, LARGEST_CODE, Rounding};
use crate::encoder::engine::codes::{Codes, Row};
use crate::encoder::engine::matrix::{Line, Matrix};
use crate::math::{Grid, multiply};

/// The innermost loop of the product, for one instruction set.
pub trait Tile {
    /// How many rows of activations at most; no more than eight.
    const ROWS: usize;
    /// How many outputs.
    const COLUMNS: usize;
    /// How many activations one 32-bit load brings: four in 8 bits, or two in 16.
    const GROUP: usize;

    /// Writes the sums of products of `R` rows of codes and a panel: `COLUMNS` for each row, the rows `stride` apart.
    ///
    /// # Safety
    /// The processor must have the tile's instructions. Rows have an even number of groups, `panel` has `COLUMNS · GROUP`
    /// bytes for each group of a row, and `out` room for the sums.
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize);
}

#[inline(always)]
pub fn quantise<T: Tile>(rows: &[f32], width: usize, out: &mut Codes) {
    let rounding = Rounding::opaque();
    let rows = rows.chunks_exact(width).zip(out.values.chunks_exact_mut(out.groups)).zip(&mut out.rows);
    for ((values, codes), row) in rows {
        let (least, largest) = extremes(values);
        let range = largest - least;
        let inverse = if range > 0.0 { LARGEST_CODE / range } else { 0.0 };
        let zero = rounding.of(-least * inverse);
        let code = |x: f32| rounding.of(x * inverse + zero as f32);
        if T::GROUP == 4 {
            encode::<4>(values, code, codes);
        } else {
            encode::<2>(values, code, codes);
        }
        *row = Row { scale: range / LARGEST_CODE, zero };
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

/// Writes the codes of a row, in the order of [`Codes`].
#[inline(always)]
fn encode<const GROUP: usize>(values: &[f32], code: impl Fn(f32) -> i32, groups: &mut [u32]) {
    // Codes are not negative.
    let together = |codes: [i32; GROUP]| codes.iter().rev().fold(0, |group, &code| group << (32 / GROUP) | code as u32);
    let mut parts = values.chunks(groups.len());
    let parts: [&[f32]; GROUP] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    // Only the last parts can be shorter than the others.
    let whole = parts[GROUP - 1].len();
    let (head, tail) = groups.split_at_mut(whole);
    let heads = parts.map(|part| &part[..whole]);
    for (i, group) in head.iter_mut().enumerate() {
        *group = together(heads.map(|part| code(part[i])));
    }
    for (i, group) in (whole..).zip(tail) {
        *group = together(parts.map(|part| part.get(i).map_or(0, |&x| code(x))));
    }
}

/// Block after block of panels: the sums of products of all rows of codes, and their results.
///
/// # Safety
/// The processor must have the tile's instructions, and the matrix as many groups as the codes.
#[inline(always)]
pub unsafe fn product<T: Tile>(codes: &Codes, matrix: &Matrix, finish: Finish, sums: &mut Vec<i32>, out: &mut [f32]) {
    /// The bytes of a block: a part of the second cache.
    const NEAR: usize = 64 << 10;
    let panel = codes.groups * T::GROUP * T::COLUMNS;
    let panels = (NEAR / panel).max(1);
    for (number, block) in matrix.panels().chunks(panels * panel).enumerate() {
        // Native loops are ahead of their reads by themselves; touching costs them a twentieth of a text.
        if cfg!(target_arch = "wasm32") {
            touch(block);
        }
        let stride = block.len() / panel * T::COLUMNS;
        sums.resize(codes.rows.len() * stride, 0);
        for (number, panel) in block.chunks_exact(panel).enumerate() {
            // SAFETY: the caller's.
            unsafe { add_up::<T>(codes, panel, sums, stride, number * T::COLUMNS) }
        }
        results(sums, stride, &codes.rows, matrix, number * panels * T::COLUMNS, finish, out);
    }
}

/// The sums of all rows of codes and a panel, into rows that begin `stride` sums apart, from `column` on.
///
/// # Safety
/// As [`Tile::sums`], but for the room.
#[inline(always)]
unsafe fn add_up<T: Tile>(codes: &Codes, panel: &[u8], out: &mut [i32], stride: usize, column: usize) {
    let groups = codes.groups;
    let mut row = 0;
    while row < codes.rows.len() {
        let step = (codes.rows.len() - row).min(T::ROWS);
        let out = &mut out[row * stride + column..];
        assert!(out.len() >= (step - 1) * stride + T::COLUMNS, "a tile has room. This is a bug.");
        macro_rules! tile {
            ($($rows:literal)*) => {
                match step {
                    $($rows if $rows <= T::ROWS => {
                        let rows: [&[u32]; $rows] =
                            std::array::from_fn(|i| &codes.values[(row + i) * groups..(row + i + 1) * groups]);
                        // SAFETY: the caller's; and there is room.
                        unsafe { T::sums(rows, panel, out.as_mut_ptr(), stride) }
                    })*
                    _ => unreachable!(),
                }
            };
        }
        tile!(1 2 3 4 5 6 7 8);
        row += step;
    }
}

/// Reads a byte of each of a cache's lines. In a row, the processor fetches many at a time; the product would wait for the
/// first ones of each page.
#[inline(always)]
fn touch(bytes: &[u8]) {
    for line in bytes.chunks(Line::BYTES) {
        // SAFETY: a byte that is there; volatile, so that it is read though nobody asks for it.
        unsafe { std::ptr::read_volatile(line.as_ptr()) };
    }
}

/// From the sums of the columns from `first` on to results: not tile by tile, since along rows every compiler vectorises it.
#[inline(always)]
fn results(sums: &[i32], stride: usize, rows: &[Row], matrix: &Matrix, first: usize, finish: Finish, out: &mut [f32]) {
    let (outputs, gelu) = (matrix.outputs(), Gelu::opaque());
    let columns = first..(first + stride).min(outputs);
    let (weights, scales) = (&matrix.sums[columns.clone()], &matrix.scales[columns.clone()]);
    let bias = &matrix.bias[columns.clone()];
    for ((row, sums), out) in rows.iter().zip(sums.chunks_exact(stride)).zip(out.chunks_exact_mut(outputs)) {
        let out = &mut out[columns.clone()];
        let results = sums
            .iter()
            .zip(weights.iter().zip(scales).zip(bias))
            .map(|(sum, ((weights, scale), bias))| (sum - row.zero * weights) as f32 * (row.scale * scale) + bias);
        match finish {
            Finish::Store => out.iter_mut().zip(results).for_each(|(out, x)| *out = x),
            Finish::Add => out.iter_mut().zip(results).for_each(|(out, x)| *out += x),
            Finish::Gelu => {
                // In two loops, for the constants of both are more than there are registers.
                out.iter_mut().zip(results).for_each(|(out, x)| *out = x);
                out.iter_mut().for_each(|x| *x = gelu.of(*x));
            }
        }
    }
}

#[inline(always)]
pub fn attention(heads: Heads<'_>, offsets: &[usize], scratch: &mut Vec<f32>, out: &mut [f32]) {
    let Heads { rows, hidden, heads } = heads;
    let width = hidden / heads;
    let scale = 1.0 / (width as f32).sqrt();
    let stride = 3 * hidden;
    let exp = Exp::opaque();
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
                softmax(row, len, &exp);
            }
            let weights = Grid { values: weights, stride: padded };
            multiply(weights, part(2), [len, len, width], &mut out[head * width..], hidden);
        }
    }
}

/// Of the first `len` logits; what fills the row up to whole lanes becomes 0.
#[inline(always)]
fn softmax(logits: &mut [f32], len: usize, exp: &Exp) {
    logits[len..].fill(f32::NEG_INFINITY);
    let mut lanes = [f32::NEG_INFINITY; elementwise::LANES];
    for block in logits.as_chunks::<{ elementwise::LANES }>().0 {
        for (lane, &x) in lanes.iter_mut().zip(block) {
            *lane = if x > *lane { x } else { *lane };
        }
    }
    let largest = lanes.into_iter().fold(f32::NEG_INFINITY, f32::max);
    logits.iter_mut().for_each(|x| *x = exp.of(*x - largest));
    // Not left as the next to nothing that `exp` makes of it: arithmetic on subnormal numbers is slow.
    logits[len..].fill(0.0);
    let factor = 1.0 / elementwise::sum(logits);
    logits.iter_mut().for_each(|x| *x *= factor);
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
