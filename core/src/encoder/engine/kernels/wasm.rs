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
/// Three instructions on any x86.
#[cfg(feature = "relaxed-simd")]
static PAIRED: Kernels = kernels!("relaxed SIMD, in pairs", Paired, "relaxed-simd");

const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Sums over a panel, whose weights of a group are `BYTES` for a tile's outputs: `load` makes two registers of them, for
/// each of which `add` takes the sums of a row and the group's codes of that row in all lanes.
///
/// # Safety
/// As [`Tile::sums`]; `BYTES` are as many as `load` reads.
#[inline(always)]
unsafe fn sums<const R: usize, const BYTES: usize>(
    rows: [&[u32]; R],
    panel: &[u8],
    out: *mut i32,
    stride: usize,
    load: impl Fn(*const u8) -> [v128; 2],
    add: impl Fn(v128, v128, v128) -> v128,
) {
    /// Groups to a turn of the loop: V8 does not unroll, and asks at each turn whether it is to stop.
    const TURN: usize = 4;
    // SAFETY: the rows and the panel have as many groups; `out` has room for two registers of a row.
    unsafe {
        let mut sums = [[i32x4_splat(0); 2]; R];
        let mut codes = rows.map(<[u32]>::as_ptr);
        let Range { start: mut weights, end } = panel.as_ptr_range();
        // Left between any two groups, not only between turns: across the branch LLVM keeps the order of the groups.
        // Without it, it multiplies all of a turn's groups by one row before it turns to the next, which takes more
        // registers than there are, and a third of the time goes into spilling them.
        'turns: loop {
            for ahead in 0..TURN {
                if weights.add(ahead * BYTES) == end {
                    break 'turns;
                }
                let weights = load(weights.add(ahead * BYTES));
                for (sums, codes) in sums.iter_mut().zip(codes) {
                    let codes = v128_load32_splat(codes.add(ahead));
                    sums[0] = add(sums[0], codes, weights[0]);
                    sums[1] = add(sums[1], codes, weights[1]);
                }
            }
            weights = weights.add(TURN * BYTES);
            codes = codes.map(|codes| codes.add(TURN));
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
            sums::<R, { COLUMNS * 2 }>(
                rows,
                panel,
                out,
                stride,
                |weights| [u16x8_load_extend_u8x8(weights), u16x8_load_extend_u8x8(weights.add(8))],
                |sums, codes, weights| i32x4_add(sums, i32x4_dot_i16x8(codes, weights)),
            );
        }
    }
}

/// Tiles of bytes, which differ in how they add products.
#[cfg(feature = "relaxed-simd")]
macro_rules! relaxed {
    ($tile:ident, $add:expr) => {
        struct $tile;

        impl Tile for $tile {
            const ROWS: usize = ROWS;
            const COLUMNS: usize = COLUMNS;
            const GROUP: usize = 4;

            #[inline(always)]
            unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
                // SAFETY: the caller's. The second operand is below 128, for which alone engines agree.
                unsafe {
                    sums::<R, { COLUMNS * 4 }>(
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
relaxed!(Fused, |sums, codes, weights| i32x4_relaxed_dot_i8x16_i7x16_add(codes, weights, sums));
// Two products of at most 128 and 127 fit into 16 bits.
#[cfg(feature = "relaxed-simd")]
relaxed!(Paired, |sums, codes, weights| {
    let pairs = i16x8_relaxed_dot_i8x16_i7x16(codes, weights);
    i32x4_add(sums, i32x4_dot_i16x8(pairs, i16x8_splat(1)))
});
