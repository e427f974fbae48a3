//! A file as rows and columns.

use std::borrow::Cow;
use std::fmt;

use super::decode::{Decoded, decode};
use super::draft::{Draft, Kind, Row, Span, Stored};
use super::format::{Layout, Shape, newline};
use super::{Encoding, Format, bad, delimited, json};
use crate::Result;

/// A file's rows and columns as they came: all of them, also rows without a text, in the file's order.
///
/// The table keeps the file's text, and of every cell where it stands there: nothing is copied, and what was read can be
/// written again to the byte.
///
/// ```
/// # use undertone_core::{Cell, Table};
/// let table = Table::read("said.csv", "id,text,who\n7,\"So, you came!\",ann\n")?;
/// let text = table.column("text").unwrap();
/// assert_eq!(table.cell(0, text), Cell::Text("So, you came!".into()));
/// assert_eq!((table.len(), table.line(0)), (1, 2));
/// # Ok::<_, undertone_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Table {
    name: String,
    text: String,
    shape: Shape,
    columns: Vec<Column>,
    rows: Vec<Row>,
    cells: Vec<Stored>,
    /// Where each row's cells begin, and after the last row their number.
    bounds: Vec<u32>,
    problems: Vec<Problem>,
}

/// A column of a [`Table`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What it is called: unique in its table.
    pub name: String,
    /// What the file calls it.
    pub(super) key: String,
    /// Its place in the file.
    pub(super) place: u32,
}

/// What stands in a row and a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing: the row is too short, or does not have the field.
    Missing,
    /// JSON's null.
    Null,
    /// Text.
    Text(Cow<'a, str>),
    /// Another value of JSON, as it is written in the file: a number, true, false, a list or an object.
    Json(&'a str),
}

/// What is odd about a line, though it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: usize,
    /// What is odd, and what to do about it.
    pub message: String,
}

impl<'a> Cell<'a> {
    /// The cell as people read it: empty where nothing is.
    pub fn text(self) -> Cow<'a, str> {
        match self {
            Self::Missing | Self::Null => "".into(),
            Self::Text(text) => text,
            Self::Json(json) => json.into(),
        }
    }

    /// The cell as a number, if it is a finite one.
    pub fn number(&self) -> Option<f64> {
        let text = match self {
            Self::Text(text) => text.trim(),
            Self::Json(json) => json,
            Self::Missing | Self::Null => return None,
        };
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl fmt::Debug for Table {
    /// Without the cells, which may be millions.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, shape, columns, rows, .. } = self;
        let mut table = f.debug_struct("Table");
        table.field("name", name).field("shape", shape).field("columns", columns).field("rows", &rows.len());
        table.finish_non_exhaustive()
    }
}

impl Table {
    /// Reads a file.
    ///
    /// What it is, its name's end says: `.csv`, `.tsv` (or `.tab`) with a header, `.jsonl` (or `.ndjson`), `.json` with an
    /// array of objects or an object a line, `.txt` with a text a line, in a column called "text". It may be UTF-8, UTF-16
    /// or Windows-1252. A `.csv` may have semicolons, tabs or bars instead of commas. Rows of other lengths than the header
    /// are read, and told in [`Table::problems`].
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput), with the file's name and mostly the line: another ending, bytes
    /// that are no text, a quote that is never closed, JSON that is broken or no object, or more than 4 GB.
    pub fn read(name: &str, content: impl Into<Vec<u8>>) -> Result<Self> {
        let end = name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default();
        let known = ["csv", "tsv", "tab", "jsonl", "ndjson", "json", "txt"];
        if !known.contains(&end.as_str()) && end != "parquet" {
            return Err(bad(format!(
                "{name}: the format is told by the name's end, which must be .csv, .tsv, .jsonl, .json or .txt"
            )));
        }
        let content = content.into();
        if u32::try_from(content.len()).is_err() {
            return Err(bad(format!("{name}: the file has more than 4 GB; split it")));
        }
        let Decoded { text, encoding, bom } = decode(name, content)?;
        if end != "txt" && is_web_page(&text) {
            return Err(bad(format!("{name}: this is a web page; check the address that the file came from")));
        }
        let (format, (draft, layout)) = match end.as_str() {
            "csv" => (Format::Csv, delimited::read(name, &text, None)?),
            "tsv" | "tab" => (Format::Tsv, delimited::read(name, &text, Some(b'\t'))?),
            "json" if text.trim_start().starts_with('[') => (Format::Json, json::array(name, &text)?),
            "txt" => (Format::Text, (lines(&text), Layout::Lines)),
            _ => (Format::JsonLines, json::lines(name, &text)?),
        };
        let shape = Shape { format, encoding, bom, newline: newline(&text), layout };
        let Draft { columns, rows, cells, mut bounds, problems, .. } = draft;
        if bounds.is_empty() {
            bounds.push(0);
        }
        Ok(Self { name: name.to_owned(), text, shape, columns, rows, cells, bounds, problems })
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What kind of file it was.
    pub fn format(&self) -> Format {
        self.shape.format
    }

    /// How its text was written as bytes.
    pub fn encoding(&self) -> Encoding {
        self.shape.encoding
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The columns, in the file's order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column with a name, whatever its case and the space around it; one that is spelled exactly so comes first.
    pub fn column(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column.name == name);
        let key = name.trim().to_lowercase();
        exact.or_else(|| self.columns.iter().position(|column| column.name.to_lowercase() == key))
    }

    /// What stands in a row and a column; [`Cell::Missing`] outside the table.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self.columns.get(column).and_then(|column| self.stored(row, column.place)) {
            None => Cell::Missing,
            Some(stored) => self.read_cell(stored),
        }
    }

    /// [`Cell::text`] of a row and a column.
    pub fn text(&self, row: usize, column: usize) -> Cow<'_, str> {
        self.cell(row, column).text()
    }

    /// The line on which a row begins, counted from 1; 0 outside the table.
    pub fn line(&self, row: usize) -> usize {
        self.rows.get(row).map_or(0, |row| row.line as usize)
    }

    /// What is odd about the file: the first hundred problems.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn stored(&self, row: usize, place: u32) -> Option<&Stored> {
        let (from, to) = (*self.bounds.get(row)? as usize, *self.bounds.get(row + 1)? as usize);
        let cells = &self.cells[from..to];
        let there = |cell: &&Stored| cell.place == place;
        cells.get(place as usize).filter(there).or_else(|| cells.iter().find(there))
    }

    fn read_cell(&self, stored: &Stored) -> Cell<'_> {
        let raw = &self.text[stored.span.range()];
        match stored.kind {
            Kind::Plain => Cell::Text(raw.into()),
            Kind::Quoted => Cell::Text(delimited::value(raw, true)),
            Kind::String => Cell::Text(json::unescape(raw)),
            Kind::Null => Cell::Null,
            Kind::Json => Cell::Json(raw),
        }
    }
}

/// A text a line, in a column called "text".
fn lines(text: &str) -> Draft {
    let mut draft = Draft::default();
    let place = draft.column("text");
    let end = newline(text);
    let mut at = 0;
    for (line, row) in (1..).zip(text.split_inclusive(end)) {
        let span = Span::new(at, at + row.strip_suffix(end).unwrap_or(row).len());
        at += row.len();
        draft.cells.push(Stored { place, span, kind: Kind::Plain });
        draft.row(span, line);
    }
    draft
}

/// What a static host answers for a file that it does not have.
fn is_web_page(text: &str) -> bool {
    let start = text.trim_start().get(..9).unwrap_or_default().to_lowercase();
    start == "<!doctype" || start.starts_with("<html")
}
