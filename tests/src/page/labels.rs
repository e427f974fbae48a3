//! The labels and the decision.

use anyhow::{Context as _, Result, bail};
use fantoccini::{Locator, elements::Element, key::Key};

use super::Page;

impl Page {
    /// The names in the label list.
    pub async fn labels(&self) -> Result<Vec<String>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=label-row] [data-testid=label-name]')]
                .map(name => name.value);",
        )
        .await
    }

    /// Adds a label.
    pub async fn add_label(&self, name: &str) -> Result<()> {
        self.replace(&self.find("label-add").await?, name).await?;
        self.press(&Key::Enter).await
    }

    /// Renames a label.
    pub async fn rename_label(&self, name: &str, new: &str) -> Result<()> {
        let input = self.in_row(name, "label-name").await?;
        self.replace(&input, new).await?;
        self.press(&Key::Enter).await
    }

    /// Removes a label.
    pub async fn remove_label(&self, name: &str) -> Result<()> {
        Ok(self.in_row(name, "label-remove").await?.click().await?)
    }

    /// Starts from another set of labels, by its name.
    pub async fn choose_preset(&self, name: &str) -> Result<()> {
        let preset = self.find("preset").await?;
        // Not select_by_label, which wants a text without spaces around it.
        let option = preset
            .find(Locator::XPath(&format!(".//option[contains(., '{name}')]")))
            .await
            .with_context(|| format!("there is no preset {name}"))?;
        Ok(option.click().await?)
    }

    /// Chooses `multi` or `single`.
    pub async fn choose_mode(&self, mode: &str) -> Result<()> {
        self.set_value("mode", mode).await
    }

    /// Sets the global threshold.
    pub async fn set_threshold(&self, threshold: f32) -> Result<()> {
        self.set_value("threshold", &threshold.to_string()).await
    }

    /// A part of the row of a label.
    async fn in_row(&self, name: &str, testid: &str) -> Result<Element> {
        for row in self.client().find_all(Locator::Css("[data-testid=label-row]")).await? {
            let input = row.find(Locator::Css("[data-testid=label-name]")).await?;
            if input.prop("value").await?.as_deref() == Some(name) {
                return Ok(row.find(Locator::Css(&format!("[data-testid={testid}]"))).await?);
            }
        }
        bail!("the label list has no {name}")
    }
}
