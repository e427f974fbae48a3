//! Files over the network, with progress in bytes.

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, Request, RequestCache, RequestInit, Response, Window, WorkerGlobalScope};

use crate::browser::{describe, property};
use crate::wire::{BrowserErrorKind, Report};

/// Fetches a file whose size is known beforehand, calling `progress` with the bytes so far.
///
/// Reads at most one chunk more than `expected`: a longer file is wrong anyway, and its
/// size is checked by whoever knows its checksum.
pub async fn fetch(url: &str, expected: Option<u64>, mut progress: impl FnMut(u64)) -> Result<Vec<u8>, Report> {
    let failed = |why: String| {
        Report::browser(
            BrowserErrorKind::Network,
            format!("{} could not be fetched ({why}): check the connection, then try again", short(url)),
        )
    };
    let thrown = |error: JsValue| failed(describe(&error));

    let init = RequestInit::new();
    // The checksums decide what is current, so a stale file in the browser's own cache would only ever look like a corrupt
    // one; and what is kept is kept once, in the `Store`.
    init.set_cache(RequestCache::NoStore);
    let request = Request::new_with_str_and_init(url, &init).map_err(thrown)?;
    let response: Response = JsFuture::from(start(&request).map_err(thrown)?).await.map_err(thrown)?.unchecked_into();
    if !response.ok() {
        let status = format!("{} {}", response.status(), response.status_text());
        return Err(failed(status.trim().to_string()));
    }

    let limit = expected.unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    if let Some(expected) = expected {
        let reserved = usize::try_from(expected).is_ok_and(|expected| bytes.try_reserve_exact(expected).is_ok());
        if !reserved {
            return Err(failed(format!("{expected} bytes do not fit into this browser's memory")));
        }
    }
    let Some(body) = response.body() else {
        return Err(failed("the answer is empty".into()));
    };
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    loop {
        let part = JsFuture::from(reader.read()).await.map_err(thrown)?;
        let Some(value) = property(&part, "value") else {
            return Ok(bytes);
        };
        let chunk: Uint8Array = value.unchecked_into();
        let start = bytes.len();
        bytes.resize(start + chunk.length() as usize, 0);
        chunk.copy_to(&mut bytes[start..]);
        let done = bytes.len() as u64;
        progress(done.min(limit));
        if done > limit {
            // Whether the rest is still being sent matters to nobody.
            drop(reader.cancel());
            return Ok(bytes);
        }
    }
}

/// `fetch` lives in a different place in a page than in a worker.
fn start(request: &Request) -> Result<Promise, JsValue> {
    let global = js_sys::global();
    if let Some(window) = global.dyn_ref::<Window>() {
        return Ok(window.fetch_with_request(request));
    }
    global
        .dyn_ref::<WorkerGlobalScope>()
        .map(|worker| worker.fetch_with_request(request))
        .ok_or_else(|| JsValue::from_str("neither a page nor a worker"))
}

/// The end of an address: enough to know the file by.
fn short(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let mut slashes = path.rmatch_indices('/');
    slashes.next();
    slashes.next().map_or(path, |(folder, _)| &path[folder + 1..])
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_file_is_named_with_its_folder() {
        assert_eq!(short("https://a.example/x/model/manifest.json?v=1"), "model/manifest.json");
        assert_eq!(short("manifest.json"), "manifest.json");
    }
}
