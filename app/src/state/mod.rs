//! The state of the page: the document, what the workers say of it, and what follows from both.
//!
//! Data flows one way. A feature sends a [`Command`](crate::document::Command) to [`Editing`]; the document changes; [`Model`],
//! [`LabelVectors`], [`TextReading`], [`CloseReading`] and [`FileScores`] ask the workers for what is missing; their signals change, and the
//! views that read them. Whatever several features read is here; what only one needs is in its own folder.

mod closely;
mod documents;
mod editing;
mod file;
mod labels;
mod model;
mod notices;
mod preferences;
mod reading;
mod route;
mod text;

use leptos::prelude::*;

pub use closely::{
    CardReading, CloseReading, DifferenceReading, EditReading, LabelFace, Layout, SentenceReading, WordEffects,
};
pub use documents::{Documents, Opening};
pub use editing::Editing;
pub use file::{FileScores, LabelCount, OpenedFile, RowDetail, RowsInView};
pub use labels::{LabelTree, LabelVectors, PreparedLabels, TextDistances, Tracked, usual_tree};
pub use model::{EngineState, Loaded, Model};
pub use notices::{Action, Notice, Notices, Topic};
pub use preferences::{Preferences, Theme};
pub use reading::{Reading, TagRow, WindowReading};
pub use route::Route;
pub use text::TextReading;

use crate::ui::Announcer;

/// All of it. Copies are the same.
#[derive(Clone, Copy)]
pub struct App {
    /// What went wrong, for people.
    pub notices: Notices,
    /// What is said to those who listen.
    pub announcer: Announcer,
    /// The document.
    pub editing: Editing,
    /// All documents.
    pub documents: Documents,
    /// The model.
    pub model: Model,
    /// The labels as texts are scored against them.
    pub labels: LabelVectors,
    /// What the text feels like.
    pub text: TextReading,
    /// The text, read closely.
    pub close: CloseReading,
    /// What the file feels like.
    pub file: FileScores,
    /// Which page is open.
    pub route: Route,
    /// What this person likes, whatever the document.
    pub preferences: Preferences,
}

impl App {
    /// Everything, around the document that was found.
    pub fn new(opening: Opening) -> Self {
        let notices = Notices::new();
        let announcer = Announcer::new();
        let editing = Editing::new(notices);
        let documents = Documents::new(opening, editing, notices);
        let model = Model::new(notices);
        let labels = LabelVectors::new(editing, model, notices);
        let text = TextReading::new(editing, model, labels, notices);
        let close = CloseReading::new(editing, model, labels, text, notices);
        let file = FileScores::new(editing, model, labels, notices, announcer);
        let route = Route::new(editing);
        let preferences = Preferences::new();
        let app = Self { notices, announcer, editing, documents, model, labels, text, close, file, route, preferences };
        model.start();
        app
    }

    /// The state, from any component.
    pub fn expect() -> Self {
        expect_context()
    }
}
