//! The file that is open: its rows, their vectors, their scores.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use undertone_core::{
    Affect, AffectHead, Corpus, Cut, Embeddings, LabelId, LabelSet, Prepared, Result, ScoreOptions, Scorer, Scores,
    TextVectors,
};

use super::Texts;
use crate::document::{Decision, Decisions, Rows};
use crate::wire::engine::Encoded;
use crate::wire::scoring::{Detail, Row, Summary};

/// How much of a text the table gets to show, in characters.
const SHOWN: usize = 400;
/// How many tags of a row it gets.
const TAGS: usize = 12;

/// Labels as rows are scored against them.
#[derive(Clone, Debug)]
pub struct Labels {
    /// What answers are about.
    pub version: u32,
    /// The labels.
    pub set: LabelSet,
    /// The same with their vectors.
    pub prepared: Prepared,
    /// The place of each label, and of those that are folded into it.
    places: HashMap<LabelId, usize>,
}

impl Labels {
    /// Labels with a vector for each.
    ///
    /// # Errors
    /// As [`Scorer::prepare`].
    pub fn new(version: u32, set: LabelSet, vectors: Vec<f32>, scorer: &Scorer, dim: usize) -> Result<Self> {
        let prepared = scorer.prepare(Embeddings::new(dim, vectors)?, &set)?;
        Ok(Self::of(version, set, prepared))
    }

    /// The classes of a cut of these labels.
    ///
    /// # Errors
    /// As [`Scorer::fold`].
    pub fn join(&self, version: u32, cut: &Cut, scorer: &Scorer) -> Result<Self> {
        let (set, prepared) = scorer.fold(&self.prepared, &self.set, cut)?;
        Ok(Self::of(version, set, prepared))
    }

    fn of(version: u32, set: LabelSet, prepared: Prepared) -> Self {
        let mut places = HashMap::new();
        for (place, label) in set.labels().iter().enumerate() {
            places.extend(label.all_folded().into_iter().map(|folded| (folded.id, place)));
        }
        // A class may have the id of a label that it folds, and of no other.
        places.extend(set.labels().iter().enumerate().map(|(place, label)| (label.id, place)));
        Self { version, set, prepared, places }
    }

    /// The places of labels in the set, each once; of one that is folded, that of the label that it is folded into.
    pub fn places(&self, ids: &[LabelId]) -> Vec<usize> {
        let mut places: Vec<usize> = Vec::with_capacity(ids.len());
        for &place in ids.iter().filter_map(|id| self.places.get(id)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }
}

/// A file.
#[derive(Debug)]
pub struct Sheet {
    texts: Texts,
    decisions: Decisions,
    /// What needs a model.
    scored: Option<Scored>,
    /// For each row its place in the corpus, once it has vectors.
    places: Vec<Option<u32>>,
    /// Rows whose text cannot be encoded.
    refused: BTreeSet<u32>,
}

/// A row looked at closely.
#[derive(Debug)]
pub struct Look {
    /// Its text, scores and decision.
    pub detail: Detail,
    /// For each window where it begins and where it ends, in UTF-16 code units.
    pub ranges: Vec<u32>,
    /// For each window the probabilities of all labels.
    pub windows: Vec<f32>,
}

#[derive(Debug)]
struct Scored {
    corpus: Corpus,
    affect: AffectHead,
    /// For each text of the corpus how pleasant and how stirred it is.
    affects: Vec<Affect>,
    /// For each window of the corpus where it begins and ends.
    ranges: Vec<u32>,
    /// For each text of the corpus whether its end was left out.
    cut: Vec<bool>,
}

impl Sheet {
    /// A file without vectors.
    pub fn new(texts: Texts) -> Self {
        let places = vec![None; texts.len()];
        Self { texts, decisions: Decisions::default(), scored: None, places, refused: BTreeSet::new() }
    }

    /// Lets it be scored by a model. Vectors of another one are forgotten.
    pub fn set_model(&mut self, scorer: Scorer, dim: usize, affect: AffectHead) {
        let corpus = Corpus::new(scorer, dim);
        self.scored = Some(Scored { corpus, affect, affects: Vec::new(), ranges: Vec::new(), cut: Vec::new() });
        self.places.fill(None);
        self.refused.clear();
    }

