//! Texts with parts left out or replaced.

use std::ops::Range;

/// A text with some of its parts, in order and apart from each other, replaced: what an [`Edit`](super::Edit) makes of it.
///
/// # Panics
/// If a part is not within the text, or within the one before it.
pub fn edited(text: &str, parts: &[(Range<usize>, String)]) -> String {
    splice(text, parts.iter().map(|(range, with)| (range.clone(), with.as_str())))
}

/// A text with some of its parts, in order and apart from each other, replaced.
///
/// Space is kept as people would: what is left out takes one of the spaces around it along, and words never run together,
/// but in scripts whose words do.
pub fn splice<'a>(text: &str, parts: impl IntoIterator<Item = (Range<usize>, &'a str)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (Range { start, end }, with) in parts {
        out.push_str(&text[at.min(start)..start]);
        let taken = &text[start..end];
        let after = text[end..].chars().next();
        at = end;
        // Where what is taken stood without space, it needs none.
        let meet = |before: Option<char>, after: Option<char>, taken: Option<char>| {
            [before, after].iter().all(|c| c.is_some_and(char::is_alphanumeric))
                && !taken.is_some_and(char::is_alphanumeric)
        };
        let before = out.chars().next_back();
        if !with.is_empty() {
            if meet(before, with.chars().next(), taken.chars().next()) {
                out.push(' ');
            }
            out.push_str(with);
            if meet(with.chars().next_back(), after, taken.chars().next_back()) {
                out.push(' ');
            }
            continue;
        }
        let space = after.is_some_and(char::is_whitespace);
        match before {
            None if space => at += text[at..].len() - text[at..].trim_start().len(),
            Some(before) if before.is_whitespace() && (space || after.is_none_or(closes)) => {
                out.truncate(out.trim_end().len());
            }
            Some(_) if meet(before, after, taken.chars().next()) => out.push(' '),
            _ => {}
        }
    }
    out.push_str(&text[at..]);
    if out.trim().is_empty() { String::new() } else { out }
}

/// Whether a mark stands close to the word before it.
fn closes(c: char) -> bool {
    matches!(c, '.' | ',' | '!' | '?' | ';' | ':' | ')' | '…')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, part: &str) -> String {
        let start = text.find(part).unwrap();
        splice(text, [(start..start + part.len(), "")])
    }

    #[test]
    fn what_is_left_out_leaves_no_gap() {
        assert_eq!(without("I am not happy.", "not"), "I am happy.");
        assert_eq!(without("I am happy.", "happy"), "I am.");
        assert_eq!(without("I am happy.", "I"), "am happy.");
        assert_eq!(without("so😭much", "😭"), "so much");
        assert_eq!(without("great👍!", "👍"), "great!");
        assert_eq!(without("happy", "happy"), "");
        assert_eq!(without("one\ntwo\nthree", "two"), "one\nthree");
        assert_eq!(without("well-being", "well"), "-being");
        assert_eq!(without("幸せです", "せ"), "幸です");
        assert_eq!(without("I am happy", "happy"), "I am");
    }

    #[test]
    fn what_is_put_in_stands_apart() {
        assert_eq!(splice("I am happy.", [(4..4, " not")]), "I am not happy.");
        assert_eq!(splice("I am happy.", [(5..5, "not")]), "I am not happy.");
        assert_eq!(splice("I am happy.", [(5..10, "glad")]), "I am glad.");
        assert_eq!(splice("a b c", [(0..1, ""), (4..5, "d")]), "b d");
        assert_eq!(splice("", [(0..0, "x")]), "x");
    }
}
