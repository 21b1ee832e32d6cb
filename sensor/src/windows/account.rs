//! Names of accounts.

#![expect(unsafe_code, reason = "the system is called")]

use std::collections::HashMap;

use windows::Win32::Security::Authorization::ConvertStringSidToSidW;
use windows::Win32::Security::{LookupAccountSidW, PSID, SID_NAME_USE};
use windows::core::{HSTRING, PCWSTR, PWSTR};

use super::security::Local;

/// How many names are remembered.
const REMEMBERED: usize = 4096;
/// The longest name of an account or domain, in characters with the NUL (lmcons.h has 256 and 15).
const LONGEST: usize = 512;

/// Names of accounts that were asked for; a domain's controller is asked once only.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    names: HashMap<String, Option<String>>,
}

impl Accounts {
    /// The account with this security id, as `DOMAIN\name`.
    pub(super) fn name(&mut self, sid: &str) -> Option<String> {
        if let Some(known) = self.names.get(sid) {
            return known.clone();
        }
        if self.names.len() >= REMEMBERED {
            self.names.clear();
        }
        let name = look_up(sid);
        self.names.insert(sid.to_owned(), name.clone());
        name
    }
}

fn look_up(text: &str) -> Option<String> {
    let mut sid = PSID::default();
    // SAFETY: the text ends with a NUL; what comes is freed when `Local` goes.
    unsafe { ConvertStringSidToSidW(&HSTRING::from(text), &raw mut sid) }.ok()?;
    let held = Local(sid.0);
    let (mut name, mut domain) = ([0_u16; LONGEST], [0_u16; LONGEST]);
    let mut name_length = u32::try_from(LONGEST).ok()?;
    let mut domain_length = name_length;
    let mut kind = SID_NAME_USE::default();
    // SAFETY: the id is one that the system made, and both lengths are those of their buffers.
    let found = unsafe {
        LookupAccountSidW(
            PCWSTR::null(),
            sid,
            Some(PWSTR(name.as_mut_ptr())),
            &raw mut name_length,
            Some(PWSTR(domain.as_mut_ptr())),
            &raw mut domain_length,
            &raw mut kind,
        )
    };
    drop(held);
    found.ok()?;
    let text = |buffer: &[u16], length: u32| {
        Some(String::from_utf16_lossy(buffer.get(..usize::try_from(length).ok()?)?))
    };
    let (name, domain) = (text(&name, name_length)?, text(&domain, domain_length)?);
    Some(if domain.is_empty() { name } else { format!(r"{domain}\{name}") })
}
