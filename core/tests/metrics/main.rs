//! The metrics against scikit-learn's and SciPy's figures, which `fixtures/metrics.py` wrote down.

mod agreement;

use serde::Deserialize;
use undertone_core::metrics::{
    Cut, Interval, Point, accuracy, auroc, average_precision, calibration_error, cohen_kappa, f1, jaccard, macro_f1,
    mean_average_precision, micro_f1, pearson, precision, precision_recall, recall, reliability, resample, roc_auc,
    sweep,
};
use undertone_core::{ErrorKind, Result};

#[derive(Deserialize)]
struct Cases {
    multi: Vec<Multi>,
    single: Vec<Single>,
    correlation: Vec<Correlation>,
}

#[derive(Deserialize)]
struct Multi {
    gold: Vec<Vec<bool>>,
    scores: Vec<Vec<f64>>,
    said: Vec<Vec<bool>>,
    f1: Vec<f64>,
    macro_f1: f64,
    micro_f1: f64,
    jaccard: f64,
    average_precision: Vec<Option<f64>>,
    mean_average_precision: Option<f64>,
    roc_auc: Vec<Option<f64>>,
    auroc: Option<f64>,
}

#[derive(Deserialize)]
struct Single {
    labels: usize,
    gold: Vec<usize>,
    said: Vec<usize>,
    accuracy: f64,
    macro_f1: f64,
    kappa: Option<f64>,
}

#[derive(Deserialize)]
struct Correlation {
    a: Vec<f64>,
    b: Vec<f64>,
    r: f64,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("../fixtures/metrics.json")).unwrap()
}

#[track_caller]
pub fn same(ours: f64, theirs: f64) {
    assert!((ours - theirs).abs() < 1e-9, "{ours} is not {theirs}");
}

#[track_caller]
fn same_or_none(ours: Option<f64>, theirs: Option<f64>) {
    assert_eq!(ours.is_some(), theirs.is_some(), "{ours:?} is not {theirs:?}");
    ours.zip(theirs).inspect(|(ours, theirs)| same(*ours, *theirs));
}

fn column<T: Copy>(rows: &[Vec<T>], label: usize) -> Vec<T> {
    rows.iter().map(|row| row[label]).collect()
}

pub fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadInput);
    error.to_string()
}

#[test]
fn several_labels() {
    for case in cases().multi {
        let Multi { gold, scores, said, .. } = &case;
        let ours = f1(gold, said).unwrap();
        assert_eq!(ours.len(), case.f1.len());
        ours.iter().zip(&case.f1).for_each(|(ours, theirs)| same(*ours, *theirs));
        same(macro_f1(gold, said).unwrap(), case.macro_f1);
        same(micro_f1(gold, said).unwrap(), case.micro_f1);
        same(jaccard(gold, said).unwrap(), case.jaccard);
        for label in 0..ours.len() {
            let (gold, scores) = (column(gold, label), column(scores, label));
            same_or_none(average_precision(&gold, &scores).unwrap(), case.average_precision[label]);
            same_or_none(roc_auc(&gold, &scores).unwrap(), case.roc_auc[label]);
        }
        same_or_none(mean_average_precision(gold, scores).ok(), case.mean_average_precision);
        same_or_none(auroc(gold, scores).ok(), case.auroc);
    }
}

#[test]
fn one_label() {
    for Single { labels, gold, said, accuracy: share, macro_f1: mean, kappa } in cases().single {
        same(accuracy(&gold, &said).unwrap(), share);
        same_or_none(cohen_kappa(&gold, &said).unwrap(), kappa);
        same_or_none(cohen_kappa(&said, &gold).unwrap(), kappa);
        let one_hot = |rows: &[usize]| -> Vec<Vec<bool>> {
            rows.iter().map(|&row| (0..labels).map(|label| label == row).collect()).collect()
        };
        same(macro_f1(&one_hot(&gold), &one_hot(&said)).unwrap(), mean);
    }
}

#[test]
fn agreement_by_chance_is_none() {
    // One says yes and the other no, each to all: they agree as often as chance would have it.
    same(cohen_kappa(&[true; 4], &[false; 4]).unwrap().unwrap(), 0.0);
    // Nothing is beyond chance where both give one answer to all rows.
    assert_eq!(cohen_kappa(&["a"; 4], &["a"; 4]).unwrap(), None);
    same(cohen_kappa(&[1, 1, 2, 2], &[2, 2, 1, 1]).unwrap().unwrap(), -1.0);
    refused(cohen_kappa::<u8>(&[], &[]));
    refused(cohen_kappa(&[1], &[1, 2]));
}

#[test]
fn an_interval_is_that_of_a_share() {
    // Of 400 rows every fourth holds: the standard error is sqrt(.25 * .75 / 400) = .0217.
    let share = |times: Vec<u32>| times.iter().step_by(4).sum::<u32>() as f64 / 400.0;
    let Interval { low, high } = Interval::of((0..1000).map(|draw| share(resample(400, draw))).collect()).unwrap();
    assert!((low - (0.25 - 1.96 * 0.0217)).abs() < 0.01, "{low}");
    assert!((high - (0.25 + 1.96 * 0.0217)).abs() < 0.01, "{high}");
    assert_eq!(Interval::of(vec![]), None);
    assert_eq!(Interval::of(vec![0.5]), Some(Interval { low: 0.5, high: 0.5 }));
}

