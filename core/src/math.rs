//! What scoring and the encoder compute on f32, in plain loops that vectorise.
//!
//! Sums run in a fixed number of lanes, whatever the processor's width: so every build, native or WebAssembly, rounds
//! alike, and a product in a matrix is the product of its two rows to the last bit.

/// How many partial sums a sum has.
pub const LANES: usize = 8;

/// 1.5 · 2²³: adding it rounds to the nearest integer, which the sum's lowest bits then hold.
pub const MAGIC: f32 = 12_582_912.0;

/// `e^x` within 2 ulp for `x` in -87..88, clamped outside; without a branch or a call.
#[inline(always)]
pub fn exp(x: f32) -> f32 {
    Exp::CONSTANTS.of(x)
}

/// [`exp`], for loops.
#[derive(Clone, Copy)]
pub struct Exp {
    range: [f32; 2],
    log2_e: f32,
    magic: f32,
    /// ln 2, in two parts that are subtracted one after the other.
    ln_2: [f32; 2],
    polynomial: [f32; 6],
    one: f32,
}

impl Exp {
    const CONSTANTS: Self = Self {
        range: [-87.0, 88.0],
        log2_e: std::f32::consts::LOG2_E,
        magic: MAGIC,
        ln_2: [0.693_359_4, -2.121_944_4e-4],
        polynomial: [1.987_569_1e-4, 1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5],
        one: 1.0,
    };

    /// With constants that compilers take for variables. Those they know V8 makes anew at every turn of a loop, each in
    /// three instructions, rather than to keep it in a register.
    #[cfg(feature = "model")]
    pub fn opaque() -> Self {
        std::hint::black_box(Self::CONSTANTS)
    }

    /// `e^x`.
    #[inline(always)]
    pub fn of(&self, x: f32) -> f32 {
        let Self { range: [least, largest], log2_e, magic, ln_2, polynomial, one } = *self;
        let x = if x < least { least } else { x };
        let x = if x > largest { largest } else { x };
        let shifted = x * log2_e + magic;
        let n = shifted - magic;
        let r = (x - n * ln_2[0]) - n * ln_2[1];
        let [first, rest @ ..] = polynomial;
        let p = rest.iter().fold(first, |p, coefficient| p * r + coefficient);
        let p = p * r * r + r + one;
        p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(127 << 23))
    }
}

/// The probability of a logit.
#[inline(always)]
pub fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + exp(-logit))
}

/// The natural logarithm of a positive number, within half a unit in the last place but for the rarest cases.
///
/// In plain f64 operations, which round alike everywhere: the libraries of two platforms differ in the last bit.
pub fn ln(x: f32) -> f32 {
    let bits = f64::from(x).to_bits();
    // x = m 2^e, with m around 1.
    let shift = (bits >> 52) as i64 - 1023;
    let m = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
    let (m, e) = if m > std::f64::consts::SQRT_2 { (m / 2.0, shift + 1) } else { (m, shift) };
    // ln m = 2 (s + s^3 / 3 + s^5 / 5 + ...)
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let series = (0..9).rev().fold(0.0, |sum, i| sum * square + 1.0 / f64::from(2 * i + 1));
    (2.0 * s * series + e as f64 * std::f64::consts::LN_2) as f32
}

/// `e^x` for `x` of 0 or less, as precise as f64 is, in operations that round alike everywhere.
pub fn exp_f64(x: f64) -> f64 {
    if x < -700.0 {
        return 0.0;
    }
    let n = (x * std::f64::consts::LOG2_E).round();
    // ln 2 in two parts, so that the product with n is exact in the first.
    let r = (x - n * 0.693_147_180_369_123_8) - n * 1.908_214_929_270_587_7e-10;
    let series = (1..=13).rev().fold(1.0, |sum, i| 1.0 + sum * r / f64::from(i));
    series * f64::from_bits(((n as i64 + 1023) as u64) << 52)
}

