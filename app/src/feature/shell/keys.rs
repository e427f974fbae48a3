//! Keys that work everywhere.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use crate::state::App;

/// Undo and redo, as the system calls them.
pub fn listen(app: App) {
    let keys = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        let with_command = (event.ctrl_key() || event.meta_key()) && !event.alt_key();
        if !with_command || event.is_composing() || is_in_field(&event) {
            return;
        }
        match (event.key().to_ascii_lowercase().as_str(), event.shift_key()) {
            ("z", false) => app.editing.undo(),
            ("z", true) | ("y", false) => app.editing.redo(),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || keys.remove());
}

/// In a field, the keys take back what was typed there.
fn is_in_field(event: &KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|element| element.matches("textarea, input[type=text], input[type=search]").unwrap_or(false))
}
