//! What a model makes of a set, before it becomes figures.

use std::collections::HashMap;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use undertone_core::metrics::{self, Bin, Cut, Interval, Point};

use super::Subject;
use crate::bootstrap;
use crate::data::{EvaluationSet, Task};

/// How many bins of equal width the calibration error is taken over.
pub const BINS: usize = 10;

/// What a model makes of a set.
pub enum Reading {
    Labels(Labels),
    Affect(Affect),
}

/// Labels: `(texts, labels)` matrices.
pub struct Labels {
    /// Whether a text has one label. What is said then is the forced choice.
    pub single: bool,
    pub gold: Vec<Vec<bool>>,
    pub said: Vec<Vec<bool>>,
    pub probability: Vec<Vec<f64>>,
    /// Whether each text was given anything by the shipped rules: above the threshold, or likelier than none.
    pub answered: Vec<bool>,
    /// The shipped threshold.
    pub threshold: f64,
}

/// Valence and arousal, a column of each.
pub struct Affect {
    pub gold: [Vec<f64>; 2],
    pub read: [Vec<f64>; 2],
}

impl Reading {
    pub fn of(subject: &Subject, set: &EvaluationSet) -> Result<Self> {
        if set.task == Task::Regression {
            let read = subject.affect(set)?;
            let gold = |i: usize| set.affect.iter().map(|a| f64::from(a[i])).collect();
            return Ok(Self::Affect(Affect {
                gold: [gold(0), gold(1)],
                read: [
                    read.iter().map(|a| f64::from(a.valence)).collect(),
                    read.iter().map(|a| f64::from(a.arousal)).collect(),
                ],
            }));
        }
        let scores = subject.scores(set)?;
        let single = set.task == Task::Single;
        let row = |holds: &dyn Fn(usize) -> bool| (0..set.labels.len()).map(holds).collect::<Vec<bool>>();
        let said = |i: usize| if single { row(&|l| scores.best(i) == Some(l)) } else { scores.on(i).to_vec() };
        Ok(Self::Labels(Labels {
            single,
            gold: set.gold.iter().map(|g| row(&|l| g.contains(&l))).collect(),
            said: (0..scores.len()).map(said).collect(),
            probability: (0..scores.len())
                .map(|i| scores.probability(i).iter().map(|&p| f64::from(p)).collect())
                .collect(),
            answered: (0..scores.len()).map(|i| scores.on(i).contains(&true)).collect(),
            threshold: f64::from(subject.threshold()),
        }))
    }

    /// `{"task", "rows", "<metric>": value, ..., "intervals": {"<metric>": {"low", "high"}, ...}}`
    pub fn figures(&self, set: &EvaluationSet) -> Result<Map<String, Value>> {
        let mut figures = Map::new();
        figures.insert("task".into(), set.task.name().into());
        figures.insert("rows".into(), set.texts.len().into());
        for (name, value) in self.values() {
            figures.insert(name.into(), json!(value.with_context(|| format!("{}: {name}", set.name))?));
        }
        let drawn = bootstrap::intervals(set.texts.len(), |rows| self.drawn(rows));
        let intervals: Map<String, Value> =
            self.names().zip(drawn).filter_map(|(name, range)| Some((name.into(), json!(range?)))).collect();
        figures.insert("intervals".into(), intervals.into());
        if let Self::Labels(labels) = self
            && !labels.single
        {
            let best = labels.best_cut().with_context(|| set.name.clone())?;
            figures.insert("macro_f1_best_threshold".into(), json!(best.macro_f1));
        }
        Ok(figures)
    }

