use anyhow::Result;
use undertone_tests::Page;

const SECRET: &str = "Nobody may ever read this sentence.";

#[tokio::test]
async fn nothing_leaves_the_device() -> Result<()> {
    let page = Page::open().await?;
    page.until_kept_offline().await?;
    let before = page.requests();
    page.write(SECRET).await?;
    page.add_label("dread of being found out").await?;
    page.tags_when("there are tags", |tags| tags.iter().any(|tag| tag.label.starts_with("dread"))).await?;
    for preset in ["Plutchik", "GoEmotions", "ISEAR", "SemEval", "Sentiment", "Ekman"] {
        page.choose_preset(preset).await?;
    }
    page.open_file("two.txt", "one text\nand another\n").await?;
    page.until_read().await?;
    // The server and the proxy watch from outside: pages, workers and their workers.
    assert_eq!(page.requests(), before, "typing, labelling, presets and files ask for nothing");
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
