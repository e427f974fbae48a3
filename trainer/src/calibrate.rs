//! `undertone calibrate`: one calibration for every label set: a logistic regression of the labels on the evidence, and the
//! threshold that serves all evaluation sets best together.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use undertone_core::{Bundle, Calibration, Encoder, Scorer, metrics};

use crate::bundle;
use crate::data::{EvaluationSet, Task};
use crate::evaluate::{Report, Subject, distinct};
use crate::linear::solve;

/// Fit a bundle's probabilities anew to sets that people labelled
#[derive(Debug, Args)]
pub struct CalibrateArgs {
    /// The bundle; its manifest gets the new calibration and figures
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Evaluation sets: one calibration for all of them is fitted
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
}

/// Runs the command.
pub fn calibrate(args: &CalibrateArgs) -> Result<()> {
    let sets = args.set.iter().map(|s| EvaluationSet::read(s)).collect::<Result<Vec<_>>>()?;
    ensure!(sets.iter().any(|set| set.task == Task::Multi), "no set is multi-label; give one at least by --set");
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let mut manifest = encoder.manifest().clone();
    let progress = ProgressBar::new(distinct(&sets));
    let mut subject = Subject::of_encoder(&encoder, None, &progress);
    manifest.calibration = settle(&mut subject, &sets)?;
    let report = Report::of(&subject, &sets)?;
    progress.finish_and_clear();
    manifest.metrics.extend(report.to_json());
    eprint!("{report}");
    let path = args.model.join(Bundle::MANIFEST);
    fs::write(&path, manifest.to_json()).with_context(|| format!("{} cannot be written", path.display()))
}

// The shape of evidence (see `Calibration`), chosen by mean average precision over the development sets:
// trainer/EXPERIMENTS.md.
pub const TEMPERATURE: f32 = 0.08;
const DESCENDANTS: f32 = 0.25;
const COMPETITION: f32 = 0.5;

/// Gives a subject the shape of evidence that serves best, and the calibration that fits the multi-label ones of these
/// sets; without any, its own remains.
pub fn settle(subject: &mut Subject, sets: &[EvaluationSet]) -> Result<Calibration> {
    let background = subject.scorer().background().clone();
    let mut calibration = Calibration {
        temperature: TEMPERATURE,
        descendants: DESCENDANTS,
        competition: COMPETITION,
        ..subject.scorer().calibration().clone()
    };
    subject.rescore(Scorer::new(calibration.clone(), background.clone())?);
    let multi = sets.iter().filter(|set| set.task == Task::Multi);
    let cells = multi.map(|set| Cells::of(subject, set)).collect::<Result<Vec<_>>>()?;
    if !cells.is_empty() {
        calibration = fit(&cells, &calibration)?;
        subject.rescore(Scorer::new(calibration.clone(), background)?);
    }
    Ok(calibration)
}

/// The evidence of a set's pairs of text and label, and which of them people gave.
struct Cells {
    /// Of each text, for each label.
    evidence: Vec<Vec<f64>>,
    gold: Vec<Vec<bool>>,
    /// Of each label, its mean evidence over the reference texts.
    mean: Vec<f64>,
    /// Of each label, 1 if it says that there is no emotion.
    neutral: Vec<f64>,
}

/// How many numbers the regression finds.
const WEIGHTS: usize = 5;

impl Cells {
    fn of(subject: &Subject, set: &EvaluationSet) -> Result<Self> {
        let (evidence, labels) = subject.evidence(set)?;
        let reference = labels.reference();
        let mean = |label: usize| reference.column(label).map(f64::from).sum::<f64>() / reference.len().max(1) as f64;
        Ok(Self {
            evidence: (0..evidence.len())
                .map(|text| evidence.row(text).iter().map(|&e| f64::from(e)).collect())
                .collect(),
            gold: set.gold.iter().map(|g| (0..set.labels.len()).map(|l| g.contains(&l)).collect()).collect(),
            mean: (0..set.labels.len()).map(mean).collect(),
            neutral: labels.neutral().iter().map(|&n| f64::from(u8::from(n))).collect(),
        })
    }

    /// What a pair's logit is a weighted sum of. The weights: scale, scale times hubness, bias, crowding, neutral.
    fn features(&self, evidence: f64, label: usize) -> [f64; WEIGHTS] {
        [evidence, -self.mean[label], 1.0, -(self.mean.len() as f64).ln(), self.neutral[label]]
    }

    /// The features of each pair, and 1 where people gave the label.
    fn pairs(&self) -> impl Iterator<Item = ([f64; WEIGHTS], f64)> {
        self.evidence.iter().zip(&self.gold).flat_map(|(row, gold)| {
            let labels = row.iter().zip(gold).enumerate();
            labels.map(|(l, (&evidence, &gold))| (self.features(evidence, l), f64::from(u8::from(gold))))
        })
    }
}

