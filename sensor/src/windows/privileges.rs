//! Which rights this process has.

#![expect(unsafe_code, reason = "the system is called")]

use windows::Win32::Security::{
    GetTokenInformation, LUID_AND_ATTRIBUTES, LookupPrivilegeNameW, TOKEN_ELEVATION, TOKEN_PRIVILEGES,
    TokenElevation, TokenPrivileges,
};
use windows::core::{PCWSTR, PWSTR, Result};

use super::token::Token;

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
    let own = Token::own()?;
    let token = own.handle();
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
