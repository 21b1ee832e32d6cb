//! What time it is, and the time of files and processes.

use windows::Win32::Foundation::FILETIME;

use crate::model::Timestamp;
use crate::windows_event::time::from_filetime;

/// Now.
pub fn now() -> Timestamp {
    Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}

/// A moment as Windows counts it, in units of 100 ns since 1601.
pub(super) fn from_parts(time: FILETIME) -> Option<Timestamp> {
    from_filetime(u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime))
}
