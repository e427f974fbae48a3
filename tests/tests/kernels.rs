//! Every instruction set computes what the portable one does, bit for bit, and that is what it should be.
//!
//! The same file is compiled natively and for browsers.

use undertone_core::encoder::Int8;
use undertone_core::encoder::engine::kernels::{Finish, Heads, Kernels, Norm};
use undertone_core::encoder::engine::{Codes, MAX_WEIGHT, Matrix};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// Rows, inputs and outputs: those of the student, and whatever does not fit into tiles.
const SHAPES: [(usize, usize, usize); 9] = [
    (1, 1, 1),
    (2, 3, 5),
    (3, 16, 24),
    (4, 17, 8),
    (5, 7, 33),
    (9, 384, 1152),
    (21, 384, 384),
    (7, 1536, 384),
    (0, 4, 4),
];

/// Numbers that look random (SplitMix64, Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From -1 to 1.
    fn float(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn floats(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.float()).collect()
    }

    /// Weights, the extreme ones among them.
    fn weights(&mut self, count: usize) -> Vec<i8> {
        let levels = 2 * MAX_WEIGHT as u64 + 1;
        (0..count).map(|_| (self.next() % levels) as i8 - MAX_WEIGHT as i8).collect()
    }
}

struct Linear {
    weights: Vec<i8>,
    scales: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
}

impl Linear {
    fn new(random: &mut Random, inputs: usize, outputs: usize) -> Self {
        Self {
            weights: random.weights(inputs * outputs),
            scales: random.floats(outputs).into_iter().map(|x| 0.01 + x.abs()).collect(),
            bias: random.floats(outputs),
            inputs,
        }
    }

    fn pack(&self, kernels: &Kernels) -> Matrix {
        let bytes: Vec<u8> = self.weights.iter().map(|&w| w as u8).collect();
        Matrix::pack(
            kernels,
            [(Int8 { bytes: &bytes, scales: self.scales.clone(), width: self.inputs }, self.bias.clone())],
        )
    }
}

/// The bits, so that nothing passes for equal that is not.
fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|x| x.to_bits()).collect()
}

fn portable() -> &'static Kernels {
    Kernels::available().pop().expect("portable kernels run everywhere")
}

/// Rows of activations as they come: lopsided, with a row of zeros and one of a single sign.
fn activations(random: &mut Random, rows: usize, width: usize) -> Vec<f32> {
    let mut values = random.floats(rows * width);
    for (i, row) in values.chunks_exact_mut(width).enumerate() {
        match i % 4 {
            1 => row.iter_mut().for_each(|x| *x = x.abs() * 300.0),
            2 => row.fill(0.0),
            3 => row.iter_mut().for_each(|x| *x = if *x < 0.0 { *x * 0.1 } else { *x * 7.0 }),
            _ => {}
        }
    }
    values
}

#[test]
fn products_are_the_portable_ones() {
    let mut random = Random(1);
    for (rows, inputs, outputs) in SHAPES {
        let linear = Linear::new(&mut random, inputs, outputs);
        let x = activations(&mut random, rows, inputs);
        let before = random.floats(rows * outputs);
        for finish in [Finish::Store, Finish::Add, Finish::Gelu] {
            let run = |kernels: &Kernels| {
                let (mut codes, mut out) = (Codes::default(), before.clone());
                kernels.quantise(&x, inputs, &mut codes);
                kernels.product(&codes, &linear.pack(kernels), finish, &mut Vec::new(), &mut out);
                (codes.rows.clone(), bits(&out))
            };
            let expected = run(portable());
            for kernels in Kernels::available() {
                assert!(run(kernels) == expected, "{}: {rows} x {inputs} x {outputs}, {finish:?}", kernels.name);
            }
        }
    }
}

#[test]
fn products_are_right() {
    let mut random = Random(2);
    for (rows, inputs, outputs) in SHAPES {
        let linear = Linear::new(&mut random, inputs, outputs);
        let x = activations(&mut random, rows, inputs);
        let (mut codes, mut out) = (Codes::default(), vec![0.0; rows * outputs]);
        let kernels = Kernels::best();
        kernels.quantise(&x, inputs, &mut codes);
        kernels.product(&codes, &linear.pack(kernels), Finish::Store, &mut Vec::new(), &mut out);
        for (r, (x, out)) in x.chunks_exact(inputs).zip(out.chunks_exact(outputs)).enumerate() {
            for (o, value) in out.iter().enumerate() {
                let weights = &linear.weights[o * inputs..(o + 1) * inputs];
                let scale = f64::from(linear.scales[o]);
                let terms = x.iter().zip(weights).map(|(x, &w)| f64::from(*x) * f64::from(w) * scale);
                let exact = terms.sum::<f64>() + f64::from(linear.bias[o]);
                // Each activation is off by half a step at most, the outermost by a little more.
                let total: f64 = weights.iter().map(|&w| f64::from(w).abs() * scale).sum();
                let bound = 0.51 * f64::from(codes.rows[r].scale) * total + 1e-5 * exact.abs() + 1e-6;
                assert!((exact - f64::from(*value)).abs() <= bound, "row {r}, output {o}: {value}, not {exact}");
            }
        }
    }
}

