//! `undertone evaluate`: a model's figures on sets that people labelled.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};
use undertone_core::{
    AffectHead, Background, Embeddings, Encoder, LabelSet, Mode, ScoreOptions, Scorer, Scores, metrics,
};

use crate::bundle;
use crate::data::{EvaluationSet, Task};
use crate::student::Student;

/// Measure a model by sets that people labelled.
#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// The bundle: a folder with manifest.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// Evaluation sets: folders with set.json and data.jsonl
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
    /// A label set with descriptions and synonyms for the sets' labels, matched by name
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Write the figures as JSON to a file, or to standard output with -
    #[arg(long, value_name = "FILE|-")]
    json: Option<PathBuf>,
}

/// Runs the command.
pub fn evaluate(args: &EvaluateArgs) -> Result<()> {
    let sets = args.set.iter().map(|s| EvaluationSet::read(s, None)).collect::<Result<Vec<_>>>()?;
    let wording = args.labels.as_deref().map(read_labels).transpose()?;
    let encoder = Encoder::load(bundle::read(&args.model)?)?;
    let progress = ProgressBar::new(distinct(&sets));
    let subject = Subject::of_encoder(&encoder, wording, &progress);
    let report = Report::of(&subject, &sets)?;
    progress.finish_and_clear();
    match args.json.as_deref() {
        Some(path) if path == Path::new("-") => println!("{:#}", Value::Object(report.to_json())),
        Some(path) => {
            let text = format!("{:#}\n", Value::Object(report.to_json()));
            fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
            print!("{report}");
        }
        None => print!("{report}"),
    }
    Ok(())
}

/// How many texts the sets have between them.
pub fn distinct(sets: &[EvaluationSet]) -> u64 {
    sets.iter().flat_map(|set| &set.texts).collect::<HashSet<_>>().len() as u64
}

fn read_labels(path: &Path) -> Result<LabelSet> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    LabelSet::from_json(&text).with_context(|| path.display().to_string())
}

type Encode<'a> = Box<dyn Fn(&[&str]) -> Result<Embeddings> + 'a>;

/// What is measured: anything that turns texts into vectors, and reads them.
pub struct Subject<'a> {
    encode: Encode<'a>,
    affect: AffectHead,
    scorer: Scorer,
    /// Descriptions and synonyms for labels of these names.
    wording: Option<LabelSet>,
    /// The vectors of all texts so far: sets share texts, and what is calibrated on a set is measured by it next.
    known: RefCell<HashMap<String, Vec<f32>>>,
}

impl<'a> Subject<'a> {
    /// A loaded bundle; labels are worded as `wording` says, where it knows their names.
    pub fn of_encoder(encoder: &'a Encoder, wording: Option<LabelSet>, progress: &'a ProgressBar) -> Self {
        let encode = |texts: &[&str]| {
            progress.inc(texts.len() as u64);
            Ok(encoder.encode(texts)?.vectors)
        };
        Self {
            encode: Box::new(encode),
            affect: encoder.affect_head().clone(),
            scorer: encoder.scorer().clone(),
            wording,
            known: RefCell::default(),
        }
    }

    /// A student in training, with what it has learned so far for a calibration.
    pub fn of_student(student: &'a Student) -> Result<Self> {
        Ok(Self {
            encode: Box::new(|texts| student.encode(texts)),
            affect: student.affect_head()?,
            scorer: Scorer::new(student.calibration()?, Background::none(student.config.hidden))?,
            wording: None,
            known: RefCell::default(),
        })
    }

    /// Scores another way from here on.
    pub fn rescore(&mut self, scorer: Scorer) {
        self.scorer = scorer;
    }

    /// How it scores.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// The vectors of many texts, a few at a time.
    pub fn encode<T: AsRef<str>>(&self, texts: &[T]) -> Result<Embeddings> {
        let mut known = self.known.borrow_mut();
        let mut new: Vec<&str> = texts.iter().map(AsRef::as_ref).filter(|text| !known.contains_key(*text)).collect();
        new.sort_unstable();
        new.dedup();
        for chunk in new.chunks(32) {
            let rows = (self.encode)(chunk)?;
            known.extend(chunk.iter().map(|text| (*text).to_owned()).zip(rows.rows().map(<[f32]>::to_vec)));
        }
        let rows: Vec<&[f32]> = texts.iter().filter_map(|text| known.get(text.as_ref()).map(Vec::as_slice)).collect();
        let dim = rows.first().context("there are no texts to encode")?.len();
        Ok(Embeddings::new(dim, rows.concat())?)
    }

    /// A set's labels, in its order, worded as the label set given says.
    fn labels(&self, names: &[String]) -> Result<LabelSet> {
        let mut labels = LabelSet::new("evaluation");
        if let Some(wording) = &self.wording {
            labels.set_template(wording.template())?;
        }
        for name in names {
            let id = labels.add(name)?;
            if let Some(known) = self.wording.as_ref().and_then(|w| w.find(name)) {
                labels.set_description(id, &known.description)?;
                labels.set_synonyms(id, known.synonyms.clone())?;
                labels.set_threshold(id, known.threshold)?;
            }
        }
        Ok(labels)
    }

