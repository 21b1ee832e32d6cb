//! Errors of the system, in words.

use windows::Win32::Foundation::WIN32_ERROR;
use windows::core::{Error, HRESULT};

/// An error of Windows in words, with its number, by which it is found in any language.
pub(super) fn words(error: &Error) -> String {
    let code = number(error.code());
    let text = error.message();
    let text = text.trim().trim_end_matches('.');
    if error.code().is_ok() {
        return "the call failed and set no error".to_owned();
    }
    if text.is_empty() { format!("error {code}") } else { format!("{text} (error {code})") }
}

/// The Win32 error that an `HRESULT` wraps, else the whole of it.
pub(super) fn number(code: HRESULT) -> u32 {
    let code = code.0.cast_unsigned();
    if code >> 16 == 0x8007 { code & 0xffff } else { code }
}

/// An error as the standard library has it, which knows Win32 errors only by their own numbers.
pub(super) fn io(error: &Error) -> std::io::Error {
    std::io::Error::from_raw_os_error(number(error.code()).cast_signed())
}

/// Whether an error is this one.
pub(super) fn is(error: &Error, code: WIN32_ERROR) -> bool {
    error.code() == code.to_hresult()
}
