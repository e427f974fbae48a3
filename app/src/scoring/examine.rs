//! What the page asks about the labels and all texts: how alike they are, how many classes there are, what is missing.

use undertone_core::granularity::{
    Distances, Overlap, Row, Suggestion, Support, Verdict, Wording, by_distance, by_lexicon, contrast, ladder, missing,
    sample, split,
};
use undertone_core::{
    Cut, Embeddings, Error, ErrorKind, Evidence, Mode, Prepared, Result, ScoreOptions, Scorer, Tags, Tree,
};

use super::{Labels, Sheet};
use crate::document::TreeKind;
use crate::wire::scoring::{Examination, Findings, Suggested};

/// Of how many classes at most all pairs are told; of more, the most alike ones.
const CLASSES: usize = 60;
/// How many texts show where two classes differ, of each.
const CONTRASTS: usize = 3;
/// How many labels of either kind are suggested.
const SUGGESTIONS: usize = 5;
/// How much of a text is quoted, in characters.
const QUOTED: usize = 240;
/// Labels may have several tags a text here, since one alone overlaps with none and covers none.
const SEVERAL: ScoreOptions = ScoreOptions { mode: Mode::Multi, threshold: None };

/// Answers what is answered at once. All columns of `whole`, the labels, and of `classes`, what they are joined into, are
/// there.
///
/// # Errors
/// A question about labels that are not there.
pub fn examine(sheet: &mut Sheet, whole: &Labels, classes: &Labels, question: &Examination) -> Result<Findings> {
    let rows = sheet.rows_of_corpus();
    let Some(corpus) = sheet.corpus() else { return Err(unready()) };
    let scorer = corpus.scorer().clone();
    match question {
        Examination::Distances => {
            let columns = corpus.columns(&whole.prepared).ok_or_else(unready)?;
            Ok(Findings::Distances { condensed: Distances::by_texts(&columns).condensed().to_vec() })
        }
        Examination::Overlap => {
            let tags = corpus.tags(&classes.prepared, &SEVERAL)?;
            let columns = corpus.columns(&classes.prepared).ok_or_else(unready)?;
            let overlap = Overlap::new(&classes.prepared.vectors(), &columns, &tags)?;
            let pairs = match overlap.width() {
                0..=CLASSES => overlap.pairs().to_vec(),
                _ => overlap.alike().into_iter().copied().collect(),
            };
            Ok(Findings::Overlap { texts: tags.len() as u32, pairs })
        }
        Examination::Contrast { pair } => {
            let tags = corpus.tags(&classes.prepared, &SEVERAL)?;
            let columns = corpus.columns(&classes.prepared).ok_or_else(unready)?;
            let pair = pair.map(|class| class as usize);
            let texts = contrast(&scorer, &classes.prepared, &columns, &tags, pair, CONTRASTS)?;
            let quote = |texts: Vec<usize>| texts.into_iter().map(|text| quoted(sheet, rows[text])).collect();
            Ok(Findings::Contrast { texts: texts.map(quote) })
        }
        Examination::Missing => {
            let tags = corpus.tags(&whole.prepared, &SEVERAL)?;
            let found = missing(&scorer, &whole.set, &whole.prepared, corpus.texts(), &tags, SUGGESTIONS)?;
            Ok(Findings::Suggestions { found: told(sheet, &rows, found) })
        }
        Examination::Split { label } => {
            let tags = corpus.tags(&whole.prepared, &SEVERAL)?;
            let found = split(&scorer, &whole.set, &whole.prepared, corpus.texts(), &tags, *label, SUGGESTIONS)?;
            Ok(Findings::Suggestions { found: told(sheet, &rows, found) })
        }
        Examination::Support { .. } => Err(unready()),
    }
}

fn told(sheet: &Sheet, rows: &[u32], found: Vec<Suggestion>) -> Vec<Suggested> {
    let suggested = |found: Suggestion| Suggested {
        name: found.name,
        is_term: found.is_term,
        texts: found.texts.len() as u32,
        examples: found.examples.into_iter().map(|text| quoted(sheet, rows[text])).collect(),
    };
    found.into_iter().map(suggested).collect()
}

fn quoted(sheet: &Sheet, row: u32) -> String {
    let text = sheet.text(row);
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}\u{2026}", text[..end].trim_end()),
        None => text.into_owned(),
    }
}

fn unready() -> Error {
    Error::new(ErrorKind::BadInput, "the file has no scores yet: wait for the model")
}

/// Judges how many classes the texts bear, a cut at a time.
pub struct Judge {
    scorer: Scorer,
    labels: Labels,
    evidence: Evidence,
    wordings: Vec<Wording>,
    gold: Option<Tags>,
    options: ScoreOptions,
    cuts: Vec<Cut>,
    rows: Vec<Row>,
}

impl Judge {
    /// One for these labels. `wordings` are the vectors of the labels in other words, a round after another.
    ///
    /// # Errors
    /// Vectors of other labels.
    pub fn new(sheet: &mut Sheet, labels: &Labels, tree: TreeKind, mode: Mode, wordings: &[f32]) -> Result<Self> {
        let rows = sheet.rows_of_corpus();
        let Some(corpus) = sheet.corpus() else { return Err(unready()) };
        let scorer = corpus.scorer().clone();
        let columns = corpus.columns(&labels.prepared).ok_or_else(unready)?;
        let tree = tree_of(tree, labels, &columns, &scorer)?;
        let judged = sample(corpus.len());
        let evidence = corpus.evidence(&labels.prepared, &judged)?;
        let texts = corpus.texts().pick(&judged);
        let round = labels.set.parts().len() * texts.dim();
        let wording = |vectors: &[f32]| -> Result<Wording> {
            let vectors = Embeddings::new(texts.dim(), vectors.to_vec())?;
            let words: Prepared = scorer.prepare_words(vectors, &labels.set)?;
            Ok(Wording { evidence: scorer.evidence(&texts, &words)?, labels: words })
        };
        let wordings = wordings.chunks(round.max(1)).map(wording).collect::<Result<Vec<_>>>()?;
        let gold = gold(sheet, labels, &judged.iter().map(|&text| rows[text]).collect::<Vec<_>>());
        let options = ScoreOptions { mode, threshold: None };
        let cuts = ladder(tree.counts()).into_iter().map(|classes| tree.cut(classes)).collect();
        Ok(Self { scorer, labels: labels.clone(), evidence, wordings, gold, options, cuts, rows: Vec::new() })
    }

