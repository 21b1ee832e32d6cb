//! Finding JSON objects: one a line, one after the other over several lines, or in one array.

use memchr::{memchr, memchr3};

use super::{Cut, Cutter};

/// Cuts text into the JSON objects at its outermost level.
///
/// A line that begins with `{` while an object is open means that the line before was cut off: writers of JSON indent
/// what is nested. So one damaged line costs one record.
#[derive(Default)]
pub(in crate::windows_event::reader) struct JsonCutter {
    /// How far the object that is open was searched already.
    searched: usize,
    depth: usize,
    in_string: bool,
}

impl Cutter for JsonCutter {
    fn cut(&mut self, text: &[u8], at_end: bool) -> Cut {
        if self.searched == 0 {
            let start = memchr(b'{', text).unwrap_or(text.len());
            if start > 0 {
                let between = text.get(..start).unwrap_or_default();
                let lines = between.split(|byte| *byte == b'\n').filter(|line| !is_banner(line));
                let count = lines.flatten().filter(|byte| !is_filler(**byte)).count();
                return Cut::Junk { end: start, count };
            }
            if text.is_empty() {
                return Cut::More { skip: 0 };
            }
        }
        let cut = self.search(text, at_end);
        if !matches!(cut, Cut::More { .. }) {
            *self = Self::default();
        }
        cut
    }

    fn forget(&mut self) {
        *self = Self::default();
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
                b'{' | b'[' => self.depth += 1,
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
}

/// The line that `evtx_dump` writes before each record: `Record 12`.
fn is_banner(line: &[u8]) -> bool {
    line.trim_ascii().strip_prefix(b"Record ").is_some_and(|number| number.iter().all(u8::is_ascii_digit))
}

/// What stands between records: blanks, the signs of an array, and the mark of UTF-8.
fn is_filler(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']' | 0xef | 0xbb | 0xbf | 0)
}
