//! Several parts read as one, in the order of their records' times.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;

use super::Record;
use super::error::{ReadError, ReadErrorKind};
use super::limits::Limits;
use super::part::{Part, Records, find};
use crate::model::Timestamp;

/// Reads parts merged by time. Records of one part keep their order; of equal times, the part named first goes first.
pub struct Reader {
    limits: Limits,
    /// Parts not yet merged in, the earliest last.
    waiting: Vec<Waiting>,
    /// Parts that are read.
    open: Vec<Option<Open>>,
    /// The next record's time of each open part.
    next: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// Failures to be told before anything else.
    errors: VecDeque<ReadError>,
    parts: usize,
    finished: usize,
    passed_over: usize,
}

struct Waiting {
    first: Timestamp,
    number: usize,
    part: Part,
    /// Kept open while few enough are.
    open: Option<Open>,
}

struct Open {
    records: Records,
    /// The record that goes next, with failures that were met before it.
    head: Option<Record>,
    /// The time by which it is merged; a record without one goes with the one before it.
    time: Timestamp,
}

impl Reader {
    pub(super) fn new(paths: &[PathBuf], limits: Limits) -> Self {
        let (parts, errors) = find(paths, limits);
        let mut reader = Self {
            limits,
            waiting: Vec::new(),
            open: Vec::new(),
            next: BinaryHeap::new(),
            errors: errors.into(),
            parts: parts.len(),
            finished: 0,
            passed_over: 0,
        };
        let mut kept_open = 0;
        for (number, part) in parts.into_iter().enumerate() {
            match reader.start(&part) {
                Some(open) => {
                    let keep = kept_open < limits.open_files;
                    kept_open += usize::from(keep);
                    reader.waiting.push(Waiting {
                        first: open.time,
                        number,
                        part,
                        open: keep.then_some(open),
                    });
                }
                None => reader.finished += 1,
            }
        }
        reader.waiting.sort_by_key(|waiting| Reverse((waiting.first, waiting.number)));
        reader
    }

    /// How many files and members are read to their end, and how many there are.
    pub fn progress(&self) -> (usize, usize) {
        (self.finished, self.parts)
    }

    /// How many files in folders and archives are no logs and have no log's name either.
    pub fn passed_over(&self) -> usize {
        self.passed_over
    }

    /// Opens a part and reads its first record. When others wait, failures before it are told at once.
    fn start(&mut self, part: &Part) -> Option<Open> {
        match part.open(self.limits) {
            Ok(records) => {
                let mut open = Open { records, head: None, time: Timestamp(i64::MIN) };
                self.advance(&mut open).then_some(open)
            }
            Err(error) => {
                if matches!(error.kind, ReadErrorKind::UnknownFormat) && part.may_be_anything() {
                    self.passed_over += 1;
                } else {
                    self.errors.push_back(error);
                }
                None
            }
        }
    }

    /// Reads the next record of a part; false at its end.
    fn advance(&mut self, open: &mut Open) -> bool {
        for record in open.records.by_ref() {
            match record {
                Ok(record) => {
                    open.time = record.time().unwrap_or(open.time);
                    open.head = Some(record);
                    return true;
                }
                Err(error) => self.errors.push_back(error),
            }
        }
        open.head = None;
        false
    }

    /// Merges in the parts whose turn it is.
    fn admit(&mut self) {
        while let Some(waiting) = self.waiting.last() {
            let due = self.next.peek().is_none_or(|Reverse((time, _))| waiting.first <= *time);
            if !due {
                return;
            }
            let Some(waiting) = self.waiting.pop() else { return };
            // A part that was closed again is read from its start; what failed there was told already.
            let open = waiting.open.or_else(|| {
                let told = self.errors.len();
                let open = self.start(&waiting.part);
                self.errors.truncate(told);
                open
            });
            match open {
                Some(open) => {
                    let number = waiting.number;
                    if self.open.len() <= number {
                        self.open.resize_with(number + 1, || None);
                    }
                    self.next.push(Reverse((open.time, number)));
                    if let Some(slot) = self.open.get_mut(number) {
                        *slot = Some(open);
                    }
                }
                None => self.finished += 1,
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.errors.pop_front() {
            return Some(Err(error));
        }
        self.admit();
        let Reverse((_, number)) = self.next.pop()?;
        let mut open = self.open.get_mut(number).and_then(Option::take)?;
        let record = open.head.take();
        if self.advance(&mut open) {
            self.next.push(Reverse((open.time, number)));
            if let Some(slot) = self.open.get_mut(number) {
                *slot = Some(open);
            }
        } else {
            self.finished += 1;
        }
        record.map(Ok)
    }
}
