//! A subscription to the System or the Security log, from where the last run left off: what it gives, and how it goes on
//! when the log gives no more, has overwritten records, or can't be read for a while.

use std::sync::Arc;

use windows::Win32::Foundation::{
    ERROR_EVT_QUERY_RESULT_INVALID_POSITION, ERROR_EVT_QUERY_RESULT_STALE, ERROR_INVALID_OPERATION,
    ERROR_NO_MORE_ITEMS, ERROR_NOT_FOUND, ERROR_TIMEOUT, WIN32_ERROR,
};
use windows::core::{Error, Result};

use super::event::{Event, Reset};
use super::evt::{BATCH, Bookmark, Buffer, Record, Results};
use super::{clock, fault};
use crate::model::{Loss, Timestamp};
use crate::scm::interest::Log;
use crate::windows_event::{WindowsEvent, xml};

/// `RPC_S_INVALID_BOUND`: the records of a batch are too large together.
const INVALID_BOUND: WIN32_ERROR = WIN32_ERROR(1734);
/// The query for all records.
const EVERYTHING: &str = "*";
/// Why a bookmark's record is not there.
const GONE: &str = "the log was cleared, or has overwritten the last record that was read";

/// A subscription to one log.
#[derive(Debug)]
pub(super) struct Subscription {
    log: Log,
    results: Results,
    bookmark: Bookmark,
    /// The bookmark is one of a record.
    placed: bool,
    /// The bookmark that it begins with, where no run before has left one.
    beginning: Option<String>,
    signal: Event,
    /// How many records are taken at a time.
    batch: usize,
    /// Records that were read and not handed over, the next one last.
    waiting: Vec<WindowsEvent>,
    lost: Vec<Loss>,
    /// Why the log can't be read any more, which was told.
    broken: Option<String>,
    /// The bookmark is past what was handed over last.
    moved: bool,
    buffer: Buffer,
}

impl Subscription {
    /// Subscribes to a log: from behind `bookmark`, or to what is logged from now on.
    ///
    /// # Errors
    /// When the Event Log refuses, and why.
    pub(super) fn new(log: Log, bookmark: Option<&str>) -> std::result::Result<Self, String> {
        Self::open(log, bookmark).map_err(|error| fault::words(&error))
    }

    fn open(log: Log, bookmark: Option<&str>) -> Result<Self> {
        let signal = Event::new(Reset::Manual)?;
        let mut buffer = Buffer::new();
        // One that makes no sense is none.
        let known = bookmark.and_then(|text| Bookmark::parse(text).ok());
        let is_known = known.is_some();
        let (bookmark, beginning) = match known {
            Some(bookmark) => (bookmark, None),
            None => newest(log, &mut buffer)?,
        };
        let placed = is_known || beginning.is_some();
        let mut lost = Vec::new();
        let after = placed.then_some(&bookmark);
        let (results, gone) = subscribe(log, after, &signal)?;
        // One that was there a moment ago is not gone.
        if gone && is_known {
            lost.push(gap(log, GONE));
        }
        Ok(Self {
            log,
            results,
            bookmark,
            placed,
            beginning,
            signal,
            batch: BATCH,
            waiting: Vec::new(),
            lost,
            broken: None,
            moved: false,
            buffer,
        })
    }

    /// Where it begins, if no run before has left a bookmark: its channel, and the bookmark.
    pub(super) fn beginning(&mut self) -> Option<(&'static str, String)> {
        Some((self.log.channel(), self.beginning.take()?))
    }

    /// Reads the next records, if there are any; it is to be called once none waits.
    pub(super) fn read(&mut self) {
        let mut tried = false;
        loop {
            let error = match self.results.next(self.batch) {
                Ok(records) => {
                    self.broken = None;
                    self.take(&records);
                    if self.waiting.is_empty() && !records.is_empty() {
                        // None of them can be read, but the next may be.
                        continue;
                    }
                    return;
                }
                Err(error) => error,
            };
            if has_no_more(&error) {
                self.batch = BATCH;
                return;
            }
            if fault::is(&error, INVALID_BOUND) && self.batch > 1 {
                self.batch /= 2;
            } else if std::mem::replace(&mut tried, true) {
                return self.broke(&error);
            }
            if let Err(error) = self.begin_again(&error) {
                return self.broke(&error);
            }
        }
    }

    /// Subscribes anew, behind what was handed over last: results that have failed once may have left out records, or give
    /// no more.
    fn begin_again(&mut self, error: &Error) -> Result<()> {
        let stale = is_gap(error);
        if stale {
            self.lost.push(gap(self.log, "the log has overwritten records before they were read"));
        }
        let after = self.placed.then_some(&self.bookmark);
        let (results, gone) = subscribe(self.log, after, &self.signal)?;
        self.results = results;
        if gone && !stale {
            self.lost.push(gap(self.log, GONE));
        }
        Ok(())
    }

