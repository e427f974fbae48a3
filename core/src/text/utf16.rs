//! Ranges as JavaScript counts.

use std::ops::Range;

/// Byte ranges of `text` as ranges of UTF-16 code units, which is what a browser's strings are indexed by.
///
/// Ranges as tokens have them, neither their starts nor their ends going back, take one pass over the text. What lies
/// beyond the text's end counts as its end, and what lies within a character as the beginning of that character.
///
/// ```
/// use undertone_core::utf16_ranges;
/// assert_eq!(utf16_ranges("né 😂!", [0..3, 4..8, 8..9]), [0..2, 3..5, 5..6]);
/// ```
pub fn utf16_ranges(text: &str, ranges: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let (mut start, mut end) = (Cursor::new(text), Cursor::new(text));
    ranges.into_iter().map(|range| start.to(range.start)..end.to(range.end)).collect()
}

/// A place in a text, counted both ways.
struct Cursor<'a> {
    text: &'a str,
    bytes: usize,
    units: usize,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, bytes: 0, units: 0 }
    }

    /// Moves to a byte and returns how many code units lie before it.
    fn to(&mut self, byte: usize) -> usize {
        if byte < self.bytes {
            *self = Self::new(self.text);
        }
        for c in self.text[self.bytes..].chars() {
            if self.bytes + c.len_utf8() > byte {
                break;
            }
            self.bytes += c.len_utf8();
            self.units += c.len_utf16();
        }
        self.units
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_and_any_bound() {
        let text = "a😂b";
        assert_eq!(utf16_ranges(text, [5..6, 0..1, 1..5, 1..5]), [3..4, 0..1, 1..3, 1..3]);
        assert_eq!(utf16_ranges(text, [2..3, 6..99]), [1..1, 4..4]);
        assert_eq!(utf16_ranges("", [0..0, 0..0]), [0..0, 0..0]);
    }
}
