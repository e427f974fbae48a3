//! Two ways of labelling the same texts: two label sets, two wordings of one, or two students.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{highest, ranked};
use crate::metrics::{Interval, cohen_kappa, resample};
use crate::{Error, ErrorKind, LabelSet, Lexicon, Result, Scores};

/// How often rows are drawn anew for the interval.
const DRAWS: u64 = 200;

/// How far two ways of labelling the same texts agree, and where they do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// How many texts.
    pub texts: usize,
    /// The pairs of labels that were compared, in their order.
    pub labels: Vec<LabelComparison>,
    /// Cohen's kappa over all cells, pairs of a text and a label: on or not. None where both say the same everywhere and
    /// nothing else.
    pub kappa: Option<f64>,
    /// Its 95 % interval, over texts drawn anew.
    pub interval: Option<Interval>,
    /// Cohen's kappa with all labels of a text as one answer: where there is one label at most, the usual one.
    pub exact_kappa: Option<f64>,
    /// The share of the texts to which both give the same labels.
    pub same: f64,
    /// The texts that change most, by the sum over the labels of how much their probability changes, most first; of equals,
    /// the first text.
    pub changed: Vec<TextComparison>,
}

/// How far two ways agree on a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelComparison {
    /// The label's index on the one side, and on the other.
    pub pair: (usize, usize),
    /// On how many texts both are on.
    pub both: usize,
    /// On how many only the first is.
    pub lost: usize,
    /// On how many only the second is.
    pub gained: usize,
    /// Cohen's kappa; none where both say the same of all texts and nothing else.
    pub kappa: Option<f64>,
    /// How much more probable it is on the second side, on the mean over the texts.
    pub change: f64,
    /// How much its probability changes either way, on the mean over the texts.
    pub distance: f64,
}

/// How much a text's labels change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextComparison {
    /// The text's index.
    pub text: usize,
    /// The sum over the labels of how much their probability changes either way.
    pub distance: f32,
    /// The pairs of labels, as indices of [`Comparison::labels`], of which only one side is on.
    pub switched: Vec<usize>,
}

/// The labels of two sets that are the same, as indices: of one name, else one the synonym of the other, else of one name in
/// the lexicon ("joy" and "happiness"). Each label is in one pair at most.
pub fn label_pairs(first: &LabelSet, second: &LabelSet, lexicon: &Lexicon) -> Vec<(usize, usize)> {
    type Same<'a> = &'a dyn Fn(usize, usize) -> bool;
    let (a, b) = (first.labels(), second.labels());
    let found = |set: &LabelSet, name: &str, at: usize| set.find(name).is_some_and(|l| l.id == set.labels()[at].id);
    let by_name = |i: usize, j: usize| found(second, &a[i].name, j);
    let by_synonym = |i: usize, j: usize| {
        a[i].synonyms.iter().any(|name| found(second, name, j))
            || b[j].synonyms.iter().any(|name| found(first, name, i))
    };
    let by_lexicon = |i: usize, j: usize| lexicon.canonical(&a[i].name) == lexicon.canonical(&b[j].name);
    let mut pairs = BTreeMap::new();
    let mut taken = HashSet::new();
    for same in [&by_name as Same, &by_synonym, &by_lexicon] {
        for i in 0..a.len() {
            if !pairs.contains_key(&i)
                && let Some(j) = (0..b.len()).find(|j| !taken.contains(j) && same(i, *j))
            {
                pairs.insert(i, j);
                taken.insert(j);
            }
        }
    }
    pairs.into_iter().collect()
}

