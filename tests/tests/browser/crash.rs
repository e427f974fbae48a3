use std::collections::BTreeSet;

use anyhow::Result;
use undertone_tests::Page;

fn numbered(count: usize) -> String {
    let rows = (0..count).map(|i| format!("r{i},text number {i}\n"));
    ["id,text\n".to_owned()].into_iter().chain(rows).collect()
}

/// Every row for which vectors are kept, as often as they are.
const KEPT: &str = "return new Promise((resolve, reject) => {
    const opening = indexedDB.open('undertone');
    opening.onerror = reject;
    opening.onsuccess = () => {
        const all = opening.result.transaction('vectors').objectStore('vectors').getAll();
        all.onsuccess = () => { opening.result.close(); resolve(all.result.flatMap(piece => [...piece.rows])); };
    };
});";

#[tokio::test]
async fn a_tab_that_dies_in_the_middle_of_a_file_goes_on_where_it_was() -> Result<()> {
    const ROWS: usize = 3_000;
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    page.open_file("numbered.csv", &numbered(ROWS)).await?;
    page.wait("a part is read", async || Ok(page.read_so_far().await?.filter(|(done, _)| *done > 200.0).map(drop)))
        .await?;
    page.until_kept().await?;
    page.crash().await?;
    page.wait_until_ready().await?;
    page.until_read().await?;

    let rows = page.exported().await?;
    let ids: BTreeSet<_> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!((rows.len(), ids.len()), (ROWS, ROWS));
    assert!(rows.iter().all(|row| row["scores"].is_object()), "a row was lost");
    // What was encoded before was not encoded again.
    let kept: Vec<u32> = page.ask(KEPT).await?;
    let once: BTreeSet<_> = kept.iter().collect();
    assert_eq!((kept.len(), once.len()), (ROWS, ROWS));
    Ok(())
}

#[tokio::test]
async fn a_file_that_was_read_is_back_without_being_read_again() -> Result<()> {
    let page = Page::open().await?;
    page.open_file("numbered.csv", &numbered(200)).await?;
    page.until_read().await?;
    page.until_kept().await?;
    let before = page.exported().await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    page.until_read().await?;
    page.wait("the scores are what they were", async || Ok((page.exported().await? == before).then_some(()))).await?;
    page.assert_quiet().await
}
