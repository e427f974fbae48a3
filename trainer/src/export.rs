//! `undertone export`: a checkpoint as the bundle that the app loads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::Args;
use indicatif::ProgressBar;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use undertone_core::encoder::engine::MAX_WEIGHT;
use undertone_core::encoder::{
    AFFECT_BIAS, AFFECT_WEIGHT, REFERENCE_VECTORS, Ragged, SCALE_SUFFIX, TERM_VECTORS, TOKEN_TABLE,
};
use undertone_core::{AffectHead, Background, Bundle, Embeddings, Encoder, FileEntry, Manifest};

use crate::affect::leaning_on_words;
use crate::background::{self, sample};
use crate::data::{Annotations, EvaluationSet};
use crate::evaluate::{Subject, distinct};
use crate::rounding::{Moments, nearest};
use crate::student::Student;
use crate::train::Checkpoint;
use crate::{bundle, calibrate, file};

/// Write a checkpoint as the bundle that the app loads.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The output folder of `undertone train`; of several, the mean of their weights is written
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    checkpoint: Vec<PathBuf>,
    /// Where the bundle goes
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
    /// Evaluation sets: one calibration for all of them is fitted, and their figures go into the manifest
    #[arg(long, num_args = 1.., value_name = "DIR")]
    set: Vec<PathBuf>,
    /// Annotation sets: coarse labels are scored through the terms of their lexicons, and a sample of their texts tells how
    /// close a label is to just any text, and how much int8 costs
    #[arg(long, required_unless_present = "set", num_args = 1.., value_name = "DIR")]
    data: Vec<PathBuf>,
    /// The student's name
    #[arg(long, default_value = "undertone")]
    name: String,
    /// The licence of the weights
    #[arg(long, default_value = "Apache-2.0")]
    licence: String,
}

/// The largest file a static host takes without trouble, in bytes.
const MAX_FILE: usize = 20_000_000;

/// How many texts are compared between int8 and f32.
const COMPARED: usize = 500;

/// How many texts the affect head learns from what words say; there should be a few times more than a vector has numbers.
const AFFECT: usize = 2000;

/// The largest number of an int8 row that no product is taken of.
const LEVELS: f32 = 127.0;

/// The same for the token table. A sum of three embeddings is normalised right after: it hardly feels the difference,
/// and the file compresses to three quarters.
const TABLE_LEVELS: f32 = 23.0;

