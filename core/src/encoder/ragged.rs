//! Texts of different lengths without padding.

use std::sync::Arc;

use crate::{Error, ErrorKind, Result};

/// Where each text's token rows begin, and after the last one their number: `texts + 1` ascending entries.
pub type Offsets = Arc<[usize]>;

/// The token ids of some texts, concatenated, and where each text begins.
///
/// The rows of all texts stand one below the other, so that no padding exists: none is computed, and none can leak into a
/// vector.
#[derive(Debug, Clone)]
pub struct Ragged {
    ids: Vec<u32>,
    offsets: Offsets,
}

impl Ragged {
    /// The texts' token ids; every text has at least one.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a text without a token.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a [u32]>) -> Result<Self> {
        let (mut ids, mut offsets) = (Vec::new(), vec![0]);
        for text in texts {
            if text.is_empty() {
                return Err(Error::new(ErrorKind::BadInput, format!("text {} has no token", offsets.len() - 1)));
            }
            ids.extend_from_slice(text);
            offsets.push(ids.len());
        }
        Ok(Self { ids, offsets: offsets.into() })
    }

    /// How many texts.
    pub fn texts(&self) -> usize {
        self.offsets.len() - 1
    }

    /// How many tokens, of all texts together.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }

    /// All token ids.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Where the texts begin.
    pub fn offsets(&self) -> &Offsets {
        &self.offsets
    }

    /// Each token's place in its text.
    pub fn positions(&self) -> impl Iterator<Item = u32> {
        self.offsets.windows(2).flat_map(|bounds| 0..(bounds[1] - bounds[0]) as u32)
    }

    /// The length of the longest text.
    pub fn longest(&self) -> usize {
        self.offsets.windows(2).map(|bounds| bounds[1] - bounds[0]).max().unwrap_or(0)
    }
}
