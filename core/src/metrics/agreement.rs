//! How far those who judge the same rows agree beyond chance.

use std::collections::HashMap;
use std::hash::Hash;

use super::multi_label::Counts;
use super::{Estimate, check_lengths, mean, resample, share};
use crate::Result;

/// Cohen's kappa (Cohen 1960) of two judgements of the same rows, at most 1: the share of rows on which they agree, beyond
/// that on which they would by chance, of all that is beyond chance.
///
/// ```text
/// kappa = (observed - expected) / (1 - expected)
/// expected = sum over the answers of (share of the first judge's rows) * (share of the second's)
/// ```
///
/// `None` where nothing is beyond chance: both give one and the same answer to all rows. scikit-learn's `cohen_kappa_score`.
///
/// # Errors
/// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): judgements of different numbers of rows, or of none.
pub fn cohen_kappa<T: Eq + Hash>(first: &[T], second: &[T]) -> Result<Option<f64>> {
    check_lengths(first.len(), second.len())?;
    let mut counts: HashMap<&T, [usize; 2]> = HashMap::new();
    for (a, b) in first.iter().zip(second) {
        counts.entry(a).or_default()[0] += 1;
        counts.entry(b).or_default()[1] += 1;
    }
    let rows = first.len();
    let agreed = first.iter().zip(second).filter(|(a, b)| a == b).count();
    // In whole numbers, so that the order of the answers does not matter.
    let chance: u128 = counts.values().map(|&[a, b]| a as u128 * b as u128).sum();
    Ok(beyond_chance(share(agreed, rows), chance as f64 / (rows as f64 * rows as f64)))
}

/// What is observed beyond what is expected, of all that is; none if nothing is.
pub(crate) fn beyond_chance(observed: f64, expected: f64) -> Option<f64> {
    (expected < 1.0).then(|| (observed - expected) / (1.0 - expected))
}

/// Cohen's kappa of a label that both give or do not give each row.
pub(super) fn label_kappa(counts: &Counts, rows: usize) -> Option<f64> {
    let &Counts { both, gold, said } = counts;
    let agreed = rows + 2 * both - gold - said;
    let chance = gold as u128 * said as u128 + (rows - gold) as u128 * (rows - said) as u128;
    beyond_chance(share(agreed, rows), chance as f64 / (rows as f64 * rows as f64))
}

/// The MASI distance of two sets of labels (Passonneau 2006), 0 to 1: `1 - J M` with the Jaccard index `J` and `M` = 1 for equal
/// sets, 2/3 where one holds the other, 1/3 where they overlap, 0 where they have nothing in common. Two empty sets are equal.
/// Labels are in ascending order. NLTK's `masi_distance` rounds `M` to .67 and .33.
pub fn masi(a: &[usize], b: &[usize]) -> f64 {
    let both = a.iter().filter(|label| b.binary_search(label).is_ok()).count();
    let either = a.len() + b.len() - both;
    let monotonicity = match both {
        _ if either == both => return 0.0,
        0 => return 1.0,
        both if both == a.len() || both == b.len() => 2.0 / 3.0,
        _ => 1.0 / 3.0,
    };
    1.0 - both as f64 / either as f64 * monotonicity
}

/// The distance of nominal data: 0 for equal values, 1 for others.
pub fn nominal<T: PartialEq>(a: &T, b: &T) -> f64 {
    if a == b { 0.0 } else { 1.0 }
}

/// Krippendorff's alpha (Krippendorff 2011) of several judges, at most 1; `judged` has for each judge what they said of each
/// unit, `None` where nothing.
///
/// ```text
/// alpha    = 1 - observed / expected
/// observed = sum over units, over ordered pairs of judgements of one unit: distance / (judgements of the unit - 1), by n
/// expected = sum over ordered pairs of all judgements: distance, by n (n - 1)
/// ```
///
/// Units with less than two judgements say nothing; `n` is the number of judgements of all others. `distance` is symmetric, and
/// 0 for equal judgements: [`nominal`], or [`masi`] for sets. `None` where no unit has two judgements, or all are equal.
///
/// # Errors
/// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): judges of different numbers of units, or of none.
pub fn krippendorff_alpha<T: Eq + Hash>(
    judged: &[Vec<Option<T>>],
    distance: impl Fn(&T, &T) -> f64,
) -> Result<Option<f64>> {
    Ok(Units::new(judged, distance)?.alpha(|_| 1))
}

