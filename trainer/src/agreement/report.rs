//! The figures, as JSON and for people.

use std::fmt;

use anyhow::Result;
use serde_json::{Value, json};
use undertone_core::metrics::{
    Bin, DRAWS, Estimate, Figures, Mistake, Pair, ThresholdFit, calibration_error, fit_thresholds, mistakes,
    reliability,
};

use super::judged::Judged;

/// How many bins of equal width a reliability diagram has.
const BINS: usize = 10;

/// How many mistakes people are told.
const MISTAKES: usize = 10;

/// What is found.
pub struct Report {
    labels: Vec<String>,
    /// The annotators and of how many rows each said something; the machine last, if there is one.
    annotators: Vec<(String, usize)>,
    rows: usize,
    /// How many rows two people judged at least.
    shared: usize,
    nominal: Option<Estimate>,
    masi: Option<Estimate>,
    /// Krippendorff's nominal alpha of each label.
    by_label: Vec<Option<Estimate>>,
    pairs: Vec<Pair>,
    machine: Option<Beside>,
}

/// The machine beside gold.
struct Beside {
    /// What gold is.
    gold: String,
    figures: Figures,
    mistakes: Vec<Mistake>,
    bins: Vec<Bin>,
    calibration_error: f64,
    /// Why there are no thresholds, if there are none.
    thresholds: std::result::Result<ThresholdFit, String>,
}

impl Report {
    /// The figures; `gold` is the person by whom the machine is measured, if it is not the majority.
    pub fn new(judged: &Judged, gold: Option<usize>, folds: usize) -> Result<Self> {
        let (all, people) = (judged.all()?, judged.people()?);
        let counted = |who: usize| all.of(who).iter().filter(|row| row.is_some()).count();
        let annotators = all.annotators().iter().enumerate().map(|(i, name)| (name.clone(), counted(i))).collect();
        Ok(Self {
            labels: judged.labels.clone(),
            annotators,
            rows: judged.rows,
            shared: people.shared(),
            nominal: people.alpha_nominal(DRAWS),
            masi: people.alpha_masi(DRAWS),
            by_label: people.alpha_by_label(DRAWS),
            pairs: all.pairs(),
            machine: Beside::new(judged, gold, folds)?,
        })
    }

    /// `{"rows", "annotators", "alpha": {"nominal", "masi", "labels"}, "pairs", "machine"}`
    pub fn to_json(&self) -> Value {
        let name = |who: usize| self.annotators[who].0.as_str();
        let named = |values: Vec<Value>| -> Value {
            Value::Object(self.labels.iter().cloned().zip(values).collect::<serde_json::Map<_, _>>())
        };
        let pair = |pair: &Pair| {
            json!({"first": name(pair.first), "second": name(pair.second), "rows": pair.rows, "same": pair.same,
                "masi": pair.masi, "mean_kappa": pair.mean_kappa,
                "kappa": named(pair.kappa.iter().map(|kappa| json!(kappa)).collect())})
        };
        json!({
            "rows": self.rows,
            "annotators": self.annotators.iter().map(|(name, rows)| json!({"name": name, "rows": rows})).collect::<Vec<_>>(),
            "alpha": {
                "rows": self.shared,
                "nominal": self.nominal,
                "masi": self.masi,
                "labels": named(self.by_label.iter().map(|alpha| json!(alpha)).collect()),
            },
            "pairs": self.pairs.iter().map(pair).collect::<Vec<_>>(),
            "machine": self.machine.as_ref().map(|machine| machine.to_json(&self.labels)),
        })
    }
}

impl Beside {
    fn new(judged: &Judged, person: Option<usize>, folds: usize) -> Result<Option<Self>> {
        let Some(machine) = &judged.machine else { return Ok(None) };
        let name = match (person, &judged.people[..]) {
            (Some(person), people) => people[person].0.clone(),
            (None, [(only, _)]) => only.clone(),
            (None, people) => format!("the majority of {} annotators", people.len()),
        };
        let (mut gold, mut said, mut probability) = (Vec::new(), Vec::new(), Vec::new());
        for (given, row) in judged.gold(person).into_iter().zip(&machine.rows) {
            if let (Some(given), Some((on, scores))) = (given, row) {
                gold.push(given);
                said.push(on.clone());
                probability.push(scores.clone());
            }
        }
        if gold.is_empty() {
            return Ok(None);
        }
        let (held, claimed) = (gold.concat(), probability.concat());
        let thresholds = if machine.single {
            Err("a text has one label: there is no threshold to fit".to_owned())
        } else {
            fit_thresholds(&gold, &probability, folds).map_err(|e| e.to_string())
        };
        Ok(Some(Self {
            gold: name,
            figures: Figures::new(&gold, &said, DRAWS)?,
            mistakes: mistakes(&gold, &said)?,
            bins: reliability(&held, &claimed, BINS)?,
            calibration_error: calibration_error(&held, &claimed, BINS)?,
            thresholds,
        }))
    }