    /// What is in it.
    pub fn summary(&self) -> Summary {
        let texts = &self.texts;
        Summary {
            rows: texts.len() as u32,
            texts: texts.count() as u32,
            column: texts.column().map(str::to_owned),
            problem: texts.problem(),
        }
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// A row's text.
    pub fn text(&self, row: u32) -> Cow<'_, str> {
        self.texts.text(row)
    }

    /// A row's id.
    pub fn id(&self, row: u32) -> &str {
        self.texts.id(row)
    }

    /// The rows whose texts have no vectors yet.
    pub fn missing(&self) -> Vec<u32> {
        let open = |&(row, place): &(u32, &Option<u32>)| place.is_none() && !self.refused.contains(&row);
        (0..).zip(&self.places).filter(open).map(|(row, _)| row).filter(|&row| self.texts.has_text(row)).collect()
    }

    /// How many texts have vectors, or will never have any.
    pub fn done(&self) -> usize {
        self.scored.as_ref().map_or(0, |scored| scored.corpus.len()) + self.refused.len()
    }

    /// Takes in the vectors of rows, which may come in any order. A row that has vectors keeps those it has.
    ///
    /// # Errors
    /// Vectors of another model.
    pub fn push(&mut self, rows: &[u32], encoded: &Encoded) -> Result<()> {
        let Some(scored) = &mut self.scored else { return Ok(()) };
        let texts = encoded.texts(scored.corpus.texts().dim())?;
        let mut fresh = TextVectors::empty(texts.dim());
        let mut from = 0;
        for (text, (row, count)) in rows.iter().zip(&encoded.windows).enumerate() {
            let to = from + *count as usize;
            if let Some(place @ None) = self.places.get_mut(*row as usize) {
                let windows = texts.text(text).flatten().copied().collect();
                fresh.push(&TextVectors::new(Embeddings::new(texts.dim(), windows)?, [*count as usize])?)?;
                scored.ranges.extend(&encoded.ranges[2 * from..2 * to]);
                scored.cut.push(encoded.cut[text] != 0);
                *place = Some((scored.corpus.len() + fresh.len() - 1) as u32);
            }
            from = to;
        }
        scored.affects.extend(scored.affect.read_texts(&fresh)?);
        scored.corpus.push(&fresh)
    }

    /// A row's text cannot be encoded.
    pub fn refuse(&mut self, row: u32) {
        self.refused.insert(row);
    }

    /// What was decided.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }

    /// Takes over what was decided about rows.
    pub fn decide(&mut self, decisions: &[(Rows, Decision)]) {
        self.decisions.restore(decisions);
    }

    /// The texts that have vectors, with their scores; none before there is a model.
    pub fn corpus(&mut self) -> Option<&mut Corpus> {
        self.scored.as_mut().map(|scored| &mut scored.corpus)
    }

    /// The row of each text of the corpus.
    pub fn rows_of_corpus(&self) -> Vec<u32> {
        let mut rows = vec![0; self.scored.as_ref().map_or(0, |scored| scored.corpus.len())];
        for (row, place) in (0..).zip(&self.places) {
            if let Some(slot) = place.and_then(|place| rows.get_mut(place as usize)) {
                *slot = row;
            }
        }
        rows
    }

    /// The labels that the file says a row has, if it says so.
    pub fn gold(&self, row: u32, known: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        self.texts.gold(row, known)
    }

    /// Computes what scores of these labels need, for so many texts, and says whether there is nothing left to do.
    ///
    /// # Errors
    /// As [`Corpus::advance`].
    pub fn advance(&mut self, labels: &Labels, texts: usize) -> Result<bool> {
        self.scored.as_mut().map_or(Ok(true), |scored| scored.corpus.advance(&labels.prepared, texts))
    }

    /// The scores of those of some rows that have vectors, and for each row its place among them.
    ///
    /// # Errors
    /// As [`Corpus::score_texts`].
    pub fn score(
        &self,
        labels: &Labels,
        options: &ScoreOptions,
        rows: impl Iterator<Item = u32>,
    ) -> Result<(Option<Scores>, Vec<Option<usize>>)> {
        let mut texts = Vec::new();
        let places = rows.map(|row| {
            let place = self.places.get(row as usize).copied().flatten()?;
            texts.push(place as usize);
            Some(texts.len() - 1)
        });
        let places = places.collect();
        let scores = self.scored.as_ref().map(|scored| scored.corpus.score_texts(&labels.prepared, options, &texts));
        Ok((scores.transpose()?, places))
    }

