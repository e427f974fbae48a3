//! Which page is open: the fragment of the address says it, so that pages are links and the browser's way back works, below any
//! path and on any host.

use leptos::ev;
use leptos::prelude::*;

use super::Editing;
use crate::document::{Command, Page};

impl Page {
    /// All pages, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Text, Self::File, Self::Granularity];

    /// Its address.
    pub fn fragment(self) -> &'static str {
        match self {
            Self::Text => "#/text",
            Self::File => "#/file",
            Self::Granularity => "#/granularity",
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::File => "File",
            Self::Granularity => "Granularity",
        }
    }

    /// The page of an address. What stands behind a question mark is not the page's.
    pub fn of_fragment(fragment: &str) -> Option<Self> {
        let page = fragment.split_once('?').map_or(fragment, |(page, _)| page);
        Self::ALL.into_iter().find(|known| known.fragment() == page)
    }
}

/// The page that is open.
#[derive(Clone, Copy)]
pub struct Route {
    page: Memo<Page>,
}

impl Route {
    /// The page that the address names; where it names none, the one that was open last.
    pub fn new(editing: Editing) -> Self {
        match Page::of_fragment(&fragment()) {
            Some(page) => editing.send(Command::Page { page }),
            None => replace(untrack(|| editing.page.get())),
        };
        let listener = window_event_listener(ev::hashchange, move |_| match Page::of_fragment(&fragment()) {
            Some(page) => editing.send(Command::Page { page }),
            None => replace(untrack(|| editing.page.get())),
        });
        on_cleanup(move || listener.remove());
        Self { page: editing.page }
    }

    /// The page that is open.
    pub fn page(self) -> Page {
        self.page.get()
    }

    /// Opens a page, as its link does.
    pub fn open(self, page: Page) {
        if fragment() != page.fragment() {
            // A browser that refuses it stays where it is.
            let _ = window().location().set_hash(page.fragment());
        }
    }
}

fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// Names the page in the address without a step in the browser's history.
fn replace(page: Page) {
    if let Ok(history) = window().history() {
        let nothing = wasm_bindgen::JsValue::NULL;
        // An address without a page is that of the last one.
        let _ = history.replace_state_with_url(&nothing, "", Some(page.fragment()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_fragments() {
        for page in Page::ALL {
            assert_eq!(Page::of_fragment(page.fragment()), Some(page));
        }
        assert_eq!(Page::of_fragment("#/file?x=1"), Some(Page::File));
        assert_eq!(Page::of_fragment(""), None);
        assert_eq!(Page::of_fragment("#main"), None);
    }
}
