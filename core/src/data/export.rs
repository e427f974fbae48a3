//! A table written out, with what is said of its rows.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use super::annotation::{Annotation, Run};
use super::decode::Encoding;
use super::delimited::{self, BEFORE, BEHIND, PREFIX, SCORE, encode, encode_name};
use super::draft::{Kind, Span, Stored};
use super::entry::{self, ENTRY, Style, fixed, string};
use super::format::Layout;
use super::json::{self, META, Slot};
use super::label_studio::{self, Controls, DATA, LISTS, Task};
use super::table::{Column, Home};
use super::{Cell, Format, Roles, Table, names};

/// What is to be written.
pub(super) struct Export<'a> {
    pub table: &'a Table,
    pub roles: &'a Roles,
    pub runs: &'a [Run],
    pub annotation: &'a mut dyn FnMut(usize) -> Option<Annotation>,
}

/// What says nothing in JSON.
const NULL: &str = "null";

/// The member for the text.
const TEXT: &str = "text";

/// A member of an object: its name, and its value as JSON.
type Member<'a> = (&'a str, Cow<'a, str>);

impl<'a> Export<'a> {
    pub fn write(&mut self, format: Format) -> String {
        match format {
            // A line has no room for more than its text.
            Format::Csv | Format::Text => self.delimited(None),
            Format::Tsv => self.delimited(Some(b'\t')),
            Format::JsonLines => self.json_lines(),
            Format::Json => self.array(),
            Format::LabelStudio => self.label_studio(),
            Format::Doccano | Format::Spacy => self.slotted(format),
            Format::HuggingFace => self.uniform(),
        }
    }

    /// What is said of a row, and the run that it counts labels by.
    fn said(&mut self, row: usize) -> Option<(Annotation, &'a Run)> {
        let annotation = (self.annotation)(row)?;
        let run = self.runs.get(annotation.run)?;
        Some((annotation, run))
    }

    fn delimited(&mut self, delimiter: Option<u8>) -> String {
        let table = self.table;
        let shape = &table.shape;
        let (own, quoted, preamble) = match &shape.layout {
            Layout::Delimited { delimiter, quoted, preamble } => (Some(*delimiter), *quoted, preamble.as_str()),
            _ => (None, false, ""),
        };
        let is_text = own.is_some() || shape.format == Format::Text;
        let delimiter = delimiter.or(own.filter(|_| shape.format == Format::Csv)).unwrap_or(b',');
        let newline = if is_text { shape.newline } else { "\n" };
        let between = char::from(delimiter);
        let mut out = String::new();
        if is_text && (shape.bom || shape.encoding != Encoding::Utf8) {
            out.push('\u{feff}');
        }
        if own == Some(delimiter) {
            out.push_str(preamble);
        }
        let columns: Vec<&Column> = table.columns().iter().filter(|column| column.home != Home::Cell).collect();
        // What a file without objects calls its columns need not be different names.
        let name = |column: &&Column| if own.is_some() { column.key.clone() } else { column.name.clone() };
        let mut header: Vec<String> =
            columns.iter().map(|column| encode_name(&name(column), delimiter, quoted).into_owned()).collect();
        let labels = self.all_labels();
        if !self.runs.is_empty() {
            let scores = labels.iter().map(|label| format!("{SCORE}{label}"));
            let names = BEFORE.map(str::to_owned).into_iter().chain(scores).chain(BEHIND.map(str::to_owned));
            header.extend(names.map(|name| encode_name(&format!("{PREFIX}{name}"), delimiter, quoted).into_owned()));
        }
        push_line(&mut out, &header, between, newline);
        let runs: Vec<Columns<'_>> = self.runs.iter().map(|run| Columns::new(run, &labels)).collect();
        let empty = if quoted { "\"\"" } else { "" };
        let mut line: Vec<Cow<'_, str>> = Vec::with_capacity(header.len());
        for row in 0..table.len() {
            line.clear();
            line.extend(columns.iter().map(|column| match table.stored(row, column.place) {
                None => empty.into(),
                Some(stored) => delimited_cell(table, stored, delimiter, quoted),
            }));
            if !self.runs.is_empty() {
                let ours = match self.said(row) {
                    None => vec![String::new(); header.len() - columns.len()],
                    Some((annotation, _)) => runs[annotation.run].cells(&annotation),
                };
                line.extend(ours.into_iter().map(|cell| Cow::Owned(encode(&cell, delimiter, quoted).into_owned())));
            }
            push_line(&mut out, &line, between, newline);
        }
        out
    }

