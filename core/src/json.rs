//! JSON files, read with errors that people can act on.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Error, ErrorKind, Result};

/// Reads a `noun` ("label set") from JSON.
pub fn parse<T: DeserializeOwned>(json: &[u8], noun: &str, kind: ErrorKind) -> Result<T> {
    let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
    serde_json::from_slice(json).map_err(|e| {
        let message = if json.trim_ascii_start().starts_with(b"<") {
            // What a static host answers for a file that it does not have.
            format!("this is a web page, not a {noun}: check the address it came from")
        } else if e.is_eof() || is_at_end(json, &e) {
            format!("the {noun} ends too early, at line {}: it was cut off; load it again", e.line())
        } else {
            format!("this is not a {noun} ({e}): correct that place in the file")
        };
        Error::new(kind, message).with_source(e)
    })
}

/// Whether an error is at the very end: what was cut off within a number is a broken number.
fn is_at_end(json: &[u8], error: &serde_json::Error) -> bool {
    let mut lines = json.split(|&byte| byte == b'\n');
    let (count, last) = (lines.clone().count(), lines.next_back().map_or(0, <[u8]>::len));
    last > 0 && error.is_syntax() && (error.line(), error.column()) == (count, last)
}

/// Writes plain data as people read it, with a line break at the end.
pub fn pretty(value: &impl Serialize) -> String {
    let mut json = serde_json::to_string_pretty(value).expect("plain data can be written as JSON. This is a bug.");
    json.push('\n');
    json
}
