use std::{fs, path::Path};

use anyhow::Result;
use tempfile::TempDir;
use undertone_core::Bundle;
use undertone_tests::{Page, Screen, fixture};

/// Opens the app with a damaged copy of the model, and returns what it says.
async fn complaint(damage: impl FnOnce(&Path) -> Result<()>) -> Result<String> {
    let model = TempDir::new()?;
    for name in [Bundle::MANIFEST, Bundle::WEIGHTS, Bundle::TOKENIZER] {
        fs::copy(fixture::folder().join(name), model.path().join(name))?;
    }
    damage(model.path())?;
    let page = Page::open_site(Page::site().with_model(model.path()), Screen::Desktop).await?;
    let error = page.wait("the page tells of an error", async || Ok(page.errors().await?.into_iter().next())).await?;
    assert_eq!(page.state().await?, "error");
    Ok(error)
}

#[tokio::test]
async fn truncated_weights_are_named() -> Result<()> {
    let error = complaint(|model| {
        let weights = fs::read(model.join(Bundle::WEIGHTS))?;
        Ok(fs::write(model.join(Bundle::WEIGHTS), &weights[..weights.len() / 2])?)
    })
    .await?;
    assert!(error.contains(Bundle::WEIGHTS), "{error}");
    assert!(error.contains("truncated"), "{error}");
    Ok(())
}

#[tokio::test]
async fn corrupt_weights_are_named() -> Result<()> {
    let error = complaint(|model| {
        let mut weights = fs::read(model.join(Bundle::WEIGHTS))?;
        let middle = weights.len() / 2;
        weights[middle] ^= 1;
        Ok(fs::write(model.join(Bundle::WEIGHTS), weights)?)
    })
    .await?;
    assert!(error.contains(Bundle::WEIGHTS), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_missing_file_is_named() -> Result<()> {
    let error = complaint(|model| Ok(fs::remove_file(model.join(Bundle::TOKENIZER))?)).await?;
    assert!(error.contains(Bundle::TOKENIZER), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_manifest_that_is_none_is_named() -> Result<()> {
    let error = complaint(|model| Ok(fs::write(model.join(Bundle::MANIFEST), "<html>")?)).await?;
    assert!(error.contains("manifest"), "{error}");
    Ok(())
}
