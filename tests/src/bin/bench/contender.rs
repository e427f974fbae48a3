use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tokio::time::sleep;
use undertone_tests::{Browser, Screen, Server, Site};

use crate::measured::Measured;

/// The worker's module with fixed SIMD in `dist/w/<hash>/`, and the one with relaxed SIMD.
const FIXED: &str = "worker.js";
const RELAXED: &str = "worker-relaxed.js";

/// Whom the others are compared with.
pub const YARDSTICK: &str = "onnxruntime-web";

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Who is measured.
#[derive(Clone)]
pub struct Contender {
    /// What it is called in the table.
    pub name: String,
    /// The module in `tests/bench/contenders` that knows how to run it.
    page: &'static str,
    /// The worker's module, for Undertone.
    engine: Option<PathBuf>,
    /// A file without which it cannot run, and which recipe makes it.
    needs: (PathBuf, &'static str),
}

impl Contender {
    /// All that `make bench` runs.
    pub fn all(dist: &Path, made: &Path) -> Vec<Self> {
        let npm = made.join("npm/node_modules");
        let peer =
            |name: &str, page, needs| Self { name: name.to_owned(), page, engine: None, needs: (needs, "bench") };
        let worker = worker_folder(dist).unwrap_or_else(|| dist.join("w"));
        vec![
            Self::undertone("undertone", worker.join(FIXED)),
            Self::undertone("undertone-relaxed", worker.join(RELAXED)),
            peer(YARDSTICK, "onnxruntime", npm.join("onnxruntime-web")),
            peer("transformers.js", "transformers", npm.join("@huggingface/transformers")),
            peer("candle", "candle", made.join("candle/candle.js")),
        ]
    }

    /// A build of Undertone.
    fn undertone(name: &str, module: PathBuf) -> Self {
        Self { name: name.to_owned(), page: "undertone", engine: Some(module.clone()), needs: (module, "dist") }
    }

    /// Why it cannot run, if so.
    pub fn lacks(&self) -> Option<String> {
        let (file, recipe) = &self.needs;
        (!file.exists()).then(|| format!("{} is left out: no {} (`make {recipe}`)", self.name, file.display()))
    }

    /// Adds what it is made of to the site.
    pub fn on(&self, site: Site) -> Site {
        match self.engine.as_deref().and_then(Path::parent) {
            Some(folder) => site.with_folder(&self.folder(), folder),
            None => site,
        }
    }

    /// Runs it on a fresh page of a fresh browser.
    pub async fn run(&self, server: &Server) -> Result<Measured> {
        let browser = Browser::start(Screen::Desktop).await?;
        let client = browser.client();
        client.goto(&self.address(&server.url())).await?;
        let began = Instant::now();
        loop {
            let state = client
                .execute("return { result: window.result ?? null, failure: window.failure ?? null };", Vec::new())
                .await?;
            match (&state["result"], &state["failure"]) {
                (Value::Null, Value::Null) => {}
                (Value::Null, failure) => {
                    bail!("{}: {}", self.name, failure.as_str().unwrap_or("it failed without a word"))
                }
                (result, _) => {
                    let outside = browser.outside_requests();
                    ensure!(outside.is_empty(), "{} asked other machines: {outside:?}", self.name);
                    return Ok(serde_json::from_value(result.clone())?);
                }
            }
            ensure!(began.elapsed() < PATIENCE, "{}: no result after {} s", self.name, PATIENCE.as_secs());
            // Rarely enough to cost nothing.
            sleep(Duration::from_millis(500)).await;
        }
    }

    fn address(&self, site: &str) -> String {
        let mut address = format!("{site}index.html?contender={}", self.page);
        if let Some(file) = self.engine.as_deref().and_then(Path::file_name).and_then(OsStr::to_str) {
            address.push_str(&format!("&module=/{}/{file}", self.folder()));
        }
        address
    }

    fn folder(&self) -> String {
        format!("engines/{}", self.name)
    }
}

/// Another build of Undertone: `name=path/of/worker.js`.
impl FromStr for Contender {
    type Err = anyhow::Error;

    fn from_str(given: &str) -> Result<Self> {
        let (name, module) = given.split_once('=').context("it must be NAME=FILE")?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        ensure!(!name.is_empty() && name.chars().all(plain), "{name:?} is no name: letters, digits and -_. only");
        Ok(Self::undertone(name, module.into()))
    }
}

/// The one folder that `make dist` leaves in `dist/w/`.
fn worker_folder(dist: &Path) -> Option<PathBuf> {
    Some(fs::read_dir(dist.join("w")).ok()?.next()?.ok()?.path())
}
