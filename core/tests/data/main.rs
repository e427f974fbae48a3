//! Files of texts.

mod export;
mod table;