    /// One vector per label: the mean of its wordings'.
    fn label_vectors(&self, labels: &LabelSet) -> Result<Embeddings> {
        let mut vectors = Vec::new();
        let mut dim = 0;
        for label in labels.labels() {
            let wordings = self.encode(&labels.wordings(label.id))?;
            dim = wordings.dim();
            vectors.extend(Embeddings::mean(&wordings.rows().collect::<Vec<_>>())?);
        }
        Ok(Embeddings::new(dim, vectors)?)
    }

    /// The scores of a set's texts against its labels.
    pub fn scores(&self, set: &EvaluationSet) -> Result<Scores> {
        let mode = if set.task == Task::Single { Mode::Single } else { Mode::Multi };
        let labels = self.labels(&set.labels)?;
        let options = ScoreOptions { mode, threshold: None };
        let (texts, vectors) = (self.encode(&set.texts)?, self.label_vectors(&labels)?);
        Ok(self.scorer.score(&texts, &vectors, &labels, &options)?)
    }

    /// What a calibration is fitted on: see [`Scorer::evidence`].
    pub fn evidence(&self, set: &EvaluationSet) -> Result<(Vec<f32>, Vec<f32>, Vec<bool>)> {
        let labels = self.labels(&set.labels)?;
        Ok(self.scorer.evidence(&self.encode(&set.texts)?, &self.label_vectors(&labels)?, &labels)?)
    }

    fn figures(&self, set: &EvaluationSet) -> Result<Map<String, Value>> {
        let mut figures = Map::new();
        figures.insert("task".into(), set.task.name().into());
        figures.insert("rows".into(), set.texts.len().into());
        let mut add = |name: &str, value: undertone_core::Result<f64>| -> Result<()> {
            figures.insert(name.into(), json!(value.with_context(|| format!("{}: {name}", set.name))?));
            Ok(())
        };
        match set.task {
            Task::Regression => {
                let texts = self.encode(&set.texts)?;
                let read = texts.rows().map(|row| Ok(self.affect.read(row)?)).collect::<Result<Vec<_>>>()?;
                let column = |i: usize| set.affect.iter().map(|a| f64::from(a[i])).collect::<Vec<_>>();
                let valence: Vec<f64> = read.iter().map(|a| f64::from(a.valence)).collect();
                let arousal: Vec<f64> = read.iter().map(|a| f64::from(a.arousal)).collect();
                add("valence_r", metrics::pearson(&column(0), &valence))?;
                add("arousal_r", metrics::pearson(&column(1), &arousal))?;
            }
            Task::Single => {
                let scores = self.scores(set)?;
                let gold: Vec<usize> = set.gold.iter().map(|g| g[0]).collect();
                let said: Vec<usize> = (0..scores.len()).map(|i| scores.best(i).unwrap_or(0)).collect();
                add("accuracy", metrics::accuracy(&gold, &said))?;
                let one_hot = |rows: &[usize]| -> Vec<Vec<bool>> {
                    rows.iter().map(|&row| (0..set.labels.len()).map(|l| l == row).collect()).collect()
                };
                add("macro_f1", metrics::macro_f1(&one_hot(&gold), &one_hot(&said)))?;
            }
            Task::Multi => {
                let scores = self.scores(set)?;
                let gold: Vec<Vec<bool>> =
                    set.gold.iter().map(|g| (0..set.labels.len()).map(|l| g.contains(&l)).collect()).collect();
                let on: Vec<Vec<bool>> = (0..scores.len()).map(|i| scores.on(i).to_vec()).collect();
                let probability: Vec<Vec<f64>> =
                    (0..scores.len()).map(|i| scores.probability(i).iter().map(|&p| f64::from(p)).collect()).collect();
                add("macro_f1", metrics::macro_f1(&gold, &on))?;
                add("micro_f1", metrics::micro_f1(&gold, &on))?;
                add("jaccard", metrics::jaccard(&gold, &on))?;
                add("map", metrics::mean_average_precision(&gold, &probability))?;
                add("auroc", metrics::auroc(&gold, &probability))?;
            }
        }
        Ok(figures)
    }
}

/// The figures of some sets.
pub struct Report {
    sets: Vec<(String, Map<String, Value>)>,
}

impl Report {
    /// Measures `subject` by each of the sets.
    pub fn of(subject: &Subject, sets: &[EvaluationSet]) -> Result<Self> {
        let sets = sets.iter().map(|set| Ok((set.name.clone(), subject.figures(set)?))).collect::<Result<_>>()?;
        Ok(Self { sets })
    }

    /// `{"<set name>": {"task", "rows", "<metric>": value, ...}}`
    pub fn to_json(&self) -> Map<String, Value> {
        self.sets.iter().map(|(name, figures)| (name.clone(), Value::Object(figures.clone()))).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const METRICS: [&str; 8] =
            ["accuracy", "macro_f1", "micro_f1", "jaccard", "map", "auroc", "valence_r", "arousal_r"];
        let width = self.sets.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max("set".len());
        write!(f, "{:width$} {:>6}", "set", "rows")?;
        METRICS.iter().try_for_each(|metric| write!(f, " {metric:>9}"))?;
        writeln!(f)?;
        for (name, figures) in &self.sets {
            write!(f, "{name:width$} {:>6}", figures["rows"])?;
            for metric in METRICS {
                match figures.get(metric).and_then(Value::as_f64) {
                    Some(value) => write!(f, " {value:>9.3}")?,
                    None => write!(f, " {:>9}", "")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
