//! The metrics against scikit-learn's and SciPy's figures, which `fixtures/metrics.py` wrote down.

use serde::Deserialize;
use undertone_core::metrics::{
    accuracy, auroc, average_precision, f1, jaccard, macro_f1, mean_average_precision, micro_f1, pearson, roc_auc,
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
}

#[derive(Deserialize)]
struct Correlation {
    a: Vec<f64>,
    b: Vec<f64>,
    r: f64,
}

fn cases() -> Cases {
    serde_json::from_str(include_str!("fixtures/metrics.json")).unwrap()
}

#[track_caller]
fn same(ours: f64, theirs: f64) {
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

fn refused<T: std::fmt::Debug>(result: Result<T>) -> String {
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
    for Single { labels, gold, said, accuracy: share, macro_f1: mean } in cases().single {
        same(accuracy(&gold, &said).unwrap(), share);
        let one_hot = |rows: &[usize]| -> Vec<Vec<bool>> {
            rows.iter().map(|&row| (0..labels).map(|label| label == row).collect()).collect()
        };
        same(macro_f1(&one_hot(&gold), &one_hot(&said)).unwrap(), mean);
    }
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
