use anyhow::Result;
use undertone_core::Bundle;
use undertone_tests::{Page, Screen, Site};

#[tokio::test]
async fn the_shipped_student_knows_fine_and_coarse_feelings() -> Result<()> {
    let dist = Page::dist();
    if !dist.join("model").join(Bundle::MANIFEST).exists() {
        eprintln!("skipped: dist/ holds no model");
        return Ok(());
    }
    let page = Page::open_site(Site::new(dist), Screen::Desktop).await?;
    page.wait_until_ready().await?;
    let cases = [
        ("Ekman", "I am so happy that you came, this is the best day of my life!", "joy"),
        ("Ekman", "How dare you! I am furious with you.", "anger"),
        ("Ekman", "She died last week and I cannot stop crying.", "sadness"),
        // Coarse names: known through the lexicon's terms, which come with the model.
        ("Sentiment", "We are so grateful, what a kind and thoughtful gift.", "positive"),
        ("Sentiment", "They cancelled it again, and I am sick of being lied to.", "negative"),
    ];
    let mut preset = "";
    for (wanted, text, label) in cases {
        if wanted != preset {
            page.choose_preset(wanted).await?;
            preset = wanted;
        }
        page.write(text).await?;
        page.tags_when(&format!("{text:?} is {label} above all"), |tags| {
            tags.iter().max_by(|a, b| a.score.total_cmp(&b.score)).is_some_and(|best| best.label == label)
        })
        .await?;
    }
    page.assert_quiet().await
}
