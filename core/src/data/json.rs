//! JSON: an object a line, or an array of objects. Values are found where they stand in the file, as they are written there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::bad;
use super::draft::{Draft, Kind, Span, Stored};
use super::format::{Layout, newline};
use crate::{Error, Result};

/// The members of an object in their order: names, and values as they are written.
pub(super) struct Members<'a>(pub Vec<(Cow<'a, str>, &'a str)>);

/// Reads an object a line; blank lines are none.
pub(super) fn lines(name: &str, text: &str) -> Result<(Draft, Layout)> {
    let mut draft = Draft::default();
    // Not at every kind of line's end: a JSON string may hold some of them.
    let end = if newline(text) == "\r" { '\r' } else { '\n' };
    for (line, row) in (1..).zip(text.split(end)) {
        let row = row.trim();
        if row.is_empty() {
            continue;
        }
        let members = serde_json::from_str(row).map_err(|e| broken(name, line, row, e))?;
        push(&mut draft, text, members, row, line);
    }
    Ok((draft, Layout::Lines))
}

/// Reads an array of objects.
pub(super) fn array(name: &str, text: &str) -> Result<(Draft, Layout)> {
    let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| {
        let what = match e.classify() {
            serde_json::error::Category::Eof => "the file ends within the array: it was cut off".to_owned(),
            _ => format!("this is no JSON: {}", without_place(&e)),
        };
        bad(format!("{name}:{}: {what} (column {})", e.line(), e.column())).with_source(e)
    })?;
    let mut draft = Draft::default();
    let (mut at, mut line) = (0, 1);
    for element in &elements {
        let row = element.get();
        let span = Span::of(row, text);
        line += text[at..span.start as usize].matches('\n').count();
        at = span.start as usize;
        let members = serde_json::from_str(row).map_err(|e| broken(name, line, row, e))?;
        push(&mut draft, text, members, row, line);
    }
    let spans: Vec<Span> = elements.iter().take(2).map(|element| Span::of(element.get(), text)).collect();
    let layout = match spans.as_slice() {
        [] => Layout::Array { open: "[\n".into(), between: ",\n".into(), close: "\n]\n".into() },
        [first, others @ ..] => {
            let open = &text[..first.start as usize];
            let between = match others {
                [second, ..] => text[first.end as usize..second.start as usize].to_owned(),
                [] => format!(",{}", open.trim_start().strip_prefix('[').unwrap_or_default()),
            };
            let last = draft.rows.last().map_or(first.end, |row| row.span.end);
            Layout::Array { open: open.to_owned(), between, close: text[last as usize..].to_owned() }
        }
    };
    Ok((draft, layout))
}

/// A row of an object's members. Of members of one name the last counts, as everywhere.
fn push(draft: &mut Draft, text: &str, Members(members): Members<'_>, row: &str, line: usize) {
    let from = draft.cells.len();
    for (expected, (key, value)) in members.iter().enumerate() {
        let place = draft.place(key, expected);
        let cell = Stored { place, span: Span::of(value, text), kind: kind(value) };
        match draft.cells[from..].iter_mut().find(|cell| cell.place == place) {
            Some(earlier) => *earlier = cell,
            None => draft.cells.push(cell),
        }
    }
    draft.row(Span::of(row, text), line);
}

/// What kind of cell a JSON value makes.
fn kind(value: &str) -> Kind {
    match value.as_bytes().first() {
        Some(b'"') => Kind::String,
        Some(b'n') => Kind::Null,
        _ => Kind::Json,
    }
}

/// The text of a JSON string as it is written. Half a surrogate pair, which other programs leave behind where they cut an
/// emoji, becomes U+FFFD.
pub(super) fn unescape(raw: &str) -> Cow<'_, str> {
    let inner = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"')).unwrap_or(raw);
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => {
                let first = hexadecimal(chars.as_str());
                chars = chars.as_str().get(4..).unwrap_or_default().chars();
                let second =
                    chars.as_str().strip_prefix("\\u").map(hexadecimal).filter(|low| (0xdc00..0xe000).contains(low));
                match (first, second) {
                    (high @ 0xd800..0xdc00, Some(low)) => {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        chars = chars.as_str().get(6..).unwrap_or_default().chars();
                    }
                    (code, _) => text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
                }
            }
            Some(other) => text.push(other),
            None => {}
        }
        rest = chars.as_str();
    }
    text.push_str(rest);
    text.into()
}

/// The number in the first four digits; that of U+FFFD if there are no such.
fn hexadecimal(text: &str) -> u32 {
    text.get(..4).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xfffd)
}

/// A row that is no object.
fn broken(name: &str, line: usize, row: &str, error: serde_json::Error) -> Error {
    let message = match error.classify() {
        serde_json::error::Category::Eof => "the row ends within its JSON: it was cut off".to_owned(),
        serde_json::error::Category::Data if !row.starts_with('{') => {
            "the row is no JSON object; write one such as {\"text\": \"...\"} for each text".to_owned()
        }
        _ => format!("the row is no JSON: {} (column {})", without_place(&error), error.column()),
    };
    bad(format!("{name}:{line}: {message}")).with_source(error)
}

/// What an error says, without the line and column at its end.
fn without_place(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    said.strip_suffix(&place).unwrap_or(&said).to_owned()
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, value.get()));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

/// A member's name, borrowed where it is written without escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Borrowed;

        impl<'de> Visitor<'de> for Borrowed {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> std::result::Result<Name<'de>, E> {
                Ok(Name(name.into()))
            }

            fn visit_str<E>(self, name: &str) -> std::result::Result<Name<'de>, E> {
                Ok(Name(name.to_owned().into()))
            }
        }

        deserializer.deserialize_str(Borrowed)
    }
}
