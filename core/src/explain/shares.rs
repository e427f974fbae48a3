//! What each token adds to a cosine similarity, and what beside it makes a probability.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::perturbations::{Perturbations, Scoring};
use crate::math::{exp_f64, sigmoid};
use crate::scoring::Parts;
use crate::{Error, ErrorKind, Mode, Result};

/// The vectors of a text's tokens, `h`, as the model leaves them, before they are pooled. Of several windows, one after the
/// other.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenVectors {
    dim: usize,
    windows: Vec<Window>,
}

/// Where in the text each token of a window stands, none for those that frame it, and their vectors, row after row.
pub type Window = (Vec<Option<Range<usize>>>, Vec<f32>);

/// A token's share of a cosine similarity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Where in the text the token stands, in bytes; none for a token that frames a window.
    pub range: Option<Range<usize>>,
    /// What it adds to the cosine similarity; below 0 if it speaks against the label.
    pub share: f32,
}

impl TokenVectors {
    /// The places and the vectors, of length `dim`, of the tokens of each window.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`]: another number of values than of tokens.
    pub fn new(dim: usize, windows: Vec<Window>) -> Result<Self> {
        match windows.iter().find(|(ranges, rows)| ranges.len() * dim != rows.len()) {
            None => Ok(Self { dim, windows }),
            Some((ranges, rows)) => {
                let message = format!("{} tokens have {} values of vectors of {dim}", ranges.len(), rows.len());
                Err(Error::new(ErrorKind::Internal, format!("{message}. This is a bug.")))
            }
        }
    }

    /// How many windows.
    pub fn windows(&self) -> usize {
        self.windows.len()
    }

    /// What each token of each window adds to the window's cosine similarity with a label. A window's vector is the mean of
    /// its tokens' scaled to length one, so the similarity with a unit vector `l` is a sum over the tokens:
    ///
    /// ```text
    /// cosine = sum over the tokens t of share(t)
    /// share(t) = (h(t) . l) / |sum over the tokens of h|
    /// ```
    ///
    /// The shares add up exactly. They say where the similarity *stands*, not what it would be without the token: the
    /// other tokens have read it too. For that there is [`Occlusion`](super::Occlusion).
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a label's vector of another length.
    pub fn shares(&self, label: &[f32]) -> Result<Vec<Vec<Share>>> {
        if label.len() != self.dim {
            let (label, dim) = (label.len(), self.dim);
            let message = format!("tokens have vectors of length {dim} and the label of {label}");
            return Err(Error::new(ErrorKind::BadInput, format!("{message}: encode both with one model")));
        }
        let window = |(ranges, rows): &Window| {
            let mut sum = vec![0.0; self.dim];
            for row in rows.chunks_exact(self.dim) {
                sum.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
            }
            let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            let share = |(range, row): (&Option<Range<usize>>, &[f32])| {
                let product: f64 = row.iter().zip(label).map(|(&x, &l)| f64::from(x) * f64::from(l)).sum();
                Share { range: range.clone(), share: (product / length) as f32 }
            };
            ranges.iter().zip(rows.chunks_exact(self.dim)).map(share).collect()
        };
        Ok(self.windows.iter().map(window).collect())
    }
}

/// What the tokens in each of some ranges, a text's words, add together. What is left are the tokens between and around
/// them: punctuation, and those that frame a window.
pub fn shares_of(ranges: &[Range<usize>], shares: &[Vec<Share>]) -> Vec<f32> {
    let mut sums = vec![0.0; ranges.len()];
    for Share { range, share } in shares.iter().flatten() {
        let Some(range) = range else { continue };
        let word = ranges.partition_point(|word| word.end <= range.start);
        if ranges.get(word).is_some_and(|word| word.start < range.end) {
            sums[word] += share;
        }
    }
    sums
}

/// All that makes a label's probability, from the cosine similarity to the end:
///
/// ```text
/// evidence = sum over the windows of weight * (cosine + descendants - competition) + pooling
/// logit    = sharpness * (scale * evidence + offset)
/// ```
///
/// The weights of the windows are the softmax of their evidence at the temperature `w` of
/// [`Calibration::windows`](crate::Calibration), and `pooling = w (entropy of the weights - ln(windows))`, 0 of one
/// window and never above: so the parts add up to the log-mean-exp by which windows make one evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Breakdown {
    /// What the evidence of each window is made of, and the window's weight.
    pub windows: Vec<(Parts, f32)>,
    /// What putting windows together takes off.
    pub pooling: f32,
    /// The text's evidence for the label.
    pub evidence: f32,
    /// What evidence is multiplied with.
    pub scale: f32,
    /// What is added then: the same for every text.
    pub offset: f32,
    /// What that is multiplied with where a text has one label ([`Choice`](crate::Choice)); otherwise 1.
    pub sharpness: f32,
    /// The label's logit by itself.
    pub logit: f32,
    /// The label's probability by itself. In [`Mode::Multi`] it is the label's, unless one below it is
    /// more probable; in [`Mode::Single`] labels share what there is by their logits.
    pub probability: f32,
}

impl Perturbations {
    /// What a label's probability is made of.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: no such label, or vectors of another model.
    pub fn breakdown(&self, scoring: Scoring, label: usize) -> Result<Breakdown> {
        scoring.check(label)?;
        let Scoring { scorer, labels, options } = scoring;
        let calibration = scorer.calibration();
        let parts = scorer.parts(&self.vectors()?, labels, label)?;
        let temperature = f64::from(calibration.windows);
        let evidence: Vec<f64> = parts.iter().map(|parts| f64::from(parts.evidence())).collect();
        let largest = evidence.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = evidence.iter().map(|e| exp_f64((e - largest) / temperature)).collect();
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let entropy: f64 = weights.iter().filter(|&&w| w > 0.0).map(|w| -w * w.ln()).sum();
        let pooling = temperature * (entropy - (parts.len() as f64).ln());
        let evidence = weights.iter().zip(&evidence).map(|(w, e)| w * e).sum::<f64>() + pooling;
        let (scale, readout) = (calibration.scale, labels.readout());
        let (offset, sharpness) = match options.mode {
            Mode::Multi => (readout.offsets[label], 1.0),
            Mode::Single => (readout.choice_offsets[label], calibration.choice().sharpness),
        };
        let logit = sharpness * (scale * evidence as f32 + offset);
        Ok(Breakdown {
            windows: parts.into_iter().zip(weights.into_iter().map(|weight| weight as f32)).collect(),
            pooling: pooling as f32,
            evidence: evidence as f32,
            scale,
            offset,
            sharpness,
            logit,
            probability: sigmoid(logit),
        })
    }
}
