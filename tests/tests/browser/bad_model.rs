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

/// Opens the app, lets it keep its model, and replaces the model on the server by a damaged copy.
async fn after_one_good_visit(damage: impl FnOnce(&Path) -> Result<()>) -> Result<Page> {
    let mut page = Page::open().await?;
    page.until_kept_offline().await?;
    let model = TempDir::new()?;
    for name in [Bundle::MANIFEST, Bundle::WEIGHTS, Bundle::TOKENIZER] {
        fs::copy(fixture::folder().join(name), model.path().join(name))?;
    }
    damage(model.path())?;
    page.go_offline();
    page.go_online(Some(Page::site().with_model(model.path())))?;
    page.reload().await?;
    page.wait_until_ready().await?;
    page.write("I am so happy").await?;
    page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    Ok(page)
}

#[tokio::test]
async fn a_page_of_the_network_in_the_place_of_the_manifest_is_no_reason_to_stop() -> Result<()> {
    let portal = "<html><body>Please accept our terms.</body></html>";
    let page = after_one_good_visit(|model| Ok(fs::write(model.join(Bundle::MANIFEST), portal)?)).await?;
    assert!(page.errors().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_newer_model_that_cannot_be_had_is_said_and_the_kept_one_used() -> Result<()> {
    let page = after_one_good_visit(|model| {
        let manifest = fs::read_to_string(model.join(Bundle::MANIFEST))?;
        let mut manifest: serde_json::Value = serde_json::from_str(&manifest)?;
        manifest["files"][0]["sha256"] = "0".repeat(64).into();
        Ok(fs::write(model.join(Bundle::MANIFEST), manifest.to_string())?)
    })
    .await?;
    let errors = page.errors().await?;
    assert!(errors.iter().any(|error| error.contains("the one on this device is used")), "{errors:?}");
    Ok(())
}

#[tokio::test]
async fn trying_again_stays_possible_whatever_else_is_said_or_dismissed() -> Result<()> {
    let nothing = TempDir::new()?;
    let mut page = Page::open_site(Page::site().with_model(nothing.path()), Screen::Desktop).await?;
    page.wait("there is no model", async || Ok((page.state().await? == "error").then_some(()))).await?;
    // Something else goes wrong.
    page.add_label("joy").await?;
    page.wait("both are said", async || Ok((page.errors().await?.len() == 2).then_some(()))).await?;
    page.ask::<()>("document.querySelectorAll('.notice [aria-label=Dismiss]').forEach(button => button.click());")
        .await?;
    page.wait("all is dismissed", async || Ok(page.errors().await?.is_empty().then_some(()))).await?;
    page.go_offline();
    page.go_online(Some(Page::site()))?;
    page.click("retry").await?;
    page.wait_until_ready().await?;
    page.write("I am so happy").await?;
    page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    Ok(())
}
