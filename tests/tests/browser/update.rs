use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use undertone_tests::{Page, Site, fixture};

/// What the next version is called.
const NEW: &str = "0123456789abcdef0123456789abcdef";

const BUILD: &str = "return document.querySelector('meta[name=undertone-build]').content;";

#[tokio::test]
async fn an_update_waits_until_it_is_wanted() -> Result<()> {
    let mut page = Page::open().await?;
    page.until_kept_offline().await?;
    let old: String = page.ask(BUILD).await?;
    let next = next_version(&old)?;
    page.go_offline();
    page.go_online(Some(Site::new(next.path()).with_model(fixture::folder())))?;
    page.reload().await?;
    page.wait_until_ready().await?;
    assert_eq!(page.ask::<String>(BUILD).await?, old, "nobody asked for the new one yet");

    let offer = page.wait("the page offers the update", async || Ok(page.update_offer().await?)).await?;
    offer.click().await?;
    page.wait("the new version is there", async || {
        // While the page reloads there is none to ask.
        Ok(page.ask::<String>(BUILD).await.ok().filter(|build| build == NEW))
    })
    .await?;
    page.wait_until_ready().await?;
    let caches: Vec<String> = page.ask("return caches.keys();").await?;
    assert!(!caches.iter().any(|name| name.ends_with(&old)), "the old shell is still here: {caches:?}");
    Ok(())
}

#[tokio::test]
async fn all_tabs_change_over_together_and_nothing_is_lost() -> Result<()> {
    let mut page = Page::open().await?;
    page.until_kept_offline().await?;
    let old: String = page.ask(BUILD).await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    page.write("Written in the first tab.").await?;
    let first = page.open_tab().await?;
    page.wait_until_ready().await?;

    let next = next_version(&old)?;
    page.go_offline();
    page.go_online(Some(Site::new(next.path()).with_model(fixture::folder())))?;
    page.reload().await?;
    page.wait_until_ready().await?;
    let offer = page.wait("the page offers the update", async || Ok(page.update_offer().await?)).await?;
    offer.click().await?;
    let changed = async || Ok(page.ask::<String>(BUILD).await.ok().filter(|build| build == NEW));
    page.wait("the new version is in this tab", changed).await?;
    page.show_tab(first).await?;
    page.wait("and in the other", changed).await?;
    page.wait_until_ready().await?;
    assert_eq!(page.text().await?, "Written in the first tab.");
    // The other tab's workers are those of the new version, and work.
    page.write("And here it goes on.").await?;
    page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    Ok(())
}

/// The app once more, as if something had changed in it.
fn next_version(old: &str) -> Result<TempDir> {
    let next = TempDir::new()?;
    copy(&Page::dist(), next.path())?;
    for name in ["index.html", "sw.js"] {
        let file = next.path().join(name);
        fs::write(&file, fs::read_to_string(&file)?.replace(old, NEW))?;
    }
    // The page has changed, so its revision must.
    let worker = next.path().join("sw.js");
    let listed = fs::read_to_string(&worker)?;
    let (before, after) = listed.split_once("\"./\": \"").context("sw.js lists no page")?;
    fs::write(&worker, format!("{before}\"./\": \"changed-{after}"))?;
    Ok(next)
}

/// Copies the app, without its model.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true if entry.file_name() == "model" => {}
            true => copy(&entry.path(), &target)?,
            false => fs::copy(entry.path(), target).map(drop)?,
        }
    }
    Ok(())
}
