//! What happens to a text before it is tokenised: once, the same for training and for every use.

mod trail;

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use trail::{Pieces, Source, Traced, Trail};

/// Rewrites what the vocabulary has no word for: emoji become their CLDR names, HTML entities their characters,
/// links and user names a plain word, `#CamelCase` words, and letters repeated more than twice are two.
///
/// ```
/// use undertone_core::normalise;
/// assert_eq!(normalise("I'm sooooo happy 😂"), "I'm soo happy face with tears of joy");
/// assert_eq!(normalise("@ann look: https://example.org/x #BestDayEver &lt;3"), "user look: link Best Day Ever <3");
/// ```
pub fn normalise(text: &str) -> String {
    rewrite::<()>(text).text
}

/// A text after [`normalise`], and from where in the original each part of it came.
///
/// ```
/// use undertone_core::Normalised;
/// let original = "sooooo happy 😂";
/// let normalised = Normalised::new(original);
/// assert_eq!(normalised.text(), "soo happy face with tears of joy");
/// // What is said of a part of the normalised text can be shown in the original.
/// let tears = normalised.text().find("tears").unwrap();
/// assert_eq!(&original[normalised.origin(tears..tears + 5)], "😂");
/// assert_eq!(&original[normalised.origin(0..3)], "sooooo");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    traced: Traced<Pieces>,
}

impl Normalised {
    /// Normalises a text, and remembers how.
    pub fn new(original: &str) -> Self {
        Self { traced: rewrite(original) }
    }

    /// The normalised text: what [`normalise`] returns.
    pub fn text(&self) -> &str {
        &self.traced.text
    }

    /// Where in the original a byte range of the normalised text came from, in bytes.
    ///
    /// What was replaced counts as a whole: each part of an emoji's name came from the emoji, and `&` from `&amp;amp;`.
    /// What was left out counts with what stands for it: the last letter of a run with those after it, an emoji with
    /// the same emoji before it. Other gaps belong to nothing. A later range never begins or ends earlier.
    ///
    /// A range that reaches beyond the text is cut off there; one that begins or ends within a character is widened to
    /// the whole of it.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        let text = self.text();
        let (mut end, mut start) = (range.end.min(text.len()), range.start.min(text.len()));
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        self.traced.trail.origin(start..end.max(start))
    }
}

/// The rules, with a trail or without.
fn rewrite<T: Trail>(text: &str) -> Traced<T> {
    let itself = T::default();
    let text = Source::new(text, &itself);
    // Entities, twice at most: social media dumps escape `&amp;lt;`.
    let once = decode_entities(text);
    let twice = once.as_ref().and_then(|once| decode_entities(once.as_source()));
    let text = twice.as_ref().or(once.as_ref()).map_or(text, Traced::as_source);

    let mut out = Traced::with_capacity(text.text.len() + 16);
    let mut last = None;
    for word in words(text.text) {
        if let Some(end) = last {
            match text.slice(end..word.start) {
                space if space.text == " " => out.copy(space),
                space => out.replace(space, " "),
            }
        }
        last = Some(word.end);
        push_word(&mut out, text.slice(word));
    }
    out
}

/// The ranges of a text between white space.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text[at..].find(|c: char| !c.is_whitespace())?;
        at = text[start..].find(char::is_whitespace).map_or(text.len(), |length| start + length);
        Some(start..at)
    })
}

/// The text without entities, if it has any.
fn decode_entities<T: Trail>(source: Source<T>) -> Option<Traced<T>> {
    let text = source.text;
    let mut out: Option<Traced<T>> = None;
    let (mut done, mut at) = (0, 0);
    // An entity reaches from an ampersand to the next semicolon, without another ampersand in between.
    while let Some(start) = text[at..].find('&').map(|found| at + found) {
        let Some(end) = text[start + 1..].find(['&', ';']).map(|found| start + 1 + found) else { break };
        at = end;
        if text[end..].starts_with(';') {
            at = end + 1;
            if let Cow::Owned(character) = html_escape::decode_html_entities(&text[start..at]) {
                let out = out.get_or_insert_with(|| Traced::with_capacity(text.len()));
                out.copy(source.slice(done..start));
                out.replace(source.slice(start..at), &character);
                done = at;
            }
        }
    }
    if let Some(out) = &mut out {
        out.copy(source.slice(done..text.len()));
    }
    out
}

fn push_word<T: Trail>(out: &mut Traced<T>, word: Source<T>) {
    let text = word.text;
    let starts = |prefix: &str| text.get(..prefix.len()).is_some_and(|p| p.eq_ignore_ascii_case(prefix));
    if starts("http://") || starts("https://") || starts("www.") {
        out.replace(word, "link");
    } else if let Some(handle) = text.strip_prefix('@')
        && handle.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    {
        let rest = handle.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
        let end = text.len() - rest.len();
        out.replace(word.slice(0..end), "user");
        push_characters(out, word.slice(end..text.len()));
    } else if let Some(tag) = text.strip_prefix('#')
        && tag.starts_with(char::is_alphabetic)
    {
        let tag = split_camel_case(word.slice(1..text.len()));
        push_characters(out, tag.as_source());
    } else {
        push_characters(out, word);
    }
}

