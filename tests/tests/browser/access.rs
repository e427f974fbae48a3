use std::fs;

use anyhow::Result;
use undertone_tests::{Page, Screen};

/// Where `make test` puts axe-core, if there is npm.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/npm-tests/node_modules/axe-core/axe.min.js");

/// What axe finds wrong on the page as it is: rule, and the elements that break it.
async fn violations(page: &Page, axe: &str) -> Result<Vec<String>> {
    page.ask(&format!(
        "{axe};
        return axe.run(document, {{ resultTypes: ['violations'] }}).then(({{ violations }}) => violations.map(
            ({{ id, nodes }}) => id + ': ' + nodes.map(node => node.target.join(' ')).join(', ')));"
    ))
    .await
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page() -> Result<()> {
    let Ok(axe) = fs::read_to_string(AXE) else {
        eprintln!("skipped: there is no axe-core; `make test` installs it where there is npm");
        return Ok(());
    };
    for screen in [Screen::Desktop, Screen::Phone] {
        let page = Page::open_site(Page::site(), screen).await?.until_ready().await?;
        for theme in ["light", "dark"] {
            page.browser().set_colours(theme).await?;
            page.go_to("Text").await?;
            page.paste(&"I am so happy that you came. ".repeat(60)).await?;
            page.wait("there are parts", async || Ok((!page.parts().await?.is_empty()).then_some(()))).await?;
            page.documents().await?;
            // What moves is measured when it has come to rest.
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "text, {screen:?}, {theme}");
            page.click("documents").await?;
            page.click("pin").await?;
            page.paste("I am so happy that you came! And then the letter burned. I could not say a word. He died.")
                .await?;
            page.words().await?;
            page.unfold("edits").await?;
            page.unfold("card").await?;
            page.words().await?;
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "read closely, {screen:?}, {theme}");
            page.click("pin").await?;
            page.go_to("Granularity").await?;
            page.set_classes(3).await?;
            page.until_classes(3).await?;
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "granularity, {screen:?}, {theme}");
            page.go_to("File").await?;
            page.ask::<()>("document.querySelector('[aria-label=\"Close the file\"]')?.click();").await?;
            page.wait("there is no file", async || Ok(page.rows().await?.is_empty().then_some(()))).await?;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "no file, {screen:?}, {theme}");
            page.open_file("some.txt", &"one text\nand another\n".repeat(40)).await?;
            page.until_read().await?;
            page.ask::<()>("document.querySelectorAll('[data-testid=row] .text')[1].click();").await?;
            page.wait("the row is shown", async || Ok(page.find("row-panel").await.ok())).await?;
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "file, {screen:?}, {theme}");
            page.go_to("Granularity").await?;
            page.wait("the curve is there", async || Ok(page.find("support-table").await.ok())).await?;
            page.ask::<()>("document.querySelectorAll('.as-table').forEach(table => { table.open = true; });").await?;
            tokio::time::sleep(std::time::Duration::from_millis(900)).await;
            assert_eq!(violations(&page, &axe).await?, [""; 0], "granularity of a file, {screen:?}, {theme}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_control_has_a_name() -> Result<()> {
    let page = Page::open().await?;
    let nameless: Vec<String> = page
        .ask(
            "const name = control =>
                control.ariaLabel
                || (control.getAttribute('aria-labelledby') ?? '').split(' ')
                    .map(id => document.getElementById(id)?.textContent ?? '').join('')
                || [...(control.labels ?? [])].map(label => label.textContent).join('')
                || control.textContent || control.title;
            return [...document.querySelectorAll('button, input, select, textarea, a')]
                .filter(control => !name(control)?.trim())
                .map(control => control.outerHTML);",
        )
        .await?;
    assert!(nameless.is_empty(), "{nameless:#?}");
    Ok(())
}
