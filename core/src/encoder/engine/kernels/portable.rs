//! The product in plain Rust: what others are measured by, and what runs where none of them does.

use super::generic::Tile;
use super::{Kernels, kernels};

pub struct Portable;

impl Tile for Portable {
    const ROWS: usize = 4;
    const COLUMNS: usize = 8;
    const GROUP: usize = 4;

    #[inline(always)]
    unsafe fn sums<const R: usize>(rows: [&[u32]; R], panel: &[u8], out: *mut i32, stride: usize) {
        let mut sums = [[0i32; Self::COLUMNS]; R];
        for (group, weights) in panel.chunks_exact(Self::COLUMNS * Self::GROUP).enumerate() {
            for (row, sums) in rows.iter().zip(&mut sums) {
                let codes = row[group].to_le_bytes();
                for (weights, sum) in weights.chunks_exact(Self::GROUP).zip(sums) {
                    for (code, &weight) in codes.iter().zip(weights) {
                        *sum += i32::from(*code) * i32::from(weight as i8);
                    }
                }
            }
        }
        for (r, sums) in sums.into_iter().enumerate() {
            // SAFETY: the caller has room.
            unsafe { out.add(r * stride).cast::<[i32; Self::COLUMNS]>().write(sums) }
        }
    }
}

pub static KERNELS: Kernels = kernels!(Kernels::PORTABLE, Portable);