    /// The labels of all runs. Where there are several, in the order in which rows use them, so that it is found again.
    fn all_labels(&mut self) -> Vec<&'a str> {
        let mut runs: Vec<&'a Run> = Vec::new();
        if self.runs.len() > 1 {
            for row in 0..self.table.len() {
                match self.said(row) {
                    Some((_, run)) if !runs.iter().any(|known| std::ptr::eq(*known, run)) => runs.push(run),
                    _ => {}
                }
            }
        } else {
            runs.extend(self.runs);
        }
        let mut known: HashSet<&str> = HashSet::new();
        runs.into_iter().flat_map(|run| &run.labels).map(String::as_str).filter(|label| known.insert(label)).collect()
    }

    fn json_lines(&mut self) -> String {
        let mut out = String::new();
        let names = self.names(&[ENTRY]);
        for row in 0..self.table.len() {
            self.object(&mut out, row, &names, true);
            out.push('\n');
        }
        out
    }

    fn array(&mut self) -> String {
        let array = Layout::array();
        let layout = match &self.table.shape.layout {
            own @ Layout::Array { .. } if self.table.format() == Format::Json => own,
            _ => &array,
        };
        let Layout::Array { open, between, close } = layout else { return String::new() };
        let mut out = open.clone();
        let names = self.names(&[ENTRY]);
        for row in 0..self.table.len() {
            if row > 0 {
                out.push_str(between);
            }
            self.object(&mut out, row, &names, false);
        }
        out.push_str(close);
        out
    }

    /// A row as an object: where it was one already, as it came.
    fn object(&mut self, out: &mut String, row: usize, names: &[String], on_one_line: bool) {
        let table = self.table;
        let said = self.said(row).map(|(annotation, run)| {
            let mut said = String::new();
            entry::write(&mut said, &annotation, run, Style::default());
            said
        });
        let span = table.rows[row].span.range();
        let apart = on_one_line && table.text[span.clone()].contains(['\n', '\r']);
        let taken = table.columns().iter().any(|column| column.home == Home::Row && column.key == ENTRY);
        let cut = table.rows[row].cut.filter(|_| !apart && !taken).map(Span::range);
        let Some(cut) = cut else {
            let mut members = self.members(row, names);
            members.extend(said.map(|said| (ENTRY, said.into())));
            return push_object(out, &members);
        };
        let (head, tail) = (&table.text[span.start..cut.start], &table.text[cut.end..span.end]);
        out.push_str(head);
        if let Some(said) = said {
            let (name_gap, value_gap) = json::gaps(&table.text[span.clone()]);
            let comma = if head.trim_end().ends_with('{') { "" } else { "," };
            let _ = write!(out, "{comma}{name_gap}\"{ENTRY}\":{value_gap}{said}");
        }
        out.push_str(tail);
    }

    /// What columns are called as members of one object, in which the names `taken` are something else.
    fn names(&self, taken: &[&str]) -> Vec<String> {
        let columns = self.table.columns();
        // In an object, what the file calls its columns are different names; elsewhere they need not be.
        let objects = columns.iter().all(|column| column.home == Home::Row)
            && !matches!(self.table.shape.layout, Layout::Delimited { .. });
        let name = |column: &Column| if objects { column.key.clone() } else { column.name.clone() };
        let names: Vec<String> = columns.iter().map(name).collect();
        let free = |name: &String| {
            let mut numbered = (2..).map(|n| format!("{name} ({n})")).filter(|name| !names.contains(name));
            if taken.contains(&name.as_str()) { numbered.next().unwrap_or_default() } else { name.clone() }
        };
        names.iter().map(free).collect()
    }

    /// The cells of a row as members of an object. What stood in spaCy's `meta` stands there again.
    fn members<'b>(&self, row: usize, names: &'b [String]) -> Vec<Member<'b>>
    where
        'a: 'b,
    {
        let table = self.table;
        let inside = |column: &Column| table.format() == Format::Spacy && column.home == Home::Inside(META);
        let (mut members, mut meta): (Vec<Member<'b>>, Vec<Member<'b>>) = Default::default();
        for (i, column, stored) in table.own(row) {
            let value = value(table, stored);
            if inside(column) { meta.push((&column.key, value)) } else { members.push((&names[i], value)) }
        }
        if !meta.is_empty() {
            let mut inner = String::new();
            push_object(&mut inner, &meta);
            members.push((META, inner.into()));
        }
        members
    }

    fn label_studio(&mut self) -> String {
        let table = self.table;
        let tasks = table.format() == Format::LabelStudio;
        let lists = |row: usize| {
            let list = |column: &Column| column.home == Home::Row && LISTS.contains(&column.key.as_str());
            let mut own = table.own(row).filter(|(_, column, _)| tasks && list(column));
            own.find_map(|(_, _, list)| label_studio::controls(table.raw(list)))
        };
        let controls = (0..table.len()).find_map(lists).unwrap_or_default();
        let names = self.names(&[]);
        let mut out = String::from("[\n");
        for row in 0..table.len() {
            let mut task = Task::default();
            if tasks {
                for (_, column, stored) in table.own(row) {
                    let list = match column.home {
                        Home::Inside(DATA) => &mut task.data,
                        Home::Inside(_) => &mut task.meta,
                        _ => &mut task.own,
                    };
                    list.push((&column.key, value(table, stored)));
                }
            } else {
                task.data = self.members(row, &names);
            }
            if row > 0 {
                out.push_str(",\n");
            }
            let said = self.said(row);
            label_studio::write(&mut out, &task, said.as_ref().map(|(annotation, run)| (annotation, *run)), &controls);
        }
        out.push_str("\n]\n");
        out
    }

    /// Formats with a member for labels.
    fn slotted(&mut self, format: Format) -> String {
        let Some((name, slot)) = format.slot() else { return String::new() };
        let table = self.table;
        let own_format = table.format() == format;
        let of_text = self.roles.text_column();
        let is_slot = |i: usize| {
            let column = &table.columns()[i];
            column.name == slot && (column.home == Home::Row || !own_format)
        };
        // What goes into the object beside the text, and what into the one within it.
        let beside = |column: &Column| {
            format == Format::Doccano || (own_format && column.home == Home::Row && column.key != META)
        };
        let names = if own_format && format == Format::Spacy {
            let taken = |column: &Column| column.home == Home::Row && column.key == TEXT;
            let key = |column: &Column| if taken(column) { format!("{TEXT} (2)") } else { column.key.clone() };
            table.columns().iter().map(key).collect()
        } else if format == Format::Spacy {
            self.names(&[ENTRY])
        } else {
            self.names(&[ENTRY, TEXT])
        };
        let mut out = String::new();
        for row in 0..table.len() {
            let said = self.said(row);
            let (mut text, mut original) = (Cow::Borrowed("\"\""), None);
            let (mut own, mut meta): (Vec<Member<'_>>, Vec<Member<'_>>) = Default::default();
            for (i, column, stored) in table.own(row) {
                match names[i].as_str() {
                    _ if of_text == Some(i) => text = string(&table.read_cell(stored).text()).into(),
                    _ if is_slot(i) => original = Some(value(table, stored)).filter(|value| value != NULL),
                    name if beside(column) => own.push((name, value(table, stored))),
                    name => meta.push((name, value(table, stored))),
                }
            }
            let labels = self.slot(said.as_ref(), format, original.as_deref());
            if let Some((annotation, run)) = &said {
                let mut said = String::new();
                let style = Style { format: Some(name), original: original.as_deref(), uniform: false };
                entry::write(&mut said, annotation, run, style);
                let object = if format == Format::Spacy { &mut meta } else { &mut own };
                object.push((ENTRY, said.into()));
            }
            let mut members: Vec<Member<'_>> = vec![(TEXT, text), (slot, labels.into())];
            members.extend(own);
            if !meta.is_empty() {
                let mut inner = String::new();
                push_object(&mut inner, &meta);
                members.push((META, inner.into()));
            }
            push_object(&mut out, &members);
            out.push('\n');
        }
        out
    }

    /// What goes into a format's member for labels.
    fn slot(&self, said: Option<&(Annotation, &Run)>, format: Format, original: Option<&str>) -> String {
        let nothing = (Annotation::default(), Run::default());
        let (annotation, run) = said.map_or((&nothing.0, &nothing.1), |(annotation, run)| (annotation, *run));
        let labels: Vec<&str> = run.labels.iter().map(String::as_str).collect();
        let decided = annotation.labels.as_ref().map(|labels| run.names(labels.iter().copied()));
        let tags = annotation.prediction.as_ref().map_or_else(Vec::new, |prediction| run.names(prediction.tags()));
        let scores = annotation.prediction.as_ref().map(|prediction| prediction.probability.as_slice());
        Slot { labels: &labels, decided: decided.as_deref(), tags: &tags, scores }.written(format, original)
    }

    /// Every row with the same members of the same types.
    fn uniform(&mut self) -> String {
        let (format, table) = (Format::HuggingFace, self.table);
        let Some((name, slot)) = format.slot() else { return String::new() };
        let names = self.names(&[ENTRY]);
        let columns: Vec<(&str, &Column, Type)> = std::iter::zip(&names, table.columns())
            .filter(|(_, column)| column.home != Home::Cell)
            .map(|(name, column)| (name.as_str(), column, Type::of(table, column)))
            .collect();
        let annotated = !self.runs.is_empty();
        let mut out = String::new();
        for row in 0..table.len() {
            let said = self.said(row);
            let mut members: Vec<Member<'_>> = Vec::with_capacity(columns.len() + 2);
            let mut original = None;
            for &(name, column, kind) in &columns {
                let raw = table.stored(row, column.place).map(|stored| value(table, stored));
                if annotated && name == slot {
                    original = raw.filter(|value| value != NULL);
                } else {
                    members.push((name, kind.write(raw)));
                }
            }
            if annotated {
                let original = original.as_deref();
                members.push((slot, self.slot(said.as_ref(), format, original).into()));
                let said = said.map_or_else(
                    || "null".to_owned(),
                    |(annotation, run)| {
                        let mut said = String::new();
                        entry::write(
                            &mut said,
                            &annotation,
                            run,
                            Style { format: Some(name), original, uniform: true },
                        );
                        said
                    },
                );
                members.push((ENTRY, said.into()));
            }
            push_object(&mut out, &members);
            out.push('\n');
        }
        out
    }
}

