//! Places of a Windows system from which no service should run.

use crate::detect::text::{base_name, without_suffix};
use crate::model::finding::Severity;

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Another machine's share, or this one's by its network name.
    Share,
    /// An administrative share.
    AdminShare,
    /// The recycle bin.
    RecycleBin,
    /// The public user's directories.
    Public,
    /// A directory for temporary files.
    Temporary,
    /// A user's application data.
    AppData,
    /// Elsewhere in a user's profile.
    Profile,
    /// `ProgramData` itself, or another directory in which everybody may make files.
    ProgramData,
    /// A directory of Windows that holds no programs.
    OddWindows,
    /// The root of a drive.
    DriveRoot,
    /// Windows' own directory, under a name that looks made up at random.
    RandomName,
    /// No place at all: a bare name, which is searched for.
    Bare,
}

/// Directories that Windows brings along and that hold no programs of services.
const ODD: &[&str] = &[
    r"\windows\fonts\",
    r"\windows\debug\",
    r"\windows\help\",
    r"\windows\tasks\",
    r"\windows\tracing\",
    r"\windows\cursors\",
    r"\windows\media\",
    r"\windows\web\",
    r"\windows\repair\",
    r"\windows\addins\",
    r"\windows\inf\",
    r"\windows\system32\tasks\",
    r"\windows\system32\spool\drivers\color\",
    r"\windows\registration\crmlog\",
    r"\perflogs\",
    r"\intel\logs\",
    r"\windows\wbem\",
    r"\windows\security\",
];

/// Directories below the odd ones that hold ordinary programs all the same.
const ORDINARY: &[&str] = &[
    r"\programdata\microsoft\windows defender\",
    r"\windows\temp\{",
    r"\programdata\microsoft\",
    r"\windows\softwaredistribution\",
];

