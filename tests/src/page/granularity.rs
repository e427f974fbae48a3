//! How many feelings there are.

use anyhow::Result;
use serde::Deserialize;

use super::Page;

/// A class of labels.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Class {
    /// Its name.
    pub label: String,
    /// The labels in it.
    pub members: Vec<String>,
    /// How well it fits the text.
    pub score: f32,
    /// For how many texts of the file it is on, as it is written.
    pub count: String,
}

impl Page {
    /// The classes that are looked through.
    pub async fn classes(&self) -> Result<Vec<Class>> {
        self.ask(
            "return [...document.querySelectorAll('[data-testid=class]')].map(row => ({
                label: row.dataset.label,
                members: row.dataset.members.split(','),
                score: Number(row.dataset.score),
                count: row.querySelector('.count').textContent.trim(),
            }));",
        )
        .await
    }

    /// Waits until there are so many classes.
    pub async fn until_classes(&self, count: usize) -> Result<Vec<Class>> {
        self.wait(&format!("there are {count} classes"), async || {
            let classes = self.classes().await?;
            Ok((classes.len() == count).then_some(classes))
        })
        .await
    }

    /// Moves the slider, once it is there: it comes with the labels' vectors.
    pub async fn set_classes(&self, count: usize) -> Result<()> {
        self.wait("there is a slider", async || Ok(self.find("granularity").await.ok())).await?;
        self.set_value("granularity", &count.to_string()).await
    }

    /// Chooses what a list offers, by the id of the list.
    pub async fn choose(&self, id: &str, name: &str) -> Result<()> {
        self.ask(&format!(
            "const list = document.getElementById('{id}');
            list.value = [...list.options].find(option => option.textContent.trim() === '{name}').value;
            list.dispatchEvent(new Event('change', {{ bubbles: true }}));"
        ))
        .await
    }

    /// Drags a label onto another.
    pub async fn drag_label(&self, name: &str, onto: &str) -> Result<()> {
        self.ask(&format!(
            "const chip = name => [...document.querySelectorAll('.label-chip')]
                .find(chip => chip.textContent.trim() === name);
            const dataTransfer = new DataTransfer();
            const send = (target, kind) =>
                target.dispatchEvent(new DragEvent(kind, {{ bubbles: true, cancelable: true, dataTransfer }}));
            const [from, to] = [chip('{name}'), chip('{onto}')];
            send(from, 'dragstart');
            send(to, 'dragover');
            send(to, 'drop');
            send(from, 'dragend');"
        ))
        .await
    }
}