/// What the values of a column are, where all must be of one type.
#[derive(Clone, Copy, PartialEq)]
enum Type {
    Number,
    Bool,
    Names,
    /// Anything else is written as text.
    Text,
}

impl Type {
    fn of(table: &Table, column: &Column) -> Self {
        let mut found = None;
        for stored in (0..table.len()).filter_map(|row| table.stored(row, column.place)) {
            let raw = table.raw(stored);
            let kind = match stored.kind {
                Kind::Null => continue,
                Kind::Json if raw == "true" || raw == "false" => Self::Bool,
                // Larger ones are no numbers of Arrow.
                Kind::Json if raw.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && raw.len() <= 15 => {
                    Self::Number
                }
                Kind::Json if serde_json::from_str::<Vec<String>>(raw).is_ok() => Self::Names,
                _ => return Self::Text,
            };
            match found {
                None => found = Some(kind),
                Some(before) if before != kind => return Self::Text,
                Some(_) => {}
            }
        }
        found.unwrap_or(Self::Text)
    }

    fn write<'a>(self, raw: Option<Cow<'a, str>>) -> Cow<'a, str> {
        match (self, raw) {
            (_, None) => "null".into(),
            (Self::Text, Some(raw)) if !raw.starts_with(['"', 'n']) => string(&raw).into(),
            (_, Some(raw)) => raw,
        }
    }
}

