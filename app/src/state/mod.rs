//! The state of the page, and what happens to it.

mod file;

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos::task::spawn_local;
use undertone_core::{LabelSet, Mode, Prepared, Result, Roles, ScoreOptions, Table, Wordings};

use crate::board::{Board, History, Subject};
use crate::client::{Client, Event, Loaded, Outcome, Pool};
use crate::presets::{self, Preset};
use crate::reading::{Encoded, Reading};
use crate::session::{Order, Session, Theme};
use crate::sheet::Sheet;
use crate::storage;
use crate::wire::{BrowserErrorKind, Model, Progress, Report, Role, Rows};

/// How long typing pauses before the text is encoded: shorter than a keystroke, so that the
/// answer keeps up, and long enough to skip what a paste or a held key passes through.
const TYPING_PAUSE: Duration = Duration::from_millis(60);
/// The same for labels, whose half-typed names mean nothing.
const LABEL_PAUSE: Duration = Duration::from_millis(120);
/// How long after a change it is kept.
const SAVING_PAUSE: Duration = Duration::from_millis(200);

/// Where the model is.
#[derive(Clone, Debug)]
pub enum Engine {
    /// On its way.
    Loading(Option<Progress>),
    /// Here.
    Ready(Arc<Loaded>),
    /// Not to be had.
    Failed,
}

impl Engine {
    /// The loaded model, if there is one.
    fn model(&self) -> Option<Arc<Loaded>> {
        match self {
            Self::Ready(loaded) => Some(loaded.clone()),
            _ => None,
        }
    }
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// One sentence.
    pub message: String,
    /// Whether the model is missing, and trying again could help.
    pub retry: bool,
}

/// The state of the page. Copies are the same state.
#[derive(Clone, Copy)]
pub struct App {
    /// The text.
    pub text: RwSignal<String>,
    /// The labels; edited through [`App::edit`].
    pub board: RwSignal<Board>,
    /// Several labels or one.
    pub mode: RwSignal<Mode>,
    /// From which probability a label is on; none for the model's own.
    pub threshold: RwSignal<Option<f32>>,
    /// The order of results.
    pub order: RwSignal<Order>,
    /// The colours.
    pub theme: RwSignal<Theme>,
    /// The model.
    pub engine: RwSignal<Engine>,
    /// Whether there is a network.
    pub online: RwSignal<bool>,
    /// What went wrong last.
    pub notice: RwSignal<Option<Notice>>,
    /// The presets to choose from.
    pub presets: RwSignal<Vec<Preset>>,
    /// What the text feels like, in the labels as they were when it was last known.
    pub reading: RwSignal<Option<Reading>>,
    /// The texts of the file that is open.
    pub sheet: RwSignal<Option<Sheet>>,
    /// The labels as texts are scored against them, once all their wordings have vectors.
    prepared: Memo<Labels>,
    history: RwSignal<History>,
    encoded: RwSignal<Option<Encoded>>,
    wordings: RwSignal<Wordings>,
    refused_text: RwSignal<Option<String>>,
    refused_wordings: StoredValue<Vec<String>>,
    encoding: StoredValue<bool>,
    label_job: StoredValue<Option<u32>>,
    client: StoredValue<Option<Client>, LocalStorage>,
    /// The workers that read the file.
    pool: StoredValue<Option<Pool>, LocalStorage>,
    /// A file that waits for the model.
    pending: StoredValue<Option<(Table, Roles)>>,
    /// Whether the file's new rows are about to be scored.
    scoring: StoredValue<bool>,
}

/// A label set ready to be scored against; none while wordings have no vectors, or a sentence on why there is none.
type Labels = std::result::Result<Option<Arc<Prepared>>, String>;

