//! What the student computes on f32 beside matrix products, in plain loops that vectorise.

use crate::math::MAGIC;
#[cfg(feature = "candle")]
pub use crate::math::exp;
pub use crate::math::{Exp, LANES};

/// The largest code of an activation: seven bits.
pub const LARGEST_CODE: f32 = 127.0;

/// Floats to the nearest codes.
#[derive(Clone, Copy)]
pub struct Rounding {
    range: [f32; 2],
    magic: f32,
}

impl Rounding {
    /// With constants that compilers take for variables, as [`Exp::opaque`].
    pub fn opaque() -> Self {
        std::hint::black_box(Self { range: [0.0, LARGEST_CODE], magic: MAGIC })
    }

    /// The nearest integer, the even one of two, from 0 to [`LARGEST_CODE`].
    #[inline(always)]
    pub fn of(&self, x: f32) -> i32 {
        let Self { range: [least, largest], magic } = *self;
        let x = if x < largest { x } else { largest };
        let x = if x > least { x } else { least };
        (x + magic).to_bits().wrapping_sub(magic.to_bits()) as i32
    }
}

/// Φ(x), the cumulative normal distribution, and `e^(-x²/2)`. Absolute error of Φ below 1e-6
/// (Abramowitz and Stegun 7.1.26).
#[cfg(feature = "candle")]
#[inline(always)]
pub fn normal(x: f32) -> (f32, f32) {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let e = exp(-z * z);
    let poly = ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    let tail = 0.5 * poly * e;
    (if x < 0.0 { tail } else { 1.0 - tail }, e)
}

/// The Gaussian error linear unit `x Φ(x)`, with an odd polynomial for Φ: absolute error below 5e-5 for |x| up to 4, and
/// below 5e-5 · |x| beyond. A small part of what rounding the result costs, and half the time of `exp`.
#[derive(Clone, Copy)]
pub struct Gelu {
    range: [f32; 2],
    polynomial: [f32; 8],
    half: f32,
}

impl Gelu {
    /// With constants that compilers take for variables, as [`Exp::opaque`].
    pub fn opaque() -> Self {
        std::hint::black_box(Self {
            range: [-4.0, 4.0],
            polynomial: [
                -1.301_298e-9,
                1.041_962_6e-7,
                -3.657_138_4e-6,
                7.485_512e-5,
                -1.006_490_9e-3,
                9.505_4e-3,
                -6.588_785e-2,
                3.986_734e-1,
            ],
            half: 0.5,
        })
    }

    /// `x Φ(x)`.
    #[inline(always)]
    pub fn of(&self, x: f32) -> f32 {
        let Self { range: [least, largest], polynomial, half } = *self;
        let z = if x < least { least } else { x };
        let z = if z > largest { largest } else { z };
        let u = z * z;
        let [first, rest @ ..] = polynomial;
        let p = rest.iter().fold(first, |p, coefficient| p * u + coefficient);
        x * (z * p + half)
    }
}

/// The sum of all values.
#[inline(always)]
pub fn sum(values: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane += x;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()
}

/// Adds `scale * x` to `out`.
#[inline(always)]
pub fn add_scaled(out: &mut [f32], x: &[f32], scale: f32) {
    for (o, x) in out.iter_mut().zip(x) {
        *o += scale * x;
    }
}

/// Mean and reciprocal standard deviation of a row, as layer normalisation has them.
#[inline(always)]
pub fn moments(row: &[f32], eps: f32) -> (f32, f32) {
    let n = row.len() as f32;
    let mean = sum(row) / n;
    let mut lanes = [0f32; LANES];
    let (blocks, rest) = row.as_chunks::<LANES>();
    for block in blocks {
        for (lane, x) in lanes.iter_mut().zip(block) {
            *lane += (x - mean) * (x - mean);
        }
    }
    let rest: f32 = rest.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, 1.0 / ((lanes.iter().sum::<f32>() + rest) / n + eps).sqrt())
}

/// The reciprocal length of a row; a row of zeros stays one.
#[inline(always)]
pub fn reciprocal_length(row: &[f32]) -> f32 {
    1.0 / crate::dot(row, row).sqrt().max(1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Φ by the series of its integral, in f64.
    fn exact_normal(x: f64) -> f64 {
        let (mut term, mut total, mut n) = (x, x, 1.0);
        while term.abs() > 1e-18 {
            term *= -x * x * (2.0 * n - 1.0) / (2.0 * n * (2.0 * n + 1.0));
            total += term;
            n += 1.0;
        }
        0.5 + total / std::f64::consts::TAU.sqrt()
    }

    #[test]
    fn gelu_keeps_its_bound() {
        for i in -600..=600 {
            let x = f64::from(i) / 100.0;
            let exact = x * exact_normal(x);
            let error = (f64::from(Gelu::opaque().of(x as f32)) - exact).abs();
            assert!(error < 5e-5 * x.abs().max(1.0), "gelu({x}) is off by {error}");
        }
    }

    #[test]
    fn halves_round_to_even() {
        let rounded = [-200.0, -0.5, 0.5, 1.5, 2.4, 126.5, 127.6].map(|x| Rounding::opaque().of(x));
        assert_eq!(rounded, [0, 0, 0, 2, 2, 126, 127]);
    }
}
