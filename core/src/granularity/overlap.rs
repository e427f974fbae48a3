//! What labels share: by meaning, and in these texts.

use serde::{Deserialize, Serialize};

use super::linkage::Distances;
use super::words::{figure, number};
use crate::{Embeddings, Error, ErrorKind, Prepared, Result, Scorer, Tags};

/// From which cosine on two labels mean the same to the model: what a label has in common with itself in other words.
const SAME: f64 = 0.95;
/// From which share of the texts with either label on, which have both, labels are hard to tell apart.
const ALIKE: f64 = 0.5;
/// From which such share on labels often go together.
const TOGETHER: f64 = 0.2;
/// From which share of a label's texts on, which have the other too, it is found within that one.
const WITHIN: f64 = 0.8;
/// From which correlation on labels rise and fall together.
const PARALLEL: f64 = 0.7;
/// With fewer texts with either label, nothing is said of them.
const FEW: usize = 10;

/// What two labels share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The labels' indices.
    pub labels: [usize; 2],
    /// By meaning: the cosine similarity of their vectors, -1 to 1.
    pub cosine: f64,
    /// By these texts: Pearson's correlation of the evidence for them, -1 to 1; 0 where texts do not tell.
    pub correlation: f64,
    /// How many texts are tagged with each.
    pub counts: [usize; 2],
    /// How many texts are tagged with both.
    pub both: usize,
}

/// How alike two labels are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Likeness {
    /// They mean the same to the model: a cosine of .95 or more.
    Same,
    /// They are hard to tell apart: half of the texts with either, or more, have both.
    Alike,
    /// One is found nearly only where the other is too: in 80 % of its texts or more.
    Within,
    /// They often go together: a fifth of the texts with either, or more, have both.
    Together,
    /// The evidence for them rises and falls together, with a correlation of .7 or more, though few texts have both.
    Parallel,
    /// They are two things.
    Apart,
    /// Fewer than ten texts have either.
    Unknown,
}

impl Pair {
    /// How many texts are tagged with one of them or both.
    pub fn either(&self) -> usize {
        self.counts[0] + self.counts[1] - self.both
    }

    /// The share of the texts tagged with either that are tagged with both (the Jaccard index), 0 to 1; 0 if no text is.
    pub fn share(&self) -> f64 {
        ratio(self.both, self.either())
    }

    /// How alike they are.
    pub fn likeness(&self) -> Likeness {
        let rarer = self.counts[0].min(self.counts[1]);
        match () {
            () if self.cosine >= SAME => Likeness::Same,
            () if self.either() < FEW => Likeness::Unknown,
            () if self.share() >= ALIKE => Likeness::Alike,
            () if rarer >= FEW && ratio(self.both, rarer) >= WITHIN => Likeness::Within,
            () if self.share() >= TOGETHER => Likeness::Together,
            () if self.correlation >= PARALLEL => Likeness::Parallel,
            () => Likeness::Apart,
        }
    }

    /// That in a sentence. `names` are the labels'.
    pub fn sentence(&self, names: [&str; 2]) -> String {
        let [a, b] = names;
        let (both, either) = (number(self.both), number(self.either()));
        let counted = format!("of {either} texts tagged with either, {both} have both");
        match self.likeness() {
            Likeness::Same => {
                format!("{a} and {b} mean the same to the model (cosine {}); {counted}", figure(self.cosine))
            }
            Likeness::Alike => format!("{a} and {b} are hard to tell apart here: {counted}"),
            Likeness::Within => {
                let rarer = usize::from(self.counts[1] < self.counts[0]);
                let (rare, other, all) = (names[rarer], names[1 - rarer], number(self.counts[rarer]));
                format!(
                    "{rare} is hardly found here without {other}: of {all} texts tagged with {rare}, {both} have both"
                )
            }
            Likeness::Together => format!("{a} and {b} often go together here: {counted}"),
            Likeness::Parallel => {
                let r = figure(self.correlation);
                format!("{a} and {b} rise and fall together here (correlation {r}), though {counted}")
            }
            Likeness::Apart => format!("{a} and {b} are two things here: {counted}"),
            Likeness::Unknown => {
                format!("too few texts are tagged with {a} or {b} to tell them apart or not: {either}")
            }
        }
    }
}

/// What all labels share with each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlap {
    width: usize,
    /// The upper triangle without the diagonal, row after row.
    pairs: Vec<Pair>,
}