impl App {
    /// The state of the last visit, or a newcomer's, with a worker on its way.
    pub fn start() -> Self {
        let (session, trouble) = match storage::load() {
            Ok(session) => (session.unwrap_or_default(), None),
            Err(message) => (Session::default(), Some(message)),
        };
        let board = RwSignal::new(session.board);
        let engine = RwSignal::new(Engine::Loading(None));
        let wordings = RwSignal::default();
        let app = Self {
            text: RwSignal::new(session.text),
            board,
            mode: RwSignal::new(session.mode),
            threshold: RwSignal::new(session.threshold),
            order: RwSignal::new(session.order),
            theme: RwSignal::new(session.theme),
            engine,
            online: RwSignal::new(window().navigator().on_line()),
            notice: RwSignal::new(None),
            presets: RwSignal::default(),
            reading: RwSignal::new(None),
            sheet: RwSignal::new(None),
            prepared: Memo::new(move |_| prepare(board, engine, wordings)),
            history: RwSignal::default(),
            encoded: RwSignal::new(None),
            wordings,
            refused_text: RwSignal::new(None),
            refused_wordings: StoredValue::default(),
            encoding: StoredValue::new(false),
            label_job: StoredValue::new(None),
            client: StoredValue::new_local(None),
            pool: StoredValue::new_local(None),
            pending: StoredValue::default(),
            scoring: StoredValue::default(),
        };
        if let Some(message) = trouble {
            app.complain(message);
        }
        app.keep_session();
        app.keep_encoding();
        app.keep_reading();
        app.keep_sheet();
        app.watch_network();
        app.start_client();
        spawn_local(async move {
            match presets::index().await {
                Ok(presets) => app.presets.set(presets),
                Err(message) => app.complain(message),
            }
        });
        app
    }

    /// The state, from any component.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Shows a sentence about something that went wrong.
    pub fn complain(self, message: impl Into<String>) {
        let message = sentence(message.into());
        let retry = false;
        self.notice.set(Some(Notice { message, retry }));
    }

    /// Takes back what was said about an edit: another one was fine. A missing model stays said.
    fn clear_notice(self) {
        if self.notice.with_untracked(|notice| notice.as_ref().is_some_and(|notice| !notice.retry)) {
            self.notice.set(None);
        }
    }

    /// The loaded model, if there is one.
    pub fn model(self) -> Option<Arc<Loaded>> {
        self.engine.with(Engine::model)
    }

    /// From which probability a label is on, unless it says otherwise itself.
    pub fn common_threshold(self) -> f32 {
        self.threshold.get().or_else(|| self.model().map(|loaded| loaded.scorer.calibration().threshold)).unwrap_or(0.5)
    }

    /// Whether what is shown lags behind the text or the labels.
    pub fn is_behind(self) -> bool {
        let text = self.text.with(|text| {
            self.encoded.with(|encoded| match encoded {
                Some(encoded) => encoded.text != *text,
                None => !text.trim().is_empty(),
            }) && self.refused_text.with(|refused| refused.as_ref() != Some(text))
        });
        let labels = || {
            self.reading.with(|reading| {
                reading.as_ref().is_some_and(|reading| {
                    self.board.with(|board| {
                        let shown = reading.rows.iter().map(|row| (row.id, &row.name));
                        !shown.eq(board.labels.labels().iter().map(|l| (l.id, &l.name)))
                    })
                })
            })
        };
        text || labels()
    }

    /// Edits the labels. An edit that fails changes nothing.
    pub fn edit<T>(self, subject: Subject, edit: impl FnOnce(&mut LabelSet) -> Result<T>) -> Result<Option<T>> {
        let before = self.board.get_untracked();
        let mut board = before.clone();
        let answer = board.edit(edit)?;
        if answer.is_some() {
            self.history.update(|history| history.remember(before, subject));
            self.board.set(board);
            self.clear_notice();
        }
        Ok(answer)
    }

    /// Ends an edit, so that the next one is taken back by itself.
    pub fn close_edit(self) {
        self.history.update_untracked(History::close);
    }

    /// Takes the last edit of the labels back.
    pub fn undo(self) {
        if let Some(board) = self.history.try_update(History::undo).flatten() {
            self.board.set(board);
        }
    }

    /// Whether there is an edit to take back.
    pub fn can_undo(self) -> bool {
        self.history.with(|history| !history.is_empty())
    }

    /// Puts other labels on the table. Labels of the same name stay the same labels.
    pub fn replace(self, labels: LabelSet, preset: Option<String>) {
        let before = self.board.get_untracked();
        let labels = before.labels.reimport(labels);
        let board = Board { labels, preset };
        if board != before {
            self.history.update(|history| history.remember(before, Subject::List));
            self.board.set(board);
        }
    }

    /// Puts a preset on the table.
    pub fn choose(self, key: String) {
        let chosen = self.presets.with_untracked(|presets| presets.iter().find(|p| p.key() == key).cloned());
        let Some(preset) = chosen else {
            return;
        };
        spawn_local(async move {
            match preset.fetch().await {
                Ok(json) => self.import(&preset.file, &json, Some(key)),
                Err(message) => self.complain(message),
            }
        });
    }

    /// Puts the labels of a file on the table.
    pub fn import(self, file: &str, json: &str, preset: Option<String>) {
        match LabelSet::from_json(json) {
            Ok(labels) => {
                self.clear_notice();
                self.replace(labels, preset);
            }
            Err(error) => self.complain(format!("{file}: {error}")),
        }
    }

