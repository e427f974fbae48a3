//! The page's side of the worker: starts it, numbers the questions, replaces it when it dies.

mod early;
mod jobs;
mod loaded;
mod pool;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Float32Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker};

use crate::browser::{complain, describe, property};
use crate::wire::{BrowserErrorKind, FromEngine, PROTOCOL, Progress, Report, Role, Rows, ToEngine, VECTORS};
use early::Early;
use jobs::Jobs;
pub use jobs::Outcome;
pub use loaded::Loaded;
pub use pool::{Pool, Told, spare_workers};

/// How often in a row the worker may die before the page gives up on it.
const LIVES: u32 = 3;

/// What the worker tells without being asked.
#[derive(Clone, Debug)]
pub enum Event {
    /// A worker was started, the first or another one.
    Started,
    /// Its model is on the way.
    Progress(Progress),
    /// Its model is loaded.
    Ready(Arc<Loaded>),
    /// There is no model, and there will be none until [`Client::start`] is called.
    Failed(Report),
}

/// A worker with a model, and the questions to it. Clones are the same client.
#[derive(Clone)]
pub struct Client {
    inner: Rc<Inner>,
}

struct Inner {
    script: String,
    manifest: String,
    tell: Box<dyn Fn(Event)>,
    jobs: RefCell<Jobs>,
    line: RefCell<Line>,
}

type Listener = Closure<dyn FnMut(JsValue)>;

/// The connection to the worker of the moment.
#[derive(Default)]
struct Line {
    worker: Option<(Worker, [Listener; 2])>,
    ready: bool,
    deaths: u32,
}

impl Client {
    /// A client for the worker of this script and the model of this manifest; both addresses are
    /// absolute. It does nothing until [`Client::start`].
    pub fn new(script: &str, manifest: &str, tell: impl Fn(Event) + 'static) -> Self {
        let (script, manifest) = (script.to_owned(), manifest.to_owned());
        let inner =
            Inner { script, manifest, tell: Box::new(tell), jobs: RefCell::default(), line: RefCell::default() };
        Self { inner: Rc::new(inner) }
    }

    /// Starts a worker, instead of the present one if there is one. Open questions stay open.
    pub fn start(&self) {
        self.inner.line.borrow_mut().deaths = 0;
        self.inner.clone().spawn();
    }

    /// Asks for the vectors of these texts. The answer comes once, unless the question is
    /// cancelled; questions asked before the model is ready wait for it.
    pub fn embed(&self, role: Role, texts: Vec<String>, done: impl FnOnce(Outcome) + 'static) -> u32 {
        let inner = &self.inner;
        let ready = inner.line.borrow().ready;
        let copy = if ready { texts.clone() } else { Vec::new() };
        let id = inner.jobs.borrow_mut().open(role, texts, Box::new(done));
        if ready {
            let texts = copy;
            inner.send(&ToEngine::Embed { id, role, texts });
        }
        id
    }

    /// Ends the worker and forgets all questions.
    pub fn stop(&self) {
        self.inner.hang_up();
        self.inner.jobs.take();
    }

    /// Whether there is a worker, ready or on its way.
    pub fn is_running(&self) -> bool {
        self.inner.line.borrow().worker.is_some()
    }

    /// Takes a question back.
    pub fn cancel(&self, id: u32) {
        if self.inner.jobs.borrow_mut().cancel(id) {
            self.inner.send(&ToEngine::Cancel { id });
        }
    }
}