    /// The labels that a row has: those that a person gave it, or those that are on.
    pub fn tags(&self, labels: &Labels, row: u32, on: &[bool]) -> Vec<usize> {
        match self.decisions.get(row).and_then(|decision| decision.labels.as_ref()) {
            Some(ids) => labels.places(ids),
            None => (0..on.len()).filter(|&label| on[label]).collect(),
        }
    }

    /// Rows as the table shows them.
    ///
    /// # Errors
    /// As [`Corpus::score_texts`].
    pub fn rows(&self, labels: Option<&Labels>, options: &ScoreOptions, rows: &[u32]) -> Result<Vec<Row>> {
        let scored =
            labels.map(|labels| Ok((labels, self.score(labels, options, rows.iter().copied())?))).transpose()?;
        let tags = |at: usize, row: u32| {
            let (labels, (scores, places)) = scored.as_ref()?;
            let (scores, place) = (scores.as_ref()?, places[at]?);
            let probability = scores.probability(place);
            let mut tags = self.tags(labels, row, scores.on(place));
            // Stable, so that equals stay in the order of the labels.
            tags.sort_by(|&a, &b| probability[b].total_cmp(&probability[a]));
            Some(tags.into_iter().take(TAGS).map(|label| (label as u32, probability[label])).collect())
        };
        let row = |(at, &row): (usize, &u32)| {
            let decision = self.decisions.get(row);
            Row {
                row,
                id: self.id(row).to_owned(),
                text: self.text(row).trim_start().chars().take(SHOWN).collect(),
                tags: tags(at, row),
                status: decision.map_or_else(Default::default, |decision| decision.status),
                noted: decision.is_some_and(|decision| !decision.note.is_empty()),
            }
        };
        Ok(rows.iter().enumerate().map(row).collect())
    }

    /// All there is to tell about a row.
    ///
    /// # Errors
    /// As [`Corpus::score_texts`].
    pub fn look(&self, labels: &Labels, options: &ScoreOptions, row: u32) -> Result<Option<Look>> {
        let Some(place) = self.places.get(row as usize) else { return Ok(None) };
        let mut detail = Detail {
            row,
            id: self.id(row).to_owned(),
            text: self.text(row).into_owned(),
            version: labels.version,
            probability: Vec::new(),
            on: Vec::new(),
            none: 1.0,
            affect: None,
            cut: false,
            decision: self.decisions.get(row).cloned().unwrap_or_default(),
        };
        let (Some(scored), &Some(place)) = (&self.scored, place) else {
            return Ok(Some(Look { detail, ranges: Vec::new(), windows: Vec::new() }));
        };
        let place = place as usize;
        let scores = scored.corpus.score_texts(&labels.prepared, options, &[place])?;
        detail.probability = scores.probability(0).to_vec();
        detail.on = scores.on(0).to_vec();
        detail.none = scores.none(0);
        detail.affect = scored.affects.get(place).copied();
        detail.cut = scored.cut[place];
        let windows = scored.corpus.texts().windows(place);
        let ranges = scored.ranges[2 * windows.start..2 * windows.end].to_vec();
        let vectors = scored.corpus.texts().text(place).flatten().copied().collect();
        let windows = Embeddings::new(scored.corpus.texts().dim(), vectors)?.into();
        let scores = scored.corpus.scorer().score(&windows, &labels.prepared, options)?;
        let windows = (0..scores.len()).flat_map(|window| scores.probability(window).to_vec()).collect();
        Ok(Some(Look { detail, ranges, windows }))
    }

