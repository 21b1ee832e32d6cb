//! Which rights this process has.

#![expect(unsafe_code, reason = "the system is called")]

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::{
    GetTokenInformation, LUID_AND_ATTRIBUTES, LookupPrivilegeNameW, TOKEN_ELEVATION, TOKEN_PRIVILEGES,
    TOKEN_QUERY, TokenElevation, TokenPrivileges,
};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows::core::{PCWSTR, PWSTR, Result};

/// The longest name of a privilege, in characters.
const LONGEST: usize = 128;
/// How much the list of privileges takes at most, in bytes.
const LIST: usize = 4096;

/// The rights of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Privileges {
    /// Whether it runs as administrator.
    pub(super) elevated: bool,
    /// The privileges that it holds, enabled or not.
    pub(super) held: Vec<String>,
}

/// Looks at the process's token.
pub(super) fn own() -> Result<Privileges> {
    let mut token = HANDLE::default();
    // SAFETY: it always gives the same handle, which needs not be closed.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: `token` takes the handle.
    unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) }?;
    // SAFETY: the handle was just opened, and nobody else has it.
    let token = unsafe { OwnedHandle::from_raw_handle(token.0) };
    let token = HANDLE(token.as_raw_handle());
    let mut elevation = TOKEN_ELEVATION::default();
    let mut used = 0;
    // SAFETY: the place is as large as this.
    unsafe {
        GetTokenInformation(
            token,
            TokenElevation,
            Some((&raw mut elevation).cast()),
            u32::try_from(size_of::<TOKEN_ELEVATION>()).unwrap_or(0),
            &raw mut used,
        )
    }?;
    // Of the list's alignment.
    let mut list = vec![0_u32; LIST / 4];
    // SAFETY: as above.
    unsafe {
        GetTokenInformation(
            token,
            TokenPrivileges,
            Some(list.as_mut_ptr().cast()),
            u32::try_from(LIST).unwrap_or(0),
            &raw mut used,
        )
    }?;
    let start: *const TOKEN_PRIVILEGES = list.as_ptr().cast();
    // SAFETY: the call put a count and as many entries there, within the buffer.
    let count = unsafe { (*start).PrivilegeCount };
    // SAFETY: as above.
    let entries: *const LUID_AND_ATTRIBUTES = unsafe { &raw const (*start).Privileges }.cast();
    let most = LIST / size_of::<LUID_AND_ATTRIBUTES>() - 1;
    let count = usize::try_from(count).unwrap_or(0).min(most);
    // SAFETY: as above.
    let entries = unsafe { std::slice::from_raw_parts(entries, count) };
    let held = entries.iter().filter_map(name).collect();
    Ok(Privileges { elevated: elevation.TokenIsElevated != 0, held })
}

fn name(privilege: &LUID_AND_ATTRIBUTES) -> Option<String> {
    let mut buffer = [0_u16; LONGEST];
    let mut length = u32::try_from(LONGEST).ok()?;
    // SAFETY: the length is that of the buffer.
    unsafe {
        LookupPrivilegeNameW(
            PCWSTR::null(),
            &raw const privilege.Luid,
            Some(PWSTR(buffer.as_mut_ptr())),
            &raw mut length,
        )
    }
    .ok()?;
    Some(String::from_utf16_lossy(buffer.get(..usize::try_from(length).ok()?)?))
}
