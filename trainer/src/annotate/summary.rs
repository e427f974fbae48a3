//! What the annotation set holds, after a run.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use super::ledger::Ledger;
use super::live::Remains;
use super::meter::{Tariff, dollars};
use super::question::NEUTRAL;
use crate::data::each_row;

/// The figures of an annotation set and of how it came about.
pub struct Summary {
    rows: usize,
    refused: usize,
    unanswered: usize,
    /// The first few reasons.
    reasons: Vec<String>,
    /// Descriptors or labels with how many texts have them, the most frequent first.
    words: Vec<(String, usize)>,
    per_row: f64,
    neutral: usize,
    /// How many rows have each whole valence and arousal, 1 to 9.
    affect: Option<[[usize; 9]; 2]>,
    /// How many ratings there are of each, 0 to 3.
    ratings: Option<[usize; 4]>,
    bill: Value,
    cost: String,
    lost: u64,
}

impl Summary {
    pub fn new(data: &Path, ledger: &Ledger, remains: &Remains, tariff: &Tariff) -> Result<Self> {
        let mut words: HashMap<String, usize> = HashMap::new();
        let mut affect = [[0; 9]; 2];
        let mut ratings = [0; 4];
        let (mut rows, mut said, mut neutral) = (0, 0, 0);
        each_row(data, |_, row: Map<String, Value>| {
            rows += 1;
            let list = row.get("descriptors").or(row.get("labels")).and_then(Value::as_array);
            for word in list.into_iter().flatten().filter_map(Value::as_str) {
                said += 1;
                neutral += usize::from(word == NEUTRAL);
                *words.entry(word.to_owned()).or_default() += 1;
            }
            for (counts, name) in affect.iter_mut().zip(["valence", "arousal"]) {
                if let Some(value) = row.get(name).and_then(Value::as_f64) {
                    counts[(value.round().clamp(1.0, 9.0) as usize) - 1] += 1;
                }
            }
            for (label, rating) in row.get("ratings").and_then(Value::as_object).into_iter().flatten() {
                let rating = rating.as_f64().unwrap_or(0.0).round().clamp(0.0, 3.0) as usize;
                ratings[rating] += 1;
                if rating > 0 {
                    *words.entry(label.clone()).or_default() += 1;
                }
            }
            Ok(())
        })?;
        let mut words: Vec<_> = words.into_iter().collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let mut reasons: Vec<String> = Vec::new();
        for (_, reason) in &remains.unanswered {
            if reasons.len() < 3 && !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
        }
        let bill = ledger.bill();
        let cost = tariff.cost(bill);
        let usage = bill.usage();
        Ok(Self {
            rows,
            refused: ledger.refused(),
            unanswered: remains.unanswered.len(),
            reasons,
            words,
            per_row: if rows == 0 { 0.0 } else { said as f64 / rows as f64 },
            neutral,
            affect: affect.iter().flatten().any(|&n| n > 0).then_some(affect),
            ratings: ratings.iter().any(|&n| n > 0).then_some(ratings),
            bill: bill.to_json(cost),
            cost: format!(
                "{} answers, {} tokens to the model and {} from it, {}",
                bill.answers,
                usage.prompt,
                usage.completion,
                cost.map_or_else(|| "at a price that is not known".into(), dollars)
            ),
            lost: bill.lost,
        })
    }

    pub fn to_json(&self) -> Value {
        let words: Map<String, Value> = self.words.iter().map(|(word, n)| (word.clone(), json!(n))).collect();
        json!({
            "rows": self.rows, "refused": self.refused, "unanswered": self.unanswered, "bill": self.bill,
            "neutral": self.neutral, "words_per_row": self.per_row, "words": words,
            "valence": self.affect.map(|a| a[0]), "arousal": self.affect.map(|a| a[1]), "ratings": self.ratings,
        })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        writeln!(f, "{} texts annotated, {} refused, {} unanswered", self.rows, self.refused, self.unanswered)?;
        self.reasons.iter().try_for_each(|reason| writeln!(f, "  {reason}"))?;
        writeln!(f, "{}", self.cost)?;
        if self.lost > 0 {
            writeln!(f, "{} requests broke off, for which the server may have charged as well", self.lost)?;
        }
        if !self.words.is_empty() {
            let shown: Vec<String> = self.words.iter().take(SHOWN).map(|(word, n)| format!("{word} {n}")).collect();
            writeln!(
                f,
                "{} different words, {:.1} a text, {} texts neutral: {}{}",
                self.words.len(),
                self.per_row,
                self.neutral,
                shown.join(", "),
                if self.words.len() > SHOWN { ", ..." } else { "" }
            )?;
        }
        for (name, counts) in ["valence", "arousal"].iter().zip(self.affect.iter().flatten()) {
            let counts: Vec<String> = (1..).zip(counts).map(|(at, n)| format!("{at}: {n}")).collect();
            writeln!(f, "{name}  {}", counts.join("  "))?;
        }
        if let Some(counts) = self.ratings {
            let counts: Vec<String> = (0..).zip(counts).map(|(at, n)| format!("{at}: {n}")).collect();
            writeln!(f, "ratings  {}", counts.join("  "))?;
        }
        Ok(())
    }
}
