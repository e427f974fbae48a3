//! Small things that both programs ask of the browser.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

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

/// Waits for at least this many milliseconds, letting other events in.
pub async fn sleep(milliseconds: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        let global = js_sys::global();
        let Some(set_timeout) = property(&global, "setTimeout") else {
            return;
        };
        let arguments = Array::of2(&resolve, &JsValue::from(milliseconds));
        // A timer that the browser refuses never fires; there is nothing to tell anybody.
        let _ = Reflect::apply(set_timeout.unchecked_ref::<Function>(), &global, &arguments);
    });
    let _ = JsFuture::from(promise).await;
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

/// Animates an element between two transforms.
///
/// By hand, since web-sys has it only among its unstable interfaces.
pub fn animate(element: &web_sys::Element, from: &str, to: &str, milliseconds: f64) {
    let frame = |transform: &str| {
        let frame = js_sys::Object::new();
        // A plain object takes any property.
        let _ = Reflect::set(&frame, &"transform".into(), &transform.into());
        frame
    };
    let frames = Array::of2(&frame(from), &frame(to));
    let options = js_sys::Object::new();
    let _ = Reflect::set(&options, &"duration".into(), &milliseconds.into());
    let _ = Reflect::set(&options, &"easing".into(), &"ease-out".into());
    if let Some(animate) = property(element, "animate") {
        // What cannot be animated is in its place at once.
        let _ = Reflect::apply(animate.unchecked_ref::<Function>(), element, &Array::of2(&frames, &options));
    }
}

/// Gives a person a file that was made here.
#[cfg(feature = "ui")]
pub fn offer(name: &str, kind: &str, content: &str) -> Result<(), JsValue> {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&JsValue::from_str(content));
    let blob = web_sys::Blob::new_with_str_sequence_and_options(&parts, &options)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let link: web_sys::HtmlAnchorElement = leptos::prelude::document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // The click has taken hold of the file; the address is needed no more.
    web_sys::Url::revoke_object_url(&url)
}
