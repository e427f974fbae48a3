//! The document, as signals.

use std::sync::Arc;
use std::time::Duration;

use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use undertone_core::{LabelSet, Mode};

use super::{Notices, Topic};
use crate::document::{
    Command, Content, Decisions, Document, FileRef, Filter, Granularity, LabelEdit, OpenFile, Order, Page, Rows, Sort,
    Step, Touched,
};

/// How long nothing is edited before the next edit is taken back by itself.
const REST: Duration = Duration::from_millis(1_000);

type Listener = Box<dyn Fn(&Step, &Document)>;
type Timer = Box<dyn FnMut(())>;

/// The document that is open: changed by [`Editing::send`], [`Editing::undo`] and [`Editing::redo`] alone, and read through
/// these signals.
#[derive(Clone, Copy)]
pub struct Editing {
    document: RwSignal<Document>,
    listener: StoredValue<Option<Listener>, LocalStorage>,
    rest: StoredValue<Option<Timer>, LocalStorage>,
    notices: Notices,
    /// Its name.
    pub name: Memo<String>,
    /// The text.
    pub text: Memo<Arc<str>>,
    /// The labels.
    pub labels: Memo<Arc<LabelSet>>,
    /// The preset that they are.
    pub preset: Memo<Option<String>>,
    /// Several labels or one.
    pub mode: Memo<Mode>,
    /// From which probability a label is on.
    pub threshold: Memo<Option<f32>>,
    /// The order of the text's labels.
    pub order: Memo<Order>,
    /// How the labels are joined into classes.
    pub granularity: Memo<Granularity>,
    /// The page.
    pub page: Memo<Page>,
    /// Which rows are shown.
    pub filter: Memo<Filter>,
    /// In which order.
    pub sort: Memo<Sort>,
    /// The file.
    pub file: Memo<Option<FileRef>>,
    /// What undo would take back.
    pub undoable: Memo<Option<&'static str>>,
    /// What redo would do again.
    pub redoable: Memo<Option<&'static str>>,
    /// The rows that were decided about last.
    pub decided: RwSignal<Rows>,
}

impl Editing {
    /// A new document.
    pub fn new(notices: Notices) -> Self {
        let document = RwSignal::new(Document::new(Content::new("")));
        let rest: Box<dyn FnMut(())> = Box::new(debounce(REST, move |()| {
            // The page may be gone by now.
            let _ = document.try_update_untracked(Document::close);
        }));
        Self {
            document,
            listener: StoredValue::new_local(None),
            rest: StoredValue::new_local(Some(rest)),
            notices,
            name: memo(document, |content| content.name.clone()),
            text: memo(document, |content| content.text.clone()),
            labels: Memo::new(move |before: Option<&Arc<LabelSet>>| {
                // The same labels are the same pointer, for those who compare by it.
                document.with(|document| match before {
                    Some(before) if *before == document.content().labels => before.clone(),
                    _ => document.content().labels.clone(),
                })
            }),
            preset: memo(document, |content| content.preset.clone()),
            mode: memo(document, |content| content.view.mode),
            threshold: memo(document, |content| content.view.threshold),
            order: memo(document, |content| content.view.order),
            granularity: memo(document, |content| content.view.granularity),
            page: memo(document, |content| content.view.page),
            filter: memo(document, |content| content.view.filter.clone()),
            sort: memo(document, |content| content.view.sort),
            file: memo(document, |content| content.file.as_ref().map(|open| open.file.clone())),
            undoable: Memo::new(move |_| document.with(Document::undoable)),
            redoable: Memo::new(move |_| document.with(Document::redoable)),
            decided: RwSignal::default(),
        }
    }

    /// Works on another document from now on. `listener` hears of every step.
    pub fn open(self, document: Document, listener: impl Fn(&Step, &Document) + 'static) {
        self.listener.set_value(Some(Box::new(listener)));
        self.document.set(document);
    }

    /// Carries a command out. One that makes no sense is refused in a sentence.
    pub fn send(self, command: Command) {
        if let Err(message) = self.try_send(command) {
            self.notices.say(Topic::Edit, message);
        }
    }

    /// Carries a command out. The error is a sentence: why the command makes no sense.
    pub fn try_send(self, command: Command) -> Result<(), String> {
        // The page may be gone by now.
        let sent = self.document.try_update_untracked(|document| document.send(command));
        let sent = sent.unwrap_or(Ok(None)).map_err(|error| error.to_string())?;
        self.notices.clear(Topic::Edit);
        self.happened(sent);
        self.rest.update_value(|rest| {
            if let Some(rest) = rest {
                rest(());
            }
        });
        Ok(())
    }

    /// Edits the labels. The error is a sentence.
    pub fn edit_labels(self, edit: LabelEdit) -> Result<(), String> {
        self.try_send(Command::EditLabels { edit })
    }

    /// Puts other labels in the place of those that are there. Labels of the same name stay the same labels.
    pub fn replace_labels(self, labels: LabelSet, preset: Option<String>) {
        let labels = Arc::new(untrack(|| self.labels.get()).reimport(labels));
        self.send(Command::Labels { labels, preset });
    }

    /// Ends what is being edited: what follows is taken back by itself.
    pub fn close(self) {
        self.document.update_untracked(Document::close);
    }

    /// Takes the last command back.
    pub fn undo(self) {
        self.happened(self.document.try_update_untracked(Document::undo).flatten());
    }

    /// Does again what was taken back last.
    pub fn redo(self) {
        self.happened(self.document.try_update_untracked(Document::redo).flatten());
    }

    /// All that the document says, now.
    pub fn content(self) -> Content {
        self.document.with_untracked(|document| document.content().clone())
    }

    /// What was decided about the rows of the file, now.
    pub fn decisions<T>(self, read: impl FnOnce(&Decisions) -> T) -> T {
        self.document.with_untracked(|document| match &document.content().file {
            Some(open) => read(&open.decisions),
            None => read(&Decisions::default()),
        })
    }

    /// The file with what was decided, now.
    pub fn opened(self) -> Option<Arc<OpenFile>> {
        self.document.with_untracked(|document| document.content().file.clone())
    }

    /// Tells of what happened; a command that changed nothing tells nobody.
    fn happened(self, happened: Option<(Step, Touched)>) {
        let Some((step, touched)) = happened else { return };
        self.listener.with_value(|listener| {
            if let Some(listener) = listener {
                self.document.with_untracked(|document| listener(&step, document));
            }
        });
        self.document.notify();
        if let Touched::Rows(rows) = touched {
            self.decided.set(rows);
        }
    }
}

fn memo<T: PartialEq + Send + Sync + 'static>(document: RwSignal<Document>, read: fn(&Content) -> T) -> Memo<T> {
    Memo::new(move |_| document.with(|document| read(document.content())))
}
