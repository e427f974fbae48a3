use anyhow::Result;
use undertone_tests::{Page, Tag};

const TEXT: &str = "The letter came today, at last.";

/// The app with a text, and its tags.
async fn open() -> Result<(Page, Vec<Tag>)> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write(TEXT).await?;
    let tags = page.tags_when("there are tags", |tags| tags.len() == 6).await?;
    Ok((page, tags))
}

fn score(tags: &[Tag], label: &str) -> Option<f32> {
    tags.iter().find(|tag| tag.label == label).map(|tag| tag.score)
}

#[tokio::test]
async fn a_new_label_is_scored_at_once() -> Result<()> {
    let (page, before) = open().await?;
    page.add_label("wistful relief").await?;
    let after = page.tags_when("the new label has a tag", |tags| score(tags, "wistful relief").is_some()).await?;
    assert_eq!(after.len(), 7);
    for tag in before {
        assert_eq!(score(&after, &tag.label), Some(tag.score), "a label changed the score of another");
    }
    assert_eq!(page.labels().await?.last().map(String::as_str), Some("wistful relief"));
    page.assert_quiet().await
}

#[tokio::test]
async fn a_renamed_label_is_scored_anew() -> Result<()> {
    let (page, before) = open().await?;
    page.rename_label("fear", "stage fright").await?;
    let after = page
        .tags_when("the new name has a score of its own", |tags| {
            score(tags, "stage fright").is_some_and(|new| Some(new) != score(&before, "fear"))
        })
        .await?;
    assert_eq!(score(&after, "fear"), None);
    assert_eq!(after.len(), 6);
    page.assert_quiet().await
}

#[tokio::test]
async fn a_removed_label_is_gone() -> Result<()> {
    let (page, _) = open().await?;
    page.remove_label("disgust").await?;
    let after = page.tags_when("there are five tags", |tags| tags.len() == 5).await?;
    assert_eq!(score(&after, "disgust"), None);
    assert!(!page.labels().await?.contains(&"disgust".to_owned()));
    page.assert_quiet().await
}

#[tokio::test]
async fn a_repeated_label_is_refused_in_words() -> Result<()> {
    let (page, before) = open().await?;
    page.add_label(" Fear ").await?;
    page.wait("the page says why", async || {
        Ok(page.errors().await?.into_iter().find(|error| error.to_lowercase().contains("fear")))
    })
    .await?;
    assert_eq!(page.tags().await?, before);
    Ok(())
}
