//! CSV and its kin, by RFC 4180: cells between delimiters, in quotes where they hold a delimiter, a quote or a line's end.
//!
//! Cells are found where they stand in the file, with their quotes, so that they can be written again as they came. No
//! crate tells that; what the `csv` crate says of a file's values is what tests hold this against.

use std::borrow::Cow;

use super::bad;
use super::draft::{Draft, Kind, Row, Span, Stored};
use super::entry::{self, Pairs};
use super::format::Layout;
use super::table::Home;
use crate::Result;

/// What may stand between cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many rows are looked at to tell the delimiter.
const SAMPLE: usize = 20;

/// A delimiter that no file has: each line is one cell.
const NONE: u8 = 0;

/// How the names of the columns begin that an export adds.
pub(super) const PREFIX: &str = "undertone.";

/// How their names go on where they hold the probability of a label, whose name follows.
pub(super) const SCORE: &str = "score.";

/// What else they hold: before the probabilities and behind them.
pub(super) const BEFORE: [&str; 7] = ["labels", "status", "note", "tags", "none", "valence", "arousal"];
pub(super) const BEHIND: [&str; 3] = ["thresholds", "model", "label_set"];

/// A cell: where it stands, with its quotes if it has some.
#[derive(Debug, Clone, Copy)]
struct Field {
    span: Span,
    quoted: bool,
}

/// Reads a file's text, whose name is for errors. Without a delimiter it is told by the header.
pub(super) fn read(name: &str, text: &str, delimiter: Option<u8>) -> Result<(Draft, Layout)> {
    let (preamble, named) = preamble(text);
    let delimiter = delimiter.or(named).unwrap_or_else(|| sniff(&text[preamble.len()..]));
    let mut scanner = Scanner::new(text, preamble.len(), delimiter);
    let unclosed = |line: usize| {
        bad(format!(
            "{name}:{line}: the quote that opens on this line is never closed; close it, or double quotes within texts"
        ))
    };
    let mut draft = Draft::default();
    let mut fields = Vec::new();
    let mut quoted = true;
    if scanner.record(&mut fields).map_err(unclosed)?.is_some() {
        let keys: Vec<Cow<'_, str>> =
            fields.iter().map(|field| value(&text[field.span.range()], field.quoted)).collect();
        let exported = keys.iter().any(|key| key.strip_prefix(PREFIX) == Some("status"));
        for key in keys {
            let ours = exported && key.strip_prefix(PREFIX).is_some_and(is_ours);
            draft.column(if ours { Home::Ours } else { Home::Row }, &key);
        }
        quoted = fields.iter().all(|field| field.quoted);
    }
    let header = draft.columns.len();
    while let Some(line) = scanner.record(&mut fields).map_err(unclosed)? {
        if fields.len() != header {
            let full = fields.iter().rposition(|field| field.span.start < field.span.end).map_or(0, |last| last + 1);
            // Spreadsheets write empty cells beyond the header where a sheet is wider below.
            fields.truncate(full.max(header.min(fields.len())));
            for _ in draft.columns.len()..fields.len() {
                draft.column(Home::Row, "");
            }
            if full > header || fields.len() < header {
                let (count, columns) = (fields.len(), if fields.len() == 1 { "column" } else { "columns" });
                let why = if count > header { "quote texts that contain the delimiter" } else { "its end is missing" };
                draft.problem(line, format!("the row has {count} {columns} where the header has {header}; {why}"));
            }
        }
        quoted &= fields.iter().all(|field| field.quoted);
        let cells = fields.iter().zip(0..).map(|(field, place)| Stored {
            place,
            span: field.span,
            kind: if field.quoted { Kind::Quoted } else { Kind::Plain },
        });
        draft.cells.extend(cells);
        let span = match fields.as_slice() {
            [first, .., last] => Span { start: first.span.start, end: last.span.end },
            [only] => only.span,
            [] => Span::default(),
        };
        draft.row(Row { span, line: line as u32, ..Row::default() });
    }
    let layout = Layout::Delimited {
        delimiter: if delimiter == NONE { DELIMITERS[0] } else { delimiter },
        quoted: quoted && header > 0,
        preamble: preamble.to_owned(),
    };
    Ok((draft, layout))
}

