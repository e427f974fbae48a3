//! All documents of this device, and the one that this tab has.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Math};
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Action, Editing, Notices, Topic};
use crate::document::{Command, Content, Document, Session, Step};
use crate::store::{Entry, Found, Lock, Store, Web};

/// Where the id of this tab's document is kept for a reload.
const CURRENT: &str = "undertone-document";
/// Where earlier versions kept their one session.
const LEGACY: &str = "undertone";
/// How long steps gather before they are written, in milliseconds: a crash loses no more.
const GATHER: u32 = 200;
/// How many steps are written before the document is written whole.
const STEPS: u32 = 100;
/// What a document without a name is called.
const UNNAMED: &str = "Untitled";
/// How long a file that no document names is left alone, in milliseconds: another tab may be about to name it.
const GRACE: f64 = 3_600_000.0;
/// How often, and after how many milliseconds each time, a reloaded tab asks for its document: it may not have let go of it yet.
const TRIES: u32 = 6;
const WAIT: u32 = 100;

/// A document that was found when the page began, with its place on this device.
pub struct Opening {
    document: Document,
    id: String,
    /// The number of the next step; none before the document was ever written.
    next: Option<u32>,
    store: Option<Store>,
    lock: Option<Lock>,
    /// What is to be said about it.
    said: Vec<(Topic, String, Option<Action>)>,
    /// Called when another tab takes the document.
    lost: Lost,
}

/// Called when another tab takes the document, once somebody listens.
type Lost = Rc<RefCell<Option<Box<dyn FnOnce()>>>>;

impl Opening {
    /// Looks for the document that this tab had, or else for the one that was changed last.
    pub async fn find() -> Self {
        let store = match Store::open().await {
            Ok(store) => store,
            Err(why) => return Self::without_store(&why),
        };
        match Self::look_in(&store).await {
            Ok(opening) => opening,
            Err(why) => Self::without_store(&why),
        }
    }

    fn without_store(why: &str) -> Self {
        let mut opening = Self::fresh(None, UNNAMED);
        opening.said.push((Topic::Storage, unkept(why), None));
        opening
    }

    /// A new document.
    fn fresh(store: Option<Store>, name: &str) -> Self {
        let document = Document::new(Content::new(name));
        Self { document, id: new_id(), next: None, store, lock: None, said: Vec::new(), lost: Lost::default() }
    }

    async fn look_in(store: &Store) -> Result<Self, String> {
        let entries = store.documents().await?;
        // A tab that had a document stays with it, even if nothing was ever written to it: that of another tab, which may be
        // reloading just now, is not for the taking.
        let here = Web::session().get(CURRENT).filter(|_| !entries.is_empty());
        let reloaded = here.is_some();
        let Some(id) = here.or_else(|| entries.first().map(|entry| entry.id.clone())) else {
            return Ok(Self::from_legacy(store).await);
        };
        let lost = Lost::default();
        let mut lock = None;
        for attempt in 0..if reloaded { TRIES } else { 1 } {
            if attempt > 0 {
                TimeoutFuture::new(WAIT).await;
            }
            lock = take(&id, false, &lost).await;
            if lock.is_some() {
                break;
            }
        }
        if lock.is_none() {
            let name = entries.iter().find(|entry| entry.id == id).map_or("It", |entry| &entry.name);
            let mut opening = Self::fresh(Some(store.clone()), &free_name(&entries));
            let message =
                format!("\u{201c}{name}\u{201d} is open in another tab, so this tab has a document of its own");
            opening.said.push((Topic::Document, message, Some(Action::TakeOver(id))));
            return Ok(opening.locked().await);
        }
        Self::read(store, id, lock, lost, &entries).await
    }