/// A unit that was judged twice at least.
struct Unit {
    /// The values it was given, and how often each.
    values: Vec<(usize, usize)>,
    /// What it adds to the observed disagreement.
    disagreement: f64,
}

/// What alpha is computed from, once and for resampled units.
struct Units {
    units: Vec<Unit>,
    /// The distance of each value from each.
    distances: Vec<Vec<f64>>,
}

impl Units {
    fn new<T: Eq + Hash>(judged: &[Vec<Option<T>>], distance: impl Fn(&T, &T) -> f64) -> Result<Self> {
        let count = judged.first().map_or(0, Vec::len);
        for judge in judged {
            check_lengths(count, judge.len())?;
        }
        let mut index: HashMap<&T, usize> = HashMap::new();
        let mut all: Vec<&T> = Vec::new();
        let mut units: Vec<Vec<(usize, usize)>> = Vec::new();
        for unit in 0..count {
            let said: Vec<&T> = judged.iter().filter_map(|judge| judge[unit].as_ref()).collect();
            if said.len() < 2 {
                continue;
            }
            let mut values: Vec<(usize, usize)> = Vec::new();
            for value in said {
                let value = *index.entry(value).or_insert_with(|| {
                    all.push(value);
                    all.len() - 1
                });
                match values.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, times)) => *times += 1,
                    None => values.push((value, 1)),
                }
            }
            units.push(values);
        }
        let distances: Vec<Vec<f64>> = all.iter().map(|a| all.iter().map(|b| distance(a, b)).collect()).collect();
        let unit = |values: Vec<(usize, usize)>| {
            let pairs = values.iter().flat_map(|a| values.iter().map(move |b| (a, b)));
            let sum: f64 = pairs.map(|(a, b)| (a.1 * b.1) as f64 * distances[a.0][b.0]).sum();
            let count: usize = values.iter().map(|(_, times)| times).sum();
            Unit { disagreement: sum / (count - 1) as f64, values }
        };
        Ok(Self { units: units.into_iter().map(unit).collect(), distances })
    }

    /// Alpha with each unit taken so many times.
    fn alpha(&self, times: impl Fn(usize) -> usize) -> Option<f64> {
        let mut counts = vec![0; self.distances.len()];
        let mut observed = 0.0;
        for (i, unit) in self.units.iter().enumerate() {
            let times = times(i);
            observed += times as f64 * unit.disagreement;
            unit.values.iter().for_each(|&(value, count)| counts[value] += times * count);
        }
        let total: usize = counts.iter().sum();
        let there: Vec<(usize, f64)> =
            counts.iter().enumerate().filter(|(_, count)| **count > 0).map(|(value, &n)| (value, n as f64)).collect();
        let apart = |a: usize| there.iter().map(|&(b, count)| count * self.distances[a][b]).sum::<f64>();
        let expected: f64 = there.iter().map(|&(a, count)| count * apart(a)).sum();
        (expected > 0.0).then(|| 1.0 - observed * (total - 1) as f64 / expected)
    }

    /// Alpha with its interval over resampled units (Zapf et al. 2016).
    fn estimate(&self, draws: usize) -> Option<Estimate> {
        let value = self.alpha(|_| 1)?;
        let draw = |draw: u64| {
            let times = resample(self.units.len(), draw);
            self.alpha(|unit| times[unit] as usize)
        };
        Some(Estimate::new(value, (0..draws as u64).filter_map(draw).collect()))
    }
}

/// What several annotators said of the same rows: sets of labels. A machine may be one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgements {
    annotators: Vec<String>,
    labels: usize,
    rows: usize,
    /// Of each annotator, of each row the labels in ascending order; `None` where they said nothing.
    judged: Vec<Vec<Option<Vec<usize>>>>,
}

/// Two annotators beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The index of one.
    pub first: usize,
    /// The index of the other.
    pub second: usize,
    /// How many rows both judged.
    pub rows: usize,
    /// The share of these rows in which both gave the same labels.
    pub same: f64,
    /// Cohen's kappa of each label, given or not; `None` where nothing is beyond chance.
    pub kappa: Vec<Option<f64>>,
    /// The mean of these kappas; `None` if no label has one.
    pub mean_kappa: Option<f64>,
    /// One less the mean [`masi`] distance.
    pub masi: f64,
}

