//! What the audit is told to log.

#![expect(unsafe_code, reason = "the system is called")]

use windows::Win32::Security::Authentication::Identity::{
    AUDIT_POLICY_INFORMATION, AuditFree, AuditQuerySystemPolicy,
};
use windows::core::{Error, GUID, Result};

/// A kind of records, and what they are good for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subcategory {
    /// Its name as `auditpol` writes it in English.
    pub(super) name: &'static str,
    /// What is not seen while it is off, as a sentence.
    pub(super) blind: &'static str,
    id: GUID,
}

/// Subcategories by their ids (ntsecapi.h, `Audit_*`).
pub(super) const SUBCATEGORIES: [Subcategory; 6] = [
    Subcategory {
        name: "Security System Extension",
        blind: "installations are not audited (4697): their client process and session are unknown",
        id: GUID::from_u128(0x0cce9211_69ae_11d9_bed3_505054503030),
    },
    Subcategory {
        name: "Logon",
        blind: "logons are not audited (4624): where a session comes from is unknown",
        id: GUID::from_u128(0x0cce9215_69ae_11d9_bed3_505054503030),
    },
    Subcategory {
        name: "Process Creation",
        blind: "process starts are not audited (4688): command lines are unknown",
        id: GUID::from_u128(0x0cce922b_69ae_11d9_bed3_505054503030),
    },
    Subcategory {
        name: "Registry",
        blind: "writes to services' keys are not audited (4657), even where a key asks for it",
        id: GUID::from_u128(0x0cce921e_69ae_11d9_bed3_505054503030),
    },
    Subcategory {
        name: "Handle Manipulation",
        blind: "handles to services are not audited (4656): who may have started or changed one is unknown",
        id: GUID::from_u128(0x0cce9223_69ae_11d9_bed3_505054503030),
    },
    Subcategory {
        name: "Detailed File Share",
        blind: "use of the SCM's pipe from other hosts is not audited (5145)",
        id: GUID::from_u128(0x0cce9244_69ae_11d9_bed3_505054503030),
    },
];

/// `POLICY_AUDIT_EVENT_SUCCESS` (ntsecapi.h).
const SUCCESS: u32 = 1;

/// Whether successes of each of [`SUBCATEGORIES`] are logged.
pub(super) fn successes() -> Result<Vec<bool>> {
    let ids = SUBCATEGORIES.map(|subcategory| subcategory.id);
    let mut policy: *mut AUDIT_POLICY_INFORMATION = std::ptr::null_mut();
    // SAFETY: the ids live until after the call; what comes is freed below.
    let told = unsafe { AuditQuerySystemPolicy(&ids, &raw mut policy) };
    if !told || policy.is_null() {
        return Err(Error::from_thread());
    }
    // SAFETY: the call gave one entry for each id.
    let entries = unsafe { std::slice::from_raw_parts(policy, ids.len()) };
    let successes = entries.iter().map(|entry| entry.AuditingInformation & SUCCESS != 0).collect();
    // SAFETY: the system gave it for this.
    unsafe { AuditFree(policy.cast()) };
    Ok(successes)
}
