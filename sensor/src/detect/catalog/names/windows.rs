//! Names of programs that Windows brings along.

/// Programs of Windows that run from its System32 directory alone, apart from explorer.
pub(crate) const PROGRAMS: &[&str] = &[
    "svchost.exe",
    "lsass.exe",
    "services.exe",
    "csrss.exe",
    "winlogon.exe",
    "smss.exe",
    "spoolsv.exe",
    "wininit.exe",
    "taskhostw.exe",
    "dllhost.exe",
    "conhost.exe",
    "lsm.exe",
    "sihost.exe",
    "dwm.exe",
    "ntoskrnl.exe",
    "userinit.exe",
];
