use std::collections::BTreeSet;

use anyhow::Result;
use undertone_tests::{Page, Screen, Site};

const TEXT: &str = "It was the best of times, it was the worst of times.";

/// GoEmotions' labels, a text, and the page that joins them.
async fn open() -> Result<Page> {
    let page = Page::open().await?;
    page.choose_preset("GoEmotions").await?;
    page.write(TEXT).await?;
    page.tags_when("there are tags", |tags| tags.len() == 28).await?;
    page.go_to("Granularity").await?;
    page.until_classes(28).await?;
    Ok(page)
}

async fn open_file(page: &Page) -> Result<()> {
    let texts = ["what a sunny day", "so glad", "leave me alone", "a train", "i cry", "so sad"];
    let rows: String = (0..60).map(|i| format!("{i},{} {}\n", texts[i % texts.len()], i / 6)).collect();
    page.open_file("answers.csv", &format!("id,text\n{rows}")).await?;
    page.until_read().await?;
    page.go_to("Granularity").await
}

async fn value_text(page: &Page) -> Result<String> {
    page.ask("return document.querySelector('[data-testid=granularity]').getAttribute('aria-valuetext');").await
}

#[tokio::test]
async fn the_slider_joins_labels_and_the_text_follows() -> Result<()> {
    let page = open().await?;
    let alone = page.classes().await?;
    assert!(alone.iter().all(|class| class.members == [class.label.clone()]));
    assert_eq!(value_text(&page).await?, "28 classes: each label by itself");

    page.set_classes(4).await?;
    let four = page.until_classes(4).await?;
    assert_eq!(value_text(&page).await?, "4 classes of 28 labels");
    let members: BTreeSet<&String> = four.iter().flat_map(|class| &class.members).collect();
    assert_eq!((members.len(), four.iter().map(|class| class.members.len()).sum::<usize>()), (28, 28));
    // A class of one label has that label's score; one of more has no less than any of them.
    for class in &four {
        let of = |name: &String| alone.iter().find(|class| class.label == *name).map_or(0.0, |class| class.score);
        let most = class.members.iter().map(of).fold(0.0, f32::max);
        assert!(class.score >= most - 1e-4, "{class:?}");
        assert!(class.members.len() > 1 || (class.score - most).abs() < 1e-6, "{class:?}");
    }
    page.go_to("Text").await?;
    let tags = page.tags_when("the text follows", |tags| tags.len() == 4).await?;
    for tag in tags {
        assert!(four.iter().any(|class| class.label == tag.label && (class.score - tag.score).abs() < 1e-4), "{tag:?}");
    }
    assert_eq!(page.labels().await?.len(), 28, "the labels stay");
    page.assert_quiet().await
}

