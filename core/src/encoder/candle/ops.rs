//! The operations of the encoder, each fused and with a backward pass of its own.
//!
//! They work on *ragged* rows: the tokens of all texts stand one below the other in a `(tokens, hidden)` matrix and a
//! list of offsets says where each text begins. No padding exists, so none is computed and none can leak into a vector.
//! candle's own fused layer norm has no backward and says nothing about it: with these, every variable learns.

use std::sync::Arc;

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape, Storage, Tensor, bail};

use crate::encoder::elementwise::{add_scaled, exp, moments, normal, reciprocal_length, sum};
use crate::encoder::ragged::Offsets;
use crate::math::dot;

/// `x wᵀ + b`, for `x (n, in)`, `w (out, in)`, `b (out)`.
pub fn linear(x: &Tensor, weight: &Tensor, bias: &Tensor) -> Result<Tensor> {
    x.apply_op3(weight, bias, Linear)
}

/// Layer normalisation of each row of `x (n, hidden)`, scaled by `weight (hidden)` and shifted by `bias (hidden)`.
pub fn layer_norm(x: &Tensor, weight: &Tensor, bias: &Tensor, eps: f32) -> Result<Tensor> {
    x.apply_op3(weight, bias, LayerNorm { eps })
}

/// The Gaussian error linear unit `x Φ(x)`, elementwise.
pub fn gelu(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(Gelu)
}

/// Multi-head scaled dot-product attention among the rows of each text; `q`, `k`, `v` are `(tokens, hidden)`.
pub fn attention(q: &Tensor, k: &Tensor, v: &Tensor, heads: usize, offsets: &Offsets) -> Result<Tensor> {
    q.apply_op3(k, v, Attention { heads, offsets: offsets.clone() })
}

/// The mean of each text's rows: `(tokens, hidden)` to `(texts, hidden)`.
pub fn mean_pool(x: &Tensor, offsets: &Offsets) -> Result<Tensor> {
    x.apply_op1(MeanPool { offsets: offsets.clone() })
}

/// Each row of `x (n, hidden)` scaled to length one.
pub fn unit_rows(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(UnitRows)
}

/// Dropout (Srivastava et al. 2014): each value is zero with probability `rate`, and divided by `1 - rate` otherwise. The
/// same seed draws the same values for a text's rows, whatever texts are beside it.
pub fn dropout(x: &Tensor, rate: f32, seeds: Arc<[u64]>, offsets: &Offsets) -> Result<Tensor> {
    x.apply_op1(Dropout { rate, seeds, offsets: offsets.clone() })
}

fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((from, to)) => Ok(&storage.as_slice::<f32>()?[from..to]),
        None => bail!("the encoder's operations take contiguous tensors"),
    }
}

/// Runs `f` on the values of tensors.
fn read<const N: usize, T>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> T) -> Result<T> {
    let mut held = Vec::with_capacity(N);
    for tensor in tensors {
        held.push(tensor.contiguous()?);
    }
    let guards: Vec<_> = held.iter().map(Tensor::storage_and_layout).collect();
    let mut values = [[].as_slice(); N];
    for (value, (storage, layout)) in values.iter_mut().zip(&guards) {
        let Storage::Cpu(storage) = &**storage else { bail!("the encoder runs on the processor only") };
        *value = slice(storage, layout)?;
    }
    Ok(f(values))
}

/// Runs `f` on the values of tensors and wraps what it returns in the first one's shape.
fn map<const N: usize>(tensors: [&Tensor; N], f: impl FnOnce([&[f32]; N]) -> Vec<f32>) -> Result<Tensor> {
    Tensor::from_vec(read(tensors, f)?, tensors[0].shape(), tensors[0].device())
}

struct Linear;

impl CustomOp3 for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let ((n, k), (m, _)) = (x_layout.shape().dims2()?, w_layout.shape().dims2()?);
        let mut out = x.matmul(w, (1, n, m, k), x_layout, &w_layout.transpose(0, 1)?)?;
        let bias = slice(b, b_layout)?;
        let CpuStorage::F32(values) = &mut out else { bail!("the encoder computes in f32") };
        for row in values.chunks_exact_mut(m) {
            add_scaled(row, bias, 1.0);
        }
        Ok((out, (n, m).into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let mut db = vec![0f32; grad.dim(1)?];
        read([grad], |[grad]| {
            for row in grad.chunks_exact(db.len().max(1)) {
                add_scaled(&mut db, row, 1.0);
            }
        })?;
        let db = Tensor::from_vec(db, b.shape(), b.device())?;
        Ok((Some(grad.matmul(w)?), Some(grad.t()?.matmul(x)?), Some(db)))
    }
}

