//! The texts of a file, and what they were found to feel like so far.

use serde_json::{Map, Value, json};
use undertone_core::{
    Affect, AffectHead, Corpus, Label, LabelSet, Prepared, Result, Roles, ScoreOptions, Scores, Table,
};

use crate::client::Loaded;
use crate::reading::hue;
use crate::wire::Rows;

/// How far reading a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Workers are at it.
    Reading,
    /// All texts are read.
    Read,
    /// Somebody stopped it, or it failed: what was read by then stays.
    Stopped,
}

/// A file's texts.
#[derive(Debug)]
pub struct Sheet {
    /// The file's name.
    pub name: String,
    /// The column that the texts come from, if the file has several.
    pub column: Option<String>,
    /// How far it is read.
    pub stage: Stage,
    rows: Vec<Row>,
    corpus: Corpus,
    affect: AffectHead,
    /// Of each text of the corpus.
    affects: Vec<Affect>,
    /// For each text of the corpus its row, in the order in which workers were done with them.
    arrived: Vec<usize>,
    labels: LabelSet,
    scores: Option<Scores>,
}

#[derive(Debug)]
struct Row {
    id: String,
    text: String,
    cut: bool,
    /// Its place in the corpus, once it is read.
    place: Option<usize>,
}

/// A tag of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// The label's name.
    pub name: String,
    /// The label's colour.
    pub hue: u16,
    /// How probable it is.
    pub probability: f32,
}

/// A row as the table shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What the file calls it, or its line.
    pub id: String,
    /// The text.
    pub text: String,
    /// The labels that are on, the strongest first; none while it is not read.
    pub tags: Option<Vec<Tag>>,
}

impl Sheet {
    /// A file that nothing was read of. Rows without a text are left out: there is nothing to feel.
    pub fn new(table: &Table, roles: &Roles, loaded: &Loaded) -> Self {
        let of_text = roles.text_column();
        let text = |row: usize| of_text.map_or_else(String::new, |column| table.text(row, column).into_owned());
        let rows = (0..table.len()).map(|row| (row, text(row))).filter(|(_, text)| !text.trim().is_empty());
        let rows = rows.map(|(row, text)| Row { id: roles.id_of(table, row), text, cut: false, place: None });
        Self {
            name: table.name().to_owned(),
            column: of_text.filter(|_| table.columns().len() > 1).map(|column| table.columns()[column].name.clone()),
            stage: Stage::Reading,
            rows: rows.collect(),
            corpus: Corpus::new(loaded.scorer.clone(), loaded.model.dim as usize),
            affect: loaded.model.affect.clone(),
            affects: Vec::new(),
            arrived: Vec::new(),
            labels: LabelSet::new(""),
            scores: None,
        }
    }