    /// A document of this id, for which there is a lock.
    async fn read(
        store: &Store,
        id: String,
        lock: Option<Lock>,
        lost: Lost,
        entries: &[Entry],
    ) -> Result<Self, String> {
        match store.document(&id).await? {
            Found::Document(kept) => {
                let (document, next) = (kept.document, Some(kept.next));
                Ok(Self { document, id, next, store: Some(store.clone()), lock, said: Vec::new(), lost })
            }
            Found::Unreadable(why) => {
                let name = entries.iter().find(|entry| entry.id == id).map_or("A document", |entry| &entry.name);
                let mut opening = Self::fresh(Some(store.clone()), &free_name(entries));
                let message = format!("\u{201c}{name}\u{201d} cannot be read: {why}. It is left as it is");
                opening.said.push((Topic::Document, message, None));
                Ok(opening.locked().await)
            }
            Found::Nothing => Ok(Self { id, lock, lost, ..Self::fresh(Some(store.clone()), &free_name(entries)) }),
        }
    }

    /// What an earlier version kept, or a newcomer's document.
    async fn from_legacy(store: &Store) -> Self {
        let mut opening = Self::fresh(Some(store.clone()), UNNAMED);
        match Web::local().get(LEGACY).map(|json| Session::from_json(&json)) {
            Some(Ok(session)) => {
                opening.document = Document::new(session.into_content(UNNAMED));
                if store.snapshot(&opening.id, opening.document.content()).await.is_ok() {
                    Web::local().delete(LEGACY);
                    opening.next = Some(0);
                }
            }
            Some(Err(message)) => opening.said.push((Topic::Document, message, None)),
            None => {}
        }
        opening.locked().await
    }

    async fn locked(mut self) -> Self {
        // Nobody else knows of a new id.
        self.lock = take(&self.id, false, &self.lost).await;
        self
    }
}

async fn take(id: &str, from_others: bool, lost: &Lost) -> Option<Lock> {
    let lost = lost.clone();
    Lock::take(id, from_others, move || {
        let listener = lost.borrow_mut().take();
        if let Some(listener) = listener {
            listener();
        }
    })
    .await
}

/// All documents, and the one that is open here.
#[derive(Clone, Copy)]
pub struct Documents {
    /// The documents of this device, the last changed first.
    pub entries: RwSignal<Vec<Entry>>,
    /// The id of the one that is open here.
    pub current: RwSignal<String>,
    writer: StoredValue<Rc<RefCell<Writer>>, LocalStorage>,
    editing: Editing,
    notices: Notices,
}

/// Writes the steps of the document that is open.
struct Writer {
    store: Option<Store>,
    lock: Option<Lock>,
    id: String,
    next: Option<u32>,
    /// What is not written yet.
    pending: VecDeque<Step>,
    /// Whether the document is to be written whole.
    whole: bool,
    /// How many steps were written since it was.
    steps: u32,
    writing: bool,
    /// Whether somebody knows that nothing is kept.
    complained: bool,
}

impl Documents {
    /// Keeps what happens to the document that was found.
    pub fn new(opening: Opening, editing: Editing, notices: Notices) -> Self {
        let writer = Writer {
            store: opening.store.clone(),
            lock: None,
            id: String::new(),
            next: None,
            pending: VecDeque::new(),
            whole: false,
            steps: 0,
            writing: false,
            complained: opening.store.is_none(),
        };
        let documents = Self {
            entries: RwSignal::default(),
            current: RwSignal::new(opening.id.clone()),
            writer: StoredValue::new_local(Rc::new(RefCell::new(writer))),
            editing,
            notices,
        };
        documents.set(opening);
        // What happened just before the page goes away must not be lost.
        for event in ["pagehide", "visibilitychange"] {
            let listener = window_event_listener_untyped(event, move |_| documents.write_now());
            on_cleanup(move || listener.remove());
        }
        let hidden = window_event_listener(ev::blur, move |_| documents.write_now());
        on_cleanup(move || hidden.remove());
        spawn_local(async move {
            documents.list().await;
            documents.tidy().await;
        });
        documents
    }

    /// Reads the list of documents anew.
    pub async fn list(self) {
        let store = self.writer.with_value(|writer| writer.borrow().store.clone());
        if let Some(store) = store
            && let Ok(entries) = store.documents().await
        {
            // The page may be gone by now.
            let _ = self.entries.try_set(entries);
        }
    }

