//! What a text was found to feel like: all that the page shows of it.

use std::ops::Range;
use std::sync::Arc;

use undertone_core::{Affect, LabelId, LabelSet, Mode, Result, ScoreOptions, Scorer, TextVectors};

use super::PreparedLabels;
use crate::document::{Order, hue};

/// A text that has been encoded.
#[derive(Clone, Debug)]
pub struct EncodedText {
    /// The text.
    pub text: Arc<str>,
    /// Its vectors, as those of the only text.
    pub vectors: TextVectors,
    /// Where in it its windows are, in UTF-16 code units.
    pub ranges: Vec<Range<u32>>,
    /// Whether its end was left out because it is too long.
    pub cut: bool,
    /// How pleasant and how stirred it is.
    pub affect: Affect,
}

/// A label's result.
#[derive(Clone, Debug, PartialEq)]
pub struct TagRow {
    /// The label.
    pub id: LabelId,
    /// Its name when it was scored.
    pub name: String,
    /// Its colour.
    pub hue: u16,
    /// How probable it is that the text expresses it.
    pub probability: f32,
    /// From which probability it is on, where that decides.
    pub threshold: Option<f32>,
    /// Whether it is.
    pub on: bool,
}

/// The result of one window of a long text.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowReading {
    /// Where in the text it is, in UTF-16 code units.
    pub range: Range<u32>,
    /// The labels that are on for it alone, the strongest first: names, hues and probabilities.
    pub tags: Vec<(String, u16, f32)>,
}

/// The results of all labels for one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The text.
    pub text: Arc<str>,
    /// The labels that it was scored against.
    pub labels: Arc<LabelSet>,
    /// A row for each label, in the order of the list.
    pub rows: Vec<TagRow>,
    /// How probable it is that none of them fits.
    pub none: f32,
    /// How pleasant and how stirred the text is.
    pub affect: Affect,
    /// Whether the text's end was left out because it is too long.
    pub cut: bool,
    /// The windows that it was read in, if it is longer than one.
    pub windows: Vec<WindowReading>,
}

impl Reading {
    /// Scores a text against labels.
    pub fn new(text: &EncodedText, labels: &PreparedLabels, scorer: &Scorer, options: &ScoreOptions) -> Result<Self> {
        let set = &labels.set;
        let scores = scorer.score(&text.vectors, &labels.prepared, options)?;
        let common = match options.mode {
            Mode::Multi => Some(options.threshold.unwrap_or(scorer.calibration().threshold)),
            Mode::Single => None,
        };
        let rows = set.labels().iter().zip(scores.probability(0)).zip(scores.on(0));
        let rows = rows.map(|((label, &probability), &on)| TagRow {
            id: label.id,
            name: label.name.clone(),
            hue: hue(label),
            probability,
            threshold: label.threshold.or(common),
            on,
        });
        Ok(Self {
            text: text.text.clone(),
            labels: set.clone(),
            rows: rows.collect(),
            none: scores.none(0),
            affect: text.affect,
            cut: text.cut,
            windows: windows(text, labels, scorer, options)?,
        })
    }

    /// The labels in the order in which to show them.
    pub fn ranking(&self, order: Order) -> Vec<LabelId> {
        match order {
            Order::List => self.rows.iter().map(|row| row.id).collect(),
            Order::Score => self.by_score().map(|row| row.id).collect(),
        }
    }

    /// The rows that are on, the strongest first.
    pub fn on(&self) -> Vec<&TagRow> {
        self.by_score().filter(|row| row.on).collect()
    }

    /// The label that is most probable.
    pub fn strongest(&self) -> Option<LabelId> {
        self.by_score().next().map(|row| row.id)
    }

    /// The row of a label.
    pub fn row(&self, id: LabelId) -> Option<&TagRow> {
        self.rows.iter().find(|row| row.id == id)
    }

    fn by_score(&self) -> impl Iterator<Item = &TagRow> {
        let mut rows: Vec<&TagRow> = self.rows.iter().collect();
        // Stable, so that equal scores stay in the order of the list.
        rows.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        rows.into_iter()
    }
}

