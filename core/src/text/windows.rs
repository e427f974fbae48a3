//! Long texts, cut into what a model reads at once.

use std::ops::Range;

use super::sentences;
use crate::{Result, Tokenizer};

/// The longest text that is read to its end, in words. It is some sixty printed pages; what comes behind is left out, and
/// the text is flagged.
pub const MAX_WORDS: usize = 20_000;

/// The longest text in bytes: words of a language without spaces count for more.
const MAX_BYTES: usize = 400_000;

/// A part of a text that is encoded at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Where in the text it is, in bytes.
    pub range: Range<usize>,
    /// Its token ids, special tokens included.
    pub ids: Vec<u32>,
}

/// A text as it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// One window at least.
    pub windows: Vec<Window>,
    /// Whether the end of the text was left out.
    pub cut: bool,
}

/// Cuts a text into windows that fit into a model: at the ends of sentences, and within a sentence only if it is too long
/// by itself, between two words. Windows are of about the same length. A window is encoded as it would be alone.
pub fn windows(text: &str, tokenizer: &Tokenizer) -> Result<Windows> {
    let read = limit(text);
    let cut = !text[read..].trim().is_empty();
    let ids = tokenizer.ids(&text[..read])?;
    let windows = if ids.len() <= tokenizer.max_tokens() {
        vec![Window { range: 0..read, ids }]
    } else {
        let mut windows = Vec::new();
        let parts = parts(&text[..read], tokenizer)?;
        gather(text, &parts, tokenizer, &mut windows)?;
        windows
    };
    Ok(Windows { windows, cut })
}

/// Where a text ends for us, in bytes.
fn limit(text: &str) -> usize {
    let mut words = 0;
    let mut before = true;
    for (at, c) in text.char_indices() {
        let space = c.is_whitespace();
        words += usize::from(before && !space);
        if words > MAX_WORDS || at + c.len_utf8() > MAX_BYTES {
            return at;
        }
        before = space;
    }
    text.len()
}

/// A stretch of a text that is not cut, and how many tokens it has.
struct Part {
    range: Range<usize>,
    tokens: usize,
}

/// A text's sentences, those that are too long cut between words.
fn parts(text: &str, tokenizer: &Tokenizer) -> Result<Vec<Part>> {
    let room = tokenizer.room();
    let mut parts = Vec::new();
    for range in sentences(text) {
        let tokens = tokenizer.count(&text[range.clone()])?;
        if tokens <= room {
            parts.push(Part { range, tokens });
            continue;
        }
        for word in words(&text[range.clone()]) {
            halve(text, range.start + word.start..range.start + word.end, tokenizer, &mut parts)?;
        }
    }
    Ok(parts)
}

/// Adds a word, in pieces if it has more tokens than fit: a row of emoji, say.
fn halve(text: &str, word: Range<usize>, tokenizer: &Tokenizer, parts: &mut Vec<Part>) -> Result<()> {
    let tokens = tokenizer.count(&text[word.clone()])?;
    let mut middle = word.start.midpoint(word.end);
    while !text.is_char_boundary(middle) {
        middle += 1;
    }
    if tokens <= tokenizer.room() || middle >= word.end {
        parts.push(Part { range: word, tokens });
        return Ok(());
    }
    halve(text, word.start..middle, tokenizer, parts)?;
    halve(text, middle..word.end, tokenizer, parts)
}

/// The ranges of a text between white space.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split_whitespace().map(move |word| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        start..start + word.len()
    })
}

/// Puts parts together to windows of about the same length.
fn gather(text: &str, parts: &[Part], tokenizer: &Tokenizer, windows: &mut Vec<Window>) -> Result<()> {
    let room = tokenizer.room();
    let mut left: usize = parts.iter().map(|part| part.tokens).sum();
    let mut rest = parts;
    while let [first, ..] = rest {
        // So many windows are left at least; each takes its share, up to the part whose end is nearest to it.
        let share = left / left.div_ceil(room).max(1);
        let (mut count, mut tokens) = (1, first.tokens);
        for part in &rest[1..] {
            let with = tokens + part.tokens;
            if with > room || with.saturating_sub(share) > share.saturating_sub(tokens) {
                break;
            }
            (count, tokens) = (count + 1, with);
        }
        let (window, after) = rest.split_at(count);
        (rest, left) = (after, left - tokens);
        push(text, window, tokenizer, windows)?;
    }
    Ok(())
}

/// Adds the window of some parts. What is between them may have tokens of its own, and a text may be normalised otherwise
/// than its parts: if they do not fit together after all, they are two windows.
fn push(text: &str, parts: &[Part], tokenizer: &Tokenizer, windows: &mut Vec<Window>) -> Result<()> {
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return Ok(());
    };
    let range = first.range.start..last.range.end;
    let ids = tokenizer.ids(&text[range.clone()])?;
    if ids.len() > tokenizer.max_tokens() && parts.len() > 1 {
        let (left, right) = parts.split_at(parts.len() / 2);
        push(text, left, tokenizer, windows)?;
        return push(text, right, tokenizer, windows);
    }
    windows.push(Window { range, ids: tokenizer.cut(ids) });
    Ok(())
}
