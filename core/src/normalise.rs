//! What happens to a text before it is tokenised: once, the same for training and for every use.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Rewrites what the vocabulary has no word for: emoji become their CLDR names, HTML entities their characters,
/// links and user names a plain word, `#CamelCase` words, and letters repeated more than twice are two.
///
/// ```
/// use undertone_core::normalise;
/// assert_eq!(normalise("I'm sooooo happy 😂"), "I'm soo happy face with tears of joy");
/// assert_eq!(normalise("@ann look: https://example.org/x #BestDayEver &lt;3"), "user look: link Best Day Ever <3");
/// ```
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays() {
        for text in ["", "I feel fine.", "Ça va très bien", "a & b", "3 < 4", "مرحبا", "# 1", "@", "mail me @ 5"]
        {
            assert_eq!(normalise(text), text);
        }
    }

    #[test]
    fn emoji_in_words_and_sequences() {
        assert_eq!(normalise("great👍🏽!"), "great thumbs up !");
        assert_eq!(normalise("😭😭😭"), "loudly crying face");
        assert_eq!(normalise("❤️ you"), "red heart you");
        assert_eq!(normalise("👩‍❤️‍👩"), "couple with heart: woman, woman");
    }

    #[test]
    fn entities_twice() {
        assert_eq!(normalise("Tom &amp;amp; Jerry"), "Tom & Jerry");
    }

    #[test]
    fn handles_keep_what_follows() {
        assert_eq!(normalise("@ann_b, hi"), "user, hi");
    }
}
