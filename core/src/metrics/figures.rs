//! All figures of labels that were said, with how far they might be off.

use super::agreement::label_kappa;
use super::multi_label::{Counts, counts};
use super::{Estimate, bad, jaccard, mean, resample};
use crate::Result;

/// How well labels that were said agree with those that people gave. Intervals are percentile bootstrap intervals (Efron and
/// Tibshirani 1993, ch. 13): rows are drawn again with repetition, each figure is computed of each draw, and of its values the
/// middle 95 % are taken. Rows, not cells, are drawn, so that the labels of a row stay together.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// How many rows were compared.
    pub rows: usize,
    /// Of each label.
    pub labels: Vec<LabelFigures>,
    /// [`macro_f1`](super::macro_f1) over all labels.
    pub macro_f1: Estimate,
    /// [`micro_f1`](super::micro_f1).
    pub micro_f1: Estimate,
    /// [`jaccard`].
    pub jaccard: f64,
    /// The mean of the labels' [`cohen_kappa`](super::cohen_kappa); `None` if no label has one.
    pub kappa: Option<Estimate>,
}

/// The figures of a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelFigures {
    /// How many rows people gave it.
    pub gold: usize,
    /// Of how many rows it was said.
    pub said: usize,
    /// How many rows both.
    pub both: usize,
    /// The share of the rows it was said of that people gave it too; 0 if it never was.
    pub precision: Estimate,
    /// The share of the rows that people gave it of which it was said too; 0 if they never did.
    pub recall: Estimate,
    /// The harmonic mean of the two; 0 where neither side has the label.
    pub f1: Estimate,
    /// Cohen's kappa of the label against all others; `None` where nothing is beyond chance.
    pub kappa: Option<f64>,
}

impl Figures {
    /// The figures, with intervals from as many `draws`; [`DRAWS`](super::DRAWS) are usual, and 0 leave the intervals out.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput), beside the usual: no labels.
    pub fn new(gold: &[Vec<bool>], said: &[Vec<bool>], draws: usize) -> Result<Self> {
        let rows = gold.len();
        let all = counts(gold, said)?;
        if all.is_empty() {
            return Err(bad("there are no labels to compare"));
        }
        // Of most labels neither side says anything: only the others are counted again with each draw.
        let some: Vec<Vec<(usize, bool, bool)>> = gold
            .iter()
            .zip(said)
            .map(|(gold, said)| {
                let cells = gold.iter().zip(said).enumerate().map(|(label, (&gold, &said))| (label, gold, said));
                cells.filter(|&(_, gold, said)| gold || said).collect()
            })
            .collect();
        let drawn: Vec<Vec<Counts>> = (0..draws as u64)
            .map(|draw| {
                let mut counts = vec![Counts::default(); all.len()];
                for (times, cells) in resample(rows, draw).into_iter().zip(&some).filter(|(times, _)| *times > 0) {
                    for &(label, gold, said) in cells {
                        let times = times as usize;
                        counts[label].both += times * usize::from(gold && said);
                        counts[label].gold += times * usize::from(gold);
                        counts[label].said += times * usize::from(said);
                    }
                }
                counts
            })
            .collect();
        let of_label = |label: usize, figure: fn(&Counts) -> f64| {
            Estimate::new(figure(&all[label]), drawn.iter().map(|counts| figure(&counts[label])).collect())
        };
        let of_all = |figure: &dyn Fn(&[Counts]) -> f64| {
            Estimate::new(figure(&all), drawn.iter().map(|counts| figure(counts)).collect())
        };
        let label = |label: usize| LabelFigures {
            gold: all[label].gold,
            said: all[label].said,
            both: all[label].both,
            precision: of_label(label, Counts::precision),
            recall: of_label(label, Counts::recall),
            f1: of_label(label, Counts::f1),
            kappa: label_kappa(&all[label], rows),
        };
        let mean_kappa =
            |counts: &[Counts]| mean(&counts.iter().filter_map(|counts| label_kappa(counts, rows)).collect::<Vec<_>>());
        let mean_f1 = |counts: &[Counts]| mean(&counts.iter().map(Counts::f1).collect::<Vec<_>>()).unwrap_or(0.0);
        let total_f1 = |counts: &[Counts]| counts.iter().fold(Counts::default(), |sum, counts| sum.plus(counts)).f1();
        Ok(Self {
            rows,
            labels: (0..all.len()).map(label).collect(),
            macro_f1: of_all(&mean_f1),
            micro_f1: of_all(&total_f1),
            jaccard: jaccard(gold, said)?,
            kappa: mean_kappa(&all)
                .map(|value| Estimate::new(value, drawn.iter().filter_map(|counts| mean_kappa(counts)).collect())),
        })
    }
}
