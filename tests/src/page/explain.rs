//! The text read closely.

use anyhow::Result;
use serde::Deserialize;

use super::Page;

/// A word of the text.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// The change of the label's probability when it is left out.
    pub weight: f32,
    /// What it says to those who listen.
    pub name: String,
}

/// A sentence of the text.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// The label that it has most of.
    pub label: String,
    /// That label's probability.
    pub score: f32,
}

/// What an edit did to a label.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Shift {
    /// The label.
    pub label: String,
    /// Its probability before.
    pub before: f32,
    /// Its probability now.
    pub after: f32,
}

impl Page {
    /// Waits until the text is read closely to its end, and returns its words.
    pub async fn words(&self) -> Result<Vec<Word>> {
        self.wait("the text is read closely", async || {
            let words: Option<Vec<Word>> = self
                .ask(
                    "const explain = document.querySelector('[data-testid=explain]');
                    if (explain?.ariaBusy !== 'false') return null;
                    return [...explain.querySelectorAll('[data-testid=word]')].map(word => ({
                        text: word.textContent,
                        weight: Number(word.dataset.weight),
                        name: word.ariaLabel,
                    }));",
                )
                .await?;
            Ok(words)
        })
        .await
    }

    /// The label that the text is read closely for.
    pub async fn explained_label(&self) -> Result<Option<String>> {
        self.ask("return document.querySelector('[data-testid=explain]')?.dataset.label ?? null;").await
    }

    /// The sentences of the text, if there are several.
    pub async fn sentences(&self) -> Result<Vec<Sentence>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=sentence]')].map(sentence => ({
                text: sentence.textContent,
                label: sentence.dataset.label,
                score: Number(sentence.dataset.score),
            }));",
        )
        .await
    }

    /// What changed since the text was pinned.
    pub async fn shifts(&self) -> Result<Vec<Shift>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=difference] [data-testid=shift]')].map(shift => ({
                label: shift.dataset.label,
                before: Number(shift.dataset.before),
                after: Number(shift.dataset.after),
            }));",
        )
        .await
    }

    /// Opens what is folded behind a summary.
    pub async fn unfold(&self, testid: &str) -> Result<()> {
        self.ask(&format!("document.querySelector('[data-testid={testid}]').open = true;")).await
    }
}
