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

/// A row, or why it is none: in which field and in which column.
fn parse<T: DeserializeOwned>(line: &str) -> Result<T, String> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(line)).map_err(|e| {
        let column = e.inner().column();
        let why = e.inner().to_string();
        // The place of a row says its line in the file; serde's would be the line in the row, which is always 1.
        let why = why.strip_suffix(&format!(" at line 1 column {column}")).unwrap_or(&why);
        match e.path().iter().next() {
            // Where the JSON itself is broken, no field is to blame.
            Some(_) if e.inner().is_data() => format!("the field \"{}\" is wrong: {why} (column {column})", e.path()),
            _ => format!("this is no row in JSON: {why} (column {column})"),
        }
    })
}

/// Calls `f` with every row of a JSON-lines file; blank lines are skipped.
pub fn each_row<T: DeserializeOwned>(path: &Path, mut f: impl FnMut(Place, T) -> Result<()>) -> Result<()> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let place = Place { path: path.to_owned(), line: index + 1 };
        let line = line.with_context(|| format!("{place}: the line is not UTF-8 text; save the file as UTF-8"))?;
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            let row = parse(line).map_err(|why| anyhow::anyhow!("{place}: {why}; mend the row or delete it"))?;
            f(place, row)?;
        }
    }
    Ok(())
}
