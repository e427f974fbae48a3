//! How many classes texts bear.

use serde::{Deserialize, Serialize};

use super::words::{counted, figure, listed, number};
use crate::labels::key;
use crate::math::exp;
use crate::metrics::{Interval, beyond_chance, cohen_kappa, resample};
use crate::scoring::join;
use crate::{
    Cut, Error, ErrorKind, Evidence, LabelId, LabelSet, Lexicon, Mode, Prepared, Result, ScoreOptions, Scorer, Scores,
    Tags,
};

/// From which agreement on judgements are reliable, and from which one on conclusions may be drawn with caution
/// (Krippendorff 2004).
const RELIABLE: f64 = 0.8;
const TENTATIVE: f64 = 0.667;

/// How often texts are drawn anew for an interval.
const DRAWS: u64 = 200;
/// Of fewer texts nothing is told.
const FEW: usize = 20;
/// How many texts are judged at most.
const TEXTS: usize = 5_000;
/// How many wordings of each label are compared, its name among them.
const WORDINGS: usize = 4;
/// How many cuts are judged at most.
const CUTS: usize = 40;

/// Evenly spaced texts of so many, 5,000 at most: those that [`Support`] should judge.
pub fn sample(texts: usize) -> Vec<usize> {
    let count = texts.min(TEXTS);
    (0..count).map(|i| i * texts / count).collect()
}

/// Some of the numbers of classes that a tree can be cut into, 40 at most: all small ones, and ever fewer of the large.
pub fn ladder(counts: &[usize]) -> Vec<usize> {
    let Some(&last) = counts.last().filter(|_| counts.len() > CUTS) else {
        return counts.to_vec();
    };
    let (first, steps) = (counts[0].max(1) as f64, (CUTS - 1) as f64);
    let wanted = |i: usize| first * (last as f64 / first).powf(i as f64 / steps);
    let nearest = |wanted: f64| {
        counts
            .iter()
            .copied()
            .min_by(|&a, &b| (a as f64 - wanted).abs().total_cmp(&(b as f64 - wanted).abs()).then(a.cmp(&b)))
    };
    let mut rungs: Vec<usize> = (0..CUTS).filter_map(|i| nearest(wanted(i))).collect();
    rungs.dedup();
    rungs
}

/// A set's labels in several wordings, each of which could stand for the label alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewordings {
    /// One wording for each of the set's [parts](LabelSet::parts), several times over: at first their names, in the
    /// template, then other words for them. Empty if no label has any.
    pub rounds: Vec<Vec<String>>,
    /// How many parts have other words.
    pub reworded: usize,
}

impl Rewordings {
    /// The wordings of a set: of each label its name, two of its synonyms and its description; three synonyms if it has no
    /// description. One that has no synonyms of its own has the lexicon's, and one with fewer other words takes turns with
    /// these.
    pub fn of(set: &LabelSet, lexicon: &Lexicon) -> Self {
        let parts = set.parts();
        let others: Vec<Vec<String>> = parts.iter().map(|part| other_words(part.label, lexicon)).collect();
        let most = others.iter().map(Vec::len).max().unwrap_or(0).min(WORDINGS - 1);
        let name = |part: usize| set.template().replacen("{}", &parts[part].label.name, 1);
        let wording = |part: usize, round: usize| match others[part].len() {
            _ if round == 0 => name(part),
            0 => name(part),
            count => others[part][(round - 1) % count].clone(),
        };
        let round = |round: usize| (0..parts.len()).map(|part| wording(part, round)).collect();
        let rounds = if most == 0 { Vec::new() } else { (0..=most).map(round).collect() };
        Self { rounds, reworded: others.iter().filter(|others| !others.is_empty()).count() }
    }
}

/// Other words for a label than its name, that it can be told by.
fn other_words(label: &crate::Label, lexicon: &Lexicon) -> Vec<String> {
    let known = || lexicon.find(&label.name).map(|term| &lexicon.terms()[term]);
    let mut words = label.synonyms.clone();
    if words.is_empty() {
        words = known().map(|term| [vec![term.term.clone()], term.synonyms.clone()].concat()).unwrap_or_default();
    }
    words.retain(|word| key(word) != key(&label.name));
    let description = label.description.trim();
    words.truncate(if description.is_empty() { WORDINGS - 1 } else { WORDINGS - 2 });
    words.extend(Some(description.to_owned()).filter(|words| !words.is_empty()));
    words
}

