//! What the page and the worker say to each other.
//!
//! The worker begins by itself, with the model that its own name says: it says [`FromEngine::Hello`] and loads. Only when
//! it is ready is it asked anything, for messages that reach a worker before its WebAssembly has started are lost without
//! an error. Vectors do not travel in these types but as one transferred `Float32Array` beside them.

use serde::{Deserialize, Serialize};
use undertone_core::{AffectHead, Calibration, Embeddings, Error, ErrorKind, Lexicon, Result, TextVectors};

/// The version of this protocol; page and worker must agree on it.
pub const PROTOCOL: u32 = 6;

/// How the name of a worker begins; the absolute address of its model's manifest follows. The engine's module starts its
/// message loop only in a worker of such a name, so that any other page may import the module as a library. The script's own
/// address could not carry it: behind a service worker that loses its fragment. `boot.js` writes such a name too.
pub const WORKER_NAME: &str = "undertone-engine ";

/// The property of a message that carries its vectors.
pub const VECTORS: &str = "vectors";

/// Why a text is encoded, most urgent first: a lower role overtakes a higher one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Somebody is typing it.
    Typing,
    /// It is a wording of a label.
    Label,
    /// It is a text of a file.
    File,
}

/// From the page to the worker.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ToEngine {
    /// Encode these texts.
    Embed {
        /// What the answers will be called.
        id: u32,
        /// How urgent it is.
        role: Role,
        /// The texts.
        texts: Vec<String>,
    },
    /// Forget a job: nobody waits for it any more.
    Cancel {
        /// The job.
        id: u32,
    },
}

/// From the worker to the page.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum FromEngine {
    /// The worker runs and listens.
    Hello {
        /// The worker's [`PROTOCOL`].
        protocol: u32,
        /// Whether it was built for WebAssembly SIMD.
        simd: bool,
    },
    /// Loading goes on.
    Progress(Progress),
    /// The model is loaded. The vectors of its lexicon's terms, then of its reference texts, travel beside this message.
    Ready(Model),
    /// Some of a job's vectors, transferred beside this message.
    Rows {
        /// The job.
        id: u32,
        /// For each text, how many of the rows are its windows.
        windows: Vec<u32>,
        /// For each text, whether its end was left out because it is too long.
        cut: Vec<bool>,
    },
    /// A job is finished: all its rows were sent.
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

/// Texts as the worker has encoded them, on their way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The vectors of all windows of all texts, one after the other.
    pub vectors: Vec<f32>,
    /// For each text, how many windows it has.
    pub windows: Vec<u32>,
    /// For each text, whether its end was left out because it is too long.
    pub cut: Vec<bool>,
}

impl Rows {
    /// Appends those that came later.
    pub fn extend(&mut self, later: Self) {
        self.vectors.extend(later.vectors);
        self.windows.extend(later.windows);
        self.cut.extend(later.cut);
    }

    /// The vectors, of length `dim`.
    ///
    /// # Errors
    /// Vectors of another model.
    pub fn into_texts(self, dim: usize) -> Result<TextVectors> {
        let windows = self.windows.into_iter().map(|count| count as usize);
        TextVectors::new(Embeddings::new(dim, self.vectors)?, windows)
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

/// What the page needs to know of a loaded model.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Model {
    /// Its name.
    pub name: String,
    /// The length of its vectors.
    pub dim: u32,
    /// How many tokens of a text it reads.
    pub max_tokens: u32,
    /// The bytes of its files.
    pub bytes: f64,
    /// From similarity to probability.
    pub calibration: Calibration,
    /// The terms that coarse labels are scored through.
    pub lexicon: Lexicon,
    /// From vector to valence and arousal.
    pub affect: AffectHead,
}

/// An error on its way to a person.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// What kind of error it is.
    pub kind: ReportKind,
    /// One sentence: what, where, what to do.
    pub message: String,
}

/// The kinds of [`Report`]: core's, and those that only a browser knows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ReportKind {
    /// An error of `undertone-core`.
    Core(ErrorKind),
    /// An error of the browser or the network.
    Browser(BrowserErrorKind),
}

/// What goes wrong around the model.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BrowserErrorKind {
    /// A file could not be fetched.
    Network,
    /// The browser refused to keep or return something.
    Storage,
    /// The worker stopped.
    Worker,
}

impl Report {
    /// A report of something that the browser or the network did.
    pub fn browser(kind: BrowserErrorKind, message: impl Into<String>) -> Self {
        Self { kind: ReportKind::Browser(kind), message: message.into() }
    }
}

impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self { kind: ReportKind::Core(error.kind()), message: error.to_string() }
    }
}
