//! `undertone calibrate`: one calibration for every label set, fitted to evaluation sets.
//!
//! Where a text may have several labels, a logistic regression of the labels on the evidence, and the threshold by which no
//! set loses much against one of its own; where it has one, the hubness and sharpness that make the choice likeliest. Sets with
//! the same texts are one family; every family weighs the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::Value;
use undertone_core::explain::Reliability;
use undertone_core::{Bundle, Calibration, Choice, Encoder, Scorer, metrics};

use crate::data::{EvaluationSet, Task};
use crate::evaluate::{Report, Subject, distinct};
use crate::linear::solve;
use crate::{bundle, file};

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
    let (figures, reliability) = figures(&mut subject, &sets)?;
    manifest.metrics.extend(figures);
    manifest.reliability = reliability;
    progress.finish_and_clear();
    file::write(&args.model.join(Bundle::MANIFEST), manifest.to_json())
}

// The shape of evidence (see `Calibration`), chosen by mean average precision over the development sets:
// trainer/EXPERIMENTS.md.
pub const TEMPERATURE: f32 = 0.08;
const DESCENDANTS: f32 = 0.25;
const COMPETITION: f32 = 0.5;

/// Gives a subject the shape of evidence that serves best, and the calibration that fits these sets; without any that is
/// multi-label, its own remains.
pub fn settle(subject: &mut Subject, sets: &[EvaluationSet]) -> Result<Calibration> {
    let background = subject.scorer().background().clone();
    let shape = Calibration {
        temperature: TEMPERATURE,
        descendants: DESCENDANTS,
        competition: COMPETITION,
        ..subject.scorer().calibration().clone()
    };
    subject.rescore(Scorer::new(shape.clone(), background.clone())?);
    let cells = cells(subject, sets)?;
    let calibration = fit(&cells.iter().collect::<Vec<_>>(), &shape)?;
    subject.rescore(Scorer::new(calibration.clone(), background)?);
    Ok(calibration)
}

/// The figures of a calibrated subject on the sets it was calibrated to, for a manifest; each that could be left out also as
/// the calibration to the other families has it, under `"left_out"`. Both are told. And how often claims of a probability held
/// on the multi-label sets, by the calibration to the other families where there are others.
pub fn figures(
    subject: &mut Subject,
    sets: &[EvaluationSet],
) -> Result<(BTreeMap<String, Value>, Option<Reliability>)> {
    let report = Report::of(subject, sets)?;
    let shipped = subject.scorer().clone();
    let mut figures: BTreeMap<String, Value> = report.to_json().into_iter().collect();
    let cells = cells(subject, sets)?;
    let families: BTreeSet<usize> = cells.iter().map(|cells| cells.family).collect();
    let mut told = String::new();
    let mut claims = Claims::default();
    for family in families {
        let others: Vec<&Cells> = cells.iter().filter(|cells| cells.family != family).collect();
        let Ok(calibration) = fit(&others, shipped.calibration()) else { continue };
        if others.iter().all(|cells| cells.task != Task::Multi) {
            continue;
        }
        let own: Vec<EvaluationSet> =
            cells.iter().filter(|cells| cells.family == family).map(|cells| sets[cells.set].clone()).collect();
        subject.rescore(Scorer::new(calibration, shipped.background().clone())?);
        claims.add(subject, &own)?;
        let report = Report::of(subject, &own)?;
        told.push_str(&report.to_string());
        for (name, left_out) in report.to_json() {
            if let Some(Value::Object(figures)) = figures.get_mut(&name) {
                figures.insert("left_out".into(), left_out);
            }
        }
    }
    subject.rescore(shipped);
    if claims.held.is_empty() {
        claims.add(subject, sets)?;
    }
    if !sets.is_empty() {
        eprintln!("By the calibration to all of these sets:\n{report}");
    }
    if !told.is_empty() {
        eprintln!("By the calibration to the others alone:\n{told}");
    }
    Ok((figures, claims.reliability()?))
}

/// What was claimed of pairs of a text and a label.
#[derive(Default)]
struct Claims {
    sets: Vec<String>,
    held: Vec<bool>,
    probability: Vec<f32>,
}

