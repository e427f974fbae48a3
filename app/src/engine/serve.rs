//! The worker's message loop.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Float32Array, Reflect};
use serde::Serialize;
use undertone_core::Encoder;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use super::load::load;
use super::queue::{Chunk, Queue};
use crate::browser::{complain, describe, sleep};
use crate::wire::{BrowserErrorKind, FromEngine, Model, PROTOCOL, Report, ToEngine, VECTORS, WORKER_NAME};

/// Loads the model and answers messages, if this is the application's own worker; does nothing anywhere else, so that any
/// page may import the engine as a library.
pub fn serve() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let name = scope.name();
    let Some(manifest) = name.strip_prefix(WORKER_NAME) else {
        return;
    };
    let desk = Rc::new(Desk { scope: scope.clone(), work: RefCell::default() });
    announce_panics(desk.clone());

    let listener = desk.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match serde_wasm_bindgen::from_value(event.data()) {
            Ok(message) => listener.clone().receive(message),
            Err(error) => complain(&format!("the page sent an unknown message: {error}")),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    desk.send(&FromEngine::Hello { protocol: PROTOCOL, simd: cfg!(target_feature = "simd128") });
    spawn_local(desk.load(manifest.to_owned()));
}

/// A panic leaves the worker unusable and its jobs unanswered; only the page can replace it.
fn announce_panics(desk: Rc<Desk>) {
    // The hook must be `Sync`, which nothing of the browser is; a worker has one thread.
    thread_local!(static DESK: RefCell<Option<Rc<Desk>>> = const { RefCell::new(None) });
    DESK.set(Some(desk));
    std::panic::set_hook(Box::new(|info| {
        let message = info.to_string();
        complain(&message);
        DESK.with_borrow(|desk| {
            if let Some(desk) = desk {
                desk.send(&FromEngine::Panicked { message });
            }
        });
    }));
}

struct Desk {
    scope: DedicatedWorkerGlobalScope,
    work: RefCell<Work>,
}

#[derive(Default)]
struct Work {
    encoder: Option<Rc<Encoder>>,
    queue: Queue,
    busy: bool,
}

impl Desk {
    fn receive(self: Rc<Self>, message: ToEngine) {
        match message {
            ToEngine::Cancel { id } => self.work.borrow_mut().queue.cancel(id),
            ToEngine::Embed { id, role, texts } => {
                let idle = {
                    let mut work = self.work.borrow_mut();
                    work.queue.push(id, role, texts);
                    !std::mem::replace(&mut work.busy, true)
                };
                if idle {
                    spawn_local(self.work());
                }
            }
        }
    }

    async fn load(self: Rc<Self>, manifest: String) {
        let loaded = load(&manifest, |progress| self.send(&FromEngine::Progress(progress))).await;
        match loaded {
            Ok(loaded) => {
                let manifest = loaded.encoder.manifest();
                let answer = FromEngine::Ready(Model {
                    name: manifest.name.clone(),
                    dim: manifest.encoder.hidden as u32,
                    max_tokens: manifest.encoder.max_tokens as u32,
                    bytes: manifest.files.iter().map(|file| file.bytes as f64).sum(),
                    calibration: manifest.calibration.clone(),
                    lexicon: manifest.lexicon.clone(),
                    affect: loaded.encoder.affect_head().clone(),
                });
                let background = loaded.encoder.scorer().background();
                let vectors = [background.terms().as_slice(), background.reference().rows().as_slice()].concat();
                self.work.borrow_mut().encoder = Some(Rc::new(loaded.encoder));
                self.send_with(&answer, &vectors);
                if let Some(unkept) = loaded.unkept {
                    unkept.keep().await;
                }
            }
            Err(report) => self.send(&FromEngine::Failed { id: None, report }),
        }
    }

    /// Works through the queue, looking up after each chunk: a job that arrived meanwhile may
    /// be more urgent, or one may have been cancelled.
    async fn work(self: Rc<Self>) {
        loop {
            let (chunk, encoder) = {
                let mut work = self.work.borrow_mut();
                let chunk = work.queue.next_chunk();
                work.busy = chunk.is_some();
                (chunk, work.encoder.clone())
            };
            let Some(chunk) = chunk else {
                return;
            };
            self.encode(chunk, encoder.as_deref());
            sleep(0).await;
        }
    }

    fn encode(&self, chunk: Chunk, encoder: Option<&Encoder>) {
        let Chunk { id, texts, last } = chunk;
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let encoded = match encoder {
            Some(encoder) => encoder.encode(&texts).map_err(Report::from),
            None => Err(Report::browser(
                BrowserErrorKind::Worker,
                "a text arrived before the model was loaded: reload the page",
            )),
        };
        match encoded {
            Ok(encoded) => {
                let windows = encoded.vectors.counts().map(|count| count as u32).collect();
                let rows = FromEngine::Rows { id, windows, cut: encoded.cut };
                self.send_with(&rows, encoded.vectors.rows().as_slice());
                if last {
                    self.send(&FromEngine::Done { id });
                }
            }
            Err(report) => {
                self.work.borrow_mut().queue.cancel(id);
                self.send(&FromEngine::Failed { id: Some(id), report });
            }
        }
    }

    fn send(&self, message: &FromEngine) {
        if let Some(message) = encode(message)
            && let Err(error) = self.scope.post_message(&message)
        {
            complain(&format!("an answer could not be sent: {}", describe(&error)));
        }
    }

    fn send_with(&self, message: &FromEngine, vectors: &[f32]) {
        let Some(message) = encode(message) else {
            return;
        };
        let vectors = Float32Array::from(vectors);
        let sent = Reflect::set(&message, &JsValue::from_str(VECTORS), &vectors)
            .and_then(|_| self.scope.post_message_with_transfer(&message, &Array::of1(&vectors.buffer())));
        if let Err(error) = sent {
            complain(&format!("vectors could not be sent: {}", describe(&error)));
        }
    }
}

fn encode(message: &FromEngine) -> Option<JsValue> {
    message
        .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
        .map_err(|error| complain(&format!("an answer could not be written: {error}")))
        .ok()
}
