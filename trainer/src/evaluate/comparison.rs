//! One model or several, by the same sets.

use std::fmt;

use serde_json::{Map, Value};
use undertone_core::metrics::Interval;

use super::report::{Detail, METRICS, Report, Section};

/// A bundle's report.
pub struct Model {
    /// The path it was asked for by.
    pub path: String,
    /// What its manifest calls it.
    pub name: String,
    pub report: Report,
}

/// Models by the same sets, in the same order.
pub struct Comparison {
    pub models: Vec<Model>,
}

/// One figure of all models.
pub struct Row {
    pub set: String,
    pub title: String,
    pub about: &'static str,
    /// What each of the models has.
    pub values: Vec<Option<f64>>,
    /// Each value's interval; empty if that is not known.
    pub intervals: Vec<Option<Interval>>,
    /// The same for how far each is from the first.
    pub differences: Vec<Option<Interval>>,
    /// Which of them are the best, if they are not all the same.
    pub best: Vec<bool>,
    /// How many digits after the point tell something.
    pub digits: usize,
}

impl Comparison {
    /// A model's own JSON; of several, an object of these by path.
    pub fn to_json(&self) -> Map<String, Value> {
        match &self.models[..] {
            [model] => model.report.to_json(),
            models => models.iter().map(|m| (m.path.clone(), Value::Object(m.report.to_json()))).collect(),
        }
    }

    /// One set, by each of the models.
    pub fn sections(&self, set: usize) -> Vec<&Section> {
        self.models.iter().filter_map(|model| model.report.sections.get(set)).collect()
    }

    /// The figures of one set.
    pub fn rows(&self, set: usize) -> Vec<Row> {
        let sections = self.sections(set);
        let Some(first) = sections.first() else {
            return Vec::new();
        };
        let set = first.name.clone();
        if let Detail::Verdicts(verdicts) = &first.detail {
            let passed = |of: &dyn Fn(&super::probes::Verdicts) -> usize| {
                let value = |section: &&Section| match &section.detail {
                    Detail::Verdicts(verdicts) => Some(of(verdicts) as f64),
                    Detail::Reading(_) => None,
                };
                sections.iter().map(value).collect::<Vec<_>>()
            };
            let row =
                |title: &str, of: usize, values| Row::new(&set, format!("{title} (of {of})"), "", values, true, 0);
            let phenomena = verdicts.by_phenomenon.iter().enumerate();
            let mut rows: Vec<Row> = phenomena
                .map(|(i, (phenomenon, _, of))| {
                    row(phenomenon, *of, passed(&|v| v.by_phenomenon.get(i).map_or(0, |row| row.1)))
                })
                .collect();
            rows.push(row("all", verdicts.verdicts.len(), passed(&|v| v.passed())));
            return rows;
        }
        let differences: Vec<_> = sections.iter().map(|section| section.differences(first)).collect();
        let figures = METRICS.iter().filter(|metric| first.figure(metric).is_some());
        figures
            .map(|metric| {
                let values = sections.iter().map(|section| section.figure(metric)).collect();
                Row {
                    intervals: sections.iter().map(|section| section.interval(metric)).collect(),
                    differences: differences.iter().map(|all| all.get(metric.key).copied()).collect(),
                    ..Row::new(&set, metric.title.into(), metric.about, values, metric.up, 3)
                }
            })
            .collect()
    }
}

impl Row {
    pub fn new(
        set: &str,
        title: String,
        about: &'static str,
        values: Vec<Option<f64>>,
        up: bool,
        digits: usize,
    ) -> Self {
        // What looks the same is the same.
        let unit = 10f64.powi(digits as i32);
        let rated = |value: &f64| (value * unit).round() * if up { 1.0 } else { -1.0 };
        let most = values.iter().flatten().map(rated).fold(f64::MIN, f64::max);
        let mut best: Vec<bool> = values.iter().map(|v| v.as_ref().is_some_and(|v| rated(v) >= most)).collect();
        if best.iter().all(|&best| best) {
            best.fill(false);
        }
        Self { set: set.into(), title, about, values, intervals: Vec::new(), differences: Vec::new(), best, digits }
    }

    /// A value as text.
    pub fn value(&self, model: usize) -> String {
        self.values[model].map(|value| format!("{value:.*}", self.digits)).unwrap_or_default()
    }

    /// How far a value is from the first model's, with its sign; nothing for the first.
    pub fn difference(&self, model: usize) -> String {
        match (model, self.values[0], self.values[model]) {
            (1.., Some(_), Some(_)) if self.value(0) == self.value(model) => "=".into(),
            (1.., Some(first), Some(value)) => format!("{:+.*}", self.digits, value - first),
            _ => String::new(),
        }
    }
}

impl Row {
    /// A value's interval as text.
    pub fn interval(&self, model: usize) -> String {
        range(&self.intervals, model, |x| format!("{x:.*}", self.digits))
    }

    /// The interval of a difference, with signs; nothing for the first model.
    pub fn difference_interval(&self, model: usize) -> String {
        if model == 0 { String::new() } else { range(&self.differences, model, |x| format!("{x:+.*}", self.digits)) }
    }

    /// Whether a value differs from the first model's by more than the choice of rows could make it.
    pub fn differs(&self, model: usize) -> bool {
        let range = self.differences.get(model).copied().flatten();
        model > 0 && range.is_some_and(|range| range.low > 0.0 || range.high < 0.0)
    }
}

fn range(of: &[Option<Interval>], model: usize, number: impl Fn(f64) -> String) -> String {
    let range = of.get(model).copied().flatten();
    range.map(|Interval { low, high }| format!("{} to {}", number(low), number(high))).unwrap_or_default()
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [model] = &self.models[..] {
            return model.report.fmt(f);
        }
        let sets = self.models.first().map_or(0, |model| model.report.sections.len());
        let rows: Vec<Row> = (0..sets).flat_map(|set| self.rows(set)).collect();
        let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let set = longest(&mut rows.iter().map(|row| row.set.chars().count())).max(3);
        let figure = longest(&mut rows.iter().map(|row| row.title.chars().count())).max(6);
        // A value, a star, a difference and its mark.
        let width = |model: usize| self.models[model].path.chars().count().max(17);
        write!(f, "{:set$} {:figure$}", "set", "figure")?;
        (0..self.models.len()).try_for_each(|m| write!(f, "  {:>w$}", self.models[m].path, w = width(m)))?;
        writeln!(f)?;
        for row in &rows {
            write!(f, "{:set$} {:figure$}", row.set, row.title)?;
            for m in 0..self.models.len() {
                let star = if row.best[m] { "*" } else { " " };
                let sure = if row.differs(m) { "!" } else { " " };
                let cell = format!("{}{star} {:>7}{sure}", row.value(m), row.difference(m));
                write!(f, "  {cell:>w$}", w = width(m))?;
            }
            writeln!(f)?;
        }
        let first = &self.models[0].path;
        writeln!(
            f,
            "* the best; differences are to {first}, those with ! more than other rows would make in 95 of 100 cases"
        )
    }
}
