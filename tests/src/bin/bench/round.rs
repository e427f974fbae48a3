use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use undertone_tests::{Server, Site};

use crate::{
    contender::Contender,
    measured::Measured,
    table,
    texts::{Text, lines},
};

/// What `bench run` is told.
#[derive(Args)]
pub struct Arguments {
    /// How often each contender runs, all of them in turn
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// Only these contenders
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Another build of Undertone to measure, or one instead of the built app's: the module of its worker
    #[arg(long, value_name = "NAME=FILE")]
    engine: Vec<Contender>,
    /// The built app
    #[arg(long, value_name = "DIR", default_value = "dist")]
    dist: PathBuf,
    /// The bundle
    #[arg(long, value_name = "DIR", default_value = "public/model")]
    model: PathBuf,
    /// What `make bench` made for the peers
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    made: PathBuf,
    /// Also write everything that was measured
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A contender's rounds.
pub struct Outcome {
    /// What it is called.
    pub name: String,
    /// What it measured, by round.
    pub rounds: Vec<Measured>,
    /// What it fetched until it was ready, compressed by brotli.
    pub download_bytes: Option<u64>,
}

/// Runs `bench run`.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let contenders = contenders(arguments);
    ensure!(!contenders.is_empty(), "there is nobody to measure");
    let mut site = Site::new(concat!(env!("CARGO_MANIFEST_DIR"), "/bench"))
        .with_model(&arguments.model)
        .with_folder("npm", arguments.made.join("npm/node_modules"))
        .with_folder("made", &arguments.made);
    for contender in &contenders {
        site = contender.on(site);
    }
    let server = Server::start(&site, 0)?;

    let nothing = |c: &Contender| Outcome { name: c.name.clone(), rounds: Vec::new(), download_bytes: None };
    let mut outcomes: Vec<Outcome> = contenders.iter().map(nothing).collect();
    for round in 1..=arguments.rounds {
        for (contender, outcome) in contenders.iter().zip(&mut outcomes) {
            let measured = contender.run(&server).await?;
            eprintln!("round {round}: {}, {:.2} ms a text", contender.name, measured.ms_alone);
            outcome.rounds.push(measured);
        }
    }
    drop(server);

    if let Err(error) = weigh(&mut outcomes, &site) {
        // What took an hour to measure is not lost for it.
        eprintln!("downloads are not weighed: {error:#}");
    }
    let texts: Vec<Text> = lines(&arguments.made.join("texts.jsonl"))?;
    let tokens = texts.iter().map(|text| text.ids.len()).sum::<usize>() as f64 / texts.len().max(1) as f64;
    println!("{} texts of {tokens:.1} tokens on average, {} rounds\n", texts.len(), arguments.rounds);
    print!("{}", table::table(&outcomes));
    for outcome in &outcomes {
        let differ = outcome.rounds.iter().map(|measured| measured.texts_tokenised_differently).max().unwrap_or(0);
        if differ > 0 {
            println!("\n{} made other tokens of {differ} texts: it did not do the same work", outcome.name);
        }
    }
    if let Some(path) = &arguments.json {
        write(path, &report(&outcomes, texts.len(), tokens))?;
    }
    Ok(())
}

/// Those who were asked for and can run; tells of the others.
fn contenders(arguments: &Arguments) -> Vec<Contender> {
    let given = |name: &str| arguments.engine.iter().any(|engine| engine.name == name);
    let asked = |name: &str| arguments.only.is_empty() || arguments.only.iter().any(|only| only == name);
    let mut all = arguments.engine.clone();
    all.extend(Contender::all(&arguments.dist, &arguments.made).into_iter().filter(|c| !given(&c.name)));
    all.retain(|contender| {
        let lacks = asked(&contender.name).then(|| contender.lacks()).flatten();
        if let Some(lacks) = &lacks {
            eprintln!("{lacks}");
        }
        asked(&contender.name) && lacks.is_none()
    });
    all
}

/// What the contenders fetched, compressed: by node, which has brotli, and which the peers came with.
fn weigh(outcomes: &mut [Outcome], site: &Site) -> Result<()> {
    let mut files: BTreeMap<PathBuf, u64> = BTreeMap::new();
    let fetched = |outcome: &Outcome| -> Vec<PathBuf> {
        outcome.rounds.first().iter().flat_map(|first| &first.fetched).map(|path| site.file(path)).collect()
    };
    files.extend(outcomes.iter().flat_map(fetched).map(|file| (file, 0)));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/weigh.mjs");
    let told = Command::new("node").arg(script).args(files.keys()).output().context("node does not start")?;
    ensure!(told.status.success(), "weigh.mjs: {}", String::from_utf8_lossy(&told.stderr));
    let weights: Vec<u64> = serde_json::from_slice(&told.stdout).context("weigh.mjs")?;
    for (known, weight) in files.values_mut().zip(weights) {
        *known = weight;
    }
    for outcome in outcomes {
        outcome.download_bytes = Some(fetched(outcome).iter().filter_map(|file| files.get(file)).sum());
    }
    Ok(())
}

fn report(outcomes: &[Outcome], texts: usize, tokens: f64) -> Value {
    let contenders: Vec<Value> = outcomes
        .iter()
        .map(|o| json!({ "name": o.name, "download_bytes": o.download_bytes, "rounds": o.rounds }))
        .collect();
    json!({ "texts": texts, "mean_tokens": tokens, "contenders": contenders })
}

fn write(path: &Path, value: &Value) -> Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(value)?);
    fs::write(path, text).with_context(|| path.display().to_string())
}
