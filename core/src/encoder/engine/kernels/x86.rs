//! The product on x86: bytes by bytes with `vpmaddubsw` (AVX2), or `vpdpbusd` (AVX-512 VNNI).

use std::arch::x86_64::*;

use super::generic::Tile;
use super::{Kernels, kernels};

/// Those that this processor has, the fastest first.
pub fn available() -> impl Iterator<Item = &'static Kernels> {
    let vnni = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vnni");
    let avx2 = is_x86_feature_detected!("avx2");
    [vnni.then_some(&VNNI), avx2.then_some(&AVX2)].into_iter().flatten()
}

static VNNI: Kernels = kernels!("AVX-512 VNNI", Vnni, "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni");
static AVX2: Kernels = kernels!("AVX2", Avx2, "avx2");

struct Vnni;

impl Tile for Vnni {
    const ROWS: usize = 8;
    const COLUMNS: usize = 32;
    const GROUP: usize = 4;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
        // SAFETY: each chunk of the panel has two registers' bytes, and `out` has room for two registers' sums of a row.
        unsafe {
            let mut sums = [[_mm512_setzero_si512(); 2]; R];
            for (group, weights) in panel.chunks_exact(Self::COLUMNS * Self::GROUP).enumerate() {
                let weights = weights.as_ptr();
                let weights = [_mm512_loadu_si512(weights.cast()), _mm512_loadu_si512(weights.add(64).cast())];
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let codes = _mm512_set1_epi32(*row.get_unchecked(group) as i32);
                    sums[0] = _mm512_dpbusd_epi32(sums[0], codes, weights[0]);
                    sums[1] = _mm512_dpbusd_epi32(sums[1], codes, weights[1]);
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                let out = out.add(r * stride);
                _mm512_storeu_si512(out.cast(), sums[0]);
                _mm512_storeu_si512(out.add(16).cast(), sums[1]);
            }
        }
    }
}

struct Avx2;

impl Tile for Avx2 {
    const ROWS: usize = 4;
    const COLUMNS: usize = 16;
    const GROUP: usize = 4;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
        // SAFETY: as above, with registers half as wide; groups come in pairs.
        unsafe {
            let ones = _mm256_set1_epi16(1);
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for (pair, weights) in panel.chunks_exact(2 * Self::COLUMNS * Self::GROUP).enumerate() {
                let load = |register: usize| _mm256_loadu_si256(weights.as_ptr().add(32 * register).cast());
                let weights = [[load(0), load(2)], [load(1), load(3)]];
                for (row, sums) in rows.iter().zip(&mut sums) {
                    let codes = [0, 1].map(|i| _mm256_set1_epi32(*row.get_unchecked(2 * pair + i) as i32));
                    for (sum, weights) in sums.iter_mut().zip(weights) {
                        let [some, more] = [0, 1].map(|i| _mm256_maddubs_epi16(codes[i], weights[i]));
                        // Four products fit into 16 bits.
                        *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_add_epi16(some, more), ones));
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                let out = out.add(r * stride);
                _mm256_storeu_si256(out.cast(), sums[0]);
                _mm256_storeu_si256(out.add(8).cast(), sums[1]);
            }
        }
    }
}
