//! Keys of the registry: reading them whole, and hearing that they change.
//!
//! Keys change while they are read, and whoever may write them may try to confuse a reader: sizes are never taken from an
//! earlier call.

#![expect(unsafe_code, reason = "the system is called")]

use std::ffi::{OsStr, OsString};
use std::os::windows::ffi::OsStringExt as _;

use windows::Win32::Foundation::{
    ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, ERROR_SUCCESS, FILETIME, HANDLE, WIN32_ERROR,
};
use windows::Win32::Security::{DACL_SECURITY_INFORMATION, OWNER_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR};
use windows::Win32::System::Registry::{
    HKEY, HKEY_LOCAL_MACHINE, KEY_READ, REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME,
    REG_NOTIFY_CHANGE_SECURITY, REG_NOTIFY_THREAD_AGNOSTIC, RegCloseKey, RegEnumKeyExW, RegEnumValueW,
    RegGetKeySecurity, RegNotifyChangeKeyValue, RegOpenKeyExW, RegQueryInfoKeyW,
};
use windows::core::{Error, HSTRING, PWSTR, Result};

use super::security;

/// The longest name of a value in characters, with its NUL (Microsoft, "Registry Element Size Limits").
const VALUE_NAME: usize = 16_384;
/// The longest name of a key in characters, with its NUL.
const KEY_NAME: usize = 256;
/// The largest value that is read; settings of services are far smaller.
const MOST_DATA: usize = 1 << 20;
/// How many keys or values are read below one key.
const MOST: u32 = 65_536;

/// A value: its name, type and bytes.
pub(super) type Value = (String, u32, Vec<u8>);

/// An open key.
#[derive(Debug)]
pub(super) struct Key(HKEY);

// SAFETY: a key's handle belongs to the process and may be used by any thread.
unsafe impl Send for Key {}

impl Key {
    /// Opens a key below `HKEY_LOCAL_MACHINE` for reading.
    pub(super) fn open(path: &str) -> Result<Self> {
        Self(HKEY_LOCAL_MACHINE).open_below_and_forget(path)
    }

    /// Opens a key below this one for reading.
    pub(super) fn open_below(&self, path: impl AsRef<OsStr>) -> Result<Self> {
        let mut key = HKEY::default();
        // SAFETY: the parent is open or predefined, the path ends with a NUL, and `key` takes the handle.
        let result =
            unsafe { RegOpenKeyExW(self.0, &HSTRING::from(path.as_ref()), None, KEY_READ, &raw mut key) };
        result.ok()?;
        Ok(Self(key))
    }

    fn open_below_and_forget(self, path: &str) -> Result<Self> {
        let opened = self.open_below(path);
        // A predefined handle is not closed.
        std::mem::forget(self);
        opened
    }

    /// The names of the keys below it, which need not be Unicode.
    pub(super) fn subkeys(&self) -> Result<Vec<OsString>> {
        let mut names = Vec::new();
        let mut buffer = [0_u16; KEY_NAME];
        for index in 0..MOST {
            let mut length = u32::try_from(buffer.len()).unwrap_or(0);
            let name = PWSTR(buffer.as_mut_ptr());
            // SAFETY: `length` is that of the buffer.
            let result =
                unsafe { RegEnumKeyExW(self.0, index, Some(name), &raw mut length, None, None, None, None) };
            match result {
                ERROR_SUCCESS => names.push(OsString::from_wide(filled(&buffer, length))),
                ERROR_NO_MORE_ITEMS => break,
                // A longer name than there can be is nobody's service.
                ERROR_MORE_DATA => {}
                other => return Err(failed(other)),
            }
        }
        Ok(names)
    }

