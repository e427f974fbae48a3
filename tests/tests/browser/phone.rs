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
