//! JSON: an object a line, or an array of objects. Values are found where they stand in the file, as they are written there.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::draft::{Draft, Kind, Row, Span, Stored};
use super::entry::{ENTRY, Entry, fixed, string};
use super::format::{Layout, newline};
use super::table::Home;
use super::{Cell, Format, bad, hugging_face, label_studio, names};
use crate::{Error, Result};

/// How many rows are looked at to tell what wrote them.
const SAMPLE: usize = 20;

/// The object in which spaCy keeps what it does not know, and Label Studio too.
pub(super) const META: &str = "meta";

/// The members of an object in their order: names, and values as they are written.
pub(super) struct Members<'a>(pub Vec<(Cow<'a, str>, &'a str)>);

/// A row's text, and its line.
type Raw<'a> = (usize, &'a str);

/// Reads JSON from a file whose name is for errors: an array if it begins like one, else an object a line.
pub(super) fn read(name: &str, text: &str, array: bool) -> Result<(Format, Draft, Layout)> {
    if array
        && text.trim_start().starts_with('{')
        && let Some((draft, layout)) = hugging_face::viewer(name, text)?
    {
        return Ok((Format::HuggingFace, draft, layout));
    }
    let is_array = array && text.trim_start().starts_with('[');
    let (rows, layout) = if is_array { elements(name, text)? } else { (lines(text), Layout::Lines) };
    // What an export of ours says of itself counts for more than what a row looks like.
    let ours = rows.iter().filter(|(_, row)| row.contains(ENTRY)).find_map(|(_, row)| said(row));
    let sample = || rows.iter().take(SAMPLE).map(|(_, row)| told(row));
    let tasks = sample().all(|format| format == Some(Format::LabelStudio));
    let other = || sample().flatten().find(|format| tasks || *format != Format::LabelStudio);
    let known = ours.or_else(other);
    let format = known.unwrap_or(if is_array { Format::Json } else { Format::JsonLines });
    let mut draft = Draft::default();
    for &(line, row) in &rows {
        let members: Members<'_> = serde_json::from_str(row).map_err(|e| broken(name, line, row, e))?;
        match format {
            Format::LabelStudio => label_studio::task(&mut draft, text, members, row, line)
                .map_err(|why| bad(format!("{name}:{line}: {why}")))?,
            _ => push(&mut draft, text, members, row, line, format),
        }
    }
    Ok((format, draft, layout))
}

/// An object a line; blank lines are none.
fn lines(text: &str) -> Vec<Raw<'_>> {
    // Not at every kind of line's end: a JSON string may hold some of them.
    let end = if newline(text) == "\r" { '\r' } else { '\n' };
    let rows = (1..).zip(text.split(end)).map(|(line, row)| (line, row.trim()));
    rows.filter(|(_, row)| !row.is_empty()).collect()
}

/// The elements of an array, and how they stand in it.
fn elements<'a>(name: &str, text: &'a str) -> Result<(Vec<Raw<'a>>, Layout)> {
    let elements: Vec<&'a RawValue> = serde_json::from_str(text).map_err(|e| unreadable(name, e))?;
    let mut rows = Vec::with_capacity(elements.len());
    let (mut at, mut line) = (0, 1);
    for element in &elements {
        let start = Span::of(element.get(), text).start as usize;
        line += text[at..start].matches('\n').count();
        at = start;
        rows.push((line, element.get()));
    }
    let span = |at: usize| rows.get(at).map(|(_, row)| Span::of(row, text).range());
    let layout = match (span(0), span(1), span(rows.len().wrapping_sub(1))) {
        (Some(first), second, Some(last)) => {
            let open = &text[..first.start];
            let inner = open.trim_start().strip_prefix('[').unwrap_or_default();
            let between = second.map_or_else(|| format!(",{inner}"), |second| text[first.end..second.start].to_owned());
            Layout::Array { open: open.to_owned(), between, close: text[last.end..].to_owned() }
        }
        _ => Layout::array(),
    };
    Ok((rows, layout))
}

/// The format in which an export of ours wrote a row.
fn said(row: &str) -> Option<Format> {
    let Members(members) = serde_json::from_str(row).ok()?;
    let meta = members.iter().find(|(key, _)| key == META).and_then(|(_, meta)| serde_json::from_str(meta).ok());
    let Members(inner) = meta.unwrap_or(Members(Vec::new()));
    let (_, entry) = members.iter().chain(&inner).find(|(key, value)| is_entry(key, value))?;
    let format = serde_json::from_str::<Entry<'_>>(entry).ok()?.format?;
    let all = [Format::Doccano, Format::Spacy, Format::HuggingFace];
    all.into_iter().find(|known| known.slot().is_some_and(|(name, _)| name == format))
}

