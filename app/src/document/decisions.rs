//! What a person decided about the rows of a file.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use undertone_core::LabelId;

/// Where a row stands in a person's work.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nobody has decided yet.
    #[default]
    Open,
    /// The labels are right.
    Accepted,
    /// A person chose other labels.
    Corrected,
    /// To be looked at again.
    Flagged,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Accepted, Self::Corrected, Self::Flagged];

    /// Its name, in files and test hooks.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Corrected => "corrected",
            Self::Flagged => "flagged",
        }
    }
}

/// What was decided about a row.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct Decision {
    /// Where it stands.
    pub status: Status,
    /// The labels that a person gave it; none where those of the model stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<LabelId>>,
    /// What a person wrote about it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// A change of decisions.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecisionEdit {
    /// Another status.
    Status(Status),
    /// These labels, or again those of the model.
    Labels(Option<Vec<LabelId>>),
    /// Another note.
    Note(String),
}

impl Decision {
    /// Changes it.
    pub fn edit(&mut self, edit: &DecisionEdit) {
        match edit {
            DecisionEdit::Status(status) => self.status = *status,
            DecisionEdit::Labels(labels) => {
                self.labels.clone_from(labels);
                self.status = if labels.is_some() { Status::Corrected } else { Status::Open };
            }
            DecisionEdit::Note(note) => self.note.clone_from(note),
        }
    }
}

/// A set of rows, as ranges of their places in the file: a hundred thousand rows that belong together are two numbers.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Rows(Vec<(u32, u32)>);

impl Rows {
    /// One row.
    pub fn one(row: u32) -> Self {
        Self(vec![(row, row + 1)])
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.ranges().map(|range| range.len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The rows, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        self.ranges().flatten()
    }

    /// The rows as ranges, none touching another.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u32>> {
        self.0.iter().map(|&(from, to)| from..to)
    }
}

impl FromIterator<u32> for Rows {
    fn from_iter<T: IntoIterator<Item = u32>>(rows: T) -> Self {
        let mut rows: Vec<u32> = rows.into_iter().collect();
        rows.sort_unstable();
        rows.dedup();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for row in rows {
            match ranges.last_mut() {
                Some((_, to)) if *to == row => *to = row + 1,
                _ => ranges.push((row, row + 1)),
            }
        }
        Self(ranges)
    }
}

/// The decisions about a file's rows. Rows that nobody touched are not here.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(from = "Vec<(Rows, Decision)>", into = "Vec<(Rows, Decision)>")]
pub struct Decisions {
    rows: BTreeMap<u32, Decision>,
}

impl Decisions {
    /// That about a row.
    pub fn get(&self, row: u32) -> Option<&Decision> {
        self.rows.get(&row)
    }

    /// How many rows have one.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nobody decided anything.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Every row with one, in the file's order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Decision)> {
        self.rows.iter().map(|(&row, decision)| (row, decision))
    }

    /// Those about some rows, rows of one decision together: what [`Decisions::restore`] takes.
    pub fn of(&self, rows: &Rows) -> Vec<(Rows, Decision)> {
        let none = Decision::default();
        group(rows.iter().map(|row| (row, self.get(row).unwrap_or(&none))))
    }

    /// Changes those about some rows.
    pub fn edit(&mut self, rows: &Rows, edit: &DecisionEdit) {
        for row in rows.iter() {
            let mut decision = self.rows.remove(&row).unwrap_or_default();
            decision.edit(edit);
            self.set(row, decision);
        }
    }

    /// Puts decisions in their places.
    pub fn restore(&mut self, groups: &[(Rows, Decision)]) {
        for (rows, decision) in groups {
            rows.iter().for_each(|row| self.set(row, decision.clone()));
        }
    }

    fn set(&mut self, row: u32, decision: Decision) {
        if decision == Decision::default() {
            self.rows.remove(&row);
        } else {
            self.rows.insert(row, decision);
        }
    }
}

fn group<'a>(rows: impl Iterator<Item = (u32, &'a Decision)>) -> Vec<(Rows, Decision)> {
    // Keyed by what makes decisions equal; a handful of kinds, each with many rows.
    let mut groups: Vec<(&Decision, Vec<u32>)> = Vec::new();
    let mut places: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for (row, decision) in rows {
        let Decision { status, labels, note } = decision;
        let place = *places.entry(format!("{status:?}{labels:?}{note}")).or_insert_with(|| {
            groups.push((decision, Vec::new()));
            groups.len() - 1
        });
        groups[place].1.push(row);
    }
    groups.into_iter().map(|(decision, rows)| (rows.into_iter().collect(), decision.clone())).collect()
}

impl From<Vec<(Rows, Decision)>> for Decisions {
    fn from(groups: Vec<(Rows, Decision)>) -> Self {
        let mut decisions = Self::default();
        decisions.restore(&groups);
        decisions
    }
}

impl From<Decisions> for Vec<(Rows, Decision)> {
    fn from(decisions: Decisions) -> Self {
        group(decisions.iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_that_belong_together_are_a_range() {
        let rows: Rows = [7, 3, 4, 5, 4, 9].into_iter().collect();
        assert_eq!(serde_json::to_string(&rows).unwrap(), "[[3,6],[7,8],[9,10]]");
        assert_eq!(rows.iter().collect::<Vec<_>>(), [3, 4, 5, 7, 9]);
        assert_eq!(rows.len(), 5);
    }

    #[test]
    fn a_correction_says_so_and_so_does_its_end() {
        let mut decision = Decision::default();
        decision.edit(&DecisionEdit::Labels(Some(Vec::new())));
        assert_eq!(decision.status, Status::Corrected);
        decision.edit(&DecisionEdit::Labels(None));
        assert_eq!(decision, Decision::default());
    }

    #[test]
    fn decisions_about_a_whole_file_are_short() {
        let mut decisions = Decisions::default();
        decisions.edit(&(0..100_000).collect(), &DecisionEdit::Status(Status::Accepted));
        let json = serde_json::to_string(&decisions).unwrap();
        assert!(json.len() < 100, "{json}");
        assert_eq!(serde_json::from_str::<Decisions>(&json).unwrap(), decisions);
    }

    fn edit() -> impl Strategy<Value = DecisionEdit> {
        prop_oneof![
            (0..4usize).prop_map(|status| DecisionEdit::Status(Status::ALL[status])),
            "[a-c]{0,2}".prop_map(DecisionEdit::Note),
        ]
    }

    proptest! {
        #[test]
        fn what_was_before_can_be_restored(
            first in prop::collection::vec(0u32..20, 0..20), one in edit(), second in prop::collection::vec(0u32..20, 0..20), other in edit()
        ) {
            let mut decisions = Decisions::default();
            decisions.edit(&first.into_iter().collect(), &one);
            let before = decisions.clone();
            let rows: Rows = second.into_iter().collect();
            let inverse = decisions.of(&rows);
            decisions.edit(&rows, &other);
            decisions.restore(&inverse);
            prop_assert_eq!(&decisions, &before);
            let json = serde_json::to_string(&decisions).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decisions>(&json).unwrap(), before);
        }
    }
}
