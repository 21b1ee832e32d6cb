//! Finding JSON objects: one a line, one after the other over several lines, in one array, or in an array within an
//! object, as exports have them.

use memchr::{memchr, memchr2, memchr3, memmem, memrchr};

use super::{Cut, Cutter};
use crate::windows_event::reader::format::begins_with_priority;

/// Cuts text into the JSON objects at its outermost level, or within the array of an export.
///
/// A line that begins with `{` while an object is open means that the line before was cut off: writers of JSON indent
/// what is nested. So one damaged line costs one record.
#[derive(Default)]
pub(in crate::windows_event::reader) struct JsonCutter {
    /// How far the object that is open was searched already.
    searched: usize,
    depth: usize,
    in_string: bool,
    /// Where the latest object within the outermost one begins.
    inner: usize,
    /// How many objects stand around the records.
    wrappers: usize,
    /// Whether the records of the array are over, and what follows in the objects around it is passed over.
    is_behind: bool,
    /// Whether the member that comes next there may hold records as well.
    is_named: bool,
}

/// The arrays that hold an export's records, by their names, and the name of the object around them.
///
/// Tests of Elastic's pipelines (`events`, `expected`), answers of Elasticsearch and `OpenSearch` (`hits.hits`), of
/// Graylog (`messages`), of Splunk (`results`) and of Azure (`records`, `value`, which is also `PowerShell`'s name for
/// the items of a list), and event XML that was turned into JSON (`Events.Event`).
const ARRAYS: [(&[u8], Option<&[u8]>); 8] = [
    (b"events", None),
    (b"expected", None),
    (b"hits", Some(b"hits")),
    (b"messages", None),
    (b"results", None),
    (b"records", None),
    (b"value", None),
    (b"Event", Some(b"Events")),
];

/// How many objects stand around an array of [`ARRAYS`] at most.
const MAX_WRAPPERS: usize = 2;

/// Names of members that the header of an event has, and an export doesn't have before its records.
const HEADERS: [&[u8]; 5] = [b"\"EventID\"", b"\"event_id\"", b"\"winlog\"", b"\"System\"", b"\"EventData\""];

fn is_array(name: &[u8], around: Option<&[u8]>) -> bool {
    ARRAYS.contains(&(name, around))
}

impl Cutter for JsonCutter {
    fn cut(&mut self, text: &[u8], at_end: bool) -> Cut {
        if self.is_behind {
            return self.pass_over(text);
        }
        if self.searched == 0 {
            let wanted = match self.wrappers {
                0 => memchr(b'{', text),
                _ => memchr2(b'{', b']', text),
            };
            // What stands before a record on its line is judged together with the rest of that line.
            let line = memrchr(b'\n', text).map_or(0, |newline| newline + 1);
            let start = match wanted {
                Some(start) => start,
                None if !at_end && text.len() - line < MAX_BANNER => line,
                None => text.len(),
            };
            if start > 0 {
                let between = text.get(..start).unwrap_or_default();
                let lines = between.split(|byte| *byte == b'\n').filter(|line| !is_banner(line));
                let count = lines.flatten().filter(|byte| !is_filler(**byte)).count();
                return Cut::Junk { end: start, count };
            }
            if wanted.is_none() && !text.is_empty() {
                return Cut::More { skip: 0 };
            }
            if text.is_empty() {
                return Cut::More { skip: 0 };
            }
            if text.first() == Some(&b']') {
                *self = Self { is_behind: true, depth: self.wrappers, ..Self::default() };
                return Cut::Junk { end: 1, count: 0 };
            }
        }
        let cut = self.search(text, at_end);
        if !matches!(cut, Cut::More { .. }) {
            *self = Self { wrappers: self.wrappers, ..Self::default() };
        }
        cut
    }

    fn forget(&mut self) {
        *self = Self { wrappers: self.wrappers, is_behind: self.is_behind, ..Self::default() };
    }
}

