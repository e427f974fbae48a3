use anyhow::Result;
use undertone_tests::Page;

const SECRET: &str = "Nobody may ever read this sentence.";

#[tokio::test]
async fn nothing_leaves_the_device() -> Result<()> {
    let page = Page::open().await?;
    let before: Vec<String> = requests(&page).await?;
    page.write(SECRET).await?;
    page.add_label("dread of being found out").await?;
    page.tags_when("there are tags", |tags| tags.iter().any(|tag| tag.label.starts_with("dread"))).await?;
    assert_eq!(requests(&page).await?, before, "typing and labelling ask for nothing");

    let origin: String = page.ask("return location.origin;").await?;
    assert!(before.iter().all(|url| url.starts_with(&origin)), "{before:?}");
    page.assert_quiet().await
}

#[tokio::test]
async fn the_page_could_not_if_it_tried() -> Result<()> {
    let page = Page::open().await?;
    let attempt: String = page.ask("return fetch('https://example.org/').then(() => 'sent', () => 'refused');").await?;
    assert_eq!(attempt, "refused");
    let errors = page.browser().console_errors().await?;
    assert!(errors.iter().any(|error| error.contains("Content Security Policy")), "{errors:?}");
    assert!(page.browser().outside_requests().is_empty(), "the request was sent all the same");
    Ok(())
}

/// What the page and its service worker have asked the server for; the worker asks by itself, and
/// is watched by the proxy that `assert_quiet` looks at.
async fn requests(page: &Page) -> Result<Vec<String>> {
    page.ask("return performance.getEntriesByType('resource').map(entry => entry.name);").await
}