struct LayerNorm {
    eps: f32,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        w: &CpuStorage,
        w_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, w, b) = (slice(x, x_layout)?, slice(w, w_layout)?, slice(b, b_layout)?);
        let mut out = vec![0f32; x.len()];
        for (x, y) in x.chunks_exact(w.len()).zip(out.chunks_exact_mut(w.len())) {
            let (mean, rstd) = moments(x, self.eps);
            for i in 0..w.len() {
                y[i] = (x[i] - mean) * rstd * w[i] + b[i];
            }
        }
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let hidden = w.elem_count();
        let (mut dw, mut db) = (vec![0f32; hidden], vec![0f32; hidden]);
        let dx = map([x, w, grad], |[x, w, grad]| {
            let mut dx = vec![0f32; x.len()];
            let (mut normed, mut scaled) = (vec![0f32; hidden], vec![0f32; hidden]);
            for ((x, g), dx) in x.chunks_exact(hidden).zip(grad.chunks_exact(hidden)).zip(dx.chunks_exact_mut(hidden)) {
                let (mean, rstd) = moments(x, self.eps);
                for i in 0..hidden {
                    normed[i] = (x[i] - mean) * rstd;
                    scaled[i] = g[i] * w[i];
                    dw[i] += g[i] * normed[i];
                    db[i] += g[i];
                }
                let mean_scaled = sum(&scaled) / hidden as f32;
                let mean_product = dot(&scaled, &normed) / hidden as f32;
                for i in 0..hidden {
                    dx[i] = rstd * (scaled[i] - mean_scaled - normed[i] * mean_product);
                }
            }
            dx
        })?;
        let device = x.device();
        Ok((Some(dx), Some(Tensor::from_vec(dw, hidden, device)?), Some(Tensor::from_vec(db, hidden, device)?)))
    }
}

struct Gelu;

impl CustomOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let out = slice(x, layout)?.iter().map(|&x| x * normal(x).0).collect();
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        const FRAC_1_SQRT_TAU: f32 = 0.398_942_3;
        map([x, grad], |[x, grad]| {
            let derivative = |x: f32| {
                let (cumulative, e) = normal(x);
                cumulative + x * FRAC_1_SQRT_TAU * e
            };
            x.iter().zip(grad).map(|(&x, g)| g * derivative(x)).collect()
        })
        .map(Some)
    }
}

struct Attention {
    heads: usize,
    offsets: Offsets,
}

/// One head of one text: `len` rows of `width` values that lie `stride` apart, from `start` on.
#[derive(Clone, Copy)]
struct Head {
    start: usize,
    stride: usize,
    width: usize,
    len: usize,
}

impl Head {
    fn row<'a>(&self, x: &'a [f32], i: usize) -> &'a [f32] {
        let from = self.start + i * self.stride;
        &x[from..from + self.width]
    }

    fn row_mut<'a>(&self, x: &'a mut [f32], i: usize) -> &'a mut [f32] {
        let from = self.start + i * self.stride;
        &mut x[from..from + self.width]
    }

    /// The attention of query row `i` over all rows, a distribution, into `out (len)`.
    fn weights(&self, q: &[f32], k: &[f32], i: usize, out: &mut [f32]) {
        let scale = 1.0 / (self.width as f32).sqrt();
        let query = self.row(q, i);
        let mut max = f32::NEG_INFINITY;
        for (j, w) in out.iter_mut().enumerate() {
            *w = scale * dot(query, self.row(k, j));
            max = max.max(*w);
        }
        for w in out.iter_mut() {
            *w = exp(*w - max);
        }
        let norm = 1.0 / sum(out);
        for w in out.iter_mut() {
            *w *= norm;
        }
    }
}

impl Attention {
    fn each_head(&self, hidden: usize, mut f: impl FnMut(Head)) {
        let width = hidden / self.heads;
        for bounds in self.offsets.windows(2) {
            for head in 0..self.heads {
                f(Head { start: bounds[0] * hidden + head * width, stride: hidden, width, len: bounds[1] - bounds[0] });
            }
        }
    }