/// Runs the command.
pub fn export(args: &ExportArgs) -> Result<()> {
    let mut checkpoints = args.checkpoint.iter().map(|c| Checkpoint::find(c)).collect::<Result<Vec<_>>>()?;
    let others = checkpoints.split_off(1);
    let checkpoint = checkpoints.pop().context("there is no checkpoint")?;
    let student = checkpoint.mean_student(&others)?;
    let state = checkpoint.state()?;
    let states = others.iter().map(Checkpoint::state).collect::<Result<Vec<_>>>()?;
    let runs = || std::iter::once(&state).chain(&states);
    let sets = args.set.iter().map(|s| EvaluationSet::read(s)).collect::<Result<Vec<_>>>()?;
    let annotations = Annotations::read(&args.data)?;
    let background = background::of(&student, &annotations)?;
    let texts = match annotations.examples.len() {
        0 => sample(sets.iter().flat_map(|set| &set.texts), 2 * COMPARED),
        _ => sample(annotations.examples.iter().map(|example| &example.text), 2 * COMPARED),
    };
    // What the weights are rounded by must not be what tells how well they are rounded.
    let (texts, compared) = halves(texts);
    let wordings: BTreeSet<&str> = match annotations.examples.len() {
        0 => sets.iter().flat_map(|set| &set.labels).map(String::as_str).collect(),
        _ => annotations.labels().chain(annotations.lexicon.wordings()).collect(),
    };
    let wordings = sample(wordings.into_iter().map(str::to_owned).collect::<Vec<_>>().iter(), COMPARED);

    let affect = affect_head(&student, &annotations, background.terms())?;
    let weights = quantise(&student, &affect, &background, &moments(&student, &texts)?)?;
    ensure!(
        weights.len() <= MAX_FILE,
        "the weights take {} bytes, more than the {MAX_FILE} that static hosts serve well; train with a smaller --vocabulary",
        weights.len()
    );
    let tokenizer = serde_json::to_vec(&checkpoint.tokenizer()?)?;
    let mut manifest = Manifest {
        format: Manifest::FORMAT,
        name: args.name.clone(),
        encoder: state.encoder.clone(),
        quantisation: Manifest::QUANTISATION.into(),
        calibration: student.calibration()?,
        lexicon: background.lexicon().clone(),
        reliability: None,
        files: vec![FileEntry::new(Bundle::WEIGHTS, &weights), FileEntry::new(Bundle::TOKENIZER, &tokenizer)],
        provenance: BTreeMap::from([
            ("data".into(), serde_json::to_value(&state.data)?),
            (
                "recipes".into(),
                runs()
                    .map(|run| json!({"base": run.base, "base_sha256": run.base_sha256, "recipe": run.recipe}))
                    .collect(),
            ),
            ("steps".into(), runs().map(|run| run.step).sum::<usize>().into()),
            ("seconds".into(), runs().map(|run| run.seconds).sum::<f64>().round().into()),
        ]),
        metrics: BTreeMap::new(),
        licence: args.licence.clone(),
    };

    let bundle = Bundle::new(manifest.clone(), weights.clone(), tokenizer.clone())?;
    let encoder = Encoder::load(bundle).context("the bundle could not be loaded back")?;
    let progress = ProgressBar::new(distinct(&sets).max(compared.len() as u64));
    let mut subject = Subject::of_encoder(&encoder, None, &progress);
    let full = Subject::of_student(&student, background)?;
    let [fidelity, of_labels] = [fidelity(&full, &subject, &compared)?, fidelity(&full, &subject, &wordings)?];
    manifest.metrics.insert(
        "int8_cosine".into(),
        json!({
            "mean": fidelity.0, "min": fidelity.1, "texts": compared.len(),
            "labels": {"mean": of_labels.0, "min": of_labels.1, "wordings": wordings.len()},
        }),
    );
    manifest.calibration = calibrate::settle(&mut subject, &sets)?;
    let (figures, reliability) = calibrate::figures(&mut subject, &sets)?;
    manifest.metrics.extend(figures);
    manifest.reliability = reliability;
    progress.finish_and_clear();

    let write = || -> Result<()> {
        fs::create_dir_all(&args.output)?;
        file::write(&args.output.join(Bundle::WEIGHTS), &weights)?;
        file::write(&args.output.join(Bundle::TOKENIZER), &tokenizer)?;
        file::write(&args.output.join(Bundle::MANIFEST), manifest.to_json())
    };
    write().with_context(|| format!("the bundle could not be written to {}", args.output.display()))?;
    Encoder::load(bundle::read(&args.output)?).context("the bundle was written, but could not be loaded back")?;
    eprintln!(
        "{}: {:.1} MB of weights, {:.1} MB of vocabulary; int8 to f32 cosine {:.5} on average, {:.5} at worst, over {} texts, \
         {:.5} and {:.5} over {} labels",
        args.output.display(),
        weights.len() as f64 / 1e6,
        tokenizer.len() as f64 / 1e6,
        fidelity.0,
        fidelity.1,
        compared.len(),
        of_labels.0,
        of_labels.1,
        wordings.len()
    );
    Ok(())
}

/// Every other one, and the rest; of a single one, the same twice.
fn halves(texts: Vec<String>) -> (Vec<String>, Vec<String>) {
    let every = |first: usize| texts.iter().skip(first).step_by(2).cloned().collect::<Vec<_>>();
    let (some, others) = (every(0), every(1));
    if others.is_empty() { (some.clone(), some) } else { (some, others) }
}

