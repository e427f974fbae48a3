//! The text and what it feels like.

use anyhow::Result;
use serde::Deserialize;

use super::{Page, Tag};

impl Page {
    /// Writes into the text box instead of what is there.
    pub async fn write(&self, text: &str) -> Result<()> {
        self.go_to("Text").await?;
        self.replace(&self.find("text-input").await?, text).await
    }

    /// Puts a text into the text box at once, as pasting does.
    pub async fn paste(&self, text: &str) -> Result<()> {
        self.set_value("text-input", text).await
    }

    /// What is in the text box.
    pub async fn text(&self) -> Result<String> {
        Ok(self.find("text-input").await?.prop("value").await?.unwrap_or_default())
    }

    /// The result of the text box.
    pub async fn tags(&self) -> Result<Vec<Tag>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=tags] [data-testid=tag]')].map(tag => ({
                label: tag.dataset.label,
                score: Number(tag.dataset.score),
                on: tag.dataset.on === 'true',
            }));",
        )
        .await
    }

    /// Valence and arousal, as numbers.
    pub async fn affect(&self) -> Result<[f32; 2]> {
        self.ask(
            "const affect = document.querySelector('[data-testid=affect]');
            return [Number(affect?.dataset.valence ?? 0), Number(affect?.dataset.arousal ?? 0)];",
        )
        .await
    }

    /// Waits until the result is complete and as it should be, and returns it.
    pub async fn tags_when(&self, what: &str, is_so: impl Fn(&[Tag]) -> bool) -> Result<Vec<Tag>> {
        self.wait(what, async || {
            if self.is_busy().await? {
                return Ok(None);
            }
            let tags = self.tags().await?;
            Ok(is_so(&tags).then_some(tags))
        })
        .await
    }

    /// Whether the result is still that of an earlier text or earlier labels.
    async fn is_busy(&self) -> Result<bool> {
        self.ask("return document.querySelector('[data-testid=tags]')?.ariaBusy === 'true';").await
    }

    /// The parts that a long text was read in: what each begins with, and its tags.
    pub async fn parts(&self) -> Result<Vec<Part>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=window]')].map(part => ({
                quote: part.querySelector('button').textContent,
                tags: [...part.querySelectorAll('.chip')].map(chip => chip.textContent),
            }));",
        )
        .await
    }
}

/// A part of a long text.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Part {
    /// What it begins with.
    pub quote: String,
    /// Its labels.
    pub tags: Vec<String>,
}
