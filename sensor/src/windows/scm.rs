//! What the SCM itself tells: which services it knows, and their states.

#![expect(unsafe_code, reason = "the system is called")]

use std::ffi::{OsStr, OsString};
use std::os::windows::ffi::OsStringExt as _;

use windows::Win32::Foundation::{ERROR_ACCESS_DENIED, ERROR_MORE_DATA, ERROR_SERVICE_DOES_NOT_EXIST};
use windows::Win32::System::Services::{
    CloseServiceHandle, ENUM_SERVICE_STATUS_PROCESSW, ENUM_SERVICE_TYPE, EnumServicesStatusExW,
    OpenSCManagerW, OpenServiceW, SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_CONNECT,
    SC_MANAGER_ENUMERATE_SERVICE, SERVICE_QUERY_STATUS, SERVICE_STATE_ALL,
};
use windows::core::{HSTRING, PCWSTR, Result};

use super::fault;
use crate::scm::observed::State;

/// Drivers, services, per-user services and their instances: every type there is (winnt.h).
const EVERY_TYPE: ENUM_SERVICE_TYPE = ENUM_SERVICE_TYPE(0xff);
/// The largest answer that is taken (Microsoft, `EnumServicesStatusExW`).
const ANSWER: usize = 256 * 1024;
/// How many answers make up a list at most.
const MOST_ANSWERS: usize = 1024;

/// A service and its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// The key's name, which need not be Unicode.
    pub(super) name: OsString,
    /// The name that people read.
    pub(super) display: String,
    /// Its state; `None` for a number that winsvc.h doesn't have.
    pub(super) state: Option<State>,
}

/// A connection to the SCM of this host.
#[derive(Debug)]
pub(super) struct Scm(Handle);

/// A handle to the SCM or to a service.
#[derive(Debug)]
struct Handle(SC_HANDLE);

// SAFETY: such handles may be used by any thread.
unsafe impl Send for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody else has it.
        let _closed = unsafe { CloseServiceHandle(self.0) };
    }
}

impl Scm {
    /// Connects.
    pub(super) fn connect() -> Result<Self> {
        // SAFETY: no names are passed: this host, and the only database there is.
        let handle = unsafe {
            OpenSCManagerW(PCWSTR::null(), PCWSTR::null(), SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE)
        };
        Ok(Self(Handle(handle?)))
    }

    /// Whether the SCM knows a service of this name; `None` when it doesn't say.
    pub(super) fn knows(&self, name: &OsStr) -> Option<bool> {
        let name = HSTRING::from(name);
        // SAFETY: the SCM's handle is open, and the name ends with a NUL.
        match unsafe { OpenServiceW(self.0.0, &name, SERVICE_QUERY_STATUS) } {
            Ok(handle) => {
                drop(Handle(handle));
                Some(true)
            }
            Err(error) if fault::is(&error, ERROR_SERVICE_DOES_NOT_EXIST) => Some(false),
            // It is there, and hides.
            Err(error) if fault::is(&error, ERROR_ACCESS_DENIED) => Some(true),
            Err(_) => None,
        }
    }

    /// All services and drivers that it shows.
    pub(super) fn statuses(&self) -> Result<Vec<Status>> {
        let mut statuses = Vec::new();
        // Of the records' alignment, in bytes.
        let mut buffer = vec![0_u64; ANSWER / 8];
        let mut resume = 0;
        for _ in 0..MOST_ANSWERS {
            let (mut needed, mut count) = (0, 0);
            let start: *mut u8 = buffer.as_mut_ptr().cast();
            // SAFETY: the buffer is as long as this, and is not used otherwise while the slice lives.
            let bytes = unsafe { std::slice::from_raw_parts_mut(start, ANSWER) };
            // SAFETY: the SCM's handle is open, and the buffer's length goes with it.
            let result = unsafe {
                EnumServicesStatusExW(
                    self.0.0,
                    SC_ENUM_PROCESS_INFO,
                    EVERY_TYPE,
                    SERVICE_STATE_ALL,
                    Some(bytes),
                    &raw mut needed,
                    &raw mut count,
                    Some(&raw mut resume),
                    PCWSTR::null(),
                )
            };
            let more = match result {
                Ok(()) => false,
                Err(error) if fault::is(&error, ERROR_MORE_DATA) && count > 0 => true,
                Err(error) => return Err(error),
            };
            let count = usize::try_from(count).unwrap_or(0);
            // SAFETY: the call put `count` records at the start of the buffer, which is aligned for them.
            let records = unsafe {
                std::slice::from_raw_parts(buffer.as_ptr().cast::<ENUM_SERVICE_STATUS_PROCESSW>(), count)
            };
            for record in records {
                // SAFETY: the call put texts that end with a NUL behind the records, in the same buffer.
                let name = OsString::from_wide(unsafe { record.lpServiceName.as_wide() });
                // SAFETY: as above.
                let display = String::from_utf16_lossy(unsafe { record.lpDisplayName.as_wide() });
                let state = State::from_number(record.ServiceStatusProcess.dwCurrentState.0);
                statuses.push(Status { name, display, state });
            }
            if !more {
                break;
            }
        }
        Ok(statuses)
    }
}
