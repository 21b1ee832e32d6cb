//! The raw difference of two texts, as differing lines, bounded.

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::words::printable;
use crate::model::TextDiff;

/// How many lines are listed at most.
const LINES_MAX: usize = 200;

/// How many bytes all listed lines have at most.
const BYTES_MAX: usize = 16 << 10;

/// How many bytes of one line are listed; the rest is cut off.
const LINE_MAX: usize = 2 << 10;

/// Above this product of differing lines no smallest difference is looked for: all old lines count as removed, all
/// new ones as added.
const EFFORT_MAX: usize = 4_000_000;

/// The lines that differ between `before` and `after`: removed ones with `-`, added ones with `+`.
pub fn text_diff(before: &[u8], after: &[u8]) -> TextDiff {
    let (before, after) = (lines(before), lines(after));
    let prefix = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (before, after) = (tail(&before, prefix), tail(&after, prefix));
    let suffix = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (before, after) = (head(before, suffix), head(after, suffix));
    let mut listing = Listing::default();
    if before.len().saturating_mul(after.len()) > EFFORT_MAX {
        listing.add('-', before);
        listing.add('+', after);
    } else {
        for operation in capture_diff_slices(Algorithm::Myers, before, after) {
            let (tag, old, new) = operation.as_tag_tuple();
            if matches!(tag, DiffTag::Delete | DiffTag::Replace) {
                listing.add('-', before.get(old).unwrap_or_default());
            }
            if matches!(tag, DiffTag::Insert | DiffTag::Replace) {
                listing.add('+', after.get(new).unwrap_or_default());
            }
        }
    }
    listing.diff
}

/// The lines of `text`, without their ends.
fn lines(text: &[u8]) -> Vec<&[u8]> {
    if text.is_empty() {
        return Vec::new();
    }
    text.strip_suffix(b"\n").unwrap_or(text).split(|&byte| byte == b'\n').collect()
}

fn tail<'a, 'b>(lines: &'a [&'b [u8]], skip: usize) -> &'a [&'b [u8]] {
    lines.get(skip..).unwrap_or_default()
}

fn head<'a, 'b>(lines: &'a [&'b [u8]], leave: usize) -> &'a [&'b [u8]] {
    lines.get(..lines.len().saturating_sub(leave)).unwrap_or_default()
}

/// A difference in the making.
#[derive(Default)]
struct Listing {
    diff: TextDiff,
    bytes: usize,
}

impl Listing {
    fn add(&mut self, sign: char, lines: &[&[u8]]) {
        for line in lines {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let (kept, mark) = match line.get(..LINE_MAX) {
                Some(kept) if kept.len() < line.len() => (kept, " [cut]"),
                _ => (line, ""),
            };
            let text = format!("{sign}{}{mark}", printable(kept));
            if self.diff.omitted > 0
                || self.diff.lines.len() >= LINES_MAX
                || self.bytes.saturating_add(text.len()) > BYTES_MAX
            {
                self.diff.omitted = self.diff.omitted.saturating_add(1);
            } else {
                self.bytes = self.bytes.saturating_add(text.len());
                self.diff.lines.push(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_what_differs() {
        for (before, after, expected) in [
            ("a\nb\nc\n", "a\nX\nc\n", &["-b", "+X"][..]),
            ("", "a\nb\n", &["+a", "+b"]),
            ("a\nb\n", "", &["-a", "-b"]),
            ("a\nb", "a\nb\n", &[]),
            ("a\nb\nc\nd\n", "b\nc\ne\n", &["-a", "-d", "+e"]),
            ("x=1\r\n", "x=2\r\n", &["-x=1", "+x=2"]),
            ("\n", "\n\n", &["+"]),
        ] {
            let found = text_diff(before.as_bytes(), after.as_bytes());
            assert_eq!(
                (found.lines, found.omitted),
                (expected.iter().map(ToString::to_string).collect(), 0),
                "{before:?}"
            );
        }
        assert_eq!(text_diff(b"", b"\xff").lines, [r"+\xff"]);
    }

    #[test]
    fn is_bounded() {
        let many = "line\n".repeat(1000);
        let found = text_diff(b"", many.as_bytes());
        assert_eq!((found.lines.len(), found.omitted), (LINES_MAX, 800));
        let long = "x".repeat(100_000);
        let found = text_diff(b"", format!("{long}\n").repeat(20).as_bytes());
        assert!(found.lines.iter().map(String::len).sum::<usize>() <= BYTES_MAX);
        assert_eq!(found.lines.len() + found.omitted, 20);
        // Far too much to look for the smallest difference; still done at once.
        let (odd, even): (Vec<_>, Vec<_>) =
            (0..100_000).map(|n| format!("{n}\n")).partition(|n| n.len() % 2 == 0);
        let found = text_diff(odd.concat().as_bytes(), even.concat().as_bytes());
        assert_eq!(found.lines.len() + found.omitted, 100_000);
    }

    proptest! {
        #[test]
        fn equal_texts_do_not_differ(text: Vec<u8>) {
            prop_assert_eq!(text_diff(&text, &text), TextDiff::default());
        }

        #[test]
        fn balances(before in "[ab\n]{0,40}", after in "[ab\n]{0,40}") {
            let found = text_diff(before.as_bytes(), after.as_bytes());
            let count = |sign| found.lines.iter().filter(|line| line.starts_with(sign)).count();
            let (old, new) = (lines(before.as_bytes()).len(), lines(after.as_bytes()).len());
            prop_assert_eq!(old - count('-'), new - count('+'));
        }
    }
}
