//! Who signed a program, by `WinVerifyTrust`: in the file itself, or in a catalog, as most of Windows is.
//!
//! The file is one that is open already: by its path the system would open it in its own way, in which others could not
//! delete it meanwhile, and only where the path has at most 260 characters.

#![expect(unsafe_code, reason = "the system is called")]

mod catalog;

use std::fs::File;
use std::os::windows::io::AsRawHandle as _;
use std::path::Path;

use windows::Win32::Foundation::{
    HANDLE, HWND, TRUST_E_NOSIGNATURE, TRUST_E_PROVIDER_UNKNOWN, TRUST_E_SUBJECT_FORM_UNKNOWN,
};
use windows::Win32::Security::Cryptography::{CERT_NAME_SIMPLE_DISPLAY_TYPE, CertGetNameStringW};
use windows::Win32::Security::WinTrust::{
    WINTRUST_ACTION_GENERIC_VERIFY_V2, WINTRUST_DATA, WINTRUST_DATA_0, WINTRUST_DATA_UNION_CHOICE,
    WINTRUST_FILE_INFO, WTD_CACHE_ONLY_URL_RETRIEVAL, WTD_CHOICE_FILE, WTD_REVOKE_NONE,
    WTD_STATEACTION_CLOSE, WTD_STATEACTION_VERIFY, WTD_UI_NONE, WTHelperGetProvSignerFromChain,
    WTHelperProvDataFromStateData, WinVerifyTrust,
};
use windows::core::{HRESULT, HSTRING, PCWSTR};

/// The longest name of a signer, in characters.
const LONGEST: usize = 256;

/// What the system says of a program's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// It is good, and whose it is.
    Good(Option<String>),
    /// There is none, neither in the file nor in a catalog.
    None,
    /// It is there and not good: the error's number.
    Bad(u32),
}

/// Looks at the signature of a file, which is that at `path`. Nothing is asked for over the network.
pub(super) fn check(file: &File, path: &Path) -> Signature {
    match embedded(file, path) {
        Signature::None => catalog::check(file, path).unwrap_or(Signature::None),
        signature => signature,
    }
}

/// The signature in the file itself.
fn embedded(file: &File, path: &Path) -> Signature {
    let (file, path) = (HANDLE(file.as_raw_handle()), HSTRING::from(path));
    let mut file = WINTRUST_FILE_INFO {
        cbStruct: u32::try_from(size_of::<WINTRUST_FILE_INFO>()).unwrap_or(0),
        pcwszFilePath: PCWSTR(path.as_ptr()),
        hFile: file,
        ..WINTRUST_FILE_INFO::default()
    };
    verify(WTD_CHOICE_FILE, WINTRUST_DATA_0 { pFile: &raw mut file })
}

/// Verifies what `what` points to, which has to outlive the call.
fn verify(choice: WINTRUST_DATA_UNION_CHOICE, what: WINTRUST_DATA_0) -> Signature {
    let mut data = WINTRUST_DATA {
        cbStruct: u32::try_from(size_of::<WINTRUST_DATA>()).unwrap_or(0),
        dwUIChoice: WTD_UI_NONE,
        fdwRevocationChecks: WTD_REVOKE_NONE,
        dwUnionChoice: choice,
        Anonymous: what,
        dwStateAction: WTD_STATEACTION_VERIFY,
        dwProvFlags: WTD_CACHE_ONLY_URL_RETRIEVAL,
        ..WINTRUST_DATA::default()
    };
    let result = call(&mut data);
    let signature = match HRESULT(result) {
        code if code.is_ok() => Signature::Good(signer(&data)),
        // The last two tell of a file that is no program at all.
        TRUST_E_NOSIGNATURE | TRUST_E_SUBJECT_FORM_UNKNOWN | TRUST_E_PROVIDER_UNKNOWN => Signature::None,
        code => Signature::Bad(super::fault::number(code)),
    };
    data.dwStateAction = WTD_STATEACTION_CLOSE;
    call(&mut data);
    signature
}

fn call(data: &mut WINTRUST_DATA) -> i32 {
    let mut action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    let data: *mut WINTRUST_DATA = data;
    // SAFETY: what the data points to outlives the call, and no window is passed.
    unsafe { WinVerifyTrust(HWND::default(), &raw mut action, data.cast()) }
}

/// The name in the signer's certificate; `data` is that of a verification that is still open.
fn signer(data: &WINTRUST_DATA) -> Option<String> {
    // SAFETY: the state is that of an open verification.
    let provider = unsafe { WTHelperProvDataFromStateData(data.hWVTStateData) };
    if provider.is_null() {
        return None;
    }
    // SAFETY: the provider's data is there, and lives until the verification is closed.
    let signer = unsafe { WTHelperGetProvSignerFromChain(provider, 0, false, 0) };
    // SAFETY: as above.
    let signer = unsafe { signer.as_ref() }?;
    // SAFETY: a signer's chain begins with its own certificate, where it has one.
    let certificate = unsafe { signer.pasCertChain.as_ref() }?;
    let mut name = [0_u16; LONGEST];
    // SAFETY: the certificate lives until the verification is closed, and the buffer's length goes with it.
    let length = unsafe {
        CertGetNameStringW(certificate.pCert, CERT_NAME_SIMPLE_DISPLAY_TYPE, 0, None, Some(&mut name))
    };
    let text = name.get(..usize::try_from(length).ok()?.saturating_sub(1))?;
    (!text.is_empty()).then(|| String::from_utf16_lossy(text))
}
