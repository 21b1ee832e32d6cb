//! Security descriptors of files and services, written as SDDL.
#![expect(unsafe_code, reason = "Windows gives descriptors as memory that its caller frees")]

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::windows::io::FromRawHandle as _;
use std::path::Path;

use windows::Win32::Foundation::{HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, GetNamedSecurityInfoW, SDDL_REVISION_1,
    SE_FILE_OBJECT,
};
use windows::Win32::Security::{
    DACL_SECURITY_INFORMATION, OBJECT_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES, SetFileSecurityW,
};
use windows::Win32::Storage::FileSystem::{
    CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ATTRIBUTE_NORMAL, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
    FILE_SHARE_DELETE, FILE_SHARE_READ, FILE_SHARE_WRITE,
};
use windows::Win32::System::Services::{SC_HANDLE, SetServiceObjectSecurity};
use windows::core::{HSTRING, PWSTR};
use windows_service::service::Service;

use super::token::Token;

/// Memory that Windows has left to its caller, who frees it by `LocalFree`.
#[derive(Debug)]
pub(super) struct Local(pub(super) *mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: Windows allocated it with LocalAlloc, and nothing else holds it.
        unsafe { LocalFree(Some(HLOCAL(self.0))) };
    }
}

/// Who owns an object, and who may do what with it.
pub struct Descriptor(Local);

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
        Ok(Self(Local(descriptor.0)))
    }

    fn raw(&self) -> PSECURITY_DESCRIPTOR {
        PSECURITY_DESCRIPTOR(self.0.0)
    }

    /// Makes a folder that has this owner and this access control list from the beginning.
    ///
    /// # Errors
    /// When the system refuses: also when something of this name is there already.
    pub(super) fn make_folder(&self, path: &Path) -> windows::core::Result<()> {
        let attributes = self.attributes();
        // SAFETY: the descriptor lives as long as this value, the path and the attributes through the call.
        unsafe { CreateDirectoryW(&HSTRING::from(path), Some(&raw const attributes)) }
    }

    /// Makes a file that has this access control list from the beginning, open to be read and written by its user and to be
    /// moved and deleted by others meanwhile.
    ///
    /// # Errors
    /// When the system refuses: also when something of this name is there already.
    pub(super) fn make_file(&self, path: &Path) -> windows::core::Result<File> {
        let attributes = self.attributes();
        // SAFETY: the descriptor lives as long as this value, the path and the attributes through the call.
        let handle = unsafe {
            CreateFileW(
                &HSTRING::from(path),
                FILE_GENERIC_READ.0 | FILE_GENERIC_WRITE.0,
                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                Some(&raw const attributes),
                CREATE_NEW,
                FILE_ATTRIBUTE_NORMAL,
                None,
            )
        }?;
        // SAFETY: the handle was just opened, and nobody else has it.
        Ok(unsafe { File::from_raw_handle(handle.0) })
    }

    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: u32::try_from(size_of::<SECURITY_ATTRIBUTES>()).unwrap_or(0),
            lpSecurityDescriptor: self.0.0,
            ..SECURITY_ATTRIBUTES::default()
        }
    }

    /// Gives a file or a folder this owner and this access control list, inheriting nothing from above.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_on_file(&self, path: &Path) -> io::Result<()> {
        let what =
            OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
        // SAFETY: the descriptor lives as long as this value, and the path through the call.
        unsafe { SetFileSecurityW(&HSTRING::from(path), what, self.raw()) }.ok()?;
        Ok(())
    }

    /// Gives a service this access control list.
    ///
    /// # Errors
    /// When the system refuses; the handle must have been opened with the right to write it (`WRITE_DAC`).
    pub fn set_on_service(&self, service: &Service) -> io::Result<()> {
        let handle = SC_HANDLE(service.raw_handle());
        // SAFETY: the handle is open as long as `service` lives, and the descriptor as long as this value.
        unsafe { SetServiceObjectSecurity(handle, DACL_SECURITY_INFORMATION, self.raw()) }?;
        Ok(())
    }
}

/// A descriptor in self-relative form as text, as far as these parts of it go.
///
/// # Errors
/// When it is none.
pub(super) fn to_text(
    descriptor: &mut [u32],
    parts: OBJECT_SECURITY_INFORMATION,
) -> windows::core::Result<String> {
    text_of(PSECURITY_DESCRIPTOR(descriptor.as_mut_ptr().cast()), parts)
}

fn text_of(
    descriptor: PSECURITY_DESCRIPTOR,
    parts: OBJECT_SECURITY_INFORMATION,
) -> windows::core::Result<String> {
    let mut text = PWSTR::null();
    // SAFETY: the callers hold a whole descriptor that Windows gave; the text is taken below.
    unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            parts,
            &raw mut text,
            None,
        )
    }?;
    // SAFETY: the call succeeded, so that this is a text with its end, which Windows has left to us.
    Ok(unsafe { take(text) })
}

/// The owner of a file or a folder, as SDDL spells it: `O:SY` is the system, `O:BA` the administrators.
///
/// # Errors
/// When the system does not tell.
pub fn owner(path: &Path) -> io::Result<String> {
    of_file(path, OWNER_SECURITY_INFORMATION)
}

/// Who may do what with a file or a folder, as SDDL spells it.
///
/// # Errors
/// When the system does not tell.
#[cfg(test)]
pub(super) fn permissions(path: &Path) -> io::Result<String> {
    of_file(path, DACL_SECURITY_INFORMATION)
}

fn of_file(path: &Path, what: OBJECT_SECURITY_INFORMATION) -> io::Result<String> {
    let mut descriptor = PSECURITY_DESCRIPTOR::default();
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
    let descriptor = Descriptor(Local(descriptor.0));
    Ok(text_of(descriptor.raw(), what)?)
}

/// The security id of the user as whom this process runs, such as `S-1-5-18` for the system.
///
/// # Errors
/// When the system does not tell.
pub fn user() -> io::Result<String> {
    Ok(Token::own()?.user()?)
}

/// A text that Windows has left to its caller.
///
/// # Safety
/// It must be one with its end, allocated by `LocalAlloc`, and held by nothing else.
pub(super) unsafe fn take(text: PWSTR) -> String {
    let _freed_at_the_end = Local(text.0.cast());
    // SAFETY: the caller says so.
    String::from_utf16_lossy(unsafe { text.as_wide() })
}
