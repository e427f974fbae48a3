//! One calibration for every label set: a logistic regression of the labels on the cosine, and the threshold that
//! serves all evaluation sets best together.

use anyhow::{Result, ensure};
use undertone_core::{Calibration, Scores, metrics};

use crate::data::EvaluationSet;

/// The cosines of a set's pairs of text and label, and which of them people gave.
pub struct Cells {
    cosine: Vec<Vec<f64>>,
    gold: Vec<Vec<bool>>,
}

impl Cells {
    pub fn of(scores: &Scores, set: &EvaluationSet) -> Result<Self> {
        ensure!(scores.len() == set.texts.len(), "{} was scored in part only", set.name);
        Ok(Self {
            cosine: (0..scores.len()).map(|i| scores.cosine(i).iter().map(|&c| f64::from(c)).collect()).collect(),
            gold: set.gold.iter().map(|g| (0..set.labels.len()).map(|l| g.contains(&l)).collect()).collect(),
        })
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.cosine.iter().flatten().copied().zip(self.gold.iter().flatten().map(|&g| f64::from(u8::from(g))))
    }
}

/// Fits `probability = sigmoid(scale * cosine + bias)` with every set weighing the same, by Newton's method, and picks
/// the threshold with the best mean macro F1.
pub fn fit(sets: &[Cells]) -> Result<Calibration> {
    let (mut scale, mut bias) = (0.0, 0.0);
    for _ in 0..50 {
        let (mut gradient, mut hessian) = ([0.0; 2], [0.0; 3]);
        for set in sets {
            let weight = 1.0 / set.cosine.iter().map(Vec::len).sum::<usize>().max(1) as f64;
            for (cosine, gold) in set.pairs() {
                let p = sigmoid(scale * cosine + bias);
                let (error, spread) = (weight * (p - gold), weight * p * (1.0 - p));
                gradient[0] += error * cosine;
                gradient[1] += error;
                hessian[0] += spread * cosine * cosine;
                hessian[1] += spread * cosine;
                hessian[2] += spread;
            }
        }
        let determinant = hessian[0] * hessian[2] - hessian[1] * hessian[1];
        ensure!(determinant > 1e-12, "the evaluation sets do not determine a calibration; give sets with more labels");
        let step = [
            (hessian[2] * gradient[0] - hessian[1] * gradient[1]) / determinant,
            (hessian[0] * gradient[1] - hessian[1] * gradient[0]) / determinant,
        ];
        scale -= step[0];
        bias -= step[1];
        if step[0].abs() + step[1].abs() < 1e-9 {
            break;
        }
    }
    ensure!(scale > 0.0, "on the evaluation sets, closer labels are not likelier ones; is this checkpoint trained?");
    let mut best = (0.0, 0.5);
    for step in 1..100 {
        let threshold = f64::from(step) / 100.0;
        let mut sum = 0.0;
        for set in sets {
            let on = |row: &Vec<f64>| row.iter().map(|c| sigmoid(scale * c + bias) >= threshold).collect();
            let on: Vec<Vec<bool>> = set.cosine.iter().map(on).collect();
            sum += metrics::macro_f1(&set.gold, &on)?;
        }
        if sum > best.0 {
            best = (sum, threshold);
        }
    }
    Ok(Calibration { scale: scale as f32, bias: bias as f32, threshold: best.1 as f32 })
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
