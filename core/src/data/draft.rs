//! A table while it is read.

use std::collections::{HashMap, HashSet};

use super::table::{Column, Problem};

/// How many problems are told one by one.
const MOST_PROBLEMS: usize = 100;

/// What stands in the place of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The text itself.
    Plain,
    /// Text in the quotes of CSV.
    Quoted,
    /// A JSON string.
    String,
    /// JSON's null.
    Null,
    /// Any other JSON value.
    Json,
}

/// A part of the file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    /// From byte `start` to byte `end`; the readers refuse files that are too large for this.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Where `part`, which is a part of `whole`, stands in it.
    pub fn of(part: &str, whole: &str) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        Self::new(start, start + part.len())
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A cell that is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stored {
    /// The place of its column in the file.
    pub place: u32,
    pub span: Span,
    pub kind: Kind,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub span: Span,
    pub line: u32,
}

/// Columns, rows and cells as they are found.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub cells: Vec<Stored>,
    /// Where each row's cells begin, and after the last row their number.
    pub bounds: Vec<u32>,
    pub problems: Vec<Problem>,
    /// The place of each column by what the file calls it.
    places: HashMap<String, u32>,
    names: HashSet<String>,
}

impl Draft {
    /// The place of the column that the file calls `key`; `expected` is where it was in the row before.
    pub fn place(&mut self, key: &str, expected: usize) -> u32 {
        match self.columns.get(expected) {
            Some(column) if column.key == key => expected as u32,
            _ => match self.places.get(key) {
                Some(&place) => place,
                None => self.column(key),
            },
        }
    }

    /// A further column. Its name is its key, trimmed; or "column 3" if that is empty; with a number if there is one of
    /// that name already.
    pub fn column(&mut self, key: &str) -> u32 {
        let place = self.columns.len() as u32;
        let name = match key.trim() {
            "" => format!("column {}", place + 1),
            name => name.to_owned(),
        };
        let numbered = (2..).map(|n| format!("{name} ({n})"));
        let name = std::iter::once(name.clone()).chain(numbered).find(|name| !self.names.contains(name));
        let name = name.unwrap_or_default();
        self.names.insert(name.clone());
        self.places.entry(key.to_owned()).or_insert(place);
        self.columns.push(Column { name, key: key.to_owned(), place });
        place
    }

    /// Ends a row whose cells were pushed since the last one.
    pub fn row(&mut self, span: Span, line: usize) {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        self.rows.push(Row { span, line: line as u32 });
        self.bounds.push(self.cells.len() as u32);
    }

    /// Notes what is odd about a line but does not keep the file from being read.
    pub fn problem(&mut self, line: usize, message: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem { line, message });
        }
    }
}
