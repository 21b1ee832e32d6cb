//! Messages of the service in the Application log, where administrators look for them.
#![expect(unsafe_code, reason = "the event log's calls have no safe wrapper")]

use std::io;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;
use windows::Win32::System::EventLog::{
    DeregisterEventSource, EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
    REPORT_EVENT_TYPE, RegisterEventSourceW, ReportEventW,
};
use windows::core::{HSTRING, PCWSTR};
use windows_registry::LOCAL_MACHINE;

use super::NAME;

/// Where sources of the Application log are registered.
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";
/// A part of Windows whose messages 1 to 1000 are the text that comes with them.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";
/// Errors, warnings and information: the sum of their type bits.
const TYPES: u32 = 7;
/// The longest text that a message holds, in UTF-16 units (`ReportEventW`).
const LONGEST: usize = 31_839;

/// What a message is about: its event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The service runs.
    Started = 1,
    /// The service has stopped, as it was asked to.
    Stopped = 2,
    /// The service ends, since it can't go on.
    Failed = 3,
    /// Something that its log tells.
    Log = 10,
}

/// Registers the source, so that the log shows texts and not numbers.
pub(super) fn register() -> io::Result<()> {
    let key = LOCAL_MACHINE.create(format!(r"{SOURCES}\{NAME}")).map_err(refused)?;
    key.set_expand_string("EventMessageFile", MESSAGES).map_err(refused)?;
    key.set_u32("TypesSupported", TYPES).map_err(refused)
}

/// Removes the source; that it is gone already is fine.
pub(super) fn deregister() -> io::Result<()> {
    let sources = LOCAL_MACHINE.options().read().write().open(SOURCES).map_err(refused)?;
    match sources.remove_tree(NAME).map_err(refused) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn refused(error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    // The low half of a code of the kind 0x8007xxxx is the system's own.
    error.raw_os_error().map_or(error, |code| io::Error::from_raw_os_error(code & 0xffff))
}

/// Writes a message. Where the log does not take it, nobody is left to tell.
pub fn write(message: Message, text: &str) {
    let kind = match message {
        Message::Started | Message::Stopped | Message::Log => EVENTLOG_INFORMATION_TYPE,
        Message::Failed => EVENTLOG_ERROR_TYPE,
    };
    drop(report(kind, message, text));
}

fn report(kind: REPORT_EVENT_TYPE, message: Message, text: &str) -> windows::core::Result<()> {
    let text = HSTRING::from(cut(text));
    // SAFETY: the name lives through the call.
    let source = unsafe { RegisterEventSourceW(None, &HSTRING::from(NAME)) }?;
    let strings = [PCWSTR(text.as_ptr())];
    // SAFETY: the source is open, and the text lives through the call.
    let written = unsafe { ReportEventW(source, kind, 0, message as u32, None, 0, Some(&strings), None) };
    // SAFETY: the source is open and not used any more.
    unsafe { DeregisterEventSource(source) }?;
    written
}

/// As much of a text as a message holds.
fn cut(text: &str) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, letter)| {
        units += letter.len_utf16();
        units > LONGEST
    });
    end.and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

/// Brings what the program logs to the Application log, a message each.
#[derive(Clone, Copy, Debug, Default)]
pub struct Journal;

/// One message of the program's log.
#[derive(Debug)]
pub struct Entry {
    kind: REPORT_EVENT_TYPE,
    text: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = Entry;

    fn make_writer(&'a self) -> Entry {
        Entry { kind: EVENTLOG_INFORMATION_TYPE, text: Vec::new() }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Entry {
        let kind = match *meta.level() {
            Level::ERROR => EVENTLOG_ERROR_TYPE,
            Level::WARN => EVENTLOG_WARNING_TYPE,
            _ => EVENTLOG_INFORMATION_TYPE,
        };
        Entry { kind, text: Vec::new() }
    }
}

impl io::Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        if !text.trim().is_empty() {
            // Where the log does not take it, nobody is left to tell.
            drop(report(self.kind, Message::Log, text.trim_end()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_to_what_a_message_holds() {
        for (letter, most) in [("a", LONGEST), ("é", LONGEST), ("\u{1f600}", LONGEST / 2)] {
            assert_eq!(cut(&letter.repeat(most)), letter.repeat(most));
            assert_eq!(cut(&letter.repeat(most + 1)), letter.repeat(most));
        }
    }
}
