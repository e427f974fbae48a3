use anyhow::Result;
use fantoccini::key::Key;
use undertone_tests::{Page, Screen};

const TEXT: &str = "I was so happy, and then the letter came.";

fn score(tags: &[undertone_tests::Tag], label: &str) -> f32 {
    tags.iter().find(|tag| tag.label == label).map_or(f32::NAN, |tag| tag.score)
}

/// The app with a text, read closely for a label.
async fn open(text: &str, label: &str) -> Result<Page> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.paste(text).await?;
    page.tags_when("there are tags", |tags| tags.len() == 6).await?;
    page.words().await?;
    page.ask::<()>(&format!("document.querySelector('[data-testid=tag][data-label={label}]').click();")).await?;
    page.wait("the label is chosen", async || Ok(page.explained_label().await?.filter(|chosen| chosen == label)))
        .await?;
    Ok(page)
}

#[tokio::test]
async fn a_words_weight_is_what_leaving_it_out_changes() -> Result<()> {
    let page = open(TEXT, "joy").await?;
    let with = score(&page.tags().await?, "joy");
    let words = page.words().await?;
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    assert_eq!(texts, ["I", "was", "so", "happy", "and", "then", "the", "letter", "came"]);
    for (without, word) in [("I was so, and then the letter came.", 3), ("I was so happy, and then the came.", 7)] {
        page.paste(without).await?;
        let tags = page.tags_when("the other text is read", |tags| score(tags, "joy") != with).await?;
        let change = score(&tags, "joy") - with;
        assert!((words[word].weight - change).abs() < 2e-3, "{:?}: {change}", words[word]);
    }
    page.assert_quiet().await
}

#[tokio::test]
async fn words_say_their_figures_and_arrow_keys_lead_from_one_to_the_next() -> Result<()> {
    let page = open(TEXT, "anger").await?;
    let words = page.words().await?;
    assert!(words[3].name.starts_with("without \u{2018}happy\u{2019}: anger ") && words[3].name.contains(" % to "));
    page.ask::<()>("document.querySelector('[data-testid=word]').focus();").await?;
    let focus = "return document.activeElement.textContent;";
    page.press(&Key::Right).await?;
    page.press(&Key::Right).await?;
    assert_eq!(page.ask::<String>(focus).await?, "so");
    page.press(&Key::End).await?;
    assert_eq!(page.ask::<String>(focus).await?, "came");
    let stops: u32 = page.ask("return document.querySelectorAll('[data-testid=word][tabindex=\"0\"]').length;").await?;
    assert_eq!(stops, 1, "all words are one stop for the tab key");
    page.assert_quiet().await
}

#[tokio::test]
async fn each_sentence_has_its_own_label_and_leads_to_its_words() -> Result<()> {
    let page = open("I was so happy! Then the letter came. He died in March.", "joy").await?;
    let sentences =
        page.wait("there are sentences", async || Ok(Some(page.sentences().await?).filter(|s| s.len() == 3))).await?;
    assert_eq!(sentences[1].text, "Then the letter came.");
    page.ask::<()>("document.querySelectorAll('[data-testid=sentence]')[1].click();").await?;
    assert_eq!(page.ask::<String>("return document.activeElement.textContent;").await?, "Then");
    page.paste("Then the letter came.").await?;
    page.wait("one sentence has no ribbon", async || Ok(page.sentences().await?.is_empty().then_some(()))).await?;
    let tags = page.tags_when("it is read alone", |tags| tags.len() == 6).await?;
    assert!((score(&tags, &sentences[1].label) - sentences[1].score).abs() < 2e-3, "{sentences:?} {tags:?}");
    assert!(tags.iter().all(|tag| tag.score <= sentences[1].score + 2e-3), "it has most of it");
    page.assert_quiet().await
}

