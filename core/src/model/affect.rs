//! How pleasant and how stirred a text is.

use serde::{Deserialize, Serialize};

use crate::math::dot;
use crate::{Error, ErrorKind, Result, TextVectors};

/// A point of the affect plane. Both run from 1 to 9, and 5 is neutral.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Affect {
    /// From unpleasant to pleasant.
    pub valence: f32,
    /// From calm to stirred.
    pub arousal: f32,
}

/// A linear map from a text's vector to its [`Affect`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AffectHead {
    /// `(2, dim)`, row-major: valence, arousal.
    pub weight: Vec<f32>,
    /// Valence, arousal.
    pub bias: [f32; 2],
}

impl AffectHead {
    /// A head for vectors of length `dim`.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: weights of another shape, or one that is no finite number.
    pub fn new(dim: usize, weight: Vec<f32>, bias: [f32; 2]) -> Result<Self> {
        let bad = |what| {
            let message = format!("the affect head {what}: export the model again");
            Err(Error::new(ErrorKind::BadModel, message))
        };
        if weight.len() != 2 * dim {
            return bad(format!("has {} weights, not twice {dim}", weight.len()));
        }
        if !weight.iter().chain(&bias).all(|x| x.is_finite()) {
            return bad("has a weight that is not a finite number".to_owned());
        }
        Ok(Self { weight, bias })
    }

    /// The affect of a text's unit vector, clamped to the scale.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a vector of another length, or with a value that is no finite number.
    pub fn read(&self, vector: &[f32]) -> Result<Affect> {
        self.raw(vector).map(clamped)
    }

    /// The affect of each text: the mean over its windows, clamped to the scale.
    ///
    /// # Errors
    /// As [`AffectHead::read`].
    pub fn read_texts(&self, texts: &TextVectors) -> Result<Vec<Affect>> {
        let text = |text: usize| {
            let windows = texts.text(text);
            let count = windows.len() as f32;
            let mut sum = [0.0; 2];
            for vector in windows {
                let raw = self.raw(vector)?;
                sum = [sum[0] + raw[0], sum[1] + raw[1]];
            }
            Ok(clamped(sum.map(|sum| sum / count)))
        };
        (0..texts.len()).map(text).collect()
    }

    /// Valence and arousal, not clamped.
    fn raw(&self, vector: &[f32]) -> Result<[f32; 2]> {
        if 2 * vector.len() != self.weight.len() {
            let message =
                format!("a vector of length {} does not fit an affect head of {}", vector.len(), self.weight.len() / 2);
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let (valence, arousal) = self.weight.split_at(vector.len());
        let raw = [dot(valence, vector) + self.bias[0], dot(arousal, vector) + self.bias[1]];
        if !raw.iter().all(|x| x.is_finite()) {
            let message = "the affect of a vector with a value that is not a finite number was asked for";
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        Ok(raw)
    }
}

fn clamped([valence, arousal]: [f32; 2]) -> Affect {
    Affect { valence: valence.clamp(1.0, 9.0), arousal: arousal.clamp(1.0, 9.0) }
}