impl Claims {
    /// How many bins their probabilities are put into.
    const BINS: usize = 20;

    /// Adds those of the multi-label sets.
    fn add(&mut self, subject: &Subject, sets: &[EvaluationSet]) -> Result<()> {
        for set in sets.iter().filter(|set| set.task == Task::Multi) {
            let scores = subject.scores(set)?;
            for (text, gold) in set.gold.iter().enumerate() {
                self.held.extend((0..set.labels.len()).map(|label| gold.contains(&label)));
                self.probability.extend(scores.probability(text));
            }
            self.sets.push(set.name.clone());
        }
        Ok(())
    }

    fn reliability(self) -> Result<Option<Reliability>> {
        if self.held.is_empty() {
            return Ok(None);
        }
        let bins = metrics::reliability(&self.held, &self.probability, Self::BINS)?;
        Ok(Some(Reliability { sets: self.sets, bins }))
    }
}

/// The evidence of a set's pairs of text and label, and which of them people gave.
struct Cells {
    /// Its place among the sets.
    set: usize,
    task: Task,
    /// Which of the families of sets that share texts it is of.
    family: usize,
    /// How much it weighs: its family's share of one.
    weight: f64,
    /// Of each text, for each label.
    evidence: Vec<Vec<f64>>,
    gold: Vec<Vec<bool>>,
    /// Of each label, its mean evidence over the reference texts.
    mean: Vec<f64>,
    /// Of each label, 1 if it says that there is no emotion.
    neutral: Vec<f64>,
}

/// Those of all sets that have labels.
fn cells(subject: &Subject, sets: &[EvaluationSet]) -> Result<Vec<Cells>> {
    let families = families(sets);
    let labelled = sets.iter().enumerate().filter(|(_, set)| set.task != Task::Regression);
    let mut all = labelled.map(|(i, set)| Cells::of(subject, set, i, families[i])).collect::<Result<Vec<_>>>()?;
    for i in 0..all.len() {
        let alike = all.iter().filter(|cells| (cells.family, cells.task) == (all[i].family, all[i].task)).count();
        all[i].weight = 1.0 / alike as f64;
    }
    Ok(all)
}

/// For each set the first of those that it shares texts with, whether directly or by way of others.
fn families(sets: &[EvaluationSet]) -> Vec<usize> {
    let mut family: Vec<usize> = (0..sets.len()).collect();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, set) in sets.iter().enumerate() {
        for text in &set.texts {
            let (one, other) = (family[*first.entry(text).or_insert(i)], family[i]);
            let (kept, lost) = (one.min(other), one.max(other));
            family.iter_mut().filter(|family| **family == lost).for_each(|family| *family = kept);
        }
    }
    family
}

/// How many numbers the regression finds.
const WEIGHTS: usize = 6;

impl Cells {
    fn of(subject: &Subject, set: &EvaluationSet, place: usize, family: usize) -> Result<Self> {
        let (evidence, labels) = subject.evidence(set)?;
        let reference = labels.reference();
        let mean = |label: usize| reference.column(label).map(f64::from).sum::<f64>() / reference.len().max(1) as f64;
        Ok(Self {
            set: place,
            task: set.task,
            family,
            weight: 1.0,
            evidence: (0..evidence.len())
                .map(|text| evidence.row(text).iter().map(|&e| f64::from(e)).collect())
                .collect(),
            gold: set.gold.iter().map(|g| (0..set.labels.len()).map(|l| g.contains(&l)).collect()).collect(),
            mean: (0..set.labels.len()).map(mean).collect(),
            neutral: labels.neutral().iter().map(|&n| f64::from(u8::from(n))).collect(),
        })
    }

    /// 1 if no label says that there is no emotion.
    fn emotional(&self) -> f64 {
        if self.neutral.contains(&1.0) { 0.0 } else { 1.0 }
    }

    /// What a pair's logit is a weighted sum of. The weights: scale, scale times hubness, bias, crowding, neutral, emotional.
    fn features(&self, evidence: f64, label: usize) -> [f64; WEIGHTS] {
        let crowd = (self.mean.len() as f64).ln();
        [evidence, -self.mean[label], 1.0, -crowd, self.neutral[label], self.emotional()]
    }

