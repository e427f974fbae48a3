//! A text and variants of it: what happens to its scores when it is changed.

use std::collections::HashMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Passage;
use super::splice::splice;
use crate::{Embeddings, Error, ErrorKind, Evidence, Prepared, Result, ScoreOptions, Scorer, Scores, TextVectors};

/// How texts are scored: the scorer, the labels as it prepared them, and the options.
#[derive(Debug, Clone, Copy)]
pub struct Scoring<'a> {
    /// From vectors to evidence.
    pub scorer: &'a Scorer,
    /// The labels.
    pub labels: &'a Prepared,
    /// Several labels or one, and from where on.
    pub options: &'a ScoreOptions,
}

impl Scoring<'_> {
    /// Reads evidence for the labels.
    pub(super) fn read(&self, evidence: &Evidence) -> Result<Scores> {
        self.labels.readout().read(evidence, self.scorer.calibration(), self.options)
    }

    /// Checks that there is a label of this index.
    pub(super) fn check(&self, label: usize) -> Result<()> {
        let width = self.labels.len();
        if label < width {
            return Ok(());
        }
        Err(bad(format!("label {label} was asked about, of {width} labels")))
    }
}

/// A text that another text is, but for some windows that follow each other: these are encoded anew, the others stay.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Variant {
    /// The windows that are replaced.
    pub windows: Range<usize>,
    /// What stands in their place.
    pub text: String,
}

/// A text, and those of its variants that have been encoded. Their scores for any labels follow from the vectors: a label
/// that is edited costs no encoding.
///
/// What is asked of it, as [`Perturbations::occlusion`], says with its answer what is still to be encoded, all of which the
/// caller encodes, together or bit by bit, and has it learned, until nothing is missing:
///
/// ```no_run
/// # use undertone_core::{Encoder, Result};
/// # use undertone_core::explain::{Passage, Perturbations, Scoring};
/// # fn explain(encoder: &Encoder, text: &str, scoring: Scoring) -> Result<()> {
/// let encoded = encoder.encode(&[text])?;
/// let mut text = Perturbations::new(Passage::new(text, encoded.windows), encoded.vectors)?;
/// let occlusion = loop {
///     let occlusion = text.occlusion(scoring, 0)?;
///     if occlusion.missing.is_empty() {
///         break occlusion;
///     }
///     let variants: Vec<&str> = occlusion.missing.iter().map(|variant| variant.text.as_str()).collect();
///     text.learn(occlusion.missing.clone(), &encoder.encode(&variants)?.vectors)?;
/// };
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Perturbations {
    passage: Passage,
    /// The windows of the text, then those of its variants.
    rows: TextVectors,
    /// Which rows each variant brought.
    known: HashMap<Variant, Range<usize>>,
}

impl Perturbations {
    /// A text and its vectors.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: vectors of more than one text, or of another number of windows.
    pub fn new(passage: Passage, vectors: TextVectors) -> Result<Self> {
        if !passage.is_sound() {
            return Err(bad("the places of a text are not within it: they are those of another text".to_owned()));
        }
        let windows = passage.windows().len();
        if vectors.len() != 1 || vectors.rows().len() != windows {
            let (texts, rows) = (vectors.len(), vectors.rows().len());
            return Err(bad(format!("a text of {windows} windows came with {rows} vectors of {texts} texts")));
        }
        Ok(Self { passage, rows: vectors.into_rows().into(), known: HashMap::new() })
    }

    /// The text.
    pub fn passage(&self) -> &Passage {
        &self.passage
    }

    /// How many variants have been encoded.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether no variant has been encoded.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Remembers variants, with the vectors of their texts.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: another number of vectors than of variants, or vectors of another model.
    pub fn learn(&mut self, variants: Vec<Variant>, vectors: &TextVectors) -> Result<()> {
        if variants.len() != vectors.len() {
            return Err(bad(format!("{} variants of a text came with vectors of {}", variants.len(), vectors.len())));
        }
        let first = self.rows.len();
        self.rows.push(&vectors.rows().clone().into())?;
        for (text, variant) in variants.into_iter().enumerate() {
            let windows = vectors.windows(text);
            self.known.insert(variant, first + windows.start..first + windows.end);
        }
        Ok(())
    }

    /// The text with some of its parts, in order and apart from each other, replaced.
    pub(super) fn variant<'a>(&self, parts: impl IntoIterator<Item = (Range<usize>, &'a str)>) -> Variant {
        let parts: Vec<_> = parts.into_iter().collect();
        let range = parts.first().map_or(0, |(range, _)| range.start)..parts.last().map_or(0, |(range, _)| range.end);
        let windows = self.passage.windows_of(&range);
        let (first, last) = (&self.passage.windows()[windows.start], &self.passage.windows()[windows.end - 1]);
        // An emoji that is repeated may reach from one window to the next, and what is put in may stand between two.
        let (start, end) = (first.start.min(range.start), last.end.max(range.end));
        let parts = parts.into_iter().map(|(range, with)| (range.start - start..range.end - start, with));
        Variant { windows, text: splice(&self.passage.text()[start..end], parts) }
    }

    /// Those of some variants that have not been encoded, each once.
    pub(super) fn missing<'a>(&self, variants: impl IntoIterator<Item = &'a Variant>) -> Vec<Variant> {
        let mut missing: Vec<Variant> = Vec::new();
        for variant in variants {
            if self.rows_of(variant).is_none() && !missing.contains(variant) {
                missing.push(variant.clone());
            }
        }
        missing
    }

    /// The rows that make a variant, if they are there. A variant that lacks some windows and has nothing instead needs no
    /// encoding.
    fn rows_of(&self, variant: &Variant) -> Option<Vec<usize>> {
        let windows = self.passage.windows().len();
        let others = || (0..variant.windows.start).chain(variant.windows.end..windows);
        if variant.text.is_empty() && variant.windows.len() < windows {
            return Some(others().collect());
        }
        let rows = self.known.get(variant)?;
        Some(others().chain(rows.clone()).collect())
    }

    /// The scores of the text, and then of those of some variants that are known: for each its row, or none.
    pub(super) fn scores<'a>(
        &self,
        variants: impl IntoIterator<Item = &'a Variant>,
        scoring: Scoring,
    ) -> Result<(Scores, Vec<Option<usize>>)> {
        let mut texts = vec![(0..self.passage.windows().len()).collect::<Vec<_>>()];
        let mut places = Vec::new();
        for variant in variants {
            let rows = self.rows_of(variant);
            places.push(rows.as_ref().map(|_| texts.len()));
            texts.extend(rows);
        }
        let windows = scoring.scorer.evidence(&self.rows, scoring.labels)?;
        let evidence = windows.pooled(texts.iter().map(Vec::as_slice), scoring.scorer.calibration());
        Ok((scoring.read(&evidence)?, places))
    }

    /// The vectors of the text.
    pub(super) fn vectors(&self) -> Result<TextVectors> {
        let (windows, dim) = (self.passage.windows().len(), self.rows.dim());
        let rows = self.rows.rows().as_slice()[..windows * dim].to_vec();
        TextVectors::new(Embeddings::new(dim, rows)?, [windows])
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
