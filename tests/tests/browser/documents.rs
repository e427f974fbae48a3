use anyhow::Result;
use undertone_tests::{Page, Screen};

#[tokio::test]
async fn two_tabs_never_overwrite_each_other() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("Mine.").await?;
    page.add_label("first tab").await?;
    page.until_kept().await?;

    let first = page.open_tab().await?;
    page.wait_until_ready().await?;
    let errors = page.errors().await?;
    assert!(errors.iter().any(|error| error.contains("open in another tab")), "{errors:?}");
    page.add_label("second tab").await?;
    page.until_kept().await?;

    page.show_tab(first).await?;
    page.add_label("again").await?;
    page.until_kept().await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    let labels = page.labels().await?;
    assert!(labels.contains(&"first tab".into()) && labels.contains(&"again".into()), "{labels:?}");
    assert!(!labels.contains(&"second tab".into()), "{labels:?}");
    assert_eq!(page.text().await?, "Mine.");
    assert_eq!(page.documents().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_document_can_be_taken_over_from_another_tab() -> Result<()> {
    let page = Page::open().await?;
    page.write("Begun here").await?;
    page.until_kept().await?;
    let first = page.open_tab().await?;
    page.wait_until_ready().await?;
    page.ask::<()>("document.querySelector('.notice button').click();").await?;
    page.wait("the text is here", async || Ok((page.text().await? == "Begun here").then_some(()))).await?;
    page.write("Ended there").await?;
    page.until_kept().await?;

    page.show_tab(first).await?;
    page.wait("the first tab says so", async || {
        Ok(page.errors().await?.iter().any(|error| error.contains("in another tab now")).then_some(()))
    })
    .await?;
    // It may be worked on, but nothing of it is kept.
    page.write("Lost").await?;
    page.until_kept().await?;
    page.ask::<()>("document.querySelector('.notice button').click();").await?;
    page.wait("the other text is here", async || Ok((page.text().await? == "Ended there").then_some(()))).await
}

#[tokio::test]
async fn documents_have_names_and_are_deleted_for_good() -> Result<()> {
    let page = Page::open().await?;
    page.write("In the first.").await?;
    page.rename_document("Letters").await?;
    page.until_kept().await?;
    page.documents().await?;
    page.click("document-new").await?;
    page.wait("there is a new one", async || Ok((page.text().await? != "In the first.").then_some(()))).await?;
    page.write("In the second.").await?;
    page.until_kept().await?;
    page.open_document("Letters").await?;
    page.wait("the first is back", async || Ok((page.text().await? == "In the first.").then_some(()))).await?;

    page.documents().await?;
    page.ask::<()>(
        "const items = [...document.querySelectorAll('[data-testid=document-item]')];
        items.find(item => item.textContent.includes('Untitled')).querySelector('.square').click();",
    )
    .await?;
    page.click("document-delete").await?;
    page.wait("it is gone", async || Ok((page.documents().await? == ["Letters"]).then_some(()))).await?;
    page.assert_quiet().await
}

/// What version 0.1.0 kept.
const SESSION: &str = r#"{"text":"From before.","labels":{"name":"Mine","template":"{}","labels":[{"id":4,"name":"glee",
    "description":"","synonyms":[],"hue":40}]},"preset":null,"mode":"multi","threshold":0.25,"order":"list","theme":"dark"}"#;

/// Opens the app where `localStorage` holds this.
async fn with_session(session: &str) -> Result<Page> {
    let page = Page::open_site(Page::site(), Screen::Desktop).await?;
    page.wait_until_ready().await?;
    page.ask::<()>(&format!("localStorage.setItem('undertone', {});", serde_json::to_string(session)?)).await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    Ok(page)
}

#[tokio::test]
async fn what_an_earlier_version_kept_is_taken_over() -> Result<()> {
    let page = with_session(SESSION).await?;
    assert_eq!(page.text().await?, "From before.");
    assert_eq!(page.labels().await?, ["glee"]);
    page.reload().await?;
    page.wait_until_ready().await?;
    assert_eq!(page.text().await?, "From before.");
    page.assert_quiet().await
}

#[tokio::test]
async fn what_cannot_be_read_is_left_as_it_is() -> Result<()> {
    let page = with_session("{\"text\": 1}").await?;
    let errors = page.errors().await?;
    assert!(errors.iter().any(|error| error.contains("left as it is")), "{errors:?}");
    page.write("Something new.").await?;
    page.until_kept().await?;
    assert_eq!(page.ask::<String>("return localStorage.getItem('undertone');").await?, "{\"text\": 1}");
    Ok(())
}

#[tokio::test]
async fn where_nothing_can_be_kept_the_page_says_so_and_works() -> Result<()> {
    let page = Page::open_site(Page::site(), Screen::Desktop).await?;
    page.before_each_page("Object.defineProperty(globalThis, 'indexedDB', { value: undefined });").await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    let errors = page.errors().await?;
    assert!(errors.iter().any(|error| error.contains("does not keep your work")), "{errors:?}");
    page.choose_preset("Plutchik").await?;
    page.write("All the same.").await?;
    page.tags_when("there are tags", |tags| tags.len() == 8).await?;
    page.open_file("two.txt", "one text\nand another\n").await?;
    page.until_read().await?;
    Ok(())
}
