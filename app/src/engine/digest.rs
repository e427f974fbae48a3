//! Checksums by the browser, several times as fast as in WebAssembly.

use js_sys::{ArrayBuffer, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::Crypto;

use crate::browser::property;

/// The SHA-256 of a file in hexadecimal; `None` where the browser has no digests, as on pages that came over plain HTTP.
pub async fn sha256(content: &[u8]) -> Option<String> {
    let crypto: Crypto = property(&js_sys::global(), "crypto")?.unchecked_into();
    property(&crypto, "subtle")?;
    // The browser copies what it is given before it answers, and nothing is allocated in between.
    let digest = crypto.subtle().digest_with_str_and_u8_array("SHA-256", content).ok()?;
    let digest: ArrayBuffer = JsFuture::from(digest).await.ok()?.unchecked_into();
    Some(Uint8Array::new(&digest).to_vec().iter().map(|byte| format!("{byte:02x}")).collect())
}
