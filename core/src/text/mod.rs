//! Texts before they are encoded, and where in them something stands.

#[cfg(feature = "model")]
mod normalise;
#[cfg(feature = "model")]
mod sentences;
mod utf16;
#[cfg(feature = "model")]
mod windows;
#[cfg(feature = "model")]
mod words;

#[cfg(feature = "model")]
pub use normalise::{Normalised, normalise};
#[cfg(feature = "model")]
pub use sentences::sentences;
pub use utf16::utf16_ranges;
#[cfg(feature = "model")]
pub(crate) use windows::{MAX_WORDS, windows};
#[cfg(feature = "model")]
pub use windows::{Window, Windows};
#[cfg(feature = "model")]
pub use words::words;