    /// Tells once why the log can't be read. It is tried again.
    fn broke(&mut self, error: &Error) {
        let reason = format!("the log can't be read: {}", fault::words(error));
        if self.broken.as_ref() != Some(&reason) {
            self.lost.push(gap(self.log, &reason));
            self.broken = Some(reason);
        }
    }

    fn take(&mut self, records: &[Record]) {
        for record in records {
            match self.render(record) {
                Ok(event) => self.waiting.push(event),
                Err(reason) => self.lost.push(Loss { count: Some(1), ..gap(self.log, &reason) }),
            }
        }
        if let Some(last) = records.last()
            && self.bookmark.set(last).is_ok()
        {
            self.placed = true;
            self.moved = true;
        }
        self.waiting.reverse();
    }

    fn render(&mut self, record: &Record) -> std::result::Result<WindowsEvent, String> {
        let text = record
            .xml(&mut self.buffer)
            .map_err(|error| format!("a record can't be rendered: {}", fault::words(&error)))?;
        let mut event = xml::parse(text.as_bytes(), None).map_err(|error| error.to_string())?;
        // A live run knows one host, which its sources name differently.
        event.computer = Arc::from("");
        Ok(event)
    }

    /// Its log.
    pub(super) fn log(&self) -> Log {
        self.log
    }

    /// What the system sets when a record is logged.
    pub(super) fn signal(&self) -> &Event {
        &self.signal
    }

    /// The time of the record that is handed over next; none when no record waits.
    pub(super) fn next_time(&self) -> Option<Timestamp> {
        self.waiting.last().map(|event| event.time)
    }

    /// The record that is handed over next.
    pub(super) fn pop(&mut self) -> Option<WindowsEvent> {
        self.waiting.pop()
    }

    /// How far the log was read, if that is further than when it was asked before. It is to be asked once no record waits:
    /// then the bookmark speaks of what was handed over.
    pub(super) fn moved(&mut self) -> Option<String> {
        std::mem::take(&mut self.moved).then(|| self.bookmark.xml(&mut self.buffer).ok()).flatten()
    }

    /// What was not seen since it was asked before.
    pub(super) fn losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.lost)
    }
}

/// A bookmark of the last record that was logged, and its text if there is such a record. With it, what comes next is told
/// by the next run if this one ends before it has told anything.
fn newest(log: Log, buffer: &mut Buffer) -> Result<(Bookmark, Option<String>)> {
    // First, since it may be refused: Wine ends a program that asks it for a bookmark. One of the records that are
    // subscribed to, where there is any: no document says that a strict subscription finds others, and where it does not,
    // all of the log would be told as new.
    let newest = match Results::newest(log.channel(), &log.query())? {
        None => Results::newest(log.channel(), EVERYTHING)?,
        found => found,
    };
    let mut bookmark = Bookmark::new()?;
    let Some(newest) = newest else { return Ok((bookmark, None)) };
    bookmark.set(&newest)?;
    let text = bookmark.xml(buffer)?;
    Ok((bookmark, Some(text)))
}

/// Subscribes to what comes after the bookmark, or to all that there is: also when the bookmark's record is gone, which is
/// told.
fn subscribe(log: Log, after: Option<&Bookmark>, signal: &Event) -> Result<(Results, bool)> {
    let (channel, query) = (log.channel(), log.query());
    match Results::subscribe(channel, &query, after, signal) {
        Err(error) if is_gap(&error) => Ok((Results::subscribe(channel, &query, None, signal)?, true)),
        results => Ok((results?, false)),
    }
}

/// Whether everything that was logged is read. Who polls is told that the operation is invalid.
fn has_no_more(error: &Error) -> bool {
    [ERROR_NO_MORE_ITEMS, ERROR_TIMEOUT, ERROR_INVALID_OPERATION].iter().any(|code| fault::is(error, *code))
}

/// Whether records are missing. The last of these is in no document of subscriptions; clients get it of bookmarks whose
/// record is gone (github.com/elastic/beats, winlogbeat).
fn is_gap(error: &Error) -> bool {
    [ERROR_NOT_FOUND, ERROR_EVT_QUERY_RESULT_STALE, ERROR_EVT_QUERY_RESULT_INVALID_POSITION]
        .iter()
        .any(|code| fault::is(error, *code))
}

/// Records of this log that were not seen.
pub(super) fn gap(log: Log, reason: &str) -> Loss {
    Loss {
        time: clock::now(),
        source: format!("{} log", log.channel()),
        reason: reason.to_owned(),
        count: None,
        consequence: "what these records told is not seen, unless another source tells it".to_owned(),
    }
}
