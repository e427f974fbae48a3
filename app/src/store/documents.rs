//! Documents and what happened to them.

use idb::Query;
use js_sys::{Date, JsString};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};

use super::{DOCUMENTS, JOURNAL, Result, Store, below, commit, key, reason, thrown};
use crate::document::{Content, Document, Step};

/// The version of what is written here. A document of a later one is left alone.
const FORMAT: u32 = 1;

/// A document in the list.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Entry {
    /// What it is kept under.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// When it was last changed, in milliseconds since 1970.
    pub changed: f64,
    /// The name of its file, if one is open in it.
    pub file: Option<String>,
}

/// What is written of a document: the entry, and the content as text, so that one that cannot be read is kept as it is.
#[derive(Deserialize, Serialize)]
struct Snapshot {
    format: u32,
    #[serde(flatten)]
    entry: Entry,
    /// The key of the file, so that files without a document can be thrown away.
    file_key: Option<String>,
    content: String,
}

/// A document as it was kept.
#[derive(Debug)]
pub struct Kept {
    /// The document.
    pub document: Document,
    /// The number of the next step.
    pub next: u32,
}

/// What there is under an id.
#[derive(Debug)]
pub enum Found {
    /// The document.
    Document(Box<Kept>),
    /// Something that this version cannot read, and why.
    Unreadable(String),
    /// Nothing.
    Nothing,
}

impl Store {
    /// All documents, the last changed first.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn documents(&self) -> Result<Vec<Entry>> {
        let mut entries: Vec<Entry> = self.snapshots().await?.into_iter().map(|snapshot| snapshot.entry).collect();
        entries.sort_by(|a, b| b.changed.total_cmp(&a.changed));
        Ok(entries)
    }

    /// The keys of all files that documents have open.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn wanted_files(&self) -> Result<Vec<String>> {
        Ok(self.snapshots().await?.into_iter().filter_map(|snapshot| snapshot.file_key).collect())
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>> {
        let all = self.read(DOCUMENTS)?.get_all(None, None).map_err(reason)?.await.map_err(reason)?;
        // What is of no known form is not listed, and stays.
        Ok(all.into_iter().filter_map(|value| serde_json::from_str(&value.as_string()?).ok()).collect())
    }

    /// The document of an id, as it was when it was last changed.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn document(&self, id: &str) -> Result<Found> {
        let query = Query::Key(id.into());
        let Some(value) = self.read(DOCUMENTS)?.get(query).map_err(reason)?.await.map_err(reason)? else {
            return Ok(Found::Nothing);
        };
        let query = Query::KeyRange(below(&[id.into()])?);
        let journal = self.read(JOURNAL)?;
        let keys = journal.get_all_keys(Some(query.clone()), None).map_err(reason)?.await.map_err(reason)?;
        let steps = self.read(JOURNAL)?.get_all(Some(query), None).map_err(reason)?.await.map_err(reason)?;
        let next = keys.last().and_then(number).map_or(0, |last| last + 1);
        Ok(match revive(&value.as_string().unwrap_or_default(), &steps) {
            Ok(document) => Found::Document(Box::new(Kept { document, next })),
            Err(why) => Found::Unreadable(why),
        })
    }

    /// Writes steps of a document behind those that are there. `next` is the number of the first.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn append(&self, id: &str, next: u32, steps: &[Step]) -> Result<()> {
        let transaction = self.write(&[JOURNAL])?;
        let journal = transaction.object_store(JOURNAL).map_err(reason)?;
        for (number, step) in (next..).zip(steps) {
            let json = serde_json::to_string(step).map_err(|error| error.to_string())?;
            journal.put(&json.into(), Some(&key(&[id.into(), number.into()]))).map_err(reason)?;
        }
        commit(transaction).await
    }

    /// Writes a document whole; the steps that led to it are needed no more.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn snapshot(&self, id: &str, content: &Content) -> Result<()> {
        let file = content.file.as_ref().map(|open| &open.file);
        let snapshot = Snapshot {
            format: FORMAT,
            entry: Entry {
                id: id.to_owned(),
                name: content.name.clone(),
                changed: Date::now(),
                file: file.map(|file| file.name.clone()),
            },
            file_key: file.map(|file| file.key.clone()),
            content: serde_json::to_string(content).map_err(|error| error.to_string())?,
        };
        let json = serde_json::to_string(&snapshot).map_err(|error| error.to_string())?;
        let transaction = self.write(&[DOCUMENTS, JOURNAL])?;
        let documents = transaction.object_store(DOCUMENTS).map_err(reason)?;
        let journal = transaction.object_store(JOURNAL).map_err(reason)?;
        documents.put(&json.into(), Some(&id.into())).map_err(reason)?;
        journal.delete(below(&[id.into()])?).map_err(reason)?;
        commit(transaction).await
    }

    /// Forgets a document.
    ///
    /// # Errors
    /// The browser's reason.
    pub async fn forget(&self, id: &str) -> Result<()> {
        let transaction = self.write(&[DOCUMENTS, JOURNAL])?;
        let documents = transaction.object_store(DOCUMENTS).map_err(reason)?;
        let journal = transaction.object_store(JOURNAL).map_err(reason)?;
        documents.delete(Query::Key(id.into())).map_err(reason)?;
        journal.delete(below(&[id.into()])?).map_err(reason)?;
        commit(transaction).await
    }
}

/// The number in a key of the journal.
fn number(key: &JsValue) -> Option<u32> {
    js_sys::Array::from(key).get(1).as_f64().map(|number| number as u32)
}

/// A document from its snapshot and its journal. The error is a sentence.
fn revive(snapshot: &str, steps: &[JsValue]) -> Result<Document> {
    let unreadable = |error: serde_json::Error| format!("it is damaged ({error})");
    let format: Format = serde_json::from_str(snapshot).map_err(unreadable)?;
    if format.format > FORMAT {
        return Err("a later version of Undertone wrote it: reload the page to get that version".into());
    }
    let snapshot: Snapshot = serde_json::from_str(snapshot).map_err(unreadable)?;
    let mut document = Document::new(serde_json::from_str(&snapshot.content).map_err(unreadable)?);
    for step in steps {
        let json = step.dyn_ref::<JsString>().map(String::from).ok_or_else(|| thrown(step.clone()))?;
        let step: Step = serde_json::from_str(&json).map_err(unreadable)?;
        document.replay(&step).map_err(|error| format!("it is damaged ({error})"))?;
    }
    Ok(document)
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}
