//! Undertone in the browser.
//!
//! Two programs come from this package. `app` is the page: it holds the text, the labels and
//! the scores. `worker` holds the model and does one thing: turn texts into vectors. They talk
//! in the messages of [`wire`].
#![warn(missing_docs)]

pub mod browser;
pub mod wire;

#[cfg(feature = "ui")]
pub mod board;
#[cfg(feature = "ui")]
pub mod client;
#[cfg(feature = "ui")]
pub mod components;
#[cfg(feature = "ui")]
pub mod presets;
#[cfg(feature = "ui")]
pub mod reading;
#[cfg(feature = "ui")]
pub mod session;
#[cfg(feature = "ui")]
pub mod sheet;
#[cfg(feature = "ui")]
pub mod state;
#[cfg(feature = "ui")]
pub mod storage;
#[cfg(feature = "ui")]
pub mod words;

#[cfg(feature = "engine")]
pub mod engine;
