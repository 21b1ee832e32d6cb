//! An event of the kernel: something that can be waited for.

#![expect(unsafe_code, reason = "the system is called")]

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};
use std::time::Duration;

use windows::Win32::Foundation::HANDLE;
use windows::Win32::System::Threading::{CreateEventW, ResetEvent, SetEvent, WaitForMultipleObjects};
use windows::core::{PCWSTR, Result};

/// How an event is taken back once it was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reset {
    /// By the wait itself.
    Auto,
    /// By [`Event::reset`].
    Manual,
}

/// An event, not set at first.
#[derive(Debug)]
pub(super) struct Event(OwnedHandle);

impl Event {
    pub(super) fn new(reset: Reset) -> Result<Self> {
        // SAFETY: neither attributes nor a name are passed.
        let handle = unsafe { CreateEventW(None, reset == Reset::Manual, false, PCWSTR::null()) }?;
        // SAFETY: the handle was just created, and nobody else has it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle.0) }))
    }

    /// The handle, which lives as long as the event.
    pub(super) fn handle(&self) -> HANDLE {
        HANDLE(self.0.as_raw_handle())
    }

    pub(super) fn set(&self) {
        // SAFETY: the handle is open. It can't fail on an event that is one's own.
        let _set = unsafe { SetEvent(self.handle()) };
    }

    pub(super) fn reset(&self) {
        // SAFETY: as above.
        let _reset = unsafe { ResetEvent(self.handle()) };
    }

    /// Waits until one of at most 64 events is set, or the time is over.
    pub(super) fn wait_for_any(events: &[&Self], timeout: Duration) {
        let handles: Vec<HANDLE> = events.iter().map(|event| event.handle()).collect();
        let milliseconds = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: all handles are open for as long as their events are borrowed.
        unsafe { WaitForMultipleObjects(&handles, false, milliseconds) };
    }
}
