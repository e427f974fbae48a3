//! Takes pictures of the built app with the shipped student.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use undertone_tests::{Page, Screen, Site};

const TEXT: &str = "They finally called: the tests are clear. I sat down on the kitchen floor and \
                    laughed until I cried.";

/// Take pictures of a built app
#[derive(Parser)]
struct Arguments {
    /// The folder of the built app
    folder: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// One picture of a text and its tags
    One {
        /// The PNG file to write
        picture: PathBuf,
        /// The labels to begin with
        #[arg(long, default_value = "Ekman")]
        preset: String,
        /// Labels to add
        #[arg(long, default_values = ["relief", "a weight lifted", "shaken"])]
        label: Vec<String>,
    },
    /// How many feelings: at several numbers of classes, of a text and of a file, on a desk and on a telephone
    Granularity {
        /// The folder to write into
        pictures: PathBuf,
        /// The labels to begin with
        #[arg(long, default_value = "GoEmotions")]
        preset: String,
        /// The numbers of classes
        #[arg(long, default_values_t = [4, 8, 27])]
        classes: Vec<usize>,
        /// Texts for the file, a JSON object a line
        #[arg(long, default_value = "trainer/data/original-corpus/data.jsonl")]
        texts: PathBuf,
        /// How many of them
        #[arg(long, default_value_t = 400)]
        count: usize,
    },
    /// Every view, on a desk and on a telephone, light and dark
    All {
        /// The folder to write into
        pictures: PathBuf,
        /// Texts for the file, a JSON object a line
        #[arg(long, default_value = "trainer/data/original-corpus/data.jsonl")]
        texts: PathBuf,
        /// How many of them
        #[arg(long, default_value_t = 300)]
        count: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { folder, what } = Arguments::parse();
    match what {
        What::One { picture, preset, label } => one(folder, &picture, &preset, &label).await,
        What::Granularity { pictures, preset, classes, texts, count } => {
            granularity(folder, &pictures, &preset, &classes, (&texts, count)).await
        }
        What::All { pictures, texts, count } => all(folder, &pictures, &texts, count).await,
    }
}

async fn one(folder: PathBuf, picture: &Path, preset: &str, labels: &[String]) -> Result<()> {
    let page = Page::open_site(Site::new(folder), Screen::Desktop).await?.until_ready().await?;
    set_scene(&page, preset, labels).await?;
    shoot(&page, picture).await
}

async fn set_scene(page: &Page, preset: &str, labels: &[String]) -> Result<()> {
    page.choose_preset(preset).await?;
    for label in labels {
        page.add_label(label).await?;
    }
    page.write(TEXT).await?;
    page.tags_when("every label has a score", |tags| {
        labels.iter().all(|label| tags.iter().any(|tag| tag.label == *label && tag.score > 0.0))
    })
    .await?;
    Ok(())
}

async fn granularity(
    folder: PathBuf,
    pictures: &Path,
    preset: &str,
    classes: &[usize],
    (texts, count): (&Path, usize),
) -> Result<()> {
    fs::create_dir_all(pictures).with_context(|| pictures.display().to_string())?;
    let corpus = fs::read_to_string(texts).with_context(|| texts.display().to_string())?;
    let rows: Vec<&str> = corpus.lines().take(count).collect();
    let page = Page::open_site(Site::new(folder), Screen::Desktop).await?.until_ready().await?;
    page.choose_preset(preset).await?;
    page.write(TEXT).await?;
    page.tags_when("the text has tags", |tags| tags.len() > 20).await?;
    for of in ["text", "file"] {
        if of == "file" {
            page.open_file("survey-answers.jsonl", &rows.join("\n")).await?;
            page.until_read().await?;
        }
        page.go_to("Granularity").await?;
        for (screen, width, height) in [("desk", 1280, 3000), ("phone", 390, 4600)] {
            page.browser().set_size(width, height, screen == "phone").await?;
            for theme in ["light", "dark"] {
                page.browser().set_colours(theme).await?;
                for &count in classes {
                    page.set_classes(count).await?;
                    page.until_classes(count).await?;
                    if of == "file" {
                        page.wait("the curve is there", async || Ok(page.find("support-table").await.ok())).await?;
                    }
                    shoot(&page, &pictures.join(format!("{of}-{count}-{screen}-{theme}.png"))).await?;
                }
            }
        }
    }
    Ok(())
}

async fn all(folder: PathBuf, pictures: &Path, texts: &Path, count: usize) -> Result<()> {
    fs::create_dir_all(pictures).with_context(|| pictures.display().to_string())?;
    let corpus = fs::read_to_string(texts).with_context(|| texts.display().to_string())?;
    let rows: Vec<&str> = corpus.lines().take(count).collect();
    let diary = diary(&rows)?;
    let page = Page::open_site(Site::new(folder), Screen::Desktop).await?.until_ready().await?;
    let labels = ["relief", "a weight lifted", "shaken"].map(str::to_owned);
    set_scene(&page, "Ekman", &labels).await?;
    let browser = page.browser();
    for (screen, width, height) in [("desk", 1280, 900), ("phone", 390, 844)] {
        browser.set_size(width, height, screen == "phone").await?;
        for theme in ["light", "dark"] {
            browser.set_colours(theme).await?;
            let file = |view: &str| pictures.join(format!("{view}-{screen}-{theme}.png"));
            page.go_to("Text").await?;
            page.paste(TEXT).await?;
            page.tags_when("the text has tags", |tags| !tags.is_empty()).await?;
            shoot(&page, &file("text")).await?;
            page.words().await?;
            page.click("pin").await?;
            page.paste(&format!(
                "{TEXT} Then the phone rang again. It was the wrong file. I have never been so angry."
            ))
            .await?;
            page.words().await?;
            show(&page, "difference").await?;
            shoot(&page, &file("difference")).await?;
            page.click("pin").await?;
            show(&page, "explain").await?;
            shoot(&page, &file("explain")).await?;
            page.unfold("edits").await?;
            page.unfold("card").await?;
            page.words().await?;
            show(&page, "edits").await?;
            shoot(&page, &file("explain-more")).await?;
            page.paste(&diary).await?;
            page.wait("the diary has parts", async || Ok((page.parts().await?.len() > 1).then_some(()))).await?;
            shoot(&page, &file("long")).await?;
            page.ask::<()>("document.querySelector('[data-testid=documents]').click();").await?;
            shoot(&page, &file("documents")).await?;
            page.ask::<()>("document.querySelector('[data-testid=documents]').click();").await?;
            page.go_to("File").await?;
            page.ask::<()>("document.querySelector('[aria-label=\"Close the file\"]')?.click();").await?;
            shoot(&page, &file("file-empty")).await?;
            page.open_file("survey-answers.jsonl", &rows.join("\n")).await?;
            page.wait("some rows are read", async || {
                Ok(page.read_so_far().await?.filter(|(done, _)| *done > 40.0).map(drop))
            })
            .await?;
            shoot(&page, &file("file-reading")).await?;
            page.until_read().await?;
            shoot(&page, &file("file")).await?;
            page.ask::<()>("document.querySelectorAll('[data-testid=row] .text')[2].click();").await?;
            page.wait("the row is shown", async || Ok(page.find("row-panel").await.ok())).await?;
            shoot(&page, &file("file-row")).await?;
            page.ask::<()>("document.querySelector('[aria-label=\"Close this row\"]').click();").await?;
        }
    }
    Ok(())
}

/// Some two thousand words of the corpus, as one text.
fn diary(rows: &[&str]) -> Result<String> {
    let mut diary = String::new();
    for row in rows {
        let row: serde_json::Value = serde_json::from_str(row)?;
        diary.push_str(row["text"].as_str().unwrap_or_default());
        diary.push_str(if diary.len().is_multiple_of(5) { "\n\n" } else { " " });
        if diary.split_whitespace().count() > 2_000 {
            break;
        }
    }
    Ok(diary)
}

/// Brings what has this test hook to the top.
async fn show(page: &Page, testid: &str) -> Result<()> {
    page.ask(&format!("document.querySelector('[data-testid={testid}]').scrollIntoView();")).await
}

async fn shoot(page: &Page, picture: &Path) -> Result<()> {
    // The bars take their time to grow.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    fs::write(picture, page.picture().await?).with_context(|| picture.display().to_string())
}