    /// Judges the next cut, and says whether it was the last.
    ///
    /// # Errors
    /// As [`Support::row`].
    pub fn step(&mut self) -> Result<bool> {
        let Self { scorer, labels, evidence, wordings, gold, options, cuts, rows } = self;
        let support = Support::new(scorer, &labels.set, &labels.prepared, evidence, *options, wordings, gold.as_ref())?;
        if let Some(cut) = cuts.get(rows.len()) {
            rows.push(support.row(cut)?);
        }
        Ok(rows.len() == cuts.len())
    }

    /// What was found.
    pub fn finish(self) -> Findings {
        let names: Vec<&str> = self.cuts.last().into_iter().flat_map(Cut::classes).map(|c| c.name.as_str()).collect();
        let texts = self.evidence.len();
        let verdict = Verdict::of(&self.rows, texts, &names);
        Findings::Support { texts: texts as u32, rows: self.rows, verdict }
    }
}

/// What the file says of some rows; `None` if it says nothing of these labels.
fn gold(sheet: &Sheet, labels: &Labels, rows: &[u32]) -> Option<Tags> {
    let place = |name: &str| {
        let label = labels.set.find(name)?;
        labels.places(&[label.id]).first().copied()
    };
    let known = |name: &str| place(name).is_some();
    let named: Vec<Vec<usize>> = rows
        .iter()
        .map(|&row| sheet.gold(row, known).unwrap_or_default().iter().filter_map(|name| place(name)).collect())
        .collect();
    named.iter().any(|names| !names.is_empty()).then(|| Tags::from_rows(labels.set.labels().len(), named.into_iter()))
}

fn tree_of(kind: TreeKind, labels: &Labels, columns: &[&[f32]], scorer: &Scorer) -> Result<Tree> {
    let (set, background) = (&labels.set, scorer.background());
    let vectors = labels.prepared.vectors();
    Ok(match kind {
        TreeKind::Parents => Tree::of_parents(set),
        TreeKind::Lexicon => by_lexicon(set, &vectors, background)?,
        TreeKind::Meaning => by_distance(set, &Distances::by_meaning(&vectors), background.lexicon())?,
        TreeKind::Texts => by_distance(set, &Distances::by_texts(columns), background.lexicon())?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::{encoded, labels, sheet};
    use super::*;

    fn scored() -> (Sheet, Labels) {
        let (mut sheet, labels) = (sheet(), labels());
        sheet.push(&[3, 0, 1], &encoded(&[0.8, 0.6, 1.0, 0.0, 0.0, 1.0], &[0, 0, 0])).unwrap();
        while !sheet.advance(&labels, 2).unwrap() {}
        (sheet, labels)
    }

    #[test]
    fn questions_about_a_file_are_answered() {
        let (mut sheet, labels) = scored();
        let mut ask = |question| examine(&mut sheet, &labels, &labels, &question).unwrap();
        let Findings::Distances { condensed } = ask(Examination::Distances) else { panic!() };
        assert_eq!(condensed.len(), 1);
        assert!(condensed[0] > 1.5, "one rises where the other falls: {condensed:?}");
        let Findings::Overlap { texts, pairs } = ask(Examination::Overlap) else { panic!() };
        assert_eq!((texts, pairs.len(), pairs[0].labels), (3, 1, [0, 1]));
        let Findings::Contrast { texts } = ask(Examination::Contrast { pair: [0, 1] }) else { panic!() };
        assert_eq!((texts[0][0].as_str(), texts[1][0].as_str()), ("rain", "sunny, warm"));
        assert_eq!(ask(Examination::Missing), Findings::Suggestions { found: Vec::new() });
        let label = labels.set.labels()[0].id;
        assert_eq!(ask(Examination::Split { label }), Findings::Suggestions { found: Vec::new() });
        let gone = Examination::Contrast { pair: [0, 9] };
        assert!(examine(&mut sheet, &labels, &labels, &gone).is_err());
    }

    #[test]
    fn a_judge_goes_through_all_cuts_and_too_few_texts_are_said_to_be() {
        let (mut sheet, labels) = scored();
        let wordings = [0.0, 1.0, 1.0, 0.0, 0.1, 1.0, 1.0, 0.1];
        let mut judge = Judge::new(&mut sheet, &labels, TreeKind::Meaning, Mode::Multi, &wordings).unwrap();
        while !judge.step().unwrap() {}
        let Findings::Support { texts, rows, verdict } = judge.finish() else { panic!() };
        assert_eq!((texts, rows.len(), rows[0].classes, verdict.too_few), (3, 1, 2, true));
        assert!(rows[0].kappa.is_none(), "the file says nothing of these labels");
        let empty = Sheet::new(super::super::Texts::read("x.txt", b"a".to_vec(), None).unwrap());
        assert!(Judge::new(&mut { empty }, &labels, TreeKind::Meaning, Mode::Multi, &[]).is_err());
    }
}
