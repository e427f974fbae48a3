//! A text that is being written, and from where in another text each of its bytes came.

use std::ops::Range;

/// What remembers where the bytes of a text came from. `()` does not, and costs nothing: so there is one set of rules
/// for who asks and for who does not.
pub trait Trail: Default {
    /// The text's bytes from `at` on came from `origin` as a whole.
    fn push(&mut self, at: usize, origin: Range<usize>);

    /// The text's bytes from `at` on are copies of the bytes `range` of the text that `source` belongs to.
    fn follow(&mut self, at: usize, source: &Self, range: Range<usize>);

    /// Where a range of this trail's text came from.
    fn origin(&self, range: Range<usize>) -> Range<usize>;

    /// What ends at `to` in the original and was left out belongs to the text's last character, which begins at `last`.
    fn absorb(&mut self, last: usize, to: usize);

    /// The text is cut to `length` bytes.
    fn truncate(&mut self, length: usize);
}

impl Trail for () {
    fn push(&mut self, _: usize, _: Range<usize>) {}

    fn follow(&mut self, _: usize, _: &Self, _: Range<usize>) {}

    fn origin(&self, _: Range<usize>) -> Range<usize> {
        0..0
    }

    fn absorb(&mut self, _: usize, _: usize) {}

    fn truncate(&mut self, _: usize) {}
}

/// A stretch of a text and its origin. It ends where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    start: usize,
    origin: Range<usize>,
    /// Copied byte by byte; otherwise every part of the piece stands for the whole of the origin.
    copied: bool,
}

impl Piece {
    fn from(&self, at: usize) -> usize {
        if self.copied { self.origin.start + (at - self.start) } else { self.origin.start }
    }

    fn to(&self, at: usize) -> usize {
        if self.copied { self.origin.start + (at - self.start) } else { self.origin.end }
    }
}

/// The pieces of a text in their order; their origins never go back. Without any, the text is its own origin: so is a
/// text that nothing was done to, and one without a byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces(Vec<Piece>);

impl Pieces {
    /// The index of the piece that holds the byte `at`.
    fn holding(&self, at: usize) -> usize {
        self.0.partition_point(|piece| piece.start <= at).saturating_sub(1)
    }

    fn add(&mut self, piece: Piece) {
        match self.0.last_mut() {
            Some(last) if last.copied && piece.copied && last.origin.end == piece.origin.start => {
                last.origin.end = piece.origin.end;
            }
            Some(last) if !last.copied && !piece.copied && last.origin == piece.origin => {}
            _ => self.0.push(piece),
        }
    }
}

impl Trail for Pieces {
    fn push(&mut self, at: usize, origin: Range<usize>) {
        self.add(Piece { start: at, origin, copied: false });
    }

    fn follow(&mut self, at: usize, source: &Self, range: Range<usize>) {
        if source.0.is_empty() {
            self.add(Piece { start: at, origin: range, copied: true });
            return;
        }
        let first = source.holding(range.start);
        for (i, piece) in source.0.iter().enumerate().skip(first).take_while(|(_, piece)| piece.start < range.end) {
            let from = piece.start.max(range.start);
            let to = source.0.get(i + 1).map_or(range.end, |next| next.start.min(range.end));
            let origin = piece.from(from)..piece.to(to);
            self.add(Piece { start: at + from - range.start, origin, copied: piece.copied });
        }
    }

    fn origin(&self, range: Range<usize>) -> Range<usize> {
        if self.0.is_empty() {
            return range;
        }
        let first = &self.0[self.holding(range.start)];
        if range.is_empty() {
            // Behind the last byte of a text lies the end of its last piece.
            let at = if range.start > first.start { first.to(range.start) } else { first.origin.start };
            return at..at;
        }
        first.from(range.start)..self.0[self.holding(range.end - 1)].to(range.end)
    }

    fn absorb(&mut self, last: usize, to: usize) {
        let Some(piece) = self.0.last_mut() else { return };
        if piece.copied && piece.start < last {
            let from = piece.from(last);
            piece.origin.end = from;
            self.0.push(Piece { start: last, origin: from..to, copied: false });
        } else {
            piece.copied = false;
            piece.origin.end = to;
        }
    }

    fn truncate(&mut self, length: usize) {
        while self.0.last().is_some_and(|piece| piece.start >= length) {
            self.0.pop();
        }
        if let Some(last) = self.0.last_mut() {
            last.origin.end = last.to(length);
        }
    }
}

/// A text with its trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traced<T> {
    pub text: String,
    pub trail: T,
}

impl<T: Trail> Traced<T> {
    pub fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), trail: T::default() }
    }

    /// The whole of it, to be read from.
    pub fn as_source(&self) -> Source<'_, T> {
        Source { text: &self.text, at: 0, trail: &self.trail }
    }

    /// Appends what stands in a source.
    pub fn copy(&mut self, source: Source<T>) {
        self.trail.follow(self.text.len(), source.trail, source.at..source.at + source.text.len());
        self.text.push_str(source.text);
    }

    /// Appends `text` in the place of a source.
    pub fn replace(&mut self, source: Source<T>, text: &str) {
        if !text.is_empty() {
            self.trail.push(self.text.len(), source.origin());
            self.text.push_str(text);
        }
    }

    /// Leaves a source out: it goes with the last character that is no space.
    pub fn merge(&mut self, source: Source<T>) {
        let words = self.text.trim_end_matches(' ');
        let Some(last) = words.char_indices().next_back().map(|(at, _)| at) else { return };
        let to = source.origin().end;
        let length = words.len();
        if length < self.text.len() {
            self.trail.truncate(length);
        }
        self.trail.absorb(last, to);
        if length < self.text.len() {
            self.trail.push(length, to..to);
        }
    }

    /// Takes the spaces at the end away.
    pub fn trim_end(&mut self) {
        let length = self.text.trim_end_matches(' ').len();
        if length < self.text.len() {
            self.text.truncate(length);
            self.trail.truncate(length);
        }
    }
}

/// A part of a text that is read from, with the trail of that text.
pub struct Source<'a, T> {
    pub text: &'a str,
    /// Where in the trail's text it begins.
    at: usize,
    trail: &'a T,
}

// Derived, they would ask the same of the trail.
impl<T> Clone for Source<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Source<'_, T> {}

impl<'a, T: Trail> Source<'a, T> {
    /// A text that is its own origin: `trail` is empty.
    pub fn new(text: &'a str, trail: &'a T) -> Self {
        Self { text, at: 0, trail }
    }

    pub fn slice(self, range: Range<usize>) -> Self {
        Self { text: &self.text[range.clone()], at: self.at + range.start, trail: self.trail }
    }

    fn origin(self) -> Range<usize> {
        self.trail.origin(self.at..self.at + self.text.len())
    }
}
