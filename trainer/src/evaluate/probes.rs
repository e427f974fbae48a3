//! Which probes a model meets.

use anyhow::Result;
use serde_json::{Map, Value, json};
use undertone_core::Scores;

use super::Subject;
use crate::bootstrap;
use crate::data::{Claim, EvaluationSet, Probe, Probes, Task};

/// How far apart the probabilities of one label's wordings may be. Of probability and not of cosine, since that is
/// what people see, and since two models' cosines are not on one scale.
pub const TOLERANCE: f32 = 0.2;

/// How a model did on one probe.
pub struct Verdict {
    pub passed: bool,
    /// What it scored: a label, and its probability; for a pair that for the text, then that for the other.
    pub scored: Vec<(String, f32)>,
}

impl Verdict {
    /// A probe's labels are scored as one set, so that they compete as they would on the page.
    pub fn of(subject: &Subject, probe: &Probe) -> Result<Self> {
        let mut texts = vec![probe.text.clone()];
        if let Claim::Pair { other, .. } = &probe.claim {
            texts.push(other.clone());
        }
        let set = EvaluationSet {
            name: probe.phenomenon.clone(),
            task: Task::Multi,
            labels: probe.claim.labels(),
            gold: vec![Vec::new(); texts.len()],
            texts,
            affect: Vec::new(),
        };
        Ok(Self::by(&probe.claim, &subject.scores(&set)?))
    }

    fn by(claim: &Claim, scores: &Scores) -> Self {
        // Where probabilities saturate, the cosine still tells.
        let cell = |text: usize, label: usize| (scores.probability(text)[label], scores.evidence(text)[label]);
        let first: Vec<(f32, f32)> = (0..scores.width()).map(|label| cell(0, label)).collect();
        let above = |upper: &[(f32, f32)], lower: &[(f32, f32)]| upper.iter().all(|u| lower.iter().all(|l| u > l));
        let passed = match claim {
            Claim::Order { higher, .. } => {
                let (higher, lower) = first.split_at(higher.len());
                above(higher, lower)
            }
            Claim::Same { wordings, .. } => {
                let (wordings, lower) = first.split_at(wordings.len());
                let most = wordings.iter().map(|w| w.0).fold(f32::MIN, f32::max);
                let least = wordings.iter().map(|w| w.0).fold(f32::MAX, f32::min);
                most - least <= TOLERANCE && above(wordings, lower)
            }
            Claim::Pair { .. } => above(&first, &[cell(1, 0)]),
        };
        let labels = claim.labels();
        let scored = match claim {
            Claim::Pair { label, .. } => (0..2).map(|text| (label.clone(), cell(text, 0).0)).collect(),
            _ => labels.into_iter().zip(first.iter().map(|cell| cell.0)).collect(),
        };
        Self { passed, scored }
    }
}

/// How a model did on all of them, in their order.
pub struct Verdicts {
    pub verdicts: Vec<Verdict>,
    /// For each phenomenon how many it passed, and how many there are; in the order that they first occur.
    pub by_phenomenon: Vec<(String, usize, usize)>,
}

impl Verdicts {
    pub fn of(subject: &Subject, probes: &Probes) -> Result<Self> {
        let verdicts = probes.probes.iter().map(|probe| Verdict::of(subject, probe)).collect::<Result<Vec<_>>>()?;
        let mut by_phenomenon: Vec<(String, usize, usize)> = Vec::new();
        for (probe, verdict) in probes.probes.iter().zip(&verdicts) {
            let at = by_phenomenon.iter().position(|row| row.0 == probe.phenomenon).unwrap_or_else(|| {
                by_phenomenon.push((probe.phenomenon.clone(), 0, 0));
                by_phenomenon.len() - 1
            });
            by_phenomenon[at].1 += usize::from(verdict.passed);
            by_phenomenon[at].2 += 1;
        }
        Ok(Self { verdicts, by_phenomenon })
    }

