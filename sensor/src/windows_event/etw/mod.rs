//! Events of a live ETW session: payloads from bytes, by layouts of our own, so that nothing but the session needs Windows.

mod layout;
mod payload;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::event::WindowsEvent;
use super::time;
pub use layout::{KERNEL_PROCESS, KERNEL_REGISTRY, RPC, SERVICES};

/// The field in which a live run puts the security id of the user as whom a started process runs.
pub const USER_SID: &str = "UserSid";
/// The same of the session of logging on.
pub const LOGON_ID: &str = "LogonId";

/// What the header of an ETW event says (`EVENT_HEADER`, evntcons.h).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The provider's id, as text in lower case without braces.
    pub provider: String,
    /// The event's number.
    pub id: u16,
    /// The version of its layout.
    pub version: u8,
    /// Units of 100 ns since 1601-01-01 UTC.
    pub filetime: u64,
    /// The process that logged it.
    pub process_id: u32,
    /// The thread that logged it.
    pub thread_id: u32,
    /// The activity that it belongs to.
    pub activity_id: Option<String>,
    /// The size of a pointer in its payload: 4 where `EVENT_HEADER_FLAG_32_BIT_HEADER` is set, else 8.
    pub pointer_bytes: usize,
    /// This computer's name.
    pub computer: Arc<str>,
}

/// Whether an event of the RPC provider is a call of the interface with this id, as it is stored: its payload begins with it.
///
/// There are thousands of calls a second, and few of them are the SCM's.
pub fn is_call_of(interface: &[u8; 16], payload: &[u8]) -> bool {
    payload.starts_with(interface)
}

/// Why an ETW event can't be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EtwError {
    /// There is no layout for it.
    #[error("no layout is known for event {id} version {version} of provider {provider}")]
    NoLayout {
        /// The provider's id.
        provider: String,
        /// The event's number.
        id: u16,
        /// Its version.
        version: u8,
    },
    /// The payload ends within a field.
    #[error("the payload ends within the field {field}")]
    TooShort {
        /// The field.
        field: &'static str,
    },
    /// The time is out of range.
    #[error("the time {0} is out of range")]
    Time(u64),
}

/// Reads an event.
///
/// # Errors
/// When its layout isn't known, or the payload is shorter than it says. Fields behind those of the layout are left out:
/// newer versions of an event add theirs at the end.
pub fn decode(header: &Header, payload: &[u8]) -> Result<WindowsEvent, EtwError> {
    let (name, fields) = layout::find(&header.provider, header.id, header.version).ok_or_else(|| {
        EtwError::NoLayout { provider: header.provider.clone(), id: header.id, version: header.version }
    })?;
    Ok(WindowsEvent {
        provider: Arc::from(name),
        channel: Arc::from(""),
        id: u32::from(header.id),
        version: header.version,
        record_id: None,
        time: time::from_filetime(header.filetime).ok_or(EtwError::Time(header.filetime))?,
        computer: Arc::clone(&header.computer),
        process_id: Some(header.process_id),
        thread_id: Some(header.thread_id),
        user_sid: None,
        activity_id: header.activity_id.clone(),
        audit: None,
        fields: payload::read(fields, payload, header.pointer_bytes)?,
    })
}