/// Labels in one wording, prepared by [`Scorer::prepare_words`], and the evidence of the texts for them.
#[derive(Debug, Clone, PartialEq)]
pub struct Wording {
    /// The labels.
    pub labels: Prepared,
    /// The evidence of the texts.
    pub evidence: Evidence,
}

/// Judges how well texts bear the classes of cuts.
#[derive(Debug, Clone)]
pub struct Support<'a> {
    scorer: &'a Scorer,
    set: &'a LabelSet,
    labels: &'a Prepared,
    evidence: &'a Evidence,
    options: ScoreOptions,
    wordings: &'a [Wording],
    gold: Option<&'a Tags>,
    /// The share of each label in each text, `(texts, labels)`.
    shares: Vec<f32>,
    /// How often each text is drawn, several times over.
    draws: Vec<Vec<u32>>,
}

/// A figure with the interval that it has when texts are drawn anew; none where some draws do not have it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<Interval>,
}

/// What a cut is worth for some texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// How many classes it has.
    pub classes: usize,
    /// Stability under rewording: Light's kappa (Light 1971), the mean over all pairs of wordings of [Cohen's
    /// kappa](crate::metrics::cohen_kappa) of the class that each text expresses most, by one wording and by the other. `None`
    /// without other words, or where all texts express one class.
    pub stability: Option<Estimate>,
    /// The same of each class against all others.
    pub by_class: Vec<Option<f64>>,
    /// How far the class with the largest share of a text is before the second, on the mean over the texts; 0 to 1. The share
    /// of a label is `softmax(logit / (scale * temperature))`, and of a class the sum of its labels'.
    pub margin: f64,
    /// The entropy of these shares by its largest possible value, the logarithm of the number of classes, on the mean over the
    /// texts; 0 to 1.
    pub entropy: f64,
    /// The share of texts without a class.
    pub none: f64,
    /// The [`macro_f1`](crate::metrics::macro_f1) of the tags by what people said, of classes as the cut joins labels.
    pub macro_f1: Option<Estimate>,
    /// The mean over the classes of Cohen's kappa of tags and what people said. Classes that neither has are left out.
    pub kappa: Option<Estimate>,
}

impl<'a> Support<'a> {
    /// `evidence` is that of the texts for the labels, which are prepared for `set`. `wordings` are these labels in
    /// [other words](Rewordings), for the same texts, and `gold` what people said of these texts.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: evidence or tags of other labels or texts, or a threshold that is not between 0 and 1.
    pub fn new(
        scorer: &'a Scorer,
        set: &'a LabelSet,
        labels: &'a Prepared,
        evidence: &'a Evidence,
        options: ScoreOptions,
        wordings: &'a [Wording],
        gold: Option<&'a Tags>,
    ) -> Result<Self> {
        let (texts, width) = (evidence.len(), set.labels().len());
        let fits = |labels: &Prepared, evidence: &Evidence| {
            labels.len() == width && evidence.width() == width && evidence.len() == texts
        };
        let gold_fits = gold.is_none_or(|gold| gold.len() == texts && gold.width() == width);
        if !fits(labels, evidence) || !gold_fits || wordings.iter().any(|w| !fits(&w.labels, &w.evidence)) {
            let message = format!("the evidence or tags are not those of {texts} texts for {width} labels");
            return Err(Error::new(ErrorKind::BadInput, message));
        }
        let multi = ScoreOptions { mode: Mode::Multi, ..options };
        labels.readout().read(&Evidence::new(width, Vec::new(), Vec::new()), scorer.calibration(), &multi)?;
        let shares = (0..texts).flat_map(|text| shares(scorer, labels, evidence.row(text))).collect();
        let draws = (0..DRAWS).map(|draw| resample(texts, draw)).collect();
        Ok(Self { scorer, set, labels, evidence, options, wordings, gold, shares, draws })
    }

    /// How many texts are judged.
    pub fn texts(&self) -> usize {
        self.evidence.len()
    }