impl Place {
    /// What is wrong with a program's path; `None` when nothing is.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = normal(path);
        if ORDINARY.iter().any(|directory| path.contains(directory)) && !path.starts_with(r"\\") {
            return None;
        }
        if path.contains(r"\admin$\") || path.contains(r"\ipc$\") || is_drive_share(&path) {
            return Some(Self::AdminShare);
        }
        if path.starts_with(r"\\") {
            return Some(Self::Share);
        }
        for (part, place) in [
            (r"\$recycle.bin\", Self::RecycleBin),
            (r"\recycler\", Self::RecycleBin),
            (r"\users\public\", Self::Public),
            (r"%public%", Self::Public),
            (r"\windows\temp\", Self::Temporary),
            (r"\local\temp\", Self::Temporary),
            (r"\local settings\temp\", Self::Temporary),
            (r"%temp%", Self::Temporary),
            (r"%tmp%", Self::Temporary),
            (r":\temp\", Self::Temporary),
            (r":\tmp\", Self::Temporary),
            (r"\appdata\", Self::AppData),
            (r"%appdata%", Self::AppData),
            (r"%localappdata%", Self::AppData),
            (r"\application data\", Self::AppData),
            (r"\users\", Self::Profile),
            (r"%userprofile%", Self::Profile),
            (r"\documents and settings\", Self::Profile),
        ] {
            if path.contains(part) {
                return Some(place);
            }
        }
        if ODD.iter().any(|directory| path.contains(directory)) {
            return Some(Self::OddWindows);
        }
        let directory = path.rsplit_once('\\').map_or("", |(directory, _)| directory);
        let name = without_suffix(base_name(&path), ".exe");
        if matches!(directory, r"c:\programdata" | "%programdata%" | "%allusersprofile%") {
            return Some(Self::ProgramData);
        }
        if directory.len() == 2 && directory.ends_with(':') {
            return Some(Self::DriveRoot);
        }
        let in_windows = matches!(directory, r"c:\windows" | r"c:\winnt" | r"c:\windows\system32");
        (in_windows && looks_random(name)).then_some(Self::RandomName)
    }

    /// How bad it is that a service runs from there.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::Share | Self::AdminShare | Self::RecycleBin | Self::Public => Severity::High,
            Self::Temporary
            | Self::AppData
            | Self::Profile
            | Self::ProgramData
            | Self::OddWindows
            | Self::DriveRoot
            | Self::RandomName => Severity::Medium,
            Self::Bare => Severity::Low,
        }
    }

    /// What it is, within a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Share => "a network share",
            Self::AdminShare => "an administrative share",
            Self::RecycleBin => "the recycle bin",
            Self::Public => "the public user's directories",
            Self::Temporary => "a directory for temporary files",
            Self::AppData => "a user's application data",
            Self::Profile => "a user's profile",
            Self::ProgramData => "the top of ProgramData, where everybody may make files",
            Self::OddWindows => "a directory of Windows that holds no programs",
            Self::DriveRoot => "the root of a drive",
            Self::RandomName => "Windows' own directory, under a name that looks made up at random",
            Self::Bare => "no certain place, as a bare name is searched for",
        }
    }
}

/// The path in lower case with backslashes, without the prefixes of devices, and with Windows' directory in its usual
/// place.
pub(crate) fn normal(path: &str) -> String {
    let mut path = path.trim().trim_matches('"').replace('/', "\\").to_ascii_lowercase();
    for prefix in [r"\\?\unc\", r"\??\unc\"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            path = format!(r"\\{rest}");
        }
    }
    for prefix in [r"\??\", r"\\?\", r"\\.\globalroot"] {
        if let Some(rest) = path.strip_prefix(prefix) {
            path = rest.to_owned();
        }
    }
    for (variable, directory) in [
        ("%systemroot%", r"c:\windows"),
        ("%windir%", r"c:\windows"),
        ("%systemdrive%", "c:"),
        (r"\systemroot\", r"c:\windows\"),
        ("%programfiles%", r"c:\program files"),
        ("%programfiles(x86)%", r"c:\program files (x86)"),
        ("%programdata%", r"c:\programdata"),
        (r"system32\", r"c:\windows\system32\"),
        (r"syswow64\", r"c:\windows\syswow64\"),
    ] {
        if let Some(rest) = path.strip_prefix(variable) {
            path = format!("{directory}{rest}");
            break;
        }
    }
    path
}

/// Whether a path lies where installers put programs: Windows' own directories or Program Files.
pub(crate) fn is_ordinary(path: &str) -> bool {
    let path = normal(path);
    [r":\windows\", r":\program files\", r":\program files (x86)\", r":\programdata\microsoft\"]
        .iter()
        .any(|directory| path.get(1..).is_some_and(|rest| rest.starts_with(directory)))
        && Place::of(&path).is_none()
}

/// Whether a path begins with the share of a whole drive: `\\host\c$\`.
fn is_drive_share(path: &str) -> bool {
    let Some(rest) = path.strip_prefix(r"\\") else { return false };
    let share = rest.split('\\').nth(1).unwrap_or_default();
    share.len() == 2 && share.ends_with('$')
}

/// Whether a name looks like those that remote-execution tools make up: eight letters, with both cases mixed or hardly
/// a vowel; or seven hexadecimal digits.
pub(crate) fn looks_random(name: &str) -> bool {
    let letters = name.bytes().all(|byte| byte.is_ascii_alphabetic());
    if letters && name.len() == 8 {
        let vowels = name.bytes().filter(|byte| b"aeiouyAEIOUY".contains(byte)).count();
        return vowels <= 1;
    }
    name.len() == 7
        && name.bytes().all(|byte| byte.is_ascii_hexdigit())
        && name.bytes().any(|byte| byte.is_ascii_digit())
        && name.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_places() {
        for (path, expected) in [
            (r"\\127.0.0.1\ADMIN$\a1b2c3d.exe", Some(Place::AdminShare)),
            (r"\\10.0.0.5\C$\x.exe", Some(Place::AdminShare)),
            (r"\\server\tools\x.exe", Some(Place::Share)),
            (r"\??\UNC\server\tools\x.sys", Some(Place::Share)),
            (r"C:\Users\Public\x.exe", Some(Place::Public)),
            (r"C:\Users\user\AppData\Local\Temp\x.exe", Some(Place::Temporary)),
            (r"C:\Users\user\AppData\Roaming\x.exe", Some(Place::AppData)),
            (r"C:\Users\user\Desktop\x.sys", Some(Place::Profile)),
            (r"C:\$Recycle.Bin\x.exe", Some(Place::RecycleBin)),
            (r"C:\ProgramData\x.exe", Some(Place::ProgramData)),
            (r"C:\ProgramData\Vendor\x.exe", None),
            (r"C:\x.exe", Some(Place::DriveRoot)),
            (r"C:\PerfLogs\x.exe", Some(Place::OddWindows)),
            (r"%SystemRoot%\System32\svchost.exe", None),
            (r"\SystemRoot\System32\drivers\x.sys", None),
            (r"system32\drivers\x.sys", None),
            (r"\??\C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{A}\MpKslDrv.sys", None),
            (r"C:\Windows\PSEXESVC.exe", None),
            (r"%SYSTEMROOT%\xKbTqWzR.exe", Some(Place::RandomName)),
            (r"C:\Windows\Sysmon64.exe", None),
            (r#""C:\Program Files\A B\a.exe""#, None),
            ("", None),
        ] {
            assert_eq!(Place::of(path), expected, "{path}");
        }
    }

    #[test]
    fn tells_random_names() {
        for (name, expected) in [
            ("xKbTqWzR", true),
            ("explorer", false),
            ("services", false),
            ("a1b2c3d", true),
            ("1234567", false),
            ("spoolsv", false),
            ("TrkWksSv", true),
        ] {
            assert_eq!(looks_random(name), expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(path in ".{0,100}") {
            Place::of(&path);
            is_ordinary(&path);
        }
    }
}