    /// How pleasant and how stirred a row is, and whether its end was left out.
    pub fn affect(&self, row: u32) -> Option<(Affect, bool)> {
        let (scored, place) = (self.scored.as_ref()?, self.places.get(row as usize).copied().flatten()? as usize);
        Some((*scored.affects.get(place)?, scored.cut[place]))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use undertone_core::{Background, Calibration};

    use super::*;
    use crate::document::{DecisionEdit, Status};

    /// Four rows, the third without a text.
    pub fn sheet() -> Sheet {
        let file = "id,text\na,\"sunny, warm\"\n,rain\nb,  \nc,\"both\"\"\"\n";
        let mut sheet = Sheet::new(Texts::read("x.csv", file.into(), None).unwrap());
        let scorer = Scorer::new(Calibration::default(), Background::none(2)).unwrap();
        sheet.set_model(scorer, 2, AffectHead { weight: vec![0.0; 4], bias: [5.0, 5.0] });
        sheet
    }

    /// Rows of one window each.
    pub fn encoded(vectors: &[f32], cut: &[u8]) -> Encoded {
        let ranges = [0, 1].repeat(cut.len());
        Encoded {
            vectors: vectors.to_vec(),
            windows: vec![1; cut.len()],
            ranges,
            cut: cut.to_vec(),
            ..Encoded::default()
        }
    }

    /// "up" and "right".
    pub fn labels() -> Labels {
        let mut set = LabelSet::new("test");
        set.add("up").unwrap();
        set.add("right").unwrap();
        let scorer = Scorer::new(Calibration::default(), Background::none(2)).unwrap();
        Labels::new(7, set, vec![0.0, 1.0, 1.0, 0.0], &scorer, 2).unwrap()
    }

    fn tags(sheet: &Sheet, row: u32) -> Option<Vec<u32>> {
        let rows = sheet.rows(Some(&labels()), &ScoreOptions::default(), &[row]).unwrap();
        rows[0].tags.as_ref().map(|tags| tags.iter().map(|tag| tag.0).collect())
    }

    #[test]
    fn rows_come_in_any_order_and_each_counts_once() {
        let mut sheet = sheet();
        assert_eq!((sheet.len(), sheet.done(), sheet.missing()), (4, 0, vec![0, 1, 3]));
        sheet.push(&[3], &encoded(&[0.8, 0.6], &[0])).unwrap();
        assert_eq!((tags(&sheet, 0), tags(&sheet, 3)), (None, Some(vec![1, 0])));
        sheet.push(&[0, 3, 1], &encoded(&[1.0, 0.0, 0.0, -1.0, 0.0, -1.0], &[1, 0, 0])).unwrap();
        assert_eq!((sheet.done(), sheet.missing()), (3, vec![]));
        assert_eq!((tags(&sheet, 0), tags(&sheet, 1)), (Some(vec![1]), Some(vec![])));
        assert_eq!(tags(&sheet, 3), Some(vec![1, 0]), "what it had stays");
        assert_eq!(tags(&sheet, 2), None, "there is nothing to feel");
        assert_eq!(sheet.affect(0).map(|(_, cut)| cut), Some(true));
    }

    #[test]
    fn what_a_person_says_counts() {
        let mut sheet = sheet();
        sheet.push(&[0], &encoded(&[1.0, 0.0], &[0])).unwrap();
        let up = labels().set.labels()[0].id;
        let mut decisions = Decisions::default();
        decisions.edit(&Rows::one(0), &DecisionEdit::Labels(Some(vec![up])));
        sheet.decide(&Vec::from(decisions));
        assert_eq!(tags(&sheet, 0), Some(vec![0]));
        let row = sheet.rows(None, &ScoreOptions::default(), &[0]).unwrap().remove(0);
        assert_eq!((row.status, row.tags), (Status::Corrected, None));
    }

    #[test]
    fn a_long_text_tells_of_its_windows() {
        let mut sheet = sheet();
        let encoded = Encoded {
            vectors: vec![1.0, 0.0, 0.0, 1.0],
            windows: vec![2],
            ranges: vec![0, 5, 7, 11],
            cut: vec![0],
            ..Encoded::default()
        };
        sheet.push(&[0], &encoded).unwrap();
        let Look { detail, ranges, windows } = sheet.look(&labels(), &ScoreOptions::default(), 0).unwrap().unwrap();
        assert_eq!((detail.version, ranges), (7, vec![0, 5, 7, 11]));
        assert!(windows[1] > windows[0] && windows[2] > windows[3], "{windows:?}");
        assert!(sheet.look(&labels(), &ScoreOptions::default(), 9).unwrap().is_none());
    }
}
