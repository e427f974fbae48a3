//! Files that leave: every row with its scores.

use serde_json::{Map, Value, json};
use undertone_core::{Result, ScoreOptions};

use super::{Labels, Sheet};
use crate::wire::scoring::Format;

/// The columns of a table, before those of the labels.
const FIXED: [&str; 7] = ["id", "text", "tags", "none", "valence", "arousal", "cut"];

/// Writes a sheet, some rows at a time.
#[derive(Debug)]
pub struct Exporter {
    format: Format,
    options: ScoreOptions,
    at: u32,
}

/// A row's scores.
struct Scored<'a> {
    none: f32,
    probability: &'a [f32],
}

impl Exporter {
    /// Writes in this format.
    pub fn new(format: Format, options: ScoreOptions) -> Self {
        Self { format, options, at: 0 }
    }

    /// The type of the file, as browsers call it.
    pub fn kind(&self) -> &'static str {
        match self.format {
            Format::Csv => "text/csv",
            Format::JsonLines => "application/x-ndjson",
        }
    }

    /// What stands before the rows.
    pub fn head(&self, labels: &Labels) -> String {
        match self.format {
            Format::Csv => {
                let labels = labels.set.labels().iter().map(|label| column(&label.name));
                csv_line(FIXED.map(str::to_owned).into_iter().chain(labels))
            }
            Format::JsonLines => String::new(),
        }
    }

    /// The next rows; `None` once there are no more.
    ///
    /// # Errors
    /// As [`Sheet::score`].
    pub fn rows(&mut self, sheet: &Sheet, labels: &Labels, count: usize) -> Result<Option<String>> {
        let range = self.at..sheet.len().min(self.at as usize + count) as u32;
        if range.is_empty() {
            return Ok(None);
        }
        self.at = range.end;
        let (scores, places) = sheet.score(labels, &self.options, range.clone())?;
        let mut written = String::new();
        for (row, place) in range.zip(places) {
            let found = scores.as_ref().zip(place);
            let scored = found
                .map(|(scores, place)| Scored { none: scores.none(place), probability: scores.probability(place) });
            let mut tags = found.map(|(scores, place)| sheet.tags(labels, row, scores.on(place))).unwrap_or_default();
            if let Some(scored) = &scored {
                tags.sort_by(|&a, &b| scored.probability[b].total_cmp(&scored.probability[a]));
            }
            let tags: Vec<&str> = tags.into_iter().map(|label| labels.set.labels()[label].name.as_str()).collect();
            written.push_str(&match self.format {
                Format::Csv => table_row(sheet, labels, row, &tags, scored),
                Format::JsonLines => json_row(sheet, labels, row, &tags, scored),
            });
        }
        Ok(Some(written))
    }
}

/// The column of a label: its name, unless a column of another meaning is called so.
fn column(name: &str) -> String {
    match FIXED.contains(&name) {
        true => format!("label: {name}"),
        false => name.to_owned(),
    }
}

fn table_row(sheet: &Sheet, labels: &Labels, row: u32, tags: &[&str], scored: Option<Scored>) -> String {
    let (affect, cut) = match sheet.affect(row) {
        Some((affect, cut)) => ([format!("{:.2}", affect.valence), format!("{:.2}", affect.arousal)], cut.to_string()),
        None => Default::default(),
    };
    let (none, probability) = match scored {
        Some(Scored { none, probability }) => {
            (format!("{none:.4}"), probability.iter().map(|p| format!("{p:.4}")).collect())
        }
        None => (String::new(), vec![String::new(); labels.set.labels().len()]),
    };
    let [valence, arousal] = affect;
    let fixed = [sheet.id(row).to_owned(), sheet.text(row).into_owned(), tags.join("; "), none, valence, arousal, cut];
    csv_line(fixed.into_iter().chain(probability))
}

fn csv_line(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(cells);
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn json_row(sheet: &Sheet, labels: &Labels, row: u32, tags: &[&str], scored: Option<Scored>) -> String {
    let round = |x: f32, to: f64| Value::from((f64::from(x) * to).round() / to);
    let mut written = json!({ "id": sheet.id(row), "text": sheet.text(row), "tags": tags });
    if let (Some(Scored { none, probability }), Some((affect, cut))) = (scored, sheet.affect(row)) {
        let names = labels.set.labels().iter().map(|label| label.name.clone());
        let scores: Map<String, Value> = names.zip(probability.iter().map(|&p| round(p, 1e4))).collect();
        written["none"] = round(none, 1e4);
        written["valence"] = round(affect.valence, 1e2);
        written["arousal"] = round(affect.arousal, 1e2);
        written["cut"] = cut.into();
        written["scores"] = scores.into();
    }
    format!("{written}\n")
}

#[cfg(test)]
mod tests {
    use undertone_core::{Embeddings, LabelSet, Scorer};

    use super::super::Texts;
    use super::super::sheet::tests::{encoded, labels, sheet};
    use super::*;

    fn write(format: Format, labels: &Labels) -> String {
        let mut sheet = sheet();
        sheet.push(&[0, 3], &encoded(&[1.0, 0.0, 0.8, 0.6], &[0, 1])).unwrap();
        let mut exporter = Exporter::new(format, ScoreOptions::default());
        let mut written = exporter.head(labels);
        while let Some(rows) = exporter.rows(&sheet, labels, 2).unwrap() {
            written.push_str(&rows);
        }
        written
    }

    #[test]
    fn what_leaves_can_be_read_again_with_every_row() {
        let csv = write(Format::Csv, &labels());
        assert!(csv.starts_with("id,text,tags,none,valence,arousal,cut,up,right\na,\"sunny, warm\",right,"), "{csv}");
        for (name, content) in [("x.csv", csv), ("x.jsonl", write(Format::JsonLines, &labels()))] {
            let texts = Texts::read(name, content.into(), Some("text")).unwrap();
            let rows: Vec<_> = (0..4).map(|row| (texts.id(row).to_owned(), texts.text(row).into_owned())).collect();
            let expected = [("a", "sunny, warm"), ("3", "rain"), ("b", "  "), ("c", "both\"")];
            assert_eq!(rows, expected.map(|(id, text)| (id.to_owned(), text.to_owned())), "{name}");
        }
    }

    #[test]
    fn a_label_called_like_a_column_has_one_of_its_own() {
        let mut set = LabelSet::new("test");
        set.add("none").unwrap();
        set.add("up").unwrap();
        let scorer = Scorer::new(Default::default(), undertone_core::Background::none(2)).unwrap();
        let vectors = Embeddings::new(2, vec![0.0, 1.0, 1.0, 0.0]).unwrap().into_vec();
        let labels = Labels::new(1, set, vectors, &scorer, 2).unwrap();
        let csv = write(Format::Csv, &labels);
        assert!(csv.starts_with("id,text,tags,none,valence,arousal,cut,label: none,up\n"), "{csv}");
    }
}
