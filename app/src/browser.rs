//! Small things that all programs here ask of the browser.

use js_sys::Reflect;
use wasm_bindgen::{JsCast, JsValue};

/// What a thrown value says, for a sentence: an error's message, or the value itself.
pub fn describe(value: &JsValue) -> String {
    if let Some(error) = value.dyn_ref::<js_sys::Error>() {
        return String::from(error.message());
    }
    value.as_string().unwrap_or_else(|| String::from(value.unchecked_ref::<js_sys::Object>().to_string()))
}

/// A property of an object, `None` where it is missing, undefined or null.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

/// Milliseconds since the page or the worker began.
pub fn now() -> f64 {
    property(&js_sys::global(), "performance")
        .map_or(0.0, |performance| performance.unchecked_into::<web_sys::Performance>().now())
}

/// Writes to the browser's console, as an error.
pub fn complain(message: &str) {
    web_sys::console::error_1(&JsValue::from_str(message));
}
