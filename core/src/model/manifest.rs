//! What a model bundle says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::explain::Reliability;
use crate::{Bundle, Calibration, Error, ErrorKind, Lexicon, Result, json};

/// The contract between what exports a model and everything that loads one: the bundle's `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format: [`Manifest::FORMAT`].
    pub format: u32,
    /// What the model is called.
    pub name: String,
    /// The shape of the encoder.
    pub encoder: EncoderConfig,
    /// How the weights are stored: [`Manifest::QUANTISATION`].
    pub quantisation: String,
    /// From similarity to probability.
    pub calibration: Calibration,
    /// Emotion terms whose vectors the weights hold, and the tree above them: what coarse labels are scored through.
    #[serde(default, skip_serializing_if = "Lexicon::is_empty")]
    pub lexicon: Lexicon,
    /// How often claims of a probability held on texts that people labelled, if that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reliability: Option<Reliability>,
    /// The other files of the bundle, all of them.
    pub files: Vec<FileEntry>,
    /// What it was made of, and how. For people.
    #[serde(default)]
    pub provenance: BTreeMap<String, Value>,
    /// How good it is, and on what. For people.
    #[serde(default)]
    pub metrics: BTreeMap<String, Value>,
    /// Under which terms the weights may be used: an SPDX expression.
    pub licence: String,
}

/// The shape of a BERT encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// How many layers.
    pub layers: usize,
    /// The length of vectors between the layers and of the result.
    pub hidden: usize,
    /// Attention heads, which share `hidden` evenly.
    pub heads: usize,
    /// The width inside the feed-forward parts.
    pub intermediate: usize,
    /// How many tokens there are.
    pub vocabulary: usize,
    /// How many positions there are.
    pub positions: usize,
    /// How many token types there are; only the first is ever used.
    pub token_types: usize,
    /// What keeps layer normalisation from dividing by zero.
    pub layer_norm_eps: f64,
    /// How many tokens of a text are read, special ones included.
    pub max_tokens: usize,
    /// How token vectors become one: [`EncoderConfig::POOLING`].
    pub pooling: String,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its name in the bundle's folder.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// The version of the format that this crate reads and writes.
    pub const FORMAT: u32 = 1;

    /// Matrices as int8 with an f32 scale for each row, everything else as f32. Those that products are taken of use seven
    /// bits, from -63 to 63; if one uses eight, it is rounded when it is loaded.
    pub const QUANTISATION: &str = "int8-per-row";

    /// Reads and validates a `manifest.json`.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`] for what is broken, [`ErrorKind::Unsupported`] for what another version may read.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        // First of all, for a later format may lack everything else.
        let Format { format } = json::parse(json, "model manifest", ErrorKind::BadModel)?;
        check_format(format)?;
        let manifest: Self = json::parse(json, "model manifest", ErrorKind::BadModel)?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The content of a `manifest.json`.
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// Checks everything that can be checked without the files.
    ///
    /// # Errors
    /// As [`Manifest::from_json`].
    pub fn validate(&self) -> Result<()> {
        check_format(self.format)?;
        check_known("quantisation", self.quantisation.as_str(), Self::QUANTISATION)?;
        self.encoder.validate()?;
        self.calibration.validate()?;
        self.reliability.iter().try_for_each(Reliability::validate)?;
        let mut seen = BTreeSet::new();
        for file in &self.files {
            file.validate()?;
            if !seen.insert(file.path.as_str()) {
                return Err(bad(format!("the manifest names {} twice: export the model again", file.path)));
            }
        }
        self.file(Bundle::WEIGHTS).and(self.file(Bundle::TOKENIZER)).map(drop)
    }

    /// What tells this model from others by which texts would get other vectors: the first 16 hexadecimal digits of a SHA-256
    /// of what the encoder and its tokeniser are.
    pub fn encoder_hash(&self) -> String {
        let files = self.files.iter().map(|file| format!("{} {}\n", file.path, file.sha256));
        short_hash(files.collect::<String>().as_bytes())
    }

    /// As [`Manifest::encoder_hash`], of everything by which texts would get other scores: vectors, lexicon and calibration.
    pub fn hash(&self) -> String {
        short_hash(json::pretty(&(self.encoder_hash(), &self.lexicon, &self.calibration)).as_bytes())
    }

    /// The entry of a file.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`] if there is none.
    pub fn file(&self, path: &str) -> Result<&FileEntry> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .ok_or_else(|| bad(format!("the manifest does not name {path}: export the model again")))
    }
}

