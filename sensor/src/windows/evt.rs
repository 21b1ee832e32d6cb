//! Handles of the Event Log: subscriptions, queries, their records, and bookmarks.

#![expect(unsafe_code, reason = "the system is called")]

use std::time::Duration;

use windows::Win32::Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_NO_MORE_ITEMS, ERROR_TIMEOUT};
use windows::Win32::System::EventLog::{
    EVT_HANDLE, EvtClose, EvtCreateBookmark, EvtNext, EvtQuery, EvtQueryChannelPath,
    EvtQueryReverseDirection, EvtRender, EvtRenderBookmark, EvtRenderEventXml, EvtSubscribe,
    EvtSubscribeStartAfterBookmark, EvtSubscribeStartAtOldestRecord, EvtSubscribeStrict, EvtUpdateBookmark,
};
use windows::core::{Error, HSTRING, PCWSTR, Result};

use super::event::Event;
use super::fault;

/// How many records are taken at a time at most.
pub(super) const BATCH: usize = 64;
/// How long a log is searched for its newest record of a kind.
const SEARCH: Duration = Duration::from_secs(5);
/// The longest record that is read, in characters.
const LONGEST: usize = 1 << 20;

/// A handle of the Event Log's.
#[derive(Debug)]
struct Handle(EVT_HANDLE);

// SAFETY: such handles may be used by any thread.
unsafe impl Send for Handle {}

impl Handle {
    /// Wine answers with no handle and sets no error.
    fn new(handle: EVT_HANDLE) -> Result<Self> {
        if handle.0 == 0 { Err(Error::empty()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody else has it.
        let _closed = unsafe { EvtClose(self.0) };
    }
}

/// The results of a query or a subscription.
#[derive(Debug)]
pub(super) struct Results(Handle);

/// A record of a log.
#[derive(Debug)]
pub(super) struct Record(Handle);

/// Up to which record a log was read.
#[derive(Debug)]
pub(super) struct Bookmark(Handle);

/// What a record or a bookmark is written into.
#[derive(Debug)]
pub(super) struct Buffer(Vec<u16>);

impl Results {
    /// Subscribes to a channel's records that come after the bookmark, else to all that there are. The system sets `signal`
    /// when one is logged.
    pub(super) fn subscribe(
        channel: &str,
        query: &str,
        after: Option<&Bookmark>,
        signal: &Event,
    ) -> Result<Self> {
        let (channel, query) = (HSTRING::from(channel), HSTRING::from(query));
        let start = match after {
            Some(_) => EvtSubscribeStartAfterBookmark,
            None => EvtSubscribeStartAtOldestRecord,
        };
        // SAFETY: the signal and the bookmark are open, the texts end with a NUL, and no callback is passed.
        let results = unsafe {
            EvtSubscribe(
                None,
                Some(signal.handle()),
                &channel,
                &query,
                after.map(|bookmark| bookmark.0.0),
                None,
                None,
                // Strict: what is missing is told.
                start.0 | EvtSubscribeStrict.0,
            )
        }?;
        Ok(Self(Handle::new(results)?))
    }

    /// The newest record of a channel that the query asks for; `None` when there is none, or none was found in time.
    pub(super) fn newest(channel: &str, query: &str) -> Result<Option<Record>> {
        let flags = EvtQueryChannelPath.0 | EvtQueryReverseDirection.0;
        // SAFETY: both texts end with a NUL.
        let results = unsafe { EvtQuery(None, &HSTRING::from(channel), &HSTRING::from(query), flags) }?;
        match Self(Handle::new(results)?).within(1, SEARCH) {
            Ok(mut records) => Ok(records.pop()),
            Err(error) if fault::is(&error, ERROR_NO_MORE_ITEMS) || fault::is(&error, ERROR_TIMEOUT) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// The next records that are there already, of which there are at most `most`.
    pub(super) fn next(&self, most: usize) -> Result<Vec<Record>> {
        self.within(most, Duration::ZERO)
    }

    fn within(&self, most: usize, patience: Duration) -> Result<Vec<Record>> {
        let mut handles = [0_isize; BATCH];
        let (wanted, _) = handles.split_at_mut(most.min(BATCH));
        let mut count = 0;
        let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: the results are open, and the handles are taken below.
        unsafe { EvtNext(self.0.0, wanted, milliseconds, 0, &raw mut count) }?;
        let count = usize::try_from(count).unwrap_or(0);
        Ok(handles.iter().take(count).map(|handle| Record(Handle(EVT_HANDLE(*handle)))).collect())
    }
}

impl Record {
    /// Its event XML.
    pub(super) fn xml(&self, buffer: &mut Buffer) -> Result<String> {
        buffer.render(&self.0, EvtRenderEventXml.0)
    }
}

impl Bookmark {
    /// One of no record.
    pub(super) fn new() -> Result<Self> {
        Self::create(PCWSTR::null())
    }

    /// One that [`Self::xml`] gave.
    pub(super) fn parse(xml: &str) -> Result<Self> {
        let xml = HSTRING::from(xml);
        Self::create(PCWSTR(xml.as_ptr()))
    }

    fn create(xml: PCWSTR) -> Result<Self> {
        // SAFETY: the text ends with a NUL and lives until after the call, or is none at all.
        let bookmark = unsafe { EvtCreateBookmark(xml) }?;
        Ok(Self(Handle::new(bookmark)?))
    }

    /// The log was read up to this record.
    pub(super) fn set(&mut self, record: &Record) -> Result<()> {
        // SAFETY: both are open.
        unsafe { EvtUpdateBookmark(self.0.0, record.0.0) }
    }

    /// As text, which outlives this process.
    pub(super) fn xml(&self, buffer: &mut Buffer) -> Result<String> {
        buffer.render(&self.0, EvtRenderBookmark.0)
    }
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self(vec![0; 16_384])
    }

    fn render(&mut self, what: &Handle, flags: u32) -> Result<String> {
        loop {
            let (mut used, mut properties) = (0, 0);
            let bytes = u32::try_from(self.0.len() * 2).unwrap_or(0);
            let start = self.0.as_mut_ptr().cast();
            // SAFETY: the handle is open, and `bytes` is the buffer's size.
            let result = unsafe {
                EvtRender(None, what.0, flags, bytes, Some(start), &raw mut used, &raw mut properties)
            };
            let needed = usize::try_from(used).unwrap_or(usize::MAX).div_ceil(2);
            match result {
                Ok(()) => {
                    let text = self.0.get(..needed).unwrap_or_default();
                    let end = text.iter().position(|unit| *unit == 0).unwrap_or(text.len());
                    return Ok(String::from_utf16_lossy(text.get(..end).unwrap_or_default()));
                }
                Err(error)
                    if fault::is(&error, ERROR_INSUFFICIENT_BUFFER)
                        && needed > self.0.len()
                        && needed <= LONGEST =>
                {
                    self.0.resize(needed, 0);
                }
                Err(error) => return Err(error),
            }
        }
    }
}
