//! What a text was found to feel like: all that the page shows of it.

use undertone_core::{
    Affect, Colour, Label, LabelId, LabelSet, Mode, Prepared, Result, ScoreOptions, Scorer, TextVectors,
};

use crate::session::Order;

/// How far apart two labels' hues are when nobody chose them: the golden angle, so that however
/// many there are, neighbours differ.
const GOLDEN_ANGLE: f64 = 137.508;

/// The hue of the first label of all: neither a warning nor a praise.
const FIRST_HUE: u16 = 265;

/// A label's result.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
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

/// The results of all labels for one text.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// A row for each label, in the order of the list.
    pub rows: Vec<Row>,
    /// How probable it is that none of them fits.
    pub none: f32,
    /// How pleasant and how stirred the text is.
    pub affect: Affect,
    /// Whether the text's end was left out because it is too long.
    pub cut: bool,
}

/// A text that has been encoded.
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The text.
    pub text: String,
    /// Its vectors, as those of the only text.
    pub vectors: TextVectors,
    /// Whether its end was left out because it is too long.
    pub cut: bool,
    /// How pleasant and how stirred it is.
    pub affect: Affect,
}

impl Reading {
    /// Scores a text against the labels of a set.
    pub fn new(
        text: &Encoded,
        labels: &Prepared,
        set: &LabelSet,
        scorer: &Scorer,
        options: &ScoreOptions,
    ) -> Result<Self> {
        let scores = scorer.score(&text.vectors, labels, options)?;
        let common = match options.mode {
            Mode::Multi => Some(options.threshold.unwrap_or(scorer.calibration().threshold)),
            Mode::Single => None,
        };
        let rows = set
            .labels()
            .iter()
            .zip(scores.probability(0))
            .zip(scores.on(0))
            .map(|((label, &probability), &on)| Row {
                id: label.id,
                name: label.name.clone(),
                hue: hue(label),
                probability,
                threshold: label.threshold.or(common),
                on,
            })
            .collect();
        Ok(Self { rows, none: scores.none(0), affect: text.affect, cut: text.cut })
    }

    /// The labels in the order in which to show them.
    pub fn ranking(&self, order: Order) -> Vec<LabelId> {
        match order {
            Order::List => self.rows.iter().map(|row| row.id).collect(),
            Order::Score => self.by_score().map(|row| row.id).collect(),
        }
    }

    /// The rows that are on, the strongest first.
    pub fn on(&self) -> Vec<&Row> {
        self.by_score().filter(|row| row.on).collect()
    }

    /// The row of a label.
    pub fn row(&self, id: LabelId) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    fn by_score(&self) -> impl Iterator<Item = &Row> {
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        // Stable, so that equal scores stay in the order of the list.
        rows.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        rows.into_iter()
    }
}

/// The hue of a label, in degrees: its own, or one that follows from its id and so stays with it
/// whatever happens to the others.
pub fn hue(label: &Label) -> u16 {
    label.colour.map(Colour::hue).unwrap_or_else(|| {
        let turns = f64::from(label.id.get()) * GOLDEN_ANGLE;
        (turns % 360.0) as u16
    })
}

/// A hue for one more label: the middle of the widest gap between those of the others.
pub fn spare_hue(set: &LabelSet) -> u16 {
    let mut hues: Vec<u16> = set.labels().iter().map(hue).collect();
    hues.sort_unstable();
    let Some(&first) = hues.first() else {
        return FIRST_HUE;
    };
    let after = hues[1..].iter().copied().chain([first + 360]);
    hues.iter()
        .zip(after)
        .map(|(&hue, next)| (next - hue, hue))
        // The first of equal gaps, so that the choice does not depend on anything else.
        .max_by_key(|&(gap, hue)| (gap, std::cmp::Reverse(hue)))
        .map_or(FIRST_HUE, |(gap, hue)| (hue + gap / 2) % 360)
}

#[cfg(test)]
mod tests {
    use undertone_core::{Background, Calibration, Embeddings};

    use super::*;

    fn reading(names: &[&str], vectors: &[f32], mode: Mode) -> Reading {
        let mut set = LabelSet::new("test");
        for name in names {
            set.add(name).unwrap();
        }
        let scorer = Scorer::new(Calibration::default(), Background::none(2)).unwrap();
        let text = Encoded {
            text: "text".into(),
            vectors: Embeddings::new(2, vec![1.0, 0.0]).unwrap().into(),
            cut: false,
            affect: Affect { valence: 5.0, arousal: 5.0 },
        };
        let labels = scorer.prepare(Embeddings::new(2, vectors.to_vec()).unwrap(), &set).unwrap();
        let options = ScoreOptions { mode, threshold: None };
        Reading::new(&text, &labels, &set, &scorer, &options).unwrap()
    }

    fn names(reading: &Reading, ids: Vec<LabelId>) -> Vec<&str> {
        ids.into_iter().map(|id| reading.row(id).unwrap().name.as_str()).collect()
    }

    const ROWS: [f32; 6] = [0.0, 1.0, 1.0, 0.0, 1.0, 0.2];

    #[test]
    fn the_strongest_come_first_or_the_list_stays() {
        let reading = reading(&["c", "a", "b"], &ROWS, Mode::Multi);
        assert_eq!(names(&reading, reading.ranking(Order::Score)), ["a", "b", "c"]);
        assert_eq!(names(&reading, reading.ranking(Order::List)), ["c", "a", "b"]);
        let on: Vec<_> = reading.on().into_iter().map(|row| &row.name).collect();
        assert_eq!(on, ["a", "b"]);
    }

    #[test]
    fn one_label_at_most_in_single_mode() {
        assert_eq!(reading(&["c", "a", "b"], &ROWS, Mode::Single).on().len(), 1);
    }

    #[test]
    fn a_new_label_takes_the_widest_gap() {
        let mut set = LabelSet::new("test");
        assert_eq!(spare_hue(&set), FIRST_HUE);
        for (name, hue) in [("a", 350), ("b", 40), ("c", 100)] {
            let id = set.add(name).unwrap();
            set.set_colour(id, Some(Colour::of_hue(hue))).unwrap();
        }
        assert_eq!(spare_hue(&set), 225);
        let id = set.add("d").unwrap();
        set.set_colour(id, Some(Colour::of_hue(180))).unwrap();
        assert_eq!(spare_hue(&set), 265);
    }

    #[test]
    fn no_mark_where_it_decides_nothing() {
        let row = |mode| reading(&["a"], &[1.0, 0.0], mode).rows.remove(0);
        assert_eq!(row(Mode::Multi).threshold, Some(0.5));
        assert_eq!(row(Mode::Single).threshold, None);
    }

    #[test]
    fn hues_of_neighbours_differ() {
        let mut set = LabelSet::new("test");
        for i in 0..40 {
            set.add(&i.to_string()).unwrap();
        }
        let hues: Vec<i32> = set.labels().iter().map(|label| hue(label).into()).collect();
        for pair in hues.windows(2) {
            let apart = (pair[0] - pair[1]).rem_euclid(360);
            assert!((90..=270).contains(&apart), "{pair:?}");
        }
    }
}
