use anyhow::Result;
use undertone_tests::Page;

#[tokio::test]
async fn every_preset_replaces_the_labels() -> Result<()> {
    let page = Page::open().await?;
    page.write("What a day.").await?;
    for (name, label, count) in [
        ("Plutchik", "anticipation", 8),
        ("GoEmotions", "remorse", 28),
        ("ISEAR", "guilt", 7),
        ("SemEval", "optimism", 11),
        ("Sentiment", "ambiguous", 4),
        ("Ekman", "disgust", 6),
    ] {
        page.choose_preset(name).await?;
        page.tags_when(&format!("the tags are those of {name}"), |tags| {
            tags.len() == count && tags.iter().any(|tag| tag.label == label)
        })
        .await?;
        assert_eq!(page.labels().await?.len(), count, "{name}");
    }
    page.assert_quiet().await
}