    /// Each pair's evidence and label, and whether people gave it.
    fn pairs(&self) -> impl Iterator<Item = (f64, usize, bool)> {
        let rows = self.evidence.iter().zip(&self.gold);
        rows.flat_map(|(row, gold)| row.iter().zip(gold).enumerate().map(|(l, (&e, &g))| (e, l, g)))
    }

    /// The logit of a pair as a scorer of this calibration computes it, for a hubness of one's choice.
    fn logit(&self, c: &Calibration, hubness: f32, evidence: f64, label: usize) -> f64 {
        let weights = [c.scale, c.scale * hubness, c.bias, c.crowding, c.neutral, c.emotional].map(f64::from);
        dot(weights, self.features(evidence, label))
    }

    /// The probabilities of a calibration.
    fn probabilities(&self, c: &Calibration) -> Vec<Vec<f64>> {
        let row = |row: &Vec<f64>| {
            row.iter().enumerate().map(|(l, &e)| sigmoid(self.logit(c, c.hubness, e, l))).collect::<Vec<_>>()
        };
        self.evidence.iter().map(row).collect()
    }
}

/// The calibration that fits these sets. The numbers by which the evidence was weighed are those of `shape`, and so are those
/// that no set determines.
fn fit(sets: &[&Cells], shape: &Calibration) -> Result<Calibration> {
    let of = |task: Task| sets.iter().copied().filter(|cells| cells.task == task).collect::<Vec<_>>();
    let mut calibration = Calibration { choice: None, ..shape.clone() };
    let multi = of(Task::Multi);
    if !multi.is_empty() {
        calibration = regress(&multi, &calibration)?;
        calibration.threshold = threshold(&multi, &calibration)?;
    }
    let single = of(Task::Single);
    if !single.is_empty() {
        calibration.choice = Some(choice(&single, &calibration));
    }
    Ok(calibration)
}

/// Fits scale, hubness, bias, crowding, neutral and emotional. What comes out beyond its bound is held there, and the rest
/// fitted anew.
fn regress(sets: &[&Cells], shape: &Calibration) -> Result<Calibration> {
    let (mut held_hubness, mut crowds) = (None, true);
    loop {
        // A hubness that is held moves with the scale.
        let tie = |[scale, hub, bias, crowd, neutral, emotional]: [f64; WEIGHTS]| {
            let (scale, hub) = held_hubness.map_or((scale, hub), |held: f64| (scale + held * hub, 0.0));
            [scale, hub, bias, if crowds { crowd } else { 0.0 }, neutral, emotional]
        };
        let [scale, hub, bias, crowding, neutral, emotional] = newton(sets, tie)?;
        ensure!(
            scale > 0.0,
            "on the evaluation sets, closer labels are not likelier ones; is this checkpoint trained?"
        );
        let hubness = held_hubness.unwrap_or(hub / scale);
        if !(0.0..=1.0).contains(&hubness) {
            held_hubness = Some(hubness.clamp(0.0, 1.0));
        } else if crowding < 0.0 {
            crowds = false;
        } else {
            return Ok(Calibration {
                scale: scale as f32,
                hubness: hubness as f32,
                bias: bias as f32,
                crowding: crowding as f32,
                neutral: neutral as f32,
                emotional: emotional as f32,
                ..shape.clone()
            });
        }
    }
}

