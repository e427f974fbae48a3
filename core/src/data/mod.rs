//! Files of texts.

mod records;

pub use records::{Fields, Record, Records};
