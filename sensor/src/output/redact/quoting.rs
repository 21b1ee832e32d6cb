//! Quotation in a text: where words and quotations end, as a shell and systemd read them.

use std::ops::Range;

/// A text with what must be known of all of it.
pub(super) struct Quoting<'t> {
    text: &'t [u8],
    last_single: Option<usize>,
    last_double: Option<usize>,
}

impl<'t> Quoting<'t> {
    pub(super) fn of(text: &'t [u8]) -> Self {
        let last = |quote| text.iter().rposition(|byte| *byte == quote);
        Self { text, last_single: last(b'\''), last_double: last(b'"') }
    }

    /// A walk that begins at `at`, outside of quotes.
    pub(super) fn from(&self, at: usize) -> Walk<'_> {
        Walk { quoting: self, at, open: None, escaped: false }
    }

    /// The words between blanks, with their quotes.
    pub(super) fn words(&self) -> Vec<Range<usize>> {
        let mut words = Vec::new();
        let mut end = 0;
        while let Some(blanks) =
            self.text.get(end..).and_then(|rest| rest.iter().position(|byte| !byte.is_ascii_whitespace()))
        {
            let start = end + blanks;
            end = self.word_end(start, None);
            words.push(start..end);
        }
        words
    }

    /// Where the word that starts at `start` ends: at a blank, or where the quotation that it stands in does.
    pub(super) fn word_end(&self, start: usize, within: Option<u8>) -> usize {
        let mut walk = self.from(start);
        for (at, byte) in self.text.iter().enumerate().skip(start) {
            let ends = byte.is_ascii_whitespace() || (within == Some(*byte) && !walk.escaped);
            if walk.open.is_none() && ends {
                return at;
            }
            walk.step();
        }
        self.text.len()
    }

    /// The position after the quote that closes the one at `start`.
    pub(super) fn quotation_end(&self, start: usize) -> usize {
        let mut walk = self.from(start);
        for at in start..self.text.len() {
            walk.step();
            if walk.open.is_none() {
                return at + 1;
            }
        }
        self.text.len()
    }

    /// The range without the quotes, where one pair of them is around all of it.
    pub(super) fn strip(&self, range: Range<usize>) -> Range<usize> {
        let quoted = range.len() > 1 && matches!(self.text.get(range.start), Some(b'"' | b'\''));
        if quoted && self.quotation_end(range.start) == range.end {
            range.start + 1..range.end - 1
        } else {
            range
        }
    }

    /// Whether the quote at `at` begins a quotation. Where no other follows it doesn't, nor do the apostrophes of
    /// `unit's` and `isn't`.
    fn opens(&self, at: usize, quote: u8) -> bool {
        let last = if quote == b'\'' { self.last_single } else { self.last_double };
        let letter =
            |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(u8::is_ascii_alphabetic);
        let is_apostrophe = quote == b'\''
            && letter(at.checked_sub(1))
            && matches!(self.text.get(at + 1), Some(b's' | b't'))
            && !self.text.get(at + 2).is_some_and(u8::is_ascii_alphanumeric);
        last.is_some_and(|last| last > at) && !is_apostrophe
    }
}

/// A walk through a text that knows in which quotation it is.
pub(super) struct Walk<'q> {
    quoting: &'q Quoting<'q>,
    at: usize,
    /// The quote that began it.
    pub(super) open: Option<u8>,
    escaped: bool,
}

impl Walk<'_> {
    /// Goes past the next byte.
    pub(super) fn step(&mut self) {
        let at = self.at;
        self.at += 1;
        let Some(byte) = self.quoting.text.get(at).copied() else { return };
        if std::mem::take(&mut self.escaped) {
            return;
        }
        match (byte, self.open) {
            // A backslash is a plain character within single quotes.
            (b'\\', Some(b'\'')) => {}
            (b'\\', _) => self.escaped = true,
            (b'"' | b'\'', None) if self.quoting.opens(at, byte) => self.open = Some(byte),
            (_, Some(open)) if open == byte => self.open = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_ends() {
        for (text, end, stripped) in [
            ("word next", 4, "word"),
            ("\"a b\" next", 5, "a b"),
            ("'a \\' next", 5, "a \\"),
            ("\"a \\\" b\"c next", 9, "\"a \\\" b\"c"),
            ("unit's next", 6, "unit's"),
            ("users' next", 6, "users'"),
            ("a'b c'd next", 7, "a'b c'd"),
            ("\"a", 2, "\"a"),
            ("", 0, ""),
        ] {
            let quoting = Quoting::of(text.as_bytes());
            assert_eq!(quoting.word_end(0, None), end, "{text}");
            assert_eq!(text.get(quoting.strip(0..end)), Some(stripped), "{text}");
        }
        assert_eq!(Quoting::of(b"abc\" d").word_end(0, Some(b'"')), 3);
    }
}
