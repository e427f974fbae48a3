//! The file.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::Page;

impl Page {
    /// Opens a file of texts.
    pub async fn open_file(&self, name: &str, content: &str) -> Result<()> {
        let field = self.find("import-file").await?;
        self.client()
            .execute(
                "const [field, name, content] = arguments;
                const chosen = new DataTransfer();
                chosen.items.add(new File([content], name));
                field.files = chosen.files;
                field.dispatchEvent(new Event('change', { bubbles: true }));",
                vec![serde_json::to_value(field)?, json!(name), json!(content)],
            )
            .await?;
        Ok(())
    }

    /// The rows of the file that are in view: their ids, texts and tags.
    pub async fn rows(&self) -> Result<Vec<(String, String, Vec<String>)>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=table] [data-testid=row]')].map(row => [
                row.dataset.id,
                row.querySelector('.text').textContent.trim(),
                [...row.querySelectorAll('.chip')].map(chip => chip.textContent.trim()),
            ]);",
        )
        .await
    }

    /// Waits until the file is read to its end.
    pub async fn until_read(&self) -> Result<()> {
        self.wait("the file is read", async || {
            let read = self.ask::<bool>(
                "return Boolean(document.querySelector('[data-testid=table]'))
                    && !document.querySelector('[data-testid=progress]');",
            );
            Ok(read.await?.then_some(()))
        })
        .await
    }

    /// What the button of this test hook gives a person to keep.
    pub async fn export(&self, testid: &str) -> Result<String> {
        let button = self.find(testid).await?;
        let content = self
            .client()
            .execute(
                "const [button] = arguments;
                const create = URL.createObjectURL;
                return new Promise((resolve, reject) => {
                    URL.createObjectURL = blob => {
                        URL.createObjectURL = create;
                        resolve(blob.text());
                        return create.call(URL, blob);
                    };
                    setTimeout(() => reject(new Error('nothing was exported')), 20_000);
                    button.click();
                });",
                vec![serde_json::to_value(button)?],
            )
            .await?;
        Ok(content.as_str().context("nothing was exported")?.to_owned())
    }

    /// The exported rows, once the file may be exported.
    pub async fn exported(&self) -> Result<Vec<Value>> {
        self.wait("the file can be exported", async || {
            let ready = "return document.querySelector('[data-testid=export-jsonl]')?.disabled === false;";
            Ok(self.ask::<bool>(ready).await?.then_some(()))
        })
        .await?;
        let lines = self.export("export-jsonl").await?;
        lines.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// How many texts are read, and of how many, while there is a bar.
    pub async fn read_so_far(&self) -> Result<Option<(f64, f64)>> {
        self.ask(
            "const bar = document.querySelector('.sheet-reading [data-testid=progress]');
            return bar && [bar.value, bar.max];",
        )
        .await
    }

    /// The ids of the rows that are in view, in their order on the page.
    pub async fn row_ids(&self) -> Result<Vec<String>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=table] [data-testid=row]')]
                .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map(row => row.dataset.id);",
        )
        .await
    }
}