fn split_camel_case<T: Trail>(tag: Source<T>) -> Traced<T> {
    let mut out = Traced::with_capacity(tag.text.len() + 4);
    let mut before = ' ';
    for (at, c) in tag.text.char_indices() {
        let character = tag.slice(at..at + c.len_utf8());
        if c == '_' {
            out.replace(character, " ");
        } else {
            if c.is_uppercase() && before.is_lowercase() {
                out.replace(tag.slice(at..at), " ");
            }
            out.copy(character);
        }
        before = c;
    }
    out
}

fn push_characters<T: Trail>(out: &mut Traced<T>, word: Source<T>) {
    if word.text.is_ascii() {
        push_squeezed(out, word);
        return;
    }
    for (at, grapheme) in word.text.grapheme_indices(true) {
        let source = word.slice(at..at + grapheme.len());
        match if grapheme.is_ascii() { None } else { emojis::get(grapheme) } {
            Some(emoji) => {
                let plain = emoji.with_skin_tone(emojis::SkinTone::Default).unwrap_or(emoji);
                if !out.text.is_empty() && !out.text.ends_with(' ') {
                    out.replace(source, " ");
                }
                // The same emoji again says more, but not that much more.
                if out.text.trim_end().ends_with(plain.name()) {
                    out.merge(source);
                } else {
                    out.replace(source, plain.name());
                    out.replace(source, " ");
                }
            }
            None => push_squeezed(out, source),
        }
    }
    out.trim_end();
}

/// Appends a source, leaving out letters that would stand a third time in a row.
fn push_squeezed<T: Trail>(out: &mut Traced<T>, source: Source<T>) {
    for (at, c) in source.text.char_indices() {
        let character = source.slice(at..at + c.len_utf8());
        let mut last = out.text.chars().rev();
        if c.is_alphabetic() && last.next() == Some(c) && last.next() == Some(c) {
            out.merge(character);
        } else {
            out.copy(character);
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

    /// Where each of some parts of the normalised text came from; parts are looked for one after the other.
    fn origins<const N: usize>(original: &str, parts: [&str; N]) -> [String; N] {
        let normalised = Normalised::new(original);
        let mut at = 0;
        parts.map(|part| {
            let start = at + normalised.text()[at..].find(part).unwrap();
            at = start + part.len();
            original[normalised.origin(start..at)].to_owned()
        })
    }

    #[test]
    fn an_emojis_name_came_from_the_emoji() {
        assert_eq!(origins("great👍🏽!", ["great", "thumbs", "up", "!"]), ["great", "👍🏽", "👍🏽", "!"]);
        // As many letters as the emoji has bytes.
        assert_eq!(origins("🐸", ["f", "ro", "g"]), ["🐸"; 3]);
        assert_eq!(origins("so 😭😭 😭 sad", ["so", "loud", "face", "sad"]), ["so", "😭😭 😭", "😭😭 😭", "sad"]);
        assert_eq!(origins("face 😂😭z", ["face", "joy", "loudly", "z"]), ["face", "😂", "😭", "z"]);
    }

    #[test]
    fn an_entity_counts_as_a_whole() {
        assert_eq!(origins("Tom &amp;amp; Jerry", ["om", "&", "Jerry"]), ["om", "&amp;amp;", "Jerry"]);
        assert_eq!(origins("a &lt;3 b", ["a", "<", "3", "b"]), ["a", "&lt;", "3", "b"]);
        assert_eq!(
            origins("x &amp;#x1F602;!", ["x", "face", "joy", "!"]),
            ["x", "&amp;#x1F602;", "&amp;#x1F602;", "!"]
        );
        assert_eq!(origins("so&#111;&#111;!", ["so", "o", "!"]), ["so", "&#111;&#111;", "!"]);
    }

    #[test]
    fn a_run_of_letters_stays_together() {
        assert_eq!(origins("a soooo b", ["soo", "b"]), ["soooo", "b"]);
        assert_eq!(origins("soooo", ["so", "o"]), ["so", "ooo"]);
    }

    #[test]
    fn words_that_were_replaced_or_split() {
        let text = "@ann, see  https://example.org/x #BestDay_Ever";
        assert_eq!(
            origins(text, ["user", ",", "see", " ", "link", "Best", "Day", "Ever"]),
            ["@ann", ",", "see", "  ", "https://example.org/x", "Best", "Day", "Ever"]
        );
    }

    #[test]
    fn any_range_has_an_origin() {
        let normalised = Normalised::new(" ça 😂 ");
        assert_eq!(normalised.text(), "ça face with tears of joy");
        assert_eq!(normalised.origin(0..usize::MAX), 1..9);
        assert_eq!(normalised.origin(1..2), 1..3, "half a character is the whole of it");
        assert_eq!(normalised.origin(99..100), 9..9);
        assert_eq!(normalised.origin(0..0), 1..1);
        assert_eq!(Normalised::new("  ").origin(0..7), 0..0);
    }
}
