//! Texts in a file: CSV, TSV, JSON lines or plain lines.

use serde_json::{Map, Value};

use crate::{Error, ErrorKind, Result};

/// A text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What the file calls it, if it says.
    pub id: Option<String>,
    /// The text, as it stands there.
    pub text: String,
    /// The line on which it begins, counted from 1.
    pub line: usize,
}

/// The texts of a file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// The texts; empty ones too, so that nothing of the file is lost.
    pub rows: Vec<Record>,
    /// The column or field that they come from; none where there is but one.
    pub column: Option<String>,
}

/// Where in a row to look.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    /// The column or field with the text. Without one it is guessed: a usual name, or the column with the longest texts.
    pub text: Option<&'a str>,
    /// The column or field with the id; a file need not have it.
    pub id: &'a str,
}

/// What columns with texts are usually called.
const USUAL: [&str; 14] = [
    "text",
    "texts",
    "content",
    "message",
    "comment",
    "review",
    "tweet",
    "post",
    "body",
    "sentence",
    "utterance",
    "response",
    "answer",
    "description",
];

/// How many rows decide which column has the longest texts.
const SAMPLE: usize = 200;

impl Records {
    /// Reads a file. What it is, its name's end says: .csv or .tsv with a header, .jsonl, or .txt with a text a line.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`], with the file's name and the line: another ending, bytes that are no UTF-8, a row that
    /// cannot be read, or no text where `fields` says.
    pub fn read(name: &str, content: &[u8], fields: Fields<'_>) -> Result<Self> {
        let text = std::str::from_utf8(content).map_err(|e| {
            let line = content[..e.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
            bad(format!("{name}:{line}: the line is not UTF-8 text; save the file as UTF-8"))
        })?;
        let text = text.trim_start_matches('\u{feff}');
        let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase());
        match end.as_deref() {
            Some("csv") => table(name, text, b',', fields),
            Some("tsv" | "tab") => table(name, text, b'\t', fields),
            Some("jsonl" | "ndjson") => json_lines(name, text, fields),
            Some("txt") => {
                let line = |(line, text): (usize, &str)| Record { id: None, text: text.to_owned(), line };
                Ok(Self { rows: (1..).zip(text.lines()).map(line).collect(), column: None })
            }
            _ => Err(bad(format!(
                "{name}: the format is told by the name's end, which must be .csv, .tsv, .jsonl or .txt"
            ))),
        }
    }
}

fn table(name: &str, text: &str, delimiter: u8, fields: Fields<'_>) -> Result<Records> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let broken = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        bad(match e.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
                "{name}:{line}: the row has {len} columns where the header has {expected_len}; quote texts that \
                 contain the delimiter"
            ),
            _ => format!("{name}:{line}: {e}"),
        })
    };
    let header: Vec<String> = reader.headers().map_err(broken)?.iter().map(|name| name.trim().to_owned()).collect();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<csv::Result<_>>().map_err(broken)?;
    let column = |name: &str| header.iter().position(|column| column.eq_ignore_ascii_case(name));
    let of_text = match fields.text {
        Some(text) => column(text).ok_or_else(|| {
            let all = header.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
            bad(format!("{name}:1: there is no column '{text}' among {all}; name the one with the texts"))
        })?,
        None => guess(&header, |i| rows.iter().take(SAMPLE).filter_map(|row| row.get(i)).map(str::len).sum()),
    };
    let of_id = column(fields.id);
    let record = |row: &csv::StringRecord| Record {
        id: of_id.and_then(|i| row.get(i)).map(str::to_owned),
        text: row.get(of_text).unwrap_or_default().to_owned(),
        line: row.position().map_or(1, |p| p.line() as usize),
    };
    Ok(Records { rows: rows.iter().map(record).collect(), column: header.get(of_text).cloned() })
}

fn json_lines(name: &str, text: &str, fields: Fields<'_>) -> Result<Records> {
    let mut rows: Vec<(usize, Map<String, Value>)> = Vec::new();
    for (line, row) in (1..).zip(text.lines()).filter(|(_, row)| !row.trim().is_empty()) {
        rows.push((line, serde_json::from_str(row).map_err(|e| bad(format!("{name}:{line}: {e}")).with_source(e))?));
    }
    let of_text = match fields.text {
        Some(text) => text.to_owned(),
        None => {
            let names: Vec<String> = rows.first().map(|(_, row)| row.keys().cloned().collect()).unwrap_or_default();
            let length = |row: &Map<String, Value>, i: usize| row.get(&names[i]).and_then(Value::as_str).map(str::len);
            let place = guess(&names, |i| rows.iter().take(SAMPLE).filter_map(|(_, row)| length(row, i)).sum());
            names.get(place).cloned().unwrap_or_else(|| USUAL[0].to_owned())
        }
    };
    let record = |(line, row): &(usize, Map<String, Value>)| {
        let id = match row.get(fields.id) {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(id @ Value::Number(_)) => Some(id.to_string()),
            Some(_) => return Err(bad(format!("{name}:{line}: '{}' is neither text nor a number", fields.id))),
        };
        let text = row.get(&of_text).and_then(Value::as_str).ok_or_else(|| {
            bad(format!("{name}:{line}: there is no text in '{of_text}'; name the field with the texts"))
        })?;
        Ok(Record { id, text: text.to_owned(), line: *line })
    };
    Ok(Records { rows: rows.iter().map(record).collect::<Result<_>>()?, column: Some(of_text) })
}

/// The first of the usual names, or else the column with the longest texts.
fn guess(names: &[String], length: impl Fn(usize) -> usize) -> usize {
    let usual = USUAL.iter().find_map(|usual| names.iter().position(|name| name.eq_ignore_ascii_case(usual)));
    // Of equals, `max_by_key` takes the last.
    usual.or_else(|| (0..names.len()).rev().max_by_key(|&i| length(i))).unwrap_or(0)
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