/// A cell as JSON: as it is written there, or else as a string.
fn value<'a>(table: &'a Table, stored: &Stored) -> Cow<'a, str> {
    match stored.kind {
        Kind::Plain | Kind::Quoted => string(&table.read_cell(stored).text()).into(),
        Kind::String | Kind::Null => table.raw(stored).into(),
        Kind::Json => json::on_one_line(table.raw(stored)),
    }
}

/// A cell as CSV: as it is written there if it was CSV.
fn delimited_cell<'a>(table: &'a Table, stored: &Stored, delimiter: u8, quoted: bool) -> Cow<'a, str> {
    let raw = table.raw(stored);
    match stored.kind {
        Kind::Quoted => raw.into(),
        // A line of text, in contrast, may begin with a quote.
        Kind::Plain if table.format() != Format::Text && !raw.contains(char::from(delimiter)) => raw.into(),
        _ => match table.read_cell(stored) {
            Cell::Text(Cow::Borrowed(text)) => encode(text, delimiter, quoted),
            cell => encode(&cell.text(), delimiter, quoted).into_owned().into(),
        },
    }
}

/// A run beside the columns of an export, which has those of all runs.
struct Columns<'a> {
    run: &'a Run,
    /// The run's labels in the order of the columns.
    order: Vec<usize>,
    /// Of each column the run's label.
    labels: Vec<Option<usize>>,
    thresholds: String,
}