    /// What a cut is worth.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]: a cut of other labels.
    pub fn row(&self, cut: &Cut) -> Result<Row> {
        let groups = self.groups(cut)?;
        let scores = self.scores(self.labels, self.evidence, cut, &groups, self.options)?;
        let tags = Tags::of(&scores);
        let single = ScoreOptions { mode: Mode::Single, ..self.options };
        let choose = |wording: &Wording| {
            let scores = self.scores(&wording.labels, &wording.evidence, cut, &groups, single)?;
            Ok((0..scores.len()).filter_map(|text| scores.best(text)).collect())
        };
        let judges = self.wordings.iter().map(choose).collect::<Result<Vec<Vec<usize>>>>()?;
        let (margin, entropy) = self.sharpness(&groups);
        let gold = self.gold.map(|gold| gold.join(&groups));
        let agreement = gold.map(|gold| Confusion::new(&tags, &gold));
        let estimate = |figure: &dyn Fn(&[u32]) -> Option<f64>| self.estimate(figure);
        Ok(Row {
            classes: cut.len(),
            stability: estimate(&|times| light_kappa(&judges, cut.len(), times)),
            by_class: (0..cut.len()).map(|class| one_against_all(&judges, class)).collect(),
            margin,
            entropy,
            none: tags.none() as f64 / tags.len().max(1) as f64,
            macro_f1: agreement.as_ref().and_then(|confusion| estimate(&|times| confusion.macro_f1(times))),
            kappa: agreement.as_ref().and_then(|confusion| estimate(&|times| confusion.kappa(times))),
        })
    }

    /// The labels of each class, by index.
    fn groups(&self, cut: &Cut) -> Result<Vec<Vec<usize>>> {
        // What is no cut of these labels is refused here.
        self.scorer.cut(self.labels, self.set, cut)?;
        let index = |id: &LabelId| self.set.labels().iter().position(|label| label.id == *id);
        Ok(cut.classes().iter().map(|class| class.members.iter().filter_map(index).collect()).collect())
    }

    fn scores(
        &self,
        labels: &Prepared,
        evidence: &Evidence,
        cut: &Cut,
        groups: &[Vec<usize>],
        options: ScoreOptions,
    ) -> Result<Scores> {
        let calibration = self.scorer.calibration();
        let classes = self.scorer.cut(labels, self.set, cut)?;
        classes.readout().read(&join(evidence.clone(), groups, calibration.temperature), calibration, &options)
    }

    /// The mean margin and the mean normalised entropy.
    fn sharpness(&self, groups: &[Vec<usize>]) -> (f64, f64) {
        let width = self.labels.len().max(1);
        let (mut margin, mut entropy) = (0.0, 0.0);
        for row in self.shares.chunks(width) {
            let (mut first, mut second) = (0.0f64, 0.0f64);
            for group in groups {
                let share: f64 = group.iter().map(|&label| f64::from(row[label])).sum();
                (first, second) = if share > first { (share, first) } else { (first, second.max(share)) };
                entropy -= if share > 0.0 { share * share.ln() } else { 0.0 };
            }
            margin += first - second;
        }
        let texts = self.texts().max(1) as f64;
        let most = (groups.len() as f64).ln();
        (margin / texts, if most > 0.0 { entropy / texts / most } else { 0.0 })
    }

    fn estimate(&self, figure: &dyn Fn(&[u32]) -> Option<f64>) -> Option<Estimate> {
        let value = figure(&vec![1; self.texts()])?;
        let drawn = self.draws.iter().map(|times| figure(times)).collect::<Option<Vec<f64>>>();
        Some(Estimate { value, interval: drawn.and_then(Interval::of) })
    }
}

/// The share of each label in a text: the softmax of `logit / (scale * temperature)`. Shares of labels that are joined add up,
/// as their evidence does ([`Evidence`]). `evidence` is the text's for each label.
///
/// # Panics
/// If it is the evidence for another number of labels.
pub fn shares(scorer: &Scorer, labels: &Prepared, evidence: &[f32]) -> Vec<f32> {
    let (calibration, offsets) = (scorer.calibration(), &labels.readout().offsets);
    assert_eq!(evidence.len(), offsets.len(), "evidence for each label");
    let levels: Vec<f32> = evidence.iter().zip(offsets).map(|(e, offset)| e + offset / calibration.scale).collect();
    let largest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f32> = levels.iter().map(|level| exp((level - largest) / calibration.temperature)).collect();
    let total: f32 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares
}

