//! Texts against labels.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::evidence::{TermAffinity, log_mean_exp, pool};
use super::prepared::{Key, LabelParts, Prepared, join};
use crate::labels::implied;
use crate::math::Transposed;
use crate::{
    Background, Calibration, Class, Cut, Embeddings, Error, ErrorKind, Evidence, LabelId, LabelSet, Lexicon, Readout,
    Result, ScoreOptions, Scores, TextVectors,
};

/// How many windows' products are held at a time: few enough that they stay in the nearest caches.
const BLOCK: usize = 16;

/// Scores texts against labels: dot products, so that anything about labels may change at any time.
#[derive(Debug, Clone)]
pub struct Scorer {
    calibration: Calibration,
    background: Background,
    /// The lexicon's terms.
    terms: Transposed,
    /// The term for no emotion, and the terms below it.
    neutral: Option<(usize, Vec<usize>)>,
    /// What the reference texts have to do with the terms.
    reference: TermAffinity,
}

/// What the evidence of a window for a label is made of ([`Evidence`] has the formula):
/// `cosine + descendants - competition`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// The cosine similarity with the label itself.
    pub cosine: f32,
    /// What the terms add that the label stands for, 0 or more.
    pub descendants: f32,
    /// What all terms of the lexicon together take off.
    pub competition: f32,
}

impl Parts {
    /// All of it.
    pub fn evidence(&self) -> f32 {
        self.cosine + self.descendants - self.competition
    }
}

impl Scorer {
    /// A scorer that reads cosine similarities by `calibration`, before `background`.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: a calibration that is not valid.
    pub fn new(calibration: Calibration, background: Background) -> Result<Self> {
        calibration.validate()?;
        let terms = transposed(background.terms());
        let lexicon = background.lexicon();
        let neutral = lexicon.find(Lexicon::NEUTRAL).map(|term| {
            let below = lexicon.terms().iter().enumerate().filter(|(_, t)| t.basic == Lexicon::NEUTRAL);
            (term, below.map(|(i, _)| i).collect())
        });
        let mut scorer = Self { calibration, background, terms, neutral, reference: TermAffinity::default() };
        scorer.reference = scorer.affinity(scorer.background.reference().rows().as_slice());
        Ok(scorer)
    }

    /// How it reads cosine similarities.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// What labels are held against.
    pub fn background(&self) -> &Background {
        &self.background
    }

    /// Prepares labels for [`Scorer::score`]. `vectors` has one row for each of the set's [parts](LabelSet::parts), in their
    /// order: for each label, unless it folds others.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: another number of vectors than of parts, or vectors of another model.
    pub fn prepare(&self, vectors: Embeddings, set: &LabelSet) -> Result<Prepared> {
        self.prepare_with(vectors, set, self.background.descendants(set))
    }

    /// The same, but no label is scored through the lexicon's terms, whatever it is called: words for their own sake, to
    /// compare several wordings of one label.
    ///
    /// # Errors
    /// As [`Scorer::prepare`].
    pub fn prepare_words(&self, vectors: Embeddings, set: &LabelSet) -> Result<Prepared> {
        self.prepare_with(vectors, set, vec![Vec::new(); set.parts().len()])
    }

    /// `descendants` are the lexicon's terms that each part stands for.
    fn prepare_with(&self, vectors: Embeddings, set: &LabelSet, descendants: Vec<Vec<usize>>) -> Result<Prepared> {
        let parts = set.parts();
        self.check(&vectors, parts.len())?;
        let columns = transposed(&vectors);
        let reference = self.background.reference();
        let reference = self.evidence_of(reference, 0..reference.len(), &columns, &descendants, &self.reference);
        // A label that stands for the term for no emotion stands in for it.
        let claimed = |term: &usize| descendants.iter().any(|below| below.contains(term));
        let open = self.neutral.as_ref().is_some_and(|(term, _)| !claimed(term));
        let keys = vectors.rows().zip(&descendants).map(|(row, below)| Key::of_part(row, below)).collect();
        let neutral = self.background.neutral(set);
        let mut members = vec![Vec::new(); set.labels().len()];
        parts.iter().enumerate().for_each(|(part, of)| members[of.index].push(part));
        let singles: Vec<Vec<usize>> = (0..members.len()).map(|label| vec![label]).collect();
        let thresholds = set.labels().iter().map(|label| label.threshold).collect();
        let parts = Arc::new(LabelParts { vectors, columns, descendants, keys, reference, neutral, open });
        Ok(self.prepared(parts, members, thresholds, edges(&implied(set, &singles))))
    }

