use anyhow::Result;
use undertone_tests::Page;

#[tokio::test]
async fn a_reload_keeps_text_labels_and_decision() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.add_label("quiet pride").await?;
    page.remove_label("disgust").await?;
    page.write("She finally finished it.").await?;
    page.set_threshold(0.0).await?;
    let named = |name: &'static str| move |tag: &undertone_tests::Tag| tag.label == name;
    let before = page
        .tags_when("all is done", |tags| {
            tags.len() == 6 && tags.iter().all(|tag| tag.on) && tags.iter().any(named("quiet pride"))
        })
        .await?;
    let labels = page.labels().await?;

    page.reload().await?;
    page.wait_until_ready().await?;
    page.tags_when("the tags are what they were", |tags| tags == before).await?;
    assert_eq!(page.text().await?, "She finally finished it.");
    assert_eq!(page.labels().await?, labels);
    page.assert_quiet().await
}