    /// The intervals of the differences of the figures to another reading's of the same rows, by name.
    pub fn differences(&self, to: &Self) -> HashMap<&'static str, Interval> {
        let drawn = bootstrap::intervals(self.len().min(to.len()), |rows| {
            let (own, other) = (self.drawn(rows), to.drawn(rows));
            std::array::from_fn::<_, FIGURES, _>(|i| Some(own[i]? - other[i]?))
        });
        self.names().zip(drawn).filter_map(|(name, range)| Some((name, range?))).collect()
    }

    /// How many rows.
    fn len(&self) -> usize {
        match self {
            Self::Labels(labels) => labels.gold.len(),
            Self::Affect(affect) => affect.gold[0].len(),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.values().into_iter().map(|(name, _)| name)
    }

    /// The figures of some of the rows.
    fn drawn(&self, rows: &[usize]) -> [Option<f64>; FIGURES] {
        let mut values = self.rows(rows).values().into_iter().map(|(_, value)| value.ok());
        std::array::from_fn(|_| values.next().flatten())
    }

    /// The figures that have an interval, [`FIGURES`] at most.
    fn values(&self) -> Vec<(&'static str, undertone_core::Result<f64>)> {
        match self {
            Self::Affect(Affect { gold, read }) => vec![
                ("valence_r", metrics::pearson(&gold[0], &read[0])),
                ("arousal_r", metrics::pearson(&gold[1], &read[1])),
            ],
            Self::Labels(labels) if labels.single => vec![
                ("accuracy", metrics::accuracy(&labels.gold, &labels.said)),
                ("macro_f1", metrics::macro_f1(&labels.gold, &labels.said)),
                ("ece", labels.calibration_error()),
            ],
            Self::Labels(labels) => {
                let Labels { gold, said, probability, .. } = labels;
                vec![
                    ("macro_f1", metrics::macro_f1(gold, said)),
                    ("micro_f1", metrics::micro_f1(gold, said)),
                    ("jaccard", metrics::jaccard(gold, said)),
                    ("map", metrics::mean_average_precision(gold, probability)),
                    ("auroc", metrics::auroc(gold, probability)),
                    ("ece", labels.calibration_error()),
                ]
            }
        }
    }

    /// What it makes of some of the rows.
    fn rows(&self, rows: &[usize]) -> Self {
        fn some<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row].clone()).collect()
        }
        match self {
            Self::Labels(labels) => Self::Labels(Labels {
                single: labels.single,
                gold: some(&labels.gold, rows),
                said: some(&labels.said, rows),
                probability: some(&labels.probability, rows),
                answered: some(&labels.answered, rows),
                threshold: labels.threshold,
            }),
            Self::Affect(affect) => Self::Affect(Affect {
                gold: [0, 1].map(|axis| some(&affect.gold[axis], rows)),
                read: [0, 1].map(|axis| some(&affect.read[axis], rows)),
            }),
        }
    }
}

/// How many figures a reading has with an interval, at most.
const FIGURES: usize = 6;

impl Labels {
    /// What the model claims with a probability, and whether it holds: each label of each text, or of a single label
    /// the winner alone.
    pub fn claims(&self) -> (Vec<bool>, Vec<f64>) {
        let cells = self.gold.iter().flatten().zip(self.probability.iter().flatten()).zip(self.said.iter().flatten());
        cells.filter(|(_, said)| !self.single || **said).map(|((gold, p), _)| (gold, p)).unzip()
    }

    pub fn calibration_error(&self) -> undertone_core::Result<f64> {
        let (held, probability) = self.claims();
        metrics::calibration_error(&held, &probability, BINS)
    }

    pub fn reliability(&self) -> Result<Vec<Bin>> {
        let (held, probability) = self.claims();
        Ok(metrics::reliability(&held, &probability, BINS)?)
    }

    /// Thresholds of every hundredth, those that an export chooses from.
    pub fn cuts(&self) -> undertone_core::Result<Vec<Cut>> {
        let thresholds: Vec<f64> = (1..100).map(|step| f64::from(step) / 100.0).collect();
        metrics::sweep(&self.gold, &self.probability, &thresholds)
    }

    /// The threshold with the best macro F1, the lowest of equals. Fitted on what it is measured by: for comparison.
    pub fn best_cut(&self) -> undertone_core::Result<Cut> {
        let mut cuts = self.cuts()?.into_iter();
        let first = cuts.next().unwrap_or(Cut { threshold: 0.0, macro_f1: 0.0, micro_f1: 0.0 });
        Ok(cuts.fold(first, |best, cut| if cut.macro_f1 > best.macro_f1 { cut } else { best }))
    }

