//! The System and Security logs, as they are written, from where the last run left off.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use windows::Win32::Foundation::{
    ERROR_EVT_QUERY_RESULT_INVALID_POSITION, ERROR_EVT_QUERY_RESULT_STALE, ERROR_INVALID_OPERATION,
    ERROR_NO_MORE_ITEMS, ERROR_NOT_FOUND, ERROR_TIMEOUT, WIN32_ERROR,
};
use windows::core::{Error, Result};

use super::event::{Event, Reset};
use super::evt::{BATCH, Bookmark, Buffer, Record, Results};
use super::sources::Input;
use super::{clock, fault};
use crate::model::Loss;
use crate::scm::interest::Log;
use crate::windows_event::{WindowsEvent, xml};

/// How long a log may be quiet before it is looked at without being told.
const PATIENCE: Duration = Duration::from_secs(5);
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

/// Reads logs until it is stopped.
#[derive(Debug)]
pub(super) struct Reader {
    stop: Arc<(Event, AtomicBool)>,
    thread: JoinHandle<()>,
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

    /// Reads the next records, if there are any.
    fn read(&mut self) {
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
}

impl Reader {
    /// Reads `subscriptions` as one, by the time of their records.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(
        subscriptions: Vec<Subscription>,
        to: SyncSender<Input>,
    ) -> std::result::Result<Self, String> {
        let event = Event::new(Reset::Manual).map_err(|error| fault::words(&error))?;
        let stop = Arc::new((event, AtomicBool::new(false)));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("event log".to_owned())
            .spawn(move || run(subscriptions, &to, &stopped))
            .map_err(|error| error.to_string())?;
        Ok(Self { stop, thread })
    }

    /// Reads what is still there, and ends.
    pub(super) fn stop(self) {
        self.stop.1.store(true, Ordering::Release);
        self.stop.0.set();
        if self.thread.join().is_err() {
            tracing::error!("the reader of the logs ended by a fault of its own");
        }
    }
}

fn run(mut subscriptions: Vec<Subscription>, to: &SyncSender<Input>, stop: &(Event, AtomicBool)) {
    loop {
        let stopping = stop.1.load(Ordering::Acquire);
        for subscription in &subscriptions {
            // Before it is read: what is logged in between sets it again.
            subscription.signal.reset();
        }
        if !drain(&mut subscriptions, to) || stopping {
            return;
        }
        let events: Vec<&Event> =
            subscriptions.iter().map(|subscription| &subscription.signal).chain([&stop.0]).collect();
        Event::wait_for_any(&events, PATIENCE);
    }
}

/// Hands over all that there is, the oldest first; false when nobody takes it any more.
fn drain(subscriptions: &mut [Subscription], to: &SyncSender<Input>) -> bool {
    loop {
        for subscription in subscriptions.iter_mut().filter(|subscription| subscription.waiting.is_empty()) {
            // All that was read of it is handed over, so that the bookmark speaks of what is told.
            if std::mem::take(&mut subscription.moved)
                && let Ok(text) = subscription.bookmark.xml(&mut subscription.buffer)
                && to.send(Input::Bookmark(subscription.log.channel(), text)).is_err()
            {
                return false;
            }
            subscription.read();
            for loss in subscription.lost.drain(..) {
                if to.send(Input::Loss(loss)).is_err() {
                    return false;
                }
            }
        }
        let next = subscriptions
            .iter_mut()
            .filter(|subscription| !subscription.waiting.is_empty())
            .min_by_key(|subscription| subscription.waiting.last().map(|event| event.time));
        let Some(event) = next.and_then(|subscription| subscription.waiting.pop()) else { return true };
        if to.send(Input::Event(Box::new(event))).is_err() {
            return false;
        }
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

fn gap(log: Log, reason: &str) -> Loss {
    Loss {
        time: clock::now(),
        source: format!("{} log", log.channel()),
        reason: reason.to_owned(),
        count: None,
        consequence: "what these records told is not seen, unless another source tells it".to_owned(),
    }
}
