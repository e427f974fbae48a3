//! Normalisation: the text that trained weights expect, whatever comes, and where it came from.
#![cfg(feature = "model")]

use std::ops::Range;

use proptest::prelude::*;
use undertone_core::{Normalised, normalise, utf16_ranges};

/// The rules as the shipped weights were trained with, without any origins. Not to be improved.
mod reference {
    use std::borrow::Cow;

    use unicode_segmentation::UnicodeSegmentation;

    pub fn normalise(text: &str) -> String {
        let text = decode_entities(text);
        let mut out = String::with_capacity(text.len() + 16);
        for (i, word) in text.split_whitespace().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            push_word(&mut out, word);
        }
        out
    }

    /// Entities, twice at most: social media dumps escape `&amp;lt;`.
    fn decode_entities(text: &str) -> Cow<'_, str> {
        match html_escape::decode_html_entities(text) {
            Cow::Owned(once) if once.contains('&') => Cow::Owned(html_escape::decode_html_entities(&once).into_owned()),
            decoded => decoded,
        }
    }

    fn push_word(out: &mut String, word: &str) {
        let starts = |prefix: &str| word.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix));
        if starts("http://") || starts("https://") || starts("www.") {
            out.push_str("link");
        } else if let Some(handle) = word.strip_prefix('@')
            && handle.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            out.push_str("user");
            let rest = handle.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
            push_characters(out, rest);
        } else if let Some(tag) = word.strip_prefix('#')
            && tag.starts_with(char::is_alphabetic)
        {
            push_characters(out, &split_camel_case(tag));
        } else {
            push_characters(out, word);
        }
    }

    fn split_camel_case(tag: &str) -> String {
        let mut out = String::with_capacity(tag.len() + 4);
        let mut before = ' ';
        for c in tag.chars() {
            if c == '_' {
                out.push(' ');
            } else {
                if c.is_uppercase() && before.is_lowercase() {
                    out.push(' ');
                }
                out.push(c);
            }
            before = c;
        }
        out
    }

    fn push_characters(out: &mut String, word: &str) {
        if word.is_ascii() {
            push_squeezed(out, word);
            return;
        }
        for grapheme in word.graphemes(true) {
            match if grapheme.is_ascii() { None } else { emojis::get(grapheme) } {
                Some(emoji) => {
                    let plain = emoji.with_skin_tone(emojis::SkinTone::Default).unwrap_or(emoji);
                    if !out.is_empty() && !out.ends_with(' ') {
                        out.push(' ');
                    }
                    // The same emoji again says more, but not that much more.
                    if !out.trim_end().ends_with(plain.name()) {
                        out.push_str(plain.name());
                        out.push(' ');
                    }
                }
                None => push_squeezed(out, grapheme),
            }
        }
        while out.ends_with(' ') {
            out.pop();
        }
    }

    /// Appends `text`, leaving out letters that would stand a third time in a row.
    fn push_squeezed(out: &mut String, text: &str) {
        for c in text.chars() {
            let mut last = out.chars().rev();
            if !(c.is_alphabetic() && last.next() == Some(c) && last.next() == Some(c)) {
                out.push(c);
            }
        }
    }
}

/// What the rules are about, in any order and beside anything else.
fn text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        4 => prop::sample::select(vec![
            " ", "  ", "\n", "\u{a0}", "\u{3000}", "\u{2028}", "a", "e", "oo", "ooo", "E", "É", "é", "e\u{301}", "ß", "_", "!", ".", "&",
            ";", "#", "&#", "&#x", "&amp;", "&lt;", "&gl;", "&amp;amp;", "&amp;lt;", "&amp;amp;amp;", "&#111;", "&#x1F602;",
            "&#128514;", "&#32;", "&nbsp;", "&#0;", "&bne;", "&NotEqualTilde;", "&nosuch;", "amp;", "@", "@ann", "@_é", "#", "#Best",
            "#bestDay_", "#ÄrgerÜber", "#aB\u{301}", "#_", "http://", "HTTPS://x.y", "www.", "😭", "😭😭", "😂", "🐸", "❤️", "❤",
            "👍🏽", "👩‍❤️‍👩", "🇩🇪", "🇩", "\u{200d}", "\u{fe0f}", "🏽", "loudly crying face", "face", "frog", "مرحبا", "日本", "ा",
            "\u{0}", "1️⃣", "©",
        ]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => "\\PC{0,4}",
    ];
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

/// The ranges of a text's characters.
fn characters(text: &str) -> Vec<Range<usize>> {
    text.char_indices().map(|(at, c)| at..at + c.len_utf8()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_text_is_what_the_weights_were_trained_with(text in text()) {
        let expected = reference::normalise(&text);
        prop_assert_eq!(&normalise(&text), &expected);
        let traced = Normalised::new(&text);
        prop_assert_eq!(traced.text(), &expected);
    }

    #[test]
    fn origins_are_in_bounds_on_characters_and_never_go_back(text in text()) {
        let normalised = Normalised::new(&text);
        let mut last = 0..0;
        for range in characters(normalised.text()) {
            let origin = normalised.origin(range.clone());
            prop_assert!(origin.start <= origin.end && text.get(origin.clone()).is_some(), "{:?}: {:?}", range, origin);
            prop_assert!(origin.start >= last.start && origin.end >= last.end, "{:?} after {:?}", origin, last);
            // What is longer is no less.
            let empty = normalised.origin(range.start..range.start);
            prop_assert!(empty.is_empty() && empty.start >= last.start && empty.start <= origin.end);
            last = origin;
        }
        let whole = normalised.origin(0..normalised.text().len());
        prop_assert_eq!(whole.end, last.end);
    }

    #[test]
    fn a_range_is_as_wide_as_its_characters(text in text(), from in 0usize..40, length in 1usize..40) {
        let normalised = Normalised::new(&text);
        let characters = characters(normalised.text());
        if let Some(part) = characters.get(from..(from + length).min(characters.len())).filter(|part| !part.is_empty()) {
            let (first, last) = (&part[0], &part[part.len() - 1]);
            let whole = normalised.origin(first.start..last.end);
            prop_assert_eq!(whole, normalised.origin(first.clone()).start..normalised.origin(last.clone()).end);
        }
    }

    /// A letter that stands alone in the original is found again where it stood.
    #[test]
    fn a_letter_of_its_own_is_found_again(before in text(), after in text()) {
        let text = format!("{before} \u{3bb} {after}");
        let normalised = Normalised::new(&text);
        let found = characters(normalised.text()).into_iter().filter(|r| &normalised.text()[r.clone()] == "\u{3bb}");
        let origins: Vec<Range<usize>> = found.map(|range| normalised.origin(range)).collect();
        let at = before.len() + 1;
        prop_assert!(origins.iter().any(|origin| origin.start == at && origin.end >= at + 2), "{:?}", origins);
    }

    #[test]
    fn utf16_ranges_are_those_of_the_characters(text in text()) {
        let ranges = utf16_ranges(&text, characters(&text));
        let mut at = 0;
        for (range, c) in ranges.into_iter().zip(text.chars()) {
            prop_assert_eq!(range, at..at + c.len_utf16());
            at += c.len_utf16();
        }
        prop_assert_eq!(at, text.encode_utf16().count());
    }
}