    /// The curve over all cells, or one label's.
    pub fn precision_recall(&self, label: Option<usize>) -> Result<Vec<Point>> {
        let (gold, probability): (Vec<bool>, Vec<f64>) = match label {
            Some(label) => self.gold.iter().zip(&self.probability).map(|(g, p)| (g[label], p[label])).unzip(),
            None => (self.gold.concat(), self.probability.concat()),
        };
        Ok(metrics::precision_recall(&gold, &probability)?)
    }

    /// For each label its row of a table.
    pub fn by_label(&self) -> Result<Vec<ByLabel>> {
        let precision = metrics::precision(&self.gold, &self.said)?;
        let recall = metrics::recall(&self.gold, &self.said)?;
        let f1 = metrics::f1(&self.gold, &self.said)?;
        let row = |l: usize| {
            let gold: Vec<bool> = self.gold.iter().map(|row| row[l]).collect();
            let probability: Vec<f64> = self.probability.iter().map(|row| row[l]).collect();
            Ok(ByLabel {
                precision: precision[l],
                recall: recall[l],
                f1: f1[l],
                average_precision: metrics::average_precision(&gold, &probability)?,
                support: gold.iter().filter(|&&g| g).count(),
            })
        };
        (0..f1.len()).map(row).collect()
    }

    /// `[gold][said]`: how many texts have a gold label, and something else said. A single label counts what is right
    /// on its diagonal. Several labels count mistakes alone: the missed label, and what was wrongly said with it; in
    /// the last column, texts in which nothing wrong was said beside.
    pub fn confusion(&self) -> Vec<Vec<usize>> {
        let labels = self.gold.first().map_or(0, Vec::len);
        let mut counts = vec![vec![0; labels + usize::from(!self.single)]; labels];
        for (gold, said) in self.gold.iter().zip(&self.said) {
            let missed = (0..labels).filter(|&l| gold[l] && (self.single || !said[l]));
            let wrong: Vec<usize> = (0..labels).filter(|&l| said[l] && (self.single || !gold[l])).collect();
            for missed in missed {
                wrong.iter().for_each(|&wrong| counts[missed][wrong] += 1);
                if wrong.is_empty() && !self.single {
                    counts[missed][labels] += 1;
                }
            }
        }
        counts
    }

    /// The most confident wrong labels, at most one a text: text, label.
    pub fn wrongly_said(&self, limit: usize) -> Vec<(usize, usize)> {
        self.worst(limit, |text, label| self.said[text][label] && !self.gold[text][label], |p| p)
    }

    /// The least confident labels that people gave and the model did not say, at most one a text: text, label.
    pub fn missed(&self, limit: usize) -> Vec<(usize, usize)> {
        self.worst(limit, |text, label| !self.said[text][label] && self.gold[text][label], |p| -p)
    }

    fn worst(
        &self,
        limit: usize,
        wrong: impl Fn(usize, usize) -> bool,
        badness: impl Fn(f64) -> f64,
    ) -> Vec<(usize, usize)> {
        let worst_of = |text: usize| {
            let labels = (0..self.probability[text].len()).filter(|&label| wrong(text, label));
            let rated = labels.map(|label| (badness(self.probability[text][label]), text, label));
            rated.max_by(|a, b| a.0.total_cmp(&b.0))
        };
        let mut worst: Vec<(f64, usize, usize)> = (0..self.gold.len()).filter_map(worst_of).collect();
        worst.sort_by(|a, b| b.0.total_cmp(&a.0));
        worst.into_iter().take(limit).map(|(_, text, label)| (text, label)).collect()
    }
}

/// A label's figures.
pub struct ByLabel {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    /// `None` where people never gave it.
    pub average_precision: Option<f64>,
    /// How many texts people gave it to.
    pub support: usize,
}
