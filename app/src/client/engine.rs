//! An engine's other side: starts it, numbers the questions, replaces it when it dies or hangs.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Interval;

use super::early;
use super::jobs::{Jobs, Outcome, Question};
use super::link::{FromWorker, Heard, Link, Started};
use crate::browser::{complain, describe};
use crate::wire::engine::{Encoded, FromEngine, KEPT, Model, NAME, Progress, ToEngine};
use crate::wire::{BrowserErrorKind, Buffers, Report};

/// How often in a row an engine may die, of nothing that can be named, before it is given up.
const LIVES: u32 = 3;
/// How often to look whether an engine still answers, in milliseconds.
const WATCH: u32 = 5_000;
/// At how many looks in a row an engine may have work and say nothing: many times what the slowest device needs for the longest
/// piece. Counted, since a computer that slept has not waited.
const SILENCES: u32 = 12;

/// What an engine tells without being asked.
#[derive(Clone, Debug)]
pub enum Event {
    /// One was started, the first or another one.
    Started,
    /// Its model is on the way.
    Progress(Progress),
    /// Its model is loaded.
    Ready {
        /// The model.
        model: Box<Model>,
        /// The vectors of its background: see [`Model::scorer`].
        buffers: Buffers,
        /// Why it is not the newest.
        stale: Option<Report>,
    },
    /// Whether the model's files are on this device now.
    Kept(bool),
    /// There is no model, and there will be none until [`Engine::start`] is called.
    Failed(Report),
}

impl FromWorker for FromEngine {
    fn protocol(&self) -> Option<u32> {
        match self {
            Self::Hello { protocol, .. } => Some(*protocol),
            _ => None,
        }
    }

    fn last_word(&self) -> Option<&str> {
        match self {
            Self::Panicked { message } => Some(message),
            _ => None,
        }
    }
}

/// A worker with a model, and the questions to it. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Rc<Inner>,
}

struct Inner {
    script: String,
    /// What its workers are called: it tells them which model to load.
    name: String,
    tell: Box<dyn Fn(Event)>,
    jobs: RefCell<Jobs>,
    link: RefCell<Option<Link>>,
    /// Counts the links, so that a death is told from that of a later worker.
    links: Cell<u32>,
    ready: Cell<bool>,
    deaths: Cell<u32>,
    silences: Cell<u32>,
    watch: RefCell<Option<Interval>>,
}

impl Engine {
    /// An engine of this script and the newest model of this manifest; both addresses are absolute. It does nothing until
    /// [`Engine::start`].
    pub fn new(script: &str, manifest: &str, tell: impl Fn(Event) + 'static) -> Self {
        Self::named(script, format!("{NAME}{manifest}"), tell)
    }

    /// As [`Engine::new`], but the model that is kept on this device will do.
    pub fn of_kept(script: &str, manifest: &str, tell: impl Fn(Event) + 'static) -> Self {
        Self::named(script, format!("{NAME}{KEPT}{manifest}"), tell)
    }

    fn named(script: &str, name: String, tell: impl Fn(Event) + 'static) -> Self {
        let inner = Inner {
            script: script.to_owned(),
            name,
            tell: Box::new(tell),
            jobs: RefCell::default(),
            link: RefCell::default(),
            links: Cell::default(),
            ready: Cell::default(),
            deaths: Cell::default(),
            silences: Cell::default(),
            watch: RefCell::default(),
        };
        Self { inner: Rc::new(inner) }
    }

    /// Starts a worker, instead of the present one if there is one. Open questions stay open.
    pub fn start(&self) {
        self.inner.deaths.set(0);
        self.inner.clone().spawn();
    }