/// Fits scale, hubness, bias, crowding and neutral of a [`Calibration`] with every set weighing the same, by Newton's
/// method, and picks the threshold with the best mean macro F1. The other numbers are those of `shape`, by which the
/// evidence was weighed.
fn fit(sets: &[Cells], shape: &Calibration) -> Result<Calibration> {
    let mut weights = [0.0; WEIGHTS];
    for _ in 0..200 {
        // The ridge keeps the scale finite where a few rows can be told apart without a mistake, and decides between
        // bias and crowding where all sets have as many labels.
        let mut gradient = weights.map(|w| RIDGE * w);
        let mut hessian = [[0.0; WEIGHTS]; WEIGHTS];
        (0..WEIGHTS).for_each(|i| hessian[i][i] = RIDGE);
        for set in sets {
            let share = 1.0 / set.evidence.iter().map(Vec::len).sum::<usize>().max(1) as f64;
            for (features, gold) in set.pairs() {
                let p = sigmoid(dot(weights, features));
                for i in 0..WEIGHTS {
                    gradient[i] += share * (p - gold) * features[i];
                    for j in 0..WEIGHTS {
                        hessian[i][j] += share * p * (1.0 - p) * features[i] * features[j];
                    }
                }
            }
        }
        let step = solve(hessian.map(Vec::from).into(), gradient.into())
            .and_then(|step| <[f64; WEIGHTS]>::try_from(step).ok())
            .context("the evaluation sets do not determine a calibration; give sets with more labels")?;
        let length = dot(step, step).sqrt();
        // Newton's steps are too long where the odds are nearly certain.
        (0..WEIGHTS).for_each(|i| weights[i] -= step[i] * (MAX_STEP / length).min(1.0));
        if length < 1e-9 {
            break;
        }
    }
    let [scale, hub, bias, crowding, neutral] = weights;
    ensure!(scale > 0.0, "on the evaluation sets, closer labels are not likelier ones; is this checkpoint trained?");
    let mut best = (0.0, 0.5);
    for step in 1..100 {
        let threshold = f64::from(step) / 100.0;
        let mut sum = 0.0;
        for set in sets {
            let holds = |(l, &evidence): (usize, &f64)| sigmoid(dot(weights, set.features(evidence, l))) >= threshold;
            let on: Vec<Vec<bool>> =
                set.evidence.iter().map(|row| row.iter().enumerate().map(holds).collect()).collect();
            sum += metrics::macro_f1(&set.gold, &on)?;
        }
        if sum > best.0 {
            best = (sum, threshold);
        }
    }
    Ok(Calibration {
        scale: scale as f32,
        hubness: (hub / scale).clamp(0.0, 1.0) as f32,
        bias: bias as f32,
        crowding: crowding.max(0.0) as f32,
        neutral: neutral as f32,
        threshold: best.1 as f32,
        ..shape.clone()
    })
}

const RIDGE: f64 = 1e-5;
const MAX_STEP: f64 = 4.0;

fn dot(a: [f64; WEIGHTS], b: [f64; WEIGHTS]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs whose odds are known: the fit finds the numbers they were made with.
    #[test]
    fn the_fit_finds_what_the_pairs_were_made_with() {
        let made = [6.0, 3.0, -1.0, 0.8, 0.5];
        let set = |labels: usize| {
            let mean = (0..labels).map(|l| 0.1 * (l % 3) as f64).collect();
            let neutral = (0..labels).map(|l| if l == 1 { 1.0 } else { 0.0 }).collect();
            let mut cells = Cells { evidence: Vec::new(), gold: Vec::new(), mean, neutral };
            for step in -20..=20 {
                let evidence = f64::from(step) / 20.0;
                // Of a thousand texts, as many as the probability says.
                let yes: Vec<usize> = (0..labels)
                    .map(|l| (1000.0 * sigmoid(dot(made, cells.features(evidence, l)))).round() as usize)
                    .collect();
                for text in 0..1000 {
                    cells.evidence.push(vec![evidence; labels]);
                    cells.gold.push(yes.iter().map(|&yes| text < yes).collect());
                }
            }
            cells
        };
        let fitted = fit(&[set(2), set(7)], &Calibration::default()).unwrap();
        let found = [fitted.scale, fitted.hubness * fitted.scale, fitted.bias, fitted.crowding, fitted.neutral];
        for (found, sought) in found.into_iter().zip(made) {
            assert!((f64::from(found) - sought).abs() < 0.1, "{fitted:?}");
        }
    }

    #[test]
    fn pairs_that_say_the_opposite_are_refused() {
        let opposite = Cells {
            evidence: vec![vec![0.5], vec![-0.5]],
            gold: vec![vec![false], vec![true]],
            mean: vec![0.0],
            neutral: vec![0.0],
        };
        assert!(fit(&[opposite], &Calibration::default()).is_err());
    }
}
