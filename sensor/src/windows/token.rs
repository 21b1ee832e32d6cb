//! The access token of a process: as whom it runs, and in which session of logging on.

#![expect(unsafe_code, reason = "the system is called")]

use std::os::windows::io::{AsRawHandle as _, FromRawHandle as _, OwnedHandle};

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Security::Authorization::ConvertSidToStringSidW;
use windows::Win32::Security::{
    GetTokenInformation, TOKEN_INFORMATION_CLASS, TOKEN_QUERY, TOKEN_STATISTICS, TOKEN_USER, TokenStatistics,
    TokenUser,
};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows::core::{PWSTR, Result};

use super::security;

/// A token, open to be asked.
#[derive(Debug)]
pub(super) struct Token(OwnedHandle);

impl Token {
    /// That of this process.
    pub(super) fn own() -> Result<Self> {
        // SAFETY: it always gives the same handle, which needs not be closed.
        Self::of(unsafe { GetCurrentProcess() })
    }

    /// That of a process which is open with the right to be asked for little (`PROCESS_QUERY_LIMITED_INFORMATION`).
    pub(super) fn of(process: HANDLE) -> Result<Self> {
        let mut token = HANDLE::default();
        // SAFETY: the caller holds the process open, and `token` takes the handle.
        unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) }?;
        // SAFETY: the handle was just opened, and nobody else has it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(token.0) }))
    }

    /// The handle, which lives as long as the token.
    pub(super) fn handle(&self) -> HANDLE {
        HANDLE(self.0.as_raw_handle())
    }

    /// The security id of the user, such as `S-1-5-18` for the system.
    pub(super) fn user(&self) -> Result<String> {
        // A user's id has at most 68 bytes (`SECURITY_MAX_SID_SIZE`), and a pointer and a number stand before it.
        let mut buffer = [0_u64; 16];
        self.ask(TokenUser, &mut buffer)?;
        // SAFETY: the call succeeded, so that a TOKEN_USER stands at the beginning.
        let user = unsafe { buffer.as_ptr().cast::<TOKEN_USER>().read() };
        let mut text = PWSTR::null();
        // SAFETY: the id lies in the buffer, which still lives.
        unsafe { ConvertSidToStringSidW(user.User.Sid, &raw mut text) }?;
        // SAFETY: the call succeeded, so that this is a text with its end, which Windows has left to us.
        Ok(unsafe { security::take(text) })
    }

    /// The number of the session that began when the user logged on, by which records of the Security log name it.
    pub(super) fn logon_id(&self) -> Result<u64> {
        let mut buffer = [0_u64; size_of::<TOKEN_STATISTICS>().div_ceil(8)];
        self.ask(TokenStatistics, &mut buffer)?;
        // SAFETY: the call succeeded, so that a TOKEN_STATISTICS stands at the beginning.
        let id = unsafe { buffer.as_ptr().cast::<TOKEN_STATISTICS>().read() }.AuthenticationId;
        Ok(u64::from(id.HighPart.cast_unsigned()) << 32 | u64::from(id.LowPart))
    }

    fn ask(&self, what: TOKEN_INFORMATION_CLASS, buffer: &mut [u64]) -> Result<()> {
        let (size, mut length) = (u32::try_from(size_of_val(buffer)).unwrap_or(0), 0);
        let start = buffer.as_mut_ptr().cast();
        // SAFETY: the token is open, and the buffer as large as is said and aligned for what is written there.
        unsafe { GetTokenInformation(self.handle(), what, Some(start), size, &raw mut length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_as_somebody() {
        let token = Token::own().unwrap();
        assert!(token.user().unwrap().starts_with("S-1-5-"));
        assert!(token.logon_id().is_ok());
    }
}