#[test]
fn rows_are_drawn_alike_each_time() {
    assert_eq!(resample(9, 3), resample(9, 3));
    assert_ne!(resample(9, 3), resample(9, 4));
    assert_eq!(resample(9, 3).iter().sum::<u32>(), 9);
    // On any platform: what documents say was drawn so.
    assert_eq!(resample(9, 3), [0, 2, 1, 0, 0, 2, 2, 0, 2]);
    assert!(resample(0, 1).is_empty());
}

#[test]
fn correlation() {
    for Correlation { a, b, r } in cases().correlation {
        same(pearson(&a, &b).unwrap(), r);
        same(pearson(&b, &a).unwrap(), r);
    }
    assert_eq!(pearson(&[0.1; 3], &[1.0, 2.0, 3.0]).unwrap(), 0.0);
}

#[test]
fn scores_of_f32_do_as_well() {
    let (gold, scores) = ([true, false, true], [0.9f32, 0.8, 0.1]);
    same_or_none(average_precision(&gold, &scores).unwrap(), Some((1.0 + 2.0 / 3.0) / 2.0));
    same_or_none(roc_auc(&gold, &scores).unwrap(), Some(0.5));
}

#[test]
fn precision_and_recall_of_each_label() {
    let gold = [vec![true, false, false], vec![true, false, true], vec![false, false, true]];
    let said = [vec![true, true, false], vec![false, false, false], vec![true, false, false]];
    assert_eq!(precision(&gold, &said).unwrap(), [0.5, 0.0, 0.0]);
    assert_eq!(recall(&gold, &said).unwrap(), [0.5, 0.0, 0.0]);
}

#[test]
fn the_calibration_error_of_known_numbers() {
    // Two claims of 0.1 of which one holds, two of 0.8 that hold, and one of 1, which belongs to the last bin.
    let (held, probability) = ([true, false, true, true, true], [0.1, 0.1, 0.8, 0.8, 1.0]);
    let bins = reliability(&held, &probability, 2).unwrap();
    assert_eq!((bins[0].count, bins[0].held, bins[0].from, bins[0].to), (2, 0.5, 0.0, 0.5));
    assert_eq!((bins[1].count, bins[1].held, bins[1].to), (3, 1.0, 1.0));
    same(bins[1].probability, 2.6 / 3.0);
    same(calibration_error(&held, &probability, 2).unwrap(), (2.0 * 0.4 + 0.4) / 5.0);
    // An empty bin weighs nothing; who is sure and right is not off at all.
    same(calibration_error(&[true, false], &[1.0f32, 0.0], 15).unwrap(), 0.0);
    same(calibration_error(&[false, true], &[1.0f32, 0.0], 15).unwrap(), 1.0);
    let message = "row 1 has the probability 1.5, which is not between 0 and 1";
    assert_eq!(refused(calibration_error(&[true, true], &[0.5, 1.5], 10)), message);
    refused(reliability(&[true], &[f64::NAN], 10));
    refused(reliability(&[true], &[0.5], 0));
    refused(reliability::<f64>(&[], &[], 10));
}

#[test]
fn a_threshold_swept() {
    let gold = [vec![true, false], vec![false, true]];
    let scores = [vec![0.9, 0.4], vec![0.4, 0.6]];
    let cut = |threshold, macro_f1, micro_f1| Cut { threshold, macro_f1, micro_f1 };
    // A score equal to the threshold is said.
    let cuts = sweep(&gold, &scores, &[0.4, 0.6, 0.7]).unwrap();
    assert_eq!(cuts, [cut(0.4, 2.0 / 3.0, 2.0 / 3.0), cut(0.6, 1.0, 1.0), cut(0.7, 0.5, 2.0 / 3.0)]);
    refused(sweep(&gold, &[vec![0.5], vec![0.5]], &[0.5]));
}

#[test]
fn a_precision_recall_curve() {
    let points = precision_recall(&[true, false, true, false], &[0.9, 0.5, 0.5, 0.1]).unwrap();
    let point = |threshold, precision, recall| Point { threshold, precision, recall };
    assert_eq!(points, [point(0.9, 1.0, 0.5), point(0.5, 2.0 / 3.0, 1.0), point(0.1, 0.5, 1.0)]);
    assert_eq!(precision_recall(&[false], &[0.5]).unwrap(), []);
}

#[test]
fn what_cannot_be_measured() {
    assert_eq!(refused(accuracy::<u8>(&[], &[])), "there are no rows to compare");
    assert_eq!(refused(accuracy(&[1, 2], &[1])), "2 rows cannot be compared with 1");
    let (gold, uneven) = (vec![vec![true, false]; 2], vec![vec![true, false], vec![true]]);
    assert_eq!(refused(f1(&gold, &uneven)), "row 1 does not have 2 labels on both sides");
    refused(jaccard(&uneven, &gold));
    refused(macro_f1(&[vec![]], &[vec![]]));
    for bad in [f64::NAN, f64::INFINITY] {
        let message = format!("row 1 has the score {bad}, which is not a finite number");
        assert_eq!(refused(average_precision(&[true, false], &[0.5, bad])), message);
        assert_eq!(refused(auroc(&[vec![true], vec![false]], &[vec![0.5], vec![bad]])), message);
        assert_eq!(refused(pearson(&[0.5, bad], &[0.5, 0.5])), message);
        assert_eq!(refused(pearson(&[0.5, 0.5], &[0.5, bad])), message);
    }
    let message = "no label has a row that people gave it: there is nothing to average";
    assert_eq!(refused(mean_average_precision(&[vec![false]], &[vec![0.5]])), message);
    assert_eq!(
        refused(auroc(&[vec![true]], &[vec![0.5]])),
        "no label has both kinds of row: there is nothing to average"
    );
}
