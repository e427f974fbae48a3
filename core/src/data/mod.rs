//! Files of texts: every column and every row as it came, and which of the columns is what.

mod annotation;
mod decode;
mod delimited;
mod draft;
mod entry;
mod export;
mod format;
mod hugging_face;
mod json;
mod label_studio;
mod names;
mod roles;
mod table;

pub use annotation::{Annotation, Annotations, Prediction, Run, Status};
pub use decode::Encoding;
pub use export::label_studio_config;
pub use format::Format;
pub use roles::{Gold, Reason, Role, Roles};
pub use table::{Cell, Column, Problem, Table};

use crate::{Error, ErrorKind};

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
