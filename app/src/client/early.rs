//! The worker that is on its way before the app is.

use js_sys::{Array, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Worker, WorkerOptions, WorkerType};

use crate::browser::property;
use crate::wire::WORKER_NAME;

/// A worker, and what it said before anybody listened.
pub struct Early {
    /// The worker.
    pub worker: Worker,
    /// Its events so far, messages or errors.
    pub events: Array,
}

impl Early {
    /// The worker that the page's script started before the app, for the first client that asks.
    pub fn take() -> Option<Self> {
        const NAME: &str = "undertoneWorker";
        let global = js_sys::global();
        let early = property(&global, NAME)?;
        let _ = Reflect::delete_property(&global, &NAME.into());
        let worker = property(&early, "worker")?.unchecked_into();
        Some(Self { worker, events: property(&early, "events")?.unchecked_into() })
    }

    /// One that is started now.
    pub fn start(script: &str, manifest: &str) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(&format!("{WORKER_NAME}{manifest}"));
        Ok(Self { worker: Worker::new_with_options(script, &options)?, events: Array::new() })
    }
}
