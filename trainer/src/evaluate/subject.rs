//! What is measured.

use std::cell::RefCell;
use std::collections::HashMap;

use anyhow::{Context, Result};
use indicatif::ProgressBar;
use undertone_core::{
    Affect, AffectHead, Background, Embeddings, Encoder, LabelSet, Mode, ScoreOptions, Scorer, Scores,
};

use crate::data::{EvaluationSet, Task};
use crate::student::Student;

type Encode<'a> = Box<dyn Fn(&[&str]) -> Result<Embeddings> + 'a>;

/// What is measured: anything that turns texts into vectors, and reads them.
pub struct Subject<'a> {
    encode: Encode<'a>,
    affect: AffectHead,
    scorer: Scorer,
    /// Descriptions and synonyms for labels of these names.
    wording: Option<LabelSet>,
    /// The vectors of all texts so far: sets share texts, and what is calibrated on a set is measured by it next.
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
            encode: Box::new(|texts| student.encode(texts)),
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
    pub fn encode<T: AsRef<str>>(&self, texts: &[T]) -> Result<Embeddings> {
        let mut known = self.known.borrow_mut();
        let mut new: Vec<&str> = texts.iter().map(AsRef::as_ref).filter(|text| !known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        for chunk in new.chunks(32) {
            let rows = (self.encode)(chunk)?;
            known.extend(chunk.iter().map(|text| (*text).to_owned()).zip(rows.rows().map(<[f32]>::to_vec)));
        }
        let rows: Vec<&[f32]> = texts.iter().filter_map(|text| known.get(text.as_ref()).map(Vec::as_slice)).collect();
        let dim = rows.first().context("there are no texts to encode")?.len();
        Ok(Embeddings::new(dim, rows.concat())?)
    }

    /// A set's labels, in its order, worded as the label set given says.
    fn labels(&self, names: &[String]) -> Result<LabelSet> {
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

    /// One vector per label: the mean of its wordings'.
    fn label_vectors(&self, labels: &LabelSet) -> Result<Embeddings> {
        let mut vectors = Vec::new();
        let mut dim = 0;
        for label in labels.labels() {
            let wordings = self.encode(&labels.wordings(label.id))?;
            dim = wordings.dim();
            vectors.extend(Embeddings::mean(&wordings.rows().collect::<Vec<_>>())?);
        }
        Ok(Embeddings::new(dim, vectors)?)
    }

    /// The scores of a set's texts against its labels.
    pub fn scores(&self, set: &EvaluationSet) -> Result<Scores> {
        let mode = if set.task == Task::Single { Mode::Single } else { Mode::Multi };
        let labels = self.labels(&set.labels)?;
        let options = ScoreOptions { mode, threshold: None };
        let (texts, vectors) = (self.encode(&set.texts)?, self.label_vectors(&labels)?);
        Ok(self.scorer.score(&texts, &self.scorer.prepare(vectors, &labels)?, &options)?)
    }

    /// What a calibration is fitted on: see [`Scorer::evidence`].
    pub fn evidence(&self, set: &EvaluationSet) -> Result<(Vec<f32>, Vec<f32>, Vec<bool>)> {
        let labels = self.labels(&set.labels)?;
        Ok(self.scorer.evidence(&self.encode(&set.texts)?, &self.label_vectors(&labels)?, &labels)?)
    }

    /// Valence and arousal of a set's texts.
    pub fn affect(&self, set: &EvaluationSet) -> Result<Vec<Affect>> {
        self.encode(&set.texts)?.rows().map(|row| Ok(self.affect.read(row)?)).collect()
    }
}