/// The affect head as it was learned, leaning on what the lexicon says of its terms.
fn affect_head(student: &Student, annotations: &Annotations, terms: &Embeddings) -> Result<AffectHead> {
    let texts = sample(annotations.examples.iter().map(|example| &example.text), AFFECT);
    let texts = student.encode_all(texts.iter().map(String::as_str))?;
    leaning_on_words(student.affect_head()?, &texts, terms, &annotations.lexicon.affects())
}

/// Mean and least cosine between two models' vectors.
fn fidelity(full: &Subject, small: &Subject, texts: &[String]) -> Result<(f64, f64)> {
    let (full, small) = (full.encode(texts)?, small.encode(texts)?);
    let cosine = |(a, b): (&[f32], &[f32])| a.iter().zip(b).map(|(x, y)| f64::from(x * y)).sum::<f64>();
    let cosines: Vec<f64> = full.rows().rows().zip(small.rows().rows()).map(cosine).collect();
    let mean = cosines.iter().sum::<f64>() / cosines.len() as f64;
    Ok((mean, cosines.into_iter().fold(f64::INFINITY, f64::min)))
}

/// What goes into each of the encoder's linear maps, by its name, when it reads these texts.
fn moments(student: &Student, texts: &[String]) -> Result<HashMap<String, Moments>> {
    let mut seen: HashMap<String, Moments> = HashMap::new();
    for chunk in texts.chunks(64) {
        let tokens = student.tokens(chunk.iter().map(String::as_str))?;
        student.bert.witnessed(&Ragged::new(tokens.iter().map(Vec::as_slice))?, &mut |name, inputs| match seen
            .get_mut(name)
        {
            Some(moments) => moments.add(inputs),
            None => Moments::of(inputs).map(|moments| drop(seen.insert(name.to_owned(), moments))),
        })?;
    }
    Ok(seen)
}

/// The weights file: matrices of the encoder in int8 with a scale per row, everything else in f32.
fn quantise(
    student: &Student,
    affect: &AffectHead,
    background: &Background,
    moments: &HashMap<String, Moments>,
) -> Result<Vec<u8>> {
    let mut stored: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let f32s = |values: Vec<f32>| values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>();
    let mut plain = Vec::new();
    let mut matrix = |name: &str, shape: Vec<usize>, values: &[f32]| -> Result<()> {
        let (rows, scales) = match name.strip_suffix(".weight").and_then(|map| moments.get(map)) {
            Some(moments) => moments.feedback()?.round(values, shape[1], MAX_WEIGHT as f32),
            None if name == TOKEN_TABLE => nearest(values, shape[1], TABLE_LEVELS),
            None => nearest(values, shape[1], LEVELS),
        };
        stored.insert(format!("{name}{SCALE_SUFFIX}"), (Dtype::F32, vec![scales.len()], f32s(scales)));
        stored.insert(name.to_owned(), (Dtype::I8, shape, rows));
        Ok(())
    };
    if !background.lexicon().is_empty() {
        for (name, vectors) in [(TERM_VECTORS, background.terms()), (REFERENCE_VECTORS, background.reference().rows())]
        {
            matrix(name, vec![vectors.len(), vectors.dim()], vectors.as_slice())?;
        }
    }
    for (name, tensor) in student.tensors()? {
        if name.starts_with("logit.") || name.starts_with("affect.") {
            continue;
        }
        let (shape, values) = (tensor.dims().to_vec(), tensor.flatten_all()?.to_vec1::<f32>()?);
        if shape.len() == 2 {
            matrix(&name, shape, &values)?;
        } else {
            plain.push((name, shape, values));
        }
    }
    for (name, shape, values) in plain {
        stored.insert(name, (Dtype::F32, shape, f32s(values)));
    }
    let width = student.config.hidden;
    stored.insert(AFFECT_WEIGHT.into(), (Dtype::F32, vec![2, width], f32s(affect.weight.clone())));
    stored.insert(AFFECT_BIAS.into(), (Dtype::F32, vec![2], f32s(affect.bias.to_vec())));
    let views =
        stored.iter().map(|(name, (dtype, shape, bytes))| Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?)));
    let views = views.collect::<Result<Vec<_>>>()?;
    Ok(safetensors::serialize(views, None)?)
}