/// What each window of a long text feels like by itself.
fn windows(
    text: &EncodedText,
    labels: &PreparedLabels,
    scorer: &Scorer,
    options: &ScoreOptions,
) -> Result<Vec<WindowReading>> {
    if text.ranges.len() < 2 {
        return Ok(Vec::new());
    }
    let scores = scorer.score(&text.vectors.rows().clone().into(), &labels.prepared, options)?;
    let window = |(place, range): (usize, &Range<u32>)| {
        let tags = labels.set.labels().iter().zip(scores.probability(place)).zip(scores.on(place));
        let tags = tags.filter(|&(_, &on)| on).map(|((label, &p), _)| (label.name.clone(), hue(label), p));
        let mut tags: Vec<_> = tags.collect();
        tags.sort_by(|a, b| b.2.total_cmp(&a.2));
        WindowReading { range: range.clone(), tags }
    };
    Ok(text.ranges.iter().enumerate().map(window).collect())
}

#[cfg(test)]
mod tests {
    use undertone_core::{Background, Calibration, Embeddings};

    use super::*;

    fn reading(names: &[&str], labels: &[f32], text: &[f32], mode: Mode) -> Reading {
        let mut set = LabelSet::new("test");
        for name in names {
            set.add(name).unwrap();
        }
        let scorer = Scorer::new(Calibration::default(), Background::none(2)).unwrap();
        let rows = Embeddings::new(2, text.to_vec()).unwrap();
        let count = rows.len();
        let text = EncodedText {
            text: "text".into(),
            vectors: TextVectors::new(rows, [count]).unwrap(),
            ranges: (0..count as u32).map(|window| 2 * window..2 * window + 1).collect(),
            cut: false,
            affect: Affect { valence: 5.0, arousal: 5.0 },
        };
        let prepared = scorer.prepare(Embeddings::new(2, labels.to_vec()).unwrap(), &set).unwrap();
        let labels = PreparedLabels { version: 1, set: Arc::new(set), prepared, cut: None };
        Reading::new(&text, &labels, &scorer, &ScoreOptions { mode, threshold: None }).unwrap()
    }

    fn names(reading: &Reading, ids: Vec<LabelId>) -> Vec<&str> {
        ids.into_iter().map(|id| reading.row(id).unwrap().name.as_str()).collect()
    }

    const ROWS: [f32; 6] = [0.0, 1.0, 1.0, 0.0, 1.0, 0.2];
    const TEXT: [f32; 2] = [1.0, 0.0];

    #[test]
    fn the_strongest_come_first_or_the_list_stays() {
        let reading = reading(&["c", "a", "b"], &ROWS, &TEXT, Mode::Multi);
        assert_eq!(names(&reading, reading.ranking(Order::Score)), ["a", "b", "c"]);
        assert_eq!(names(&reading, reading.ranking(Order::List)), ["c", "a", "b"]);
        let on: Vec<_> = reading.on().into_iter().map(|row| &row.name).collect();
        assert_eq!(on, ["a", "b"]);
        assert!(reading.windows.is_empty(), "a short text has no parts");
    }

    #[test]
    fn one_label_at_most_in_single_mode() {
        assert_eq!(reading(&["c", "a", "b"], &ROWS, &TEXT, Mode::Single).on().len(), 1);
    }

    #[test]
    fn no_mark_where_it_decides_nothing() {
        let row = |mode| reading(&["a"], &[1.0, 0.0], &TEXT, mode).rows.remove(0);
        assert_eq!(row(Mode::Multi).threshold, Some(0.5));
        assert_eq!(row(Mode::Single).threshold, None);
    }

    #[test]
    fn each_part_of_a_long_text_has_tags_of_its_own() {
        let reading = reading(&["up", "right"], &[0.0, 1.0, 1.0, 0.0], &[1.0, 0.0, 0.0, 1.0], Mode::Multi);
        let parts: Vec<_> = reading.windows.iter().map(|w| (w.range.clone(), w.tags[0].0.as_str())).collect();
        assert_eq!(parts, [(0..1, "right"), (2..3, "up")]);
    }
}