#[tokio::test]
async fn a_pinned_text_tells_what_edits_change() -> Result<()> {
    let page = open(TEXT, "joy").await?;
    let before = page.tags().await?;
    page.click("pin").await?;
    page.find("difference").await?;
    assert!(page.shifts().await?.is_empty());
    page.paste("I was furious, and then the letter burned.").await?;
    let after = page.tags_when("the edit is read", |tags| tags != before).await?;
    let shifts =
        page.wait("there are shifts", async || Ok(Some(page.shifts().await?).filter(|s| !s.is_empty()))).await?;
    for shift in &shifts {
        assert!((shift.before - score(&before, &shift.label)).abs() < 1e-4, "{shift:?}");
        assert!((shift.after - score(&after, &shift.label)).abs() < 1e-4, "{shift:?}");
    }
    assert!(
        shifts
            .windows(2)
            .all(|pair| { (pair[0].after - pair[0].before).abs() >= (pair[1].after - pair[1].before).abs() })
    );
    let deeds =
        "return [...document.querySelectorAll('[data-testid=difference] .named li')].map(li => li.textContent);";
    let deeds: Vec<String> = page
        .wait("each edit says what it did", async || {
            let deeds: Vec<String> = page.ask(deeds).await?;
            Ok(deeds.iter().all(|deed| !deed.contains("being read")).then_some(deeds))
        })
        .await?;
    assert_eq!(deeds.len(), 2, "{deeds:?}");
    assert!(deeds[0].starts_with("\u{2018}furious\u{2019} for \u{2018}so happy\u{2019}"), "{deeds:?}");

    page.ask::<()>("document.querySelector('[data-testid=difference] button').click();").await?;
    assert_eq!(page.text().await?, TEXT);
    page.click("undo").await?;
    assert!(page.text().await?.contains("furious"), "going back is an edit like any other");
    page.click("pin").await?;
    page.wait("nothing is pinned", async || Ok(page.find("difference").await.is_err().then_some(()))).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn an_edit_does_what_it_says() -> Result<()> {
    let page = open(TEXT, "joy").await?;
    page.unfold("card").await?;
    let wordings = "return document.querySelectorAll('[data-testid=wording]').length;";
    page.wait("the card is there", async || Ok((page.ask::<u32>(wordings).await? > 1).then_some(()))).await?;
    page.unfold("edits").await?;
    let edits = "return [...document.querySelectorAll('[data-testid=edit]')].map(edit => Number(edit.dataset.score));";
    let promised: Vec<f32> = page
        .wait("there are edits", async || Ok(Some(page.ask::<Vec<f32>>(edits).await?).filter(|e| !e.is_empty())))
        .await?;
    page.ask::<()>("document.querySelector('[data-testid=edit] button').click();").await?;
    assert_ne!(page.text().await?, TEXT);
    page.tags_when("the edit has the score that was promised", |tags| (score(tags, "joy") - promised[0]).abs() < 2e-3)
        .await?;
    page.find("difference").await?;
    page.click("undo").await?;
    assert_eq!(page.text().await?, TEXT);
    page.assert_quiet().await
}

#[tokio::test]
async fn odd_texts_are_read_closely() -> Result<()> {
    let page = Page::open_site(Page::site(), Screen::Phone).await?.until_ready().await?;
    page.choose_preset("Ekman").await?;
    let long = "I was so happy that you came. Then the letter burned, and nobody said a word. ".repeat(310);
    for (text, least) in [("Joy", 1), ("😭😭😭", 1), ("أنا سعيد جدا لأنك جئت", 5), (long.as_str(), 10), ("!!!", 0)]
    {
        page.paste(text).await?;
        page.tags_when("it is tagged", |tags| tags.len() == 6).await?;
        let words = page.words().await?;
        assert!(words.len() >= least && words.len() <= 48, "{} words of {text:.40}", words.len());
        assert!(words.iter().all(|word| word.weight.is_finite() && word.name.contains(" to ")), "{words:?}");
        assert!(!page.scrolls_sideways().await?, "{text:.40}");
    }
    page.paste("").await?;
    page.wait("there is nothing to read", async || Ok(page.find("explain").await.is_err().then_some(()))).await?;
    page.assert_quiet().await
}