/// The value of a cell as it stands in the file.
pub(super) fn value(raw: &str, quoted: bool) -> Cow<'_, str> {
    let Some(inner) = raw.strip_prefix('"').filter(|_| quoted) else {
        return raw.into();
    };
    if let Some(plain) = inner.strip_suffix('"').filter(|inner| !inner.contains('"')) {
        return plain.into();
    }
    let mut value = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, after)) = rest.split_once('"') {
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            // What stands between the closing quote and the delimiter is as it is.
            None => {
                value.push_str(after);
                rest = "";
            }
        }
    }
    value.push_str(rest);
    value.into()
}

/// A value as a cell: quoted if it must be, or if all are.
pub(super) fn encode(value: &str, delimiter: u8, quoted: bool) -> Cow<'_, str> {
    let special = |byte: u8| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if quoted || value.bytes().any(special) {
        format!("\"{}\"", value.replace('"', "\"\"")).into()
    } else {
        value.into()
    }
}

/// A name as a cell of the header: quoted too if it could be taken for several.
pub(super) fn encode_name(name: &str, delimiter: u8, quoted: bool) -> Cow<'_, str> {
    encode(name, delimiter, quoted || name.bytes().any(|byte| DELIMITERS.contains(&byte)))
}

/// Thresholds as a cell: the commonest, and behind it those of labels that have another, as `0.32; joy=0.5`; as a JSON object
/// where a name could not be told from the list.
pub(super) fn write_thresholds(thresholds: &[(&str, f32)]) -> String {
    let pairs: Vec<(&str, String)> =
        thresholds.iter().map(|&(label, number)| (label, entry::shortest(number))).collect();
    if pairs.iter().any(|(label, _)| is_odd(label)) {
        let pairs = pairs.iter().map(|(label, number)| format!("{}:{number}", entry::string(label)));
        return format!("{{{}}}", pairs.collect::<Vec<_>>().join(","));
    }
    let count = |number: &str| pairs.iter().filter(|(_, other)| other == number).count();
    // Of equals, `max_by_key` takes the last.
    let Some((_, common)) = pairs.iter().rev().max_by_key(|(_, number)| count(number)) else {
        return String::new();
    };
    let others = pairs.iter().filter(|(_, number)| number != common);
    let others = others.map(|(label, number)| format!("{label}={number}"));
    std::iter::once(common.clone()).chain(others).collect::<Vec<_>>().join("; ")
}

/// Whether a label's name could not be told from a list of thresholds.
fn is_odd(label: &str) -> bool {
    label.contains(['=', ';']) || label.trim() != label
}

/// The labels, of all that there are, that such a cell is about.
pub(super) fn labels_of<'a>(cell: &str, all: impl Iterator<Item = &'a str>) -> Vec<String> {
    match serde_json::from_str(cell) {
        Ok(Pairs(pairs)) => pairs.into_iter().map(|(label, _)| label.into_owned()).collect(),
        Err(_) => all.filter(|label| !is_odd(label)).map(str::to_owned).collect(),
    }
}

/// The thresholds of labels from such a cell; the error is what is wrong with it.
pub(super) fn thresholds(cell: &str, labels: &[String]) -> std::result::Result<Vec<f32>, String> {
    let wrong = || format!("{PREFIX}thresholds is '{cell}'; it must be as it was exported");
    if cell.starts_with('{') {
        let Pairs(pairs) = serde_json::from_str(cell).map_err(|_| wrong())?;
        let of = |label: &String| pairs.iter().find(|(name, _)| name == label).map(|pair| pair.1);
        return labels.iter().map(|label| of(label).ok_or_else(wrong)).collect();
    }
    let mut parts = cell.split(';').map(str::trim);
    let number = |text: &str| text.parse::<f32>().map_err(|_| wrong());
    let common = match parts.next() {
        None | Some("") => return Ok(Vec::new()),
        Some(common) => number(common)?,
    };
    let mut thresholds = vec![common; labels.len()];
    for part in parts {
        let (label, threshold) = part.rsplit_once('=').ok_or_else(wrong)?;
        if let Some(place) = labels.iter().position(|known| known == label) {
            thresholds[place] = number(threshold)?;
        }
    }
    Ok(thresholds)
}

