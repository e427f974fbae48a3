use anyhow::Result;
use undertone_tests::Page;

#[tokio::test]
async fn after_one_visit_it_works_without_a_server() -> Result<()> {
    let mut page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.until_kept_offline().await?;
    page.assert_quiet().await?;

    page.go_offline();
    page.reload().await?;
    page.wait_until_ready().await?;

    page.write("No one can hear me down here.").await?;
    page.tags_when("the text has tags", |tags| tags.len() == 6).await?;
    page.add_label("loneliness").await?;
    page.tags_when("a new label has a tag", |tags| tags.iter().any(|tag| tag.label == "loneliness")).await?;
    // The labels that come with the app are there too, even those that were never looked at.
    page.choose_preset("Plutchik").await?;
    page.tags_when("there are Plutchik's labels", |tags| tags.len() == 8).await?;
    Ok(())
}
