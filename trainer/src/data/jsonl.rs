//! Rows of a `data.jsonl`, with the place of a bad one in its error.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;

/// A row's place, for errors.
#[derive(Debug, Clone)]
pub struct Place {
    path: PathBuf,
    line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// Calls `f` with every row of a JSON-lines file; blank lines are skipped.
pub fn each_row<T: DeserializeOwned>(path: &Path, mut f: impl FnMut(Place, T) -> Result<()>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let place = Place { path: path.to_owned(), line: index + 1 };
        let line = line.with_context(|| format!("{place}: the line is not UTF-8 text; save the file as UTF-8"))?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            let row = serde_json::from_str(line).map_err(|e| anyhow::anyhow!("{place}: {e}"))?;
            f(place, row)?;
        }
    }
    Ok(())
}
