//! Files of texts: every column and every row as it came, and which of the columns is what.

mod decode;
mod delimited;
mod draft;
mod format;
mod json;
mod names;
mod roles;
mod table;

pub use decode::Encoding;
pub use format::Format;
pub use roles::{Gold, Reason, Role, Roles};
pub use table::{Cell, Column, Problem, Table};

use crate::{Error, ErrorKind};

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::BadInput, message)
}
