//! The figures of a model, as text and as JSON.

use std::collections::HashMap;
use std::fmt;

use anyhow::Result;
use serde_json::{Map, Value};
use undertone_core::metrics::Interval;

use super::Subject;
use super::probes::Verdicts;
use super::reading::Reading;
use crate::data::{EvaluationSet, Exam};

/// A figure of a set.
pub struct Metric {
    /// In JSON, and above a column.
    pub key: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Whether more is better.
    pub up: bool,
}

/// All of them, the ones asked after first.
pub const METRICS: [Metric; 10] = [
    metric("accuracy", "Accuracy", "the share of texts with the right label", true),
    metric("macro_f1", "Macro F1", "the mean F1 over labels, each counting the same", true),
    metric("micro_f1", "Micro F1", "the F1 over all pairs of text and label", true),
    metric("jaccard", "Jaccard", "labels in common by labels of either side, on the mean over texts", true),
    metric("map", "mAP", "mean average precision: how well each label ranks the texts", true),
    metric("auroc", "AUROC", "how often a text with a label scores above one without", true),
    metric(
        "ece",
        "ECE",
        "expected calibration error: how far probabilities are from what holds; less is better",
        false,
    ),
    metric("valence_r", "Valence r", "Pearson's correlation of valence", true),
    metric("arousal_r", "Arousal r", "Pearson's correlation of arousal", true),
    metric(BEST, "Macro F1, best threshold", "at the threshold that suits this very set: for comparison only", true),
];

/// The figure that no column has room for, nor should: it flatters.
const BEST: &str = "macro_f1_best_threshold";

const fn metric(key: &'static str, title: &'static str, about: &'static str, up: bool) -> Metric {
    Metric { key, title, about, up }
}

/// A model on one set.
pub struct Section {
    pub name: String,
    pub figures: Map<String, Value>,
    pub detail: Detail,
}

/// What figures are made from.
pub enum Detail {
    Reading(Reading),
    Verdicts(Verdicts),
}

impl Section {
    fn of_set(subject: &Subject, set: &EvaluationSet) -> Result<Self> {
        let reading = Reading::of(subject, set)?;
        Ok(Self { name: set.name.clone(), figures: reading.figures(set)?, detail: Detail::Reading(reading) })
    }

    fn of_exam(subject: &Subject, exam: &Exam) -> Result<Self> {
        match exam {
            Exam::Set(set) => Self::of_set(subject, set),
            Exam::Probes(probes) => {
                let verdicts = Verdicts::of(subject, probes)?;
                let (name, figures) = (probes.name.clone(), verdicts.figures());
                Ok(Self { name, figures, detail: Detail::Verdicts(verdicts) })
            }
        }
    }

    pub fn figure(&self, metric: &Metric) -> Option<f64> {
        self.figures.get(metric.key).and_then(Value::as_f64)
    }

    /// The intervals of the differences of the figures to another model's, by key.
    pub fn differences(&self, to: &Self) -> HashMap<&'static str, Interval> {
        match (&self.detail, &to.detail) {
            (Detail::Reading(own), Detail::Reading(other)) => own.differences(other),
            _ => HashMap::new(),
        }
    }

    /// A figure's interval.
    pub fn interval(&self, metric: &Metric) -> Option<Interval> {
        serde_json::from_value(self.figures.get("intervals")?.get(metric.key)?.clone()).ok()
    }
}

/// A model on some sets.
pub struct Report {
    pub sections: Vec<Section>,
}

impl Report {
    /// Measures `subject` by each of the sets.
    pub fn of(subject: &Subject, sets: &[EvaluationSet]) -> Result<Self> {
        Ok(Self { sections: sets.iter().map(|set| Section::of_set(subject, set)).collect::<Result<_>>()? })
    }

    /// Measures `subject` by sets and probes.
    pub fn of_exams(subject: &Subject, exams: &[Exam]) -> Result<Self> {
        Ok(Self { sections: exams.iter().map(|exam| Section::of_exam(subject, exam)).collect::<Result<_>>()? })
    }

    /// `{"<set name>": {"task", "rows", "<metric>": value, ...}}`
    pub fn to_json(&self) -> Map<String, Value> {
        self.sections.iter().map(|section| (section.name.clone(), Value::Object(section.figures.clone()))).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.sections.iter().map(|section| section.name.len()).max().unwrap_or(0).max("set".len());
        let columns = || METRICS.iter().filter(|metric| metric.key != BEST);
        let sets = || self.sections.iter().filter(|section| matches!(section.detail, Detail::Reading(_)));
        if sets().next().is_some() {
            write!(f, "{:width$} {:>6}", "set", "rows")?;
            columns().try_for_each(|metric| write!(f, " {:>9}", metric.key))?;
            writeln!(f)?;
        }
        for section in sets() {
            write!(f, "{:width$} {:>6}", section.name, section.figures["rows"])?;
            for metric in columns() {
                match section.figure(metric) {
                    Some(value) => write!(f, " {value:>9.3}")?,
                    None => write!(f, " {:>9}", "")?,
                }
            }
            writeln!(f)?;
        }
        for section in &self.sections {
            if let Detail::Verdicts(verdicts) = &section.detail {
                writeln!(f, "{:<30} {:>6} {:>6}", section.name, "passed", "rows")?;
                for (phenomenon, passed, rows) in &verdicts.by_phenomenon {
                    writeln!(f, "  {phenomenon:<28} {passed:>6} {rows:>6}")?;
                }
                writeln!(f, "  {:<28} {:>6} {:>6}", "all", verdicts.passed(), verdicts.verdicts.len())?;
            }
        }
        Ok(())
    }
}
