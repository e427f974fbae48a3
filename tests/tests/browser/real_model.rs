use anyhow::Result;
use undertone_core::Bundle;
use undertone_tests::{Page, Screen, Site};

#[tokio::test]
async fn the_shipped_student_knows_joy_from_anger() -> Result<()> {
    let dist = Page::dist();
    if !dist.join("model").join(Bundle::MANIFEST).exists() {
        eprintln!("skipped: dist/ holds no model");
        return Ok(());
    }
    let page = Page::open_site(Site::new(dist), Screen::Desktop).await?;
    page.wait_until_ready().await?;
    page.choose_preset("Ekman").await?;
    for (text, label) in [
        ("I am so happy that you came, this is the best day of my life!", "joy"),
        ("How dare you! I am furious with you.", "anger"),
        ("She died last week and I cannot stop crying.", "sadness"),
    ] {
        page.write(text).await?;
        page.tags_when(&format!("{text:?} is {label} above all"), |tags| {
            tags.iter().max_by(|a, b| a.score.total_cmp(&b.score)).is_some_and(|best| best.label == label)
        })
        .await?;
    }
    page.assert_quiet().await
}
