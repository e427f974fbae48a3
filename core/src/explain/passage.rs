//! A text and what it is made of.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A text with the places of its windows, stretches and words, all in bytes and in order.
///
/// It is made where the model is, and may then go where it is not: to a page, say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    text: String,
    windows: Vec<Range<usize>>,
    stretches: Vec<Range<usize>>,
    words: Vec<Range<usize>>,
}

/// The most words of a stretch that is cut out of a sentence.
#[cfg(feature = "model")]
const LONGEST: usize = 24;

/// With fewer words a sentence makes one stretch with the next.
#[cfg(feature = "model")]
const SHORTEST: usize = 4;

#[cfg(feature = "model")]
impl Passage {
    /// A text that was encoded in these windows ([`Encoded::windows`](crate::Encoded::windows)).
    pub fn new(text: impl Into<String>, windows: impl IntoIterator<Item = Range<usize>>) -> Self {
        let text = text.into();
        let windows: Vec<_> = windows.into_iter().collect();
        let mut words = crate::words(&text);
        // What is behind the last window is not read; a window seldom ends within a word.
        let mut window = windows.iter().peekable();
        words.retain_mut(|word| {
            while window.next_if(|window| window.end <= word.start).is_some() {}
            let Some(window) = window.peek() else { return false };
            word.end = word.end.min(window.end);
            word.start >= window.start && word.start < word.end
        });
        let stretches = windows.iter().flat_map(|window| stretches(&text, window, &words)).collect();
        Self { text, windows, stretches, words }
    }
}

impl Passage {
    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The parts that are encoded at once.
    pub fn windows(&self) -> &[Range<usize>] {
        &self.windows
    }

    /// What a long text is left out by at first: its sentences, short ones together and long ones in parts, each within one
    /// window.
    pub fn stretches(&self) -> &[Range<usize>] {
        &self.stretches
    }

    /// The words that are read.
    pub fn words(&self) -> &[Range<usize>] {
        &self.words
    }

    /// The indices of the windows that a range touches, or of the one before it if it touches none.
    pub(super) fn windows_of(&self, range: &Range<usize>) -> Range<usize> {
        let end = self.windows.partition_point(|window| window.start < range.end.max(range.start + 1)).max(1);
        let start = self.windows.partition_point(|window| window.end <= range.start).min(end - 1);
        start..end.min(self.windows.len())
    }

    /// The indices of the words within a range.
    pub(super) fn words_in(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.words.partition_point(|word| word.start < range.start);
        start..start.max(self.words.partition_point(|word| word.start < range.end))
    }

    /// Whether the places are places of the text.
    pub(super) fn is_sound(&self) -> bool {
        let sound = |ranges: &[Range<usize>]| {
            let mut end = 0;
            ranges.iter().all(|range| {
                let good = end <= range.start && self.text.get(range.clone()).is_some();
                end = range.end;
                good
            })
        };
        !self.windows.is_empty() && sound(&self.windows) && sound(&self.stretches) && sound(&self.words)
    }
}

/// A window's stretches.
#[cfg(feature = "model")]
fn stretches(text: &str, window: &Range<usize>, words: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut stretches: Vec<Range<usize>> = Vec::new();
    let count = |range: &Range<usize>| within(words, range).len();
    let mut short = false;
    for sentence in crate::sentences(&text[window.clone()]) {
        let sentence = window.start + sentence.start..window.start + sentence.end;
        let inside = within(words, &sentence);
        if let Some(last) = stretches.last_mut().filter(|_| inside.is_empty() || short && inside.len() <= LONGEST) {
            last.end = sentence.end;
        } else if inside.len() <= LONGEST {
            stretches.push(sentence);
        } else {
            let parts = inside.len().div_ceil(LONGEST);
            let cut = |part: usize| match part * inside.len() / parts {
                0 => sentence.start,
                at => inside.get(at).map_or(sentence.end, |word| word.start),
            };
            let end = |part: usize| match part {
                part if part == parts => sentence.end,
                part => inside[part * inside.len() / parts - 1].end,
            };
            stretches.extend((0..parts).map(|part| cut(part)..end(part + 1)));
        }
        short = stretches.last().is_some_and(|last| count(last) < SHORTEST);
    }
    if let [.., before, last] = stretches.as_mut_slice()
        && count(last) < SHORTEST
    {
        before.end = last.end;
        stretches.pop();
    }
    stretches.retain(|range| count(range) > 0);
    stretches
}

#[cfg(feature = "model")]
fn within<'a>(words: &'a [Range<usize>], range: &Range<usize>) -> &'a [Range<usize>] {
    let start = words.partition_point(|word| word.start < range.start);
    &words[start..start.max(words.partition_point(|word| word.start < range.end))]
}

#[cfg(all(test, feature = "model"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stretches(text: &str) -> Vec<String> {
        let passage = Passage::new(text, std::iter::once(0..text.len()));
        passage.stretches().iter().map(|range| text[range.clone()].to_owned()).collect()
    }

    #[test]
    fn stretches_are_sentences_of_some_length() {
        let text = "No. No! I said that I would not go. And then I did. Ah.";
        assert_eq!(stretches(text), ["No. No! I said that I would not go.", "And then I did. Ah."]);
        assert_eq!(stretches("... !"), [""; 0]);
        let long = (0..50).map(|i| format!("w{i}")).collect::<Vec<_>>().join(" ") + "!";
        let parts = stretches(&long);
        assert_eq!(parts.iter().map(|part| part.split(' ').count()).collect::<Vec<_>>(), [16, 17, 17]);
        assert!(parts[0].ends_with("w15") && parts[1].starts_with("w16") && parts[2].ends_with('!'));
    }

    #[test]
    fn places_have_windows() {
        let passage = Passage::new("ab cd  ef", [0..5, 7..9]);
        assert_eq!(passage.words(), [0..2, 3..5, 7..9]);
        let windows = [0..2, 3..8, 5..5, 5..6, 7..7, 9..9].map(|range| passage.windows_of(&range));
        assert_eq!(windows, [0..1, 0..2, 0..1, 0..1, 1..2, 1..2]);
        let unread = Passage::new("ab cd ef", std::iter::once(0..4));
        assert_eq!(unread.words(), [0..2, 3..4]);
    }

    proptest! {
        #[test]
        fn every_word_is_in_one_stretch(text in "([a-z]{1,3}[ .!\n]{1,2}|😭|\\PC){0,80}", at in 0.0..1.0) {
            let mut middle = (text.len() as f64 * at) as usize;
            while !text.is_char_boundary(middle) {
                middle += 1;
            }
            let passage = Passage::new(text.as_str(), [0..middle, middle..text.len()]);
            prop_assert!(passage.is_sound());
            let held: usize = passage.stretches().iter().map(|range| passage.words_in(range).len()).sum();
            prop_assert_eq!(held, passage.words().len());
            prop_assert!(passage.stretches().iter().all(|range| passage.words_in(range).len() < LONGEST + 2 * SHORTEST));
        }
    }
}
