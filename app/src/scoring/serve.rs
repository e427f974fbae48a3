//! The scoring worker's message loop.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Array, Uint8Array};
use undertone_core::{Cut, LabelSet, Scorer};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobPropertyBag};

use super::{Exporter, Judge, Labels, Look, Outcome, Sheet, Sweep, Texts, examine};
use crate::browser::{describe, now};
use crate::client::{Pool, Told};
use crate::document::{Decision, FileRef, Rows};
use crate::store::{Store, Vectors};
use crate::wire::engine::{Encoded, Model};
use crate::wire::scoring::{
    Counts, Engines, Examination, Findings, FromScoring, NAME, Progress, Show, Stage, ToScoring,
};
use crate::wire::{BrowserErrorKind, Buffers, PROTOCOL, Report};
use crate::worker::Scope;

/// How long to work before messages are looked at, in milliseconds: shorter than anybody notices.
const SLICE: f64 = 20.0;
/// How many texts' columns are computed between two looks at the clock.
const TEXTS: usize = 512;
/// How many rows are swept between two looks at the clock.
const ROWS: usize = 512;
/// The least pause between two sweeps that nobody asked for, in milliseconds; and how many times its own length: all rows are
/// swept again and again while new ones arrive, and that must not take longer than encoding them.
const PAUSE: f64 = 300.0;
const PAUSES: f64 = 5.0;
/// The least pause between two reports of progress, in milliseconds.
const PROGRESS: f64 = 100.0;
/// How many pieces of vectors are read from the device at a time.
const PIECES: u32 = 32;
/// How many rows are written between two looks at messages.
const WRITTEN: usize = 1_000;

/// Answers the page's messages, if this is the application's scoring worker.
pub fn serve() {
    let Some(scope) = Scope::current().filter(|scope| scope.name() == NAME) else { return };
    scope.announce_panics(|message| FromScoring::Panicked { message });
    spawn_local(async move {
        // Where the device keeps nothing, the page says so.
        let store = Store::open().await.ok();
        let state = RefCell::new(State { store, ..State::default() });
        let desk = Rc::new(Desk { scope: scope.clone(), state });
        let listener = desk.clone();
        scope.listen(move |message, buffers| listener.clone().receive(message, &buffers));
        desk.send(&FromScoring::Hello { protocol: PROTOCOL });
    });
}

struct Desk {
    scope: Scope,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    model: Option<Scoring>,
    /// The labels as they came; they are prepared once there is a model.
    named: Option<(u32, LabelSet, Vec<f32>)>,
    /// How the labels of a version are joined, and what that is called.
    cut: Option<(u32, u32, Option<Box<Cut>>)>,
    whole: Option<Labels>,
    /// The labels, or the classes that they are joined into.
    labels: Option<Labels>,
    show: Show,
    file: Option<Open>,
    /// Counts the files, so that what is still being done for an earlier one is dropped.
    files: u32,
    /// Counts the requests to open one: the last one counts.
    openings: u32,
    encode: bool,
    store: Option<Store>,
    pool: Option<Pool>,
    working: bool,
}

/// A model, as far as it scores.
struct Scoring {
    model: Box<Model>,
    scorer: Scorer,
    engines: Engines,
}

/// The file that is open, and what is yet to be done for it.
struct Open {
    file: FileRef,
    sheet: Sheet,
    stage: Stage,
    /// The rows that are shown, in their order.
    order: Vec<u32>,
    /// Whether the rows in view have changed.
    view: bool,
    /// Whether columns of the labels may be missing.
    columns: bool,
    sweep: Option<Sweep>,
    /// When the next sweep is due, if one is.
    due: Option<f64>,
    /// How long to leave between sweeps that nobody asked for.
    pause: f64,
    swept: f64,
    told: f64,
}

