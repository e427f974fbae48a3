//! A weight matrix in the order in which a kernel reads it.

use super::super::weights::Int8;
use super::kernels::Kernels;

/// The largest weight: seven bits, as activations have. So no code of these reaches 128, where engines disagree on relaxed
/// SIMD, and four products add up within 16 bits.
pub const MAX_WEIGHT: i32 = 63;

/// What a cache holds at least, and the widest register.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub struct Line([u8; Line::BYTES]);

impl Line {
    /// How many bytes it has.
    pub const BYTES: usize = 64;
}

/// A linear map `(outputs, inputs)` and its bias, packed for one of the [`Kernels`].
///
/// Outputs are taken together in panels as wide as the kernel's tile. In a panel, inputs are taken together in groups, as
/// the activations of [`Codes`](super::Codes) are; for each group, its weights of the panel's first output, then those of
/// the second, and so on. So a product reads a panel from its first byte to its last.
pub struct Matrix {
    outputs: usize,
    groups: usize,
    /// The bytes of all panels.
    bytes: usize,
    lines: Vec<Line>,
    /// For each output, padded to whole panels: what one step of weight and activation is worth, less the activation's scale.
    pub scales: Vec<f32>,
    /// For each output, padded: the sum of its weights.
    pub sums: Vec<i32>,
    /// For each output, padded: what is added.
    pub bias: Vec<f32>,
}

impl Matrix {
    /// Packs one matrix, or several that share their inputs, one below the other. Rows that use more than seven bits are
    /// rounded to them.
    pub fn pack<'a>(kernels: &Kernels, parts: impl IntoIterator<Item = (Int8<'a>, Vec<f32>)>) -> Self {
        let (columns, group) = (kernels.columns, kernels.group);
        let (mut inputs, mut rows, mut bias) = (0, Vec::new(), Vec::new());
        for (part, offsets) in parts {
            inputs = part.width;
            rows.extend(part.bytes.chunks_exact(inputs.max(1)).zip(part.scales));
            bias.extend(offsets);
        }
        let outputs = rows.len();
        let padded = outputs.next_multiple_of(columns);
        let groups = kernels.groups(inputs);
        let panel = groups * group * columns;
        let bytes = padded / columns * panel;
        let mut matrix = Self {
            outputs,
            groups,
            bytes,
            lines: vec![Line([0; Line::BYTES]); bytes.div_ceil(Line::BYTES)],
            scales: vec![0.0; padded],
            sums: vec![0; padded],
            bias,
        };
        matrix.bias.resize(padded, 0.0);
        let mut narrowed = Vec::new();
        for (output, (row, scale)) in rows.into_iter().enumerate() {
            let (row, factor) = narrow(row, &mut narrowed);
            matrix.scales[output] = scale * factor;
            matrix.sums[output] = row.iter().map(|&weight| i32::from(weight as i8)).sum();
            let start = output / columns * panel + output % columns * group;
            let bytes = &mut matrix.bytes_mut()[start..];
            for (i, part) in row.chunks(groups).enumerate() {
                for (place, &weight) in bytes.chunks_mut(group * columns).zip(part) {
                    place[i] = weight;
                }
            }
        }
        matrix
    }

    /// How many values come out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// In how many groups its inputs are taken.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// The panels' bytes, one panel after the other.
    pub fn panels(&self) -> &[u8] {
        // SAFETY: a line is 64 bytes without padding, and every bit pattern is a byte.
        let bytes: &[u8] =
            unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * Line::BYTES) };
        &bytes[..self.bytes]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `panels`.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.lines.len() * Line::BYTES) }
    }
}

/// A row with weights of seven bits, in `room` if they had to be rounded, and what its scale grows by.
fn narrow<'a>(row: &'a [u8], room: &'a mut Vec<u8>) -> (&'a [u8], f32) {
    let largest = row.iter().map(|&weight| (weight as i8).unsigned_abs()).max().unwrap_or(0);
    if i32::from(largest) <= MAX_WEIGHT {
        return (row, 1.0);
    }
    let factor = f32::from(largest) / MAX_WEIGHT as f32;
    room.clear();
    room.extend(row.iter().map(|&weight| (f32::from(weight as i8) / factor).round() as i8 as u8));
    (room, factor)
}