impl Judgements {
    /// No annotators yet, of rows that may have `labels` labels.
    pub fn new(rows: usize, labels: usize) -> Self {
        Self { annotators: Vec::new(), labels, rows, judged: Vec::new() }
    }

    /// Adds an annotator. `judged` has the labels of each row, in any order; `None` where they said nothing, which is something
    /// else than no labels.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput): another number of rows, or a label that is not there.
    pub fn push(&mut self, annotator: impl Into<String>, mut judged: Vec<Option<Vec<usize>>>) -> Result<()> {
        let annotator = annotator.into();
        if judged.len() != self.rows {
            return Err(super::bad(format!("{annotator} judged {} rows of {}", judged.len(), self.rows)));
        }
        for labels in judged.iter_mut().flatten() {
            labels.sort_unstable();
            labels.dedup();
            if let Some(label) = labels.last().filter(|&&label| label >= self.labels) {
                return Err(super::bad(format!("{annotator} gave label {label} of {}", self.labels)));
            }
        }
        self.annotators.push(annotator);
        self.judged.push(judged);
        Ok(())
    }

    /// The annotators' names.
    pub fn annotators(&self) -> &[String] {
        &self.annotators
    }

    /// What an annotator said of each row.
    ///
    /// # Panics
    /// If there is no such annotator.
    pub fn of(&self, annotator: usize) -> &[Option<Vec<usize>>] {
        &self.judged[annotator]
    }

    /// How many rows two annotators judged at least.
    pub fn shared(&self) -> usize {
        (0..self.rows).filter(|&row| self.judged.iter().filter(|judged| judged[row].is_some()).count() > 1).count()
    }

    /// Krippendorff's alpha of the sets of labels, by their [`masi`] distance, with its interval over `draws` of the rows;
    /// `None` where no row has two judgements, or all are the same.
    pub fn alpha_masi(&self, draws: usize) -> Option<Estimate> {
        Units::new(&self.judged, |a, b| masi(a, b)).ok()?.estimate(draws)
    }

    /// Krippendorff's nominal alpha of the sets of labels: two that are not the same are as far apart as any.
    pub fn alpha_nominal(&self, draws: usize) -> Option<Estimate> {
        Units::new(&self.judged, nominal).ok()?.estimate(draws)
    }

    /// Krippendorff's nominal alpha of each label, given or not.
    pub fn alpha_by_label(&self, draws: usize) -> Vec<Option<Estimate>> {
        let one = |label: usize| {
            let has = |labels: &Option<Vec<usize>>| labels.as_ref().map(|labels| labels.binary_search(&label).is_ok());
            let judged: Vec<Vec<Option<bool>>> =
                self.judged.iter().map(|judge| judge.iter().map(has).collect()).collect();
            Units::new(&judged, nominal).ok()?.estimate(draws)
        };
        (0..self.labels).map(one).collect()
    }

    /// Each annotator beside each, where they judged a row in common.
    pub fn pairs(&self) -> Vec<Pair> {
        let count = self.judged.len();
        let all = (0..count).flat_map(|first| (first + 1..count).map(move |second| (first, second)));
        all.filter_map(|(first, second)| self.pair(first, second)).collect()
    }

    fn pair(&self, first: usize, second: usize) -> Option<Pair> {
        let both = self.judged[first].iter().zip(&self.judged[second]);
        let both: Vec<(&Vec<usize>, &Vec<usize>)> =
            both.filter_map(|(a, b)| Some((a.as_ref()?, b.as_ref()?))).collect();
        if both.is_empty() {
            return None;
        }
        let mut counts = vec![Counts::default(); self.labels];
        for (a, b) in &both {
            a.iter().for_each(|&label| counts[label].gold += 1);
            b.iter().for_each(|&label| counts[label].said += 1);
            a.iter().filter(|label| b.binary_search(label).is_ok()).for_each(|&label| counts[label].both += 1);
        }
        let kappa: Vec<Option<f64>> = counts.iter().map(|counts| label_kappa(counts, both.len())).collect();
        Some(Pair {
            first,
            second,
            rows: both.len(),
            same: share(both.iter().filter(|(a, b)| a == b).count(), both.len()),
            mean_kappa: mean(&kappa.iter().copied().flatten().collect::<Vec<_>>()),
            kappa,
            masi: 1.0 - both.iter().map(|(a, b)| masi(a, b)).sum::<f64>() / both.len() as f64,
        })
    }
}
