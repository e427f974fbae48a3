use anyhow::Result;
use undertone_tests::{Page, Screen};

#[tokio::test]
async fn a_small_screen_needs_no_sideways_scrolling() -> Result<()> {
    let page = Page::open_site(Page::site(), Screen::Phone).await?;
    page.wait_until_ready().await?;
    assert_eq!(page.ask::<u32>("return window.innerWidth;").await?, 360);
    page.choose_preset("GoEmotions").await?;
    page.add_label("the feeling of having said rather too much to far too many people").await?;
    page.write("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft").await?;
    page.tags_when("there are tags", |tags| tags.len() == 29).await?;
    assert!(!page.scrolls_sideways().await?);
    page.assert_quiet().await
}

#[tokio::test]
async fn the_documents_are_in_view_whole() -> Result<()> {
    let page = Page::open_site(Page::site(), Screen::Phone).await?;
    page.wait_until_ready().await?;
    page.click("documents").await?;
    let sides = "const list = document.getElementById('documents-list').getBoundingClientRect();
        return [list.left, list.right, innerWidth - list.right];";
    let [left, right, beside] = page.ask::<[f64; 3]>(sides).await?;
    assert!(left >= 0.0 && right - left > 200.0 && beside >= 0.0, "from {left} to {right}, {beside} px beside it");
    page.assert_quiet().await
}
