//! The tree above a lexicon's terms, and where labels belong in it.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::labels::{Branch, Draft};
use crate::{Background, Embeddings, Error, ErrorKind, LabelSet, Lexicon, Result, Tree, dot};

/// Families, basic emotions and sentiments as a tree.
///
/// Terms of one family may be kinds of several basic emotions, and those of a basic emotion may be of several sentiments.
/// In a tree each has one place: where most of its terms are; of several such, the one with the fewest terms in all.
pub(super) struct Kinship<'a> {
    lexicon: &'a Lexicon,
    /// Names of the sentiments, basic emotions and families, in the lexicon's order.
    names: [Vec<&'a str>; 3],
    /// Of each basic emotion its sentiment, and of each family its basic emotion, by index.
    above: [Vec<usize>; 2],
}

/// Where something belongs: at a sentiment (0), a basic emotion (1) or a family (2), and which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    level: usize,
    index: usize,
}

impl<'a> Kinship<'a> {
    pub fn new(lexicon: &'a Lexicon) -> Self {
        let mut names = [const { Vec::new() }; 3];
        let indices: Vec<[usize; 3]> = lexicon
            .terms()
            .iter()
            .map(|term| {
                let levels = [term.sentiment.as_str(), &term.basic, &term.family];
                std::array::from_fn(|level| place(&mut names[level], levels[level]))
            })
            .collect();
        let above = std::array::from_fn(|level| {
            let whole = |of: usize| indices.iter().filter(|index| index[level] == of).count();
            let usual = |index: usize| {
                let mut counts: HashMap<usize, usize> = HashMap::new();
                let terms = indices.iter().filter(|term| term[level + 1] == index);
                terms.for_each(|term| *counts.entry(term[level]).or_default() += 1);
                let rarest = |&(&above, &count): &(&usize, &usize)| (Reverse(count), whole(above), names[level][above]);
                counts.iter().min_by_key(rarest).map_or(0, |(&above, _)| above)
            };
            (0..names[level + 1].len()).map(usual).collect()
        });
        Self { lexicon, names, above }
    }

    /// Where a name belongs: at the family of the term that goes by it, else at what is called so; nowhere if the lexicon
    /// does not know it.
    fn find(&self, name: &str) -> Option<Place> {
        if let Some(term) = self.lexicon.find(name) {
            return self.family_of(term);
        }
        let name = self.lexicon.canonical(name);
        let at = |level: usize| self.names[level].iter().position(|known| *known == name);
        (0..3).find_map(|level| Some(Place { level, index: at(level)? }))
    }

    fn family_of(&self, term: usize) -> Option<Place> {
        let family = &self.lexicon.terms().get(term)?.family;
        let index = self.names[2].iter().position(|known| known == family)?;
        Some(Place { level: 2, index })
    }

    /// The place that is a level above one.
    fn above(&self, place: Place) -> Option<Place> {
        let level = place.level.checked_sub(1)?;
        Some(Place { level, index: self.above[level][place.index] })
    }

    /// For groups of at least two of a set's labels, by their ascending indices, the name that the lexicon has for exactly
    /// these; the narrowest if there are several.
    pub fn names(&self, set: &LabelSet) -> HashMap<Vec<usize>, String> {
        let mut groups: [HashMap<usize, Vec<usize>>; 3] = std::array::from_fn(|_| HashMap::new());
        for (label, place) in set.labels().iter().enumerate().filter_map(|(i, l)| Some((i, self.find(&l.name)?))) {
            for Place { level, index } in std::iter::successors(Some(place), |&place| self.above(place)) {
                groups[level].entry(index).or_default().push(label);
            }
        }
        let named = groups.into_iter().enumerate().flat_map(|(level, groups)| {
            let named = groups.into_iter().filter(|(_, labels)| labels.len() > 1);
            named.map(move |(index, labels)| (labels, self.names[level][index].to_owned())).collect::<Vec<_>>()
        });
        named.collect()
    }
}

/// The tree of a set's labels by the lexicon: its sentiments, below them basic emotions, families, and the labels.
///
/// A label belongs to the family of the term that goes by its name; one that is called as a basic emotion or a sentiment is,
/// and no term, belongs to that; one that the lexicon does not know goes to the family of the term whose vector is nearest to
/// the label's. Cuts split all sentiments first, then all basic emotions, then all families; of each level the largest
/// first. Without a lexicon there is one cut, into all labels. `vectors` has one row for each label.
///
/// # Errors
/// [`ErrorKind::BadInput`]: another number of vectors than of labels, or vectors of another model.
pub fn by_lexicon(set: &LabelSet, vectors: &Embeddings, background: &Background) -> Result<Tree> {
    let bad = |message: String| Err(Error::new(ErrorKind::BadInput, message));
    if vectors.len() != set.labels().len() {
        let (vectors, labels) = (vectors.len(), set.labels().len());
        return bad(format!("{labels} labels came with {vectors} vectors: encode the label set as it is now"));
    }
    let terms = background.terms();
    if !terms.is_empty() && terms.dim() != vectors.dim() {
        let (terms, labels) = (terms.dim(), vectors.dim());
        return bad(format!(
            "the lexicon has vectors of length {terms} and labels of {labels}: encode them with one model"
        ));
    }
    let kinship = Kinship::new(background.lexicon());
    let nearest = |vector: &[f32]| {
        let cosine = |term: usize| dot(terms.row(term), vector);
        // Of equals, `max_by` takes the last.
        (0..terms.len()).rev().max_by(|&a, &b| cosine(a).total_cmp(&cosine(b)))
    };
    let mut draft = Draft::default();
    let mut below: [HashMap<usize, Vec<usize>>; 3] = std::array::from_fn(|_| HashMap::new());
    let mut roots = Vec::new();
    for (label, vector) in set.labels().iter().zip(vectors.rows()) {
        let leaf = draft.leaf(label.id);
        let place = kinship.find(&label.name).or_else(|| kinship.family_of(nearest(vector)?));
        match place {
            Some(Place { level, index }) => below[level].entry(index).or_default().push(leaf),
            None => roots.push(leaf),
        }
    }
    for level in (0..3).rev() {
        for index in 0..kinship.names[level].len() {
            let Some(children) = below[level].remove(&index) else { continue };
            let name = Some(kinship.names[level][index].to_owned());
            let node = draft.node(Branch { name, ..Branch::new(children, level) });
            match kinship.above(Place { level, index }) {
                Some(above) => below[above.level].entry(above.index).or_default().push(node),
                None => roots.push(node),
            }
        }
    }
    Ok(draft.finish(roots, set))
}

/// The index of a name, which is added if it is new.
fn place<'a>(names: &mut Vec<&'a str>, name: &'a str) -> usize {
    names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    })
}