/// The dot product of two vectors of one length, in lanes that the compiler can keep in one register.
#[inline]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0f32; LANES];
    for (a, b) in a.0.iter().zip(b.0) {
        for i in 0..LANES {
            lanes[i] += a[i] * b[i];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(x, y)| x * y).sum();
    lanes.iter().sum::<f32>() + rest
}

/// Rows that begin `stride` values apart.
#[derive(Clone, Copy)]
pub struct Grid<'a> {
    pub values: &'a [f32],
    pub stride: usize,
}

#[cfg(feature = "model")]
impl<'a> Grid<'a> {
    /// The first `columns` values of the first `count` rows.
    #[inline(always)]
    pub fn rows(self, count: usize, columns: usize) -> impl Iterator<Item = &'a [f32]> {
        self.values.chunks(self.stride).take(count).map(move |row| &row[..columns])
    }
}

/// The matrix product of `a (n, k)` and `b (k, m)` in f32, into rows that begin `stride` values apart.
#[inline(always)]
pub fn multiply(a: Grid<'_>, b: Grid<'_>, [n, k, m]: [usize; 3], out: &mut [f32], stride: usize) {
    let mut first = 0;
    while first < n {
        let a = Grid { values: &a.values[first * a.stride..], ..a };
        let out = &mut out[first * stride..];
        first += match n - first {
            1 => multiply_rows::<1>(a, b, [k, m], out, stride),
            2 => multiply_rows::<2>(a, b, [k, m], out, stride),
            3 => multiply_rows::<3>(a, b, [k, m], out, stride),
            _ => multiply_rows::<4>(a, b, [k, m], out, stride),
        };
    }
}

/// `R` rows of the product.
#[inline(always)]
fn multiply_rows<const R: usize>(
    a: Grid<'_>,
    b: Grid<'_>,
    [k, m]: [usize; 2],
    out: &mut [f32],
    stride: usize,
) -> usize {
    const WIDE: usize = LANES;
    let rows: [&[f32]; R] = std::array::from_fn(|r| &a.values[r * a.stride..r * a.stride + k]);
    let whole = m - m % WIDE;
    assert!(k == 0 || (k - 1) * b.stride + whole <= b.values.len(), "the second matrix has k rows. This is a bug.");
    for column in (0..whole).step_by(WIDE) {
        let mut sums = [[0f32; WIDE]; R];
        // By pointers: to ask at each step whether the values are there takes a quarter of the time.
        let mut rows = rows.map(<[f32]>::as_ptr);
        let mut line = b.values.as_ptr().wrapping_add(column);
        for _ in 0..k {
            // SAFETY: there are `k` rows of `whole` values.
            let values: &[f32; WIDE] = unsafe { &*line.cast() };
            for (sums, row) in sums.iter_mut().zip(rows) {
                // SAFETY: a row has `k` values.
                let x = unsafe { *row };
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += x * value;
                }
            }
            rows = rows.map(|row| row.wrapping_add(1));
            line = line.wrapping_add(b.stride);
        }
        for (r, sums) in sums.iter().enumerate() {
            out[r * stride + column..r * stride + column + WIDE].copy_from_slice(sums);
        }
    }
    for column in whole..m {
        for (r, row) in rows.iter().enumerate() {
            out[r * stride + column] = row.iter().enumerate().map(|(i, x)| x * b.values[i * b.stride + column]).sum();
        }
    }
    R
}

/// A matrix that stands upright: what were its rows are columns, which rows are multiplied with.
#[derive(Debug, Clone, PartialEq)]
pub struct Transposed {
    values: Vec<f32>,
    /// How long each column is.
    height: usize,
    count: usize,
    /// The count, up to whole lanes.
    stride: usize,
}