/// Whether an export of ours adds a column of this name.
fn is_ours(name: &str) -> bool {
    BEFORE.contains(&name) || BEHIND.contains(&name) || name.starts_with(SCORE)
}

/// Excel's first line that names the delimiter, with its end; empty if there is none.
fn preamble(text: &str) -> (&str, Option<u8>) {
    let line = text.split_inclusive('\n').next().unwrap_or_default();
    match line.trim_end().as_bytes() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => (line, Some(*delimiter)),
        _ => ("", None),
    }
}

/// The delimiter that cuts the header into most cells; of equals, the one that does so to most rows. Where nothing cuts the
/// header but the likeliest delimiter cuts other rows, it is a single column, whose texts contain delimiters.
fn sniff(text: &str) -> u8 {
    // The number of the header's cells, and how many of the rows have as many, of how many.
    let cut = |delimiter: u8| {
        let mut scanner = Scanner::new(text, 0, delimiter);
        let mut fields = Vec::new();
        let mut widths = Vec::new();
        while widths.len() <= SAMPLE && matches!(scanner.record(&mut fields), Ok(Some(_))) {
            widths.push(fields.len());
        }
        let header = widths.first().copied().unwrap_or(0);
        (header, widths.iter().filter(|&&width| width == header).count(), widths.len())
    };
    let [likeliest, ..] = DELIMITERS;
    // Of equals, `max_by_key` takes the last.
    let best = DELIMITERS.into_iter().rev().max_by_key(|&delimiter| {
        let (header, even, _) = cut(delimiter);
        (header, even)
    });
    let best = best.unwrap_or(likeliest);
    let (header, ..) = cut(best);
    let (_, even, rows) = cut(likeliest);
    match header {
        0 | 1 if even < rows => NONE,
        0 | 1 => likeliest,
        _ => best,
    }
}

/// Finds records one by one.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    delimiter: u8,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, at: usize, delimiter: u8) -> Self {
        let line = 1 + text.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count();
        Self { bytes: text.as_bytes(), at, line, delimiter }
    }

    /// The cells of the next record, and the line on which it begins; blank lines are none. The error is the line of a
    /// quote that is never closed.
    fn record(&mut self, fields: &mut Vec<Field>) -> std::result::Result<Option<usize>, usize> {
        fields.clear();
        while self.line_end() {}
        if self.at == self.bytes.len() {
            return Ok(None);
        }
        let line = self.line;
        loop {
            fields.push(self.field()?);
            match self.bytes.get(self.at) {
                Some(&byte) if byte == self.delimiter => self.at += 1,
                _ => {
                    self.line_end();
                    return Ok(Some(line));
                }
            }
        }
    }

    /// Goes beyond a line's end, if it is at one.
    fn line_end(&mut self) -> bool {
        let length = match self.bytes[self.at..] {
            [b'\r', b'\n', ..] => 2,
            [b'\r' | b'\n', ..] => 1,
            _ => return false,
        };
        self.at += length;
        self.line += 1;
        true
    }

    fn field(&mut self) -> std::result::Result<Field, usize> {
        let start = self.at;
        let quoted = self.bytes.get(start) == Some(&b'"');
        if quoted {
            let line = self.line;
            self.at += 1;
            loop {
                let Some(inner) = self.bytes[self.at..].iter().position(|&byte| byte == b'"') else {
                    return Err(line);
                };
                self.line += line_ends(&self.bytes[self.at..self.at + inner]);
                self.at += inner + 1;
                if self.bytes.get(self.at) != Some(&b'"') {
                    break;
                }
                self.at += 1;
            }
        }
        let ends = |byte: &u8| *byte == b'\n' || *byte == b'\r' || *byte == self.delimiter;
        self.at += self.bytes[self.at..].iter().position(ends).unwrap_or(self.bytes.len() - self.at);
        Ok(Field { span: Span::new(start, self.at), quoted })
    }
}

/// How many lines end within some bytes.
fn line_ends(bytes: &[u8]) -> usize {
    let alone = |(at, &byte): (usize, &u8)| byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
    bytes.iter().enumerate().filter(|&pair| alone(pair)).count()
}