    fn longest(&self) -> usize {
        self.offsets.windows(2).map(|b| b[1] - b[0]).max().unwrap_or(0)
    }
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        q: &CpuStorage,
        q_layout: &Layout,
        k: &CpuStorage,
        k_layout: &Layout,
        v: &CpuStorage,
        v_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (q, k, v) = (slice(q, q_layout)?, slice(k, k_layout)?, slice(v, v_layout)?);
        let (_, hidden) = q_layout.shape().dims2()?;
        let mut out = vec![0f32; q.len()];
        let mut weights = vec![0f32; self.longest()];
        self.each_head(hidden, |head| {
            let weights = &mut weights[..head.len];
            for i in 0..head.len {
                head.weights(q, k, i, weights);
                let out = head.row_mut(&mut out, i);
                for (j, &w) in weights.iter().enumerate() {
                    add_scaled(out, head.row(v, j), w);
                }
            }
        });
        Ok((CpuStorage::F32(out), q_layout.shape().clone()))
    }

    /// The weights are computed anew rather than kept: texts are short, memory is not free.
    fn bwd(
        &self,
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (_, hidden) = q.dims2()?;
        let n = q.elem_count();
        let (mut dk, mut dv) = (vec![0f32; n], vec![0f32; n]);
        let dq = map([q, k, v, grad], |[q, k, v, grad]| {
            let mut dq = vec![0f32; n];
            let longest = self.longest();
            let (mut weights, mut dweights) = (vec![0f32; longest], vec![0f32; longest]);
            self.each_head(hidden, |head| {
                let scale = 1.0 / (head.width as f32).sqrt();
                let (weights, dweights) = (&mut weights[..head.len], &mut dweights[..head.len]);
                for i in 0..head.len {
                    head.weights(q, k, i, weights);
                    let g = head.row(grad, i);
                    for (j, (&w, dw)) in weights.iter().zip(dweights.iter_mut()).enumerate() {
                        add_scaled(head.row_mut(&mut dv, j), g, w);
                        *dw = dot(g, head.row(v, j));
                    }
                    let mean = dot(weights, dweights);
                    for (j, (&w, &dw)) in weights.iter().zip(dweights.iter()).enumerate() {
                        let dlogit = scale * w * (dw - mean);
                        add_scaled(head.row_mut(&mut dq, i), head.row(k, j), dlogit);
                        add_scaled(head.row_mut(&mut dk, j), head.row(q, i), dlogit);
                    }
                }
            });
            dq
        })?;
        let of = |values| Tensor::from_vec(values, q.shape(), q.device());
        Ok((Some(dq), Some(of(dk)?), Some(of(dv)?)))
    }
}

struct MeanPool {
    offsets: Offsets,
}

impl CustomOp1 for MeanPool {
    fn name(&self) -> &'static str {
        "mean-pool"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, hidden) = layout.shape().dims2()?;
        let x = slice(x, layout)?;
        let texts = self.offsets.len() - 1;
        let mut out = vec![0f32; texts * hidden];
        for (bounds, out) in self.offsets.windows(2).zip(out.chunks_exact_mut(hidden)) {
            let share = 1.0 / (bounds[1] - bounds[0]) as f32;
            for row in x[bounds[0] * hidden..bounds[1] * hidden].chunks_exact(hidden) {
                add_scaled(out, row, share);
            }
        }
        Ok((CpuStorage::F32(out), (texts, hidden).into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, hidden) = x.dims2()?;
        map([x, grad], |[x, grad]| {
            let mut dx = vec![0f32; x.len()];
            for (bounds, g) in self.offsets.windows(2).zip(grad.chunks_exact(hidden)) {
                let share = 1.0 / (bounds[1] - bounds[0]) as f32;
                for row in dx[bounds[0] * hidden..bounds[1] * hidden].chunks_exact_mut(hidden) {
                    add_scaled(row, g, share);
                }
            }
            dx
        })
        .map(Some)
    }
}

struct UnitRows;

impl CustomOp1 for UnitRows {
    fn name(&self) -> &'static str {
        "unit-rows"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (_, width) = layout.shape().dims2()?;
        let mut out = slice(x, layout)?.to_vec();
        for row in out.chunks_exact_mut(width) {
            let factor = reciprocal_length(row);
            row.iter_mut().for_each(|x| *x *= factor);
        }
        Ok((CpuStorage::F32(out), layout.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, unit: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let (_, width) = x.dims2()?;
        map([x, unit, grad], |[x, unit, grad]| {
            let mut dx = grad.to_vec();
            let rows = x.chunks_exact(width).zip(unit.chunks_exact(width)).zip(dx.chunks_exact_mut(width));
            for ((x, unit), dx) in rows {
                let along = dot(unit, dx);
                add_scaled(dx, unit, -along);
                let factor = reciprocal_length(x);
                dx.iter_mut().for_each(|d| *d *= factor);
            }
            dx
        })
        .map(Some)
    }
}

struct Dropout {
    rate: f32,
    /// One for each text.
    seeds: Arc<[u64]>,
    offsets: Offsets,
}

impl Dropout {
    /// The values of `x (tokens, hidden)` that stay, scaled; gradients go the same way.
    fn thin(&self, x: &[f32]) -> Vec<f32> {
        let keep = 1.0 / (1.0 - self.rate);
        let least = (self.rate * 65_536.0) as u64;
        let hidden = x.len() / self.offsets.last().copied().unwrap_or(0).max(1);
        let mut out = Vec::with_capacity(x.len());
        for (bounds, seed) in self.offsets.windows(2).zip(self.seeds.iter()) {
            // Four draws of 16 bits from each step of SplitMix64 (Steele, Lea and Flood 2014).
            for (i, x) in x[bounds[0] * hidden..bounds[1] * hidden].chunks(4).enumerate() {
                let mut z = seed.wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                z ^= z >> 31;
                out.extend(
                    x.iter().enumerate().map(|(j, x)| if (z >> (16 * j)) & 0xffff < least { 0.0 } else { x * keep }),
                );
            }
        }
        out
    }
}

impl CustomOp1 for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((CpuStorage::F32(self.thin(slice(x, layout)?)), layout.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        map([grad], |[grad]| self.thin(grad)).map(Some)
    }
}
