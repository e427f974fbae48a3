//! The engine that is on its way before the app is.

use js_sys::Reflect;
use wasm_bindgen::JsCast;

use super::link::Started;
use crate::browser::property;

/// The engine that the page's script started before the app, for the first client that asks.
pub fn take() -> Option<Started> {
    const NAME: &str = "undertoneWorker";
    let global = js_sys::global();
    let early = property(&global, NAME)?;
    let _ = Reflect::delete_property(&global, &NAME.into());
    let worker = property(&early, "worker")?.unchecked_into();
    Some(Started { worker, events: property(&early, "events")?.unchecked_into() })
}