    /// The texts.
    pub fn texts(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.text.clone()).collect()
    }

    /// How many texts.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many are read.
    pub fn read(&self) -> usize {
        self.arrived.len()
    }

    /// Takes in the vectors of the texts from `from` on.
    ///
    /// # Errors
    /// Vectors of another model.
    pub fn push(&mut self, from: usize, rows: Rows) -> Result<()> {
        let cut = rows.cut.clone();
        let texts = rows.into_texts(self.corpus.texts().dim())?;
        self.corpus.push(&texts)?;
        self.affects.extend(self.affect.read_texts(&texts)?);
        for (row, cut) in (from..).zip(cut) {
            let place = Some(self.arrived.len());
            self.arrived.push(row);
            if let Some(row) = self.rows.get_mut(row) {
                (row.cut, row.place) = (cut, place);
            }
        }
        Ok(())
    }

    /// Scores what is read.
    ///
    /// # Errors
    /// As [`Corpus::score`].
    pub fn score(&mut self, prepared: &Prepared, labels: &LabelSet, options: &ScoreOptions) -> Result<()> {
        self.scores = Some(self.corpus.score(prepared, options)?);
        self.labels = labels.clone();
        Ok(())
    }

    /// A row of the table.
    pub fn line(&self, row: usize) -> Option<Line> {
        let Row { id, text, place, .. } = self.rows.get(row)?;
        Some(Line { id: id.clone(), text: text.clone(), tags: place.and_then(|place| self.tags(place)) })
    }

    /// How many texts each label is on for, the most frequent first; labels that are on for none are left out.
    pub fn counts(&self) -> Vec<(Tag, usize)> {
        let Some(scores) = &self.scores else { return Vec::new() };
        let mut counts = vec![0; self.labels.labels().len()];
        for text in 0..scores.len() {
            counts.iter_mut().zip(scores.on(text)).for_each(|(count, &on)| *count += usize::from(on));
        }
        let tag = |(label, count): (&Label, usize)| {
            let probability = count as f32 / scores.len().max(1) as f32;
            (Tag { name: label.name.clone(), hue: hue(label), probability }, count)
        };
        let mut counts: Vec<_> = self.labels.labels().iter().zip(counts).filter(|c| c.1 > 0).map(tag).collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }

    fn tags(&self, place: usize) -> Option<Vec<Tag>> {
        let scores = self.scores.as_ref().filter(|scores| place < scores.len())?;
        let labels = self.labels.labels().iter().zip(scores.probability(place)).zip(scores.on(place));
        let mut tags: Vec<Tag> = labels
            .filter(|&(_, &on)| on)
            .map(|((label, &probability), _)| Tag { name: label.name.clone(), hue: hue(label), probability })
            .collect();
        tags.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        Some(tags)
    }

    /// What was read, as a table: id, text, the names of the labels that are on, and every label's probability.
    pub fn to_csv(&self) -> String {
        let names = self.labels.labels().iter().map(|label| label.name.as_str());
        let mut writer = csv::Writer::from_writer(Vec::new());
        let fixed = ["id", "text", "tags", "none", "valence", "arousal", "cut"];
        // Writing to memory cannot fail.
        let _ = writer.write_record(fixed.into_iter().chain(names));
        for (row, place, tags, affect) in self.results() {
            let (none, probability) = self.scored(place);
            let names: Vec<&str> = tags.iter().map(|tag| tag.name.as_str()).collect();
            let cells = [
                row.id.clone(),
                row.text.clone(),
                names.join("; "),
                format!("{none:.4}"),
                format!("{:.2}", affect.valence),
                format!("{:.2}", affect.arousal),
                row.cut.to_string(),
            ];
            let _ = writer.write_record(cells.into_iter().chain(probability.iter().map(|p| format!("{p:.4}"))));
        }
        String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
    }

    /// What was read, a JSON object a line: as [`Sheet::to_csv`], with the probabilities by label.
    pub fn to_jsonl(&self) -> String {
        let line = |(row, place, tags, affect): (&Row, usize, Vec<Tag>, Affect)| {
            let (none, probability) = self.scored(place);
            let round = |x: f32, to: f64| Value::from((f64::from(x) * to).round() / to);
            let labels = self.labels.labels().iter().zip(probability);
            let scores: Map<String, Value> = labels.map(|(label, &p)| (label.name.clone(), round(p, 1e4))).collect();
            let row = json!({
                "id": row.id, "text": row.text, "tags": tags.iter().map(|tag| &tag.name).collect::<Vec<_>>(),
                "none": round(none, 1e4), "valence": round(affect.valence, 1e2), "arousal": round(affect.arousal, 1e2),
                "cut": row.cut, "scores": scores,
            });
            format!("{row}\n")
        };
        self.results().map(line).collect()
    }

    /// The rows that are read and scored, in the file's order.
    fn results(&self) -> impl Iterator<Item = (&Row, usize, Vec<Tag>, Affect)> {
        self.rows.iter().filter_map(|row| {
            let place = row.place?;
            let affect = *self.affects.get(place)?;
            Some((row, place, self.tags(place)?, affect))
        })
    }

    fn scored(&self, place: usize) -> (f32, &[f32]) {
        match &self.scores {
            Some(scores) => (scores.none(place), scores.probability(place)),
            None => (1.0, &[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use undertone_core::{Background, Calibration, Embeddings, Lexicon, Scorer};

    use super::*;
    use crate::wire::Model;

    fn sheet() -> Sheet {
        let model = Model {
            name: "test".into(),
            dim: 2,
            max_tokens: 8,
            bytes: 1.0,
            calibration: Calibration::default(),
            lexicon: Lexicon::default(),
            affect: AffectHead { weight: vec![0.0; 4], bias: [5.0, 5.0] },
        };
        let scorer = Scorer::new(Calibration::default(), Background::none(2)).unwrap();
        let file = "id,text\na,\"sunny, warm\"\n,rain\nb,  \nc,\"both\"\"\"\n";
        let table = Table::read("x.csv", file).unwrap();
        Sheet::new(&table, &Roles::guess(&table), &Loaded { model, scorer })
    }

    fn rows(vectors: &[f32], cut: &[bool]) -> Rows {
        Rows { vectors: vectors.to_vec(), windows: vec![1; cut.len()], cut: cut.to_vec() }
    }

    fn score(sheet: &mut Sheet) {
        let mut set = LabelSet::new("test");
        set.add("up").unwrap();
        set.add("right").unwrap();
        let vectors = Embeddings::new(2, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
        let prepared = sheet.corpus.scorer().prepare(vectors, &set).unwrap();
        sheet.score(&prepared, &set, &ScoreOptions::default()).unwrap();
    }

    #[test]
    fn rows_come_in_any_order_and_leave_in_that_of_the_file() {
        let mut sheet = sheet();
        assert_eq!((sheet.len(), sheet.read()), (3, 0));
        assert_eq!(sheet.texts(), ["sunny, warm", "rain", "both\""]);
        sheet.push(2, rows(&[0.8, 0.6], &[false])).unwrap();
        score(&mut sheet);
        let names = |sheet: &Sheet, row: usize| {
            let tags = sheet.line(row).unwrap().tags;
            tags.map(|tags| tags.into_iter().map(|tag| tag.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&sheet, 0), None);
        assert_eq!(names(&sheet, 2), Some(vec!["right".to_owned(), "up".into()]));
        sheet.push(0, rows(&[1.0, 0.0, 0.0, -1.0], &[true, false])).unwrap();
        assert_eq!(names(&sheet, 0), None, "not scored yet");
        score(&mut sheet);
        assert_eq!(names(&sheet, 0), Some(vec!["right".into()]));
        assert_eq!(names(&sheet, 1), Some(vec![]));
        // A row without an id is called by its line.
        assert_eq!((0..3).map(|row| sheet.line(row).unwrap().id).collect::<Vec<_>>(), ["a", "3", "c"]);
        let counts: Vec<_> = sheet.counts().into_iter().map(|(tag, count)| (tag.name, count)).collect();
        assert_eq!(counts, [("right".to_owned(), 2), ("up".into(), 1)]);
    }

    #[test]
    fn what_leaves_can_be_read_again() {
        let mut sheet = sheet();
        sheet.push(0, rows(&[1.0, 0.0, 0.0, -1.0, 0.8, 0.6], &[false, true, false])).unwrap();
        score(&mut sheet);
        let csv = sheet.to_csv();
        assert!(csv.starts_with("id,text,tags,none,valence,arousal,cut,up,right\na,\"sunny, warm\",right,"), "{csv}");
        for (name, content) in [("x.csv", csv), ("x.jsonl", sheet.to_jsonl())] {
            let table = Table::read(name, content).unwrap();
            let cell = |row, name| table.text(row, table.column(name).unwrap()).into_owned();
            let rows: Vec<_> = (0..table.len()).map(|row| (cell(row, "id"), cell(row, "text"))).collect();
            let expected = [("a", "sunny, warm"), ("3", "rain"), ("c", "both\"")];
            assert_eq!(rows, expected.map(|(id, text)| (id.to_owned(), text.to_owned())), "{name}");
        }
    }
}
