//! Trees of labels that are near each other.

use kodama::{Method, linkage};

use super::kinship::Kinship;
use crate::labels::{Branch, Draft, key};
use crate::{Embeddings, Error, ErrorKind, LabelSet, Lexicon, Result, Tree, dot};

/// How many texts tell how labels go together, at most: a correlation of 0 is then known to .014 (one standard error).
const TEXTS: usize = 5_000;

/// How far labels are from each other: 0 where two mean the same, 1 where they have nothing to do with each other, up to 2
/// where they are opposites.
#[derive(Debug, Clone, PartialEq)]
pub struct Distances {
    labels: usize,
    /// The upper triangle without the diagonal, row after row.
    condensed: Vec<f64>,
}

impl Distances {
    /// By meaning: `1 - cosine` of the labels' vectors.
    pub fn by_meaning(vectors: &Embeddings) -> Self {
        Self::by_products(&vectors.rows().collect::<Vec<_>>())
    }

    /// By these texts: `1 - r`, Pearson's correlation of the evidence for two labels over the texts, so that labels are near
    /// each other which rise and fall together. `columns` are the evidence for each label, a number for each text; beyond
    /// 5,000 texts as many of them, evenly spaced. A label whose evidence is the same in all texts is at a distance of 1 from
    /// all others: such texts do not tell.
    pub fn by_texts(columns: &[&[f32]]) -> Self {
        let rows: Vec<Vec<f32>> = columns.iter().map(|column| standardised(column)).collect();
        Self::by_products(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    /// Distances that were measured elsewhere: the upper triangle without the diagonal, row after row ([`Distances::condensed`]).
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: another number of distances than so many labels have.
    pub fn new(labels: usize, condensed: Vec<f64>) -> Result<Self> {
        if condensed.len() != labels * labels.saturating_sub(1) / 2 {
            let message = format!("{} distances are not those of {labels} labels: measure them again", condensed.len());
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        Ok(Self { labels, condensed })
    }

    /// The upper triangle without the diagonal, row after row.
    pub fn condensed(&self) -> &[f64] {
        &self.condensed
    }

    fn by_products(rows: &[&[f32]]) -> Self {
        let mut condensed = Vec::with_capacity(rows.len() * rows.len().saturating_sub(1) / 2);
        for (i, a) in rows.iter().enumerate() {
            condensed.extend(rows[i + 1..].iter().map(|b| 1.0 - f64::from(dot(a, b).clamp(-1.0, 1.0))));
        }
        Self { labels: rows.len(), condensed }
    }

    /// How many labels.
    pub fn len(&self) -> usize {
        self.labels
    }

    /// Whether there are no labels.
    pub fn is_empty(&self) -> bool {
        self.labels == 0
    }

    /// How far two labels are from each other, by their indices.
    ///
    /// # Panics
    /// If there are no such labels.
    pub fn between(&self, a: usize, b: usize) -> f64 {
        let (a, b) = (a.min(b), a.max(b));
        assert!(b < self.labels, "there is no label {b}");
        if a == b { 0.0 } else { self.condensed[a * (2 * self.labels - a - 1) / 2 + b - a - 1] }
    }
}

/// Values of mean zero and length one, of evenly spaced texts if there are many; zeros if they are all the same.
fn standardised(column: &[f32]) -> Vec<f32> {
    let step = column.len().div_ceil(TEXTS).max(1);
    let values: Vec<f64> = column.iter().step_by(step).map(|&x| f64::from(x)).collect();
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let length = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>().sqrt();
    // What rounding leaves of equal values.
    let same = length <= 1e-6 * (values.len() as f64).sqrt();
    values.into_iter().map(|x| if same { 0.0 } else { ((x - mean) / length) as f32 }).collect()
}

/// The dendrogram of a set's labels by average linkage (UPGMA: Sokal and Michener 1958): of all groups of labels, at first
/// one for each, the two are joined whose labels are on average the nearest, until one is left. Cuts take back the latest joins.
///
/// A node that holds exactly those labels which the lexicon counts to one of its families, basic emotions or sentiments has
/// that name. Else it goes by a label of its own: of those that speak for its two parts, the one that is nearer to all of
/// its labels, on average. From left to right, parts are turned so that labels meet which are near each other (Gruvaeus and
/// Wainer 1972).
///
/// # Errors
/// [`ErrorKind::BadInput`]: distances of another number of labels.
pub fn by_distance(set: &LabelSet, distances: &Distances, lexicon: &Lexicon) -> Result<Tree> {
    let labels = set.labels();
    if distances.len() != labels.len() {
        let (there, here) = (distances.len(), labels.len());
        let message =
            format!("distances of {there} labels came with {here} labels: measure the label set as it is now");
        return Err(Error::new(ErrorKind::BadInput, message));
    }
    // Of equal distances the first decides: so that the order of the labels does not matter, it is that of their names.
    let mut sorted: Vec<usize> = (0..labels.len()).collect();
    sorted.sort_by_cached_key(|&label| key(&labels[label].name));
    let between = |a: usize, b: usize| distances.between(sorted[a], sorted[b]);

    let mut draft = Draft::default();
    let mut groups: Vec<Group> = (0..sorted.len())
        .map(|label| Group { branch: draft.leaf(labels[sorted[label]].id), labels: vec![label], key: label })
        .collect();
    if groups.is_empty() {
        return Ok(draft.finish(Vec::new(), set));
    }
    let mut condensed: Vec<f64> = (0..sorted.len())
        .flat_map(|a| (a + 1..sorted.len()).map(move |b| (a, b)))
        .map(|(a, b)| between(a, b))
        .collect();
    let centrality: Vec<f64> = (0..sorted.len()).map(|a| (0..sorted.len()).map(|b| between(a, b)).sum()).collect();
    let names = Kinship::new(lexicon).names(set);
    let dendrogram = linkage(&mut condensed, sorted.len(), Method::Average);
    for (step, join) in dendrogram.steps().iter().enumerate() {
        let [mut a, mut b] = [join.cluster1, join.cluster2].map(|group| std::mem::take(&mut groups[group]));
        turn(&mut a.labels, &mut b.labels, between);
        let branches = vec![a.branch, b.branch];
        let all: Vec<usize> = a.labels.into_iter().chain(b.labels).collect();
        let far = |key: usize| all.iter().map(|&label| between(key, label)).sum::<f64>();
        let order = |&a: &usize, &b: &usize| {
            far(a).total_cmp(&far(b)).then_with(|| centrality[a].total_cmp(&centrality[b])).then(a.cmp(&b))
        };
        let speaks = [a.key, b.key].into_iter().min_by(order).unwrap_or(a.key);
        let mut members: Vec<usize> = all.iter().map(|&label| sorted[label]).collect();
        members.sort_unstable();
        let branch = draft.node(Branch {
            name: names.get(&members).cloned(),
            key: Some(labels[sorted[speaks]].id),
            ..Branch::new(branches, sorted.len() - step)
        });
        groups.push(Group { branch, labels: all, key: speaks });
    }
    let mut root = groups.pop().unwrap_or_default();
    if root.labels.first() > root.labels.last() {
        root.labels.reverse();
    }
    let order: Vec<_> = root.labels.iter().map(|&label| labels[sorted[label]].id).collect();
    draft.arrange(&order);
    Ok(draft.finish(vec![root.branch], set))
}

/// Labels that have been joined, by their places among the sorted ones.
#[derive(Default)]
struct Group {
    branch: usize,
    /// From left to right.
    labels: Vec<usize>,
    /// The one that speaks for it.
    key: usize,
}

/// Turns two rows of labels, which will stand side by side, so that where they meet the distance is the least.
fn turn(a: &mut [usize], b: &mut [usize], between: impl Fn(usize, usize) -> f64) {
    let (Some((&a_first, &a_last)), Some((&b_first, &b_last))) = (a.first().zip(a.last()), b.first().zip(b.last()))
    else {
        return;
    };
    let meet = [(a_last, b_first), (a_last, b_last), (a_first, b_first), (a_first, b_last)].map(|(a, b)| between(a, b));
    let least = (0..4).min_by(|&i, &j| meet[i].total_cmp(&meet[j])).unwrap_or(0);
    if least >= 2 {
        a.reverse();
    }
    if least % 2 == 1 {
        b.reverse();
    }
}
