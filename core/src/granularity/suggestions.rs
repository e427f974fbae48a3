//! What texts call for that no label covers, and what a label could be split into.

use std::cmp::Reverse;

use crate::labels::key;
use crate::{Background, Error, ErrorKind, LabelId, LabelSet, Prepared, Result, Scorer, Tags, TextVectors, dot};

/// From which cosine similarity on a term is but another word for a label.
const COVERED: f32 = 0.7;
/// From which cosine similarity of their vectors on two texts are alike.
const ALIKE: f32 = 0.6;
/// How many texts are called many, at least.
const MANY: usize = 3;
/// How many alike texts make a group.
const GROUP: usize = 5;
/// How many texts are searched for groups at most.
const TEXTS: usize = 2_000;
/// How many examples there are of each suggestion.
const EXAMPLES: usize = 3;

/// A label that texts call for.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What it could be called: a term of the lexicon, the one whose vector is nearest if it came from a group of texts.
    pub name: String,
    /// Whether it is that term, by the term's own vector; else the name only says what a group of texts is near to.
    pub is_term: bool,
    /// Its vector: the term's, or the mean of the group's texts.
    pub vector: Vec<f32>,
    /// The texts that call for it and for nothing suggested before it, in ascending order.
    pub texts: Vec<usize>,
    /// Up to three of them, the clearest first.
    pub examples: Vec<usize>,
}

/// What some texts call for and no label covers: at most `count` of the lexicon's terms, then at most `count` groups of alike
/// texts, each with the texts that nothing before it covers, the most first.
///
/// A text that is tagged with no label calls for a term if it were tagged with it, were the term one of the labels. Terms that
/// are but another word for a label, with a cosine similarity of .7 or more, are left out. Texts which call for no term at all
/// are grouped: of all such texts the one that is alike the most others, by a cosine similarity of .6 or more, with these; and
/// so on among the rest, while a group has five texts. `tags` are those of the texts, of several labels a text.
///
/// # Errors
/// [`ErrorKind::BadInput`]: tags of other texts or labels, or vectors of another model.
pub fn missing(
    scorer: &Scorer,
    set: &LabelSet,
    labels: &Prepared,
    texts: &TextVectors,
    tags: &Tags,
    count: usize,
) -> Result<Vec<Suggestion>> {
    check(set, labels, texts, tags)?;
    let terms = Terms::new(scorer, labels.parts() + 1)?;
    let open: Vec<usize> =
        (0..tags.len()).filter(|&text| (0..tags.width()).all(|label| !tags.has(text, label))).collect();
    let free: Vec<usize> = (0..terms.len()).filter(|&term| !terms.is_covered(term, set, labels)).collect();
    let calls = terms.calls(&texts.pick(&open), &free, scorer.calibration().threshold)?;

    let mut called = vec![false; open.len()];
    calls.iter().flatten().for_each(|&(at, _)| called[at] = true);
    let mut suggestions = terms.greedy(&free, calls, &open, count);
    let rest: Vec<usize> = open.iter().zip(&called).filter(|(_, called)| !**called).map(|(&text, _)| text).collect();
    suggestions.extend(terms.groups(texts, &rest, count, |_| true)?);
    Ok(suggestions)
}