/// The weights of a logistic regression on the pairs' features, as `tie` changes them, by Newton's method.
fn newton(sets: &[&Cells], tie: impl Fn([f64; WEIGHTS]) -> [f64; WEIGHTS]) -> Result<[f64; WEIGHTS]> {
    let mut weights = [0.0; WEIGHTS];
    for _ in 0..200 {
        // The ridge keeps the scale finite where a few rows can be told apart without a mistake, and decides between
        // numbers that the sets cannot tell apart.
        let mut gradient = weights.map(|w| RIDGE * w);
        let mut hessian = [[0.0; WEIGHTS]; WEIGHTS];
        (0..WEIGHTS).for_each(|i| hessian[i][i] = RIDGE);
        for set in sets {
            let share = set.weight / set.evidence.iter().map(Vec::len).sum::<usize>().max(1) as f64;
            for (evidence, label, gold) in set.pairs() {
                let features = tie(set.features(evidence, label));
                let p = sigmoid(dot(weights, features));
                for i in 0..WEIGHTS {
                    gradient[i] += share * (p - f64::from(u8::from(gold))) * features[i];
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
    Ok(weights)
}

/// The threshold at which the set that loses most against its own best one loses least in macro F1; of equals, that with the
/// best mean over families.
fn threshold(sets: &[&Cells], calibration: &Calibration) -> Result<f32> {
    let thresholds: Vec<f64> = (1..100).map(|step| f64::from(step) / 100.0).collect();
    let mut worst = vec![0f64; thresholds.len()];
    let mut total = vec![0f64; thresholds.len()];
    for set in sets {
        let cuts = metrics::sweep(&set.gold, &set.probabilities(calibration), &thresholds)?;
        let best = cuts.iter().map(|cut| cut.macro_f1).fold(0.0, f64::max);
        for (i, cut) in cuts.iter().enumerate() {
            worst[i] = worst[i].max(best - cut.macro_f1);
            total[i] += set.weight * cut.macro_f1;
        }
    }
    let order = |a: &usize, b: &usize| worst[*b].total_cmp(&worst[*a]).then(total[*a].total_cmp(&total[*b]));
    Ok((0..thresholds.len()).max_by(order).map_or(0.5, |i| thresholds[i]) as f32)
}

/// The hubness and sharpness by which the labels that people chose are likeliest among those of their sets.
fn choice(sets: &[&Cells], calibration: &Calibration) -> Choice {
    let steps = |from: f32, step: f32, count: u8| (0..count).map(move |i| from + step * f32::from(i));
    let candidates = steps(0.0, 0.05, 21)
        .flat_map(|hubness| steps(0.3, 0.05, 55).map(move |sharpness| Choice { hubness, sharpness }));
    let loss = |choice: &Choice| -> f64 {
        let of = |set: &&Cells| {
            let rows = set.evidence.iter().zip(&set.gold).map(|(row, gold)| {
                let logits: Vec<f64> = (row.iter().enumerate())
                    .map(|(l, &e)| f64::from(choice.sharpness) * set.logit(calibration, choice.hubness, e, l))
                    .collect();
                let largest = logits.iter().copied().fold(f64::MIN, f64::max);
                let total = largest + logits.iter().map(|l| (l - largest).exp()).sum::<f64>().ln();
                let chosen = gold.iter().position(|&gold| gold).unwrap_or(0);
                total - logits[chosen]
            });
            set.weight * rows.sum::<f64>() / set.evidence.len().max(1) as f64
        };
        sets.iter().map(of).sum()
    };
    let rated = candidates.map(|choice| (loss(&choice), choice));
    let best = rated.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(calibration.choice(), |(_, choice)| choice)
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

    /// Of a thousand texts at each evidence, as many have a label as the weights say.
    fn made(weights: [f64; WEIGHTS], labels: usize, neutral: bool) -> Cells {
        let mean = (0..labels).map(|l| 0.1 * (l % 3) as f64).collect();
        let neutral = (0..labels).map(|l| if neutral && l == 1 { 1.0 } else { 0.0 }).collect();
        let (evidence, gold) = (Vec::new(), Vec::new());
        let mut cells = Cells { set: 0, task: Task::Multi, family: 0, weight: 1.0, evidence, gold, mean, neutral };
        for step in -20..=20 {
            let evidence = f64::from(step) / 20.0;
            let probability = |l| sigmoid(dot(weights, cells.features(evidence, l)));
            let yes: Vec<usize> = (0..labels).map(|l| (1000.0 * probability(l)).round() as usize).collect();
            for text in 0..1000 {
                cells.evidence.push(vec![evidence; labels]);
                cells.gold.push(yes.iter().map(|&yes| text < yes).collect());
            }
        }
        cells
    }

    /// Pairs whose odds are known: the fit finds the numbers they were made with.
    #[test]
    fn the_fit_finds_what_the_pairs_were_made_with() {
        let weights = [6.0, 3.0, -1.0, 0.8, 0.5, 0.7];
        let sets = [made(weights, 2, true), made(weights, 7, true), made(weights, 4, false)];
        let fitted = fit(&sets.iter().collect::<Vec<_>>(), &Calibration::default()).unwrap();
        let Calibration { scale, hubness, bias, crowding, neutral, emotional, .. } = fitted;
        let found = [scale, hubness * scale, bias, crowding, neutral, emotional];
        for (found, sought) in found.into_iter().zip(weights) {
            assert!((f64::from(found) - sought).abs() < 0.1, "{fitted:?}");
        }
    }

    /// What is clamped ships clamped: the other numbers and the threshold must be those that fit then.
    #[test]
    fn what_is_out_of_bounds_is_held_there_and_the_rest_fits() {
        let weights = [6.0, 9.0, -1.0, -0.8, 0.5, 0.7];
        let sets = [made(weights, 2, true), made(weights, 7, true), made(weights, 4, false)];
        let sets: Vec<&Cells> = sets.iter().collect();
        let fitted = fit(&sets, &Calibration::default()).unwrap();
        assert_eq!((fitted.hubness, fitted.crowding), (1.0, 0.0));
        for set in &sets {
            let claims: Vec<f64> = set.probabilities(&fitted).concat();
            let (said, held) = (claims.iter().sum::<f64>(), set.gold.concat().iter().filter(|&&g| g).count() as f64);
            let (said, held) = (said / claims.len() as f64, held / claims.len() as f64);
            assert!((said - held).abs() < 0.12, "{said} {held}");
        }
        // Over all sets together the means agree exactly, as those of a regression do.
        let off: f64 = sets
            .iter()
            .map(|set| {
                let cells = set.gold.concat();
                let held = cells.iter().filter(|&&g| g).count() as f64;
                (set.probabilities(&fitted).concat().iter().sum::<f64>() - held) / cells.len() as f64
            })
            .sum();
        assert!(off.abs() < 1e-3, "{off}");
        let best = threshold(&sets, &fitted).unwrap();
        assert_eq!(fitted.threshold, best);
    }

    fn evaluation(name: &str, texts: &[&str]) -> EvaluationSet {
        EvaluationSet {
            name: name.into(),
            task: Task::Multi,
            labels: vec!["joy".into()],
            texts: texts.iter().map(|&text| text.into()).collect(),
            gold: vec![vec![0]; texts.len()],
            affect: Vec::new(),
        }
    }

    #[test]
    fn sets_that_share_texts_are_of_one_family() {
        let sets = [
            evaluation("fine", &["a", "b"]),
            evaluation("other", &["c"]),
            evaluation("coarse", &["b", "d"]),
            evaluation("coarser", &["d"]),
        ];
        assert_eq!(families(&sets), [0, 1, 0, 0]);
    }

    #[test]
    fn one_label_of_several_is_chosen_as_surely_as_it_is_right() {
        // Evidence says .2 more for the label that is chosen in three cases of four: its odds are 3.
        let calibration = Calibration { scale: 10.0, hubness: 0.0, ..Calibration::default() };
        let evidence = vec![vec![0.5, 0.3]; 400];
        let gold = (0..400).map(|i| vec![i % 4 != 0, i % 4 == 0]).collect();
        let (mean, neutral) = (vec![0.0, 0.0], vec![0.0, 0.0]);
        let cells = Cells { set: 0, task: Task::Single, family: 0, weight: 1.0, evidence, gold, mean, neutral };
        let Choice { sharpness, .. } = choice(&[&cells], &calibration);
        assert!((f64::from(sharpness) * 2.0 - 3f64.ln()).abs() < 0.06, "{sharpness}");
    }

    #[test]
    fn pairs_that_say_the_opposite_are_refused() {
        let opposite = Cells {
            set: 0,
            task: Task::Multi,
            family: 0,
            weight: 1.0,
            evidence: vec![vec![0.5], vec![-0.5]],
            gold: vec![vec![false], vec![true]],
            mean: vec![0.0],
            neutral: vec![0.0],
        };
        assert!(fit(&[&opposite], &Calibration::default()).is_err());
    }
}