/// The mean over all pairs of judges of Cohen's kappa, of rows that each count so many times.
fn light_kappa(judges: &[Vec<usize>], classes: usize, times: &[u32]) -> Option<f64> {
    let total = times.iter().map(|&times| f64::from(times)).sum::<f64>();
    let counts = |judge: &Vec<usize>| {
        let mut counts = vec![0.0; classes];
        judge.iter().zip(times).for_each(|(&class, &times)| counts[class] += f64::from(times));
        counts
    };
    let counts: Vec<Vec<f64>> = judges.iter().map(counts).collect();
    let kappa = |(a, b): (usize, usize)| {
        let agreed = judges[a].iter().zip(&judges[b]).zip(times).filter(|((a, b), _)| a == b);
        let observed = agreed.map(|(_, &times)| f64::from(times)).sum::<f64>() / total;
        let expected = counts[a].iter().zip(&counts[b]).map(|(a, b)| a * b).sum::<f64>() / (total * total);
        beyond_chance(observed, expected)
    };
    mean(pairs(judges.len()).map(kappa).collect::<Option<Vec<f64>>>()?)
}

/// The same of one class against all others.
fn one_against_all(judges: &[Vec<usize>], class: usize) -> Option<f64> {
    let judges: Vec<Vec<bool>> =
        judges.iter().map(|judge| judge.iter().map(|&chosen| chosen == class).collect()).collect();
    let kappa = |(a, b): (usize, usize)| cohen_kappa(&judges[a], &judges[b]).ok().flatten();
    mean(pairs(judges.len()).filter_map(kappa).collect())
}

fn pairs(count: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..count).flat_map(move |a| (a + 1..count).map(move |b| (a, b)))
}

fn mean(values: Vec<f64>) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Tags beside what people said, of each class.
struct Confusion {
    classes: usize,
    /// Texts and classes.
    said: Vec<(u32, u32)>,
    gold: Vec<(u32, u32)>,
    both: Vec<(u32, u32)>,
}

impl Confusion {
    fn new(said: &Tags, gold: &Tags) -> Self {
        let all = |tags: &Tags| -> Vec<(u32, u32)> {
            (0..tags.width()).flat_map(|class| tags.texts(class).map(move |text| (text as u32, class as u32))).collect()
        };
        let (listed, gold_listed) = (all(said), all(gold));
        let both = listed.iter().copied().filter(|&(text, class)| gold.has(text as usize, class as usize)).collect();
        Self { classes: said.width(), said: listed, gold: gold_listed, both }
    }

    /// Of each class, in how many texts it was said, given by people, and both, where each text counts so many times.
    fn counts(&self, times: &[u32]) -> Vec<[f64; 3]> {
        let mut counts = vec![[0.0; 3]; self.classes];
        for (i, list) in [&self.said, &self.gold, &self.both].into_iter().enumerate() {
            list.iter().for_each(|&(text, class)| counts[class as usize][i] += f64::from(times[text as usize]));
        }
        counts
    }

    fn macro_f1(&self, times: &[u32]) -> Option<f64> {
        let f1 = |[said, gold, both]: [f64; 3]| if said + gold > 0.0 { 2.0 * both / (said + gold) } else { 0.0 };
        mean(self.counts(times).into_iter().map(f1).collect())
    }

    fn kappa(&self, times: &[u32]) -> Option<f64> {
        let total = times.iter().map(|&times| f64::from(times)).sum::<f64>();
        let kappa = |[said, gold, both]: [f64; 3]| {
            let observed = (total - said - gold + 2.0 * both) / total;
            let expected = (said * gold + (total - said) * (total - gold)) / (total * total);
            beyond_chance(observed, expected)
        };
        mean(self.counts(times).into_iter().filter_map(kappa).collect())
    }
}

/// What rows of a support curve come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The largest number of classes up to which the stability is .8 or more at every cut.
    pub reliable: Option<usize>,
    /// The largest number of classes beyond which the stability is below .667 at every cut, if there is such a cut.
    pub lost: Option<usize>,
    /// Whether too few texts were judged to tell.
    pub too_few: bool,
    /// That in a sentence or two.
    pub sentence: String,
}

impl Verdict {
    /// Of some rows, by ascending numbers of classes. `texts` is how many were judged, and `finest` are the names of the last
    /// row's classes.
    pub fn of(rows: &[Row], texts: usize, finest: &[&str]) -> Self {
        let curve: Vec<(usize, Estimate)> = rows.iter().filter_map(|row| Some((row.classes, row.stability?))).collect();
        let reliable =
            curve.iter().take_while(|(_, kappa)| kappa.value >= RELIABLE).last().map(|&(classes, _)| classes);
        let low = curve.iter().rev().take_while(|(_, kappa)| kappa.value < TENTATIVE).count();
        let last_held = curve.len().checked_sub(low + 1).filter(|_| low > 0);
        let lost = last_held.map(|at| curve[at].0);
        let undecided = |(_, kappa): &(usize, Estimate)| {
            kappa.interval.is_none_or(|interval| interval.low < TENTATIVE && interval.high >= RELIABLE)
        };
        let too_few = texts < FEW || curve.first().is_some_and(undecided);
        let classes = rows.last().map_or(0, |row| row.classes);
        let mut sentences = vec![told(&curve, classes, texts, too_few, reliable, lost)];
        if !too_few {
            sentences.extend(rows.last().and_then(|row| weak(row, finest)));
            sentences.extend(gold(rows));
        }
        Self { reliable, lost, too_few, sentence: sentences.join(" ") }
    }
}