#[tokio::test]
async fn a_cut_is_kept_and_one_undo_takes_it_back() -> Result<()> {
    let page = open().await?;
    let before = page.labels().await?;
    page.set_classes(5).await?;
    let five = page.until_classes(5).await?;
    page.click("keep").await?;
    page.wait("the classes are the labels", async || Ok((page.labels().await?.len() == 5).then_some(()))).await?;
    let kept: BTreeSet<String> = page.labels().await?.into_iter().collect();
    assert_eq!(kept, five.iter().map(|class| class.label.clone()).collect());
    let after = page.until_classes(5).await?;
    for class in after {
        let was = five.iter().find(|other| other.label == class.label);
        assert!(was.is_some_and(|was| (was.score - class.score).abs() < 1e-6), "{class:?} was {was:?}");
    }
    page.click("undo").await?;
    page.wait("the labels are back", async || Ok((page.labels().await? == before).then_some(()))).await?;
    page.until_classes(5).await?;
    // Kept again, it survives a reload, and can be unfolded.
    page.click("redo").await?;
    page.until_kept().await?;
    page.reload().await?;
    page.wait_until_ready().await?;
    page.until_classes(5).await?;
    let whole = five.iter().find(|class| class.members.len() > 1).map(|class| class.label.clone()).unwrap_or_default();
    page.choose("split-label", &whole).await?;
    page.wait("it can be unfolded", async || Ok(page.find("unfold").await.ok())).await?;
    page.click("unfold").await?;
    page.wait("it is unfolded", async || Ok((page.labels().await?.len() > 5).then_some(()))).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn labels_are_merged_by_keyboard_and_by_drag() -> Result<()> {
    let page = open().await?;
    page.choose("merge-from", "annoyance").await?;
    page.choose("merge-into", "anger").await?;
    page.click("merge").await?;
    page.until_classes(27).await?;
    assert!(!page.labels().await?.contains(&"annoyance".to_owned()));
    page.drag_label("grief", "sadness").await?;
    page.until_classes(26).await?;
    assert!(!page.labels().await?.contains(&"grief".to_owned()));
    for count in [27, 28] {
        page.click("undo").await?;
        page.until_classes(count).await?;
    }
    page.assert_quiet().await
}

#[tokio::test]
async fn a_label_is_split() -> Result<()> {
    // The tiny student knows no terms that labels could be split into; the shipped one does.
    let page = Page::open_site(Site::new(Page::dist()), Screen::Desktop).await?.until_ready().await?;
    page.choose_preset("Ekman").await?;
    page.write(TEXT).await?;
    page.go_to("Granularity").await?;
    page.until_classes(6).await?;
    page.choose("split-label", "sadness").await?;
    page.click("split").await?;
    let narrower = page
        .wait("there are narrower labels", async || {
            let names: Vec<String> = page
                .ask("return [...document.querySelectorAll('.recode .suggested b')].map(name => name.textContent);")
                .await?;
            Ok(names.into_iter().next())
        })
        .await?;
    page.ask::<()>("document.querySelector('.recode .suggested input').click();").await?;
    page.click("split-add").await?;
    page.wait("it is a label", async || Ok(page.labels().await?.contains(&narrower).then_some(()))).await?;
    page.until_classes(7).await?;
    page.click("undo").await?;
    page.until_classes(6).await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn a_file_tells_what_labels_share_and_how_many_classes_it_bears() -> Result<()> {
    let page = open().await?;
    open_file(&page).await?;
    page.set_classes(3).await?;
    page.until_classes(3).await?;
    page.wait("counts follow", async || {
        let classes = page.classes().await?;
        Ok((classes.len() == 3 && classes.iter().all(|class| !class.count.is_empty())).then_some(()))
    })
    .await?;
    let pairs = "return [...document.querySelectorAll('[data-testid=overlap-table] tbody tr')]
        .map(row => [...row.children].map(cell => cell.textContent.trim()));";
    let pairs = page
        .wait("overlaps are counted", async || {
            let rows: Vec<Vec<String>> = page.ask(pairs).await?;
            Ok((rows.len() == 3 && rows[0].len() == 6).then_some(rows))
        })
        .await?;
    let names: Vec<String> = page.classes().await?.into_iter().map(|class| class.label).collect();
    assert!(
        pairs.iter().all(|row| names.iter().filter(|name| row[0].contains(name.as_str())).count() >= 2),
        "{pairs:?}"
    );
    page.find("overlap").await?;

    let curve = "return [...document.querySelectorAll('[data-testid=support-table] tbody tr')]
        .map(row => [row.dataset.classes, row.dataset.stability ?? 0, row.dataset.margin].map(Number));";
    let rows = page
        .wait("the curve is there", async || {
            let rows: Vec<[f64; 3]> = page.ask(curve).await?;
            Ok((!rows.is_empty()).then_some(rows))
        })
        .await?;
    assert_eq!(rows.iter().map(|row| row[0] as usize).collect::<Vec<_>>(), (2..=28).collect::<Vec<_>>());
    assert!(rows.iter().all(|row| (-1.0..=1.0).contains(&row[1]) && (0.0..=1.0).contains(&row[2])), "{rows:?}");
    let verdict: String = page.ask("return document.querySelector('[data-testid=verdict]').textContent;").await?;
    assert!(verdict.trim().ends_with('.'), "{verdict}");
    // The table of the file follows too.
    page.go_to("File").await?;
    page.wait("rows have classes", async || {
        let tags: Vec<String> = page.rows().await?.into_iter().flat_map(|row| row.2).collect();
        Ok(tags.iter().all(|tag| names.contains(tag)).then_some(()))
    })
    .await?;
    page.assert_quiet().await
}

#[tokio::test]
async fn too_few_labels_are_said_to_be() -> Result<()> {
    let page = Page::open().await?;
    page.choose_preset("Ekman").await?;
    for name in page.labels().await?.iter().skip(1) {
        page.remove_label(name).await?;
    }
    page.go_to("Granularity").await?;
    page.wait("it is said", async || {
        let said: String = page.ask("return document.querySelector('main').textContent;").await?;
        Ok(said.contains("Add at least two labels").then_some(()))
    })
    .await?;
    page.assert_quiet().await
}
