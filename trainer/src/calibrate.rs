//! One calibration for every label set: a logistic regression of the labels on the cosine, and the threshold that
//! serves all evaluation sets best together.

use anyhow::{Context, Result, ensure};
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

    /// What a pair's logit is a weighted sum of: scale, bias and crowding are the weights.
    fn features(&self, cosine: f64) -> [f64; 3] {
        let labels = self.gold.first().map_or(1, Vec::len).max(1);
        [cosine, 1.0, -(labels as f64).ln()]
    }

    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.cosine.iter().flatten().copied().zip(self.gold.iter().flatten().map(|&g| f64::from(u8::from(g))))
    }
}

/// Fits `probability = sigmoid(scale * cosine + bias - crowding * ln(labels))` with every set weighing the same, by
/// Newton's method, and picks the threshold with the best mean macro F1.
pub fn fit(sets: &[Cells]) -> Result<Calibration> {
    let mut weights = [0.0; 3];
    for _ in 0..200 {
        // The ridge keeps the scale finite where a few rows can be told apart without a mistake, and decides between
        // bias and crowding where all sets have as many labels.
        let mut gradient = weights.map(|w| RIDGE * w);
        let mut hessian = [[RIDGE, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, RIDGE]];
        for set in sets {
            let share = 1.0 / set.cosine.iter().map(Vec::len).sum::<usize>().max(1) as f64;
            for (cosine, gold) in set.pairs() {
                let features = set.features(cosine);
                let p = sigmoid(dot(weights, features));
                for i in 0..3 {
                    gradient[i] += share * (p - gold) * features[i];
                    for j in 0..3 {
                        hessian[i][j] += share * p * (1.0 - p) * features[i] * features[j];
                    }
                }
            }
        }
        let step = solve(hessian, gradient)
            .context("the evaluation sets do not determine a calibration; give sets with more labels")?;
        let length = dot(step, step).sqrt();
        // Newton's steps are too long where the odds are nearly certain.
        (0..3).for_each(|i| weights[i] -= step[i] * (MAX_STEP / length).min(1.0));
        if length < 1e-9 {
            break;
        }
    }
    let [scale, bias, crowding] = weights;
    ensure!(scale > 0.0, "on the evaluation sets, closer labels are not likelier ones; is this checkpoint trained?");
    let mut best = (0.0, 0.5);
    for step in 1..100 {
        let threshold = f64::from(step) / 100.0;
        let mut sum = 0.0;
        for set in sets {
            let holds = |&cosine: &f64| sigmoid(dot(weights, set.features(cosine))) >= threshold;
            let on: Vec<Vec<bool>> = set.cosine.iter().map(|row| row.iter().map(holds).collect()).collect();
            sum += metrics::macro_f1(&set.gold, &on)?;
        }
        if sum > best.0 {
            best = (sum, threshold);
        }
    }
    let crowding = crowding.max(0.0) as f32;
    Ok(Calibration { scale: scale as f32, bias: bias as f32, crowding, threshold: best.1 as f32 })
}

const RIDGE: f64 = 1e-5;
const MAX_STEP: f64 = 4.0;

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Solves three linear equations by elimination with pivots; `None` if they do not determine the unknowns.
fn solve(mut matrix: [[f64; 3]; 3], mut right: [f64; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let pivot = (column..3).max_by(|&a, &b| matrix[a][column].abs().total_cmp(&matrix[b][column].abs()))?;
        if matrix[pivot][column].abs() < 1e-12 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        for row in (0..3).filter(|&row| row != column) {
            let factor = matrix[row][column] / matrix[column][column];
            (column..3).for_each(|i| matrix[row][i] -= factor * matrix[column][i]);
            right[row] -= factor * right[column];
        }
    }
    Some([0, 1, 2].map(|i| right[i] / matrix[i][i]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs whose odds are known: the fit finds the numbers they were made with.
    #[test]
    fn the_fit_finds_what_the_pairs_were_made_with() {
        let made = Calibration { scale: 6.0, bias: -1.0, crowding: 0.8, threshold: 0.5 };
        let set = |labels: usize| {
            let among = made.among(labels);
            let (mut cosine, mut gold) = (Vec::new(), Vec::new());
            for step in -20..=20 {
                let c = f64::from(step) / 20.0;
                // Of a thousand texts, as many as the probability says.
                let yes = (1000.0 * f64::from(among.probability(c as f32))).round() as usize;
                for text in 0..1000 {
                    cosine.push(vec![c; labels]);
                    gold.push(vec![text < yes; labels]);
                }
            }
            Cells { cosine, gold }
        };
        let fitted = fit(&[set(2), set(7)]).unwrap();
        for (found, sought) in [(fitted.scale, 6.0), (fitted.bias, -1.0), (fitted.crowding, 0.8)] {
            assert!((found - sought).abs() < 0.02, "{fitted:?}");
        }
        let alone = fit(&[set(7)]).unwrap();
        assert!((alone.among(7).bias - made.among(7).bias).abs() < 0.02, "{alone:?}");
    }

    #[test]
    fn pairs_that_determine_nothing_are_refused() {
        let same = Cells { cosine: vec![vec![0.5], vec![0.5]], gold: vec![vec![true], vec![false]] };
        assert!(fit(&[same]).is_err());
    }
}