impl EncoderConfig {
    /// The mean over a text's tokens, scaled to length one.
    pub const POOLING: &str = "mean";

    /// Checks that an encoder of this shape can be.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`], or [`ErrorKind::Unsupported`] for another way of pooling.
    pub fn validate(&self) -> Result<()> {
        let sizes = [
            ("layers", self.layers),
            ("hidden", self.hidden),
            ("heads", self.heads),
            ("intermediate", self.intermediate),
            ("vocabulary", self.vocabulary),
            ("positions", self.positions),
            ("token_types", self.token_types),
            ("max_tokens", self.max_tokens),
        ];
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Err(bad(format!("the encoder's {name} is 0: export the model again")));
        }
        if !self.hidden.is_multiple_of(self.heads) {
            let message = format!("the encoder's hidden size {} does not split into {} heads", self.hidden, self.heads);
            return Err(bad(format!("{message}: export the model again")));
        }
        if self.max_tokens > self.positions {
            let message = format!("the encoder reads {} tokens but has {} positions", self.max_tokens, self.positions);
            return Err(bad(format!("{message}: export the model again")));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps > 0.0) {
            let message = format!("the encoder's layer_norm_eps is {}, not a positive number", self.layer_norm_eps);
            return Err(bad(format!("{message}: export the model again")));
        }
        check_known("pooling", self.pooling.as_str(), Self::POOLING)
    }
}

impl FileEntry {
    /// The entry of a file with this content.
    pub fn new(path: impl Into<String>, content: &[u8]) -> Self {
        Self { path: path.into(), bytes: content.len() as u64, sha256: sha256(content) }
    }

    /// Checks that `content` is the file's.
    ///
    /// # Errors
    /// [`ErrorKind::BadModel`]: it was cut off, damaged, or is that of another file.
    pub fn verify(&self, content: &[u8]) -> Result<()> {
        self.verify_digest(content, &sha256(content))
    }

    /// As [`FileEntry::verify`], with the content's SHA-256 in hexadecimal from whoever computes it best.
    ///
    /// # Errors
    /// As [`FileEntry::verify`].
    pub fn verify_digest(&self, content: &[u8], sha256: &str) -> Result<()> {
        let Self { path, bytes, .. } = self;
        let length = content.len() as u64;
        if length != *bytes {
            let why = if length < *bytes { "the download is truncated" } else { "it is another file" };
            return Err(bad(format!("{path} has {length} bytes, the manifest says {bytes}: {why}; load it again")));
        }
        if !sha256.eq_ignore_ascii_case(&self.sha256) {
            let why = "the download is damaged or belongs to another manifest";
            return Err(bad(format!("{path} does not have the SHA-256 of the manifest: {why}; load it again")));
        }
        Ok(())
    }

    fn validate(&self) -> Result<()> {
        let Self { path, sha256, .. } = self;
        // A manifest may come from anywhere: its paths must not lead out of the bundle's folder.
        if path.is_empty() || path == "." || path == ".." || path.contains(['/', '\\', ':', '\0']) {
            return Err(bad(format!(
                "the manifest names '{path}', which is no plain file name: export the model again"
            )));
        }
        if sha256.len() != 64 || !sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            let message = format!("the manifest's SHA-256 of {path} is not 64 hexadecimal digits");
            return Err(bad(format!("{message}: export the model again")));
        }
        Ok(())
    }
}

/// The first 16 hexadecimal digits of a SHA-256: enough to tell contents apart, short enough to be quoted.
pub fn short_hash(content: &[u8]) -> String {
    sha256(content).chars().take(16).collect()
}

/// The SHA-256 of a file in hexadecimal.
pub fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_format(format: u32) -> Result<()> {
    check_known("format", format, Manifest::FORMAT)
}

fn check_known<T: PartialEq + Display>(what: &str, value: T, known: T) -> Result<()> {
    if value == known {
        return Ok(());
    }
    let message = format!("the model's {what} is {value}, this version reads {known}: update Undertone or the model");
    Err(Error::new(ErrorKind::Unsupported, message))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadModel, message)
}
