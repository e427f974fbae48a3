use anyhow::Result;
use undertone_tests::{Page, Screen};

async fn here(page: &Page) -> Result<(String, String)> {
    page.ask("return [document.querySelector('.page').dataset.page, location.hash];").await
}

async fn until(page: &Page, name: &str, hash: &str) -> Result<()> {
    let wanted = (name.to_owned(), hash.to_owned());
    page.wait(&format!("{name} is open"), async || Ok((here(page).await? == wanted).then_some(()))).await
}

#[tokio::test]
async fn pages_are_links_and_the_way_back_works_below_any_path() -> Result<()> {
    let page = Page::open_site(Page::site().with_base("/some/where"), Screen::Desktop).await?;
    page.wait_until_ready().await?;
    until(&page, "Text", "#/text").await?;
    page.go_to("File").await?;
    until(&page, "File", "#/file").await?;
    assert!(!page.find("text-input").await?.is_displayed().await?);
    page.ask::<()>("history.back();").await?;
    until(&page, "Text", "#/text").await?;
    page.ask::<()>("history.forward();").await?;
    until(&page, "File", "#/file").await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    until(&page, "File", "#/file").await?;
    let current: String = page.ask("return document.querySelector('nav [aria-current=page]').textContent;").await?;
    assert_eq!(current, "File");
    page.assert_quiet().await
}

#[tokio::test]
async fn without_a_fragment_the_last_page_is_open() -> Result<()> {
    let page = Page::open().await?;
    page.write("Anything.").await?;
    page.go_to("File").await?;
    page.until_kept().await?;
    page.ask::<()>("location.href = location.href.split('#')[0] + '?';").await?;
    page.wait_until_ready().await?;
    until(&page, "File", "#/file").await
}

#[tokio::test]
async fn the_keyboard_gets_everywhere() -> Result<()> {
    let page = Page::open().await?;
    page.ask::<()>("document.activeElement.blur(); document.querySelector('.skip').focus();").await?;
    let mut seen = Vec::new();
    for _ in 0..60 {
        page.press(&fantoccini::key::Key::Tab).await?;
        let name: String = page
            .ask("const e = document.activeElement; return e.dataset.testid || e.getAttribute('href') || e.tagName;")
            .await?;
        seen.push(name);
    }
    for wanted in ["#/file", "documents", "text-input", "preset", "label-add", "mode", "threshold"] {
        assert!(seen.iter().any(|name| name == wanted), "{wanted} cannot be reached: {seen:?}");
    }
    Ok(())
}
