//! `undertone explain`: why a text is scored as it is.

mod measure;
mod order;
mod told;

use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use undertone_core::explain::{
    Breakdown, Card, Edits, Occlusion, Passage, Perturbations, Ribbon, Scoring, Share, Variant,
};
use undertone_core::{Encoder, LabelId, LabelSet, Mode, Prepared, Result as CoreResult, ScoreOptions, Wordings};

use crate::bundle;
use crate::evaluate::read_labels;
pub use measure::{MeasureArgs, measure};

/// Say why a text is scored as it is
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The text, or - for standard input
    #[arg(value_name = "TEXT|-", allow_hyphen_values = true)]
    text: String,
    /// The bundle: a folder with manifest.json
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The label set
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// The label to explain; the most probable, if none is given
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// A text has one label at most
    #[arg(long)]
    single: bool,
    /// Write everything as JSON; places in the text are in bytes
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn explain(args: &ExplainArgs) -> Result<()> {
    let text = if args.text == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).context("standard input cannot be read as UTF-8 text")?;
        text
    } else {
        args.text.clone()
    };
    let set = read_labels(&args.labels)?;
    ensure!(!set.labels().is_empty(), "{} has no labels; a text is explained by one", args.labels.display());
    let options = ScoreOptions { mode: if args.single { Mode::Single } else { Mode::Multi }, threshold: None };
    let reader = Reader::new(Encoder::load(bundle::read(&args.model)?)?, set, options)?;
    let label = match &args.label {
        Some(name) => {
            let label = reader.set.find(name);
            Some(label.with_context(|| format!("{} has no label '{name}'", args.labels.display()))?.id)
        }
        None => None,
    };
    let told = reader.read(&text, label)?;
    if args.json {
        println!("{:#}", told.to_json())
    } else {
        print!("{told}")
    }
    Ok(())
}

/// A model with the labels that it explains by.
pub struct Reader {
    pub encoder: Encoder,
    pub set: LabelSet,
    pub options: ScoreOptions,
    pub labels: Prepared,
    wordings: Wordings,
}

/// All that is said of a text and a label.
pub struct Told<'a> {
    text: &'a str,
    set: &'a LabelSet,
    label: usize,
    probability: Vec<f32>,
    on: Vec<bool>,
    occlusion: Occlusion,
    shares: Vec<Vec<Share>>,
    breakdown: Breakdown,
    ribbon: Ribbon,
    edits: Edits,
    card: Card,
}

impl Reader {
    pub fn new(encoder: Encoder, set: LabelSet, options: ScoreOptions) -> Result<Self> {
        let mut wordings = Wordings::default();
        let missing = wordings.missing(&set);
        let vectors = encoder.encode(&missing.iter().map(String::as_str).collect::<Vec<_>>())?.vectors;
        wordings.learn(missing, &vectors)?;
        let vectors = wordings.matrix(&set, encoder.manifest().encoder.hidden)?;
        let vectors = vectors.context("a wording of a label has no vector. This is a bug.")?;
        let labels = encoder.scorer().prepare(vectors, &set)?;
        Ok(Self { encoder, set, options, labels, wordings })
    }

    pub fn scoring(&self) -> Scoring<'_> {
        Scoring { scorer: self.encoder.scorer(), labels: &self.labels, options: &self.options }
    }

    /// The most probable label of a text.
    pub fn best(&self, text: &str) -> Result<usize> {
        let vectors = self.encoder.encode(&[text])?.vectors;
        let scores = self.encoder.scorer().score(&vectors, &self.labels, &self.options)?;
        scores.best(0).context("the label set has no labels")
    }

    /// A text before anything was asked of it.
    pub fn perturbations(&self, text: &str) -> Result<Perturbations> {
        let encoded = self.encoder.encode(&[text])?;
        Ok(Perturbations::new(Passage::new(text, encoded.windows), encoded.vectors)?)
    }

    /// Asks until nothing is missing.
    pub fn settle<T>(
        &self,
        text: &mut Perturbations,
        ask: impl Fn(&Perturbations) -> CoreResult<T>,
        missing: impl Fn(&T) -> &Vec<Variant>,
    ) -> Result<T> {
        loop {
            let answer = ask(text)?;
            let variants = missing(&answer);
            if variants.is_empty() {
                return Ok(answer);
            }
            let texts: Vec<&str> = variants.iter().map(|variant| variant.text.as_str()).collect();
            text.learn(variants.clone(), &self.encoder.encode(&texts)?.vectors)?;
        }
    }

    pub fn occlusion(&self, text: &mut Perturbations, label: usize) -> Result<Occlusion> {
        self.settle(text, |text| text.occlusion(self.scoring(), label), |occlusion| &occlusion.missing)
    }

    fn read<'a>(&'a self, text: &'a str, label: Option<LabelId>) -> Result<Told<'a>> {
        let encoded = self.encoder.encode(&[text])?;
        let vectors = encoded.vectors.clone();
        let mut perturbations = Perturbations::new(Passage::new(text, encoded.windows), encoded.vectors)?;
        let scoring = self.scoring();
        let scores = scoring.scorer.score(&vectors, &self.labels, &self.options)?;
        let label = match label {
            Some(id) => self.set.labels().iter().position(|label| label.id == id),
            None => scores.best(0),
        };
        let label = label.context("the label set has no labels")?;
        let occlusion = self.occlusion(&mut perturbations, label)?;
        let edits = self.settle(&mut perturbations, |text| text.edits(scoring, label), |edits| &edits.missing)?;
        let (sentences, ranges) = self.encoder.encode_sentences(text)?;
        let id = self.set.labels()[label].id;
        let familiarity = self.encoder.familiarity(text)?;
        let reliability = self.encoder.manifest().reliability.as_ref();
        Ok(Told {
            text,
            set: &self.set,
            label,
            probability: scores.probability(0).to_vec(),
            on: scores.on(0).to_vec(),
            breakdown: perturbations.breakdown(scoring, label)?,
            shares: self.encoder.encode_tokens(text)?.shares(self.labels.vectors().row(label))?,
            ribbon: Ribbon::new(&ranges, &sentences.into(), &vectors, scoring, self.encoder.affect_head())?,
            card: Card::new(&vectors, familiarity, (&self.set, id), &self.wordings, scoring, reliability)?,
            occlusion,
            edits,
        })
    }
}
