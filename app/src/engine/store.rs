//! The model's files on this device, so that it works without a network.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Cache, CacheStorage, Request, Response, Url};

use crate::browser::property;

/// What the caches of models are called, before the address: several copies of the application
/// may share an origin, and none should throw away the model of another.
const NAME: &str = "undertone-model";

/// A cache in which each file is known by its checksum.
///
/// It is a convenience: a browser may refuse it or empty it at any time, so every failure reads
/// as "not here".
#[derive(Clone)]
pub struct Store {
    cache: Cache,
    base: String,
}

/// A file outside of WebAssembly's memory, to be kept when there is time.
pub struct Copy(Response);

impl Copy {
    /// Copies a file; `None` if there is no memory for it.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(bytes))).ok().map(Self)
    }
}

impl Store {
    /// The store of the models at this address; `None` where the browser offers none.
    pub async fn open(base: &str) -> Option<Self> {
        let caches: CacheStorage = property(&js_sys::global(), "caches")?.unchecked_into();
        let cache = JsFuture::from(caches.open(&format!("{NAME} {base}"))).await.ok()?;
        Some(Self { cache: cache.unchecked_into(), base: base.to_string() })
    }

    /// The file of this key.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let found = JsFuture::from(self.cache.match_with_str(&self.address(key)?)).await;
        let response: Response = found.ok()?.dyn_into().ok()?;
        let buffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?;
        Some(Uint8Array::new(&buffer).to_vec())
    }

    /// Keeps a file under this key, and says whether that worked.
    pub async fn put(&self, key: &str, file: &Copy) -> bool {
        let Some(address) = self.address(key) else {
            return false;
        };
        JsFuture::from(self.cache.put_with_str(&address, &file.0)).await.is_ok()
    }

    /// Forgets a file.
    pub async fn remove(&self, key: &str) {
        if let Some(address) = self.address(key) {
            let _ = JsFuture::from(self.cache.delete_with_str(&address)).await;
        }
    }

    /// Forgets everything else: other versions of the model.
    pub async fn keep_only(&self, keys: &[&str]) {
        let wanted: Vec<_> = keys.iter().filter_map(|key| self.address(key)).collect();
        let Ok(found) = JsFuture::from(self.cache.keys()).await else {
            return;
        };
        for request in found.unchecked_into::<Array>().iter() {
            let request: Request = request.unchecked_into();
            if !wanted.contains(&request.url()) {
                let _ = JsFuture::from(self.cache.delete_with_request(&request)).await;
            }
        }
    }

    /// A cache is keyed by address; this one need not exist on any server.
    fn address(&self, key: &str) -> Option<String> {
        Url::new_with_base(key, &self.base).map(|url| url.href()).map_err(|error: JsValue| error).ok()
    }
}
