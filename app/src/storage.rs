//! The session on this device.

use wasm_bindgen::JsValue;
use web_sys::Storage;

use crate::browser::describe;
use crate::session::Session;

/// The key of the session. `boot.js` reads the theme from it.
const KEY: &str = "undertone";

/// The session of the last visit; `None` on the first. The error is a sentence.
pub fn load() -> Result<Option<Session>, String> {
    let Some(json) = storage().and_then(|storage| storage.get_item(KEY).map_err(|error| refused(&error)))? else {
        return Ok(None);
    };
    serde_json::from_str(&json)
        .map(Some)
        .map_err(|error| format!("What was kept of your last visit cannot be read ({error}): Undertone begins afresh."))
}

/// Keeps the session. The error is a sentence.
pub fn save(session: &Session) -> Result<(), String> {
    let json =
        serde_json::to_string(session).map_err(|error| format!("Your text and labels cannot be kept ({error})."))?;
    storage()?.set_item(KEY, &json).map_err(|error| refused(&error))
}

fn storage() -> Result<Storage, String> {
    leptos::prelude::window()
        .local_storage()
        .map_err(|error| refused(&error))?
        .ok_or_else(|| refused(&JsValue::from_str("it offers no storage")))
}

fn refused(error: &JsValue) -> String {
    format!(
        "This browser does not keep your text and labels ({}): export your labels before you leave.",
        describe(error)
    )
}