/// What wrote a row, by what it looks like.
fn told(row: &str) -> Option<Format> {
    let Members(members) = serde_json::from_str(row).ok()?;
    let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|&(_, value)| value);
    let is = |name: &str, first: char| member(name).is_some_and(|value| value.starts_with(first));
    // A task has what we say of it in its `meta`.
    let is_ours = members.iter().any(|(key, value)| is_entry(key, value));
    match () {
        () if is("data", '{') && member("text").is_none() && !is_ours => Some(Format::LabelStudio),
        () if is("text", '"') && is("cats", '{') => Some(Format::Spacy),
        () if is("text", '"') && is("label", '[') => Some(Format::Doccano),
        () => None,
    }
}

/// Whether a member is what an export of ours adds to a row.
pub(super) fn is_entry(key: &str, value: &str) -> bool {
    key == ENTRY && value.starts_with('{') && value.contains("\"status\"")
}

/// A row of an object's members.
fn push<'a>(draft: &mut Draft, text: &'a str, Members(members): Members<'a>, row: &str, line: usize, format: Format) {
    let meta = members.iter().find(|(key, value)| format == Format::Spacy && key == META && value.starts_with('{'));
    let inner = meta.and_then(|(_, meta)| serde_json::from_str::<Members<'a>>(meta).ok()).map(|Members(inner)| inner);
    // Where all rows must have an entry, some have null.
    let is_null = |key: &str, value: &str| format == Format::HuggingFace && key == ENTRY && value == "null";
    let is_entry = |key: &str, value: &str| is_entry(key, value) || is_null(key, value);
    let mut all = members.iter().chain(inner.iter().flatten());
    let raw_entry = all.find(|(key, value)| is_entry(key, value)).map(|&(_, value)| value);
    let entry = raw_entry.and_then(|entry| serde_json::from_str::<Entry<'a>>(entry).ok());
    let ours = entry.filter(|entry| format.slot().is_some_and(|(name, _)| entry.format.as_deref() == Some(name)));
    let is_slot = |key: &str| format.slot().is_some_and(|(_, slot)| slot == key);
    for (expected, (key, value)) in members.iter().enumerate() {
        match (&ours, &inner) {
            _ if is_entry(key, value) => {}
            // Nothing stood there: all rows must have it.
            _ if raw_entry == Some("null") && *value == "[]" && is_slot(key) => {}
            (_, Some(inner)) if key == META => {
                for (key, value) in inner.iter().filter(|(key, value)| !is_entry(key, value)) {
                    let place = draft.place(Home::Inside(META), key, draft.columns.len());
                    draft.cell(Stored { place, span: Span::of(value, text), kind: kind(value) });
                }
            }
            (Some(ours), _) if is_slot(key) => {
                if let Some(before) = before(ours, value, format) {
                    let place = draft.place(Home::Row, key, expected);
                    let kind = kind(&before);
                    let span = match before {
                        Cow::Borrowed(before) => Span::of(before, text),
                        Cow::Owned(before) => draft.extra(text, &before),
                    };
                    draft.cell(Stored { place, span, kind });
                }
            }
            _ => {
                let place = draft.place(Home::Row, key, expected);
                draft.cell(Stored { place, span: Span::of(value, text), kind: kind(value) });
            }
        }
    }
    let cut = match raw_entry {
        // What we wrote into the row stands in its other members too.
        _ if ours.is_some() => None,
        None => Some(body(row)..body(row)),
        Some(entry) => around(row, Span::of(entry, row).range()),
    };
    let span = Span::of(row, text);
    let at = |place: usize| place + span.range().start;
    draft.row(Row {
        span,
        line: line as u32,
        entry: raw_entry.filter(|entry| *entry != "null").map(|entry| Span::of(entry, text)),
        cut: cut.map(|cut| Span::new(at(cut.start), at(cut.end))),
    });
}

/// Where an object's last member ends.
fn body(row: &str) -> usize {
    row.trim_end().strip_suffix('}').unwrap_or(row).trim_end().len()
}

/// The entry, whose value stands at `entry`, with its name and the comma before it; none unless it is the last member.
fn around(row: &str, entry: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
    let last = row[entry.end..].trim() == "}";
    let name = row[..entry.start].rfind(&format!("\"{ENTRY}\"")).filter(|_| last)?;
    let before = row[..name].trim_end();
    Some(before.strip_suffix(',').unwrap_or(before).len()..entry.end)
}

/// What stood in the member for labels before we wrote into it. If it has been changed since, that is what stands there now:
/// somebody's judgement, made elsewhere.
fn before<'a>(entry: &Entry<'a>, value: &'a str, format: Format) -> Option<Cow<'a, str>> {
    let original = entry.original.map(|original| match format {
        Format::HuggingFace => unescape(original.get()),
        _ => original.get().into(),
    });
    let listed = |names: &Option<Vec<String>>| names.clone().unwrap_or_default();
    let (decided, tags) = (entry.labels.clone(), listed(&entry.tags));
    let labels = entry.run().labels;
    let scores = entry.scores.as_ref().map(|scores| scores.0.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let ours = Slot { labels: &labels, decided: decided.as_deref(), tags: &tags, scores: scores.as_deref() };
    if same(value, &ours.written(format, original.as_deref())) { original } else { Some(value.into()) }
}

/// What goes into a format's own member for labels.
pub(super) struct Slot<'a, T> {
    /// All labels.
    pub labels: &'a [T],
    /// Those that a person decided on.
    pub decided: Option<&'a [T]>,
    /// Those that are on.
    pub tags: &'a [T],
    /// The probability of each of all labels.
    pub scores: Option<&'a [f32]>,
}

impl<T: AsRef<str>> Slot<'_, T> {
    /// What a person decided, else what stood there before, else what the machine says.
    pub fn written(&self, format: Format, original: Option<&str>) -> String {
        let list = |labels: &[T]| names::list(&labels.iter().map(AsRef::as_ref).collect::<Vec<_>>());
        let named = original.and_then(|original| names::names(&cell(original), |_| false));
        if format == Format::Spacy {
            let has = |labels: &[T], label: &T| labels.iter().any(|other| other.as_ref() == label.as_ref());
            let yes = |yes: bool| if yes { 1.0 } else { 0.0 };
            return match (self.decided, original, named, self.scores) {
                (Some(decided), ..) => cats(self.labels.iter().map(|label| (label.as_ref(), yes(has(decided, label))))),
                (None, Some(original), _, _) if original.starts_with('{') => original.to_owned(),
                (None, Some(_), Some(named), _) => cats(named.iter().map(|name| (name.as_str(), 1.0))),
                (None, _, _, Some(scores)) => cats(self.labels.iter().map(AsRef::as_ref).zip(scores.iter().copied())),
                _ => cats(std::iter::empty()),
            };
        }
        // An empty cell says nothing.
        let original = original.filter(|original| !matches!(*original, "null" | "\"\""));
        match (self.decided, original, named) {
            (Some(decided), ..) => list(decided),
            (None, Some(_), Some(named)) => names::list(&named.iter().map(String::as_str).collect::<Vec<_>>()),
            // What is no list of names stays as it is, but where all rows must have one type.
            (None, Some(original), None) if format != Format::HuggingFace => original.to_owned(),
            (None, Some(_), None) => list(&[]),
            (None, None, _) => list(self.tags),
        }
    }
}