impl Desk {
    fn receive(self: Rc<Self>, message: ToScoring, buffers: &Buffers) {
        match message {
            ToScoring::Model { model, engines } => match model.scorer(buffers) {
                Ok(scorer) => self.clone().set_model(Scoring { model, scorer, engines }),
                Err(report) => self.fail(None, report),
            },
            ToScoring::Open { file, decisions, encode } => {
                let content = buffers.get_blob("content").ok();
                spawn_local(self.open(file, content, decisions, encode));
            }
            ToScoring::Close => {
                let mut state = self.state.borrow_mut();
                (state.files, state.openings) = (state.files + 1, state.openings + 1);
                (state.pool, state.file, state.encode) = (None, None, false);
            }
            ToScoring::Encode { on } => {
                self.state.borrow_mut().encode = on;
                self.keep_encoding();
            }
            ToScoring::Labels { version, labels } => match buffers.get_floats("vectors") {
                Ok(vectors) => {
                    self.state.borrow_mut().named = Some((version, *labels, vectors));
                    self.prepare();
                    self.wake();
                }
                Err(report) => self.fail(None, report),
            },
            ToScoring::Cut { of, version, cut } => {
                self.state.borrow_mut().cut = Some((of, version, cut));
                self.join();
                self.wake();
            }
            ToScoring::Examine { id, question } => {
                let wordings = buffers.get_floats("wordings").unwrap_or_default();
                spawn_local(self.answer(id, question, wordings));
            }
            ToScoring::Show(show) => {
                self.state.borrow_mut().set_show(show);
                self.wake();
            }
            ToScoring::Decisions { file, decisions } => {
                self.state.borrow_mut().decide(&file, &decisions);
                self.wake();
            }
            ToScoring::Look { id, row } => self.look(id, row),
            ToScoring::Select { id } => {
                let state = self.state.borrow();
                let order = state.file.as_ref().map_or(&[][..], |open| &open.order);
                self.scope.send(&FromScoring::Selected { id }, &Buffers::new().counts("rows", order));
            }
            ToScoring::Export { id, format } => spawn_local(self.export(id, format)),
            ToScoring::Ping => self.send(&FromScoring::Pong),
        }
    }

    fn set_model(self: Rc<Self>, model: Scoring) {
        let reload = {
            let mut state = self.state.borrow_mut();
            let other = state.model.as_ref().is_none_or(|known| known.model.digest != model.model.digest);
            state.model = Some(model);
            other && state.file.is_some()
        };
        self.prepare();
        if reload {
            let number = self.state.borrow().files;
            spawn_local(self.bring_back(number));
        }
    }

    /// Prepares the labels, once there is a model to do it with.
    fn prepare(&self) {
        let mut state = self.state.borrow_mut();
        let State { model: Some(Scoring { model, scorer, .. }), named: Some((version, set, vectors)), .. } = &*state
        else {
            return;
        };
        match Labels::new(*version, set.clone(), vectors.clone(), scorer, model.dim as usize) {
            Ok(labels) => {
                state.whole = Some(labels);
                drop(state);
                self.join();
            }
            Err(error) => {
                drop(state);
                self.fail(None, error.into());
            }
        }
    }

    /// Joins the labels into the classes that the page looks through.
    fn join(&self) {
        let mut state = self.state.borrow_mut();
        let State { model: Some(Scoring { scorer, .. }), whole: Some(whole), cut, .. } = &*state else { return };
        // A cut of other labels comes too late, or too early.
        let cut = cut.as_ref().filter(|(of, ..)| *of == whole.version);
        let joined = match cut {
            Some((_, version, Some(cut))) => whole.join(*version, cut, scorer),
            _ => Ok(whole.clone()),
        };
        match joined {
            Ok(labels) => {
                state.labels = Some(labels);
                if let Some(open) = &mut state.file {
                    open.rescore();
                }
            }
            Err(error) => {
                drop(state);
                self.fail(None, error.into());
            }
        }
    }

