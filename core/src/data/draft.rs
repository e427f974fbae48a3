//! A table while it is read.

use std::collections::{HashMap, HashSet};

use super::table::{Column, Home, Problem};

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
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Row {
    pub span: Span,
    pub line: u32,
    /// Of a JSON object: what we once wrote into it.
    pub entry: Option<Span>,
    /// Of a JSON object: the part, up to its end, from which on it is again as it came, and up to which it is; between them
    /// stands the entry. None if the entry is not the last member.
    pub cut: Option<Span>,
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
    /// Text that is in the table but not, as it is, in the file: it follows the file's own.
    pub extra: String,
    /// The place of each column by what the file calls it.
    places: HashMap<(Home, String), u32>,
    names: HashSet<String>,
}

impl Draft {
    /// The place of the column that the file calls `key`; `expected` is where it was in the row before.
    pub fn place(&mut self, home: Home, key: &str, expected: usize) -> u32 {
        match self.columns.get(expected) {
            Some(column) if column.key == key && column.home == home => expected as u32,
            _ => match self.places.get(&(home, key.to_owned())) {
                Some(&place) => place,
                None => self.column(home, key),
            },
        }
    }

    /// A further column. Its name is its key, trimmed, or "column 3" if that is empty. Where there is one of that name
    /// already, the object that it is in is put before the name, or a number behind it.
    pub fn column(&mut self, home: Home, key: &str) -> u32 {
        let place = self.columns.len() as u32;
        let name = match key.trim() {
            "" => format!("column {}", place + 1),
            name => name.to_owned(),
        };
        let full = match home {
            Home::Inside(object) => format!("{object}.{name}"),
            _ => name.clone(),
        };
        let numbered = (2..).map(|n| format!("{full} ({n})"));
        let name = [name, full.clone()].into_iter().chain(numbered).find(|name| !self.names.contains(name));
        let name = name.unwrap_or_default();
        self.names.insert(name.clone());
        self.places.entry((home, key.to_owned())).or_insert(place);
        self.columns.push(Column { name, key: key.to_owned(), place, home });
        place
    }

    /// A cell of the row that is being read. Of cells of one column the last counts, as everywhere in JSON.
    pub fn cell(&mut self, cell: Stored) {
        let from = self.bounds.last().map_or(0, |&bound| bound as usize);
        match self.cells[from..].iter_mut().find(|earlier| earlier.place == cell.place) {
            Some(earlier) => *earlier = cell,
            None => self.cells.push(cell),
        }
    }

    /// Ends a row whose cells were pushed since the last one.
    pub fn row(&mut self, row: Row) {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        self.rows.push(row);
        self.bounds.push(self.cells.len() as u32);
    }

    /// Keeps text that the file does not have as it is; `text` is the file's.
    pub fn extra(&mut self, text: &str, extra: &str) -> Span {
        let start = text.len() + self.extra.len();
        self.extra.push_str(extra);
        Span::new(start, start + extra.len())
    }

    /// Notes what is odd about a line but does not keep the file from being read.
    pub fn problem(&mut self, line: usize, message: String) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Problem { line, message });
        }
    }
}
