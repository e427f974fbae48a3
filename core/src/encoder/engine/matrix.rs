//! A weight matrix in the order in which a kernel reads it.

use super::super::weights::Int8;
use super::kernels::{Kernels, ZERO};

/// The largest weight. Seven bits, so that a byte that is shifted to be positive stays below 128: products of such a byte
/// and a signed one can be added in pairs without overflow on every processor, and relaxed SIMD is exact.
pub const MAX_WEIGHT: i32 = 63;

/// What a cache holds at least, and the widest register.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; Line::BYTES]);

impl Line {
    const BYTES: usize = 64;
}

/// A linear map `(outputs, inputs)` and its bias, packed for one of the [`Kernels`].
///
/// Outputs are taken together in panels as wide as the kernel's tile. In a panel, inputs are taken together in groups, as
/// the activations of [`Codes`](super::Codes) are; for each group, its weights of the panel's first output, then those of
/// the second, and so on. All weights are shifted by [`ZERO`] to be positive. So a product reads a panel from its first
/// byte to its last.
pub struct Matrix {
    inputs: usize,
    outputs: usize,
    /// The bytes of a panel.
    panel: usize,
    /// How many panels there are.
    panels: usize,
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
        let groups = inputs.div_ceil(group).max(1);
        let panel = groups * group * columns;
        let panels = padded / columns;
        let mut matrix = Self {
            inputs,
            outputs,
            panel,
            panels,
            lines: vec![Line([0; Line::BYTES]); (panels * panel).div_ceil(Line::BYTES)],
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
                    place[i] = weight.wrapping_add(ZERO as u8);
                }
            }
        }
        matrix
    }

    /// How many values go in.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// How many values come out.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many outputs whole panels have.
    pub fn padded(&self) -> usize {
        self.scales.len()
    }

    /// The panels' bytes, one panel after the other.
    pub fn panels(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes().chunks_exact(self.panel.max(1)).take(self.panels)
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: a line is 64 bytes without padding, and every bit pattern is a byte.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.lines.len() * Line::BYTES) }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`.
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
