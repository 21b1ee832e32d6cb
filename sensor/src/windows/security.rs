//! Security descriptors of files and services, written as SDDL.
#![expect(unsafe_code, reason = "Windows gives descriptors as memory that its caller frees")]

use std::io;
use std::path::Path;

use windows::Win32::Foundation::{CloseHandle, HANDLE, HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertSidToStringSidW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows::Win32::Security::{
    DACL_SECURITY_INFORMATION, GetTokenInformation, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SetFileSecurityW, TOKEN_QUERY, TOKEN_USER,
    TokenUser,
};
use windows::Win32::System::Services::{SC_HANDLE, SetServiceObjectSecurity};
use windows::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};
use windows::core::{HSTRING, PWSTR};
use windows_service::service::Service;

/// Who owns an object, and who may do what with it.
pub struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    /// Reads a descriptor in the security descriptor definition language.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(sddl: &str) -> io::Result<Self> {
        let mut descriptor = PSECURITY_DESCRIPTOR::default();
        // SAFETY: the text lives through the call, and the descriptor is freed when this value is dropped.
        unsafe {
            ConvertStringSecurityDescriptorToSecurityDescriptorW(
                &HSTRING::from(sddl),
                SDDL_REVISION_1,
                &raw mut descriptor,
                None,
            )
        }?;
        Ok(Self(descriptor))
    }

    /// Gives a file or a folder this owner and this access control list, inheriting nothing from above.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_on_file(&self, path: &Path) -> io::Result<()> {
        let what =
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        // SAFETY: the descriptor lives as long as this value, and the path through the call.
        unsafe { SetFileSecurityW(&HSTRING::from(path), what, self.0) }.ok()?;
        Ok(())
    }

    /// Gives a service this access control list.
    ///
    /// # Errors
    /// When the system refuses; the handle must have been opened with the right to write it (`WRITE_DAC`).
    pub fn set_on_service(&self, service: &Service) -> io::Result<()> {
        let handle = SC_HANDLE(service.raw_handle());
        // SAFETY: the handle is open as long as `service` lives, and the descriptor as long as this value.
        unsafe { SetServiceObjectSecurity(handle, DACL_SECURITY_INFORMATION, self.0) }?;
        Ok(())
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: Windows allocated it with LocalAlloc, and nothing else holds it.
        unsafe { LocalFree(Some(HLOCAL(self.0.0))) };
    }
}

/// The owner of a file or a folder, as SDDL spells it: `O:SY` is the system, `O:BA` the administrators.
///
/// # Errors
/// When the system does not tell.
pub fn owner(path: &Path) -> io::Result<String> {
    let mut descriptor = PSECURITY_DESCRIPTOR::default();
    let what = OWNER_SECURITY_INFORMATION;
    // SAFETY: the path lives through the call, and the descriptor is freed with the value below.
    unsafe {
        GetNamedSecurityInfoW(
            &HSTRING::from(path),
            SE_FILE_OBJECT,
            what,
            None,
            None,
            None,
            None,
            &raw mut descriptor,
        )
    }
    .ok()?;
    let descriptor = Descriptor(descriptor);
    let mut text = PWSTR::null();
    // SAFETY: the descriptor is valid, and the text is freed below.
    unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor.0,
            SDDL_REVISION_1,
            what,
            &raw mut text,
            None,
        )
    }?;
    // SAFETY: the call succeeded, so that this is a text with its end, which Windows has left to us.
    Ok(unsafe { take(text) })
}

/// The security id of the user as whom this process runs, such as `S-1-5-18` for the system.
///
/// # Errors
/// When the system does not tell.
pub fn user() -> io::Result<String> {
    // A user's id has at most 68 bytes (`SECURITY_MAX_SID_SIZE`), and a pointer and a number stand before it.
    let mut buffer = [0_u64; 16];
    let mut length = 0;
    let mut token = HANDLE::default();
    // SAFETY: this process's own pseudo handle is always valid.
    let process = unsafe { GetCurrentProcess() };
    // SAFETY: the handle is valid, and the token is closed below.
    unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) }?;
    let size = u32::try_from(size_of_val(&buffer)).unwrap_or(0);
    // SAFETY: the buffer is as large as is said, and aligned for what is written there.
    let told = unsafe {
        GetTokenInformation(token, TokenUser, Some(buffer.as_mut_ptr().cast()), size, &raw mut length)
    };
    // SAFETY: the token is open and not used any more.
    unsafe { CloseHandle(token) }?;
    told?;
    // SAFETY: the call succeeded, so that a TOKEN_USER stands at the beginning.
    let user = unsafe { buffer.as_ptr().cast::<TOKEN_USER>().read() };
    let mut text = PWSTR::null();
    // SAFETY: the id lies in the buffer, which still lives.
    unsafe { ConvertSidToStringSidW(user.User.Sid, &raw mut text) }?;
    // SAFETY: the call succeeded, so that this is a text with its end, which Windows has left to us.
    Ok(unsafe { take(text) })
}

/// A text that Windows has left to its caller.
///
/// # Safety
/// It must be one with its end, allocated by `LocalAlloc`, and held by nothing else.
unsafe fn take(text: PWSTR) -> String {
    // SAFETY: the caller says so.
    let taken = String::from_utf16_lossy(unsafe { text.as_wide() });
    // SAFETY: the caller says so.
    unsafe { LocalFree(Some(HLOCAL(text.0.cast()))) };
    taken
}
