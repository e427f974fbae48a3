//! Takes a picture of the built app with the shipped student.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::Parser;
use undertone_tests::{Page, Screen, Site};

const TEXT: &str = "They finally called: the tests are clear. I sat down on the kitchen floor and \
                    laughed until I cried.";

/// Take a picture of a built app
#[derive(Parser)]
struct Arguments {
    /// The folder of the built app
    folder: PathBuf,
    /// The PNG file to write
    picture: PathBuf,
    /// The labels to begin with
    #[arg(long, default_value = "Ekman")]
    preset: String,
    /// Labels to add
    #[arg(long, default_values = ["relief", "a weight lifted", "shaken"])]
    label: Vec<String>,
    /// On a telephone
    #[arg(long)]
    phone: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let screen = if arguments.phone { Screen::Phone } else { Screen::Desktop };
    let page = Page::open_site(Site::new(arguments.folder), screen).await?.until_ready().await?;
    page.choose_preset(&arguments.preset).await?;
    for label in &arguments.label {
        page.add_label(label).await?;
    }
    page.write(TEXT).await?;
    page.tags_when("every label has a score", |tags| {
        arguments.label.iter().all(|label| tags.iter().any(|tag| tag.label == *label && tag.score > 0.0))
    })
    .await?;
    // The bars take their time to grow.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let picture = page.picture().await?;
    fs::write(&arguments.picture, picture).with_context(|| arguments.picture.display().to_string())
}
