//! Sentences of a text.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Words that end with a stop and not a sentence, lower case.
const ABBREVIATIONS: [&str; 24] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "mt", "sr", "jr", "rev", "hon", "gen", "col", "sgt", "capt", "lt", "vs",
    "etc", "e.g", "i.e", "cf", "no", "approx", "ca",
];

/// The byte ranges of a text's sentences, in order, without the white space around them.
///
/// Sentences end where [Unicode's rules](https://unicode.org/reports/tr29/#Sentence_Boundaries) say and at line breaks, but
/// not after a common English abbreviation or an initial. What has no letter, digit or emoji belongs to the sentence
/// before it. Every character that is not white space is in exactly one sentence.
///
/// ```
/// use undertone_core::sentences;
/// let text = "Dr. Who left. \"Why?\" I cried...  Nobody knew\nThe end";
/// let parts: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
/// assert_eq!(parts, ["Dr. Who left.", "\"Why?\"", "I cried...", "Nobody knew", "The end"]);
/// ```
pub fn sentences(text: &str) -> Vec<Range<usize>> {
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut broken = true;
    for (start, part) in text.split_sentence_bound_indices() {
        let words = part.trim();
        if words.is_empty() {
            broken |= part.contains('\n');
            continue;
        }
        let start = start + part.len() - part.trim_start().len();
        let range = start..start + words.len();
        match sentences.last_mut() {
            Some(last) if !broken && (goes_on(&text[last.clone()]) || !says_something(words)) => last.end = range.end,
            _ => sentences.push(range),
        }
        broken = part.trim_end_matches([' ', '\t', '\r']).ends_with('\n');
    }
    sentences
}

/// Whether a sentence that seems to end does not.
fn goes_on(sentence: &str) -> bool {
    let Some(before) = sentence.strip_suffix('.') else { return false };
    let word =
        before.rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '"' | '\u{201c}')).next().unwrap_or_default();
    let mut letters = word.chars();
    let initial = letters.next().is_some_and(char::is_uppercase) && letters.next().is_none() && word != "I";
    initial || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

/// Whether there is a letter or a digit, or something beyond the letters of all scripts: an emoji.
fn says_something(words: &str) -> bool {
    words.chars().any(|c| c.is_alphanumeric() || c as u32 > 0x2190)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn sentences_end_where_people_end_them() {
        let cases: [(&str, &[&str]); 9] = [
            ("", &[]),
            ("  \n ", &[]),
            ("no end", &["no end"]),
            ("I saw J. R. Smith vs. the world. It rained.", &["I saw J. R. Smith vs. the world.", "It rained."]),
            ("So did I. He left", &["So did I.", "He left"]),
            ("Coffee!! Then nothing. ...", &["Coffee!!", "Then nothing. ..."]),
            ("Great 🎉 Really? 😭", &["Great 🎉 Really?", "😭"]),
            ("one\n\n- two\n...\n", &["one", "- two", "..."]),
            ("彼は来た。私は泣いた。", &["彼は来た。", "私は泣いた。"]),
        ];
        for (text, parts) in cases {
            assert_eq!(split(text), parts, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_character_is_in_one_sentence(text in "([A-Za-z .!?\n\r\t😭é\u{2028}。\"()]|\\PC){0,60}") {
            let mut end = 0;
            for range in sentences(&text) {
                prop_assert!(range.start >= end && range.start < range.end);
                prop_assert!(text[end..range.start].trim().is_empty());
                prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
                end = range.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }
}
