use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use undertone_core::{Bundle, Manifest, Tokenizer, normalise};

/// What `bench texts` is told.
#[derive(Args)]
pub struct Arguments {
    /// The file to write: a JSON object a line, with a text and its token ids
    output: PathBuf,
    /// JSON Lines whose rows have a `text`
    #[arg(long, value_name = "FILE", default_value = "trainer/data/original-corpus/data.jsonl")]
    texts: PathBuf,
    /// How many of them, evenly spread over the file
    #[arg(long, value_name = "N", default_value_t = 200)]
    count: usize,
    /// The bundle whose tokens they become
    #[arg(long, value_name = "DIR", default_value = "public/model")]
    model: PathBuf,
}

/// A text that everyone reads, and what it is for those who have no tokeniser.
#[derive(Deserialize, Serialize)]
pub struct Text {
    /// The text, normalised: only Undertone would do it, and then the others had other tokens.
    pub text: String,
    /// Its tokens, special ones included.
    pub ids: Vec<u32>,
}

#[derive(Deserialize)]
struct Row {
    text: String,
}

/// Runs `bench texts`.
pub fn write(arguments: &Arguments) -> Result<()> {
    let manifest = Manifest::from_json(&bytes(&arguments.model.join(Bundle::MANIFEST))?)?;
    let tokenizer = bytes(&arguments.model.join(Bundle::TOKENIZER))?;
    let tokenizer = Tokenizer::from_bytes(&tokenizer, manifest.encoder.max_tokens)?;
    let rows: Vec<Row> = lines(&arguments.texts)?;
    ensure!(!rows.is_empty() && arguments.count > 0, "{}: no texts to pick from", arguments.texts.display());

    let count = arguments.count.min(rows.len());
    let (mut written, mut tokens) = (String::new(), 0);
    for index in 0..count {
        let text = normalise(&rows[index * rows.len() / count].text);
        let ids = tokenizer.encode(&text)?.ids;
        tokens += ids.len();
        writeln!(written, "{}", serde_json::to_string(&Text { text, ids })?)?;
    }
    if let Some(folder) = arguments.output.parent() {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    fs::write(&arguments.output, written).with_context(|| arguments.output.display().to_string())?;
    eprintln!("{count} texts of {:.1} tokens on average", tokens as f64 / count as f64);
    Ok(())
}

/// The rows of a file with a JSON object a line.
pub fn lines<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Vec<T>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let row =
        |(index, line)| serde_json::from_str(line).with_context(|| format!("{}, line {}", path.display(), index + 1));
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| path.display().to_string())
}