impl Transposed {
    /// The rows of a matrix, stood up.
    pub fn new<'a>(rows: impl ExactSizeIterator<Item = &'a [f32]>, height: usize) -> Self {
        let (count, stride) = (rows.len(), rows.len().next_multiple_of(LANES));
        let mut values = vec![0.0; height * stride];
        for (column, row) in rows.enumerate() {
            for (i, x) in row.iter().enumerate() {
                values[i * stride + column] = *x;
            }
        }
        Self { values, height, count, stride }
    }

    /// How many columns.
    pub fn len(&self) -> usize {
        self.count
    }

    /// The dot products of `rows` with each column, row after row. That of a row with a column is the same in any company.
    pub fn products(&self, rows: &[f32]) -> Vec<f32> {
        let n = rows.len() / self.height.max(1);
        let mut out = vec![0.0; n * self.stride];
        let a = Grid { values: rows, stride: self.height };
        let b = Grid { values: &self.values, stride: self.stride };
        multiply_natively(a, b, [n, self.height, self.stride], &mut out, self.stride);
        if self.count < self.stride {
            for row in 0..n {
                out.copy_within(row * self.stride..row * self.stride + self.count, row * self.count);
            }
            out.truncate(n * self.count);
        }
        out
    }
}

/// [`multiply`] with the widest registers of this processor that round as all others.
fn multiply_natively(a: Grid<'_>, b: Grid<'_>, shape: [usize; 3], out: &mut [f32], stride: usize) {
    /// Without fused multiply-add, which would round otherwise.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn by_avx2(a: Grid<'_>, b: Grid<'_>, shape: [usize; 3], out: &mut [f32], stride: usize) {
        multiply(a, b, shape, out, stride);
    }
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { by_avx2(a, b, shape, out, stride) };
    }
    multiply(a, b, shape, out, stride);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_keeps_its_bound() {
        for i in -8700..8800 {
            let x = i as f32 / 100.0;
            let exact = f64::from(x).exp();
            let error = (f64::from(exp(x)) - exact).abs() / exact;
            assert!(error < 2.0 * f64::from(f32::EPSILON), "exp({x}) is off by {error}");
        }
        assert!(exp(-1e30) < 1e-37 && exp(1e30).is_finite());
    }

    #[test]
    fn logarithms_and_exponentials_are_those_of_the_library() {
        for i in 1..20_000 {
            let x = i as f32 * 0.37;
            for x in [x, 1.0 / x, x * 1e20, 1e-30 / x] {
                let exact = f64::from(x).ln() as f32;
                assert!((ln(x) - exact).abs() <= exact.abs() * f32::EPSILON, "ln({x}) is {}, not {exact}", ln(x));
            }
            let x = -f64::from(i) * 0.0123;
            let error = (exp_f64(x) - x.exp()).abs() / x.exp();
            assert!(error < 1e-14, "exp({x}) is off by {error}");
        }
        assert_eq!((ln(1.0), exp_f64(0.0), exp_f64(-1e9)), (0.0, 1.0, 0.0));
    }

    #[test]
    fn products_of_any_length() {
        let values: Vec<f32> = (0..40u8).map(f32::from).collect();
        for length in 0..values.len() {
            // Small whole numbers, so that f32 is exact.
            let expected: f32 = values[..length].iter().map(|x| x * x).sum();
            assert_eq!(dot(&values[..length], &values[..length]), expected);
        }
    }

    #[test]
    fn a_product_is_the_same_in_any_company() {
        let wave = |count: usize, step: f32| (0..count).map(|i| (i as f32 * step).sin()).collect::<Vec<f32>>();
        for (rows, columns, width) in [(1, 1, 3), (5, 7, 19), (4, 8, 384), (3, 0, 8), (0, 3, 8), (9, 17, 24)] {
            let (a, b) = (wave(rows * width, 0.7), wave(columns * width, 1.3));
            let products = Transposed::new(b.chunks(width), width).products(&a);
            let alone = |a, b| Transposed::new([b].into_iter(), width).products(a)[0];
            let one_by_one: Vec<f32> =
                a.chunks(width).flat_map(|a| b.chunks(width).map(move |b| (a, b))).map(|(a, b)| alone(a, b)).collect();
            assert_eq!(products, one_by_one, "{rows} x {columns} x {width}");
            let exact = a.chunks(width).flat_map(|a| b.chunks(width).map(move |b| dot(a, b)));
            assert!(products.iter().zip(exact).all(|(p, e)| (p - e).abs() < 1e-4), "{rows} x {columns} x {width}");
        }
    }
}
