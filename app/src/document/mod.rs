//! What a person works on: the text, the labels, the file and what they decided about its rows, and how they look at it.
//!
//! A [`Document`] is changed by [`Command`]s alone. Each has an inverse, so that everything can be taken back and done
//! again; what was done is told in [`Step`]s, from which the same document can be made elsewhere or after a crash.
//! Plain Rust: nothing here knows of a browser.

mod colour;
mod command;
mod content;
mod decisions;
mod file;
mod history;
mod legacy;
mod recode;
mod view;

pub use colour::{hue, spare_hue};
pub use command::{Command, LabelEdit, Recoding, Subject, Touched};
pub use content::Content;
pub use decisions::{Decision, DecisionEdit, Decisions, Rows, Status};
pub use file::{FileRef, OpenFile};
pub use history::{Document, Step};
pub use legacy::Session;
pub use view::{Filter, Granularity, Order, Page, Sort, SortBy, TreeKind, View};
