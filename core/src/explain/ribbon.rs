//! How feeling goes along a text, sentence by sentence, and where it turns.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::perturbations::Scoring;
use crate::{Affect, AffectHead, Error, ErrorKind, Evidence, Result, TextVectors};

/// How often a text without a turning point is said to have one, at most, were its sentences as different as texts at random.
const FALSE_ALARMS: f64 = 0.01;

/// The fewest sentences between two turning points, and before the first and behind the last: one alone is an exception.
const FEWEST: usize = 2;

/// Valence, arousal and labels along a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ribbon {
    /// The sentences, in order.
    pub points: Vec<Point>,
    /// The text as a whole.
    pub whole: Affect,
    /// The probability of each label for the text as a whole.
    pub probability: Vec<f32>,
    /// Where the text turns, in order.
    pub turns: Vec<Turn>,
}

/// A sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// How pleasant and how stirred it is.
    pub affect: Affect,
    /// The probability of each label for the sentence alone.
    pub probability: Vec<f32>,
    /// Which labels it expresses.
    pub on: Vec<bool>,
}

/// A turning point: the sentences from here to the next one feel otherwise than those since the last one.
///
/// Of a series `x` along a stretch of `n` sentences, valence or the evidence for a label, a change after the `k`-th is as
/// large as
///
/// ```text
/// T(k) = sqrt(k (n - k) / n) * |mean of the first k - mean of the others| / deviation
/// ```
///
/// where `deviation` is the standard deviation of the series over the model's reference texts: that between texts at random,
/// which is more than a text that stays as it is has between its sentences. Were the sentences drawn so, `T` would be
/// standard normal. The text turns where `T` is largest, of all series and all `k` with two sentences on either side, if the
/// chance of so large a `T` in any of them is one in a hundred at most (by Bonferroni's inequality: twice the normal tail
/// beyond `T`, times the number of series and places). Then each side is examined in the same way: binary
/// segmentation (Vostrikova 1981) by the likelihood ratio of a change in mean.
///
/// So a text of fewer than four sentences has no turning point, and one of few sentences only a clear one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The index of the first sentence that feels otherwise.
    pub sentence: usize,
    /// The label that leads before, of those that are on for a sentence there at least: the one with the highest mean
    /// probability.
    pub from: Option<usize>,
    /// The label that leads behind.
    pub to: Option<usize>,
    /// The mean valence before and behind.
    pub valence: [f32; 2],
    /// What turns most.
    pub series: Series,
    /// How far it turns, in deviations: below 0 if it falls.
    pub step: f32,
    /// The bound on the chance of it, at most one in a hundred.
    pub chance: f64,
}

/// What is followed along a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Series {
    /// How pleasant.
    Valence,
    /// The evidence for a label, by its index.
    Label(usize),
}

impl Ribbon {
    /// Follows a text along its sentences. `vectors` has one text for each of them, as
    /// `Encoder::encode_sentences` makes them, and `whole` the text itself.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: another number of vectors than of sentences, or vectors of another model.
    pub fn new(
        sentences: &[Range<usize>],
        vectors: &TextVectors,
        whole: &TextVectors,
        scoring: Scoring,
        head: &AffectHead,
    ) -> Result<Self> {
        if sentences.len() != vectors.len() || whole.len() != 1 {
            let (rows, texts) = (vectors.len(), whole.len());
            let message = format!("{} sentences of {texts} texts came with {rows} vectors", sentences.len());
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let evidence = scoring.scorer.evidence(vectors, scoring.labels)?;
        let scores = scoring.read(&evidence)?;
        let affect = head.read_texts(vectors)?;
        let points: Vec<Point> = sentences
            .iter()
            .zip(&affect)
            .enumerate()
            .map(|(i, (range, &affect))| Point {
                range: range.clone(),
                affect,
                probability: scores.probability(i).to_vec(),
                on: scores.on(i).to_vec(),
            })
            .collect();
        let tracks = tracks(&evidence, &affect, scoring, head)?;
        let turns = turns(&points, &tracks);
        let probability = scoring.read(&scoring.scorer.evidence(whole, scoring.labels)?)?.probability(0).to_vec();
        Ok(Self { points, whole: head.read_texts(whole)?[0], probability, turns })
    }
}

/// A series along the text, in deviations, as sums over its beginnings.
struct Track {
    series: Series,
    sums: Vec<f64>,
}

impl Track {
    /// Of values, if they deviate at all over texts at random.
    fn new(series: Series, values: impl Iterator<Item = f32>, reference: &[f32]) -> Option<Self> {
        let deviation = deviation(reference)?;
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        for value in values {
            sum += f64::from(value) / deviation;
            sums.push(sum);
        }
        Some(Self { series, sums })
    }

