use anyhow::Result;
use undertone_tests::Page;

#[tokio::test]
async fn a_long_text_is_read_in_parts_each_with_its_tags() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("Short.").await?;
    page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    assert!(page.parts().await?.is_empty(), "a short text has no parts");

    let happy = "I am so happy that you came, and the coffee was good. ";
    let sad = "Then the hospital called, and I cannot stop crying 😭. ";
    page.set_threshold(0.0).await?;
    page.paste(&format!("{}{}", happy.repeat(12), sad.repeat(12))).await?;
    let parts =
        page.wait("there are parts", async || Ok(Some(page.parts().await?).filter(|parts| parts.len() > 1))).await?;
    assert!(parts[0].quote.starts_with("I am so happy") && parts[0].tags.len() == 3, "{parts:?}");
    assert!(parts.last().is_some_and(|part| part.quote.contains("hospital")), "{parts:?}");

    // A click selects the part, wherever characters are two for JavaScript.
    page.ask::<()>("[...document.querySelectorAll('[data-testid=window] button')].at(-1).click();").await?;
    let selected: String = page
        .ask(
            "const field = document.querySelector('[data-testid=text-input]');
            return field.value.slice(field.selectionStart, field.selectionEnd);",
        )
        .await?;
    assert!(selected.starts_with(parts.last().map_or("", |part| part.quote.trim_end_matches('…'))), "{selected}");
    assert!(selected.trim_end().ends_with('.'), "{selected}");
    page.assert_quiet().await
}
