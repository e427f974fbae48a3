use anyhow::Result;
use undertone_tests::{Page, Tag, fixture};

#[tokio::test]
async fn a_text_gets_the_scores_it_gets_natively() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    let set = fixture::label_set()?;
    for answer in fixture::golden()?.iter().filter(|answer| !answer.text.trim().is_empty()) {
        page.paste(&answer.text).await?;
        page.tags_when(&format!("{:?} has its scores", answer.text), |tags| {
            set.labels().iter().zip(&answer.multi).all(|(label, &expected)| {
                let near = |tag: &Tag| tag.label == label.name && (tag.score - expected).abs() < 2e-3;
                tags.iter().any(near)
            })
        })
        .await?;
    }
    page.assert_quiet().await
}

#[tokio::test]
async fn tags_follow_the_typing() -> Result<()> {
    let page = Page::open().await?;
    page.write("I am so happy").await?;
    let first = page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    assert!(first.iter().all(|tag| (0.0..=1.0).contains(&tag.score)), "{first:?}");

    page.write("Go away!").await?;
    page.tags_when("another text has other tags", |tags| !tags.is_empty() && tags != first).await?;

    page.paste("").await?;
    page.tags_when("no text has no tags", <[Tag]>::is_empty).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn a_text_has_valence_and_arousal() -> Result<()> {
    let page = Page::open().await?;
    let answer = fixture::golden()?.remove(0);
    page.write(&answer.text).await?;
    let affect = page
        .wait("valence and arousal are the native ones", async || {
            let affect = page.affect().await?;
            let near = affect.iter().zip(answer.affect).all(|(here, there)| (here - there).abs() < 0.02);
            Ok(near.then_some(affect))
        })
        .await?;
    assert!(affect.iter().all(|value| (1.0..=9.0).contains(value)), "{affect:?}");
    Ok(())
}