/// What a label could be split into, by the texts that are tagged with it: at most `count` of the lexicon's narrower terms, then
/// at most `count` groups of alike texts.
///
/// Narrower are the terms that the label stands for, and of a label that the lexicon does not know, those that no other label
/// stands for; never one that is but another word for a label of the set. A text calls for that of them, or for the label
/// itself, whose logit is the highest. Groups are those of [`missing`], of all texts of the label.
///
/// # Errors
/// [`ErrorKind::BadInput`]: no such label, tags of other texts or labels, or vectors of another model.
pub fn split(
    scorer: &Scorer,
    set: &LabelSet,
    labels: &Prepared,
    texts: &TextVectors,
    tags: &Tags,
    label: LabelId,
    count: usize,
) -> Result<Vec<Suggestion>> {
    check(set, labels, texts, tags)?;
    let Some(index) = set.labels().iter().position(|other| other.id == label) else {
        return Err(bad(format!("there is no label with the id {} any more", label.get())));
    };
    let terms = Terms::new(scorer, labels.parts() + 1)?;
    let own = labels.claims(index);
    let mut free: Vec<usize> = if own.is_empty() {
        let claimed: Vec<usize> = (0..labels.len()).flat_map(|label| labels.claims(label)).collect();
        (0..terms.len()).filter(|term| !claimed.contains(term)).collect()
    } else {
        own
    };
    free.retain(|&term| !terms.is_covered(term, set, labels));
    let tagged: Vec<usize> = tags.texts(index).collect();
    let picked = texts.pick(&tagged);
    let evidence = scorer.evidence(&picked, labels)?;
    let logit = |text: usize| scorer.calibration().scale * evidence.row(text)[index] + labels.readout().offsets[index];
    let own: Vec<f32> = (0..tagged.len()).map(logit).collect();
    let calls = terms.winners(&picked, &free, &own)?;
    let mut suggestions = terms.greedy(&free, calls, &tagged, count);
    suggestions.extend(terms.groups(texts, &tagged, count, |term| !terms.is_covered(term, set, labels))?);
    Ok(suggestions)
}

/// The lexicon's terms as if each were one more label of a set.
struct Terms<'a> {
    scorer: &'a Scorer,
    background: &'a Background,
    labels: Prepared,
    /// What makes a term's logit that of a label in a set of the size that is asked for.
    shift: f32,
}

/// Of each term, which texts call for it, by their places, and how much.
type Calls = Vec<Vec<(usize, f32)>>;

impl<'a> Terms<'a> {
    /// In a set of so many labels.
    fn new(scorer: &'a Scorer, labels: usize) -> Result<Self> {
        let background = scorer.background();
        let set = background.lexicon().labels()?;
        let terms = scorer.prepare_words(background.terms().clone(), &set)?;
        let crowd = |labels: usize| scorer.calibration().crowding * (labels.max(1) as f32).ln();
        let shift = crowd(terms.len()) - crowd(labels);
        Ok(Self { scorer, background, labels: terms, shift })
    }

    fn len(&self) -> usize {
        self.labels.len()
    }

    fn name(&self, term: usize) -> &str {
        &self.background.lexicon().terms()[term].term
    }

    /// Whether a term is but another word for a label.
    fn is_covered(&self, term: usize, set: &LabelSet, labels: &Prepared) -> bool {
        let vector = self.background.terms().row(term);
        let lexicon = self.background.lexicon();
        let named =
            |label: &crate::Label| key(&label.name) == key(self.name(term)) || lexicon.find(&label.name) == Some(term);
        set.parts().iter().any(|part| named(part.label)) || labels.part_vectors().any(|row| dot(row, vector) >= COVERED)
    }

    /// The logits of texts for some terms, text by text.
    fn logits(&self, texts: &TextVectors, of: &[usize]) -> Result<Vec<Vec<f32>>> {
        let evidence = self.scorer.evidence(texts, &self.labels)?;
        let (scale, offsets) = (self.scorer.calibration().scale, &self.labels.readout().offsets);
        let row = |text: usize| {
            let row = evidence.row(text);
            of.iter().map(|&term| scale * row[term] + offsets[term] + self.shift).collect()
        };
        Ok((0..texts.len()).map(row).collect())
    }

    /// The texts that would be tagged with each of some terms.
    fn calls(&self, texts: &TextVectors, of: &[usize], threshold: f32) -> Result<Calls> {
        let threshold = crate::scoring::logit(threshold);
        let mut calls = vec![Vec::new(); of.len()];
        for (text, logits) in self.logits(texts, of)?.into_iter().enumerate() {
            let reached = logits.into_iter().enumerate().filter(|&(_, logit)| logit >= threshold);
            reached.for_each(|(term, logit)| calls[term].push((text, logit)));
        }
        Ok(calls)
    }

