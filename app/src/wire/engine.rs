//! The page, or the scoring worker, and an engine: texts become vectors.
//!
//! An engine loads the model that its own name says, unasked.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use undertone_core::explain::{Familiarity, Passage, Reliability};
use undertone_core::{
    AffectHead, Background, Calibration, Embeddings, Error, ErrorKind, Lexicon, Result, Scorer, TextVectors,
};

use super::{Buffers, Report};

/// How the name of an engine begins; the absolute address of its model's manifest follows. The engine's module starts its
/// message loop only in a worker of such a name, so that any other page may import the module as a library. The script's own
/// address could not carry it: behind a service worker that loses its fragment. `boot.js` writes such a name too.
pub const NAME: &str = "undertone-engine ";

/// What stands between [`NAME`] and the address if the model that is kept on this device will do, however old it is: so that an
/// engine that is started for a file asks the network for nothing.
pub const KEPT: &str = "kept ";

/// Why a text is encoded, most urgent first: a lower role overtakes a higher one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Somebody is typing it.
    Typing,
    /// It is a wording of a label.
    Label,
    /// It explains a score.
    Explanation,
    /// It is a text of a file.
    File,
}

/// What of a text gets a vector.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// The text, in as few windows as the model can read it in.
    #[default]
    Text,
    /// Each of its sentences.
    Sentence,
    /// The text as [`Unit::Text`] has it, and where its parts are.
    Passage,
}

/// To an engine.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ToEngine {
    /// Encode these texts.
    Encode {
        /// What the answers will be called.
        id: u32,
        /// How urgent it is.
        role: Role,
        /// What gets a vector.
        unit: Unit,
        /// The texts.
        texts: Vec<String>,
    },
    /// Forget a job: nobody waits for it any more.
    Cancel {
        /// The job.
        id: u32,
    },
}

/// From an engine.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromEngine {
    /// It runs and listens.
    Hello {
        /// Its [`PROTOCOL`](super::PROTOCOL).
        protocol: u32,
        /// Whether it was built for WebAssembly SIMD.
        simd: bool,
    },
    /// Loading goes on.
    Progress(Progress),
    /// The model is loaded, with the buffers of [`Model::pack`].
    Ready {
        /// What it is.
        model: Box<Model>,
        /// A newer one could not be had, for this reason: this is the one that was kept.
        stale: Option<Report>,
    },
    /// The model's files are on this device now, or, if not, why there will be none.
    Kept {
        /// Whether they are.
        kept: bool,
    },
    /// Some of a job's vectors, with the buffers of [`Encoded::pack`].
    Encoded {
        /// The job.
        id: u32,
        /// For each text where its parts are, if [`Unit::Passage`] was asked for.
        segmentations: Vec<Segmentation>,
    },
    /// A job is finished: all its vectors were sent.
    Done {
        /// The job.
        id: u32,
    },
    /// A job failed or, without an id, loading did.
    Failed {
        /// The job.
        id: Option<u32>,
        /// What went wrong.
        report: Report,
    },
    /// The worker is beyond repair and must be replaced.
    Panicked {
        /// What it said, and where.
        message: String,
    },
}

/// Where the parts of a text are, in bytes.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Segmentation {
    /// The text, with its words.
    pub passage: Passage,
    /// Its sentences.
    pub sentences: Vec<Range<usize>>,
    /// How much of it the model's vocabulary knows.
    pub familiarity: Familiarity,
}

/// Texts as an engine has encoded them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encoded {
    /// The vectors of all windows of all texts, one after the other.
    pub vectors: Vec<f32>,
    /// For each text, how many windows it has.
    pub windows: Vec<u32>,
    /// For each window, where in its text it begins and ends, in UTF-16 code units, as JavaScript counts.
    pub ranges: Vec<u32>,
    /// For each text, whether its end was left out because it is too long: 1 if it was.
    pub cut: Vec<u8>,
    /// For each text where its parts are, if that was asked for.
    pub segmentations: Vec<Segmentation>,
}

impl Encoded {
    /// How many texts.
    pub fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// Appends those that came later.
    pub fn extend(&mut self, later: Self) {
        self.vectors.extend(later.vectors);
        self.windows.extend(later.windows);
        self.ranges.extend(later.ranges);
        self.cut.extend(later.cut);
        self.segmentations.extend(later.segmentations);
    }