    pub fn passed(&self) -> usize {
        self.verdicts.iter().filter(|verdict| verdict.passed).count()
    }

    /// `{"task": "probes", "rows", "passed", "intervals": {"passed": {"low", "high"}}, "by_phenomenon": {"<phenomenon>":
    /// {"passed", "rows"}}}`
    pub fn figures(&self) -> Map<String, Value> {
        let rows = self.by_phenomenon.iter().map(|(p, passed, of)| (p.clone(), json!({"passed": passed, "rows": of})));
        let mut figures = Map::new();
        figures.insert("task".into(), "probes".into());
        figures.insert("rows".into(), self.verdicts.len().into());
        figures.insert("passed".into(), self.passed().into());
        let [interval] = bootstrap::intervals(self.verdicts.len(), |rows| {
            [Some(rows.iter().filter(|&&row| self.verdicts[row].passed).count() as f64)]
        });
        figures.insert("intervals".into(), json!({"passed": interval}));
        figures.insert("by_phenomenon".into(), Value::Object(rows.collect()));
        figures
    }
}

#[cfg(test)]
mod tests {
    use undertone_core::{Background, Calibration, Embeddings, LabelSet, ScoreOptions, Scorer};

    use super::*;

    /// Vectors on a circle, so that an angle says how alike a text and a label are.
    fn passes(claim: &Claim, texts: &[f32], labels: &[f32], scale: f32) -> bool {
        let circle = |degrees: &[f32]| {
            let values = degrees.iter().flat_map(|d| [d.to_radians().cos(), d.to_radians().sin()]).collect();
            Embeddings::new(2, values).unwrap()
        };
        let mut set = LabelSet::new("probe");
        for label in claim.labels() {
            set.add(&label).unwrap();
        }
        let calibration = Calibration { scale, bias: 0.0, ..Calibration::default() };
        let scorer = Scorer::new(calibration, Background::none(2)).unwrap();
        let scores = scorer
            .score(&circle(texts).into(), &scorer.prepare(circle(labels), &set).unwrap(), &ScoreOptions::default())
            .unwrap();
        Verdict::by(claim, &scores).passed
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn every_higher_label_is_above_every_lower_one() {
        let claim = Claim::Order { higher: words(&["joy", "glee"]), lower: words(&["fear", "rage"]) };
        assert!(passes(&claim, &[0.0], &[10.0, 20.0, 30.0, 90.0], 4.0));
        assert!(!passes(&claim, &[0.0], &[10.0, 40.0, 30.0, 90.0], 4.0));
        assert!(!passes(&claim, &[0.0], &[10.0, 30.0, 30.0, 90.0], 4.0), "a tie is not above");
        // All four probabilities are 1: the cosine decides.
        assert!(passes(&claim, &[0.0], &[10.0, 20.0, 30.0, 40.0], 1000.0));
        assert!(!passes(&claim, &[0.0], &[10.0, 40.0, 30.0, 35.0], 1000.0));
    }

    #[test]
    fn wordings_are_alike_and_above_the_others() {
        let claim = Claim::Same { wordings: words(&["joy", "joyful"]), lower: words(&["fear"]) };
        assert!(passes(&claim, &[0.0], &[10.0, 20.0, 90.0], 4.0));
        assert!(!passes(&claim, &[0.0], &[10.0, 80.0, 90.0], 4.0), "further apart than the tolerance");
        assert!(!passes(&claim, &[0.0], &[10.0, 20.0, 15.0], 4.0), "another label is between");
    }

    #[test]
    fn a_label_is_higher_for_the_one_text() {
        let claim = Claim::Pair { label: "joy".into(), other: "no".into() };
        assert!(passes(&claim, &[10.0, 50.0], &[0.0], 4.0));
        assert!(!passes(&claim, &[50.0, 10.0], &[0.0], 4.0));
        assert!(!passes(&claim, &[10.0, 10.0], &[0.0], 4.0));
    }
}
