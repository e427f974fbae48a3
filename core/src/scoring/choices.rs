//! Which label each of many texts chooses, while the labels change a little at a time.

use std::collections::HashMap;
use std::ops::Range;

use super::prepared::Key;

/// How many texts are compared at a time: few enough that they stay in the nearest cache.
const TEXTS_AT_ONCE: usize = 1024;

/// A label, by what its logit depends on beside the text: its evidence, and the bits of its offset.
pub(super) type Candidate = (Key, u32);

/// Of each text the label with the highest logit; of equal ones that with more evidence, then the first.
#[derive(Debug, Clone, Default)]
pub(super) struct Choices {
    candidates: Vec<Candidate>,
    best: Best,
}

/// The best of the labels met so far.
#[derive(Debug, Clone, Default)]
struct Best {
    logit: Vec<f32>,
    evidence: Vec<f32>,
    label: Vec<u32>,
}

impl Choices {
    /// Compares the evidence for candidates, a column for each, all of one length. Where most of the candidates are those of
    /// the last time, in the same order, only the others are compared, and the texts that had chosen one that is gone.
    pub fn update(&mut self, candidates: Vec<Candidate>, columns: &[&[f32]], scale: f32, texts: usize) {
        let kept = self.kept(&candidates, texts);
        let offset = |label: usize| f32::from_bits(candidates[label].1);
        match kept {
            Some(places) => {
                let orphans = self.best.rename(&places);
                let stayed: Vec<usize> = places.into_iter().flatten().collect();
                for label in (0..candidates.len()).filter(|label| stayed.binary_search(label).is_err()) {
                    self.best.meet(label, columns[label], scale, offset(label), 0..texts);
                }
                for text in orphans {
                    for &label in &stayed {
                        self.best.meet(label, columns[label], scale, offset(label), text..text + 1);
                    }
                }
            }
            None => {
                self.best = Best::none(texts);
                let mut at = 0;
                while at < texts {
                    let block = at..texts.min(at + TEXTS_AT_ONCE);
                    at = block.end;
                    for (label, column) in columns.iter().enumerate() {
                        self.best.meet(label, column, scale, offset(label), block.clone());
                    }
                }
            }
        }
        self.candidates = candidates;
    }

    /// The label that a text chooses and its logit. Of no labels, the first at minus infinity.
    pub fn of(&self, text: usize) -> (usize, f32) {
        (self.best.label[text] as usize, self.best.logit[text])
    }

    /// The new place of each candidate of the last time, if it still is one; `None` if it is better to begin anew.
    fn kept(&self, candidates: &[Candidate], texts: usize) -> Option<Vec<Option<usize>>> {
        if self.best.label.len() != texts || self.candidates.is_empty() {
            return None;
        }
        let places: HashMap<&Candidate, usize> = candidates.iter().enumerate().map(|(i, c)| (c, i)).collect();
        let kept: Vec<Option<usize>> = self.candidates.iter().map(|old| places.get(old).copied()).collect();
        let stayed = kept.iter().flatten().count();
        let changed = candidates.len() + self.candidates.len() - 2 * stayed;
        // Of equals the first is chosen: the order must be the same, and each must be there once.
        let in_order = kept.iter().flatten().is_sorted_by(|a, b| a < b) && places.len() == candidates.len();
        (in_order && changed <= 4.max(candidates.len() / 4)).then_some(kept)
    }
}

impl Best {
    fn none(texts: usize) -> Self {
        let lowest = vec![f32::NEG_INFINITY; texts];
        Self { logit: lowest.clone(), evidence: lowest, label: vec![0; texts] }
    }

    /// Gives labels their new places, and returns the texts whose label has none.
    fn rename(&mut self, places: &[Option<usize>]) -> Vec<usize> {
        let mut orphans = Vec::new();
        for (text, label) in self.label.iter_mut().enumerate() {
            match places[*label as usize] {
                Some(place) => *label = place as u32,
                None => {
                    orphans.push(text);
                    (self.logit[text], self.evidence[text], *label) = (f32::NEG_INFINITY, f32::NEG_INFINITY, 0);
                }
            }
        }
        orphans
    }

    /// Compares a label with the best so far, of some texts. Without branches, so that several texts are compared at once.
    fn meet(&mut self, label: usize, column: &[f32], scale: f32, offset: f32, texts: Range<usize>) {
        let best = self.logit[texts.clone()].iter_mut().zip(&mut self.evidence[texts.clone()]);
        let best = best.zip(&mut self.label[texts.clone()]);
        for (((best_logit, best_evidence), best_label), &evidence) in best.zip(&column[texts]) {
            let logit = scale * evidence + offset;
            let first = (evidence == *best_evidence) & ((label as u32) < *best_label);
            let better = (logit > *best_logit) | ((logit == *best_logit) & ((evidence > *best_evidence) | first));
            *best_logit = if better { logit } else { *best_logit };
            *best_evidence = if better { evidence } else { *best_evidence };
            *best_label = if better { label as u32 } else { *best_label };
        }
    }
}
