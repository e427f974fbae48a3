//! A file as rows and columns.

use std::borrow::Cow;
use std::fmt;

use super::annotation::{Annotation, Annotations, Prediction, Run};
use super::decode::{Decoded, decode};
use super::draft::{Draft, Kind, Row, Span, Stored};
use super::entry::Entry;
use super::export::Export;
use super::format::{Layout, Shape, newline};
use super::{Encoding, Format, Roles, bad, delimited, json, names};
use crate::{Affect, Result};

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
    /// The file's text, and behind it what is in the table but not, as it is, in the file.
    pub(super) text: String,
    pub(super) shape: Shape,
    columns: Vec<Column>,
    /// The columns that an export of ours added.
    ours: Vec<Column>,
    pub(super) rows: Vec<Row>,
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
    /// Where in a row it stands.
    pub(super) home: Home,
}

/// Where in a row of the file a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// In the row itself.
    Row,
    /// In an object of this name within the row.
    Inside(&'static str),
    /// In a cell of the table: it is shown for itself, but not written.
    Cell,
    /// In what an export of ours added.
    Ours,
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
        let Decoded { mut text, encoding, bom } = decode(name, content)?;
        if end != "txt" && is_web_page(&text) {
            return Err(bad(format!("{name}: this is a web page; check the address that the file came from")));
        }
        let (format, draft, layout) = match end.as_str() {
            "csv" | "tsv" | "tab" => {
                let is_csv = end == "csv";
                let (draft, layout) = delimited::read(name, &text, (!is_csv).then_some(b'\t'))?;
                (if is_csv { Format::Csv } else { Format::Tsv }, draft, layout)
            }
            "txt" => (Format::Text, lines(&text), Layout::Lines),
            _ => json::read(name, &text, end == "json")?,
        };
        let shape = Shape { format, encoding, bom, newline: newline(&text), layout };
        let Draft { columns, rows, cells, mut bounds, problems, extra, .. } = draft;
        text.push_str(&extra);
        if bounds.is_empty() {
            bounds.push(0);
        }
        let (ours, columns) = columns.into_iter().partition(|column| column.home == Home::Ours);
        Ok(Self { name: name.to_owned(), text, shape, columns, ours, rows, cells, bounds, problems })
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

    /// What an export of ours says of the rows; none if the file is no such export.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`](crate::ErrorKind::BadInput), with the file's name and the line: somebody has changed what was
    /// exported to what it cannot be.
    pub fn annotations(&self) -> Result<Option<Annotations>> {
        let mut found = Annotations { runs: Vec::new(), rows: vec![None; self.len()] };
        let columns = OurColumns::new(&self.ours);
        for row in 0..self.len() {
            let said = match self.rows[row].entry {
                Some(span) => self.entry(span, &mut found.runs),
                None if self.ours.is_empty() => continue,
                None => columns.annotation(self, row, &mut found.runs),
            };
            found.rows[row] = said.map_err(|why| bad(format!("{}:{}: {why}", self.name, self.line(row))))?;
        }
        Ok(found.rows.iter().any(Option::is_some).then_some(found))
    }

    /// The file in a format, with what is said of its rows: for each row what `annotation` gives for its index.
    ///
    /// Every column is there as it came. In the format that the file has, unchanged cells and rows are the file's own, byte
    /// for byte; in another, values keep their types as far as it has them. What is said of the rows stands beside that: in
    /// columns called `undertone.status` and so on, or in an object `undertone`; and, where the format has a place for
    /// labels, there too: those that a person decided on, else those that were there, else the machine's tags. Reading an
    /// export gives the table and the annotations again, and exporting these the same bytes (in a CSV of several runs, columns of
    /// scores may change places).
    ///
    /// Scores are written with four decimals. Without `runs` nothing is added. UTF-8, with a byte order mark where the file had
    /// one or needed it.
    pub fn export(
        &self,
        format: Format,
        roles: &Roles,
        runs: &[Run],
        mut annotation: impl FnMut(usize) -> Option<Annotation>,
    ) -> String {
        Export { table: self, roles, runs, annotation: &mut annotation }.write(format)
    }

    fn entry(&self, span: Span, runs: &mut Vec<Run>) -> std::result::Result<Option<Annotation>, String> {
        let entry: Entry<'_> = serde_json::from_str(&self.text[span.range()])
            .map_err(|e| format!("what is said in \"undertone\" cannot be read: {e}"))?;
        let index = index_of(entry.run(), runs);
        entry.annotation(&runs[index], index).map(Some)
    }

    /// The cells of a row that are there and are written, with the indices of their columns, in the order of these.
    pub(super) fn own(&self, row: usize) -> impl Iterator<Item = (usize, &Column, &Stored)> {
        let own = self.columns.iter().enumerate().filter(|(_, column)| column.home != Home::Cell);
        own.filter_map(move |(i, column)| Some((i, column, self.stored(row, column.place)?)))
    }

    pub(super) fn raw(&self, stored: &Stored) -> &str {
        &self.text[stored.span.range()]
    }

    pub(super) fn stored(&self, row: usize, place: u32) -> Option<&Stored> {
        let (from, to) = (*self.bounds.get(row)? as usize, *self.bounds.get(row + 1)? as usize);
        let cells = &self.cells[from..to];
        let there = |cell: &&Stored| cell.place == place;
        cells.get(place as usize).filter(there).or_else(|| cells.iter().find(there))
    }

    pub(super) fn read_cell(&self, stored: &Stored) -> Cell<'_> {
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

/// The index of a run among those that were met; a new one joins them.
fn index_of(run: Run, runs: &mut Vec<Run>) -> usize {
    // Rows of one run mostly follow each other.
    runs.iter().rposition(|known| *known == run).unwrap_or_else(|| {
        runs.push(run);
        runs.len() - 1
    })
}

/// The columns that an export of ours added to a file without objects.
struct OurColumns<'a> {
    columns: &'a [Column],
    scores: Vec<(&'a str, u32)>,
}

impl<'a> OurColumns<'a> {
    fn new(columns: &'a [Column]) -> Self {
        let score = |column: &'a Column| {
            let label = column.key.strip_prefix(delimited::PREFIX)?.strip_prefix(delimited::SCORE)?;
            Some((label, column.place))
        };
        Self { columns, scores: columns.iter().filter_map(score).collect() }
    }

    fn annotation(
        &self,
        table: &Table,
        row: usize,
        runs: &mut Vec<Run>,
    ) -> std::result::Result<Option<Annotation>, String> {
        let cell = |place: u32| table.stored(row, place).map_or(Cell::Missing, |stored| table.read_cell(stored));
        let text = |name: &str| {
            let column = self.columns.iter().find(|column| column.key.strip_prefix(delimited::PREFIX) == Some(name));
            column.map_or(Cow::Borrowed(""), |column| cell(column.place).text())
        };
        let status = text("status");
        if status.trim().is_empty() {
            return Ok(None);
        }
        let number = |what: &str, text: &str| {
            let number = text.trim().parse().ok().filter(|number: &f32| number.is_finite());
            number.ok_or_else(|| format!("{}{what} is '{text}'; it must be a number", delimited::PREFIX))
        };
        let optional = |what: &str| match text(what) {
            empty if empty.trim().is_empty() => Ok(None),
            value => number(what, &value).map(Some),
        };
        let mut scores = Vec::new();
        for &(label, place) in &self.scores {
            let value = cell(place).text();
            if !value.trim().is_empty() {
                let score = number(&format!("{}{label}", delimited::SCORE), &value)?;
                if !(0.0..=1.0).contains(&score) {
                    return Err(format!("the score of '{label}' is {score}; it must be between 0 and 1"));
                }
                scores.push((label, score));
            }
        }
        let named = |scores: &[(&str, f32)]| scores.iter().map(|(label, _)| (*label).to_owned()).collect::<Vec<_>>();
        let thresholds = text("thresholds");
        let labels = if scores.is_empty() {
            delimited::labels_of(&thresholds, self.scores.iter().map(|(label, _)| *label))
        } else {
            named(&scores)
        };
        let thresholds = delimited::thresholds(&thresholds, &labels)?;
        let run = Run { model: text("model").into(), label_set: text("label_set").into(), labels, thresholds };
        let index = index_of(run, runs);
        let run = &runs[index];
        let listed = |what: &str| {
            let known = |name: &str| run.labels.iter().any(|label| label == name);
            let names = names::names(&Cell::Text(text(what)), known);
            let find = |name: String| {
                let place = run.labels.iter().position(|label| *label == name);
                place.ok_or_else(|| {
                    format!(
                        "{}{what} names '{name}', which is no label of this file; correct the name",
                        delimited::PREFIX
                    )
                })
            };
            names.map(|names| names.into_iter().map(find).collect::<std::result::Result<Vec<_>, _>>()).transpose()
        };
        let mut prediction = None;
        if !scores.is_empty() || !text("tags").is_empty() {
            let mut found = Prediction {
                probability: scores.iter().map(|&(_, score)| score).collect(),
                on: vec![false; run.labels.len()],
                none: optional("none")?.unwrap_or_default(),
                affect: optional("valence")?
                    .zip(optional("arousal")?)
                    .map(|(valence, arousal)| Affect { valence, arousal }),
            };
            found.probability.resize(run.labels.len(), 0.0);
            for tag in listed("tags")?.unwrap_or_default() {
                found.on[tag] = true;
            }
            prediction = Some(found);
        }
        Ok(Some(Annotation {
            run: index,
            prediction,
            status: status.parse().map_err(|e: crate::Error| e.to_string())?,
            labels: listed("labels")?,
            note: text("note").into(),
        }))
    }
}

/// A text a line, in a column called "text".
fn lines(text: &str) -> Draft {
    let mut draft = Draft::default();
    let place = draft.column(Home::Row, "text");
    let end = newline(text);
    let mut at = 0;
    for (line, row) in (1..).zip(text.split_inclusive(end)) {
        let span = Span::new(at, at + row.strip_suffix(end).unwrap_or(row).len());
        at += row.len();
        draft.cells.push(Stored { place, span, kind: Kind::Plain });
        draft.row(Row { span, line: line as u32, ..Row::default() });
    }
    draft
}

/// What a static host answers for a file that it does not have.
fn is_web_page(text: &str) -> bool {
    let start = text.trim_start().get(..9).unwrap_or_default().to_lowercase();
    start == "<!doctype" || start.starts_with("<html")
}
