//! The texts of a file.

use std::collections::HashSet;

use undertone_core::{Fields, Record, Records, Result};

/// A text of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// What the file calls it, or its line; no other row without an id of its own is called so.
    pub id: String,
    /// The text; empty if the row has none.
    pub text: String,
}

/// A file's rows, all of them and in its order: also those without a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Texts {
    /// The rows.
    pub rows: Vec<Text>,
    /// The column with the texts, if the file has several.
    pub column: Option<String>,
}

impl Texts {
    /// Reads a file: see [`Records::read`].
    ///
    /// # Errors
    /// As [`Records::read`].
    pub fn read(name: &str, content: &[u8], column: Option<&str>) -> Result<Self> {
        let Records { rows, column } = Records::read(name, content, Fields { text: column, id: "id" })?;
        let ids = ids(&rows);
        let rows = rows.into_iter().zip(ids).map(|(record, id)| Text { id, text: record.text }).collect();
        Ok(Self { rows, column })
    }

    /// How many rows have a text.
    pub fn count(&self) -> usize {
        self.rows.iter().filter(|row| row.has_text()).count()
    }
}

impl Text {
    /// Whether there is anything to feel.
    pub fn has_text(&self) -> bool {
        !self.text.trim().is_empty()
    }
}

/// The rows' ids: their own, or else their line, told apart from any id of its own that looks the same.
fn ids(rows: &[Record]) -> Vec<String> {
    fn own(record: &Record) -> Option<&str> {
        record.id.as_deref().filter(|id| !id.trim().is_empty())
    }
    let taken: HashSet<&str> = rows.iter().filter_map(own).collect();
    let line = |record: &Record| {
        let mut id = record.line.to_string();
        while taken.contains(id.as_str()) {
            id.insert_str(0, "line ");
        }
        id
    };
    rows.iter().map(|record| own(record).map_or_else(|| line(record), str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_without_an_id_are_called_by_their_line_and_by_no_other_rows_id() {
        let texts = Texts::read("x.csv", b"id,text\n3,a\n,b\n,c\nline 3,d\n", None).unwrap();
        let ids: Vec<_> = texts.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["3", "line line 3", "4", "line 3"]);
    }

    #[test]
    fn rows_without_a_text_stay() {
        let texts = Texts::read("x.csv", b"id,text\na,\nb,x\n", None).unwrap();
        assert_eq!((texts.rows.len(), texts.count()), (2, 1));
        assert_eq!(texts.column.as_deref(), Some("text"));
    }
}
