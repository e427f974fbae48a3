//! Lists of labels' names, as files have them in their cells.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Cell;

/// What may stand between names, the surest first.
const BETWEEN: [char; 3] = [';', '|', ','];

/// A list of names in JSON, as the tools write it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Listed {
    /// `["joy", "relief"]`
    Names(Vec<String>),
    /// `{"choices": ["joy"]}`, or `{"choices": "joy"}`: Label Studio's.
    Choices { choices: Choices },
    /// `{"joy": 1.0, "anger": 0.0}`: spaCy's.
    Cats(BTreeMap<String, Yes>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Choices {
    Several(Vec<String>),
    One(String),
}

/// How much a label applies.
#[derive(Deserialize)]
#[serde(untagged)]
enum Yes {
    Bool(bool),
    Share(f64),
}

impl Cell<'_> {
    /// The labels that a cell names; `None` if nothing stands there, or nothing that names labels.
    ///
    /// Text is cut at semicolons, else at bars, else at commas, unless all of it is a name that `known` knows. JSON may be a
    /// list of names, `{"choices": ...}` or numbers by name, of which those from one half on count. "none" and "[]" are the
    /// empty list.
    pub fn names(&self, known: impl Fn(&str) -> bool) -> Option<Vec<String>> {
        names(self, known)
    }
}

/// The names in a cell; `None` if nothing stands there, or nothing that names labels.
///
/// Text is cut at semicolons, else at bars, else at commas, unless all of it is a name that `known` knows. "none" and "[]" are
/// the empty list.
pub(super) fn names(cell: &Cell<'_>, known: impl Fn(&str) -> bool) -> Option<Vec<String>> {
    let text = match cell {
        Cell::Missing | Cell::Null => return None,
        Cell::Text(text) => text.trim(),
        Cell::Json(json) => json,
    };
    if text.is_empty() {
        return None;
    }
    if known(text) {
        return Some(vec![text.to_owned()]);
    }
    if text.starts_with(['[', '{']) {
        return match serde_json::from_str(text).ok()? {
            Listed::Names(names) => Some(names),
            Listed::Choices { choices: Choices::Several(names) } => Some(names),
            Listed::Choices { choices: Choices::One(name) } => Some(vec![name]),
            Listed::Cats(cats) => {
                Some(cats.into_iter().filter(|(_, yes)| yes.is_yes()).map(|(name, _)| name).collect())
            }
        };
    }
    if text.eq_ignore_ascii_case("none") {
        return Some(Vec::new());
    }
    let between = BETWEEN.into_iter().find(|&between| text.contains(between));
    let names = text.split(|c| Some(c) == between).map(str::trim).filter(|name| !name.is_empty());
    Some(names.map(str::to_owned).collect())
}

impl Yes {
    fn is_yes(&self) -> bool {
        match self {
            Self::Bool(yes) => *yes,
            Self::Share(share) => *share >= 0.5,
        }
    }
}

/// Names as a cell: with semicolons between, or as JSON where a name could not be told from the list.
pub(super) fn join(names: &[&str]) -> String {
    let odd =
        |name: &&str| name.trim() != *name || name.is_empty() || name.contains(';') || name.starts_with(['[', '{']);
    match names {
        [] => "[]".to_owned(),
        [one] if one.contains(['|', ',']) || one.eq_ignore_ascii_case("none") => list(names),
        _ if names.iter().any(odd) => list(names),
        _ => names.join("; "),
    }
}

/// Names as a JSON list.
pub(super) fn list(names: &[&str]) -> String {
    serde_json::to_string(names).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<Vec<String>> {
        names(&Cell::Text(text.into()), |name| name == "sad, but glad")
    }

    #[test]
    fn lists_as_people_and_tools_write_them() {
        let cases: [(&str, &[&str]); 13] = [
            ("joy", &["joy"]),
            ("joy; relief", &["joy", "relief"]),
            (" joy ;relief;", &["joy", "relief"]),
            ("joy|relief", &["joy", "relief"]),
            ("joy, relief", &["joy", "relief"]),
            ("fear, or awe; joy", &["fear, or awe", "joy"]),
            ("sad, but glad", &["sad, but glad"]),
            ("[]", &[]),
            ("None", &[]),
            (r#"["joy", "a; b"]"#, &["joy", "a; b"]),
            (r#"{"choices": ["joy", "relief"]}"#, &["joy", "relief"]),
            (r#"{"choices": "joy"}"#, &["joy"]),
            (r#"{"joy": 0.9, "anger": 0.1, "relief": true}"#, &["joy", "relief"]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
        for text in ["", "  ", "[1, 2]", "[[0, 5, \"joy\"]]", "{\"a\": \"b\"}", "[broken"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_list_survives_its_cell(names in prop::collection::vec("[a-c;,|\\[{ \"none]{0,5}", 0..4)) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let joined = join(&names);
            prop_assert_eq!(super::names(&Cell::Text(joined.as_str().into()), |_| false).unwrap(), names, "{}", joined);
        }
    }
}
