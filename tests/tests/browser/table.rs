use anyhow::Result;
use fantoccini::key::Key;
use undertone_tests::Page;

/// A file of numbered texts.
fn numbered(count: usize) -> String {
    let rows = (0..count).map(|i| format!("r{i},\"text number {i}, {}\"\n", if i % 2 == 0 { "even" } else { "odd" }));
    ["id,text\n".to_owned()].into_iter().chain(rows).collect()
}

async fn open(count: usize) -> Result<Page> {
    let page = Page::open().await?;
    page.open_file("numbered.csv", &numbered(count)).await?;
    page.until_read().await?;
    Ok(page)
}

/// The row that has the focus.
async fn focused(page: &Page) -> Result<Option<String>> {
    page.ask("return document.activeElement?.closest('[data-testid=row]')?.dataset.id ?? null;").await
}

async fn until_focused(page: &Page, id: &str) -> Result<()> {
    page.wait(&format!("{id} has the focus"), async || Ok((focused(page).await?.as_deref() == Some(id)).then_some(())))
        .await
}

#[tokio::test]
async fn the_table_is_a_grid_with_headers_that_the_keyboard_goes_through() -> Result<()> {
    let page = open(400).await?;
    let grid: Vec<String> = page
        .ask(
            "const grid = document.querySelector('[data-testid=table]');
            return [grid.getAttribute('role'), grid.ariaRowCount,
                ...[...grid.querySelectorAll('[role=columnheader]')].map(header => header.textContent)];",
        )
        .await?;
    assert_eq!(grid, ["grid", "401", "Text", "Labels", "Status"]);

    page.ask::<()>("document.querySelector('[data-testid=row][tabindex=\"0\"]').focus();").await?;
    until_focused(&page, "r0").await?;
    for (key, id) in [(Key::Down, "r1"), (Key::Down, "r2"), (Key::Up, "r1"), (Key::End, "r399"), (Key::Home, "r0")] {
        page.press(&key).await?;
        until_focused(&page, id).await?;
    }
    // The focus outlasts its row's way out of view.
    page.ask::<()>("document.querySelector('[data-testid=table]').scrollTop = 12000;").await?;
    page.wait("other rows are in view", async || Ok(page.row_ids().await?.contains(&"r205".to_owned()).then_some(())))
        .await?;
    assert_eq!(focused(&page).await?.as_deref(), Some("r0"));
    page.press(&Key::Down).await?;
    until_focused(&page, "r1").await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn a_decision_is_made_by_keyboard_and_taken_back() -> Result<()> {
    let page = open(5).await?;
    let status = async |id: &str| -> Result<Option<String>> {
        page.ask(&format!("return document.querySelector('[data-testid=row][data-id={id}]')?.dataset.status ?? null;"))
            .await
    };
    let until = async |id: &str, wanted: &str| {
        page.wait(&format!("{id} is {wanted}"), async || {
            Ok((status(id).await?.as_deref() == Some(wanted)).then_some(()))
        })
        .await
    };
    page.ask::<()>("document.querySelector('[data-testid=row][data-id=r0]').focus();").await?;
    page.type_key("a").await?;
    until("r0", "accepted").await?;
    page.press(&Key::Down).await?;
    page.type_key("f").await?;
    until("r1", "flagged").await?;
    page.click("undo").await?;
    until("r1", "open").await?;
    page.click("redo").await?;
    until("r1", "flagged").await?;

    // It is kept, with everything else.
    page.until_kept().await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    until("r0", "accepted").await?;
    until("r1", "flagged").await?;
    page.set_value("filter-status", "flagged").await?;
    page.wait("only the flagged row is shown", async || Ok((page.row_ids().await? == ["r1"]).then_some(()))).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn rows_are_found_and_sorted() -> Result<()> {
    let page = open(40).await?;
    page.set_value("filter", "ODD").await?;
    page.wait("only odd rows are shown", async || {
        let ids = page.row_ids().await?;
        Ok((ids.first().map(String::as_str) == Some("r1") && ids.get(1).map(String::as_str) == Some("r3"))
            .then_some(()))
    })
    .await?;
    page.click("undo").await?;
    page.wait("all rows are shown", async || {
        Ok((page.row_ids().await?.first().map(String::as_str) == Some("r0")).then_some(()))
    })
    .await?;

    page.set_value("sort", "best").await?;
    let by_score = page.exported().await?;
    let best = |row: &serde_json::Value| {
        let scores = row["scores"].as_object().into_iter().flatten();
        scores.filter_map(|(_, score)| score.as_f64()).fold(0.0, f64::max)
    };
    let strongest = by_score.iter().map(best).fold(0.0, f64::max);
    page.wait("the strongest row is first", async || {
        let first = page.row_ids().await?.into_iter().next().unwrap_or_default();
        let row = by_score.iter().find(|row| row["id"].as_str() == Some(&first));
        Ok(row.filter(|row| (best(row) - strongest).abs() < 1e-3).map(drop))
    })
    .await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn the_end_of_a_file_is_announced() -> Result<()> {
    let page = open(3).await?;
    page.wait("it is said", async || {
        let said: String = page.ask("return document.querySelector('[data-testid=live]').textContent;").await?;
        Ok((said == "The file is read to its end: 3 texts.").then_some(()))
    })
    .await
}
