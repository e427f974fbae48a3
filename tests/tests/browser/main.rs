//! The built app in a browser, a file for each thing that people rely on.
//!
//! The student here is the tiny one of `fixtures/`: its answers are poor, but known. Only
//! `real_model` looks at the one that is shipped.

mod access;
mod bad_model;
mod decision;
mod file;
mod instructions;
mod labels;
mod offline;
mod phone;
mod presets;
mod privacy;
mod real_model;
mod reload;
mod subpath;
mod typing;
mod update;