impl JsonCutter {
    fn search(&mut self, text: &[u8], at_end: bool) -> Cut {
        let mut position = self.searched;
        while let Some(byte) = text.get(position) {
            if self.in_string {
                let rest = text.get(position..).unwrap_or_default();
                let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
                    position = text.len();
                    break;
                };
                position += found;
                match text.get(position) {
                    Some(b'"') => self.in_string = false,
                    // The escaped byte is passed over; it may not be there yet.
                    Some(b'\\') if position + 1 >= text.len() => break,
                    Some(b'\\') => position += 1,
                    _ => return Cut::Damaged { end: position, reason: "a string has no end on its line" },
                }
                position += 1;
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' => {
                    if self.depth == 1 {
                        self.inner = position;
                    }
                    self.depth += 1;
                }
                b'[' => {
                    if self.wrappers == 0
                        && self.depth <= MAX_WRAPPERS
                        && self.holds_records(text.get(..position).unwrap_or_default())
                    {
                        match first_byte(text, position + 1) {
                            None => break,
                            Some(b'{') => {
                                self.wrappers = self.depth;
                                return Cut::Junk { end: position + 1, count: 0 };
                            }
                            Some(_) => {}
                        }
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Cut::Record { start: 0, end: position + 1 };
                    }
                }
                b'\n' => match text.get(position + 1) {
                    Some(b'{') => {
                        return Cut::Damaged { end: position + 1, reason: "an object has no end" };
                    }
                    Some(_) => {}
                    None => break,
                },
                _ => {}
            }
            position += 1;
        }
        if at_end {
            return Cut::Damaged { end: text.len(), reason: "the last object has no end" };
        }
        self.searched = position;
        Cut::More { skip: 0 }
    }

    /// Whether the array that begins behind `before`, the outermost object so far, is one that holds records.
    fn holds_records(&self, before: &[u8]) -> bool {
        let Some(name) = name_before(before) else { return false };
        let around = match self.depth {
            1 => None,
            _ => before.get(..self.inner).and_then(name_before),
        };
        // What has the header of an event is one, whatever lists it has.
        is_array(name, around) && !HEADERS.iter().any(|header| memmem::find(before, header).is_some())
    }

    /// Passes over the rest of an export behind its records, up to the next array of them.
    fn pass_over(&mut self, text: &[u8]) -> Cut {
        let mut position = 0;
        while let Some(byte) = text.get(position) {
            match byte {
                b'"' => {
                    let Some(end) = string_end(text, position + 1) else { break };
                    let name = text.get(position + 1..end).unwrap_or_default();
                    self.is_named = self.depth == 1 && is_array(name, None);
                    position = end;
                }
                // A line that begins so is a record, or an export, of its own: this one was cut off.
                b'\n' => match text.get(position + 1) {
                    Some(b'{') => {
                        *self = Self::default();
                        return Cut::Junk { end: position + 1, count: 0 };
                    }
                    Some(_) => {}
                    None => break,
                },
                b'[' if self.is_named => match first_byte(text, position + 1) {
                    None => break,
                    Some(b'{') => {
                        *self = Self { wrappers: 1, ..Self::default() };
                        return Cut::Junk { end: position + 1, count: 0 };
                    }
                    Some(_) => self.deeper(),
                },
                b'{' | b'[' => self.deeper(),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_named = false;
                    if self.depth == 0 {
                        *self = Self::default();
                        return Cut::Junk { end: position + 1, count: 0 };
                    }
                }
                b',' => self.is_named = false,
                _ => {}
            }
            position += 1;
        }
        Cut::More { skip: position }
    }

    fn deeper(&mut self) {
        self.depth += 1;
        self.is_named = false;
    }
}

/// The name of the member whose value begins behind `text`.
fn name_before(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii_end().strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let start = memrchr(b'"', text)?;
    text.get(start + 1..)
}

/// Where the string ends that begins at `start`: its closing quotation mark, or what stands before the end of its line,
/// where it was cut off.
fn string_end(text: &[u8], start: usize) -> Option<usize> {
    let mut position = start;
    loop {
        position += memchr3(b'"', b'\\', b'\n', text.get(position..)?)?;
        match text.get(position) {
            Some(b'"') => return Some(position),
            Some(b'\n') => return Some(position.saturating_sub(1)),
            _ => position += 2,
        }
    }
}

/// The first byte at or behind `start` that is no blank.
fn first_byte(text: &[u8], start: usize) -> Option<u8> {
    text.get(start..)?.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// How long a line before a record may be, to be known for what it is.
const MAX_BANNER: usize = 4096;

/// The line that `evtx_dump` writes before each record (`Record 12`), or what syslog puts before a message (RFC 5424: a
/// priority, the time and the sender).
fn is_banner(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    line.trim_ascii_end().strip_prefix(b"Record ").is_some_and(|number| number.iter().all(u8::is_ascii_digit))
        || begins_with_priority(line)
}

/// What stands between records: blanks, the signs of an array, and the mark of UTF-8.
fn is_filler(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | 0xef | 0xbb | 0xbf | 0)
}