/// spaCy's object of categories.
fn cats<'a>(cats: impl Iterator<Item = (&'a str, f32)>) -> String {
    let cats: Vec<String> = cats.map(|(name, share)| format!("{}:{}", string(name), fixed::<4>(share))).collect();
    format!("{{{}}}", cats.join(","))
}

/// Whether two values of a member for labels say the same, however they are written.
fn same(a: &str, b: &str) -> bool {
    let parse = |value: &str| serde_json::from_str::<serde_json::Value>(value).ok();
    a == b || parse(a).is_some_and(|a| Some(a) == parse(b))
}

/// A JSON value as a cell.
pub(super) fn cell(value: &str) -> Cell<'_> {
    match kind(value) {
        Kind::String => Cell::Text(unescape(value)),
        Kind::Null => Cell::Null,
        _ => Cell::Json(value),
    }
}

/// JSON without the space between its parts, if it goes over several lines.
pub(super) fn on_one_line(json: &str) -> Cow<'_, str> {
    if !json.contains(['\n', '\r']) {
        return json.into();
    }
    let mut line = String::with_capacity(json.len());
    let (mut within, mut escaped) = (false, false);
    for c in json.chars() {
        match c {
            _ if within => {
                within = escaped || c != '"';
                escaped = !escaped && c == '\\';
            }
            c if c.is_whitespace() => continue,
            '"' => within = true,
            _ => {}
        }
        line.push(c);
    }
    line.into()
}

/// What stands between the members of an object: before a name, and before a value.
pub(super) fn gaps(row: &str) -> (String, String) {
    let Ok(Members(members)) = serde_json::from_str(row) else {
        return Default::default();
    };
    let space = |text: &str| text[text.trim_end().len()..].to_owned();
    let span = |at: usize| members.get(at).map(|(_, value)| Span::of(value, row).range());
    let value = span(0).map_or_else(String::new, |first| space(&row[..first.start]));
    let inner = row.trim_start().strip_prefix('{').unwrap_or_default();
    let indent = &inner[..inner.len() - inner.trim_start().len()];
    let name = match (span(0), span(1)) {
        _ if indent.contains('\n') => indent.to_owned(),
        (Some(first), Some(second)) => {
            let between = row[first.end..second.start].trim_start().strip_prefix(',').unwrap_or_default();
            between[..between.len() - between.trim_start().len()].to_owned()
        }
        _ => value.clone(),
    };
    (name, value)
}

/// A file that is no JSON.
pub(super) fn unreadable(name: &str, error: serde_json::Error) -> Error {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the file ends within the array: it was cut off".to_owned(),
        _ => format!("this is no JSON: {}", without_place(&error)),
    };
    bad(format!("{name}:{}: {what} (column {})", error.line(), error.column())).with_source(error)
}

/// What kind of cell a JSON value makes.
pub(super) fn kind(value: &str) -> Kind {
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

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
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
pub(super) struct Name<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
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