    /// Prepares the classes of a cut, of labels that were prepared for `set`. Nothing is compared anew: a class has the
    /// evidence that [`Evidence`] says, and of one label exactly that label's.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a cut of other labels, or labels prepared for another set.
    pub fn cut(&self, labels: &Prepared, set: &LabelSet, cut: &Cut) -> Result<Prepared> {
        let index: HashMap<LabelId, usize> = set.labels().iter().enumerate().map(|(i, label)| (label.id, i)).collect();
        let group = |class: &Class| class.members.iter().map(|id| index.get(id).copied()).collect::<Option<Vec<_>>>();
        let groups = cut.classes().iter().map(group).collect::<Option<Vec<_>>>();
        let whole = |groups: &Vec<Vec<usize>>| groups.iter().map(Vec::len).sum::<usize>() == labels.len();
        let Some(groups) = groups.filter(whole).filter(|_| labels.len() == set.labels().len()) else {
            return Err(bad("the cut is not one of these labels: cut the set as it is now".into()));
        };
        let members =
            groups.iter().map(|group| group.iter().flat_map(|&label| labels.members[label].clone()).collect());
        let threshold = |class: &Class| set.get(class.label?)?.threshold;
        let thresholds = cut.classes().iter().map(threshold).collect();
        Ok(self.prepared(Arc::clone(&labels.parts), members.collect(), thresholds, edges(&implied(set, &groups))))
    }

    /// The set whose labels are the classes of a cut ([`LabelSet::fold`]), prepared without comparing anything anew.
    ///
    /// # Errors
    /// As [`LabelSet::fold`] and [`Scorer::cut`].
    pub fn fold(&self, labels: &Prepared, set: &LabelSet, cut: &Cut) -> Result<(LabelSet, Prepared)> {
        let folded = set.fold(cut)?;
        let prepared = self.cut(labels, set, &cut.in_order_of(&folded))?;
        Ok((folded, prepared))
    }

    /// Labels of these parts. `edges` are the indices of each child and its parent, the deepest children first.
    fn prepared(
        &self,
        parts: Arc<LabelParts>,
        mut members: Vec<Vec<usize>>,
        thresholds: Vec<Option<f32>>,
        edges: Vec<(usize, usize)>,
    ) -> Prepared {
        // So that a class is the same to the last bit, whatever the order of the labels.
        members.iter_mut().for_each(|members| members.sort_by_key(|&part| parts.keys[part]));
        let keys = members.iter().map(|members| Key::of_class(members.iter().map(|&part| parts.keys[part]))).collect();
        let reference = join(parts.reference.clone(), &members, self.calibration.temperature);
        let neutral: Vec<bool> =
            members.iter().map(|members| members.iter().all(|&part| parts.neutral[part])).collect();
        let readout = self.readout(&parts, &reference, &neutral, thresholds, edges);
        Prepared { parts, members, keys, reference, neutral, readout }
    }

