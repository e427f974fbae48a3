//! The product in WebAssembly: `i32x4.dot_i16x8_s` everywhere, `i32x4.relaxed_dot_i8x16_i7x16_add_s` in the second build.

use std::arch::wasm32::*;

use super::generic::{Sums, Tile};
use super::{Kernels, kernels};

/// What this build has.
pub fn available() -> impl Iterator<Item = &'static Kernels> {
    let all = [
        #[cfg(feature = "relaxed-simd")]
        &RELAXED,
        &FIXED,
    ];
    all.into_iter()
}

#[cfg(feature = "relaxed-simd")]
static RELAXED: Kernels = kernels!("relaxed SIMD", Relaxed, "relaxed-simd");
static FIXED: Kernels = kernels!("SIMD", Fixed);

/// Four rows by eight outputs: eight registers of sums, which is what V8 can keep.
#[cfg(feature = "relaxed-simd")]
struct Relaxed;

#[cfg(feature = "relaxed-simd")]
impl Tile for Relaxed {
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const GROUP: usize = 4;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: &mut Sums) {
        // SAFETY: each chunk of the panel has two registers' bytes, each row of `out` two registers' sums.
        unsafe {
            let mut sums = [[i32x4_splat(0); 2]; R];
            let add = |sums: &mut [[v128; 2]; R], group: usize, weights: *const v128| {
                let weights = [v128_load(weights), v128_load(weights.add(1))];
                for (row, sums) in rows.iter().zip(sums) {
                    let codes = v128_load32_splat(row.as_ptr().add(group));
                    // The second operand is below 128, for which alone engines agree.
                    sums[0] = i32x4_relaxed_dot_i8x16_i7x16_add(codes, weights[0], sums[0]);
                    sums[1] = i32x4_relaxed_dot_i8x16_i7x16_add(codes, weights[1], sums[1]);
                }
            };
            // Two groups a turn, for V8 does not unroll.
            const GROUP: usize = Relaxed::COLUMNS * Relaxed::GROUP;
            let (pairs, last) = panel.as_chunks::<{ 2 * GROUP }>();
            for (pair, weights) in pairs.iter().enumerate() {
                add(&mut sums, 2 * pair, weights.as_ptr().cast());
                add(&mut sums, 2 * pair + 1, weights.as_ptr().add(GROUP).cast());
            }
            if !last.is_empty() {
                add(&mut sums, 2 * pairs.len(), last.as_ptr().cast());
            }
            for (out, sums) in out.iter_mut().zip(sums) {
                let out: *mut v128 = out.as_mut_ptr().cast();
                v128_store(out, sums[0]);
                v128_store(out.add(1), sums[1]);
            }
        }
    }
}

struct Fixed;

impl Tile for Fixed {
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const GROUP: usize = 2;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: &mut Sums) {
        // SAFETY: as above; a load of eight bytes fills a register with 16-bit weights.
        unsafe {
            let mut sums = [[i32x4_splat(0); 2]; R];
            for (group, weights) in panel.chunks_exact(Self::COLUMNS * Self::GROUP).enumerate() {
                let weights = weights.as_ptr();
                let weights = [u16x8_load_extend_u8x8(weights), u16x8_load_extend_u8x8(weights.add(8))];
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let codes = v128_load32_splat(row.as_ptr().add(group));
                    sums[0] = i32x4_add(sums[0], i32x4_dot_i16x8(codes, weights[0]));
                    sums[1] = i32x4_add(sums[1], i32x4_dot_i16x8(codes, weights[1]));
                }
            }
            for (out, sums) in out.iter_mut().zip(sums) {
                let out: *mut v128 = out.as_mut_ptr().cast();
                v128_store(out, sums[0]);
                v128_store(out.add(1), sums[1]);
            }
        }
    }
}
