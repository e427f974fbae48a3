//! The texts of a file.

use std::borrow::Cow;
use std::collections::HashSet;

use undertone_core::{Error, ErrorKind, Result, Role, Roles, Table};

/// A file's rows, all of them and in its order: also those without a text.
#[derive(Clone, Debug)]
pub struct Texts {
    table: Table,
    column: usize,
    /// The column that names each row's labels, if there is one.
    gold: Option<usize>,
    /// What each row is known by: no two of them that have no id of their own are called alike.
    ids: Vec<String>,
}

impl Texts {
    /// Reads a file: see [`Table::read`]. Its texts stand in `column`, or where [`Roles::guess`] takes them to be.
    ///
    /// # Errors
    /// As [`Table::read`]; no such column, or no text in it.
    pub fn read(name: &str, content: Vec<u8>, column: Option<&str>) -> Result<Self> {
        let table = Table::read(name, content)?;
        let mut roles = Roles::guess(&table);
        if let Some(chosen) = column {
            let Some(column) = table.column(chosen) else {
                let known: Vec<_> = table.columns().iter().map(|column| column.name.as_str()).collect();
                let known = known.join(", ");
                return Err(bad(format!("{name} has no column \"{chosen}\"; it has: {known}")));
            };
            roles.text = Some(Role::chosen(column));
        }
        let Some(column) = roles.text_column() else {
            return Err(bad(format!("{name} has no text in it; choose another file")));
        };
        let ids = ids(&table, &roles);
        // Where several people gave labels, those of the first.
        let gold = roles.gold.first().and_then(|gold| match gold.columns[..] {
            [column] => Some(column),
            _ => None,
        });
        let texts = Self { table, column, gold, ids };
        if texts.count() == 0 {
            return Err(bad(format!("{name} has no text in it; choose another file")));
        }
        Ok(texts)
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// A row's text; empty if there is none.
    pub fn text(&self, row: u32) -> Cow<'_, str> {
        self.table.text(row as usize, self.column)
    }

    /// What the file calls a row, or its line.
    pub fn id(&self, row: u32) -> &str {
        self.ids.get(row as usize).map_or("", String::as_str)
    }

    /// The labels that the file says a row has; `None` if it does not say.
    pub fn gold(&self, row: u32, known: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        self.table.cell(row as usize, self.gold?).names(known)
    }

    /// Whether there is anything to feel in a row.
    pub fn has_text(&self, row: u32) -> bool {
        !self.text(row).trim().is_empty()
    }

    /// How many rows have a text.
    pub fn count(&self) -> usize {
        (0..self.len() as u32).filter(|&row| self.has_text(row)).count()
    }

    /// The column with the texts, if the file has several.
    pub fn column(&self) -> Option<&str> {
        let columns = self.table.columns();
        columns.get(self.column).filter(|_| columns.len() > 1).map(|column| column.name.as_str())
    }

    /// What is odd about the file, though it could be read: in one sentence.
    pub fn problem(&self) -> Option<String> {
        let (first, more) = self.table.problems().split_first()?;
        let said = format!("{}:{}: {}", self.table.name(), first.line, first.message);
        Some(match more.len() {
            0 => said,
            1 => format!("{said} One more line is odd."),
            more => format!("{said} {more} more lines are odd."),
        })
    }
}

fn bad(message: String) -> Error {
    Error::new(ErrorKind::BadInput, message)
}

/// The rows' ids: their own, or else their line, told apart from any id of its own that looks the same.
fn ids(table: &Table, roles: &Roles) -> Vec<String> {
    let own = |row: usize| {
        let id = table.text(row, roles.id.as_ref()?.column);
        let id = id.trim();
        (!id.is_empty()).then(|| id.to_owned())
    };
    let ids: Vec<_> = (0..table.len()).map(own).collect();
    let taken: HashSet<&str> = ids.iter().flatten().map(String::as_str).collect();
    let line = |row: usize| {
        let mut id = table.line(row).to_string();
        while taken.contains(id.as_str()) {
            id.insert_str(0, "line ");
        }
        id
    };
    let lines: Vec<_> =
        (0..table.len()).map(|row| if ids[row].is_none() { line(row) } else { String::new() }).collect();
    ids.into_iter().zip(lines).map(|(own, line)| own.unwrap_or(line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_an_id_are_called_by_their_line_and_by_no_other_rows_id() {
        let texts = Texts::read("x.csv", b"id,text\n3,a\n,b\n,c\nline 3,d\n".to_vec(), None).unwrap();
        let ids: Vec<_> = (0..4).map(|row| texts.id(row)).collect();
        assert_eq!(ids, ["3", "line line 3", "4", "line 3"]);
    }

    #[test]
    fn rows_without_a_text_stay() {
        let texts = Texts::read("x.csv", b"id,text\na,\nb,x\n".to_vec(), None).unwrap();
        assert_eq!((texts.len(), texts.count()), (2, 1));
        assert_eq!((texts.column(), texts.text(1).as_ref()), (Some("text"), "x"));
    }

    #[test]
    fn a_chosen_column_holds_the_texts_if_it_is_there() {
        let file = b"text,reply\na,b\n".to_vec();
        assert_eq!(Texts::read("x.csv", file.clone(), Some("reply")).unwrap().text(0), "b");
        let error = Texts::read("x.csv", file, Some("answer")).unwrap_err().to_string();
        assert_eq!(error, "x.csv has no column \"answer\"; it has: text, reply");
    }

    #[test]
    fn odd_lines_are_named_and_nothing_to_feel_is_refused() {
        let texts = Texts::read("x.csv", b"id,text\na,x,y\nb\nc,z\n".to_vec(), None).unwrap();
        let problem = texts.problem().unwrap();
        assert!(problem.starts_with("x.csv:2: ") && problem.ends_with("One more line is odd."), "{problem}");
        assert!(Texts::read("x.csv", b"id,text\na,\n".to_vec(), None).is_err());
    }
}
