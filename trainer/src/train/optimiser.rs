//! AdamW (Loshchilov and Hutter 2019) with a warm-up, a decay, a bound on the gradient's norm and a mean of the weights along
//! the run. Its state can be saved, which that of candle's own cannot.

use std::collections::HashMap;

use anyhow::{Context, Result};
use candle_core::{Device, Tensor, Var};
use rayon::prelude::*;

use crate::recipe::Recipe;

/// Gradients by the names of their variables.
pub type Gradients = HashMap<String, Tensor>;

/// When and how far to step.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    pub warmup: usize,
    pub steps: usize,
}

impl Schedule {
    /// The part of their highest value that learning rates have at a step counted from 0: a linear rise to 1, then a cosine
    /// down to nothing.
    pub fn part(&self, step: usize) -> f64 {
        if step < self.warmup {
            return (step + 1) as f64 / self.warmup as f64;
        }
        let done = (step - self.warmup) as f64 / (self.steps.saturating_sub(self.warmup)).max(1) as f64;
        0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
    }
}

/// How variables are moved.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The highest learning rate of the encoder.
    pub rate: f64,
    /// By what that falls from each layer to the one below.
    pub layer_decay: f64,
    /// The highest learning rate of the affect head and of the logit's scale and bias, which start from nothing.
    pub head_rate: f64,
    /// Applied to matrices of the encoder alone, as is usual.
    pub decay: f64,
    /// What remains of earlier steps' weights in their mean at each step; 0 for no mean.
    pub average: f64,
}

impl Settings {
    pub fn of(recipe: &Recipe) -> Self {
        let Recipe { rate, layer_decay, head_rate, decay, average, .. } = *recipe;
        Self { rate, layer_decay, head_rate, decay, average }
    }
}

struct Slot {
    name: String,
    var: Var,
    mean: Vec<f32>,
    square: Vec<f32>,
    /// The mean of the variable along the run; empty if none is kept.
    average: Vec<f32>,
    /// The highest.
    rate: f64,
    decay: f64,
}

/// The optimiser's state.
pub struct AdamW {
    slots: Vec<Slot>,
    step: usize,
    average: f64,
}

const BETA: (f64, f64) = (0.9, 0.98);
const EPS: f32 = 1e-6;

impl AdamW {
    /// For an encoder of so many layers.
    pub fn new(variables: Vec<(String, Var)>, settings: Settings, layers: usize) -> Result<Self> {
        let slot = |(name, var): (String, Var)| {
            let head = name.starts_with("logit.") || name.starts_with("affect.");
            let size = var.elem_count();
            let above = layers.saturating_sub(height(&name));
            let encoder = settings.rate * settings.layer_decay.powi(i32::try_from(above).unwrap_or(i32::MAX));
            Ok(Slot {
                mean: vec![0.0; size],
                square: vec![0.0; size],
                average: if settings.average > 0.0 { var.flatten_all()?.to_vec1()? } else { Vec::new() },
                rate: if head { settings.head_rate } else { encoder },
                decay: if var.rank() == 2 && !head { settings.decay } else { 0.0 },
                name,
                var,
            })
        };
        let slots = variables.into_iter().map(slot).collect::<Result<_>>()?;
        Ok(Self { slots, step: 0, average: settings.average })
    }

    /// Moves every variable against its gradient by the `part` of its highest rate, all gradients scaled so that together
    /// they are at most `max_norm` long. Returns their length before that.
    pub fn step(&mut self, gradients: &Gradients, part: f64, max_norm: f64) -> Result<f64> {
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
        // At first the mean is that of few steps.
        let count = self.step as f64;
        let fresh = (1.0 - self.average.min((1.0 + count) / (10.0 + count))) as f32;
        self.slots.par_iter_mut().zip(values).try_for_each(|(slot, gradient)| {
            let rate = part * slot.rate;
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
            for (average, value) in slot.average.iter_mut().zip(&values) {
                *average += fresh * (value - *average);
            }
            slot.var.set(&Tensor::from_vec(values, slot.var.shape(), &Device::Cpu)?)?;
            Ok::<_, anyhow::Error>(())
        })?;
        Ok(norm)
    }

    /// The means of the variables along the run, by name; the variables themselves if no mean is kept.
    pub fn averaged(&self) -> Result<HashMap<String, Tensor>> {
        let tensor = |slot: &Slot| {
            if slot.average.is_empty() {
                return Ok((slot.name.clone(), slot.var.as_tensor().clone()));
            }
            Ok((slot.name.clone(), Tensor::from_slice(&slot.average, slot.var.shape(), &Device::Cpu)?))
        };
        self.slots.iter().map(tensor).collect()
    }