    /// Answers a question about the labels and all texts, between other messages.
    async fn answer(self: Rc<Self>, id: u32, question: Examination, wordings: Vec<f32>) {
        let known = {
            let state = self.state.borrow();
            state.whole.clone().zip(state.labels.clone()).map(|known| (known, state.files, state.show.options.mode))
        };
        let unready = || Report::browser(BrowserErrorKind::Worker, "the file has no scores yet: wait for the model");
        let Some(((whole, classes), number, mode)) = known else { return self.fail(Some(id), unready()) };
        let with_sheet = |act: &mut dyn FnMut(&mut Sheet) -> undertone_core::Result<bool>| {
            let State { file, files, .. } = &mut *self.state.borrow_mut();
            match file {
                Some(open) if *files == number => act(&mut open.sheet).map_err(Report::from),
                _ => Err(unready()),
            }
        };
        let mut judge: Option<Judge> = None;
        let mut findings: Option<Findings> = None;
        loop {
            let until = now() + SLICE;
            let turn = with_sheet(&mut |sheet| {
                for labels in [&whole, &classes] {
                    while !sheet.advance(labels, TEXTS)? {
                        if now() > until {
                            return Ok(false);
                        }
                    }
                }
                match (&question, &mut judge) {
                    (Examination::Support { tree }, None) => {
                        judge = Some(Judge::new(sheet, &whole, *tree, mode, &wordings)?);
                        Ok(false)
                    }
                    (Examination::Support { .. }, Some(judge)) => judge.step(),
                    (question, _) => {
                        findings = Some(examine(sheet, &whole, &classes, question)?);
                        Ok(true)
                    }
                }
            });
            match turn {
                Ok(true) => break,
                Ok(false) => TimeoutFuture::new(0).await,
                Err(report) => return self.fail(Some(id), report),
            }
        }
        let version = match question {
            Examination::Overlap | Examination::Contrast { .. } => classes.version,
            _ => whole.version,
        };
        if let Some(findings) = findings.or_else(|| judge.map(Judge::finish)) {
            self.send(&FromScoring::Examined { id, version, findings: Box::new(findings) });
        }
    }

    /// Opens a file: of this content, or one whose content was kept.
    async fn open(
        self: Rc<Self>,
        file: FileRef,
        content: Option<Blob>,
        decisions: Vec<(Rows, Decision)>,
        encode: bool,
    ) {
        let opening = {
            let mut state = self.state.borrow_mut();
            state.openings += 1;
            state.openings
        };
        let read = match &content {
            Some(content) => bytes(content).await,
            None => self.kept(&file).await,
        };
        let texts = read.and_then(|bytes| {
            let keep = content.is_some().then(|| bytes.clone());
            Ok((keep, Texts::read(&file.name, bytes, file.column.as_deref())?))
        });
        // Another one may have been asked for meanwhile.
        if self.state.borrow().openings != opening {
            return;
        }
        let (keep, texts) = match texts {
            Ok(read) => read,
            Err(report) => return self.send(&FromScoring::Refused { file, report }),
        };
        let mut sheet = Sheet::new(texts);
        sheet.decide(&decisions);
        let summary = sheet.summary();
        let number = {
            let mut state = self.state.borrow_mut();
            state.files += 1;
            (state.pool, state.encode) = (None, encode);
            state.file = Some(Open::new(file.clone(), sheet));
            state.files
        };
        self.send(&FromScoring::Opened { file: file.clone(), summary });
        self.clone().wake();
        if let (Some(store), Some(bytes)) = (self.store(), keep)
            && let Err(why) = store.keep_file(&file.key, &bytes).await
        {
            self.fail(None, unkept(&file.name, &why));
        }
        if self.state.borrow().files == number {
            self.bring_back(number).await;
        }
    }

    /// The content of a file that was opened on an earlier visit.
    async fn kept(&self, file: &FileRef) -> Result<Vec<u8>, Report> {
        let gone = |why: &str| {
            let message = format!("{} is not on this device any more ({why}): open it again", file.name);
            Report::browser(BrowserErrorKind::Storage, message)
        };
        let store = self.store().ok_or_else(|| gone("the browser keeps nothing"))?;
        store.file(&file.key).await.map_err(|why| gone(&why))?.ok_or_else(|| gone("the browser has thrown it away"))
    }

    /// Gives the open file the vectors that were kept of it, and encodes the rest.
    async fn bring_back(self: Rc<Self>, number: u32) {
        let known = {
            let mut state = self.state.borrow_mut();
            let State { model: Some(Scoring { model, scorer, .. }), file: Some(open), .. } = &mut *state else {
                drop(state);
                return self.tell_progress(Stage::Waiting);
            };
            open.sheet.set_model(scorer.clone(), model.dim as usize, model.affect.clone());
            open.rescore();
            (open.file.key.clone(), model.digest.clone())
        };
        self.tell_progress(Stage::Opening);
        if let Some(store) = self.store() {
            let (file, model) = &known;
            let mut after = None;
            // What cannot be read is encoded anew.
            while let Ok((pieces, last)) = store.vectors(file, model, after, PIECES).await {
                if self.state.borrow().files != number {
                    return;
                }
                for Vectors { rows, encoded } in pieces {
                    // A piece of another form is encoded anew, too.
                    let _ = self.push(&rows, &encoded);
                }
                self.clone().wake();
                self.tell_progress(Stage::Opening);
                if last.is_none() {
                    break;
                }
                after = last;
                TimeoutFuture::new(0).await;
            }
            // They only take room; what the browser does not delete today it may delete next time.
            let _ = store.forget_other_vectors(file, model).await;
        }
        if self.state.borrow().files == number {
            self.finish_stage(Stage::Waiting);
            self.keep_encoding();
        }
    }

