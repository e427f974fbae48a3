use anyhow::Result;
use undertone_tests::Page;

#[tokio::test]
async fn everything_is_taken_back_and_done_again() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("It was the best of times.").await?;
    let before = page.tags_when("there are tags", |tags| tags.len() == 6).await?;
    page.add_label("wonder").await?;
    page.tags_when("the label is there", |tags| tags.len() == 7).await?;
    page.set_threshold(0.0).await?;
    let all = page.tags_when("all are on", |tags| tags.len() == 7 && tags.iter().all(|tag| tag.on)).await?;
    page.choose_mode("single").await?;
    page.tags_when("one is on at most", |tags| tags.iter().filter(|tag| tag.on).count() <= 1).await?;

    page.click("undo").await?;
    page.tags_when("all are on again", |tags| tags == all).await?;
    page.click("undo").await?;
    page.click("undo").await?;
    page.tags_when("the label is gone", |tags| tags == before).await?;
    for _ in 0..2 {
        page.click("redo").await?;
    }
    page.tags_when("label and threshold are back", |tags| tags == all).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn two_edits_of_synonyms_are_two_steps() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.ask::<()>("document.querySelector('.disclose').click();").await?;
    let synonyms = "return document.querySelector('[data-testid=label-synonyms]').value;";
    page.wait("the details are open", async || Ok(page.ask::<String>(synonyms).await.ok())).await?;
    let first: String = page.ask(synonyms).await?;
    page.set_value("label-synonyms", "ire").await?;
    page.set_value("label-synonyms", "ire, wrath").await?;
    page.click("undo").await?;
    assert_eq!(page.ask::<String>(synonyms).await?, "ire");
    page.click("undo").await?;
    assert_eq!(page.ask::<String>(synonyms).await?, first);
    Ok(())
}

#[tokio::test]
async fn tags_are_busy_until_an_edited_description_is_heeded() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("The letter came today.").await?;
    page.tags_when("there are tags", |tags| tags.len() == 6).await?;
    page.ask::<()>("document.querySelector('.disclose').click();").await?;
    page.wait("the details are open", async || Ok(page.find("label-description").await.ok())).await?;
    let busy: String = page
        .ask(
            "const field = document.querySelector('[data-testid=label-description]');
            field.value = 'Something quite different.';
            field.dispatchEvent(new Event('input', { bubbles: true }));
            return new Promise(resolve => setTimeout(() =>
                resolve(document.querySelector('[data-testid=tags]').ariaBusy), 20));",
        )
        .await?;
    assert_eq!(busy, "true");
    page.tags_when("the description is heeded", |tags| tags.len() == 6).await?;
    Ok(())
}