    /// Begins a new document.
    pub fn begin(self) {
        self.replace(async |store, entries| {
            Ok(Opening::fresh(Some(store.clone()), &free_name(&entries)).locked().await)
        });
    }

    /// Opens another document; one that another tab has only if it is `forced`.
    pub fn open(self, id: String, forced: bool) {
        self.replace(async move |store, entries| {
            let lost = Lost::default();
            let Some(lock) = take(&id, forced, &lost).await else {
                let name = entries.iter().find(|entry| entry.id == id).map_or("it", |entry| &entry.name);
                let message = format!("\u{201c}{name}\u{201d} is open in another tab");
                return Err((message, Some(Action::TakeOver(id))));
            };
            if forced {
                // The other tab has something to write, perhaps.
                TimeoutFuture::new(2 * GATHER).await;
            }
            Opening::read(&store, id, Some(lock), lost, &entries).await.map_err(|why| (unkept(&why), None))
        });
    }

    /// Gives the document that is open another name.
    pub fn rename(self, name: String) {
        self.editing.send(Command::Name { name });
        self.editing.close();
    }

    /// Forgets a document. If it is the one that is open, a new one is begun.
    pub fn forget(self, id: String) {
        let here = self.current.get_untracked() == id;
        if here {
            // Nothing of it is to be written any more.
            self.writer.with_value(|writer| {
                let mut writer = writer.borrow_mut();
                writer.pending.clear();
                (writer.whole, writer.next) = (false, None);
            });
        }
        let store = self.writer.with_value(|writer| writer.borrow().store.clone());
        spawn_local(async move {
            if let Some(store) = &store {
                if !here && take(&id, false, &Lost::default()).await.is_none() {
                    return self
                        .notices
                        .say(Topic::Document, "this document is open in another tab: close it there first");
                }
                if let Err(why) = store.forget(&id).await {
                    return self.notices.say(Topic::Storage, format!("the document cannot be deleted ({why})"));
                }
            }
            if here {
                self.begin();
            } else {
                self.list().await;
            }
        });
    }

    /// Puts another document in the place of the one that is open.
    fn replace(self, find: impl AsyncFnOnce(Store, Vec<Entry>) -> Result<Opening, (String, Option<Action>)> + 'static) {
        let writer = self.writer.get_value();
        spawn_local(async move {
            self.flush().await;
            let store = writer.borrow().store.clone();
            let Some(store) = store else {
                self.set(Opening::fresh(None, UNNAMED));
                return;
            };
            let entries = store.documents().await.unwrap_or_default();
            match find(store, entries).await {
                Ok(opening) => self.set(opening),
                Err((message, Some(action))) => self.notices.offer(Topic::Document, message, action),
                Err((message, None)) => self.notices.say(Topic::Document, message),
            }
            self.list().await;
        });
    }

    fn set(self, opening: Opening) {
        let Opening { document, id, next, store: _, lock, said, lost } = opening;
        self.notices.clear(Topic::Document);
        for (topic, message, action) in said {
            match action {
                Some(action) => self.notices.offer(topic, message, action),
                None => self.notices.say(topic, message),
            }
        }
        // A tab that is reloaded finds its own document again; where nothing is kept, it does not.
        Web::session().set(CURRENT, &id);
        let number = id.clone();
        *lost.borrow_mut() = Some(Box::new(move || self.lose(&number)));
        let writer = self.writer.get_value();
        {
            let mut writer = writer.borrow_mut();
            (writer.id, writer.next, writer.lock) = (id.clone(), next, lock);
            writer.pending.clear();
            (writer.whole, writer.steps) = (false, 0);
        }
        self.current.set(id);
        self.editing.open(document, move |step, _| self.keep(step));
    }

    /// Another tab took the document.
    fn lose(self, id: &str) {
        let writer = self.writer.get_value();
        if writer.borrow().id != id {
            return;
        }
        let id = id.to_owned();
        spawn_local(async move {
            // The other tab waits for this before it reads.
            self.flush().await;
            writer.borrow_mut().lock = None;
            let name = self.editing.name.get_untracked();
            let message = format!(
                "\u{201c}{name}\u{201d} is in use in another tab now: what is changed here is not kept any more"
            );
            self.notices.offer(Topic::Document, message, Action::TakeOver(id));
        });
    }

