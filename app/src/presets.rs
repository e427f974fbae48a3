//! The label sets that come with the application, as files that anybody may also load.

use leptos::prelude::{document, window};
use serde::Deserialize;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, Url};

use crate::browser::describe;

/// The folder of the presets, beside the page.
const FOLDER: &str = "label-sets";

/// An entry of the presets' index.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Preset {
    /// The file in the folder.
    pub file: String,
    /// What people call it.
    pub name: String,
}

impl Preset {
    /// What the application calls it: its file without the ending.
    pub fn key(&self) -> &str {
        self.file.strip_suffix(".json").unwrap_or(&self.file)
    }

    /// The text of its file. The error is a sentence.
    pub async fn fetch(&self) -> Result<String, String> {
        fetch(&self.file).await
    }
}

/// All presets. The error is a sentence.
pub async fn index() -> Result<Vec<Preset>, String> {
    let json = fetch("index.json").await?;
    serde_json::from_str(&json)
        .map_err(|error| format!("{FOLDER}/index.json is not a list of label sets ({error}): reload the page."))
}

/// The absolute address of a path beside the page.
pub fn address(path: &str) -> Result<String, JsValue> {
    let base = document().base_uri()?.unwrap_or_default();
    Ok(Url::new_with_base(path, &base)?.href())
}

async fn fetch(file: &str) -> Result<String, String> {
    let failed =
        |why: String| format!("{FOLDER}/{file} could not be fetched ({why}): check the connection, then try again.");
    let thrown = |error: JsValue| failed(describe(&error));
    let url = address(&format!("{FOLDER}/{file}")).map_err(thrown)?;
    let response: Response = JsFuture::from(window().fetch_with_str(&url)).await.map_err(thrown)?.unchecked_into();
    if !response.ok() {
        return Err(failed(response.status().to_string()));
    }
    let text = JsFuture::from(response.text().map_err(thrown)?).await.map_err(thrown)?;
    Ok(text.as_string().unwrap_or_default())
}