impl Comparison {
    /// Compares the scores of the same texts, label by label: `pairs` are the indices of a label on the one side and of the
    /// same on the other. Of the texts that change most, `most` are told.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: scores of different numbers of texts, of none, no pair, or a label that is not there.
    pub fn new(first: &Scores, second: &Scores, pairs: &[(usize, usize)], most: usize) -> Result<Self> {
        let bad = |message: String| Err(Error::new(ErrorKind::BadInput, message));
        let texts = first.len();
        if texts != second.len() {
            return bad(format!("the scores of {texts} texts cannot be compared with those of {}", second.len()));
        }
        if texts == 0 || pairs.is_empty() {
            return bad("there are no texts, or no labels that both sides have, to compare".into());
        }
        if let Some((a, b)) = pairs.iter().find(|&&(a, b)| a >= first.width() || b >= second.width()) {
            return bad(format!("label {a} cannot be compared with label {b}: one of them is not there"));
        }
        let mut labels = vec![Cells::default(); pairs.len()];
        let mut rows = vec![[0u32; 3]; texts];
        let mut distances = vec![0f32; texts];
        for text in 0..texts {
            let (p, q) = (first.probability(text), second.probability(text));
            let (on, then) = (first.on(text), second.on(text));
            for (cells, &(a, b)) in labels.iter_mut().zip(pairs) {
                let cell = usize::from(on[a]) + 2 * usize::from(then[b]);
                if cell > 0 {
                    cells.counts[cell - 1] += 1;
                    rows[text][cell - 1] += 1;
                }
                let change = q[b] - p[a];
                cells.change += f64::from(change);
                cells.distance += f64::from(change.abs());
                distances[text] += change.abs();
            }
        }
        let cells = texts * pairs.len();
        let total = |times: &dyn Fn(usize) -> u64| {
            let mut sum = [0u64; 3];
            for (text, row) in rows.iter().enumerate() {
                let times = times(text);
                sum.iter_mut().zip(row).for_each(|(sum, &count)| *sum += times * u64::from(count));
            }
            kappa(sum, cells as u64)
        };
        let drawn = (0..DRAWS).filter_map(|draw| {
            let times = resample(texts, draw);
            total(&|text| u64::from(times[text]))
        });
        let answers = |scores: &Scores, side: fn(&(usize, usize)) -> usize| -> Vec<Vec<bool>> {
            (0..texts).map(|text| pairs.iter().map(|pair| scores.on(text)[side(pair)]).collect()).collect()
        };
        let (before, after) = (answers(first, |pair| pair.0), answers(second, |pair| pair.1));
        let changed = highest(texts, most, |text| distances[text]).into_iter().filter(|&text| distances[text] > 0.0);
        let switched = |text: usize| (0..pairs.len()).filter(|&l| before[text][l] != after[text][l]).collect();
        Ok(Self {
            texts,
            kappa: total(&|_| 1),
            interval: Interval::of(drawn.collect()),
            exact_kappa: cohen_kappa(&before, &after)?,
            same: before.iter().zip(&after).filter(|(a, b)| a == b).count() as f64 / texts as f64,
            changed: changed
                .map(|text| TextComparison { text, distance: distances[text], switched: switched(text) })
                .collect(),
            labels: pairs.iter().zip(labels).map(|(&pair, cells)| cells.told(pair, texts)).collect(),
        })
    }

    /// The labels by how much their probability changes, most first.
    pub fn ranked(&self) -> Vec<usize> {
        ranked(self.labels.len(), |label| self.labels[label].distance as f32)
    }
}

/// How often only the first side is on, only the second, and both; and the sums of the changes.
#[derive(Clone, Default)]
struct Cells {
    counts: [u64; 3],
    change: f64,
    distance: f64,
}

impl Cells {
    fn told(self, pair: (usize, usize), texts: usize) -> LabelComparison {
        let [lost, gained, both] = self.counts;
        LabelComparison {
            pair,
            both: both as usize,
            lost: lost as usize,
            gained: gained as usize,
            kappa: kappa(self.counts, texts as u64),
            change: self.change / texts as f64,
            distance: self.distance / texts as f64,
        }
    }
}

/// [`cohen_kappa`] of two who say yes or no, from how often only the first, only the second, and both say yes.
fn kappa([first, second, both]: [u64; 3], cells: u64) -> Option<f64> {
    let share = |count: u64| count as f64 / cells as f64;
    let (a, b) = (share(first + both), share(second + both));
    let expected = a * b + (1.0 - a) * (1.0 - b);
    let observed = 1.0 - share(first + second);
    // Exact where there is one answer to everything.
    let one = (first + second == 0) && (both == 0 || both == cells);
    (!one).then(|| (observed - expected) / (1.0 - expected))
}
