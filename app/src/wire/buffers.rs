//! Messages with named buffers.

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array, Uint32Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Blob;

use super::{BrowserErrorKind, Report};
use crate::browser::property;

/// The property of a message that has the plain data.
const MESSAGE: &str = "message";
/// The property of a message that has the buffers by name.
const BUFFERS: &str = "buffers";

/// Typed arrays and files that travel beside a message, by name. The memory of arrays is handed over, not copied.
#[derive(Clone, Debug, Default)]
pub struct Buffers {
    named: Object,
    transfer: Array,
}

impl Buffers {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same, and these numbers.
    #[must_use]
    pub fn floats(self, name: &str, values: &[f32]) -> Self {
        let array = Float32Array::from(values);
        self.array(name, &array, &array.buffer())
    }

    /// The same, and these numbers.
    #[must_use]
    pub fn counts(self, name: &str, values: &[u32]) -> Self {
        let array = Uint32Array::from(values);
        self.array(name, &array, &array.buffer())
    }

    /// The same, and these bytes.
    #[must_use]
    pub fn bytes(self, name: &str, values: &[u8]) -> Self {
        let array = Uint8Array::from(values);
        self.array(name, &array, &array.buffer())
    }

    /// The same, and a file: not its content, which stays where it is until somebody reads it.
    #[must_use]
    pub fn blob(self, name: &str, blob: &Blob) -> Self {
        self.set(name, blob);
        self
    }

    fn array(self, name: &str, array: &JsValue, memory: &JsValue) -> Self {
        self.set(name, array);
        self.transfer.push(memory);
        self
    }

    fn set(&self, name: &str, value: &JsValue) {
        // A plain object takes any property.
        let _ = Reflect::set(&self.named, &name.into(), value);
    }

    /// Numbers that came.
    ///
    /// # Errors
    /// There are none of this name.
    pub fn get_floats(&self, name: &str) -> Result<Vec<f32>, Report> {
        Ok(self.get::<Float32Array>(name)?.to_vec())
    }

    /// Numbers that came.
    ///
    /// # Errors
    /// There are none of this name.
    pub fn get_counts(&self, name: &str) -> Result<Vec<u32>, Report> {
        Ok(self.get::<Uint32Array>(name)?.to_vec())
    }

    /// Bytes that came.
    ///
    /// # Errors
    /// There are none of this name.
    pub fn get_bytes(&self, name: &str) -> Result<Vec<u8>, Report> {
        Ok(self.get::<Uint8Array>(name)?.to_vec())
    }

    /// A file that came.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn get_blob(&self, name: &str) -> Result<Blob, Report> {
        self.get(name)
    }

    fn get<T: JsCast>(&self, name: &str) -> Result<T, Report> {
        property(&self.named, name).and_then(|value| value.dyn_into().ok()).ok_or_else(|| {
            Report::browser(BrowserErrorKind::Worker, format!("a message came without its {name}: reload the page"))
        })
    }
}

/// A message and its buffers as one value for `postMessage`, and the memory that goes with it.
///
/// # Errors
/// Data that has no plain form.
pub fn pack(message: &impl Serialize, buffers: &Buffers) -> Result<(JsValue, Array), JsValue> {
    let packed = Object::new();
    let message = message.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?;
    Reflect::set(&packed, &MESSAGE.into(), &message)?;
    Reflect::set(&packed, &BUFFERS.into(), &buffers.named)?;
    Ok((packed.into(), buffers.transfer.clone()))
}

/// A value that came by `postMessage`, as a message and its buffers.
///
/// # Errors
/// A value that is no such message.
pub fn open<M: DeserializeOwned>(value: &JsValue) -> Result<(M, Buffers), JsValue> {
    let message = property(value, MESSAGE).unwrap_or_default();
    let named = property(value, BUFFERS).map_or_else(Object::new, JsCast::unchecked_into);
    Ok((serde_wasm_bindgen::from_value(message)?, Buffers { named, transfer: Array::new() }))
}
