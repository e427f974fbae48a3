//! The figures of a model on some sets, as text and as JSON.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use undertone_core::metrics;

use super::Subject;
use crate::data::{EvaluationSet, Task};

/// The figures of some sets.
pub struct Report {
    sets: Vec<(String, Map<String, Value>)>,
}

impl Report {
    /// Measures `subject` by each of the sets.
    pub fn of(subject: &Subject, sets: &[EvaluationSet]) -> Result<Self> {
        let sets = sets.iter().map(|set| Ok((set.name.clone(), figures(subject, set)?))).collect::<Result<_>>()?;
        Ok(Self { sets })
    }

    /// `{"<set name>": {"task", "rows", "<metric>": value, ...}}`
    pub fn to_json(&self) -> Map<String, Value> {
        self.sets.iter().map(|(name, figures)| (name.clone(), Value::Object(figures.clone()))).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const METRICS: [&str; 8] =
            ["accuracy", "macro_f1", "micro_f1", "jaccard", "map", "auroc", "valence_r", "arousal_r"];
        let width = self.sets.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max("set".len());
        write!(f, "{:width$} {:>6}", "set", "rows")?;
        METRICS.iter().try_for_each(|metric| write!(f, " {metric:>9}"))?;
        writeln!(f)?;
        for (name, figures) in &self.sets {
            write!(f, "{name:width$} {:>6}", figures["rows"])?;
            for metric in METRICS {
                match figures.get(metric).and_then(Value::as_f64) {
                    Some(value) => write!(f, " {value:>9.3}")?,
                    None => write!(f, " {:>9}", "")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// What one set says about `subject`.
fn figures(subject: &Subject, set: &EvaluationSet) -> Result<Map<String, Value>> {
    let mut figures = Map::new();
    figures.insert("task".into(), set.task.name().into());
    figures.insert("rows".into(), set.texts.len().into());
    let mut add = |name: &str, value: undertone_core::Result<f64>| -> Result<()> {
        figures.insert(name.into(), json!(value.with_context(|| format!("{}: {name}", set.name))?));
        Ok(())
    };
    match set.task {
        Task::Regression => {
            let read = subject.affect(set)?;
            let column = |i: usize| set.affect.iter().map(|a| f64::from(a[i])).collect::<Vec<_>>();
            let valence: Vec<f64> = read.iter().map(|a| f64::from(a.valence)).collect();
            let arousal: Vec<f64> = read.iter().map(|a| f64::from(a.arousal)).collect();
            add("valence_r", metrics::pearson(&column(0), &valence))?;
            add("arousal_r", metrics::pearson(&column(1), &arousal))?;
        }
        Task::Single => {
            let scores = subject.scores(set)?;
            let gold: Vec<usize> = set.gold.iter().map(|g| g[0]).collect();
            let said: Vec<usize> = (0..scores.len()).map(|i| scores.best(i).unwrap_or(0)).collect();
            add("accuracy", metrics::accuracy(&gold, &said))?;
            let one_hot = |rows: &[usize]| -> Vec<Vec<bool>> {
                rows.iter().map(|&row| (0..set.labels.len()).map(|l| l == row).collect()).collect()
            };
            add("macro_f1", metrics::macro_f1(&one_hot(&gold), &one_hot(&said)))?;
        }
        Task::Multi => {
            let scores = subject.scores(set)?;
            let gold: Vec<Vec<bool>> =
                set.gold.iter().map(|g| (0..set.labels.len()).map(|l| g.contains(&l)).collect()).collect();
            let on: Vec<Vec<bool>> = (0..scores.len()).map(|i| scores.on(i).to_vec()).collect();
            let probability: Vec<Vec<f64>> =
                (0..scores.len()).map(|i| scores.probability(i).iter().map(|&p| f64::from(p)).collect()).collect();
            add("macro_f1", metrics::macro_f1(&gold, &on))?;
            add("micro_f1", metrics::micro_f1(&gold, &on))?;
            add("jaccard", metrics::jaccard(&gold, &on))?;
            add("map", metrics::mean_average_precision(&gold, &probability))?;
            add("auroc", metrics::auroc(&gold, &probability))?;
        }
    }
    Ok(figures)
}
