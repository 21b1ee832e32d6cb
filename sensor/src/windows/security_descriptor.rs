//! Security descriptors as text (Microsoft, "Security Descriptor String Format"), and from it.

#![expect(unsafe_code, reason = "the system is called")]

use std::ffi::c_void;

use windows::Win32::Foundation::{HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW,
    ConvertStringSecurityDescriptorToSecurityDescriptorW, SDDL_REVISION_1,
};
use windows::Win32::Security::{OBJECT_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR};
use windows::core::{HSTRING, PWSTR, Result};

/// Memory that the system gave, and wants back by `LocalFree`.
#[derive(Debug)]
pub(super) struct Local(pub(super) *mut c_void);

impl Drop for Local {
    fn drop(&mut self) {
        // SAFETY: the system gave it for this, and nobody else has it.
        unsafe { LocalFree(Some(HLOCAL(self.0))) };
    }
}

/// The text of a descriptor in self-relative form.
pub(super) fn to_text(descriptor: &mut [u8], parts: OBJECT_SECURITY_INFORMATION) -> Result<String> {
    let mut text = PWSTR::null();
    let descriptor = PSECURITY_DESCRIPTOR(descriptor.as_mut_ptr().cast());
    // SAFETY: the descriptor is one that the system gave, whole; the text is freed below.
    unsafe {
        ConvertSecurityDescriptorToStringSecurityDescriptorW(
            descriptor,
            SDDL_REVISION_1,
            parts,
            &raw mut text,
            None,
        )
    }?;
    let freed_at_the_end = Local(text.0.cast());
    // SAFETY: the system gave a text that ends with a NUL.
    let text = unsafe { text.to_string() }.unwrap_or_default();
    drop(freed_at_the_end);
    Ok(text)
}

/// A descriptor from its text.
pub(super) fn from_text(text: &str) -> Result<Local> {
    let mut descriptor = PSECURITY_DESCRIPTOR::default();
    let text = HSTRING::from(text);
    // SAFETY: the text ends with a NUL; what comes is freed when `Local` goes.
    unsafe {
        ConvertStringSecurityDescriptorToSecurityDescriptorW(
            &text,
            SDDL_REVISION_1,
            &raw mut descriptor,
            None,
        )
    }?;
    Ok(Local(descriptor.0))
}
