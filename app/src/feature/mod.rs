//! What the page shows, a folder for each thing that a person does. A feature reads signals of the [state](crate::state) and
//! sends commands; it never reads another feature.

mod editor;
mod explain;
mod granularity;
mod labels;
mod shell;
mod table;
mod tags;

pub use shell::mount;
