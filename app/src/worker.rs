//! What every worker of the application does: listen, answer, and say that it dies.

use std::cell::RefCell;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::browser::{complain, describe};
use crate::wire::{self, Buffers};

/// The worker that this runs in.
#[derive(Clone)]
pub struct Scope {
    scope: DedicatedWorkerGlobalScope,
}

impl Scope {
    /// `None` if this is no worker of the application.
    pub fn current() -> Option<Self> {
        js_sys::global().dyn_into().ok().map(|scope| Self { scope })
    }

    /// What the worker was named when it was started.
    pub fn name(&self) -> String {
        self.scope.name()
    }

    /// Hears messages from now on.
    pub fn listen<M: DeserializeOwned + 'static>(&self, hear: impl Fn(M, Buffers) + 'static) {
        let on_message =
            Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| match wire::open::<M>(&event.data()) {
                Ok((message, buffers)) => hear(message, buffers),
                Err(error) => complain(&format!("a message is unknown: {}", describe(&error))),
            });
        self.scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
    }

    /// Sends a message.
    pub fn send(&self, message: &impl Serialize, buffers: &Buffers) {
        let sent = wire::pack(message, buffers)
            .and_then(|(message, transfer)| self.scope.post_message_with_transfer(&message, &transfer));
        if let Err(error) = sent {
            complain(&format!("a message could not be sent: {}", describe(&error)));
        }
    }

    /// A panic leaves the worker unusable and its work undone; only who started it can replace it, and is told so.
    pub fn announce_panics<M: Serialize + 'static>(&self, last_word: fn(String) -> M) {
        // The hook must be `Sync`, which nothing of the browser is; a worker has one thread.
        thread_local!(static SCOPE: RefCell<Option<Scope>> = const { RefCell::new(None) });
        SCOPE.set(Some(self.clone()));
        std::panic::set_hook(Box::new(move |info| {
            let message = info.to_string();
            complain(&message);
            SCOPE.with_borrow(|scope| {
                if let Some(scope) = scope {
                    scope.send(&last_word(message), &Buffers::new());
                }
            });
        }));
    }
}
