//! Rows of a `data.jsonl`, with the place of a bad one in its error.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// What the name of a compressed file ends in.
const GZIP: &str = "gz";

/// The rows' file in a set's folder; it may also be compressed, as `data.jsonl.gz`.
const ROWS: &str = "data.jsonl";

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

/// A file of rows that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// How many rows; blank lines are none.
    pub rows: usize,
    /// The SHA-256 of the lines, in hexadecimal; that of a compressed file is the same as before it was compressed.
    pub sha256: String,
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

/// The file of a set's rows: `set` itself if it is a file, else its `data.jsonl`, or its `data.jsonl.gz` if there is no such.
///
/// # Errors
/// There is neither.
pub fn rows_of(set: &Path) -> Result<PathBuf> {
    let plain = set.join(ROWS);
    let candidates = [set.to_owned(), plain.clone(), plain.with_extension(format!("jsonl.{GZIP}"))];
    candidates.into_iter().find(|path| path.is_file()).with_context(|| {
        format!("{} has no {ROWS}, nor {ROWS}.{GZIP}; give a folder that has one, or such a file", set.display())
    })
}

/// Calls `f` with every row of a JSON-lines file, gunzipped on the way if its name ends in `.gz`; blank lines are skipped.
pub fn each_row<T: DeserializeOwned>(path: &Path, mut f: impl FnMut(Place, T) -> Result<()>) -> Result<Contents> {
    let file = File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let file = BufReader::new(file);
    let zipped = path.extension().is_some_and(|extension| extension == GZIP);
    let file: Box<dyn Read> = if zipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut file = BufReader::new(file);
    let (mut hash, mut rows, mut line) = (Sha256::new(), 0, Vec::new());
    for number in 1.. {
        let place = Place { path: path.to_owned(), line: number };
        line.clear();
        if file.read_until(b'\n', &mut line).with_context(|| format!("{place} cannot be read"))? == 0 {
            break;
        }
        hash.update(&line);
        let text = std::str::from_utf8(&line)
            .with_context(|| format!("{place}: the line is not UTF-8 text; save the file as UTF-8"))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            rows += 1;
            f(place.clone(), parse(text).map_err(|why| anyhow::anyhow!("{place}: {why}; mend the row or delete it"))?)?;
        }
    }
    Ok(Contents { rows, sha256: hex::encode(hash.finalize()) })
}

/// As [`each_row`], for a file that must have rows.
pub fn each_row_of_some<T: DeserializeOwned>(path: &Path, f: impl FnMut(Place, T) -> Result<()>) -> Result<Contents> {
    let contents = each_row(path, f)?;
    ensure!(contents.rows > 0, "{} has no rows; give a set with at least one, or leave it out", path.display());
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_compressed_file_is_the_file_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let lines = "{\"a\": 1}\n\n{\"a\": 2}\n";
        let plain = folder.path().join(ROWS);
        std::fs::write(&plain, lines).unwrap();
        let read = |path: &Path| {
            let mut values = Vec::new();
            let contents = each_row(path, |place, row: serde_json::Value| {
                values.push((place.line, row["a"].as_i64()));
                Ok(())
            });
            (contents.unwrap(), values)
        };
        let (contents, values) = read(&rows_of(folder.path()).unwrap());
        assert_eq!((contents.rows, values.as_slice()), (2, &[(1, Some(1)), (3, Some(2))][..]));
        std::fs::remove_file(&plain).unwrap();
        assert!(rows_of(folder.path()).is_err());
        let zipped = plain.with_extension("jsonl.gz");
        let mut encoder = GzEncoder::new(File::create(&zipped).unwrap(), Compression::best());
        encoder.write_all(lines.as_bytes()).unwrap();
        encoder.finish().unwrap();
        assert_eq!(read(&rows_of(folder.path()).unwrap()), (contents, values));
    }

    #[test]
    fn a_torn_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.jsonl.gz");
        std::fs::write(&path, b"no gzip").unwrap();
        let error = each_row(&path, |_, _: serde_json::Value| Ok(())).unwrap_err();
        assert!(format!("{error:#}").contains("rows.jsonl.gz:1 cannot be read"), "{error:#}");
    }
}