    /// Asks for the vectors of texts. The answer comes once, unless the question is
    /// cancelled; questions asked before the model is ready wait for it.
    pub fn encode(&self, question: Question, done: impl FnOnce(Outcome) + 'static) -> u32 {
        let inner = &self.inner;
        let ready = inner.ready.get();
        let copy = ready.then(|| question.clone());
        let idle = inner.jobs.borrow().is_empty();
        let id = inner.jobs.borrow_mut().open(question, Box::new(done));
        if idle {
            inner.silences.set(0);
        }
        if let Some(question) = copy {
            inner.ask(id, question);
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
        self.inner.link.borrow().is_some()
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
        let started = match early::take() {
            Some(early) => Ok(early),
            None => Started::new(&self.script, &self.name),
        };
        let started = match started {
            Ok(started) => started,
            Err(error) => return self.fail(&format!("could not be started ({})", describe(&error))),
        };
        self.silences.set(0);
        (self.tell)(Event::Started);
        let number = self.links.get();
        let listener = Rc::downgrade(&self);
        let link = Link::new(&started, move |heard| {
            // What a worker says after another took its place concerns nobody.
            if let Some(inner) = listener.upgrade().filter(|inner| inner.links.get() == number) {
                inner.hear(heard);
            }
        });
        self.link.replace(Some(link));
        let watcher = Rc::downgrade(&self);
        self.watch.replace(Some(Interval::new(WATCH, move || {
            if let Some(inner) = watcher.upgrade() {
                inner.look_after();
            }
        })));
        started.catch_up();
    }

    /// An engine that has work and says nothing hangs.
    fn look_after(self: Rc<Self>) {
        let busy = self.ready.get() && !self.jobs.borrow().is_empty();
        self.silences.set(if busy { self.silences.get() + 1 } else { 0 });
        if self.silences.get() > SILENCES {
            self.died("it does not answer any more");
        }
    }

    fn hear(self: Rc<Self>, heard: Heard<FromEngine>) {
        self.silences.set(0);
        let (message, buffers) = match heard {
            Heard::Message(message, buffers) => (message, buffers),
            Heard::Died(why) => return self.died(&why),
        };
        match message {
            FromEngine::Hello { simd, .. } => {
                if !simd {
                    complain("The engine was built without WebAssembly SIMD: it will be slow.");
                }
            }
            FromEngine::Progress(progress) => (self.tell)(Event::Progress(progress)),
            FromEngine::Ready { model, stale } => {
                self.ready.set(true);
                let waiting = self.jobs.borrow().waiting();
                for (id, question) in waiting {
                    self.ask(id, question);
                }
                (self.tell)(Event::Ready { model, buffers, stale });
            }
            FromEngine::Kept { kept } => (self.tell)(Event::Kept(kept)),
            FromEngine::Encoded { id, segmentations } => match Encoded::unpack(&buffers) {
                Ok(part) => self.jobs.borrow_mut().extend(id, Encoded { segmentations, ..part }),
                Err(report) => self.died(&report.message),
            },
            FromEngine::Done { id } => {
                self.deaths.set(0);
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
            FromEngine::Panicked { .. } => {}
        }
    }

    /// Replaces a dead worker, as often as seems sensible.
    fn died(self: Rc<Self>, message: &str) {
        complain(&format!("the engine died: {message}"));
        self.hang_up();
        let number = self.links.get();
        let given_up = self.jobs.borrow_mut().after_death();
        self.deaths.set(if given_up.is_some() { 0 } else { self.deaths.get() + 1 });
        if let Some(id) = given_up {
            let report = Report::browser(
                BrowserErrorKind::Worker,
                "the model stopped twice at the same text: change the text or the label",
            );
            let failed = self.jobs.borrow_mut().fail(id, report);
            if let Some(failed) = failed {
                failed();
            }
        }
        // Those who were told may have stopped this engine, or started another worker.
        if self.links.get() != number {
            return;
        }
        if self.deaths.get() < LIVES {
            self.spawn();
        } else {
            self.fail(&format!("stopped ({message})"));
        }
    }

    fn fail(&self, what: &str) {
        let report = Report::browser(
            BrowserErrorKind::Worker,
            format!("The model\u{2019}s worker {what}: try again, or reload the page"),
        );
        (self.tell)(Event::Failed(report));
    }

    fn hang_up(&self) {
        self.links.set(self.links.get() + 1);
        self.ready.set(false);
        self.watch.take();
        let link = self.link.take();
        // This very call may come from one of its listeners.
        wasm_bindgen_futures::spawn_local(async move { drop(link) });
    }

    fn ask(&self, id: u32, question: Question) {
        let Question { role, unit, texts } = question;
        self.send(&ToEngine::Encode { id, role, unit, texts });
    }

    fn send(&self, message: &ToEngine) {
        if let Some(link) = &*self.link.borrow() {
            link.send(message, &Buffers::new());
        }
    }
}
