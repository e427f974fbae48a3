//! Words of a text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::normalise::Normalised;

/// Emoticons that no rule of [`is_emoticon`] makes.
const EMOTICONS: [&str; 4] = ["^^", "\\o/", "D:", "¯\\_(ツ)_/¯"];

/// The byte ranges of a text's words, in order.
///
/// Words end where [Unicode's rules](https://unicode.org/reports/tr29/#Word_Boundaries) say, in the text as it is read: after
/// [`normalise`](crate::normalise), whose trail leads back to the text as it was given. So a link, a user name, a hashtag, an
/// entity and a run of the same emoji are a word each; and so is an emoticon. Punctuation belongs to no word.
///
/// ```
/// use undertone_core::words;
/// let text = "Don't @ann_b, we're #SoVeryHappy 😂😂 :-)) &lt;3";
/// let parts: Vec<&str> = words(text).into_iter().map(|range| &text[range]).collect();
/// assert_eq!(parts, ["Don't", "@ann_b", "we're", "#SoVeryHappy", "😂😂", ":-))", "&lt;3"]);
/// ```
pub fn words(text: &str) -> Vec<Range<usize>> {
    let normalised = Normalised::new(text);
    let mut words = Vec::new();
    for (start, chunk) in chunks(normalised.text()) {
        let emoticon = emoticon(chunk).unwrap_or(chunk.len()..chunk.len());
        let parts = [0..emoticon.start, emoticon.end..chunk.len()].into_iter().flat_map(|part| {
            let inside = chunk[part.clone()].split_word_bound_indices().filter(|(_, word)| says_something(word));
            inside.map(move |(at, word)| part.start + at..part.start + at + word.len())
        });
        let all = parts.chain((!emoticon.is_empty()).then_some(emoticon.clone()));
        words.extend(all.map(|range| normalised.origin(start + range.start..start + range.end)));
    }
    words.extend(hashtags(text));
    words.retain(|range| !range.is_empty());
    words.sort_by_key(|range| (range.start, range.end));
    // The parts of an emoji's name came from one place, as did those of a hashtag.
    words.dedup_by(|later, earlier| {
        let one = later.start < earlier.end;
        if one {
            earlier.end = earlier.end.max(later.end);
        }
        one
    });
    words
}

/// What stands between white space, and where.
fn chunks(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_whitespace().map(move |chunk| (chunk.as_ptr() as usize - text.as_ptr() as usize, chunk))
}

/// The hashtags of a text, as normalisation knows them, without what follows them.
fn hashtags(text: &str) -> impl Iterator<Item = Range<usize>> {
    chunks(text).filter_map(|(start, chunk)| {
        let tag = chunk.strip_prefix('#').filter(|tag| tag.starts_with(char::is_alphabetic))?;
        let rest = tag.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        Some(start..start + chunk.len() - rest.len())
    })
}

/// Whether a part between two of Unicode's boundaries is a word: it has a letter or a digit, or is a sign that stands for
/// itself, as an emoji that has no name yet.
fn says_something(part: &str) -> bool {
    part.chars().any(|c| c.is_alphanumeric() || matches!(c, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}'))
}

/// Where in a chunk an emoticon stands: it is the whole chunk, or its end, or that but for a mark that ends a sentence.
fn emoticon(chunk: &str) -> Option<Range<usize>> {
    if is_emoticon(chunk) {
        return Some(0..chunk.len());
    }
    let body = chunk.trim_end_matches(['.', ',', '!', '?', '"', '…']);
    if is_emoticon(body) {
        return Some(0..body.len());
    }
    // Behind a word it begins with a mark, and what is behind a figure is a time or a proportion.
    let mut before = body.chars().next()?;
    for (at, c) in body.char_indices().skip(1) {
        if matches!(c, ':' | ';' | '=' | '<') && !before.is_numeric() && is_emoticon(&body[at..]) {
            return Some(at..body.len());
        }
        before = c;
    }
    None
}

fn is_emoticon(text: &str) -> bool {
    let mut chars = [' '; 10];
    let mut length = 0;
    for c in text.chars() {
        let Some(place) = chars.get_mut(length) else { return false };
        (*place, length) = (c, length + 1);
    }
    let run = |chars: &[char], of: &str| {
        chars.first().is_some_and(|&first| of.contains(first) && chars.iter().all(|&c| c == first))
    };
    match &chars[..length] {
        // <3 and </3
        ['<', '/', rest @ ..] | ['<', rest @ ..] if run(rest, "3") => true,
        // :-) ;) :'( =D :P :/
        [':' | ';' | '=', '-' | 'o' | '^' | '\'' | '’' | ',', rest @ ..] if run(rest, ")(][}{DdPp/\\|@*cC3$oO") => {
            true
        }
        [':' | ';', rest @ ..] if run(rest, ")(][}{DdPp/\\|@*cC3$oO0") => true,
        ['=', rest @ ..] if run(rest, ")(]DPp/|") => true,
        ['x' | 'X', rest @ ..] if run(rest, "D") => true,
        // (: and ):
        ['(' | ')', ':' | ';' | '='] => true,
        // ^_^ -.- T_T
        [left, middle @ .., right] if left == right && "^-><;=.*~TtoOuUqQ".contains(*left) => {
            run(middle, "_.-~") && middle[0] != *left
        }
        // >_<
        ['>', middle @ .., '<'] => run(middle, "_.-"),
        _ => EMOTICONS.contains(&text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn words_are_what_people_take_for_words() {
        let cases: [(&str, &[&str]); 14] = [
            ("", &[]),
            (" ... !? — ", &[]),
            ("I'm not happy, at all.", &["I'm", "not", "happy", "at", "all"]),
            ("well-being costs 3,000.50", &["well", "being", "costs", "3,000.50"]),
            ("Tom &amp;amp; Jerry", &["Tom", "Jerry"]),
            ("so😭😭 😭 sad", &["so", "😭😭 😭", "sad"]),
            ("great👍🏽! 👩‍❤️‍👩", &["great", "👍🏽", "👩‍❤️‍👩"]),
            ("sooooo goooood", &["sooooo", "goooood"]),
            ("https://example.org/x?a=b www.a.b", &["https://example.org/x?a=b", "www.a.b"]),
            ("#BestDay_Ever! # 1", &["#BestDay_Ever", "1"]),
            ("幸せです。", &["幸", "せ", "で", "す"]),
            ("أنا سعيد جدا", &["أنا", "سعيد", "جدا"]),
            ("sleeping :( nice:) XD ^_^ ok... T_T!", &["sleeping", ":(", "nice", ":)", "XD", "^_^", "ok", "T_T"]),
            ("at 10:30, 4:3 and a:b -- (sic)", &["at", "10", "30", "4", "3", "and", "a:b", "sic"]),
        ];
        for (text, parts) in cases {
            assert_eq!(split(text), parts, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn words_stand_apart(
            text in "([A-Za-z0-9 .,!?'#@:;()&<3\n😭é\u{2028}。\"]|\\PC|&amp;|#[A-Za-z]{4}|:\\)){0,60}"
        ) {
            let mut end = 0;
            for range in words(&text) {
                prop_assert!(range.start >= end && range.start < range.end);
                prop_assert!(!text[range.clone()].starts_with(char::is_whitespace));
                end = range.end;
            }
        }
    }
}
