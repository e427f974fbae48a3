//! A model, as the bytes of its files.

use std::fmt;

use super::manifest::sha256;
use crate::{Manifest, Result};

/// The files of a model, verified. Where they come from is the caller's business.
#[derive(Clone)]
pub struct Bundle {
    /// What the bundle says of itself.
    pub manifest: Manifest,
    /// [`Bundle::WEIGHTS`].
    pub weights: Vec<u8>,
    /// [`Bundle::TOKENIZER`].
    pub tokenizer: Vec<u8>,
}

impl Bundle {
    /// The name of the manifest's file.
    pub const MANIFEST: &str = "manifest.json";
    /// The name of the weights' file.
    pub const WEIGHTS: &str = "weights.safetensors";
    /// The name of the tokeniser's file.
    pub const TOKENIZER: &str = "tokenizer.json";

    /// Puts a bundle together and checks that its files are those of the manifest.
    ///
    /// # Errors
    /// What [`Manifest::validate`] and [`FileEntry::verify`](crate::FileEntry::verify) find.
    pub fn new(manifest: Manifest, weights: Vec<u8>, tokenizer: Vec<u8>) -> Result<Self> {
        let digests = [sha256(&weights), sha256(&tokenizer)];
        Self::with_digests(manifest, weights, tokenizer, digests)
    }

    /// As [`Bundle::new`], with the SHA-256 of the weights and of the tokeniser in hexadecimal, from whoever computes them
    /// best: in a browser, the browser.
    ///
    /// # Errors
    /// As [`Bundle::new`].
    pub fn with_digests(
        manifest: Manifest,
        weights: Vec<u8>,
        tokenizer: Vec<u8>,
        [weights_sha256, tokenizer_sha256]: [String; 2],
    ) -> Result<Self> {
        manifest.validate()?;
        manifest.file(Self::WEIGHTS)?.verify_digest(&weights, &weights_sha256)?;
        manifest.file(Self::TOKENIZER)?.verify_digest(&tokenizer, &tokenizer_sha256)?;
        Ok(Self { manifest, weights, tokenizer })
    }
}

impl fmt::Debug for Bundle {
    /// Without the bytes, which are millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bundle").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}
