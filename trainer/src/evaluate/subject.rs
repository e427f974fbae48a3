//! What is measured.

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use indicatif::ProgressBar;
use undertone_core::{
    Affect, AffectHead, Background, Embeddings, Encoder, Evidence, LabelSet, Mode, Prepared, ScoreOptions, Scorer,
    Scores, TextVectors, Wordings,
};

use crate::data::{EvaluationSet, Task};
use crate::student::Student;

type Encode<'a> = Box<dyn Fn(&[&str]) -> Result<TextVectors> + 'a>;

/// What is measured: anything that turns texts into vectors, and reads them.
pub struct Subject<'a> {
    encode: Encode<'a>,
    affect: AffectHead,
    scorer: Scorer,
    /// Descriptions and synonyms for labels of these names.
    wording: Option<LabelSet>,
    /// The vectors of all texts so far, a window after the other: sets share texts, and what is calibrated on a set is
    /// measured by it next.
    known: RefCell<HashMap<String, Vec<f32>>>,
}

impl<'a> Subject<'a> {
    /// A loaded bundle; labels are worded as `wording` says, where it knows their names.
    pub fn of_encoder(encoder: &'a Encoder, wording: Option<LabelSet>, progress: &'a ProgressBar) -> Self {
        let encode = |texts: &[&str]| {
            progress.inc(texts.len() as u64);
            Ok(encoder.encode(texts)?.vectors)
        };
        Self {
            encode: Box::new(encode),
            affect: encoder.affect_head().clone(),
            scorer: encoder.scorer().clone(),
            wording,
            known: RefCell::default(),
        }
    }

    /// A student in training, with what it has learned so far for a calibration.
    pub fn of_student(student: &'a Student, background: Background) -> Result<Self> {
        Ok(Self {
            encode: Box::new(|texts| student.encode_texts(texts)),
            affect: student.affect_head()?,
            scorer: Scorer::new(student.calibration()?, background)?,
            wording: None,
            known: RefCell::default(),
        })
    }

    /// Scores another way from here on.
    pub fn rescore(&mut self, scorer: Scorer) {
        self.scorer = scorer;
    }

    /// How it scores.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// From which probability on a label is on, where nobody says otherwise.
    pub fn threshold(&self) -> f32 {
        self.scorer.calibration().threshold
    }

    /// The vectors of many texts, a few at a time.
    pub fn encode<T: AsRef<str>>(&self, texts: &[T]) -> Result<TextVectors> {
        let mut known = self.known.borrow_mut();
        let mut new: Vec<&str> = texts.iter().map(AsRef::as_ref).filter(|text| !known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        for chunk in new.chunks(32) {
            let vectors = (self.encode)(chunk)?;
            let rows = (0..vectors.len()).map(|text| vectors.text(text).flatten().copied().collect());
            known.extend(chunk.iter().map(|text| (*text).to_owned()).zip(rows));
        }
        let dim = self.scorer.background().terms().dim();
        let rows: Vec<&[f32]> = texts.iter().filter_map(|text| known.get(text.as_ref()).map(Vec::as_slice)).collect();
        ensure!(!rows.is_empty(), "there are no texts to encode");
        let counts = rows.iter().map(|row| row.len() / dim);
        Ok(TextVectors::new(Embeddings::new(dim, rows.concat())?, counts)?)
    }

    /// A set's labels, in its order, worded as the label set given says.
    pub fn labels(&self, names: &[String]) -> Result<LabelSet> {
        let mut labels = LabelSet::new("evaluation");
        if let Some(wording) = &self.wording {
            labels.set_template(wording.template())?;
        }
        for name in names {
            let id = labels.add(name)?;
            if let Some(known) = self.wording.as_ref().and_then(|w| w.find(name)) {
                labels.set_description(id, &known.description)?;
                labels.set_synonyms(id, known.synonyms.clone())?;
                labels.set_threshold(id, known.threshold)?;
            }
        }
        Ok(labels)
    }

    /// The labels as texts are scored against them.
    fn prepare(&self, labels: &LabelSet) -> Result<Prepared> {
        let mut wordings = Wordings::default();
        let missing = wordings.missing(labels);
        let vectors = self.encode(&missing)?;
        wordings.learn(missing, &vectors)?;
        let vectors = wordings.matrix(labels, vectors.dim())?.context("a wording has no vector. This is a bug.")?;
        Ok(self.scorer.prepare(vectors, labels)?)
    }

    /// The scores of a set's texts against its labels.
    pub fn scores(&self, set: &EvaluationSet) -> Result<Scores> {
        let mode = if set.task == Task::Single { Mode::Single } else { Mode::Multi };
        let labels = self.labels(&set.labels)?;
        let options = ScoreOptions { mode, threshold: None };
        Ok(self.scorer.score(&self.encode(&set.texts)?, &self.prepare(&labels)?, &options)?)
    }

    /// What a calibration is fitted on: the evidence of a set's texts, and its labels.
    pub fn evidence(&self, set: &EvaluationSet) -> Result<(Evidence, Prepared)> {
        let labels = self.prepared(set)?;
        Ok((self.scorer.evidence(&self.encode(&set.texts)?, &labels)?, labels))
    }

    /// A set's labels as texts are scored against them.
    pub fn prepared(&self, set: &EvaluationSet) -> Result<Prepared> {
        self.prepare(&self.labels(&set.labels)?)
    }

    /// Valence and arousal of a set's texts.
    pub fn affect(&self, set: &EvaluationSet) -> Result<Vec<Affect>> {
        Ok(self.affect.read_texts(&self.encode(&set.texts)?)?)
    }
}