    /// What goes on besides the averaged variables, to be saved: the moments, and the variables if their mean is kept.
    pub fn tensors(&self) -> Result<HashMap<String, Tensor>> {
        let mut tensors = HashMap::new();
        for slot in &self.slots {
            for (kind, values) in [("mean", &slot.mean), ("square", &slot.square)] {
                let tensor = Tensor::from_slice(values, slot.var.shape(), &Device::Cpu)?;
                tensors.insert(format!("{}.{kind}", slot.name), tensor);
            }
            if !slot.average.is_empty() {
                tensors.insert(format!("{}.value", slot.name), slot.var.copy()?);
            }
        }
        Ok(tensors)
    }

    /// Takes saved moments back, as they were after `step` steps, and gives the variables, which are at their means, their
    /// values.
    pub fn restore(&mut self, tensors: &HashMap<String, Tensor>, step: usize) -> Result<()> {
        self.step = step;
        for slot in &mut self.slots {
            let saved = |kind: &str| {
                let name = format!("{}.{kind}", slot.name);
                let tensor = tensors.get(&name).with_context(|| format!("the tensor {name} is missing"))?;
                let (is, should) = (tensor.dims(), slot.var.dims());
                anyhow::ensure!(is == should, "the tensor {name} has shape {is:?}, not {should:?}");
                Ok(tensor)
            };
            slot.mean = saved("mean")?.flatten_all()?.to_vec1()?;
            slot.square = saved("square")?.flatten_all()?.to_vec1()?;
            if self.average > 0.0 {
                slot.average = slot.var.flatten_all()?.to_vec1()?;
                slot.var.set(saved("value")?)?;
            }
        }
        Ok(())
    }
}

/// How many layers are below a variable, and its own.
fn height(name: &str) -> usize {
    let layer = name.strip_prefix("encoder.layer.").and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
    layer.map_or(0, |layer| layer + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(value: f32) -> Var {
        Var::from_tensor(&Tensor::new(&[value], &Device::Cpu).unwrap()).unwrap()
    }

    fn value(var: &Var) -> f64 {
        f64::from(var.to_vec1::<f32>().unwrap()[0])
    }

    fn gradients(variables: &[(String, Var)]) -> Gradients {
        variables.iter().map(|(name, var)| (name.clone(), var.ones_like().unwrap())).collect()
    }

    const SETTINGS: Settings = Settings { rate: 1e-4, layer_decay: 1.0, head_rate: 1e-3, decay: 0.0, average: 0.0 };

    #[test]
    fn the_head_moves_at_its_own_rate() {
        for rate in [1e-4, 6e-4] {
            let variables = vec![("affect.bias".to_owned(), var(1.0)), ("encoder.layer.0.bias".to_owned(), var(1.0))];
            let mut optimiser = AdamW::new(variables.clone(), Settings { rate, ..SETTINGS }, 1).unwrap();
            optimiser.step(&gradients(&variables), 0.5, 10.0).unwrap();
            let moved = |i: usize| 1.0 - value(&variables[i].1);
            assert!((moved(0) - 5e-4).abs() < 1e-6, "{}", moved(0));
            assert!((moved(1) - 0.5 * rate).abs() < 1e-6, "{}", moved(1));
        }
    }

    #[test]
    fn lower_layers_move_less() {
        let names = ["encoder.layer.1.a", "encoder.layer.0.a", "embeddings.a"];
        let variables: Vec<_> = names.iter().map(|&name| (name.to_owned(), var(1.0))).collect();
        let settings = Settings { rate: 1e-2, layer_decay: 0.5, ..SETTINGS };
        AdamW::new(variables.clone(), settings, 2).unwrap().step(&gradients(&variables), 1.0, 10.0).unwrap();
        for ((_, var), expected) in variables.iter().zip([1e-2, 5e-3, 2.5e-3]) {
            assert!((1.0 - value(var) - expected).abs() < 1e-5, "{} {expected}", 1.0 - value(var));
        }
    }

    #[test]
    fn the_mean_along_the_run_is_kept_through_a_stop() {
        let run = |stop: bool| {
            let variables = vec![("encoder.layer.0.a".to_owned(), var(1.0))];
            let settings = Settings { rate: 0.1, average: 0.5, ..SETTINGS };
            let mut optimiser = AdamW::new(variables.clone(), settings, 1).unwrap();
            for step in 0..6 {
                if stop && step == 3 {
                    let (saved, means) = (optimiser.tensors().unwrap(), optimiser.averaged().unwrap());
                    variables[0].1.set(&means["encoder.layer.0.a"]).unwrap();
                    optimiser = AdamW::new(variables.clone(), settings, 1).unwrap();
                    optimiser.restore(&saved, 3).unwrap();
                }
                optimiser.step(&gradients(&variables), 1.0, 10.0).unwrap();
            }
            let mean = optimiser.averaged().unwrap()["encoder.layer.0.a"].to_vec1::<f32>().unwrap()[0];
            (value(&variables[0].1), mean)
        };
        let (last, mean) = run(false);
        assert!(f64::from(mean) > last + 0.05, "{mean} {last}");
        assert_eq!(run(true), (last, mean));
    }
}
