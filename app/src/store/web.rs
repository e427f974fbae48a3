//! The browser's small storages: a few words that must be there at once.

use wasm_bindgen::JsCast;
use web_sys::Storage;

use crate::browser::property;

/// `localStorage` or `sessionStorage`. Where the browser denies it, nothing is kept and nothing is found: what matters is in
/// the [`Store`](super::Store), which says so.
pub struct Web {
    storage: Option<Storage>,
}

impl Web {
    /// What outlasts the tab.
    pub fn local() -> Self {
        Self::of("localStorage")
    }

    /// What a tab keeps over reloads.
    pub fn session() -> Self {
        Self::of("sessionStorage")
    }

    fn of(name: &str) -> Self {
        Self { storage: property(&js_sys::global(), name).map(JsCast::unchecked_into) }
    }

    /// What is kept under a name.
    pub fn get(&self, name: &str) -> Option<String> {
        self.storage.as_ref()?.get_item(name).ok().flatten()
    }

    /// Keeps something under a name.
    pub fn set(&self, name: &str, value: &str) {
        if let Some(storage) = &self.storage {
            // A full storage keeps what it has.
            let _ = storage.set_item(name, value);
        }
    }

    /// Forgets what is kept under a name.
    pub fn delete(&self, name: &str) {
        if let Some(storage) = &self.storage {
            // What cannot be deleted is looked at again next time.
            let _ = storage.remove_item(name);
        }
    }
}
