//! What the teacher is told before the texts: one file for each kind of question, which users may replace.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::question::Kind;

/// Where the label set goes in the prompt of a closed-set question.
const LABELS: &str = "{labels}";

/// The prompt for a kind of question: the file's if one is given, else the project's own.
pub fn read(kind: Kind, file: Option<&Path>, labels: &[String]) -> Result<String> {
    let own = match kind {
        Kind::Descriptors => include_str!("../../prompts/descriptors.md"),
        Kind::ClosedSet => include_str!("../../prompts/closed-set.md"),
        Kind::Ratings => include_str!("../../prompts/ratings.md"),
    };
    let prompt = match file {
        Some(path) => fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?,
        None => own.to_owned(),
    };
    let name = || file.map_or_else(|| "the prompt".to_owned(), |path| path.display().to_string());
    ensure!(!prompt.trim().is_empty(), "{} is empty; write there what the teacher is to do", name());
    if kind == Kind::ClosedSet {
        ensure!(prompt.contains(LABELS), "{} has no {LABELS}; write it where the label set is to stand", name());
    }
    Ok(prompt.trim().replace(LABELS, &labels.join(", ")))
}
