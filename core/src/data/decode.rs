//! From a file's bytes to its text.

use super::bad;
use crate::Result;

/// How a file's text was written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// UTF-8, with a byte order mark before it or without.
    Utf8,
    /// UTF-16, the low byte first: what Excel calls Unicode text.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// Windows-1252, of which Latin-1 is the printable part.
    Windows1252,
}

impl Encoding {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Windows1252 => "Latin-1 (Windows-1252)",
        }
    }
}

/// A file's text.
#[derive(Debug, PartialEq)]
pub(super) struct Decoded {
    pub text: String,
    pub encoding: Encoding,
    /// Whether a byte order mark stood before it.
    pub bom: bool,
}

/// How files begin that hold no text, and what to do with them.
const BINARY: [(&[u8], &str); 6] = [
    (b"PK\x03\x04", "this is a workbook or an archive; save the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "this is an old Office document; save it as CSV or as plain text"),
    (b"%PDF", "this is a PDF; save its text as .txt or .csv"),
    (b"\x1f\x8b", "this is a compressed file; unpack it"),
    (b"PAR1", "this is a Parquet file, which only the command line reads; save it as CSV or JSON lines"),
    (b"SQLite format 3\0", "this is a database; save the table as CSV"),
];

/// How many bytes tell UTF-16 without a byte order mark.
const SAMPLE: usize = 1024;

/// Reads bytes as UTF-8, UTF-16 or Windows-1252, whichever they are.
///
/// Bytes that are no UTF-8 are taken for Windows-1252, unless there are more characters in them that only UTF-8 explains
/// than bytes that it does not: such a file is a damaged one, and nothing of it is guessed.
pub(super) fn decode(name: &str, content: Vec<u8>) -> Result<Decoded> {
    if let Some((_, what)) = BINARY.iter().find(|(magic, _)| content.starts_with(magic)) {
        return Err(bad(format!("{name}: {what}")));
    }
    match content.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            let text = std::str::from_utf8(rest).map_err(|e| not_utf8(name, rest, e.valid_up_to()))?;
            return Ok(Decoded { text: text.to_owned(), encoding: Encoding::Utf8, bom: true });
        }
        [0xff, 0xfe, rest @ ..] => return utf16(name, rest, Encoding::Utf16Le, true),
        [0xfe, 0xff, rest @ ..] => return utf16(name, rest, Encoding::Utf16Be, true),
        _ => {}
    }
    if let Some(encoding) = utf16_without_mark(&content) {
        return utf16(name, &content, encoding, false);
    }
    let error = match String::from_utf8(content) {
        Ok(text) => return Ok(Decoded { text, encoding: Encoding::Utf8, bom: false }),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let content = error.into_bytes();
    let (mut wide, mut broken) = (0, 0);
    for chunk in content.utf8_chunks() {
        wide += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += chunk.invalid().len();
    }
    if wide > broken {
        return Err(not_utf8(name, &content, at));
    }
    if let Some(at) = content.iter().position(|&byte| is_no_text(byte)) {
        let line = line_of(&content, at);
        return Err(bad(format!("{name}:{line}: the line has bytes that are no text; is this a text file?")));
    }
    let text = content.iter().map(|&byte| windows_1252(byte)).collect();
    Ok(Decoded { text, encoding: Encoding::Windows1252, bom: false })
}

fn utf16(name: &str, bytes: &[u8], encoding: Encoding, bom: bool) -> Result<Decoded> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|&pair| match encoding {
        Encoding::Utf16Be => u16::from_be_bytes(pair),
        _ => u16::from_le_bytes(pair),
    });
    let mut text = String::with_capacity(pairs.len());
    for c in char::decode_utf16(units) {
        let Ok(c) = c else {
            let line = line_of(text.as_bytes(), text.len());
            return Err(bad(format!("{name}:{line}: the line has half a character of UTF-16; save the file as UTF-8")));
        };
        text.push(c);
    }
    if !rest.is_empty() {
        let line = line_of(text.as_bytes(), text.len());
        return Err(bad(format!("{name}:{line}: the file ends within a character of UTF-16: it was cut off")));
    }
    Ok(Decoded { text, encoding, bom })
}

/// Texts that are mostly of Latin letters have a zero byte in each of theirs.
fn utf16_without_mark(content: &[u8]) -> Option<Encoding> {
    let (pairs, _) = content[..content.len().min(SAMPLE)].as_chunks::<2>();
    let zeros = |half: usize| pairs.iter().filter(|pair| pair[half] == 0).count();
    let (high, low) = (zeros(0), zeros(1));
    match pairs.len() {
        0 => None,
        count if low * 2 > count && high == 0 => Some(Encoding::Utf16Le),
        count if high * 2 > count && low == 0 => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// Control characters that no text has, and the places that Windows-1252 leaves empty.
fn is_no_text(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0e..=0x1f | 0x7f | 0x81 | 0x8d | 0x8f | 0x90 | 0x9d)
}

fn windows_1252(byte: u8) -> char {
    /// What stands from 0x80 to 0x9f; elsewhere it is Latin-1.
    const MIDDLE: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => MIDDLE[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

fn not_utf8(name: &str, content: &[u8], at: usize) -> crate::Error {
    let line = line_of(content, at);
    bad(format!("{name}:{line}: the line is not UTF-8 text; save the file as UTF-8"))
}

/// The line of a byte, counted from 1.
fn line_of(content: &[u8], at: usize) -> usize {
    content[..at].iter().filter(|&&byte| byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Decoded {
        decode("a.txt", content.to_vec()).unwrap()
    }

    #[test]
    fn the_same_text_in_every_encoding() {
        let text = "déjà vu — “good”\n";
        let with = |mark: &[u8], bytes: Vec<u8>| [mark.to_vec(), bytes].concat();
        let units = |convert: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(convert).collect::<Vec<u8>>();
        let cases = [
            (text.as_bytes().to_vec(), Encoding::Utf8, false),
            (with(b"\xef\xbb\xbf", text.into()), Encoding::Utf8, true),
            (with(b"\xff\xfe", units(u16::to_le_bytes)), Encoding::Utf16Le, true),
            (with(b"\xfe\xff", units(u16::to_be_bytes)), Encoding::Utf16Be, true),
            (units(u16::to_le_bytes), Encoding::Utf16Le, false),
            (units(u16::to_be_bytes), Encoding::Utf16Be, false),
            (b"d\xe9j\xe0 vu \x97 \x93good\x94\n".to_vec(), Encoding::Windows1252, false),
        ];
        for (content, encoding, bom) in cases {
            assert_eq!(read(&content), Decoded { text: text.into(), encoding, bom });
        }
        assert_eq!(read(b""), Decoded { text: String::new(), encoding: Encoding::Utf8, bom: false });
    }

    #[test]
    fn what_is_damaged_is_not_guessed() {
        let cases: [(&[u8], &str); 5] = [
            ("1\ndéjà vu, garçon\u{e9}".as_bytes().split_last().unwrap().1, "a.txt:2: the line is not UTF-8 text"),
            (b"\xef\xbb\xbfa\n\xff", "a.txt:2: the line is not UTF-8 text"),
            (b"\xff\xfea\0\n\0\x00\xd8", "a.txt:2: the line has half a character of UTF-16"),
            (b"\xff\xfea\0\n\0b", "a.txt:2: the file ends within a character of UTF-16"),
            (b"a\n\xff\x00\x01", "a.txt:2: the line has bytes that are no text"),
        ];
        for (content, expected) in cases {
            let error = decode("a.txt", content.to_vec()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