    /// All values, but those that are larger than any setting.
    pub(super) fn values(&self) -> Result<Vec<Value>> {
        let mut values = Vec::new();
        let mut name = vec![0_u16; VALUE_NAME];
        let mut data = vec![0_u8; 4096];
        let mut index = 0;
        while index < MOST {
            let mut name_length = u32::try_from(name.len()).unwrap_or(0);
            let mut length = u32::try_from(data.len()).unwrap_or(0);
            let mut kind = 0;
            // SAFETY: both lengths are those of their buffers.
            let result = unsafe {
                RegEnumValueW(
                    self.0,
                    index,
                    Some(PWSTR(name.as_mut_ptr())),
                    &raw mut name_length,
                    None,
                    Some(&raw mut kind),
                    Some(data.as_mut_ptr()),
                    Some(&raw mut length),
                )
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            match result {
                ERROR_SUCCESS => {
                    let bytes = data.get(..length).unwrap_or_default().to_vec();
                    let name = String::from_utf16_lossy(filled(&name, name_length));
                    values.push((name, kind, bytes));
                }
                ERROR_NO_MORE_ITEMS => break,
                ERROR_MORE_DATA if data.len() < MOST_DATA => {
                    data.resize((data.len() * 2).max(length).min(MOST_DATA), 0);
                    continue;
                }
                ERROR_MORE_DATA => {}
                other => return Err(failed(other)),
            }
            index += 1;
        }
        Ok(values)
    }

    /// When it was last written to, in units of 100 ns since 1601.
    pub(super) fn last_write(&self) -> Result<u64> {
        let mut time = FILETIME::default();
        // SAFETY: only the time is asked for.
        let result = unsafe {
            RegQueryInfoKeyW(
                self.0,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                None,
                Some(&raw mut time),
            )
        };
        result.ok()?;
        Ok(u64::from(time.dwHighDateTime) << 32 | u64::from(time.dwLowDateTime))
    }

    /// Who owns it and who may do what with it, as text.
    pub(super) fn permissions(&self) -> Result<String> {
        let parts = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
        // Of a descriptor's alignment.
        let mut descriptor = vec![0_u32; 256];
        loop {
            let mut length = u32::try_from(size_of_val(descriptor.as_slice())).unwrap_or(0);
            let place = PSECURITY_DESCRIPTOR(descriptor.as_mut_ptr().cast());
            // SAFETY: `length` is that of the buffer.
            let result = unsafe { RegGetKeySecurity(self.0, parts, Some(place), &raw mut length) };
            let needed = usize::try_from(length).unwrap_or(usize::MAX);
            let too_small = matches!(result, ERROR_MORE_DATA)
                || result == windows::Win32::Foundation::ERROR_INSUFFICIENT_BUFFER;
            if too_small && needed > size_of_val(descriptor.as_slice()) && needed <= MOST_DATA {
                descriptor.resize(needed.div_ceil(4), 0);
                continue;
            }
            result.ok()?;
            return security::to_text(&mut descriptor, parts);
        }
    }

    /// Sets `event` once when a value, a name below it or its permissions change, or when it is deleted. The request stays
    /// when the thread that made it ends.
    pub(super) fn notify(&self, event: HANDLE, subtree: bool) -> Result<()> {
        let filter = REG_NOTIFY_CHANGE_NAME
            | REG_NOTIFY_CHANGE_LAST_SET
            | REG_NOTIFY_CHANGE_SECURITY
            | REG_NOTIFY_THREAD_AGNOSTIC;
        // SAFETY: key and event are open; the kernel holds both for as long as it needs them.
        unsafe { RegNotifyChangeKeyValue(self.0, subtree, filter, Some(event), true) }.ok()
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and nobody else has it.
        let _closed = unsafe { RegCloseKey(self.0) };
    }
}

fn failed(code: WIN32_ERROR) -> Error {
    Error::from_hresult(code.to_hresult())
}

/// The part of a buffer that the system wrote.
fn filled(buffer: &[u16], length: u32) -> &[u16] {
    buffer.get(..usize::try_from(length).unwrap_or(0)).unwrap_or_default()
}
