//! A connection to one worker.

use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Array;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::browser::{complain, describe};
use crate::wire::{self, Buffers, PROTOCOL};

/// What workers say.
pub trait FromWorker: DeserializeOwned + 'static {
    /// The protocol that it speaks, if this is its greeting.
    fn protocol(&self) -> Option<u32>;
    /// What it died of, if this is its last word.
    fn last_word(&self) -> Option<&str>;
}

/// What is heard of a worker.
pub enum Heard<M> {
    /// A message. The greeting is one, once it was found to be of the right protocol.
    Message(M, Buffers),
    /// The worker does not work, or works no longer, for this reason.
    Died(String),
}

/// A worker that was started, with what it said before anybody listened.
pub struct Started {
    /// The worker.
    pub worker: Worker,
    /// Its events so far, messages or errors.
    pub events: Array,
}

impl Started {
    /// Starts a worker of a module's script.
    ///
    /// # Errors
    /// The browser refuses.
    pub fn new(script: &str, name: &str) -> Result<Self, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(name);
        Ok(Self { worker: Worker::new_with_options(script, &options)?, events: Array::new() })
    }

    /// Lets those who listen now hear what was said before.
    pub fn catch_up(self) {
        for event in self.events.iter() {
            // Nothing is refused: these events were dispatched before.
            let _ = self.worker.dispatch_event(event.unchecked_ref());
        }
    }
}

/// A running worker; dropping this ends it.
pub struct Link {
    worker: Worker,
    _listeners: [EventListener; 3],
}

impl Link {
    /// Listens to a worker. Call [`Started::catch_up`] once it may be answered.
    pub fn new<M: FromWorker>(started: &Started, hear: impl Fn(Heard<M>) + 'static) -> Self {
        let worker = started.worker.clone();
        let hear = Rc::new(hear);
        let listener = hear.clone();
        let on_message = EventListener::new(&worker, "message", move |event| {
            listener(understand(event.unchecked_ref::<MessageEvent>()));
        });
        let listener = hear.clone();
        let on_error = EventListener::new(&worker, "error", move |event| {
            // A script that cannot be fetched is a plain event, without a message.
            let message = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message);
            listener(Heard::Died(message.unwrap_or_else(|| "its script did not load".into())));
        });
        let on_garbled = EventListener::new(&worker, "messageerror", move |_| {
            hear(Heard::Died("a message could not be read".into()));
        });
        Self { worker, _listeners: [on_message, on_error, on_garbled] }
    }

    /// Sends a message.
    pub fn send(&self, message: &impl Serialize, buffers: &Buffers) {
        let sent = wire::pack(message, buffers)
            .and_then(|(message, transfer)| self.worker.post_message_with_transfer(&message, &transfer));
        if let Err(error) = sent {
            complain(&format!("a worker cannot be reached: {}", describe(&error)));
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

fn understand<M: FromWorker>(event: &MessageEvent) -> Heard<M> {
    let (message, buffers) = match wire::open::<M>(&event.data()) {
        Ok(message) => message,
        Err(error) => return Heard::Died(format!("a message is unknown: {}", describe(&error))),
    };
    if message.protocol().is_some_and(|protocol| protocol != PROTOCOL) {
        return Heard::Died("it is of another version than the page".into());
    }
    match message.last_word() {
        Some(word) => Heard::Died(word.to_owned()),
        None => Heard::Message(message, buffers),
    }
}