/// The largest sums that can be: nothing overflows on the way.
#[test]
fn extremes_do_not_overflow() {
    const INPUTS: usize = 4096;
    for sign in [-1i8, 1] {
        let weights = vec![(sign * MAX_WEIGHT as i8) as u8; INPUTS * 2];
        // All at one end of a row's range but for one value at the other.
        let mut x = vec![1.0; INPUTS];
        x[0] = -1.0;
        for kernels in Kernels::available() {
            let matrix =
                Matrix::pack(kernels, [(Int8 { bytes: &weights, scales: vec![1.0; 2], width: INPUTS }, vec![0.0; 2])]);
            let (mut codes, mut out) = (Codes::default(), vec![0.0; 2]);
            kernels.quantise(&x, INPUTS, &mut codes);
            kernels.product(&codes, &matrix, Finish::Store, &mut Vec::new(), &mut out);
            let exact = f32::from(sign) * MAX_WEIGHT as f32 * (INPUTS - 2) as f32;
            assert!(out.iter().all(|y| (y / exact - 1.0).abs() < 0.01), "{}: {out:?}, not {exact}", kernels.name);
        }
    }
}

/// Weights of eight bits are brought within seven.
#[test]
fn wide_weights_are_narrowed() {
    let bytes = [127u8, 0x81, 64, 0];
    let matrix = || [(Int8 { bytes: &bytes, scales: vec![0.5], width: 4 }, vec![0.0])];
    for kernels in Kernels::available() {
        let (mut codes, mut out) = (Codes::default(), vec![0.0]);
        kernels.quantise(&[1.0, -1.0, 0.0, 1.0], 4, &mut codes);
        kernels.product(&codes, &Matrix::pack(kernels, matrix()), Finish::Store, &mut Vec::new(), &mut out);
        assert!((out[0] - 127.0).abs() < 1.0, "{}: {out:?}", kernels.name);
    }
}

#[test]
fn attention_is_the_portable_one_and_right() {
    let mut random = Random(3);
    for (lengths, hidden, heads) in [(vec![1, 2, 17], 16, 4), (vec![5, 33, 16], 384, 12), (vec![40], 40, 2)] {
        let offsets: Vec<usize> = std::iter::once(0)
            .chain(lengths.iter().scan(0, |at, len| {
                *at += len;
                Some(*at)
            }))
            .collect();
        let tokens = lengths.iter().sum::<usize>();
        let rows: Vec<f32> = random.floats(tokens * 3 * hidden).into_iter().map(|x| 4.0 * x).collect();
        let run = |kernels: &Kernels| {
            let mut out = vec![9.0; tokens * hidden];
            kernels.attention(Heads { rows: &rows, hidden, heads }, &offsets, &mut Vec::new(), &mut out);
            out
        };
        let expected = run(portable());
        for kernels in Kernels::available() {
            assert!(bits(&run(kernels)) == bits(&expected), "{}: hidden {hidden}", kernels.name);
        }
        let width = hidden / heads;
        let at = |token: usize, third: usize, head: usize, d: usize| {
            f64::from(rows[token * 3 * hidden + third * hidden + head * width + d])
        };
        for bounds in offsets.windows(2) {
            for token in bounds[0]..bounds[1] {
                for head in 0..heads {
                    let logit = |other: usize| {
                        (0..width).map(|d| at(token, 0, head, d) * at(other, 1, head, d)).sum::<f64>()
                            / (width as f64).sqrt()
                    };
                    let logits: Vec<f64> = (bounds[0]..bounds[1]).map(logit).collect();
                    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    let weights: Vec<f64> = logits.iter().map(|x| (x - largest).exp()).collect();
                    let total: f64 = weights.iter().sum();
                    for d in 0..width {
                        let values = (bounds[0]..bounds[1]).map(|other| at(other, 2, head, d));
                        let exact: f64 = weights.iter().zip(values).map(|(w, v)| w / total * v).sum();
                        let value = f64::from(expected[token * hidden + head * width + d]);
                        assert!((exact - value).abs() < 2e-5, "token {token}, head {head}: {value}, not {exact}");
                    }
                }
            }
        }
    }
}

#[test]
fn normalisation_is_the_portable_one_and_right() {
    let mut random = Random(4);
    for width in [1, 5, 16, 384] {
        let norm = Norm { weight: random.floats(width), bias: random.floats(width), eps: 1e-12 };
        let rows: Vec<f32> = random.floats(3 * width).into_iter().map(|x| 10.0 + 3.0 * x).collect();
        let run = |kernels: &Kernels| {
            let mut rows = rows.clone();
            kernels.normalise(&norm, &mut rows);
            rows
        };
        let expected = run(portable());
        for kernels in Kernels::available() {
            assert!(bits(&run(kernels)) == bits(&expected), "{}: width {width}", kernels.name);
        }
        for (row, out) in rows.chunks_exact(width).zip(expected.chunks_exact(width)).filter(|_| width > 1) {
            let mean = row.iter().map(|&x| f64::from(x)).sum::<f64>() / width as f64;
            let variance = row.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / width as f64;
            for (i, out) in out.iter().enumerate() {
                let exact =
                    (f64::from(row[i]) - mean) / variance.sqrt() * f64::from(norm.weight[i]) + f64::from(norm.bias[i]);
                assert!((exact - f64::from(*out)).abs() < 1e-4, "column {i} of {width}: {out}, not {exact}");
            }
        }
    }
}
