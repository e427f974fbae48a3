//! What the tests across packages share: the [`fixture`], a static [`Server`], a [`Browser`]
//! and the app's [`Page`] in it.
#![warn(missing_docs)]

pub mod fixture;

#[cfg(feature = "browser")]
mod browser;
#[cfg(feature = "browser")]
mod page;
#[cfg(feature = "browser")]
mod server;

#[cfg(feature = "browser")]
pub use browser::{Browser, Screen};
#[cfg(feature = "browser")]
pub use page::{Page, Tag};
#[cfg(feature = "browser")]
pub use server::{Server, Site};