    /// The texts whose highest logit is that of each of some terms, above their `own`.
    fn winners(&self, texts: &TextVectors, of: &[usize], own: &[f32]) -> Result<Calls> {
        let mut calls = vec![Vec::new(); of.len()];
        for ((text, logits), own) in self.logits(texts, of)?.into_iter().enumerate().zip(own) {
            // Of equals, `max_by` takes the last.
            let best = logits.into_iter().enumerate().rev().max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((term, logit)) = best.filter(|(_, logit)| logit > own) {
                calls[term].push((text, logit));
            }
        }
        Ok(calls)
    }

    /// The terms with the most texts, each without those of the terms before it. `at` are the texts, by their places.
    fn greedy(&self, terms: &[usize], mut calls: Calls, at: &[usize], count: usize) -> Vec<Suggestion> {
        let mut left = vec![true; at.len()];
        let mut suggestions = Vec::new();
        while suggestions.len() < count {
            calls.iter_mut().for_each(|texts| texts.retain(|&(text, _)| left[text]));
            let most = (0..calls.len()).min_by_key(|&i| (Reverse(calls[i].len()), terms[i]));
            let Some(most) = most.filter(|&i| calls[i].len() >= MANY) else { break };
            let mut texts = std::mem::take(&mut calls[most]);
            texts.iter().for_each(|&(text, _)| left[text] = false);
            texts.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            suggestions.push(Suggestion {
                name: self.name(terms[most]).to_owned(),
                is_term: true,
                vector: self.background.terms().row(terms[most]).to_vec(),
                examples: texts.iter().take(EXAMPLES).map(|&(text, _)| at[text]).collect(),
                texts: sorted(texts.into_iter().map(|(text, _)| at[text])),
            });
        }
        suggestions
    }

    /// Groups of alike texts. They have the names of the nearest terms that `may` be.
    fn groups(
        &self,
        texts: &TextVectors,
        of: &[usize],
        count: usize,
        may: impl Fn(usize) -> bool,
    ) -> Result<Vec<Suggestion>> {
        let step = of.len().div_ceil(TEXTS).max(1);
        let of: Vec<usize> = of.iter().copied().step_by(step).collect();
        let means = texts.pick(&of).means()?;
        let alike: Vec<Vec<usize>> = (0..of.len())
            .map(|a| (0..of.len()).filter(|&b| dot(means.row(a), means.row(b)) >= ALIKE).collect())
            .collect();
        let names: Vec<usize> = (0..self.len()).filter(|&term| may(term)).collect();
        let mut left = vec![true; of.len()];
        let mut groups = Vec::new();
        while groups.len() < count {
            let size = |text: usize| alike[text].iter().filter(|&&other| left[other]).count();
            let centre = (0..of.len()).filter(|&text| left[text]).min_by_key(|&text| (Reverse(size(text)), text));
            let Some(centre) = centre.filter(|&text| size(text) >= GROUP) else { break };
            let mut group: Vec<usize> = alike[centre].iter().copied().filter(|&other| left[other]).collect();
            group.iter().for_each(|&text| left[text] = false);
            let vector = crate::Embeddings::mean(&group.iter().map(|&text| means.row(text)).collect::<Vec<_>>())?;
            let near = |term: &usize| dot(self.background.terms().row(*term), &vector);
            let name = names.iter().copied().rev().max_by(|a, b| near(a).total_cmp(&near(b)));
            group.sort_by(|&a, &b| dot(means.row(b), &vector).total_cmp(&dot(means.row(a), &vector)).then(a.cmp(&b)));
            groups.push(Suggestion {
                name: name.map(|term| self.name(term).to_owned()).unwrap_or_default(),
                is_term: false,
                examples: group.iter().take(EXAMPLES).map(|&text| of[text]).collect(),
                texts: sorted(group.into_iter().map(|text| of[text])),
                vector,
            });
        }
        Ok(groups)
    }
}

fn sorted(texts: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut texts: Vec<usize> = texts.collect();
    texts.sort_unstable();
    texts
}

fn check(set: &LabelSet, labels: &Prepared, texts: &TextVectors, tags: &Tags) -> Result<()> {
    let width = set.labels().len();
    if labels.len() != width || tags.width() != width || tags.len() != texts.len() {
        let (here, texts) = (tags.width(), texts.len());
        return Err(bad(format!("the tags of {here} labels are not those of {texts} texts for {width} labels")));
    }
    Ok(())
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