fn told(
    curve: &[(usize, Estimate)],
    classes: usize,
    texts: usize,
    too_few: bool,
    reliable: Option<usize>,
    lost: Option<usize>,
) -> String {
    let (Some(&(coarsest, first)), Some(&(finest, last))) = (curve.first(), curve.last()) else {
        return if classes < 2 {
            "There is one class: nothing to tell apart.".into()
        } else if texts < FEW {
            format!("Too few texts to tell: {}.", counted(texts, "text", "texts"))
        } else {
            "How many classes these texts bear cannot be told: either no label has other words (give some a synonym or a \
             description), or all texts express the same class."
                .into()
        };
    };
    if too_few {
        let interval = first.interval.map(|i| format!(", {} to {}", figure(i.low), figure(i.high))).unwrap_or_default();
        let (texts, at) = (counted(texts, "text", "texts"), counted(coarsest, "class", "classes"));
        return format!("Too few texts to tell: {texts} (kappa {} at {at}{interval}).", figure(first.value));
    }
    let kappa = |at: usize| curve.iter().find(|&&(classes, _)| classes == at).map_or(0.0, |&(_, kappa)| kappa.value);
    let same = "other words for the same labels tag the same texts";
    let beyond = match lost {
        Some(lost) => {
            format!("; beyond {} they no longer do ({} at {})", number(lost), figure(last.value), number(finest))
        }
        None => format!("; beyond, they do so less and less ({} at {})", figure(last.value), number(finest)),
    };
    match reliable {
        Some(all) if all == finest => {
            format!("At all {}, {same} (kappa {}).", counted(all, "class", "classes"), figure(last.value))
        }
        Some(up_to) => {
            format!("Up to {}, {same} (kappa {}){beyond}.", counted(up_to, "class", "classes"), figure(kappa(up_to)))
        }
        None if first.value >= TENTATIVE => format!(
            "Even at {}, {same} only roughly (kappa {}){beyond}.",
            counted(coarsest, "class", "classes"),
            figure(first.value)
        ),
        None => format!(
            "Even at {}, other words for the same labels tag other texts (kappa {}).",
            counted(coarsest, "class", "classes"),
            figure(first.value)
        ),
    }
}

/// The classes of the finest cut that do not survive their own synonyms, the weakest first.
fn weak(row: &Row, names: &[&str]) -> Option<String> {
    const MOST: usize = 5;
    let mut weak: Vec<(f64, &str)> =
        row.by_class.iter().zip(names).filter_map(|(kappa, name)| Some(((*kappa)?, *name))).collect();
    weak.retain(|&(kappa, _)| kappa < TENTATIVE);
    weak.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
    let (first, more) = (weak.len().min(MOST), weak.len().saturating_sub(MOST));
    let mut told: Vec<String> =
        weak[..first].iter().map(|(kappa, name)| format!("{name} ({})", figure(*kappa))).collect();
    told.extend((more > 0).then(|| format!("{more} more")));
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let verb = if weak.len() == 1 { "does" } else { "do" };
    (!weak.is_empty()).then(|| format!("Of the finest, {} {verb} not survive other words.", listed(&told)))
}

/// Where tags are nearest to what people said.
fn gold(rows: &[Row]) -> Option<String> {
    let curve: Vec<(usize, f64)> = rows.iter().filter_map(|row| Some((row.classes, row.kappa?.value))).collect();
    let &(best_at, most) = curve.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let &(finest, last) = curve.last()?;
    let best = format!(
        "With people's labels, tags agree best at {} (kappa {})",
        counted(best_at, "class", "classes"),
        figure(most)
    );
    Some(if (most, finest) == (last, best_at) {
        format!("{best}.")
    } else {
        format!("{best}; at {} by {}.", number(finest), figure(last))
    })
}
