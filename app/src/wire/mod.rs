//! What the page and its workers say to each other.
//!
//! A message is plain data and, beside it, named [`Buffers`]: typed arrays and files, which travel without being copied.
//! A worker begins by itself: it says hello with its [`PROTOCOL`] as soon as it listens. Only then is it told anything,
//! for messages that reach a worker before its WebAssembly has started are lost without an error.

mod buffers;
pub mod engine;
mod report;
pub mod scoring;

pub use buffers::{Buffers, open, pack};
pub use report::{BrowserErrorKind, Report, ReportKind};

/// The version of what is said here; page and worker must agree on it. It follows from the text of these very files, so
/// that nobody can forget to count it up.
pub const PROTOCOL: u32 = fingerprint(&[
    include_bytes!("buffers.rs"),
    include_bytes!("engine.rs"),
    include_bytes!("report.rs"),
    include_bytes!("scoring.rs"),
]);

/// FNV-1a of 32 bits: for telling versions apart, nothing more.
const fn fingerprint(files: &[&[u8]]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    let mut file = 0;
    while file < files.len() {
        let mut at = 0;
        while at < files[file].len() {
            hash = (hash ^ files[file][at] as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        file += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_text_is_another_protocol() {
        assert_eq!(fingerprint(&[b"foobar"]), 0xbf9c_f968);
        assert_ne!(fingerprint(&[b"a", b"b"]), fingerprint(&[b"b", b"a"]));
    }
}
