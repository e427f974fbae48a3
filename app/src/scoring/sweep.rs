//! One way over all rows: what is counted, which rows are shown, and in which order.

use undertone_core::{LabelId, Result, Scores};

use super::{Labels, Sheet};
use crate::document::{Filter, Sort, SortBy, Status};
use crate::wire::scoring::{Counts, Show};

/// Goes over all rows of a sheet in steps, each as it is at that time.
#[derive(Debug)]
pub struct Sweep {
    show: Show,
    needle: String,
    /// The next row.
    at: u32,
    counts: Counts,
    on: Vec<u32>,
    /// The rows that are shown, each with what it is sorted by.
    shown: Vec<(u32, f32)>,
}

/// What a sweep finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What rows have in common.
    pub counts: Counts,
    /// For how many rows each label is on.
    pub on: Vec<u32>,
    /// The rows that are shown, in their order.
    pub order: Vec<u32>,
}

impl Sweep {
    /// A sweep that looks for this. `labels` are those of every step to come.
    pub fn new(show: Show, labels: Option<&Labels>) -> Self {
        let counts =
            Counts { version: labels.map_or(0, |labels| labels.version), scored: 0, none: 0, statuses: [0; 4] };
        let on = vec![0; labels.map_or(0, |labels| labels.set.labels().len())];
        Self { needle: show.filter.text.trim().to_lowercase(), show, at: 0, counts, on, shown: Vec::new() }
    }

    /// What it looks for.
    pub fn show(&self) -> &Show {
        &self.show
    }

    /// Goes on for so many rows, and says whether it is done.
    ///
    /// # Errors
    /// As [`Sheet::score`].
    pub fn step(&mut self, sheet: &Sheet, labels: Option<&Labels>, rows: usize) -> Result<bool> {
        let end = sheet.len().min(self.at as usize + rows) as u32;
        let range = self.at..end;
        let (scores, places) = match labels {
            Some(labels) => sheet.score(labels, &self.show.options, range.clone())?,
            None => (None, vec![None; range.len()]),
        };
        for (row, place) in range.zip(places) {
            let found = labels.zip(scores.as_ref()).zip(place);
            self.take(sheet, row, found.map(|((labels, scores), place)| (labels, scores, place)));
        }
        self.at = end;
        Ok(end as usize == sheet.len())
    }

    /// What was found.
    pub fn finish(mut self) -> Outcome {
        let Sort { by, descending } = self.show.sort;
        if by == SortBy::Place {
            if descending {
                self.shown.reverse();
            }
        } else {
            // What has no key comes last, whatever the direction. Stable, so that equals stay in the file's order.
            self.shown.sort_by(|(_, a), (_, b)| {
                let direction = if descending { b.total_cmp(a) } else { a.total_cmp(b) };
                a.is_nan().cmp(&b.is_nan()).then(direction)
            });
        }
        let order = self.shown.into_iter().map(|(row, _)| row).collect();
        Outcome { counts: self.counts, on: self.on, order }
    }

    fn take(&mut self, sheet: &Sheet, row: u32, found: Option<(&Labels, &Scores, usize)>) {
        let status = sheet.decisions().get(row).map_or_else(Status::default, |decision| decision.status);
        self.counts.statuses[status as usize] += 1;
        let tags = found.map(|(labels, scores, place)| sheet.tags(labels, row, scores.on(place)));
        if let Some(tags) = &tags {
            self.counts.scored += 1;
            self.counts.none += u32::from(tags.is_empty());
            tags.iter().for_each(|&label| self.on[label] += 1);
        }
        let Filter { text: _, label, status: wanted } = &self.show.filter;
        let has = |id: LabelId| {
            let place = found.and_then(|(labels, ..)| labels.places(&[id]).first().copied());
            tags.as_ref().zip(place).is_some_and(|(tags, place)| tags.contains(&place))
        };
        let shown = wanted.is_none_or(|wanted| wanted == status)
            && label.is_none_or(has)
            && (self.needle.is_empty() || sheet.text(row).to_lowercase().contains(&self.needle));
        if shown {
            self.shown.push((row, self.key(status, found)));
        }
    }

    fn key(&self, status: Status, found: Option<(&Labels, &Scores, usize)>) -> f32 {
        match (self.show.sort.by, found) {
            (SortBy::Place, _) => 0.0,
            (SortBy::Status, _) => f32::from(status as u8),
            (_, None) => f32::NAN,
            (SortBy::Label(id), Some((labels, scores, place))) => {
                labels.places(&[id]).first().map_or(f32::NAN, |&label| scores.probability(place)[label])
            }
            (SortBy::Best, Some((_, scores, place))) => two_best(scores.probability(place)).0,
            (SortBy::Margin, Some((_, scores, place))) => {
                let (best, second) = two_best(scores.probability(place));
                best - second
            }
            (SortBy::Entropy, Some((_, scores, place))) => entropy(scores.probability(place), scores.none(place)),
        }
    }
}