    fn mean(&self, range: Range<usize>) -> f64 {
        (self.sums[range.end] - self.sums[range.start]) / range.len() as f64
    }

    /// `T` of a change at `at` within a stretch, with the sign of the change.
    fn statistic(&self, stretch: &Range<usize>, at: usize) -> f64 {
        let (before, behind) = ((at - stretch.start) as f64, (stretch.end - at) as f64);
        let step = self.mean(at..stretch.end) - self.mean(stretch.start..at);
        (before * behind / (before + behind)).sqrt() * step
    }
}

/// Valence, and the evidence for each label.
fn tracks(evidence: &Evidence, affect: &[Affect], scoring: Scoring, head: &AffectHead) -> Result<Vec<Track>> {
    let background = scoring.scorer.background();
    let reference: Vec<f32> = head.read_texts(background.reference())?.iter().map(|affect| affect.valence).collect();
    let valence = Track::new(Series::Valence, affect.iter().map(|affect| affect.valence), &reference);
    let label = |label: usize| {
        let reference: Vec<f32> = scoring.labels.reference().column(label).collect();
        Track::new(Series::Label(label), evidence.column(label), &reference)
    };
    Ok(valence.into_iter().chain((0..evidence.width()).filter_map(label)).collect())
}

/// The standard deviation, if it is above 0.
fn deviation(values: &[f32]) -> Option<f64> {
    let count = values.len() as f64;
    let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
    let square = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / (count - 1.0);
    Some(square.sqrt()).filter(|&deviation| deviation > 1e-6)
}

/// A change of a stretch in two.
struct Change {
    at: usize,
    series: Series,
    step: f64,
    chance: f64,
}

/// Where a stretch turns, if it does.
fn change(tracks: &[Track], stretch: &Range<usize>) -> Option<Change> {
    let places = stretch.start + FEWEST..(stretch.end + 1).saturating_sub(FEWEST);
    let tests = (places.len() * tracks.len()) as f64;
    let all = places.flat_map(|at| tracks.iter().map(move |track| (at, track)));
    let (at, track, statistic) = all
        .map(|(at, track)| (at, track, track.statistic(stretch, at)))
        .max_by(|a, b| a.2.abs().total_cmp(&b.2.abs()))?;
    let chance = (tests * two_tails(statistic)).min(1.0);
    let step = track.mean(at..stretch.end) - track.mean(stretch.start..at);
    (chance <= FALSE_ALARMS).then_some(Change { at, series: track.series, step, chance })
}

/// The turning points of a text.
fn turns(points: &[Point], tracks: &[Track]) -> Vec<Turn> {
    let mut open: Vec<Range<usize>> = std::iter::once(0..points.len()).collect();
    let mut changes = Vec::new();
    while let Some(stretch) = open.pop() {
        if let Some(change) = change(tracks, &stretch) {
            open.extend([stretch.start..change.at, change.at..stretch.end]);
            changes.push(change);
        }
    }
    changes.sort_by_key(|change| change.at);
    let bounds: Vec<usize> =
        std::iter::once(0).chain(changes.iter().map(|change| change.at)).chain([points.len()]).collect();
    let sides: Vec<Side> = bounds.windows(2).map(|bounds| Side::of(&points[bounds[0]..bounds[1]])).collect();
    let turn = |(change, sides): (Change, &[Side])| Turn {
        sentence: change.at,
        from: sides[0].label,
        to: sides[1].label,
        valence: [sides[0].valence, sides[1].valence],
        series: change.series,
        step: change.step as f32,
        chance: change.chance,
    };
    changes.into_iter().zip(sides.windows(2)).map(turn).collect()
}

/// What the sentences between two turning points have in common.
struct Side {
    label: Option<usize>,
    valence: f32,
}

impl Side {
    fn of(points: &[Point]) -> Self {
        let count = points.len().max(1) as f32;
        let width = points.first().map_or(0, |point| point.probability.len());
        let mean = |label: usize| points.iter().map(|point| point.probability[label]).sum::<f32>() / count;
        let label = (0..width)
            .filter(|&label| points.iter().any(|point| point.on[label]))
            .map(|label| (label, mean(label)))
            .rev()
            .max_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(label, _)| label);
        Self { label, valence: points.iter().map(|point| point.affect.valence).sum::<f32>() / count }
    }
}