    /// How evidence for labels is read. `reference` is the evidence of the reference texts, and `neutral` says of each label
    /// whether it is one for no emotion. Beside that, only the parts count, however they are joined: a label's logit is the
    /// same in all cuts that have it.
    fn readout(
        &self,
        parts: &LabelParts,
        reference: &Evidence,
        neutral: &[bool],
        thresholds: Vec<Option<f32>>,
        edges: Vec<(usize, usize)>,
    ) -> Readout {
        let c = &self.calibration;
        let crowd = c.crowding * (parts.neutral.len().max(1) as f32).ln();
        let emotional = if parts.neutral.contains(&true) { 0.0 } else { c.emotional };
        let mean = |sum: f32| sum / reference.len().max(1) as f32;
        let offset = |sum: f32, hubness: f32, neutral: bool| {
            let mean = if hubness > 0.0 { mean(sum) } else { 0.0 };
            c.bias - c.scale * hubness * mean - crowd + if neutral { c.neutral } else { 0.0 }
        };
        let sum = |values: &mut dyn Iterator<Item = f32>| values.fold(0.0, |sum, evidence| sum + evidence);
        let sums: Vec<f32> = (0..neutral.len()).map(|label| sum(&mut reference.column(label))).collect();
        let offsets = |hubness: f32| {
            let labels = sums.iter().zip(neutral);
            labels.map(|(&sum, &neutral)| offset(sum, hubness, neutral) + emotional).collect()
        };
        let [offsets, choice_offsets] = [c.hubness, c.choice().hubness].map(offsets);
        let neutral = || offset(sum(&mut reference.neutral().iter().copied()), c.choice().hubness, true);
        Readout { offsets, choice_offsets, thresholds, edges, neutral: parts.open.then(neutral) }
    }

    /// Scores texts: their [`Scorer::evidence`], read as [`Readout`] says.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of different lengths, or a threshold that is not between 0 and 1.
    pub fn score(&self, texts: &TextVectors, labels: &Prepared, options: &ScoreOptions) -> Result<Scores> {
        labels.readout.read(&self.evidence(texts, labels)?, &self.calibration, options)
    }

    /// How strongly texts express labels: see [`Evidence`] for the formula.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of different lengths.
    pub fn evidence(&self, texts: &TextVectors, labels: &Prepared) -> Result<Evidence> {
        same_length(texts.rows(), &labels.parts.vectors)?;
        let affinity = self.affinity(texts.rows().as_slice());
        Ok(self.evidence_for(texts, 0..texts.len(), labels, &affinity))
    }

    /// What the evidence of each window is made of, for a label; for one that is a class of several, that of the one with the
    /// most evidence.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of different lengths.
    ///
    /// # Panics
    /// If there is no such label.
    pub fn parts(&self, texts: &TextVectors, labels: &Prepared, label: usize) -> Result<Vec<Parts>> {
        let LabelParts { vectors, descendants, .. } = &*labels.parts;
        same_length(texts.rows(), vectors)?;
        let affinity = self.affinity(texts.rows().as_slice());
        let members = &labels.members[label];
        let columns = Transposed::new(members.iter().map(|&part| vectors.row(part)), vectors.dim());
        let cosines = cosines(texts.rows().as_slice(), &columns);
        let parts = |(window, cosines): (usize, &[f32])| {
            let competition = affinity.competition(window);
            let of = |(&cosine, &part): (&f32, &usize)| {
                let evidence = affinity.evidence(window, cosine, &descendants[part], &self.calibration);
                Parts { cosine, descendants: evidence + competition - cosine, competition }
            };
            let all = cosines.iter().zip(members).map(of);
            all.max_by(|a, b| a.evidence().total_cmp(&b.evidence()))
        };
        Ok(cosines.chunks(members.len()).enumerate().filter_map(parts).collect())
    }

    /// What windows, the rows of a matrix, have to do with the lexicon's terms.
    pub(super) fn affinity(&self, windows: &[f32]) -> TermAffinity {
        let mut affinity = TermAffinity::new(self.terms.len());
        self.extend(&mut affinity, windows);
        affinity
    }

    /// Adds windows to those whose affinity is known.
    pub(super) fn extend(&self, affinity: &mut TermAffinity, windows: &[f32]) {
        let neutral = self.neutral.as_ref().map(|&(term, _)| term);
        let dim = self.background.terms().dim();
        for block in windows.chunks(BLOCK * dim) {
            let cosines = cosines(block, &self.terms);
            for window in 0..block.len() / dim {
                let row = &cosines[window * self.terms.len()..(window + 1) * self.terms.len()];
                affinity.push(row, neutral, &self.calibration);
            }
        }
    }

