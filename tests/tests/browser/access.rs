use anyhow::Result;
use undertone_tests::Page;

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
