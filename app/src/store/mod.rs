//! What is kept on this device: documents with what happened to them, and files with their vectors, in IndexedDB.
//!
//! A document is a snapshot of its content and a journal of the steps since, so that a crash loses what happened in the last
//! moment at most, and what was done can be taken back after it. Only the page writes documents, only the scoring worker
//! files. Every method's error is the browser's reason, for a sentence.

mod documents;
mod files;
mod lock;
mod web;

use std::cell::Cell;
use std::rc::Rc;

use idb::builder::{DatabaseBuilder, ObjectStoreBuilder};
use idb::{Database, KeyRange, ObjectStore, Transaction, TransactionMode};
use js_sys::{Array, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

pub use documents::{Entry, Found, Kept};
pub use files::Vectors;
pub use lock::Lock;
pub use web::Web;

use crate::browser::{describe, property};

/// The database.
const NAME: &str = "undertone";
/// The version of its stores. What is in a document has a version of its own.
const VERSION: u32 = 1;

/// Snapshots of documents, by id.
const DOCUMENTS: &str = "documents";
/// Steps of documents, by id and number.
const JOURNAL: &str = "journal";
/// Contents of files in pieces, by key and number.
const FILES: &str = "files";
/// Vectors of files, by key, model and first row.
const VECTORS: &str = "vectors";

/// The result of something that the browser may refuse, with its reason.
pub type Result<T> = std::result::Result<T, String>;

/// The storage of this device. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    database: Rc<Database>,
    /// Whether another version of the application took the database over.
    closed: Rc<Cell<bool>>,
}

impl Store {
    /// Opens it.
    ///
    /// # Errors
    /// The browser has or grants no storage.
    pub async fn open() -> Result<Self> {
        if property(&js_sys::global(), "indexedDB").is_none() {
            return Err("it offers no storage".into());
        }
        let stores = [DOCUMENTS, JOURNAL, FILES, VECTORS];
        let builder = stores.into_iter().fold(DatabaseBuilder::new(NAME).version(VERSION), |builder, name| {
            builder.add_object_store(ObjectStoreBuilder::new(name))
        });
        let mut database = builder.build().await.map_err(reason)?;
        let closed = Rc::new(Cell::new(false));
        let flag = closed.clone();
        database.on_version_change(move |event| {
            // A newer version of the application waits for it.
            flag.set(true);
            if let Some(database) = event.target().and_then(|target| target.dyn_into::<web_sys::IdbDatabase>().ok()) {
                database.close();
            }
        });
        database.forget_callbacks();
        Ok(Self { database: Rc::new(database), closed })
    }

    /// Asks the browser not to throw things away when it needs room.
    pub async fn persist(&self) {
        let storage = property(&js_sys::global(), "navigator").and_then(|navigator| property(&navigator, "storage"));
        let Some(storage) = storage else { return };
        let Some(persist) = property(&storage, "persist") else { return };
        if let Ok(promise) = persist.unchecked_into::<js_sys::Function>().call0(&storage) {
            // Whether it agrees changes nothing here.
            let _ = JsFuture::from(promise.unchecked_into::<Promise>()).await;
        }
    }

    fn write(&self, stores: &[&str]) -> Result<Transaction> {
        self.transaction(stores, TransactionMode::ReadWrite)
    }

    fn read(&self, store: &str) -> Result<ObjectStore> {
        self.transaction(&[store], TransactionMode::ReadOnly)?.object_store(store).map_err(reason)
    }

    fn transaction(&self, stores: &[&str], mode: TransactionMode) -> Result<Transaction> {
        if self.closed.get() {
            return Err("another version of Undertone is open in another tab: reload the page".into());
        }
        self.database.transaction(stores, mode).map_err(reason)
    }
}

/// Waits until everything in a transaction is written.
async fn commit(transaction: Transaction) -> Result<()> {
    let result = transaction.commit().map_err(reason)?.await.map_err(reason)?;
    match result.is_committed() {
        true => Ok(()),
        false => Err("there is no room left for it".into()),
    }
}

/// A key of several parts.
fn key(parts: &[JsValue]) -> JsValue {
    parts.iter().cloned().collect::<Array>().into()
}

/// All keys that begin with these parts.
fn below(parts: &[JsValue]) -> Result<KeyRange> {
    let mut end = parts.to_vec();
    // Of all keys, arrays are the last.
    end.push(Array::new().into());
    KeyRange::bound(&key(parts), &key(&end), None, None).map_err(reason)
}

fn reason(error: idb::Error) -> String {
    let text = error.to_string();
    // The crate's words, then the browser's.
    text.split_once(": ").map_or(text.clone(), |(_, browser)| browser.to_owned())
}

fn thrown(error: JsValue) -> String {
    describe(&error)
}
