//! Texts to token ids.

use tokenizers::Tokenizer as Inner;

use crate::{Error, ErrorKind, Result, normalise};

/// The tokeniser of a bundle, with truncation and padding pinned here rather than left to its file.
pub struct Tokenizer {
    inner: Inner,
    max_tokens: usize,
}

/// One text's token ids, special tokens included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// At most the model's limit.
    pub ids: Vec<u32>,
    /// Whether the end of the text did not fit.
    pub truncated: bool,
}

impl Tokenizer {
    /// Reads a `tokenizer.json`; texts are cut at `max_tokens`, special tokens included.
    ///
    /// # Errors
    /// Bytes that are no tokeniser ([`ErrorKind::BadTokenizer`]).
    pub fn from_bytes(bytes: &[u8], max_tokens: usize) -> Result<Self> {
        let mut inner = Inner::from_bytes(bytes).map_err(|e| {
            Error::new(ErrorKind::BadTokenizer, format!("tokenizer.json cannot be read ({e}): export the model again"))
        })?;
        inner.with_padding(None);
        inner.with_truncation(None).map_err(unreadable)?;
        Ok(Self { inner, max_tokens })
    }

    /// How many tokens the vocabulary has.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The token ids of a text, after [`normalise`].
    ///
    /// # Errors
    /// What the tokeniser itself refuses.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let encoding = self.inner.encode_fast(normalise(text), true).map_err(unreadable)?;
        let ids = encoding.get_ids();
        let truncated = ids.len() > self.max_tokens;
        let mut ids = ids.to_vec();
        if truncated && let Some(&end) = ids.last() {
            // The last token closes the text ([SEP]); it is kept.
            ids.truncate(self.max_tokens);
            if let Some(last) = ids.last_mut() {
                *last = end;
            }
        }
        Ok(Tokens { ids, truncated })
    }
}

fn unreadable(e: tokenizers::Error) -> Error {
    Error::new(ErrorKind::BadTokenizer, format!("the text could not be tokenised ({e})"))
}
