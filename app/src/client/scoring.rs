//! The scoring worker's other side, on the page: starts it, tells it how things are, and tells another one the same if it dies.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_timers::callback::Interval;
use undertone_core::{Cut, LabelSet};
use web_sys::Blob;

use super::link::{FromWorker, Heard, Link, Started};
use crate::browser::{complain, describe};
use crate::document::{Decision, Decisions, FileRef, Rows};
use crate::wire::engine::Model;
use crate::wire::scoring::{Engines, Examination, Format, FromScoring, NAME, Show, Stage, ToScoring};
use crate::wire::{BrowserErrorKind, Buffers, Report};

/// How often in a row the worker may die before it is given up.
const LIVES: u32 = 3;
/// How often the worker is asked whether it is there, in milliseconds.
const WATCH: u32 = 5_000;
/// How often it may not answer before it is given up: counted, since a computer that slept has not waited.
const SILENCES: u32 = 12;

impl FromWorker for FromScoring {
    fn protocol(&self) -> Option<u32> {
        match self {
            Self::Hello { protocol } => Some(*protocol),
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

/// An answer to a question.
pub type Answer = Result<(FromScoring, Buffers), Report>;

type Callback = Box<dyn FnOnce(Answer)>;

/// The scoring worker. Clones are the same one. It starts when there is a file.
#[derive(Clone)]
pub struct Scoring {
    inner: Rc<Inner>,
}

struct Inner {
    script: String,
    tell: Box<dyn Fn(FromScoring, Buffers)>,
    fail: Box<dyn Fn(Report)>,
    link: RefCell<Option<Link>>,
    links: Cell<u32>,
    greeted: Cell<bool>,
    deaths: Cell<u32>,
    silences: Cell<u32>,
    watch: RefCell<Option<Interval>>,
    /// How things are: what another worker has to be told.
    state: RefCell<State>,
    questions: RefCell<BTreeMap<u32, Callback>>,
    last_question: Cell<u32>,
}

#[derive(Default)]
struct State {
    model: Option<ModelState>,
    file: Option<FileState>,
    /// The file that was open before, for the case that this one cannot be.
    before: Option<FileState>,
    labels: Option<(u32, Box<LabelSet>, Vec<f32>)>,
    cut: Option<(u32, u32, Option<Box<Cut>>)>,
    show: Option<Show>,
}

#[derive(Clone)]
struct FileState {
    file: FileRef,
    content: Option<Blob>,
    decisions: Vec<(Rows, Decision)>,
    encode: bool,
}

struct ModelState {
    model: Box<Model>,
    engines: Engines,
    terms: Vec<f32>,
    reference: Vec<f32>,
}

impl Scoring {
    /// The worker of this script, an absolute address. `tell` hears what it says that is no answer, `fail` that it is gone for
    /// good.
    pub fn new(script: &str, tell: impl Fn(FromScoring, Buffers) + 'static, fail: impl Fn(Report) + 'static) -> Self {
        let inner = Inner {
            script: script.to_owned(),
            tell: Box::new(tell),
            fail: Box::new(fail),
            link: RefCell::default(),
            links: Cell::default(),
            greeted: Cell::default(),
            deaths: Cell::default(),
            silences: Cell::default(),
            watch: RefCell::default(),
            state: RefCell::default(),
            questions: RefCell::default(),
            last_question: Cell::default(),
        };
        Self { inner: Rc::new(inner) }
    }

    /// Tells it the model, with the buffers of [`Model::pack`].
    pub fn set_model(&self, model: Box<Model>, buffers: &Buffers, engines: Engines) -> Result<(), Report> {
        let (terms, reference) = (buffers.get_floats("terms")?, buffers.get_floats("reference")?);
        let model = ModelState { model, engines, terms, reference };
        self.inner.say_model(&model);
        self.inner.state.borrow_mut().model = Some(model);
        Ok(())
    }

    /// Opens a file: of this content, or if there is none one whose content was kept.
    pub fn open(&self, file: FileRef, content: Option<Blob>, decisions: &Decisions, encode: bool) {
        {
            let mut state = self.inner.state.borrow_mut();
            let next = FileState { file, content, decisions: decisions.clone().into(), encode };
            state.before = state.file.replace(next);
        }
        self.inner.deaths.set(0);
        if self.inner.link.borrow().is_some() {
            self.inner.say_file();
        } else {
            self.inner.clone().spawn();
        }
    }

    /// Puts the file away.
    pub fn close(&self) {
        let mut state = self.inner.state.borrow_mut();
        (state.file, state.before) = (None, None);
        drop(state);
        self.inner.send(&ToScoring::Close, &Buffers::new());
    }

    /// Encodes what has no vectors yet, or stops that.
    pub fn set_encoding(&self, on: bool) {
        if let Some(file) = &mut self.inner.state.borrow_mut().file {
            file.encode = on;
        }
        self.inner.send(&ToScoring::Encode { on }, &Buffers::new());
    }

    /// Tells it the labels, with a vector for each.
    pub fn set_labels(&self, version: u32, labels: &LabelSet, vectors: &[f32]) {
        let labels = Box::new(labels.clone());
        self.inner.say_labels(version, labels.clone(), vectors);
        self.inner.state.borrow_mut().labels = Some((version, labels, vectors.to_vec()));
    }

    /// Tells it how the labels of version `of` are joined into classes; `None` for the labels as they are.
    pub fn set_cut(&self, of: u32, version: u32, cut: Option<&Cut>) {
        let cut = cut.cloned().map(Box::new);
        self.inner.send(&ToScoring::Cut { of, version, cut: cut.clone() }, &Buffers::new());
        self.inner.state.borrow_mut().cut = Some((of, version, cut));
    }

    /// Asks about the labels and all texts of the file, with the vectors of labels in other words where that is asked for.
    pub fn examine(&self, question: Examination, wordings: &[f32], done: impl FnOnce(Answer) + 'static) {
        let buffers = Buffers::new().floats("wordings", wordings);
        self.inner.ask_with(done, &buffers, |id| ToScoring::Examine { id, question });
    }

    /// Tells it what the page looks at.
    pub fn set_show(&self, show: Show) {
        self.inner.send(&ToScoring::Show(show.clone()), &Buffers::new());
        self.inner.state.borrow_mut().show = Some(show);
    }

    /// Tells it what was decided: `changed`, which makes `all`.
    pub fn set_decisions(&self, changed: Vec<(Rows, Decision)>, all: &Decisions) {
        let mut state = self.inner.state.borrow_mut();
        let Some(file) = &mut state.file else { return };
        file.decisions = all.clone().into();
        let message = ToScoring::Decisions { file: file.file.key.clone(), decisions: changed };
        drop(state);
        self.inner.send(&message, &Buffers::new());
    }

    /// Asks for all there is to tell about a row.
    pub fn look(&self, row: u32, done: impl FnOnce(Answer) + 'static) {
        self.inner.ask(done, |id| ToScoring::Look { id, row });
    }

    /// Asks which rows the filter shows.
    pub fn select(&self, done: impl FnOnce(Answer) + 'static) {
        self.inner.ask(done, |id| ToScoring::Select { id });
    }

    /// Asks for the file with its scores.
    pub fn export(&self, format: Format, done: impl FnOnce(Answer) + 'static) {
        self.inner.ask(done, |id| ToScoring::Export { id, format });
    }
}

impl Inner {
    fn spawn(self: Rc<Self>) {
        self.hang_up();
        let started = match Started::new(&self.script, NAME) {
            Ok(started) => started,
            Err(error) => return self.give_up(&format!("could not be started ({})", describe(&error))),
        };
        self.silences.set(0);
        let number = self.links.get();
        let listener = Rc::downgrade(&self);
        let link = Link::new(&started, move |heard| {
            if let Some(inner) = listener.upgrade().filter(|inner| inner.links.get() == number) {
                inner.hear(heard);
            }
        });
        self.link.replace(Some(link));
        let watcher = Rc::downgrade(&self);
        self.watch.replace(Some(Interval::new(WATCH, move || {
            let Some(inner) = watcher.upgrade() else { return };
            inner.silences.set(inner.silences.get() + 1);
            if inner.silences.get() > SILENCES {
                inner.died("it does not answer any more");
            } else {
                inner.send(&ToScoring::Ping, &Buffers::new());
            }
        })));
    }

    fn hear(self: Rc<Self>, heard: Heard<FromScoring>) {
        self.silences.set(0);
        let (message, buffers) = match heard {
            Heard::Message(message, buffers) => (message, buffers),
            Heard::Died(why) => return self.died(&why),
        };
        let question = match &message {
            FromScoring::Hello { .. } => {
                self.greeted.set(true);
                return self.say_everything();
            }
            FromScoring::Pong | FromScoring::Panicked { .. } => return,
            FromScoring::Looked { id, .. }
            | FromScoring::Selected { id }
            | FromScoring::Examined { id, .. }
            | FromScoring::Exported { id } => Some(*id),
            FromScoring::Failed { id, .. } => *id,
            FromScoring::Progress(progress) if progress.stage == Stage::Done => {
                self.deaths.set(0);
                None
            }
            FromScoring::Opened { .. } => {
                self.state.borrow_mut().before = None;
                None
            }
            FromScoring::Refused { file, .. } => {
                let mut state = self.state.borrow_mut();
                if state.file.as_ref().is_some_and(|wanted| wanted.file == *file) {
                    state.file = state.before.take();
                }
                None
            }
            _ => None,
        };
        let Some(question) = question else { return (self.tell)(message, buffers) };
        let callback = self.questions.borrow_mut().remove(&question);
        if let Some(callback) = callback {
            callback(match message {
                FromScoring::Failed { report, .. } => Err(report),
                answer => Ok((answer, buffers)),
            });
        }
    }

    fn died(self: Rc<Self>, message: &str) {
        complain(&format!("the scoring worker died: {message}"));
        self.hang_up();
        let number = self.links.get();
        for (_, callback) in std::mem::take(&mut *self.questions.borrow_mut()) {
            let report = "the file\u{2019}s worker stopped and was started again: try again";
            callback(Err(Report::browser(BrowserErrorKind::Worker, report)));
        }
        if self.links.get() != number {
            return;
        }
        self.deaths.set(self.deaths.get() + 1);
        if self.deaths.get() < LIVES {
            self.spawn();
        } else {
            self.give_up(&format!("stopped ({message})"));
        }
    }

    fn give_up(&self, what: &str) {
        let message = format!("The file\u{2019}s worker {what}: open the file again, or reload the page");
        (self.fail)(Report::browser(BrowserErrorKind::Worker, message));
    }

    fn hang_up(&self) {
        self.links.set(self.links.get() + 1);
        self.greeted.set(false);
        self.watch.take();
        let link = self.link.take();
        // This very call may come from one of its listeners.
        wasm_bindgen_futures::spawn_local(async move { drop(link) });
    }

    fn ask(&self, done: impl FnOnce(Answer) + 'static, question: impl FnOnce(u32) -> ToScoring) {
        self.ask_with(done, &Buffers::new(), question);
    }

    fn ask_with(
        &self,
        done: impl FnOnce(Answer) + 'static,
        buffers: &Buffers,
        question: impl FnOnce(u32) -> ToScoring,
    ) {
        let id = self.last_question.get().wrapping_add(1);
        self.last_question.set(id);
        self.questions.borrow_mut().insert(id, Box::new(done));
        self.send(&question(id), buffers);
    }

    fn say_everything(&self) {
        let state = self.state.borrow();
        if let Some(model) = &state.model {
            self.say_model(model);
        }
        if let Some((version, labels, vectors)) = &state.labels {
            self.say_labels(*version, labels.clone(), vectors);
        }
        if let Some((of, version, cut)) = &state.cut {
            self.send(&ToScoring::Cut { of: *of, version: *version, cut: cut.clone() }, &Buffers::new());
        }
        if let Some(show) = &state.show {
            self.send(&ToScoring::Show(show.clone()), &Buffers::new());
        }
        drop(state);
        self.say_file();
    }

    fn say_model(&self, state: &ModelState) {
        let ModelState { model, engines, terms, reference } = state;
        let message = ToScoring::Model { model: model.clone(), engines: engines.clone() };
        self.send(&message, &Buffers::new().floats("terms", terms).floats("reference", reference));
    }

    fn say_labels(&self, version: u32, labels: Box<LabelSet>, vectors: &[f32]) {
        self.send(&ToScoring::Labels { version, labels }, &Buffers::new().floats("vectors", vectors));
    }

    fn say_file(&self) {
        let state = self.state.borrow();
        let Some(FileState { file, content, decisions, encode }) = state.file.clone() else { return };
        let buffers = content.iter().fold(Buffers::new(), |buffers, blob| buffers.blob("content", blob));
        self.send(&ToScoring::Open { file, decisions, encode }, &buffers);
    }

    /// Sends a message, if there is a worker that listens: one that is on its way is told everything when it has come.
    fn send(&self, message: &ToScoring, buffers: &Buffers) {
        if let Some(link) = self.link.borrow().as_ref().filter(|_| self.greeted.get()) {
            link.send(message, buffers);
        }
    }
}