impl Overlap {
    /// Compares labels or classes. `vectors` are theirs, `columns` the evidence for them, a number for each text, and `tags`
    /// the texts that they are found in: of several labels a text ([`Mode::Multi`](crate::Mode::Multi)), since one alone
    /// overlaps with none.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: different numbers of labels.
    pub fn new(vectors: &Embeddings, columns: &[&[f32]], tags: &Tags) -> Result<Self> {
        let width = vectors.len();
        if columns.len() != width || tags.width() != width {
            let (columns, tags) = (columns.len(), tags.width());
            let message = format!("{width} labels came with the evidence for {columns} and the tags of {tags}");
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let (meaning, texts) = (Distances::by_meaning(vectors), Distances::by_texts(columns));
        let counts: Vec<usize> = (0..width).map(|label| tags.count(label)).collect();
        let pair = |(a, b): (usize, usize)| Pair {
            labels: [a, b],
            cosine: 1.0 - meaning.between(a, b),
            correlation: 1.0 - texts.between(a, b),
            counts: [counts[a], counts[b]],
            both: tags.both(a, b),
        };
        let pairs = (0..width).flat_map(|a| (a + 1..width).map(move |b| (a, b))).map(pair).collect();
        Ok(Self { width, pairs })
    }

    /// How many labels.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What two labels share; `None` of one with itself, or if there are no such labels.
    pub fn between(&self, a: usize, b: usize) -> Option<&Pair> {
        let (a, b) = (a.min(b), a.max(b));
        (a < b && b < self.width).then(|| &self.pairs[a * (2 * self.width - a - 1) / 2 + b - a - 1])
    }

    /// All pairs.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }

    /// The pairs of labels that are not two things, the most alike first.
    pub fn alike(&self) -> Vec<&Pair> {
        let told = |pair: &&Pair| !matches!(pair.likeness(), Likeness::Apart | Likeness::Unknown);
        let mut pairs: Vec<&Pair> = self.pairs.iter().filter(told).collect();
        let order = |a: &Pair, b: &Pair| {
            let by = |a: f64, b: f64| b.total_cmp(&a);
            let alike = a.likeness().cmp(&b.likeness());
            alike.then_with(|| by(a.share(), b.share())).then_with(|| by(a.correlation, b.correlation))
        };
        pairs.sort_by(|a, b| order(a, b));
        pairs
    }
}

/// The texts in which two labels differ most: first those that are most of all the first, then those that are most of all
/// the second, `count` of each at most, the clearest first. By the difference of their logits, of texts tagged with one of
/// them; of all texts if none is. `columns` is the evidence for the labels, a number for each text.
///
/// # Errors
/// [`ErrorKind::BadInput`]: no such labels, or evidence or tags of others.
pub fn contrast(
    scorer: &Scorer,
    labels: &Prepared,
    columns: &[&[f32]],
    tags: &Tags,
    pair: [usize; 2],
    count: usize,
) -> Result<[Vec<usize>; 2]> {
    let [a, b] = pair;
    let fits = columns.len() == labels.len() && tags.width() == labels.len() && a.max(b) < labels.len();
    if !fits || columns.iter().any(|column| column.len() < tags.len()) {
        let message = "these labels cannot be compared by evidence and tags of others: compute them anew";
        return Err(Error::new(ErrorKind::BadInput, message));
    }
    let (scale, offsets) = (scorer.calibration().scale, &labels.readout().offsets);
    let logit = |label: usize, text: usize| scale * columns[label][text] + offsets[label];
    let mut texts: Vec<usize> = (0..tags.len()).filter(|&text| tags.has(text, a) || tags.has(text, b)).collect();
    if texts.is_empty() {
        texts = (0..tags.len()).collect();
    }
    let mut leads: Vec<(f32, usize)> = texts.into_iter().map(|text| (logit(a, text) - logit(b, text), text)).collect();
    leads.sort_by(|x, y| y.0.total_cmp(&x.0).then(x.1.cmp(&y.1)));
    let first = leads.iter().take_while(|&&(lead, _)| lead > 0.0).take(count);
    let second = leads.iter().rev().take_while(|&&(lead, _)| lead < 0.0).take(count);
    Ok([first.map(|&(_, text)| text).collect(), second.map(|&(_, text)| text).collect()])
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
