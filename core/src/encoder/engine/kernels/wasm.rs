//! The product in WebAssembly: `i32x4.dot_i16x8_s` everywhere, relaxed SIMD's products of bytes in the second build.
//!
//! All tiles are four rows by eight outputs: eight registers of sums, which with what they are made from is all that
//! engines can keep on x86.

use std::arch::wasm32::*;
use std::ops::Range;

use super::generic::Tile;
use super::{Kernels, kernels};

/// What this build has.
pub fn available() -> impl Iterator<Item = &'static Kernels> {
    let all = [
        #[cfg(feature = "relaxed-simd")]
        &FUSED,
        #[cfg(feature = "relaxed-simd")]
        &PAIRED,
        &FIXED,
    ];
    all.into_iter()
}

static FIXED: Kernels = kernels!("SIMD", Fixed);
/// One instruction where the processor has it, as all of ARM's and the newer of x86 have; five elsewhere.
#[cfg(feature = "relaxed-simd")]
static FUSED: Kernels = kernels!("relaxed SIMD", Fused, "relaxed-simd");
/// Five instructions for two groups on any x86.
#[cfg(feature = "relaxed-simd")]
static PAIRED: Kernels = kernels!("relaxed SIMD, in pairs", Paired, "relaxed-simd");

const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Sums over a panel, `GROUPS` groups at a time, whose weights are `BYTES` for a tile's outputs: `load` makes two registers
/// of a group's, for each of which `add` takes the sums of a row, and of all these groups the row's codes and the weights.
///
/// # Safety
/// As [`Tile::sums`]; `BYTES` are as many as `load` reads.
#[inline(always)]
unsafe fn sums<const R: usize, const GROUPS: usize, const BYTES: usize>(
    rows: [&[u32]; R],
    panel: &[u8],
    out: *mut i32,
    stride: usize,
    load: impl Fn(*const u8) -> [v128; 2],
    add: impl Fn(v128, [v128; GROUPS], [v128; GROUPS]) -> v128,
) {
    /// Steps to a turn of the loop: V8 does not unroll, and asks at each turn whether it is to stop.
    const TURN: usize = 4;
    // SAFETY: the rows and the panel have as many groups, an even number; `out` has room for two registers of a row.
    unsafe {
        let mut sums = [[i32x4_splat(0); 2]; R];
        let mut codes = rows.map(<[u32]>::as_ptr);
        let Range { start: mut weights, end } = panel.as_ptr_range();
        // Left between any two steps, not only between turns: across the branch LLVM keeps their order. Without it, it
        // multiplies all of a turn's groups by one row before it goes on to the next, which takes more registers than
        // there are, and a third of the time goes into spilling them.
        'turns: loop {
            for step in 0..TURN {
                let weights = weights.add(step * GROUPS * BYTES);
                if weights == end {
                    break 'turns;
                }
                let weights: [_; GROUPS] = std::array::from_fn(|group| load(weights.add(group * BYTES)));
                for (sums, codes) in sums.iter_mut().zip(codes) {
                    let codes = std::array::from_fn(|group| v128_load32_splat(codes.add(step * GROUPS + group)));
                    sums[0] = add(sums[0], codes, weights.map(|weights| weights[0]));
                    sums[1] = add(sums[1], codes, weights.map(|weights| weights[1]));
                }
            }
            weights = weights.add(TURN * GROUPS * BYTES);
            codes = codes.map(|codes| codes.add(TURN * GROUPS));
        }
        for (r, sums) in sums.into_iter().enumerate() {
            let out: *mut v128 = out.add(r * stride).cast();
            v128_store(out, sums[0]);
            v128_store(out.add(1), sums[1]);
        }
    }
}

struct Fixed;

impl Tile for Fixed {
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;
    const GROUP: usize = 2;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
        // SAFETY: the caller's; a load of eight bytes fills a register with 16-bit weights.
        unsafe {
            sums::<R, 1, { COLUMNS * 2 }>(
                rows,
                panel,
                out,
                stride,
                |weights| [i16x8_load_extend_i8x8(weights.cast()), i16x8_load_extend_i8x8(weights.add(8).cast())],
                |sums, [codes], [weights]| i32x4_add(sums, i32x4_dot_i16x8(codes, weights)),
            );
        }
    }
}

/// Tiles of bytes, which differ in how they add the products of so many groups.
#[cfg(feature = "relaxed-simd")]
macro_rules! relaxed {
    ($tile:ident, $groups:literal, $add:expr) => {
        struct $tile;

        impl Tile for $tile {
            const ROWS: usize = ROWS;
            const COLUMNS: usize = COLUMNS;
            const GROUP: usize = 4;

            #[inline(always)]
            unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
                // SAFETY: the caller's. The second operand is below 128, for which alone engines agree.
                unsafe {
                    sums::<R, $groups, { COLUMNS * 4 }>(
                        rows,
                        panel,
                        out,
                        stride,
                        |weights| [v128_load(weights.cast()), v128_load(weights.add(16).cast())],
                        $add,
                    );
                }
            }
        }
    };
}

#[cfg(feature = "relaxed-simd")]
relaxed!(Fused, 1, |sums, [codes], [weights]| i32x4_relaxed_dot_i8x16_i7x16_add(weights, codes, sums));
// Two products of at most 63 and 127 fit into 16 bits, and so do twice as many.
#[cfg(feature = "relaxed-simd")]
relaxed!(Paired, 2, |sums, codes: [v128; 2], weights: [v128; 2]| {
    let [some, more] = [0, 1].map(|group| i16x8_relaxed_dot_i8x16_i7x16(weights[group], codes[group]));
    i32x4_add(sums, i32x4_dot_i16x8(i16x8_add(some, more), i16x8_splat(1)))
});
