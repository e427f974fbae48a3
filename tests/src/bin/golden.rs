//! Writes down, as JSON on the standard output, what the student of a bundle answers here.

use std::sync::Arc;
use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use undertone_core::{Bundle, Encoder, Manifest};
use undertone_tests::fixture;

fn main() -> Result<()> {
    let folder = env::args_os().nth(1).map_or_else(fixture::folder, PathBuf::from);
    let read = |name: &str| fs::read(folder.join(name)).with_context(|| format!("{}/{name}", folder.display()));
    let manifest = Manifest::from_json(&read(Bundle::MANIFEST)?)?;
    let bundle = Bundle::new(manifest, read(Bundle::WEIGHTS)?, read(Bundle::TOKENIZER)?)?;
    let answers = fixture::answers(&Arc::new(Encoder::load(bundle)?))?;
    println!("{}", serde_json::to_string(&answers)?);
    Ok(())
}