    fn to_json(&self, names: &[String]) -> Value {
        let Figures { rows, labels, macro_f1, micro_f1, jaccard, kappa } = &self.figures;
        let label = |(name, label): (&String, &undertone_core::metrics::LabelFigures)| {
            let figures = json!({"gold": label.gold, "said": label.said, "both": label.both,
                "precision": label.precision, "recall": label.recall, "f1": label.f1, "kappa": label.kappa});
            (name.clone(), figures)
        };
        let mistake = |mistake: &Mistake| json!({"missed": names[mistake.missed], "said": names[mistake.said], "rows": mistake.rows});
        let bin = |bin: &Bin| json!({"from": bin.from, "to": bin.to, "count": bin.count, "probability": bin.probability, "held": bin.held});
        let thresholds = match &self.thresholds {
            Ok(fit) => {
                let own = names.iter().cloned().zip(fit.by_label.thresholds.iter().map(|&t| json!(t)));
                json!({
                    "one": {"threshold": fit.one.thresholds[0], "fitted": fit.one.fitted, "expected": fit.one.expected},
                    "by_label": {"thresholds": own.collect::<serde_json::Map<_, _>>(), "fitted": fit.by_label.fitted,
                        "expected": fit.by_label.expected},
                })
            }
            Err(_) => Value::Null,
        };
        json!({
            "gold": self.gold, "rows": rows, "macro_f1": macro_f1, "micro_f1": micro_f1, "jaccard": jaccard, "kappa": kappa,
            "labels": names.iter().zip(labels).map(label).collect::<serde_json::Map<_, _>>(),
            "mistakes": self.mistakes.iter().map(mistake).collect::<Vec<_>>(),
            "calibration_error": self.calibration_error,
            "reliability": self.bins.iter().map(bin).collect::<Vec<_>>(),
            "thresholds": thresholds,
        })
    }

    fn tell(&self, names: &[String], width: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { rows, labels, macro_f1, micro_f1, jaccard, kappa } = &self.figures;
        writeln!(f, "\nThe machine beside {}, {rows} rows", self.gold)?;
        writeln!(f, "  macro F1 {}   micro F1 {}   Jaccard {jaccard:.3}", with(macro_f1), with(micro_f1))?;
        writeln!(f, "  mean kappa {}   calibration error {:.3}", or_none(kappa), self.calibration_error)?;
        writeln!(
            f,
            "\n  {:width$}  {:>5} {:>5}  {:19}  {:19}  {:19}  {:>5}",
            "label", "gold", "said", "precision", "recall", "F1", "kappa"
        )?;
        for (name, label) in names.iter().zip(labels) {
            let kappa = label.kappa.map_or("-".into(), |kappa| format!("{kappa:.3}"));
            let [precision, recall, f1] = [&label.precision, &label.recall, &label.f1].map(with);
            writeln!(
                f,
                "  {name:width$}  {:>5} {:>5}  {precision:19}  {recall:19}  {f1:19}  {kappa:>5}",
                label.gold, label.said
            )?;
        }
        if !self.mistakes.is_empty() {
            writeln!(f, "\n  Most often, instead of what people said, the machine said")?;
            for Mistake { missed, said, rows } in self.mistakes.iter().take(MISTAKES) {
                writeln!(f, "  {rows:>5} rows  {} instead of {}", names[*said], names[*missed])?;
            }
        }
        writeln!(f, "\n  Reliability: of what the machine claims with a probability, so much holds")?;
        for bin in self.bins.iter().filter(|bin| bin.count > 0) {
            let Bin { from, to, count, probability, held } = bin;
            writeln!(f, "  {from:.1}-{to:.1}  {count:>7} claims  mean {probability:.3}  held {held:.3}")?;
        }
        match &self.thresholds {
            Err(why) => writeln!(f, "\n  No thresholds: {why}"),
            Ok(ThresholdFit { one, by_label }) => {
                writeln!(f, "\n  One threshold for all, {:.2}: {one}", one.thresholds[0])?;
                writeln!(f, "  A threshold for each label: {by_label}")?;
                for (name, threshold) in names.iter().zip(&by_label.thresholds) {
                    writeln!(f, "  {name:width$}  {threshold:.2}")?;
                }
                Ok(())
            }
        }
    }
}

/// A figure with its interval.
fn with(Estimate { value, interval }: &Estimate) -> String {
    format!("{value:.3} [{:.3}, {:.3}]", interval.low, interval.high)
}

fn or_none(estimate: &Option<Estimate>) -> String {
    estimate.as_ref().map_or("-".into(), with)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.labels.iter().map(|name| name.chars().count()).max().unwrap_or_default().max(5);
        writeln!(
            f,
            "{} rows, {} labels. Brackets hold 95 % bootstrap intervals over rows.",
            self.rows,
            self.labels.len()
        )?;
        for (name, rows) in &self.annotators {
            writeln!(f, "  {name}: {rows} rows")?;
        }
        let people = self.annotators.len() - usize::from(self.machine.is_some());
        if people > 1 {
            writeln!(f, "\nPeople among themselves, {} rows that two or more judged", self.shared)?;
            writeln!(f, "  Krippendorff's alpha, nominal {}   MASI {}", or_none(&self.nominal), or_none(&self.masi))?;
            for (name, alpha) in self.labels.iter().zip(&self.by_label) {
                writeln!(f, "  {name:width$}  alpha {}", or_none(alpha))?;
            }
        }
        if self.annotators.len() > 1 {
            writeln!(
                f,
                "\nTwo by two: rows in common, share of the same labels, mean kappa, one less the mean MASI distance"
            )?;
            for Pair { first, second, rows, same, mean_kappa, masi, .. } in &self.pairs {
                let kappa = mean_kappa.map_or("-".into(), |kappa| format!("{kappa:.3}"));
                let (first, second) = (&self.annotators[*first].0, &self.annotators[*second].0);
                writeln!(f, "  {first} and {second}: {rows} rows, {same:.3}, {kappa}, {masi:.3}")?;
            }
        }
        match &self.machine {
            Some(machine) => machine.tell(&self.labels, width, f),
            None => Ok(()),
        }
    }
}
