use anyhow::Result;
use undertone_tests::{Page, Tag};

fn on(tags: &[Tag]) -> usize {
    tags.iter().filter(|tag| tag.on).count()
}

#[tokio::test]
async fn the_threshold_decides_what_is_on() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("It was the best of times, it was the worst of times.").await?;
    page.tags_when("there are tags", |tags| tags.len() == 6).await?;

    page.set_threshold(0.0).await?;
    let tags = page.tags_when("everything is on", |tags| on(tags) == 6).await?;
    let mut scores: Vec<f32> = tags.iter().map(|tag| tag.score).collect();
    scores.sort_by(f32::total_cmp);

    let middle = (50.0 * (scores[2] + scores[3])).round() / 100.0;
    page.set_threshold(middle).await?;
    page.tags_when("what reaches the threshold is on, and nothing else", |tags| {
        tags.len() == 6 && tags.iter().all(|tag| tag.on == (tag.score >= middle))
    })
    .await?;

    page.set_threshold(1.0).await?;
    page.tags_when("nothing is on", |tags| tags.len() == 6 && on(tags) == 0).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn one_label_at_most_in_single_mode() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.write("It was the best of times, it was the worst of times.").await?;
    page.set_threshold(0.0).await?;
    let multi = page.tags_when("everything is on", |tags| on(tags) == 6).await?;

    page.choose_mode("single").await?;
    let single = page.tags_when("one is on at most", |tags| tags.len() == 6 && on(tags) <= 1).await?;
    let sum: f32 = single.iter().map(|tag| tag.score).sum();
    assert!(sum <= 1.001, "the probabilities of {single:?} sum to {sum}");

    page.choose_mode("multi").await?;
    page.tags_when("everything is as it was", |tags| tags == multi).await?;
    page.assert_quiet().await
}