/// The chance that a standard normal number is as far from 0 as `x`, to 1.2e-7 of itself: the complementary error function
/// as in Press et al., Numerical Recipes, 6.2.
fn two_tails(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    const COEFFICIENTS: [f64; 10] = [
        0.170_872_77,
        -0.822_152_23,
        1.488_515_87,
        -1.135_203_98,
        0.278_868_07,
        -0.186_288_06,
        0.096_784_18,
        0.374_091_96,
        1.000_023_68,
        -1.265_512_23,
    ];
    let series = COEFFICIENTS.into_iter().fold(0.0, |sum, coefficient| sum * t + coefficient);
    t * (series - z * z).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sentences of one series, valence, whose reference texts deviate by 1.
    fn turns_of(values: &[f32]) -> Vec<(usize, f32)> {
        let points: Vec<Point> = values
            .iter()
            .map(|&valence| Point {
                range: 0..0,
                affect: Affect { valence, arousal: 5.0 },
                probability: vec![],
                on: vec![],
            })
            .collect();
        let reference = [-1.0, 0.0, 1.0];
        let track = Track::new(Series::Valence, values.iter().copied(), &reference).unwrap();
        turns(&points, &[track]).iter().map(|turn| (turn.sentence, turn.step)).collect()
    }

    #[test]
    fn a_text_turns_where_it_turns() {
        assert_eq!(turns_of(&[7.0, 8.0, 7.5, 2.0, 2.5, 1.5]).iter().map(|turn| turn.0).collect::<Vec<_>>(), [3]);
        let there_and_back = [7.0, 8.0, 7.0, 2.0, 2.0, 2.0, 8.0, 7.0, 8.0];
        assert_eq!(turns_of(&there_and_back).iter().map(|turn| turn.0).collect::<Vec<_>>(), [3, 6]);
        assert!(turns_of(&[7.0, 7.0, 2.0, 2.0])[0].1 < 0.0);
    }

    #[test]
    fn one_sentence_or_a_short_text_is_no_turn() {
        for values in [&[][..], &[5.0], &[8.0, 2.0], &[8.0, 8.0, 2.0], &[5.0, 5.0, 5.0, 8.0, 5.0, 5.0, 5.0]] {
            assert_eq!(turns_of(values), [], "{values:?}");
        }
    }

    /// As many false alarms as promised, at most, among texts of random sentences.
    #[test]
    fn noise_is_no_turn() {
        let mut random = fastrand::Rng::with_seed(7);
        let mut normal = || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
        let texts = 2_000;
        let alarms = (0..texts)
            .filter(|text| !turns_of(&(0..4 + text % 17).map(|_| normal()).collect::<Vec<_>>()).is_empty())
            .count();
        assert!(alarms <= texts / 100, "{alarms} of {texts}");
    }

    #[test]
    fn tails_are_the_normal_distributions() {
        for (x, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (-3.290_527, 0.001), (5.0, 5.733_031e-7)] {
            assert!((two_tails(x) / p - 1.0).abs() < 1e-5, "{x}: {}", two_tails(x));
        }
    }
}
