use anyhow::Result;
use undertone_tests::{Page, Screen};

#[tokio::test]
async fn it_works_below_any_path() -> Result<()> {
    let site = Page::site().with_base("/someone/undertone");
    let mut page = Page::open_site(site, Screen::Desktop).await?;
    page.wait_until_ready().await?;
    page.write("Far from home.").await?;
    let tags = page.tags_when("there are tags", |tags| !tags.is_empty()).await?;
    page.until_kept_offline().await?;
    page.assert_quiet().await?;

    page.go_offline();
    page.reload().await?;
    page.wait_until_ready().await?;
    page.tags_when("the tags are what they were", |here| here == tags).await?;
    Ok(())
}
