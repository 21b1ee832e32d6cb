//! Secrets in free text and in the words of commands.

use std::ops::Range;

use super::quoting::Quoting;
use super::secret::{Found, is_plain};
use super::{command, name, pattern};

/// Secrets in `text`, which may be a command line, a line of a script or a sentence.
pub(super) fn secrets(text: &[u8], keep: &[String]) -> Found {
    let mut found = Found::default();
    assignments(text, keep, &mut found);
    pattern::secrets(text, &mut found);
    let ranges = words(text);
    let contents: Vec<_> = ranges.iter().map(|range| text.get(range.clone()).unwrap_or_default()).collect();
    command::secrets(&contents, keep, &mut |word, secret| {
        if let Some(range) = ranges.get(word) {
            found.add(range.start + secret.start..range.start + secret.end);
        }
    });
    found
}

/// Secrets in the words of one command, for each word.
pub(super) fn secrets_of_words(words: &[&[u8]], keep: &[String]) -> Vec<Found> {
    let mut all: Vec<Found> = words
        .iter()
        .map(|word| {
            let mut found = Found::default();
            assignments(word, keep, &mut found);
            pattern::secrets(word, &mut found);
            found
        })
        .collect();
    command::secrets(words, keep, &mut |word, secret| {
        if let Some(found) = all.get_mut(word) {
            found.add(secret);
        }
    });
    all
}

/// Adds what is assigned to the name of a secret: `NAME=…`, `NAME: …`, `"NAME": "…"`.
fn assignments(text: &[u8], keep: &[String], found: &mut Found) {
    let quoting = Quoting::of(text);
    let mut outer = quoting.from(0);
    let mut covered = 0;
    for (at, byte) in text.iter().enumerate() {
        let within = outer.open;
        outer.step();
        // What lies within a secret is no assignment; to look at it would take time with the square of its length.
        if at < covered || !matches!(byte, b'=' | b':') {
            continue;
        }
        let Some(name) = name_before(text, at) else { continue };
        // In `/run/secrets:/secrets` and `https://token:…@` it is part of a path; a URL is a pattern of its own.
        let in_path = name.start > 0 && text.get(name.start - 1) == Some(&b'/');
        let spaced = text.get(at.wrapping_sub(1)).is_some_and(u8::is_ascii_whitespace) || *byte == b':';
        if (*byte == b':' && in_path) || !name::is_secret(text.get(name).unwrap_or_default(), keep) {
            continue;
        }
        let blanks = text.iter().skip(at + 1).take_while(|byte| spaced && byte.is_ascii_whitespace()).count();
        let start = at + 1 + blanks;
        let end = match text.get(start) {
            // In JSON and its like, what follows the closing quote is another member.
            Some(b'"' | b'\'') if *byte == b':' => quoting.quotation_end(start),
            _ => quoting.word_end(start, within),
        };
        covered = end;
        let value = quoting.strip(start..end);
        if !is_plain(text.get(value.clone()).unwrap_or_default()) {
            found.add(value);
        }
    }
}

/// The name before the separator at `at`, with a blank or a quote allowed in between.
fn name_before(text: &[u8], at: usize) -> Option<Range<usize>> {
    let before = text.get(..at)?;
    let end = before.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'\\'))? + 1;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    // The bound keeps a long run of separators from costing more than its length.
    if at - end > 4 {
        return None;
    }
    let lowest = end.saturating_sub(128);
    let run = before.get(lowest..end)?;
    let start = lowest + run.iter().rposition(|byte| !is_name(byte)).map_or(0, |last| last + 1);
    (start < end).then_some(start..end)
}

/// The words of `text` as a shell and systemd.service(5) split it, without quotes around the whole word.
pub(super) fn words(text: &[u8]) -> Vec<Range<usize>> {
    let quoting = Quoting::of(text);
    quoting.words().into_iter().map(|word| quoting.strip(word)).collect()
}

/// The range without the quotes, where one pair of them is around all of it.
pub(super) fn strip_quotes(text: &[u8], range: Range<usize>) -> Range<usize> {
    Quoting::of(text).strip(range)
}
