//! Documents, and the way back.

use anyhow::Result;
use fantoccini::Locator;

use super::Page;

impl Page {
    /// The names of the documents of this device.
    pub async fn documents(&self) -> Result<Vec<String>> {
        self.open_documents().await?;
        self.wait("there is a list of documents", async || {
            let names: Vec<String> = self
                .ask(
                    "return [...document.querySelectorAll('[data-testid=document-item] button span:first-child')]
                        .map(name => name.textContent);",
                )
                .await?;
            Ok((!names.is_empty()).then_some(names))
        })
        .await
    }

    /// Opens a document by its name.
    pub async fn open_document(&self, name: &str) -> Result<()> {
        self.open_documents().await?;
        let path = format!("//li[@data-testid='document-item']/button[span='{name}']");
        Ok(self.client().wait().for_element(Locator::XPath(&path)).await?.click().await?)
    }

    /// Gives the document another name.
    pub async fn rename_document(&self, name: &str) -> Result<()> {
        self.open_documents().await?;
        self.set_value("document-name", name).await
    }

    async fn open_documents(&self) -> Result<()> {
        let open: bool =
            self.ask("return document.querySelector('[data-testid=documents]').ariaExpanded === 'true';").await?;
        if !open {
            self.click("documents").await?;
        }
        Ok(())
    }

    /// Waits until everything that was done is on the device.
    pub async fn until_kept(&self) -> Result<()> {
        // Steps gather for a fifth of a second before they are written.
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        Ok(())
    }
}