    /// The vectors, of length `dim`.
    ///
    /// # Errors
    /// Vectors of another model, or numbers that do not fit each other.
    pub fn texts(&self, dim: usize) -> Result<TextVectors> {
        let rows = Embeddings::new(dim, self.vectors.clone())?;
        if self.ranges.len() != 2 * rows.len() || self.cut.len() != self.windows.len() {
            return Err(Error::new(ErrorKind::BadInput, "windows came without their places: reload the page"));
        }
        TextVectors::new(rows, self.windows.iter().map(|&count| count as usize))
    }

    /// As buffers, but for the segmentations.
    pub fn pack(&self, buffers: Buffers) -> Buffers {
        buffers
            .floats("vectors", &self.vectors)
            .counts("windows", &self.windows)
            .counts("ranges", &self.ranges)
            .bytes("cut", &self.cut)
    }

    /// From buffers.
    ///
    /// # Errors
    /// A buffer is missing.
    pub fn unpack(buffers: &Buffers) -> std::result::Result<Self, Report> {
        Ok(Self {
            vectors: buffers.get_floats("vectors")?,
            windows: buffers.get_counts("windows")?,
            ranges: buffers.get_counts("ranges")?,
            cut: buffers.get_bytes("cut")?,
            segmentations: Vec::new(),
        })
    }
}

/// How far loading has come.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub struct Progress {
    /// What is happening.
    pub stage: Stage,
    /// Bytes done.
    pub done: f64,
    /// Bytes in all, by the manifest.
    pub total: f64,
}

/// The parts of loading.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The model's files come over the network.
    Download,
    /// They come from this device.
    Read,
    /// The model is being built from them.
    Build,
}

/// What one needs to know of a loaded model to score with it: all but the encoder. The vectors of its lexicon's terms and of
/// its reference texts travel as buffers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its weights: vectors of two models do not mix.
    pub digest: String,
    /// The length of its vectors.
    pub dim: u32,
    /// How many tokens of a text it reads at once.
    pub max_tokens: u32,
    /// The bytes of its files.
    pub bytes: f64,
    /// From similarity to probability.
    pub calibration: Calibration,
    /// The terms that coarse labels are scored through.
    pub lexicon: Lexicon,
    /// From vector to valence and arousal.
    pub affect: AffectHead,
    /// How often claims of a probability held, if that was measured.
    pub reliability: Option<Reliability>,
}

impl Model {
    /// The vectors of the background, as buffers.
    pub fn pack(background: &Background, buffers: Buffers) -> Buffers {
        buffers
            .floats("terms", background.terms().as_slice())
            .floats("reference", background.reference().rows().as_slice())
    }

    /// What scores texts as this model's calibration says.
    ///
    /// # Errors
    /// Vectors that do not fit the model.
    pub fn scorer(&self, buffers: &Buffers) -> std::result::Result<Scorer, Report> {
        let dim = self.dim as usize;
        let vectors = |name| Ok::<_, Report>(Embeddings::new(dim, buffers.get_floats(name)?)?);
        let background = if self.lexicon.is_empty() {
            Background::none(dim)
        } else {
            Background::new(self.lexicon.clone(), vectors("terms")?, vectors("reference")?)?
        };
        Ok(Scorer::new(self.calibration.clone(), background)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_several_windows_are_put_together() {
        let mut encoded = Encoded {
            vectors: vec![1.0, 0.0],
            windows: vec![1],
            ranges: vec![0, 3],
            cut: vec![0],
            ..Encoded::default()
        };
        encoded.extend(Encoded {
            vectors: vec![0.0, 1.0, 1.0, 0.0],
            windows: vec![2],
            ranges: vec![0, 9, 10, 12],
            cut: vec![1],
            ..Encoded::default()
        });
        let texts = encoded.texts(2).unwrap();
        assert_eq!(texts.counts().collect::<Vec<_>>(), [1, 2]);
        assert!(encoded.texts(3).is_err());
        encoded.ranges.pop();
        assert!(encoded.texts(2).is_err());
    }
}
