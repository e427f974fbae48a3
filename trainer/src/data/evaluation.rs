//! Evaluation sets: texts with labels that people gave.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::jsonl::{each_row_of_some, rows_of};

/// What is asked of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// Any number of labels.
    Multi,
    /// Exactly one label.
    Single,
    /// Valence and arousal.
    Regression,
}

impl Task {
    pub fn name(self) -> &'static str {
        match self {
            Self::Multi => "multi",
            Self::Single => "single",
            Self::Regression => "regression",
        }
    }
}

/// A folder of `set.json` and `data.jsonl`.
#[derive(Debug, Clone)]
pub struct EvaluationSet {
    pub name: String,
    pub task: Task,
    pub labels: Vec<String>,
    pub texts: Vec<String>,
    /// For each text the indices of its labels; empty rows for a regression.
    pub gold: Vec<Vec<usize>>,
    /// For each text valence and arousal, on whatever scale; empty unless a regression.
    pub affect: Vec<[f32; 2]>,
}

#[derive(Deserialize)]
struct Header {
    name: String,
    task: Task,
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    text: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    valence: Option<f32>,
    arousal: Option<f32>,
}

impl EvaluationSet {
    /// Reads a set.
    pub fn read(folder: &Path) -> Result<Self> {
        let header_path = folder.join("set.json");
        let header = fs::read_to_string(&header_path).with_context(|| {
            format!(
                "{} cannot be read; an evaluation set is a folder with set.json and data.jsonl",
                header_path.display()
            )
        })?;
        let header: Header =
            serde_json::from_str(&header).map_err(|e| anyhow::anyhow!("{}: {e}", header_path.display()))?;
        let mut set = Self {
            name: header.name,
            task: header.task,
            labels: header.labels,
            texts: Vec::new(),
            gold: Vec::new(),
            affect: Vec::new(),
        };
        each_row_of_some(&rows_of(folder)?, |place, row: Row| {
            let text = row.text.with_context(|| format!("{place}: the row has no text; add a field \"text\""))?;
            let gold = row.labels.iter().map(|label| {
                set.labels.iter().position(|known| known == label).with_context(|| {
                    format!("{place}: the label '{label}' is not among those of {}", header_path.display())
                })
            });
            let gold = gold.collect::<Result<Vec<_>>>()?;
            if set.task == Task::Single {
                ensure!(gold.len() == 1, "{place}: a single-label row has {} labels; give it one", gold.len());
            }
            if set.task == Task::Regression {
                let affect = row.valence.zip(row.arousal);
                let (v, a) =
                    affect.with_context(|| format!("{place}: the row has no valence and arousal; add both"))?;
                set.affect.push([v, a]);
            }
            set.texts.push(text);
            set.gold.push(gold);
            Ok(())
        })?;
        Ok(set)
    }
    /// The set with `rows` of its rows at most, evenly drawn.
    #[must_use]
    pub fn thinned(&self, rows: usize) -> Self {
        let stride = self.texts.len().div_ceil(rows.max(1)).max(1);
        fn every<T: Clone>(values: &[T], stride: usize) -> Vec<T> {
            values.iter().step_by(stride).cloned().collect()
        }
        Self {
            texts: every(&self.texts, stride),
            gold: every(&self.gold, stride),
            affect: every(&self.affect, stride),
            ..self.clone()
        }
    }
}