impl Inner {
    fn spawn(self: Rc<Self>) {
        self.hang_up();
        let early = Early::take();
        let Early { worker, events } = match early.map_or_else(|| Early::start(&self.script, &self.manifest), Ok) {
            Ok(early) => early,
            Err(error) => return self.fail(&format!("could not be started ({})", describe(&error))),
        };

        let listener = self.clone();
        let on_message = Closure::new(move |event: JsValue| {
            listener.clone().receive(event.unchecked_ref());
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let listener = self.clone();
        let on_error = Closure::new(move |event: JsValue| {
            // A script that cannot be fetched is a plain event, without a message.
            let message = event
                .dyn_ref::<ErrorEvent>()
                .map(ErrorEvent::message)
                .unwrap_or_else(|| "its script did not load".into());
            listener.clone().died(&message);
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        self.line.borrow_mut().worker = Some((worker.clone(), [on_message, on_error]));
        (self.tell)(Event::Started);
        for event in events.iter() {
            // Nothing is refused: these events were dispatched before.
            let _ = worker.dispatch_event(event.unchecked_ref());
        }
    }

    fn receive(self: Rc<Self>, event: &MessageEvent) {
        let data = event.data();
        // serde knows no typed arrays, so the vectors are taken out before it looks.
        let vectors = property(&data, VECTORS).map(JsCast::unchecked_into::<Float32Array>);
        if vectors.is_some() {
            let _ = Reflect::delete_property::<Object>(data.unchecked_ref(), &VECTORS.into());
        }
        let message = match serde_wasm_bindgen::from_value(data) {
            Ok(message) => message,
            Err(error) => return complain(&format!("unknown message of the worker: {error}")),
        };
        match message {
            FromEngine::Hello { protocol, simd } => {
                if protocol != PROTOCOL {
                    self.hang_up();
                    return self.fail("is of another version than the page");
                }
                if !simd {
                    complain("The engine was built without WebAssembly SIMD: it will be slow.");
                }
            }
            FromEngine::Progress(progress) => (self.tell)(Event::Progress(progress)),
            FromEngine::Ready(model) => {
                let vectors = vectors.map(|vectors| vectors.to_vec()).unwrap_or_default();
                let loaded = match Loaded::new(model, vectors) {
                    Ok(loaded) => Arc::new(loaded),
                    Err(error) => {
                        self.hang_up();
                        return (self.tell)(Event::Failed(error.into()));
                    }
                };
                self.line.borrow_mut().ready = true;
                let waiting = self.jobs.borrow().waiting();
                for (id, role, texts) in waiting {
                    self.send(&ToEngine::Embed { id, role, texts });
                }
                (self.tell)(Event::Ready(loaded));
            }
            FromEngine::Rows { id, windows, cut } => {
                let vectors = vectors.map(|vectors| vectors.to_vec()).unwrap_or_default();
                self.jobs.borrow_mut().rows(id, Rows { vectors, windows, cut });
            }
            FromEngine::Done { id } => {
                self.line.borrow_mut().deaths = 0;
                // The callback may ask again, so no borrow may outlast this line.
                let done = self.jobs.borrow_mut().finish(id);
                if let Some(done) = done {
                    done();
                }
            }
            FromEngine::Failed { id: Some(id), report } => {
                let failed = self.jobs.borrow_mut().fail(id, report);
                if let Some(failed) = failed {
                    failed();
                }
            }
            FromEngine::Failed { id: None, report } => {
                self.hang_up();
                (self.tell)(Event::Failed(report));
            }
            FromEngine::Panicked { message } => self.died(&message),
        }
    }

    /// Replaces a dead worker, as often as seems sensible.
    fn died(self: Rc<Self>, message: &str) {
        complain(&format!("the worker died: {message}"));
        self.hang_up();
        let given_up = self.jobs.borrow_mut().after_death();
        for id in given_up {
            let report = Report::browser(
                BrowserErrorKind::Worker,
                "the model stopped twice at the same text: change the text or the label",
            );
            let failed = self.jobs.borrow_mut().fail(id, report);
            if let Some(failed) = failed {
                failed();
            }
        }
        let deaths = {
            let mut line = self.line.borrow_mut();
            line.deaths += 1;
            line.deaths
        };
        if deaths < LIVES {
            self.spawn();
        } else {
            self.fail(&format!("stopped ({message})"));
        }
    }

    fn fail(&self, what: &str) {
        let report = Report::browser(
            BrowserErrorKind::Worker,
            format!("The model's worker {what}: try again, or reload the page"),
        );
        (self.tell)(Event::Failed(report));
    }

    fn hang_up(&self) {
        let mut line = self.line.borrow_mut();
        line.ready = false;
        if let Some((worker, listeners)) = line.worker.take() {
            worker.set_onmessage(None);
            worker.set_onerror(None);
            worker.terminate();
            // One of them may be running: this very call may come from it.
            for listener in listeners {
                leptos::prelude::queue_microtask(move || drop(listener));
            }
        }
    }

    fn send(&self, message: &ToEngine) {
        let line = self.line.borrow();
        let Some((worker, _)) = &line.worker else {
            return;
        };
        let sent = message
            .serialize(&serde_wasm_bindgen::Serializer::json_compatible())
            .map_err(JsValue::from)
            .and_then(|message| worker.post_message(&message));
        if let Err(error) = sent {
            complain(&format!("the worker cannot be reached: {}", describe(&error)));
        }
    }
}
