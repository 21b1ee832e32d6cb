//! Control of a running trace session, by its name: what it has lost, and what the kernel is to add to its records.

#![expect(unsafe_code, reason = "the system is called")]

use windows::Win32::System::Diagnostics::Etw::{
    CONTROLTRACE_HANDLE, ControlTraceW, ENABLE_TRACE_PARAMETERS, ENABLE_TRACE_PARAMETERS_VERSION_2,
    EVENT_CONTROL_CODE_ENABLE_PROVIDER, EVENT_FILTER_DESCRIPTOR, EVENT_FILTER_TYPE_EVENT_ID,
    EVENT_FILTER_TYPE_NONE, EVENT_TRACE_CONTROL, EVENT_TRACE_CONTROL_QUERY, EVENT_TRACE_CONTROL_STOP,
    EVENT_TRACE_PROPERTIES, EnableTraceEx2,
};
use windows::core::{GUID, HSTRING, Result};

/// The longest name of a session, in characters.
const NAME_LENGTH: usize = 1024;
/// Records of all levels (`TRACE_LEVEL_VERBOSE`, evntrace.h).
const EVERY_LEVEL: u8 = 5;
/// Asks Kernel-Registry for the data of values, by a filter of no type. No document has it; without it the provider leaves
/// `CapturedData` empty (measured on Windows 11: github.com/Karib0u/rustinel, pull request 310).
const CAPTURE: u32 = 0x2;

/// How many records and buffers the system has lost of a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) events: u32,
    pub(super) buffers: u32,
}

/// What the system has lost since the session began; `None` when it doesn't say.
pub(super) fn lost(name: &str) -> Option<Lost> {
    control(name, EVENT_TRACE_CONTROL_QUERY).ok().map(|about| Lost::of(&about))
}

/// Stops the session, which writes out its buffers, and gives what it has lost to its end.
pub(super) fn stop(name: &str) -> Result<Lost> {
    control(name, EVENT_TRACE_CONTROL_STOP).map(|about| Lost::of(&about))
}

impl Lost {
    fn of(about: &EVENT_TRACE_PROPERTIES) -> Self {
        let buffers = about.RealTimeBuffersLost.saturating_add(about.LogBuffersLost);
        Self { events: about.EventsLost, buffers }
    }
}

/// Has Kernel-Registry, for which the session is enabled already, add the data of values to its records. What it is enabled
/// for is told once more: this takes the place of what was told before.
pub(super) fn capture_values(name: &str, provider: &str, keywords: u64, events: &[u16]) -> Result<()> {
    let provider = GUID::try_from(provider)?;
    let about = control(name, EVENT_TRACE_CONTROL_QUERY)?;
    // SAFETY: of the union the query sets this, to the session's handle (Microsoft, `WNODE_HEADER`).
    let session = CONTROLTRACE_HANDLE { Value: unsafe { about.Wnode.Anonymous1.HistoricalContext } };
    let wanted = by_events(events);
    let filter = |start: u64, size: usize, kind| EVENT_FILTER_DESCRIPTOR {
        Ptr: start,
        Size: u32::try_from(size).unwrap_or(0),
        Type: kind,
    };
    let capture = CAPTURE;
    let mut filters = [
        filter((&raw const capture).addr() as u64, size_of_val(&capture), EVENT_FILTER_TYPE_NONE),
        filter(wanted.as_ptr().addr() as u64, size_of_val(wanted.as_slice()), EVENT_FILTER_TYPE_EVENT_ID),
    ];
    let parameters = ENABLE_TRACE_PARAMETERS {
        Version: ENABLE_TRACE_PARAMETERS_VERSION_2,
        EnableFilterDesc: filters.as_mut_ptr(),
        FilterDescCount: u32::try_from(filters.len()).unwrap_or(0),
        ..ENABLE_TRACE_PARAMETERS::default()
    };
    // SAFETY: the parameters and what they point to outlive the call.
    let result = unsafe {
        EnableTraceEx2(
            session,
            &raw const provider,
            EVENT_CONTROL_CODE_ENABLE_PROVIDER.0,
            EVERY_LEVEL,
            keywords,
            0,
            0,
            Some(&raw const parameters),
        )
    };
    result.ok()
}

/// A filter that lets through these events (`EVENT_FILTER_EVENT_ID`, evntprov.h): whether they are let in, a byte that is
/// kept free, their count, then the numbers.
fn by_events(events: &[u16]) -> Vec<u16> {
    [1, u16::try_from(events.len()).unwrap_or(0)].iter().chain(events).copied().collect()
}

/// Asks for a session, or stops it; either way the system tells how it was.
fn control(name: &str, code: EVENT_TRACE_CONTROL) -> Result<EVENT_TRACE_PROPERTIES> {
    #[repr(C)]
    struct Properties {
        about: EVENT_TRACE_PROPERTIES,
        session: [u16; NAME_LENGTH],
        file: [u16; NAME_LENGTH],
    }
    let place = |bytes: usize| u32::try_from(bytes).unwrap_or(0);
    let mut asked = Properties {
        about: EVENT_TRACE_PROPERTIES::default(),
        session: [0; NAME_LENGTH],
        file: [0; NAME_LENGTH],
    };
    asked.about.Wnode.BufferSize = place(size_of::<Properties>());
    asked.about.LoggerNameOffset = place(std::mem::offset_of!(Properties, session));
    asked.about.LogFileNameOffset = place(std::mem::offset_of!(Properties, file));
    // SAFETY: the structure tells its size and where in it the system may write names; the name ends with a NUL.
    let result = unsafe {
        ControlTraceW(CONTROLTRACE_HANDLE::default(), &HSTRING::from(name), (&raw mut asked).cast(), code)
    };
    result.ok()?;
    Ok(asked.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_counts_its_events() {
        assert_eq!(by_events(&[5, 6, 15]), [1, 3, 5, 6, 15]);
    }
}