    /// Starts engines if there is something to encode for them, or ends them.
    fn keep_encoding(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let State { model: Some(Scoring { model, engines, .. }), file: Some(open), .. } = &*state else { return };
        if open.stage == Stage::Opening {
            return;
        }
        let missing = open.sheet.missing();
        let (number, file, digest, engines) =
            (state.files, open.file.key.clone(), model.digest.clone(), engines.clone());
        if missing.is_empty() || !state.encode {
            state.pool = None;
            drop(state);
            return self.finish_stage(if missing.is_empty() { Stage::Done } else { Stage::Stopped });
        }
        if state.pool.is_some() {
            return;
        }
        drop(state);
        let (texts, listener) = (Rc::downgrade(self), Rc::downgrade(self));
        let pool = Pool::new(
            &engines.script,
            &engines.manifest,
            engines.count as usize,
            &missing,
            move |row| texts.upgrade().map(|desk| desk.text(row)).unwrap_or_default(),
            move |told| {
                if let Some(desk) = listener.upgrade().filter(|desk| desk.state.borrow().files == number) {
                    desk.hear(told, &file, &digest);
                }
            },
        );
        self.state.borrow_mut().pool = Some(pool);
        self.finish_stage(Stage::Encoding);
    }

    fn text(&self, row: u32) -> String {
        self.state.borrow().file.as_ref().map(|open| open.sheet.text(row).into_owned()).unwrap_or_default()
    }

    fn hear(self: Rc<Self>, told: Told, file: &str, model: &str) {
        match told {
            Told::Encoded { share, encoded } => {
                if let Err(report) = self.push(&share, &encoded) {
                    return self.stop(report);
                }
                self.clone().wake();
                self.tell_progress(Stage::Encoding);
                let (file, model) = (file.to_owned(), model.to_owned());
                spawn_local(async move {
                    let Some(store) = self.store() else { return };
                    if let Err(why) = store.keep_vectors(&file, &model, &Vectors { rows: share, encoded }).await {
                        // Once is enough.
                        if self.state.borrow_mut().store.take().is_some() {
                            self.fail(None, unkept("the file", &why));
                        }
                    }
                });
            }
            Told::Refused { text, report } => {
                let mut state = self.state.borrow_mut();
                let Some(open) = &mut state.file else { return };
                open.sheet.refuse(text);
                let id = open.sheet.id(text).to_owned();
                drop(state);
                let message = format!("the text \u{201c}{id}\u{201d} has no scores: {}", report.message);
                self.fail(None, Report { message, ..report });
            }
            Told::Done => {
                self.finish_stage(Stage::Done);
                // Not at once: this is the pool's own call.
                spawn_local(async move { drop(self.state.borrow_mut().pool.take()) });
            }
            Told::Failed(report) => self.stop(report),
        }
    }

    fn stop(self: Rc<Self>, report: Report) {
        self.fail(None, report);
        self.finish_stage(Stage::Stopped);
        let number = self.state.borrow().files;
        spawn_local(async move {
            let mut state = self.state.borrow_mut();
            if state.files == number {
                (state.pool, state.encode) = (None, false);
            }
        });
    }

    /// Takes in vectors.
    fn push(&self, rows: &[u32], encoded: &Encoded) -> Result<(), Report> {
        let mut state = self.state.borrow_mut();
        let State { file: Some(open), show, .. } = &mut *state else { return Ok(()) };
        open.sheet.push(rows, encoded)?;
        open.columns = true;
        let shown = open.in_view(show);
        open.view |= shown.iter().any(|row| rows.contains(row));
        open.due.get_or_insert(open.swept + open.pause);
        Ok(())
    }

