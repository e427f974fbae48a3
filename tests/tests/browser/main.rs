//! The built app in a browser, a file for each thing that people rely on.
//!
//! The student here is the tiny one of `fixtures/`: its answers are poor, but known. Only
//! `real_model` looks at the one that is shipped.

mod access;
mod bad_model;
mod crash;
mod decision;
mod documents;
mod explain;
mod file;
mod granularity;
mod history;
mod instructions;
mod labels;
mod long_text;
mod navigation;
mod offline;
mod phone;
mod presets;
mod privacy;
mod real_model;
mod reload;
mod subpath;
mod table;
mod typing;
mod update;
