//! How sure is this? What to know about a score before one relies on it.

use serde::{Deserialize, Serialize};

use super::perturbations::Scoring;
use crate::metrics::Bin;
use crate::{Embeddings, Error, ErrorKind, LabelId, LabelSet, Result, TextVectors, Wordings};

/// What is said beside every score.
pub const CAVEAT: &str = "A score says how readers would describe the text. It is never a diagnosis, and says nothing of \
    the person who wrote it.";

/// How often claims of a probability held, on texts that people labelled: a bundle's reliability diagram as a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// The data sets.
    pub sets: Vec<String>,
    /// Claims by their probability: pairs of a text and a label.
    pub bins: Vec<Bin>,
}

impl Reliability {
    /// The bin of claims of such a probability; none where the table has none, or too few claims to say anything: ten.
    pub fn at(&self, probability: f32) -> Option<&Bin> {
        let probability = f64::from(probability);
        let bin = self.bins.iter().rev().find(|bin| bin.from <= probability)?;
        (bin.count >= 10 && (probability <= bin.to)).then_some(bin)
    }

    /// Checks that it can be a table.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`], naming the bin.
    pub fn validate(&self) -> Result<()> {
        let unit = |x: f64| (0.0..=1.0).contains(&x);
        let mut end = 0.0;
        for (i, bin) in self.bins.iter().enumerate() {
            let good = unit(bin.from) && unit(bin.to) && bin.from >= end && bin.from < bin.to;
            if !(good && unit(bin.probability) && unit(bin.held)) {
                let message = format!("bin {} of the reliability table is not within 0 and 1, or not in order", i + 1);
                return Err(Error::new(ErrorKind::BadModel, format!("{message}: export the model again")));
            }
            end = bin.to;
        }
        Ok(())
    }
}

/// How much of a text the model's vocabulary knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Familiarity {
    /// How many words the text has, as far as it is read.
    pub words: usize,
    /// How many tokens.
    pub tokens: usize,
    /// How many of these stand for what the vocabulary does not know.
    pub unknown: usize,
}

impl Familiarity {
    /// The share of the tokens that stand for what the vocabulary does not know, 0 of a text without any.
    pub fn unknown_share(&self) -> f64 {
        if self.tokens == 0 { 0.0 } else { self.unknown as f64 / self.tokens as f64 }
    }
}

/// What to know about a label's score for a text, beside [`CAVEAT`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The label's probability, and whether it is on.
    pub probability: f32,
    /// Whether the label is on.
    pub on: bool,
    /// What each wording of the label alone would say. Those that say otherwise than all together make the score depend on
    /// the wording.
    pub wordings: Vec<WordingScore>,
    /// Of claims of such a probability on data that people labelled, how many held.
    pub reliability: Option<Bin>,
    /// The windows of the text: more than one is a long text, whose windows are read apart from each other.
    pub windows: usize,
    /// How much of the text the vocabulary knows.
    pub familiarity: Familiarity,
}

/// What one wording of a label alone would say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WordingScore {
    /// The wording: the name in the template, a synonym, or the description.
    pub wording: String,
    /// The label's probability, were this its only wording.
    pub probability: f32,
    /// Whether the label would be on.
    pub on: bool,
}

impl Card {
    /// How far the wordings lie apart: the largest probability less the smallest, 0 of one wording.
    pub fn spread(&self) -> f32 {
        let probabilities = || self.wordings.iter().map(|wording| wording.probability);
        let (low, high) = (probabilities().fold(1.0, f32::min), probabilities().fold(0.0, f32::max));
        (high - low).max(0.0)
    }

    /// The share of the wordings by which the label would be as it is, on or off; 1 without any.
    pub fn stability(&self) -> f32 {
        let same = self.wordings.iter().filter(|wording| wording.on == self.on).count();
        if self.wordings.is_empty() { 1.0 } else { same as f32 / self.wordings.len() as f32 }
    }

    /// The card of a label for a text. `wordings` knows the vectors of all wordings of `set`, which `scoring` scores
    /// against.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: no such label, a wording without a vector, not one text, or vectors of another model.
    pub fn new(
        text: &TextVectors,
        familiarity: Familiarity,
        (set, label): (&LabelSet, LabelId),
        wordings: &Wordings,
        scoring: Scoring,
        reliability: Option<&Reliability>,
    ) -> Result<Self> {
        let bad = |message: &str| Error::new(ErrorKind::BadInput, message);
        let place = set.labels().iter().position(|known| known.id == label);
        let place = place.ok_or_else(|| bad("there is no such label in the set"))?;
        scoring.check(place)?;
        if text.len() != 1 {
            return Err(bad("a card is of one text"));
        }
        let scores = scoring.scorer.score(text, scoring.labels, scoring.options)?;
        let (probability, on) = (scores.probability(0)[place], scores.on(0)[place]);
        let mut alone = Vec::new();
        // A class of several labels is told by theirs, not by wordings of its own.
        let parts = set.parts();
        let part =
            parts.iter().position(|part| part.label.id == label && part.label.folded.is_empty() && part.index == place);
        for (wording, part) in part.into_iter().flat_map(|part| set.wordings(label).into_iter().map(move |w| (w, part)))
        {
            let vector = wordings.get(&wording).ok_or_else(|| bad("a wording of the label has no vector yet"))?;
            let labels = scoring.labels.part_vectors();
            let rows = labels.enumerate().flat_map(|(i, row)| if i == part { vector } else { row });
            let vectors = Embeddings::new(scoring.labels.dim(), rows.copied().collect())?;
            let scores = scoring.scorer.score(text, &scoring.scorer.prepare(vectors, set)?, scoring.options)?;
            alone.push(WordingScore { wording, probability: scores.probability(0)[place], on: scores.on(0)[place] });
        }
        Ok(Self {
            probability,
            on,
            wordings: alone,
            reliability: reliability.and_then(|table| table.at(probability)).cloned(),
            windows: text.rows().len(),
            familiarity,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_tells_where_it_has_claims() {
        let bin = |from, to, count| Bin { from, to, count, probability: (from + to) / 2.0, held: 0.3 };
        let table = Reliability { sets: vec!["a".into()], bins: vec![bin(0.0, 0.5, 100), bin(0.5, 1.0, 9)] };
        assert!(table.validate().is_ok());
        assert_eq!(table.at(0.0).map(|bin| bin.count), Some(100));
        assert_eq!(table.at(0.49).map(|bin| bin.count), Some(100));
        assert_eq!(table.at(0.5), None, "nine claims say nothing");
        assert_eq!(Reliability::default().at(0.5), None);
        let back = Reliability { bins: table.bins.iter().rev().cloned().collect(), ..table };
        assert!(back.validate().unwrap_err().to_string().contains("bin 2"));
    }
}
