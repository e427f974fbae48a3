//! Texts to token ids.

use std::ops::Range;

use tokenizers::{ModelWrapper, PostProcessor, Tokenizer as Inner};

use crate::text::{Normalised, Windows, normalise, windows};
use crate::{Error, ErrorKind, Result};

/// The tokeniser of a bundle, with truncation and padding pinned here rather than left to its file.
#[derive(Clone)]
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

/// One text's tokens, and where in it they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// What [`Tokenizer::encode`] gives.
    pub tokens: Tokens,
    /// For each token the byte range of the text, as it was given, that the token came from: for a piece of an emoji's
    /// name the emoji. None for those that come from no text, as the first and the last.
    pub ranges: Vec<Option<Range<usize>>>,
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

    /// How many tokens the model reads at once, special ones included.
    pub fn max_tokens(&self) -> usize {
        self.max_tokens
    }

    /// How many of those a text can have.
    pub(crate) fn room(&self) -> usize {
        let special = self.inner.get_post_processor().map_or(0, |added| added.added_tokens(false));
        self.max_tokens.saturating_sub(special).max(1)
    }

    /// The token ids of a text, after [`normalise`].
    ///
    /// # Errors
    /// What the tokeniser itself refuses.
    pub fn encode(&self, text: &str) -> Result<Tokens> {
        let ids = self.ids(text)?;
        let truncated = ids.len() > self.max_tokens;
        Ok(Tokens { ids: self.cut(ids), truncated })
    }

    /// A text of any length, cut into windows that the model reads at once.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn windows(&self, text: &str) -> Result<Windows> {
        windows(text, self)
    }

    /// All token ids of a text, special ones included, however many there are.
    pub(crate) fn ids(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.inner.encode_fast(normalise(text), true).map_err(unreadable)?;
        Ok(encoding.get_ids().to_vec())
    }

    /// How many tokens a text has, without special ones.
    pub(crate) fn count(&self, text: &str) -> Result<usize> {
        Ok(self.inner.encode_fast(normalise(text), false).map_err(unreadable)?.len())
    }

    /// The tokens of a text with their places in it, for what points at them. Slower than [`Tokenizer::encode`].
    ///
    /// ```
    /// # use undertone_core::Tokenizer;
    /// # let file = br#"{"version": "1.0", "added_tokens": [], "truncation": null, "padding": null, "normalizer": null,
    /// #     "pre_tokenizer": {"type": "Whitespace"}, "post_processor": null, "decoder": null,
    /// #     "model": {"type": "WordLevel", "unk_token": "?", "vocab": {"?": 0, "frog": 1, "hi": 2}}}"#;
    /// # let tokenizer = Tokenizer::from_bytes(file, 128)?;
    /// let located = tokenizer.locate("hi 🐸")?;
    /// assert_eq!(located.tokens, tokenizer.encode("hi 🐸")?);
    /// assert_eq!(located.ranges, [Some(0..2), Some(3..7)]);
    /// # Ok::<_, undertone_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn locate(&self, text: &str) -> Result<Located> {
        let normalised = Normalised::new(text);
        let encoding = self.inner.encode(normalised.text(), true).map_err(unreadable)?;
        let ids = encoding.get_ids().to_vec();
        let tokens = Tokens { truncated: ids.len() > self.max_tokens, ids: self.cut(ids) };
        let range =
            |(&(start, end), &special): (&(usize, usize), &u32)| (special == 0).then(|| normalised.origin(start..end));
        let ranges = encoding.get_offsets().iter().zip(encoding.get_special_tokens_mask()).map(range);
        Ok(Located { ranges: self.cut(ranges.collect()), tokens })
    }

    /// The token that stands for what the vocabulary does not know, if there is one.
    pub(crate) fn unknown(&self) -> Option<u32> {
        let name = match self.inner.get_model() {
            ModelWrapper::WordPiece(model) => Some(&model.unk_token),
            ModelWrapper::WordLevel(model) => Some(&model.unk_token),
            ModelWrapper::BPE(model) => model.unk_token.as_ref(),
            ModelWrapper::Unigram(_) => None,
        };
        name.and_then(|name| self.inner.token_to_id(name))
    }

    /// The limit's worth of a text's tokens, or of what goes with each.
    pub(crate) fn cut<T>(&self, mut each: Vec<T>) -> Vec<T> {
        if each.len() > self.max_tokens
            && let Some(end) = each.pop()
        {
            // The last token closes the text ([SEP]); it is kept.
            each.truncate(self.max_tokens);
            if let Some(last) = each.last_mut() {
                *last = end;
            }
        }
        each
    }
}

fn unreadable(e: tokenizers::Error) -> Error {
    Error::new(ErrorKind::BadTokenizer, format!("the text could not be tokenised ({e})"))
}
