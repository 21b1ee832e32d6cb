//! Cutting a stream of text into records: `<Event>` elements, or JSON objects.

use std::io::{self, Read};

use super::error::ReadErrorKind;
use super::unpack;

mod json;
mod xml;

pub(super) use json::JsonCutter;
pub(super) use xml::XmlCutter;

/// How much is read at a time.
const BLOCK: usize = 64 * 1024;

/// Finds where records begin and end.
pub(super) trait Cutter {
    /// Looks at `text`, which begins where the last cut left off. `at_end` tells that nothing follows.
    fn cut(&mut self, text: &[u8], at_end: bool) -> Cut;

    /// Forgets the record that is open: its text was thrown away.
    fn forget(&mut self);
}

/// What a cutter found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// A record from `start` to `end`; go on at `end`.
    Record {
        /// Its first byte.
        start: usize,
        /// Behind its last byte.
        end: usize,
    },
    /// Bytes up to `end` are damaged, and how.
    Damaged {
        /// Where to go on.
        end: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// Bytes up to `end` belong to no record, of which `count` are not blank.
    Junk {
        /// Where to go on.
        end: usize,
        /// How many of them are not blank.
        count: usize,
    },
    /// More text is needed, and the first `skip` bytes no longer.
    More {
        /// How many bytes are no longer needed.
        skip: usize,
    },
}

/// Cuts what `inner` gives into records, and never holds more than one of them and a block.
pub(super) struct Split<R, C> {
    inner: R,
    cutter: C,
    limit: usize,
    text: Vec<u8>,
    start: usize,
    at_end: bool,
    /// How many bytes were thrown away before `text`.
    passed: u64,
    /// Where the last failure was met, in bytes from the start.
    failed_at: u64,
    /// How many bytes that belong to no record were met and not told yet, and where the first of them is.
    junk: u64,
    junk_at: u64,
}

impl<R: Read, C: Cutter> Split<R, C> {
    pub(super) fn new(inner: R, cutter: C, limit: usize) -> Self {
        Self {
            inner,
            cutter,
            limit,
            text: Vec::new(),
            start: 0,
            at_end: false,
            passed: 0,
            failed_at: 0,
            junk: 0,
            junk_at: 0,
        }
    }

    /// Where the last failure was met, in bytes from the start of the text.
    pub(super) fn failed_at(&self) -> u64 {
        self.failed_at
    }

    fn here(&self) -> u64 {
        self.passed.saturating_add(u64::try_from(self.start).unwrap_or(u64::MAX))
    }

    /// Tells of bytes that belong to no record, once for all that follow each other.
    fn tell_junk(&mut self) -> Option<ReadErrorKind> {
        let bytes = std::mem::take(&mut self.junk);
        self.failed_at = if bytes > 0 { self.junk_at } else { self.here() };
        (bytes > 0).then_some(ReadErrorKind::Junk { bytes })
    }

    /// Hands the next record to `use_record`; `None` at the end.
    pub(super) fn next_with<T>(
        &mut self,
        use_record: impl FnOnce(&[u8]) -> Result<T, ReadErrorKind>,
    ) -> Option<Result<T, ReadErrorKind>> {
        loop {
            let rest = self.text.get(self.start..).unwrap_or_default();
            if rest.is_empty() && self.at_end {
                return self.tell_junk().map(Err);
            }
            let cut = self.cutter.cut(rest, self.at_end);
            // What was met before it is told first; it is cut again then.
            if self.junk > 0
                && matches!(cut, Cut::Record { .. } | Cut::Damaged { .. })
                && let Some(junk) = self.tell_junk()
            {
                return Some(Err(junk));
            }
            self.failed_at = self.here();
            match cut {
                Cut::Record { start, end } => {
                    let rest = self.text.get(self.start..).unwrap_or_default();
                    let record = rest.get(start..end).unwrap_or_default();
                    let used = use_record(record);
                    self.start += end;
                    return Some(used);
                }
                Cut::Damaged { end, reason } => {
                    self.start += end;
                    return Some(Err(ReadErrorKind::DamagedRecord(reason.to_owned())));
                }
                Cut::Junk { end, count } => {
                    if count > 0 && self.junk == 0 {
                        let blanks =
                            self.text.iter().skip(self.start).take_while(|byte| byte.is_ascii_whitespace());
                        let blanks = u64::try_from(blanks.count()).unwrap_or(u64::MAX);
                        self.junk_at = self.here().saturating_add(blanks);
                    }
                    self.junk = self.junk.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
                    self.start += end;
                }
                Cut::More { skip } => {
                    self.start += skip;
                    if self.at_end {
                        self.start = self.text.len();
                        return self.tell_junk().map(Err);
                    }
                    if self.text.len().saturating_sub(self.start) > self.limit {
                        let limit = self.limit;
                        self.cutter.forget();
                        self.start = self.text.len();
                        return Some(Err(ReadErrorKind::TooLarge { limit }));
                    }
                    if let Err(error) = self.fill() {
                        self.at_end = true;
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    fn fill(&mut self) -> Result<(), ReadErrorKind> {
        self.passed = self.here();
        self.text.drain(..self.start);
        self.start = 0;
        let held = self.text.len();
        self.text.resize(held + BLOCK, 0);
        let result = loop {
            match self.inner.read(self.text.get_mut(held..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => break result,
            }
        };
        let count = *result.as_ref().unwrap_or(&0);
        self.text.truncate(held + count);
        self.at_end = count == 0;
        result.map(|_| ()).map_err(unpack::failure)
    }
}

#[cfg(test)]
mod tests;