    /// The evidence of some texts for labels. `affinity` is that of all windows of `texts`.
    pub(super) fn evidence_for(
        &self,
        texts: &TextVectors,
        of: Range<usize>,
        labels: &Prepared,
        affinity: &TermAffinity,
    ) -> Evidence {
        let LabelParts { columns, descendants, .. } = &*labels.parts;
        let parts = self.evidence_of(texts, of, columns, descendants, affinity);
        join(parts, &labels.members, self.calibration.temperature)
    }

    /// The evidence of some texts for parts. `affinity` is that of all windows of `texts`.
    pub(super) fn evidence_of(
        &self,
        texts: &TextVectors,
        of: Range<usize>,
        labels: &Transposed,
        descendants: &[Vec<usize>],
        affinity: &TermAffinity,
    ) -> Evidence {
        let (width, dim) = (descendants.len(), texts.rows().dim());
        let windows = texts.windows_of(of.clone());
        let rows = &texts.rows().as_slice()[windows.start * dim..windows.end * dim];
        let mut values = Vec::with_capacity(windows.len() * width);
        let mut window = windows.start;
        for block in rows.chunks(BLOCK * dim) {
            let cosines = cosines(block, labels);
            for row in 0..block.len() / dim {
                let cosines = cosines[row * width..(row + 1) * width].iter().zip(descendants);
                values.extend(cosines.map(|(&c, below)| affinity.evidence(window, c, below, &self.calibration)));
                window += 1;
            }
        }
        let neutral: Vec<f32> = windows.map(|window| self.neutral_evidence(window, affinity)).collect();
        let pool = |values: &[f32], width| pool(values, width, texts, of.clone(), self.calibration.windows);
        Evidence::new(width, pool(&values, width), pool(&neutral, 1))
    }

    /// The evidence of a window for no emotion.
    fn neutral_evidence(&self, window: usize, affinity: &TermAffinity) -> f32 {
        let below = self.neutral.as_ref().map_or(&[][..], |(_, below)| below);
        affinity.neutral(window, below, &self.calibration)
    }

    /// The evidence of a text for no emotion.
    pub(super) fn neutral_of(&self, texts: &TextVectors, text: usize, affinity: &TermAffinity) -> f32 {
        let windows = texts.windows(text).map(|window| self.neutral_evidence(window, affinity));
        log_mean_exp(windows, self.calibration.windows)
    }

    fn check(&self, vectors: &Embeddings, parts: usize) -> Result<()> {
        if !self.background.terms().is_empty() {
            same_length(self.background.terms(), vectors)?;
        }
        if vectors.len() != parts {
            let vectors = vectors.len();
            return Err(bad(format!("{parts} labels came with {vectors} vectors: encode the label set as it is now")));
        }
        Ok(())
    }
}

/// The cosine similarities of unit rows, `(windows, labels)`: rounding may carry a product beyond one.
fn cosines(windows: &[f32], labels: &Transposed) -> Vec<f32> {
    let mut cosines = labels.products(windows);
    cosines.iter_mut().for_each(|cosine| *cosine = cosine.clamp(-1.0, 1.0));
    cosines
}

fn transposed(rows: &Embeddings) -> Transposed {
    Transposed::new(rows.rows(), rows.dim())
}

pub(super) fn same_length(texts: &Embeddings, labels: &Embeddings) -> Result<()> {
    if texts.dim() == labels.dim() {
        return Ok(());
    }
    let (texts, labels) = (texts.dim(), labels.dim());
    Err(bad(format!("texts have vectors of length {texts} and labels of {labels}: encode both with one model")))
}

/// The indices of each child and its parent, the deepest children first, from the parent of each.
fn edges(parents: &[Option<usize>]) -> Vec<(usize, usize)> {
    let depth = |i: usize| std::iter::successors(parents[i], |&i| parents[i]).count();
    let mut edges: Vec<_> = (0..parents.len()).filter_map(|i| Some((i, parents[i]?))).collect();
    edges.sort_by_cached_key(|&(child, _)| std::cmp::Reverse(depth(child)));
    edges
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
