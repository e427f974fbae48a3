//! Files over the network, with progress in bytes.

use std::time::Duration;

use gloo_net::http::Request;
use gloo_timers::callback::Timeout;
use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestCache};

use crate::browser::{describe, property};
use crate::wire::{BrowserErrorKind, Report};

/// How long a server may say nothing before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Gives a request up unless it is called again in time.
struct Watch {
    controller: AbortController,
    patience: Duration,
    timer: Option<Timeout>,
}

impl Watch {
    fn new(patience: Duration) -> Result<Self, JsValue> {
        let mut watch = Self { controller: AbortController::new()?, patience, timer: None };
        watch.rearm();
        Ok(watch)
    }

    fn rearm(&mut self) {
        let controller = self.controller.clone();
        let milliseconds = self.patience.as_millis() as u32;
        self.timer = Some(Timeout::new(milliseconds, move || controller.abort()));
    }

    /// Why a request failed.
    fn explain(&self, error: &str) -> String {
        match self.controller.signal().aborted() {
            true => format!("the server said nothing for {} seconds", self.patience.as_secs()),
            false => error.to_owned(),
        }
    }
}

/// Fetches a file whose size is known beforehand, calling `progress` with the bytes so far. A server that says nothing for
/// `patience` is given up.
///
/// Reads at most one chunk more than `expected`: a longer file is wrong anyway, and its
/// size is checked by whoever knows its checksum.
pub async fn fetch(
    url: &str,
    expected: Option<u64>,
    patience: Duration,
    mut progress: impl FnMut(u64),
) -> Result<Vec<u8>, Report> {
    let failed = |why: String| {
        Report::browser(
            BrowserErrorKind::Network,
            format!("{} could not be fetched ({why}): check the connection, then try again", short(url)),
        )
    };
    let mut watch = Watch::new(patience).map_err(|error| failed(describe(&error)))?;
    let response = Request::get(url)
        // The checksums decide what is current, so a stale file in the browser's own cache would only ever look like a
        // corrupt one; and what is kept is kept once, in the `Store`.
        .cache(RequestCache::NoStore)
        .abort_signal(Some(&watch.controller.signal()))
        .send()
        .await
        .map_err(|error| failed(watch.explain(&error.to_string())))?;
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
        watch.rearm();
        let part = JsFuture::from(reader.read()).await.map_err(|error| failed(watch.explain(&describe(&error))))?;
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
