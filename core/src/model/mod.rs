//! What a model is made of, beside its encoder.

mod affect;
mod bundle;
mod manifest;

pub use affect::{Affect, AffectHead};
pub use bundle::Bundle;
pub(crate) use manifest::short_hash;
pub use manifest::{EncoderConfig, FileEntry, Manifest};
