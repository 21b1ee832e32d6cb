//! The System and Security logs, as they are written, from where the last run left off.

#![expect(unsafe_code, reason = "the system is called")]

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use windows::Win32::Foundation::{
    ERROR_EVT_QUERY_RESULT_STALE, ERROR_INSUFFICIENT_BUFFER, ERROR_NO_MORE_ITEMS, ERROR_NOT_FOUND,
    ERROR_TIMEOUT,
};
use windows::Win32::System::EventLog::{
    EVT_HANDLE, EvtClose, EvtCreateBookmark, EvtNext, EvtRender, EvtRenderBookmark, EvtRenderEventXml,
    EvtSubscribe, EvtSubscribeStartAfterBookmark, EvtSubscribeStartAtOldestRecord, EvtSubscribeStrict,
    EvtSubscribeToFutureEvents, EvtUpdateBookmark,
};
use windows::core::{Error, HSTRING, PCWSTR, Result};

use super::event::{Event, Reset};
use super::sources::Input;
use super::{clock, fault};
use crate::model::Loss;
use crate::scm::interest::Log;
use crate::windows_event::{WindowsEvent, xml};

/// How many records are taken at a time.
const BATCH: usize = 64;
/// The longest record that is read, in characters.
const LONGEST: usize = 1 << 20;
/// How long a log may be quiet before it is looked at without being told.
const PATIENCE: Duration = Duration::from_secs(5);

/// A handle of the Event Log's.
#[derive(Debug)]
struct Handle(EVT_HANDLE);

// SAFETY: such handles may be used by any thread.
unsafe impl Send for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody else has it.
        let _closed = unsafe { EvtClose(self.0) };
    }
}

/// A subscription to one log.
#[derive(Debug)]
pub(super) struct Subscription {
    log: Log,
    results: Handle,
    bookmark: Handle,
    signal: Event,
    /// Records that were read and not handed over, the next one last.
    waiting: Vec<WindowsEvent>,
    lost: Vec<Loss>,
    /// The bookmark is past what was handed over last.
    moved: bool,
    buffer: Vec<u16>,
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
        let mut lost = Vec::new();
        // One that makes no sense is none.
        let known = bookmark.and_then(|text| create_bookmark(Some(text)).ok());
        let (results, bookmark) = match known {
            Some(bookmark) => {
                let strict = EvtSubscribeStartAfterBookmark.0 | EvtSubscribeStrict.0;
                match subscribe(log, &signal, Some(&bookmark), strict) {
                    Err(error) if fault::is(&error, ERROR_NOT_FOUND) || is_stale(&error) => {
                        lost.push(gap(
                            log,
                            "the log was cleared, or has overwritten the last record that was read",
                        ));
                        let oldest = EvtSubscribeStartAtOldestRecord.0;
                        (subscribe(log, &signal, None, oldest)?, create_bookmark(None)?)
                    }
                    results => (results?, bookmark),
                }
            }
            None => (subscribe(log, &signal, None, EvtSubscribeToFutureEvents.0)?, create_bookmark(None)?),
        };
        Ok(Self {
            log,
            results,
            bookmark,
            signal,
            waiting: Vec::new(),
            lost,
            moved: false,
            buffer: vec![0; 16_384],
        })
    }

    /// Reads the next records; false when there are none.
    fn read(&mut self) -> bool {
        let mut handles = [0_isize; BATCH];
        let mut count = 0;
        // SAFETY: the subscription is open, and the handles are taken below.
        let result = unsafe { EvtNext(self.results.0, &mut handles, 0, 0, &raw mut count) };
        if let Err(error) = result {
            if is_stale(&error) {
                self.lost.push(gap(self.log, "the log has overwritten records before they were read"));
            } else if !fault::is(&error, ERROR_NO_MORE_ITEMS) && !fault::is(&error, ERROR_TIMEOUT) {
                let reason = format!("the log can't be read: {}", fault::words(&error));
                self.lost.push(gap(self.log, &reason));
            }
            return false;
        }
        let count = usize::try_from(count).unwrap_or(0);
        let records: Vec<Handle> =
            handles.iter().take(count).map(|handle| Handle(EVT_HANDLE(*handle))).collect();
        for record in &records {
            match self.render(record) {
                Ok(event) => self.waiting.push(event),
                Err(reason) => self.lost.push(Loss { count: Some(1), ..gap(self.log, &reason) }),
            }
        }
        if let Some(last) = records.last() {
            // SAFETY: bookmark and record are open.
            self.moved |= unsafe { EvtUpdateBookmark(self.bookmark.0, last.0) }.is_ok();
        }
        self.waiting.reverse();
        count > 0
    }

    fn render(&mut self, record: &Handle) -> std::result::Result<WindowsEvent, String> {
        let text = render(record, EvtRenderEventXml.0, &mut self.buffer)
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
                && let Ok(text) =
                    render(&subscription.bookmark, EvtRenderBookmark.0, &mut subscription.buffer)
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

fn subscribe(log: Log, signal: &Event, bookmark: Option<&Handle>, flags: u32) -> Result<Handle> {
    let (channel, query) = (HSTRING::from(log.channel()), HSTRING::from(log.query()));
    // SAFETY: the signal and the bookmark are open, the texts end with a NUL, and no callback is passed.
    let results = unsafe {
        EvtSubscribe(
            None,
            Some(signal.handle()),
            &channel,
            &query,
            bookmark.map(|bookmark| bookmark.0),
            None,
            None,
            flags,
        )
    }?;
    // Wine answers with no handle and sets no error.
    if results.0 == 0 { Err(Error::empty()) } else { Ok(Handle(results)) }
}

fn create_bookmark(text: Option<&str>) -> Result<Handle> {
    let text = text.map(HSTRING::from);
    let start = text.as_ref().map_or(PCWSTR::null(), |text| PCWSTR(text.as_ptr()));
    // SAFETY: the text ends with a NUL and lives until after the call, or is none at all.
    let bookmark = unsafe { EvtCreateBookmark(start) }?;
    if bookmark.0 == 0 { Err(Error::empty()) } else { Ok(Handle(bookmark)) }
}

/// A record or bookmark as XML.
fn render(what: &Handle, flags: u32, buffer: &mut Vec<u16>) -> Result<String> {
    loop {
        let (mut used, mut properties) = (0, 0);
        let bytes = u32::try_from(buffer.len() * 2).unwrap_or(0);
        let start = buffer.as_mut_ptr().cast();
        // SAFETY: the handle is open, and `bytes` is the buffer's size.
        let result =
            unsafe { EvtRender(None, what.0, flags, bytes, Some(start), &raw mut used, &raw mut properties) };
        let needed = usize::try_from(used).unwrap_or(usize::MAX).div_ceil(2);
        match result {
            Ok(()) => {
                let text = buffer.get(..needed).unwrap_or_default();
                let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
                return Ok(String::from_utf16_lossy(text.get(..end).unwrap_or_default()));
            }
            Err(error)
                if fault::is(&error, ERROR_INSUFFICIENT_BUFFER)
                    && needed > buffer.len()
                    && needed <= LONGEST =>
            {
                buffer.resize(needed, 0);
            }
            Err(error) => return Err(error),
        }
    }
}

fn is_stale(error: &Error) -> bool {
    fault::is(error, ERROR_EVT_QUERY_RESULT_STALE)
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
