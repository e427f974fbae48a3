//! Bundles on disk.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use undertone_core::{Bundle, Manifest};

/// Reads and verifies the bundle in `folder`.
pub fn read(folder: &Path) -> Result<Bundle> {
    let file = |name: &str| {
        let path = folder.join(name);
        fs::read(&path).with_context(|| {
            format!("{} cannot be read; --model takes the folder that `undertone export` wrote", path.display())
        })
    };
    let load = || Ok::<_, anyhow::Error>((file(Bundle::MANIFEST)?, file(Bundle::WEIGHTS)?, file(Bundle::TOKENIZER)?));
    let (manifest, weights, tokenizer) = load()?;
    let bundle = Manifest::from_json(&manifest).and_then(|manifest| Bundle::new(manifest, weights, tokenizer));
    bundle.with_context(|| folder.display().to_string())
}
