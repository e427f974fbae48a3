//! AdamW (Loshchilov and Hutter 2019) with a warm-up, a decay and a bound on the gradient's norm. Its moments can be
//! saved, which candle's own does not allow.

use std::collections::HashMap;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor, Var};
use rayon::prelude::*;

/// Gradients by the names of their variables.
pub type Gradients = HashMap<String, Tensor>;

/// When and how far to step.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub peak: f64,
    pub warmup: usize,
    pub steps: usize,
}

impl Schedule {
    /// The learning rate of a step counted from 0: a linear rise, then a cosine down to nothing.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let done = (step - self.warmup) as f64 / (self.steps.saturating_sub(self.warmup)).max(1) as f64;
        self.peak * 0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
    }
}

struct Slot {
    name: String,
    var: Var,
    mean: Vec<f32>,
    square: Vec<f32>,
    /// Relative to the schedule's rate.
    rate: f64,
    decay: f64,
}

/// The optimiser's state.
pub struct AdamW {
    slots: Vec<Slot>,
    step: usize,
}

const BETA: (f64, f64) = (0.9, 0.98);
const EPS: f32 = 1e-6;

/// Scalars and heads start from nothing, and may move faster than a trained encoder.
const HEAD_RATE: f64 = 10.0;

impl AdamW {
    /// `decay` is applied to matrices of the encoder alone, as is usual.
    pub fn new(variables: Vec<(String, Var)>, decay: f64) -> Self {
        let slots = variables.into_iter().map(|(name, var)| {
            let head = name.starts_with("logit.") || name.starts_with("affect.");
            let size = var.elem_count();
            Slot {
                mean: vec![0.0; size],
                square: vec![0.0; size],
                rate: if head { HEAD_RATE } else { 1.0 },
                decay: if var.rank() == 2 && !head { decay } else { 0.0 },
                name,
                var,
            }
        });
        Self { slots: slots.collect(), step: 0 }
    }

    /// Moves every variable against its gradient, scaled so that all gradients together are at most `max_norm` long.
    /// Returns their length before that.
    pub fn step(&mut self, gradients: &Gradients, rate: f64, max_norm: f64) -> Result<f64> {
        self.step += 1;
        let values: Vec<Vec<f32>> = self
            .slots
            .par_iter()
            .map(|slot| {
                let gradient = gradients
                    .get(&slot.name)
                    .with_context(|| format!("the variable {} got no gradient: it would never learn", slot.name))?;
                Ok(gradient.flatten_all()?.to_vec1::<f32>()?)
            })
            .collect::<Result<_>>()?;
        let square: f64 = values.par_iter().map(|g| g.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>()).sum();
        let norm = square.sqrt();
        anyhow::ensure!(norm.is_finite(), "the gradient is no number any more at step {}; lower --rate", self.step);
        let scale = (max_norm / norm.max(1e-12)).min(1.0) as f32;
        let correction = (1.0 - BETA.0.powi(self.step as i32), 1.0 - BETA.1.powi(self.step as i32));
        let (b1, b2) = (BETA.0 as f32, BETA.1 as f32);
        self.slots.par_iter_mut().zip(values).try_for_each(|(slot, gradient)| {
            let rate = rate * slot.rate;
            let (shrink, step) = ((1.0 - rate * slot.decay) as f32, (rate / correction.0) as f32);
            let root = (1.0 / correction.1).sqrt() as f32;
            let mut values: Vec<f32> = slot.var.flatten_all()?.to_vec1()?;
            let moments = slot.mean.iter_mut().zip(&mut slot.square);
            for ((value, g), (mean, square)) in values.iter_mut().zip(gradient).zip(moments) {
                let g = g * scale;
                *mean = b1 * *mean + (1.0 - b1) * g;
                *square = b2 * *square + (1.0 - b2) * g * g;
                *value = *value * shrink - step * *mean / (square.sqrt() * root + EPS);
            }
            slot.var.set(&Tensor::from_vec(values, slot.var.shape(), &Device::Cpu)?)?;
            Ok::<_, anyhow::Error>(())
        })?;
        Ok(norm)
    }

    /// The moments, to be saved.
    pub fn tensors(&self) -> Result<HashMap<String, Tensor>> {
        let mut tensors = HashMap::new();
        for slot in &self.slots {
            for (kind, values) in [("mean", &slot.mean), ("square", &slot.square)] {
                let tensor = Tensor::from_slice(values, slot.var.shape(), &Device::Cpu)?;
                tensors.insert(format!("{}.{kind}", slot.name), tensor);
            }
        }
        Ok(tensors)
    }

    /// Takes saved moments back, as they were after `step` steps.
    pub fn restore(&mut self, tensors: &HashMap<String, Tensor>, step: usize) -> Result<()> {
        self.step = step;
        for slot in &mut self.slots {
            for (kind, values) in [("mean", &mut slot.mean), ("square", &mut slot.square)] {
                let name = format!("{}.{kind}", slot.name);
                let tensor = tensors.get(&name).with_context(|| format!("the tensor {name} is missing"))?;
                let (is, should) = (tensor.dims(), slot.var.dims());
                anyhow::ensure!(is == should, "the tensor {name} has shape {is:?}, not {should:?}");
                *values = tensor.flatten_all()?.to_vec1()?;
            }
        }
        Ok(())
    }
}
