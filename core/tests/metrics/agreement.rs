//! Agreement against the figures of scikit-learn, statsmodels and krippendorff, which `fixtures/agreement.py` wrote down.

use proptest::prelude::*;
use serde::Deserialize;
use undertone_core::metrics::{
    Figures, Judgements, Mistake, co_occurrence, confusion, f1, fit_thresholds, macro_f1, masi, mistakes, reliability,
};

use crate::{refused, same};

#[derive(Deserialize)]
struct Cases {
    annotators: Vec<Annotators>,
    gold: Vec<Gold>,
    confusion: Vec<Confusion>,
}

#[derive(Deserialize)]
struct Annotators {
    labels: usize,
    judged: Vec<Vec<Option<Vec<usize>>>>,
    alpha_nominal: f64,
    alpha_masi: f64,
    alpha_by_label: Vec<f64>,
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    first: usize,
    second: usize,
    rows: usize,
    kappa: Vec<f64>,
}

#[derive(Deserialize)]
struct Gold {
    gold: Vec<Vec<bool>>,
    probability: Vec<Vec<f64>>,
    said: Vec<Vec<bool>>,
    precision: Vec<f64>,
    recall: Vec<f64>,
    kappa: Vec<f64>,
    co_occurrence: Vec<Vec<usize>>,
    reliability: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
struct Confusion {
    labels: usize,
    gold: Vec<usize>,
    said: Vec<usize>,
    counts: Vec<Vec<usize>>,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../fixtures/agreement.json")).unwrap()
}

fn judgements(labels: usize, judged: &[Vec<Option<Vec<usize>>>]) -> Judgements {
    let mut judgements = Judgements::new(judged[0].len(), labels);
    for (i, judge) in judged.iter().enumerate() {
        judgements.push(format!("annotator {i}"), judge.clone()).unwrap();
    }
    judgements
}

#[test]
fn several_annotators() {
    for case in cases().annotators {
        let judged = judgements(case.labels, &case.judged);
        let masi = judged.alpha_masi(200).unwrap();
        same(masi.value, case.alpha_masi);
        assert!(masi.interval.low < masi.value && masi.value < masi.interval.high, "{masi:?}");
        same(judged.alpha_nominal(0).unwrap().value, case.alpha_nominal);
        for (ours, theirs) in judged.alpha_by_label(0).into_iter().zip(case.alpha_by_label) {
            same(ours.unwrap().value, theirs);
        }
        let pairs = judged.pairs();
        assert_eq!(pairs.len(), case.pairs.len());
        for (ours, theirs) in pairs.iter().zip(&case.pairs) {
            assert_eq!((ours.first, ours.second, ours.rows), (theirs.first, theirs.second, theirs.rows));
            ours.kappa.iter().zip(&theirs.kappa).for_each(|(ours, theirs)| same(ours.unwrap(), *theirs));
            same(ours.mean_kappa.unwrap(), theirs.kappa.iter().sum::<f64>() / case.labels as f64);
        }
    }
}

#[test]
fn labels_beside_gold() {
    for case in cases().gold {
        let figures = Figures::new(&case.gold, &case.said, 100).unwrap();
        for (label, ours) in figures.labels.iter().enumerate() {
            same(ours.precision.value, case.precision[label]);
            same(ours.recall.value, case.recall[label]);
            same(ours.kappa.unwrap(), case.kappa[label]);
            assert!(ours.f1.interval.low <= ours.f1.value && ours.f1.value <= ours.f1.interval.high);
        }
        same(figures.macro_f1.value, macro_f1(&case.gold, &case.said).unwrap());
        let pairs = co_occurrence(&case.gold, &case.said).unwrap();
        for (ours, theirs) in pairs.iter().zip(&case.co_occurrence) {
            assert_eq!(ours[..theirs.len()], theirs[..]);
        }
        // Behind the labels: what nothing was said of, and what has no label.
        let rows = case.gold.iter().zip(&case.said);
        let neither = rows.filter(|(gold, said)| !gold.contains(&true) && !said.contains(&true)).count();
        assert_eq!(pairs.last().unwrap().last(), Some(&neither));
        let bins = reliability(&case.gold.concat(), &case.probability.concat(), case.reliability.len()).unwrap();
        for (bin, (held, probability)) in bins.iter().zip(case.reliability) {
            same(bin.held, held);
            same(bin.probability, probability);
        }
    }
}

#[test]
fn one_label_for_another() {
    for Confusion { labels, gold, said, counts } in cases().confusion {
        assert_eq!(confusion(&gold, &said, labels).unwrap(), counts);
    }
    let gold = [vec![true, false, false], vec![true, true, false], vec![false, true, false]];
    let said = [vec![false, true, true], vec![true, false, false], vec![false, true, true]];
    let mistake = |missed, said, rows| Mistake { missed, said, rows };
    // The second row lacks a label and the third has one too many: neither was taken for another.
    assert_eq!(mistakes(&gold, &said).unwrap(), [mistake(0, 1, 1), mistake(0, 2, 1)]);
    refused(confusion(&[0, 3], &[0, 0], 3));
}

#[test]
fn sets_are_apart_by_what_they_share() {
    // Passonneau's cases: equal, one within the other, overlapping, apart.
    same(masi(&[0, 1], &[0, 1]), 0.0);
    same(masi(&[0], &[0, 1]), 1.0 - 0.5 * 2.0 / 3.0);
    same(masi(&[0, 1], &[1, 2]), 1.0 - 1.0 / 3.0 / 3.0);
    same(masi(&[0], &[1]), 1.0);
    same(masi(&[], &[]), 0.0);
    same(masi(&[], &[1]), 1.0);
}

#[test]
fn who_judged_nothing_in_common_says_nothing() {
    let judged = judgements(1, &[vec![Some(vec![0]), None], vec![None, Some(vec![])]]);
    assert_eq!((judged.shared(), judged.alpha_masi(10), judged.alpha_nominal(10)), (0, None, None));
    assert!(judged.pairs().is_empty());
    // All the same: nothing is beyond chance.
    let judged = judgements(1, &[vec![Some(vec![0]); 3], vec![Some(vec![0]); 3]]);
    assert_eq!((judged.shared(), judged.alpha_masi(10)), (3, None));
    let mut judged = Judgements::new(2, 1);
    assert_eq!(refused(judged.push("ann", vec![None])), "ann judged 1 rows of 2");
    assert_eq!(refused(judged.push("ann", vec![None, Some(vec![1])])), "ann gave label 1 of 1");
}

#[test]
fn a_threshold_is_worth_less_elsewhere() {
    // Scores that say nothing: what a threshold for each label gains on its own rows is chance.
    let mut random = fastrand::Rng::with_seed(7);
    let gold: Vec<Vec<bool>> = (0..60).map(|_| (0..8).map(|_| random.f64() < 0.3).collect()).collect();
    let scores: Vec<Vec<f64>> = (0..60).map(|_| (0..8).map(|_| random.f64()).collect()).collect();
    let fit = fit_thresholds(&gold, &scores, 5).unwrap();
    assert!(fit.by_label.expected < fit.by_label.fitted - 0.02, "{fit:?}");
    let said = |thresholds: &[f64]| -> Vec<Vec<bool>> {
        scores.iter().map(|row| row.iter().zip(thresholds).map(|(score, from)| score >= from).collect()).collect()
    };
    same(fit.one.fitted, macro_f1(&gold, &said(&fit.one.thresholds)).unwrap());
    same(fit.by_label.fitted, macro_f1(&gold, &said(&fit.by_label.thresholds)).unwrap());
    assert!(fit.one.thresholds.iter().all(|threshold| *threshold == fit.one.thresholds[0]));
    assert_eq!(
        refused(fit_thresholds(&gold[..3], &scores[..3], 5)),
        "3 rows cannot be dealt into 5 folds; give more rows"
    );
}

#[test]
fn a_threshold_that_parts_the_scores_is_found() {
    let gold: Vec<Vec<bool>> = (0..40).map(|row| vec![row % 4 == 0, row % 2 == 0]).collect();
    let scores: Vec<Vec<f64>> =
        gold.iter().map(|row| vec![if row[0] { 0.9 } else { 0.7 }, if row[1] { 0.3 } else { 0.1 }]).collect();
    let fit = fit_thresholds(&gold, &scores, 4).unwrap();
    assert_eq!(f1(&gold, &gold).unwrap(), [1.0, 1.0]);
    same(fit.by_label.expected, 1.0);
    // The middle of the stretch of equals.
    assert!((fit.by_label.thresholds[0] - 0.8).abs() < 0.02 && (fit.by_label.thresholds[1] - 0.2).abs() < 0.02);
    assert!(fit.one.expected < 1.0);
}

proptest! {
    #[test]
    fn alpha_is_the_same_whoever_comes_first(
        judged in prop::collection::vec(prop::collection::vec(prop::option::of(
            prop::sample::subsequence(vec![0usize, 1, 2], 0..=3)), 12), 2..5),
    ) {
        let forth = judgements(3, &judged);
        let back = judgements(3, &judged.iter().rev().cloned().collect::<Vec<_>>());
        let value = |judged: &Judgements| judged.alpha_masi(0).map(|alpha| alpha.value);
        match (value(&forth), value(&back)) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() < 1e-9 && a <= 1.0),
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}
