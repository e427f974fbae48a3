//! Which tab has a document.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::browser::property;

/// A document that no other tab may write while this is kept. It ends with the tab, however that ends.
pub struct Lock {
    /// Called, it gives the lock back.
    release: Option<Function>,
}

impl Lock {
    /// Takes the lock of a document, from another tab if need be; `None` if another tab has it and may keep it. `lost` is called
    /// when another tab takes it away.
    ///
    /// A browser without locks has one tab: there it is always granted.
    pub async fn take(document: &str, from_others: bool, lost: impl FnOnce() + 'static) -> Option<Self> {
        let locks = property(&js_sys::global(), "navigator").and_then(|navigator| property(&navigator, "locks"));
        let Some(locks) = locks else { return Some(Self { release: None }) };
        let request: Function = property(&locks, "request")?.unchecked_into();
        let options = Object::new();
        let option = if from_others { "steal" } else { "ifAvailable" };
        // A plain object takes any property.
        let _ = Reflect::set(&options, &option.into(), &JsValue::TRUE);

        // Two promises: one tells us whether we have it, the other, which only we resolve, keeps it.
        let granted = Rc::new(RefCell::new(None::<Function>));
        let answer = Promise::new(&mut |resolve, _| drop(granted.replace(Some(resolve))));
        let release = Rc::new(RefCell::new(None::<Function>));
        let keep = release.clone();
        let callback = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            let held = !lock.is_null() && !lock.is_undefined();
            let kept = Promise::new(&mut |resolve, _| drop(keep.replace(Some(resolve))));
            if let Some(granted) = granted.take() {
                // Nobody refuses to be told.
                let _ = granted.call1(&JsValue::UNDEFINED, &JsValue::from(held));
            }
            if held { kept.into() } else { JsValue::UNDEFINED }
        });
        let name = JsValue::from_str(&format!("undertone {document}"));
        let requested: Promise = request.call3(&locks, &name, &options, &callback).ok()?.unchecked_into();
        spawn_local(async move {
            // Rejected when another tab takes it.
            if JsFuture::from(requested).await.is_err() {
                lost();
            }
        });
        let held = JsFuture::from(answer).await.ok()?.is_truthy();
        let release = release.take();
        held.then_some(Self { release })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some(release) = &self.release {
            // A lock that another tab took is gone already.
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}