    fn finish_stage(&self, stage: Stage) {
        if let Some(open) = &mut self.state.borrow_mut().file {
            open.told = 0.0;
        }
        self.tell_progress(stage);
    }

    fn tell_progress(&self, stage: Stage) {
        let mut state = self.state.borrow_mut();
        let Some(open) = &mut state.file else { return };
        open.stage = stage;
        if open.told > 0.0 && now() - open.told < PROGRESS {
            return;
        }
        open.told = now();
        let progress = Progress { stage, done: open.sheet.done() as u32, texts: open.sheet.summary().texts };
        drop(state);
        self.send(&FromScoring::Progress(progress));
    }

    fn wake(self: Rc<Self>) {
        if !std::mem::replace(&mut self.state.borrow_mut().working, true) {
            spawn_local(self.work());
        }
    }

    /// Works while there is something to do, a slice at a time.
    async fn work(self: Rc<Self>) {
        while let Some(pause) = self.turn() {
            TimeoutFuture::new(pause).await;
        }
        self.state.borrow_mut().working = false;
    }

    /// Does what is most urgent, for a slice of time. Returns how long to wait for the next turn, if there is one.
    fn turn(&self) -> Option<u32> {
        let mut state = self.state.borrow_mut();
        let State { file: Some(open), labels, show, .. } = &mut *state else { return None };
        let turn = open.turn(labels.as_ref(), show);
        drop(state);
        match turn {
            Ok(Turn::Nothing) => None,
            Ok(Turn::Later(milliseconds)) => Some(milliseconds),
            Ok(Turn::More) => Some(0),
            Ok(Turn::Rows(message)) => {
                self.send(&message);
                Some(0)
            }
            Ok(Turn::Swept(counts, on)) => {
                self.scope.send(&FromScoring::Counts(counts), &Buffers::new().counts("on", &on));
                Some(0)
            }
            Err(error) => {
                self.fail(None, error.into());
                None
            }
        }
    }

    fn look(&self, id: u32, row: u32) {
        let state = self.state.borrow();
        let (Some(open), Some(labels)) = (&state.file, &state.labels) else {
            return self.send(&FromScoring::Looked { id, row: None });
        };
        match open.sheet.look(labels, &state.show.options, row) {
            Ok(Some(Look { detail, ranges, windows })) => {
                let buffers = Buffers::new().counts("ranges", &ranges).floats("windows", &windows);
                self.scope.send(&FromScoring::Looked { id, row: Some(Box::new(detail)) }, &buffers);
            }
            Ok(None) => self.send(&FromScoring::Looked { id, row: None }),
            Err(error) => self.fail(Some(id), error.into()),
        }
    }

    async fn export(self: Rc<Self>, id: u32, format: crate::wire::scoring::Format) {
        let options = self.state.borrow().show.options;
        let mut exporter = Exporter::new(format, options);
        let pieces = Array::new();
        loop {
            let written = {
                let state = self.state.borrow();
                let (Some(open), Some(labels)) = (&state.file, &state.labels) else {
                    let message = "the file has no scores yet: wait for the model";
                    return self.fail(Some(id), Report::browser(BrowserErrorKind::Worker, message));
                };
                if pieces.length() == 0 {
                    pieces.push(&exporter.head(labels).into());
                }
                exporter.rows(&open.sheet, labels, WRITTEN)
            };
            match written {
                Ok(Some(rows)) => pieces.push(&rows.into()),
                Ok(None) => break,
                Err(error) => return self.fail(Some(id), error.into()),
            };
            TimeoutFuture::new(0).await;
        }
        let options = BlobPropertyBag::new();
        options.set_type(exporter.kind());
        match Blob::new_with_str_sequence_and_options(&pieces, &options) {
            Ok(blob) => self.scope.send(&FromScoring::Exported { id }, &Buffers::new().blob("content", &blob)),
            Err(error) => {
                let message = format!("the file cannot be written ({}): try again", describe(&error));
                self.fail(Some(id), Report::browser(BrowserErrorKind::Storage, message));
            }
        }
    }

    fn store(&self) -> Option<Store> {
        self.state.borrow().store.clone()
    }

    fn fail(&self, id: Option<u32>, report: Report) {
        self.send(&FromScoring::Failed { id, report });
    }

    fn send(&self, message: &FromScoring) {
        self.scope.send(message, &Buffers::new());
    }
}

