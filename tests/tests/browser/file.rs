use anyhow::{Context, Result};
use undertone_tests::{Page, Screen, fixture};

/// A file of `count` rows: the texts with golden answers, over and over, called r0, r1, ...
fn table(count: usize) -> Result<(String, Vec<fixture::Answer>)> {
    let answers: Vec<_> = fixture::golden()?.into_iter().filter(|answer| !answer.text.trim().is_empty()).collect();
    let quoted = |text: &str| text.replace('"', "\"\"");
    let rows = (0..count).map(|i| format!("r{i},\"{}\"\n", quoted(&answers[i % answers.len()].text)));
    Ok((["id,said\n".to_owned()].into_iter().chain(rows).collect(), answers))
}

/// How many rows have scores.
async fn scored(page: &Page) -> Result<usize> {
    Ok(page.exported().await?.iter().filter(|row| row["scores"].is_object()).count())
}

#[tokio::test]
async fn every_text_of_a_file_gets_the_scores_it_gets_natively() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    let (content, answers) = table(150)?;
    page.open_file("said.csv", &content).await?;
    page.until_read().await?;
    let set = fixture::label_set()?;
    let rows = page
        .wait("all rows have their scores", async || {
            let rows = page.exported().await?;
            Ok(rows.iter().all(|row| row["scores"].is_object()).then_some(rows))
        })
        .await?;
    assert_eq!(rows.len(), 150);
    for (i, row) in rows.iter().enumerate() {
        let answer = &answers[i % answers.len()];
        assert_eq!((row["id"].as_str(), row["text"].as_str()), (Some(&*format!("r{i}")), Some(&*answer.text)));
        for (label, expected) in set.labels().iter().zip(&answer.multi) {
            let score = row["scores"][&label.name].as_f64().context("a score for each label")?;
            assert!((score - f64::from(*expected)).abs() < 2e-3, "{} of {:?}: {score}", label.name, answer.text);
        }
    }

    // The table shows what is in view, and follows the labels.
    let shown = page.rows().await?;
    assert!(shown.len() < 40 && shown[0].0 == "r0" && shown[0].1 == answers[0].text.trim(), "{shown:?}");
    page.set_threshold(0.0).await?;
    page.add_label("Wonder").await?;
    page.wait("the new label is everywhere", async || {
        let rows = page.exported().await?;
        let everywhere = rows.iter().all(|row| row["tags"].as_array().is_some_and(|t| t.iter().any(|t| t == "Wonder")));
        Ok(everywhere.then_some(()))
    })
    .await?;
    assert_eq!(page.rows().await?[0].2.len(), 3, "a row names three tags and counts the rest");
    let header = page.export("export-csv").await?.lines().next().map(str::to_owned);
    assert!(
        header.as_deref().is_some_and(|h| h.starts_with("id,text,tags,none,") && h.ends_with("Wonder")),
        "{header:?}"
    );
    page.assert_quiet().await
}

#[tokio::test]
async fn reading_can_be_stopped_and_what_was_read_stays() -> Result<()> {
    let page = Page::open().await?;
    let (content, _) = table(20_000)?;
    page.open_file("long.csv", &content).await?;
    page.wait("some rows are read", async || Ok(page.read_so_far().await?.filter(|(done, _)| *done > 0.0).map(drop)))
        .await?;
    page.click("cancel").await?;
    page.wait("it can go on", async || Ok(page.find("resume").await.ok())).await?;
    let read = scored(&page).await?;
    assert!((1..20_000).contains(&read), "{read}");
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(scored(&page).await?, read);
    page.click("resume").await?;
    page.wait("it goes on", async || Ok(page.read_so_far().await?.filter(|(done, _)| *done > read as f64).map(drop)))
        .await?;
    // The text box was never in its way, and is not now.
    page.write("I am so happy").await?;
    page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_and_the_open_one_stays() -> Result<()> {
    let page = Page::open().await?;
    page.open_file("good.txt", "one text\nand another\n").await?;
    page.until_read().await?;
    for (name, content, error) in [
        ("bad.csv", "id,text\n1,\"a\n2,b\n", "bad.csv:2: "),
        ("bad.pdf", "%PDF", "bad.pdf: the format is told by the name's end"),
        ("empty.txt", "\n \n", "empty.txt has no text in it"),
    ] {
        page.open_file(name, content).await?;
        page.wait(error, async || Ok(page.errors().await?.iter().any(|e| e.starts_with(error)).then_some(()))).await?;
        assert_eq!(page.rows().await?.len(), 2);
    }
    page.assert_quiet().await
}

#[tokio::test]
async fn odd_lines_are_named_and_their_rows_read() -> Result<()> {
    let page = Page::open().await?;
    page.open_file("odd.csv", "id,text\n1,a,b\n2,c\n").await?;
    page.until_read().await?;
    let said = "odd.csv:2: the row has 3 columns where the header has 2";
    assert!(page.errors().await?.iter().any(|error| error.starts_with(said)), "{:?}", page.errors().await?);
    assert_eq!(page.rows().await?.len(), 2);
    page.assert_quiet().await
}

#[tokio::test]
async fn a_row_can_be_looked_at_by_itself_and_the_text_that_was_typed_stays() -> Result<()> {
    let page = Page::open().await?;
    page.write("What I wrote myself.").await?;
    page.open_file("two.txt", "one text\nand another\n").await?;
    page.until_read().await?;
    page.ask::<()>("document.querySelectorAll('[data-testid=row] .text')[1].click();").await?;
    page.wait("the row is shown", async || {
        let panel = "return document.querySelector('[data-testid=row-panel]')?.textContent ?? '';";
        let shown: String = page.ask(panel).await?;
        Ok((shown.contains("and another") && shown.contains('%')).then_some(()))
    })
    .await?;
    assert_eq!(page.text().await?, "What I wrote myself.");
    assert!(!page.scrolls_sideways().await?);
    page.assert_quiet().await
}

#[tokio::test]
async fn a_file_opened_before_the_model_is_here_says_what_it_waits_for() -> Result<()> {
    // A model that never comes.
    let nothing = tempfile::TempDir::new()?;
    let page = Page::open_site(Page::site().with_model(nothing.path()), Screen::Desktop).await?;
    page.wait("the page is there", async || Ok((page.state().await? == "error").then_some(()))).await?;
    page.open_file("two.txt", "one text\nand another\n").await?;
    page.wait("its rows are there", async || Ok((page.rows().await?.len() == 2).then_some(()))).await?;
    let said: String = page.ask("return document.querySelector('.sheet-reading').textContent;").await?;
    assert!(said.contains("Waiting for the model"), "{said}");
    Ok(())
}

#[tokio::test]
async fn every_row_leaves_also_those_without_a_text_and_no_id_is_given_twice() -> Result<()> {
    let page = Page::open().await?;
    page.add_label("none").await?;
    page.open_file("odd.csv", "id,text\n3,a\n,b\nx,\n").await?;
    page.until_read().await?;
    let rows = page.exported().await?;
    let ids: Vec<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["3", "line 3", "x"]);
    let csv = page.export("export-csv").await?;
    let header = csv.lines().next().unwrap_or_default();
    assert!(header.starts_with("id,text,tags,none,") && header.ends_with(",label: none"), "{header}");
    page.assert_quiet().await
}