impl<'a> Columns<'a> {
    fn new(run: &'a Run, all: &[&str]) -> Self {
        let place: HashMap<&str, usize> = run.labels.iter().enumerate().map(|(i, label)| (label.as_str(), i)).collect();
        let labels: Vec<Option<usize>> = all.iter().map(|label| place.get(label).copied()).collect();
        let order: Vec<usize> = labels.iter().flatten().copied().collect();
        let thresholds = order.iter().map(|&label| (run.labels[label].as_str(), run.threshold(label)));
        Self { run, thresholds: delimited::write_thresholds(&thresholds.collect::<Vec<_>>()), labels, order }
    }

    /// What is said of a row, as cells.
    fn cells(&self, annotation: &Annotation) -> Vec<String> {
        let prediction = annotation.prediction.as_ref();
        let names = |has: &dyn Fn(usize) -> bool| {
            names::join(&self.run.names(self.order.iter().copied().filter(|&label| has(label))))
        };
        let decided = annotation.labels.as_ref().map(|labels| names(&|label| labels.contains(&label)));
        let tags = prediction.map(|prediction| names(&|label| prediction.on.get(label) == Some(&true)));
        let affect = prediction.and_then(|prediction| prediction.affect);
        let mut cells = vec![
            decided.unwrap_or_default(),
            annotation.status.to_string(),
            annotation.note.clone(),
            tags.unwrap_or_default(),
            prediction.map_or_else(String::new, |prediction| fixed::<4>(prediction.none)),
            affect.map_or_else(String::new, |affect| fixed::<2>(affect.valence)),
            affect.map_or_else(String::new, |affect| fixed::<2>(affect.arousal)),
        ];
        cells.extend(self.labels.iter().map(|label| {
            let score = label.and_then(|label| prediction?.probability.get(label));
            score.map_or_else(String::new, |&score| fixed::<4>(score))
        }));
        cells.extend([self.thresholds.clone(), self.run.model.clone(), self.run.label_set.clone()]);
        cells
    }
}

fn push_line<T: AsRef<str>>(out: &mut String, cells: &[T], between: char, newline: &str) {
    let from = out.len();
    for (i, cell) in cells.iter().enumerate() {
        if i > 0 {
            out.push(between);
        }
        out.push_str(cell.as_ref());
    }
    // A blank line would be no row.
    if out.len() == from {
        out.push_str("\"\"");
    }
    out.push_str(newline);
}

fn push_object(out: &mut String, members: &[Member<'_>]) {
    out.push('{');
    for (i, (name, value)) in members.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{}:{value}", string(name));
    }
    out.push('}');
}

/// The labelling interface for Label Studio that goes with an export: choices of these labels for the text of a column.
pub fn label_studio_config(labels: &[String], column: &str) -> String {
    let escape = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\n', " ")
    };
    let Controls { from, to } = Controls::default();
    let mut config = format!(
        "<View>\n  <Text name=\"{to}\" value=\"${}\"/>\n  <Choices name=\"{from}\" toName=\"{to}\" choice=\"multiple\">\n",
        escape(column)
    );
    for label in labels {
        let _ = writeln!(config, "    <Choice value=\"{}\"/>", escape(label));
    }
    config.push_str("  </Choices>\n</View>\n");
    config
}