/// The largest two probabilities, 0 where there are fewer.
fn two_best(probability: &[f32]) -> (f32, f32) {
    probability
        .iter()
        .fold((0.0, 0.0), |(best, second), &p| if p > best { (p, best) } else { (best, f32::max(second, p)) })
}

/// How evenly the probability is spread, from 0 to 1: the entropy of the shares of all labels and of none, over the largest
/// that there is, `-sum(q ln q) / ln(labels + 1)`.
fn entropy(probability: &[f32], none: f32) -> f32 {
    let all = || probability.iter().copied().chain([none]);
    let total: f32 = all().sum();
    if probability.is_empty() || total <= 0.0 {
        return 0.0;
    }
    let shares = all().map(|p| p / total).filter(|&share| share > 0.0);
    -shares.map(|share| share * share.ln()).sum::<f32>() / ((probability.len() + 1) as f32).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::sheet::tests::{encoded, labels, sheet};
    use super::*;
    use crate::document::{Decision, Rows};

    fn scored() -> Sheet {
        let mut sheet = sheet();
        sheet.push(&[0, 1, 3], &encoded(&[1.0, 0.0, 0.0, -1.0, 0.8, 0.6], &[0, 0, 0])).unwrap();
        sheet
    }

    fn sweep(sheet: &Sheet, show: &Show, rows: usize) -> Outcome {
        let labels = labels();
        let mut sweep = Sweep::new(show.clone(), Some(&labels));
        while !sweep.step(sheet, Some(&labels), rows).unwrap() {}
        sweep.finish()
    }

    fn order(sort: Sort, filter: Filter) -> Vec<u32> {
        sweep(&scored(), &Show { sort, filter, ..Show::default() }, 3).order
    }

    #[test]
    fn all_rows_are_counted() {
        let found = sweep(&scored(), &Show::default(), 2);
        assert_eq!(found.counts, Counts { version: 7, scored: 3, none: 1, statuses: [4, 0, 0, 0] });
        assert_eq!((found.on, found.order), (vec![1, 2], vec![0, 1, 2, 3]));
    }

    #[test]
    fn rows_are_sorted_and_those_without_scores_come_last() {
        let up = labels().set.labels()[0].id;
        let none = Filter::default();
        let by = |by, descending| order(Sort { by, descending }, none.clone());
        assert_eq!(by(SortBy::Label(up), true), [3, 0, 1, 2]);
        assert_eq!(by(SortBy::Label(up), false), [1, 0, 3, 2]);
        assert_eq!(by(SortBy::Margin, true), [0, 3, 1, 2]);
        assert_eq!(by(SortBy::Place, true), [3, 2, 1, 0]);
        assert_eq!(by(SortBy::Status, true), [0, 1, 2, 3], "equals stay in the file's order");
    }

    #[test]
    fn rows_are_filtered_by_every_condition() {
        let up = labels().set.labels()[0].id;
        let sort = Sort::default();
        assert_eq!(order(sort, Filter { text: " SUN".into(), ..Filter::default() }), [0]);
        assert_eq!(order(sort, Filter { label: Some(up), ..Filter::default() }), [3]);
        assert_eq!(order(sort, Filter { status: Some(Status::Flagged), ..Filter::default() }), [] as [u32; 0]);
        let mut sheet = scored();
        let flagged = Decision { status: Status::Flagged, ..Decision::default() };
        sheet.decide(&[(Rows::one(1), flagged)]);
        let filter = Filter { status: Some(Status::Flagged), ..Filter::default() };
        assert_eq!(sweep(&sheet, &Show { filter, ..Show::default() }, 9).order, [1]);
    }

    #[test]
    fn entropy_is_highest_where_all_are_equal() {
        assert!((entropy(&[0.2, 0.2, 0.2], 0.2) - 1.0).abs() < 1e-6);
        assert_eq!(entropy(&[1.0, 0.0], 0.0), 0.0);
        assert_eq!(entropy(&[], 1.0), 0.0);
    }

    proptest! {
        #[test]
        fn the_size_of_the_steps_does_not_matter(rows in 1usize..6) {
            let show = Show { sort: Sort { by: SortBy::Entropy, descending: true }, ..Show::default() };
            prop_assert_eq!(sweep(&scored(), &show, rows), sweep(&scored(), &show, 100));
        }
    }
}