    /// A step happened.
    fn keep(self, step: &Step) {
        let writer = self.writer.get_value();
        let first = {
            let mut writer = writer.borrow_mut();
            if writer.next.is_none() && matches!(step, Step::Do { command: Command::Page { .. }, .. }) {
                // A document that was only looked at is not worth keeping.
                return;
            }
            match writer.pending.back().and_then(|last| last.merge(step)) {
                Some(merged) => {
                    writer.pending.pop_back();
                    writer.pending.push_back(merged);
                }
                None => writer.pending.push_back(step.clone()),
            }
            let about_file = matches!(step, Step::Do { command: Command::File { .. } | Command::Name { .. }, .. });
            writer.whole |= about_file || writer.next.is_none() || writer.steps >= STEPS;
            !std::mem::replace(&mut writer.writing, true)
        };
        if first {
            spawn_local(async move {
                TimeoutFuture::new(GATHER).await;
                self.flush().await;
            });
        }
    }

    /// Begins to write at once what is not written yet.
    fn write_now(self) {
        spawn_local(self.flush());
    }

    async fn flush(self) {
        let writer = self.writer.get_value();
        let (store, id, next, steps, whole) = {
            let mut writer = writer.borrow_mut();
            writer.writing = false;
            if writer.lock.is_none() || writer.pending.is_empty() {
                return;
            }
            let Some(store) = writer.store.clone() else { return };
            let steps: Vec<Step> = writer.pending.drain(..).collect();
            let next = writer.next.unwrap_or(0);
            writer.next = Some(next + steps.len() as u32);
            let whole = std::mem::take(&mut writer.whole);
            writer.steps = if whole { 0 } else { writer.steps + steps.len() as u32 };
            (store, writer.id.clone(), next, steps, whole)
        };
        let written = match whole {
            true => store.snapshot(&id, &self.editing.content()).await,
            false => store.append(&id, next, &steps).await,
        };
        self.heed(written);
        if whole {
            self.list().await;
        }
    }

    /// Says when writing begins to fail, and takes that back when it succeeds again.
    fn heed(self, written: Result<(), String>) {
        let writer = self.writer.get_value();
        let mut writer = writer.borrow_mut();
        match written {
            Ok(()) if std::mem::take(&mut writer.complained) => self.notices.clear(Topic::Storage),
            Ok(()) => {}
            Err(why) => {
                // Next time all of it.
                writer.whole = true;
                if !std::mem::replace(&mut writer.complained, true) {
                    self.notices.say(Topic::Storage, unkept(&why));
                }
            }
        }
    }

    /// Throws files away that no document names any more, and asks the browser to keep the rest.
    async fn tidy(self) {
        let store = self.writer.with_value(|writer| writer.borrow().store.clone());
        let Some(store) = store else { return };
        let Ok(mut wanted) = store.wanted_files().await else { return };
        wanted.extend(self.editing.file.get_untracked().map(|file| file.key));
        // What the browser does not delete today it may delete next time.
        let _ = store.forget_files_but(&wanted, Date::now() - GRACE).await;
        if !wanted.is_empty() {
            store.persist().await;
        }
    }
}

fn unkept(why: &str) -> String {
    format!("This browser does not keep your work ({why}): export your labels and results before you leave")
}

fn new_id() -> String {
    format!("{:013}-{:08x}", Date::now(), (Math::random() * f64::from(u32::MAX)) as u32)
}

/// A name that no document has.
fn free_name(entries: &[Entry]) -> String {
    let taken = |name: &str| entries.iter().any(|entry| entry.name == name);
    if !taken(UNNAMED) {
        return UNNAMED.to_owned();
    }
    (2..).map(|number| format!("{UNNAMED} {number}")).find(|name| !taken(name)).unwrap_or_default()
}
