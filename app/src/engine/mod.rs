//! The model's side of the application: everything that needs the encoder.
//!
//! [`load()`] fetches and builds a model, [`serve()`] answers the page's messages with it, and
//! [`Undertone`] offers the same to any other page that imports this module.

mod api;
mod digest;
mod download;
mod load;
mod queue;
mod serve;
mod store;

pub use api::Undertone;
pub use load::{Loaded, load};
pub use serve::serve;