    /// Starts the worker again after it failed.
    pub fn retry(self) {
        self.notice.set(None);
        self.refused_text.set(None);
        self.refused_wordings.set_value(Vec::new());
        self.client.with_value(|client| {
            if let Some(client) = client {
                client.start();
            }
        });
    }

    fn session(self) -> Session {
        Session {
            text: self.text.get(),
            board: self.board.get(),
            mode: self.mode.get(),
            threshold: self.threshold.get(),
            order: self.order.get(),
            theme: self.theme.get(),
        }
    }

    fn keep_session(self) {
        let save = move || {
            if let Err(message) = storage::save(&untrack(|| self.session())) {
                self.complain(message);
            }
        };
        let mut save_soon = debounce(SAVING_PAUSE, move |()| save());
        Effect::new(move |before: Option<Session>| {
            let session = self.session();
            if before.is_some_and(|before| before != session) {
                save_soon(());
            }
            session
        });
        // What was typed just before the page goes away must not be lost.
        window_event_listener_untyped("pagehide", move |_| save());
    }

    fn keep_encoding(self) {
        let mut encode_text = debounce(TYPING_PAUSE, move |()| self.encode_text());
        Effect::new(move |_| {
            self.text.track();
            self.engine.track();
            encode_text(());
        });
        let mut encode_labels = debounce(LABEL_PAUSE, move |()| self.encode_labels());
        Effect::new(move |_| {
            self.board.track();
            self.engine.track();
            encode_labels(());
        });
    }

    fn keep_reading(self) {
        Effect::new(move |_| {
            // Without a model the last reading stays: it is as true as it was.
            let Some(loaded) = self.model() else {
                return;
            };
            let options = ScoreOptions { mode: self.mode.get(), threshold: self.threshold.get() };
            let reading = self.encoded.with(|encoded| {
                let Some(encoded) = encoded else {
                    return Ok(Some(None));
                };
                // Until all wordings have a vector, the last reading stays.
                let Some(labels) = self.prepared.get()? else {
                    return Ok(None);
                };
                self.board
                    .with(|board| Reading::new(encoded, &labels, &board.labels, &loaded.scorer, &options))
                    .map(|reading| Some(Some(reading)))
                    .map_err(|error| error.to_string())
            });
            match reading {
                Ok(Some(reading)) => self.reading.set(reading),
                Ok(None) => (),
                Err(message) => self.complain(message),
            }
        });
    }

    fn watch_network(self) {
        for event in ["online", "offline"] {
            window_event_listener_untyped(event, move |_| {
                self.online.set(window().navigator().on_line());
            });
        }
    }

    fn start_client(self) {
        let (script, manifest) = match addresses() {
            Ok(addresses) => addresses,
            Err(error) => return self.complain(crate::browser::describe(&error)),
        };
        let client = Client::new(&script, &manifest, move |event| self.hear(event));
        self.client.set_value(Some(client.clone()));
        client.start();
    }

    fn hear(self, event: Event) {
        match event {
            Event::Started => self.engine.set(Engine::Loading(None)),
            Event::Progress(progress) => self.engine.set(Engine::Loading(Some(progress))),
            Event::Ready(loaded) => self.engine.set(Engine::Ready(loaded)),
            Event::Failed(Report { message, .. }) => {
                self.engine.set(Engine::Failed);
                let message = sentence(message);
                let retry = true;
                self.notice.set(Some(Notice { message, retry }));
            }
        }
    }

    /// Encodes the text, unless that is being done: then its end looks again, so that answers
    /// keep coming while somebody types faster than the model reads.
    fn encode_text(self) {
        let Some(loaded) = untrack(|| self.model()) else {
            return;
        };
        let text = self.text.get_untracked();
        if text.trim().is_empty() {
            self.encoded.set(None);
            return;
        }
        let known = self.encoded.with_untracked(|encoded| encoded.as_ref().is_some_and(|known| known.text == text));
        let refused = self.refused_text.with_untracked(|refused| refused.as_ref() == Some(&text));
        if known || refused || self.encoding.get_value() {
            return;
        }
        self.encoding.set_value(true);
        let asked = text.clone();
        self.ask(Role::Typing, vec![asked], move |outcome| {
            self.encoding.set_value(false);
            match outcome.and_then(|rows| read(text.clone(), rows, &loaded.model)) {
                Ok(encoded) => self.encoded.set(Some(encoded)),
                Err(report) => {
                    self.refused_text.set(Some(text.clone()));
                    self.complain(report.message);
                }
            }
            if self.text.with_untracked(|now| *now != text) {
                self.encode_text();
            }
        });
    }

