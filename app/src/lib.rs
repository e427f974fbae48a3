//! Undertone in the browser.
//!
//! Three programs come from this package. `app` is the page: it holds the document and shows what is known of it. `worker` is
//! an engine: it holds the model and turns texts into vectors. `scoring` holds a file with its vectors and scores. They talk in
//! the messages of [`wire`].
#![warn(missing_docs)]

pub mod browser;
pub mod document;
pub mod presets;
pub mod wire;
pub mod worker;

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "store")]
pub mod store;

#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "scoring")]
pub mod scoring;

#[cfg(feature = "ui")]
pub mod feature;
#[cfg(feature = "ui")]
pub mod state;
#[cfg(feature = "ui")]
pub mod ui;
