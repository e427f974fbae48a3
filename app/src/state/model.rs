//! The model, as far as the page knows it.

use std::sync::Arc;

use leptos::ev;
use leptos::prelude::*;
use undertone_core::Scorer;
use wasm_bindgen::JsValue;
use web_sys::Url;

use super::{Action, Notices, Topic};
use crate::browser::describe;
use crate::client::{Engine, Event, Outcome, Question, spare_engines};
use crate::wire::Buffers;
use crate::wire::engine::{self, Progress};
use crate::wire::scoring::Engines;

/// A model that an engine has loaded, with all that scoring needs.
#[derive(Debug)]
pub struct Loaded {
    /// What the engine says of it.
    pub model: Box<engine::Model>,
    /// Scores texts against labels, on the page.
    pub scorer: Scorer,
}

/// Where the model is.
#[derive(Clone, Debug)]
pub enum EngineState {
    /// On its way.
    Loading(Option<Progress>),
    /// Here.
    Ready(Arc<Loaded>),
    /// Not to be had.
    Failed,
}

/// The model that follows the typing.
#[derive(Clone, Copy)]
pub struct Model {
    state: RwSignal<EngineState>,
    /// Whether the model's files are on this device; nothing before that is known.
    kept: RwSignal<Option<bool>>,
    buffers: StoredValue<Option<Buffers>, LocalStorage>,
    online: RwSignal<bool>,
    engine: StoredValue<Option<Engine>, LocalStorage>,
    notices: Notices,
}

impl Model {
    /// None yet: [`Model::start`] gets it.
    pub fn new(notices: Notices) -> Self {
        let online = RwSignal::new(window().navigator().on_line());
        for event in ["online", "offline"] {
            let listener = window_event_listener_untyped(event, move |_| {
                online.set(window().navigator().on_line());
            });
            on_cleanup(move || listener.remove());
        }
        // A tab that was asleep may have missed it.
        let woken = window_event_listener(ev::focus, move |_| online.set(window().navigator().on_line()));
        on_cleanup(move || woken.remove());
        Self {
            state: RwSignal::new(EngineState::Loading(None)),
            kept: RwSignal::new(None),
            buffers: StoredValue::new_local(None),
            online,
            engine: StoredValue::new_local(None),
            notices,
        }
    }

    /// Starts the engine, again if it failed.
    pub fn start(self) {
        self.notices.clear(Topic::Model);
        if self.engine.with_value(Option::is_none) {
            match (address("worker"), address("model")) {
                (Ok(script), Ok(manifest)) => {
                    let engine = Engine::new(&script, &manifest, move |event| self.hear(event));
                    self.engine.set_value(Some(engine));
                }
                (Err(error), _) | (_, Err(error)) => return self.notices.say(Topic::Model, describe(&error)),
            }
        }
        self.with_engine(Engine::start);
    }

    /// Where the model is.
    pub fn state(self) -> EngineState {
        self.state.get()
    }

    /// Reads where the model is.
    pub fn with<T>(self, read: impl FnOnce(&EngineState) -> T) -> T {
        self.state.with(read)
    }

    /// The loaded model, if there is one.
    pub fn loaded(self) -> Option<Arc<Loaded>> {
        self.state.with(|state| match state {
            EngineState::Ready(loaded) => Some(loaded.clone()),
            _ => None,
        })
    }

    /// Whether there is a network.
    pub fn online(self) -> bool {
        self.online.get()
    }

    /// Asks for vectors.
    pub fn encode(self, question: Question, done: impl FnOnce(Outcome) + 'static) -> Option<u32> {
        self.with_engine(|engine| engine.encode(question, done))
    }

    /// Takes a question back.
    pub fn cancel(self, id: u32) {
        self.with_engine(|engine| engine.cancel(id));
    }

    /// What another worker needs to score and to encode as this model does, once that is settled.
    pub fn share(self) -> Option<(Box<engine::Model>, Buffers, Engines)> {
        let (loaded, kept) = (self.loaded()?, self.kept.get()?);
        let buffers = self.buffers.get_value()?;
        // Where the files are not kept, each engine would fetch them for itself.
        let count = if kept { spare_engines() as u32 } else { 1 };
        let engines = Engines { script: address("worker").ok()?, manifest: address("model").ok()?, count };
        Some((loaded.model.clone(), buffers, engines))
    }

    fn with_engine<T>(self, act: impl FnOnce(&Engine) -> T) -> Option<T> {
        // A copy, since what it tells may come back here.
        let engine = self.engine.get_value()?;
        Some(act(&engine))
    }

    fn hear(self, event: Event) {
        match event {
            Event::Started => self.state.set(EngineState::Loading(None)),
            Event::Progress(progress) => self.state.set(EngineState::Loading(Some(progress))),
            Event::Ready { model, buffers, stale } => match model.scorer(&buffers) {
                Ok(scorer) => {
                    self.buffers.set_value(Some(buffers));
                    self.state.set(EngineState::Ready(Arc::new(Loaded { model, scorer })));
                    if let Some(report) = stale {
                        let message = format!(
                            "A newer model could not be had; the one on this device is used: {}",
                            report.message
                        );
                        self.notices.say(Topic::Update, message);
                    }
                }
                Err(report) => self.fail(report.message),
            },
            Event::Kept(kept) => self.kept.set(Some(kept)),
            Event::Failed(report) => self.fail(report.message),
        }
    }

    fn fail(self, message: String) {
        self.state.set(EngineState::Failed);
        self.notices.offer(Topic::Model, message, Action::RetryModel);
    }
}

/// The absolute address that one of the page's `<meta name="undertone-...">` tells.
pub(super) fn address(what: &str) -> Result<String, JsValue> {
    let selector = format!("meta[name='undertone-{what}']");
    let path = document().query_selector(&selector)?.and_then(|meta| meta.get_attribute("content"));
    let path = path.ok_or_else(|| JsValue::from_str(&format!("the page does not say where its {what} is")))?;
    let base = document().base_uri()?.unwrap_or_default();
    Ok(Url::new_with_base(&path, &base)?.href())
}