    /// Encodes what is new in the labels. An older question is taken back: the new one asks for
    /// all that is still missing.
    fn encode_labels(self) {
        let Some(loaded) = untrack(|| self.model()) else {
            return;
        };
        let missing =
            self.board.with_untracked(|board| self.wordings.with_untracked(|wordings| wordings.missing(&board.labels)));
        if let Some(job) = self.label_job.get_value() {
            self.with_client(|client| client.cancel(job));
            self.label_job.set_value(None);
        }
        // A model that failed at these before would fail again.
        let refused = self.refused_wordings.with_value(|refused| *refused == missing);
        if missing.is_empty() || refused {
            return;
        }
        let asked = missing.clone();
        let job = self.ask(Role::Label, asked, move |outcome| {
            self.label_job.set_value(None);
            let learned = outcome.and_then(|rows| {
                let vectors = rows.into_texts(loaded.model.dim as usize)?;
                let learned = self.wordings.try_update(|wordings| {
                    let learned = wordings.learn(missing.clone(), &vectors);
                    self.board.with_untracked(|board| wordings.tidy(&board.labels));
                    learned
                });
                Ok(learned.unwrap_or(Ok(()))?)
            });
            match learned {
                Ok(()) => {}
                Err(report) => {
                    self.refused_wordings.set_value(missing);
                    self.complain(report.message);
                }
            }
        });
        self.label_job.set_value(job);
    }

    fn ask(self, role: Role, texts: Vec<String>, done: impl FnOnce(Outcome) + 'static) -> Option<u32> {
        self.with_client(|client| client.embed(role, texts, done))
    }

    fn with_client<T>(self, act: impl FnOnce(&Client) -> T) -> Option<T> {
        self.client.with_value(|client| client.as_ref().map(act))
    }
}

/// The labels as texts are scored against them. Apart from the text, which changes with every key.
fn prepare(board: RwSignal<Board>, engine: RwSignal<Engine>, wordings: RwSignal<Wordings>) -> Labels {
    let Some(loaded) = engine.with(Engine::model) else {
        return Ok(None);
    };
    let prepare = |labels: &LabelSet| {
        let vectors = wordings.with(|wordings| wordings.matrix(labels, loaded.model.dim as usize))?;
        vectors.map(|vectors| loaded.scorer.prepare(vectors, labels).map(Arc::new)).transpose()
    };
    board.with(|board| prepare(&board.labels)).map_err(|error| error.to_string())
}

fn read(text: String, rows: Rows, model: &Model) -> std::result::Result<Encoded, Report> {
    let cut = rows.cut.contains(&true);
    let vectors = rows.into_texts(model.dim as usize)?;
    let affect = model.affect.read_texts(&vectors)?.into_iter().next();
    let affect = affect.ok_or_else(|| Report::browser(BrowserErrorKind::Worker, "the worker left a text out"))?;
    Ok(Encoded { text, affect, vectors, cut })
}

/// Where the worker's script and the model's manifest are.
fn addresses() -> std::result::Result<(String, String), wasm_bindgen::JsValue> {
    let script = meta("undertone-worker").unwrap_or_else(|| "worker_loader.js".into());
    let model = meta("undertone-model").unwrap_or_else(|| "model/manifest.json".into());
    Ok((presets::address(&script)?, presets::address(&model)?))
}

/// The content of one of the page's `<meta>`s.
fn meta(name: &str) -> Option<String> {
    document().query_selector(&format!("meta[name='{name}']")).ok()??.get_attribute("content")
}

/// Errors are phrases that may follow a file's name; alone they are sentences.
fn sentence(phrase: String) -> String {
    let mut letters = phrase.chars();
    let Some(first) = letters.next() else {
        return phrase;
    };
    let is_file = phrase.split_whitespace().next().is_some_and(|word| word.contains(['.', '/']));
    let mut sentence = if is_file { phrase } else { first.to_uppercase().chain(letters).collect() };
    if !sentence.ends_with(['.', '!', '?']) {
        sentence.push('.');
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn phrases_become_sentences_but_file_names_stay() {
        assert_eq!(sentence("label 3 repeats label 1".into()), "Label 3 repeats label 1.");
        assert_eq!(sentence("weights.safetensors has 12 bytes".into()), "weights.safetensors has 12 bytes.");
        assert_eq!(sentence("Really?".into()), "Really?");
    }
}