impl State {
    fn set_show(&mut self, show: Show) {
        let before = std::mem::replace(&mut self.show, show);
        let Some(open) = &mut self.file else { return };
        open.view = true;
        let Show { options, filter, sort, .. } = &self.show;
        if before.filter != *filter || before.sort != *sort {
            open.sweep_anew();
        } else if before.options != *options {
            // One that is on its way goes on, so that counts follow a slider that does not rest.
            open.due = Some(0.0);
        }
    }

    fn decide(&mut self, file: &str, decisions: &[(Rows, Decision)]) {
        if let Some(open) = self.file.as_mut().filter(|open| open.file.key == file) {
            open.sheet.decide(decisions);
            open.view = true;
            open.due = Some(0.0);
        }
    }
}

/// What a turn came to.
enum Turn {
    /// There is nothing to do.
    Nothing,
    /// There is, but not for so many milliseconds.
    Later(u32),
    /// There is more to do.
    More,
    /// The rows in view are to be told.
    Rows(FromScoring),
    /// A sweep came to its end.
    Swept(Counts, Vec<u32>),
}

impl Open {
    fn new(file: FileRef, sheet: Sheet) -> Self {
        let order = (0..sheet.len() as u32).collect();
        Self {
            file,
            sheet,
            stage: Stage::Opening,
            order,
            view: true,
            columns: false,
            sweep: None,
            due: Some(0.0),
            pause: PAUSE,
            swept: 0.0,
            told: 0.0,
        }
    }

    /// Labels or vectors are others now.
    fn rescore(&mut self) {
        (self.view, self.columns) = (true, true);
        self.sweep_anew();
    }

    fn sweep_anew(&mut self) {
        (self.sweep, self.due) = (None, Some(0.0));
    }

    fn in_view(&self, show: &Show) -> &[u32] {
        let (from, to) = (show.from as usize, show.to as usize);
        self.order.get(from.min(self.order.len())..to.clamp(from, usize::MAX).min(self.order.len())).unwrap_or_default()
    }

    fn turn(&mut self, labels: Option<&Labels>, show: &Show) -> undertone_core::Result<Turn> {
        if std::mem::take(&mut self.view) {
            let rows = self.sheet.rows(labels, &show.options, self.in_view(show))?;
            let version = labels.map(|labels| labels.version);
            let (count, from) = (self.order.len() as u32, show.from);
            return Ok(Turn::Rows(FromScoring::Rows { version, count, from, rows }));
        }
        let until = now() + SLICE;
        if let Some(labels) = labels.filter(|_| self.columns) {
            while now() < until {
                if self.sheet.advance(labels, TEXTS)? {
                    self.columns = false;
                    break;
                }
            }
            return Ok(Turn::More);
        }
        if let Some(sweep) = &mut self.sweep {
            while now() < until {
                if !sweep.step(&self.sheet, labels, ROWS)? {
                    continue;
                }
                let Some(sweep) = self.sweep.take() else { break };
                let Outcome { counts, on, order } = sweep.finish();
                self.view |= self.order != order;
                self.order = order;
                self.pause = PAUSE.max(PAUSES * (now() - self.swept));
                self.swept = now();
                return Ok(Turn::Swept(counts, on));
            }
            return Ok(Turn::More);
        }
        let Some(due) = self.due else { return Ok(Turn::Nothing) };
        if due > now() {
            return Ok(Turn::Later((due - now()).ceil() as u32));
        }
        // From here it counts how long the sweep takes.
        (self.due, self.swept) = (None, now());
        self.sweep = Some(Sweep::new(show.clone(), labels));
        Ok(Turn::More)
    }
}

fn unkept(what: &str, why: &str) -> Report {
    let message = format!("this browser does not keep {what} ({why}): export your results before you leave");
    Report::browser(BrowserErrorKind::Storage, message)
}

async fn bytes(content: &Blob) -> Result<Vec<u8>, Report> {
    let failed = |error: JsValue| {
        let message = format!("the file cannot be read ({}): choose it again", describe(&error));
        Report::browser(BrowserErrorKind::Storage, message)
    };
    let buffer = JsFuture::from(content.array_buffer()).await.map_err(failed)?;
    Ok(Uint8Array::new(buffer.unchecked_ref()).to_vec())
}
