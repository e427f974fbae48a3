//! Who said what of a file's rows.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use undertone_core::metrics::Judgements;
use undertone_core::{LabelSet, Roles, Table};

/// What the annotators of a table, and the machine, say of its rows. Labels are counted by [`Judged::labels`].
pub struct Judged {
    /// The labels' names.
    pub labels: Vec<String>,
    /// The people, and of each row the labels that they gave it, if they said anything.
    pub people: Vec<(String, Vec<Option<Vec<usize>>>)>,
    /// The machine.
    pub machine: Option<Machine>,
    /// Names that are no label of the set, and how many rows have them.
    pub unknown: BTreeMap<String, usize>,
    /// How many rows.
    pub rows: usize,
}

/// What a model says of the rows.
pub struct Machine {
    /// Which model.
    pub name: String,
    /// Whether a row has one label at most.
    pub single: bool,
    /// Of each row which labels are on, and each label's probability; none where it said nothing.
    pub rows: Vec<Option<(Vec<bool>, Vec<f32>)>>,
}

impl Judged {
    /// The annotators of a table; and, if it is an export, the decisions that were made there and what the machine said. The
    /// labels are those of the set, or without one those that are named.
    pub fn of_table(table: &Table, roles: &Roles, set: Option<&LabelSet>) -> Result<Self> {
        let rows = table.len();
        let said = table.annotations()?;
        let mut labels = set.cloned().unwrap_or_else(|| LabelSet::new("agreement"));
        if let Some(said) = said.as_ref().filter(|_| set.is_none()) {
            for label in said.runs.iter().flat_map(|run| &run.labels) {
                if labels.find(label).is_none() {
                    labels.add(label)?;
                }
            }
        }
        let mut named: Vec<(String, Vec<Option<Vec<String>>>)> = Vec::new();
        for gold in &roles.gold {
            let known = |name: &str| labels.find(name).is_some();
            let given = (0..rows).map(|row| gold.labels(table, row, known)).collect();
            named.push((gold.name(table).to_owned(), given));
        }
        if let Some(said) = &said {
            let decided = |row: &Option<undertone_core::Annotation>| {
                let row = row.as_ref()?;
                let names =
                    |labels: &Vec<usize>| labels.iter().map(|&l| said.runs[row.run].labels[l].clone()).collect();
                row.labels.as_ref().map(names)
            };
            let decided: Vec<Option<Vec<String>>> = said.rows.iter().map(decided).collect();
            if decided.iter().any(Option::is_some) {
                named.push(("decisions".into(), decided));
            }
        }
        if set.is_none() {
            for name in named.iter().flat_map(|(_, given)| given.iter().flatten().flatten()) {
                if labels.find(name).is_none() {
                    labels.add(name).with_context(|| format!("{}: '{name}' is no name for a label", table.name()))?;
                }
            }
        }
        let mut unknown = BTreeMap::new();
        let place = |name: &str| {
            let id = labels.find(name)?.id;
            labels.labels().iter().position(|label| label.id == id)
        };
        let mut people = Vec::new();
        for (who, given) in named {
            let mut rows = Vec::with_capacity(given.len());
            for names in given {
                rows.push(names.map(|names| {
                    let mut found: Vec<usize> = Vec::new();
                    for name in names {
                        match place(&name) {
                            Some(label) => found.push(label),
                            None => *unknown.entry(name).or_default() += 1,
                        }
                    }
                    found.sort_unstable();
                    found.dedup();
                    found
                }));
            }
            people.push((who, rows));
        }
        let machine = said.as_ref().and_then(|said| {
            let width = labels.labels().len();
            let one = |row: &Option<undertone_core::Annotation>| {
                let row = row.as_ref()?;
                let prediction = row.prediction.as_ref()?;
                let (mut on, mut probability) = (vec![false; width], vec![0.0; width]);
                for (label, name) in said.runs[row.run].labels.iter().enumerate() {
                    if let Some(place) = place(name) {
                        on[place] = prediction.on[label];
                        probability[place] = prediction.probability[label];
                    }
                }
                Some((on, probability))
            };
            let rows: Vec<_> = said.rows.iter().map(one).collect();
            let name = said.runs.first()?.model.clone();
            rows.iter().any(Option::is_some).then_some(Machine { name, single: false, rows })
        });
        let labels = labels.labels().iter().map(|label| label.name.clone()).collect();
        Ok(Self { labels, people, machine, unknown, rows })
    }

    /// The index of a person by their column's name.
    pub fn person(&self, name: &str) -> Result<usize> {
        let found = self.people.iter().position(|(who, _)| who.eq_ignore_ascii_case(name.trim()));
        found.with_context(|| {
            let names: Vec<&str> = self.people.iter().map(|(who, _)| who.as_str()).collect();
            format!("--gold is '{name}', which is no annotator; the annotators are {}", names.join(", "))
        })
    }

    /// All of them, the machine last.
    pub fn all(&self) -> Result<Judgements> {
        let mut judgements = Judgements::new(self.rows, self.labels.len());
        for (who, given) in &self.people {
            judgements.push(who, given.clone())?;
        }
        if let Some(machine) = &self.machine {
            let tags = |(on, _): &(Vec<bool>, Vec<f32>)| (0..on.len()).filter(|&label| on[label]).collect();
            judgements.push(&machine.name, machine.rows.iter().map(|row| row.as_ref().map(tags)).collect())?;
        }
        Ok(judgements)
    }

    /// The people alone.
    pub fn people(&self) -> Result<Judgements> {
        let mut judgements = Judgements::new(self.rows, self.labels.len());
        for (who, given) in &self.people {
            judgements.push(who, given.clone())?;
        }
        Ok(judgements)
    }

    /// What the machine is measured by: what one person gave each row, or what more than half of those gave who judged it.
    pub fn gold(&self, person: Option<usize>) -> Vec<Option<Vec<bool>>> {
        let of_row = |row: usize| {
            let given: Vec<&Vec<usize>> = match person {
                Some(person) => self.people[person].1[row].iter().collect(),
                None => self.people.iter().filter_map(|(_, given)| given[row].as_ref()).collect(),
            };
            let has = |label: usize| given.iter().filter(|labels| labels.contains(&label)).count() * 2 > given.len();
            (!given.is_empty()).then(|| (0..self.labels.len()).map(has).collect())
        };
        (0..self.rows).map(of_row).collect()
    }
}
