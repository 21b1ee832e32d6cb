//! The settings of a service, under the names of the registry, and the words for their values.
//!
//! Sources: `CreateServiceW` and `QueryServiceConfigW` (winsvc.h), and the registry values of a service's key
//! (Microsoft, "HKLM\SYSTEM\CurrentControlSet\Services Registry Tree").

/// The program, or driver image.
pub const IMAGE_PATH: &str = "ImagePath";
/// When it is started.
pub const START: &str = "Start";
/// What kind of service it is.
pub const TYPE: &str = "Type";
/// The account that it runs as.
pub const OBJECT_NAME: &str = "ObjectName";
/// The name that people read.
pub const DISPLAY_NAME: &str = "DisplayName";
/// The text that explains it.
pub const DESCRIPTION: &str = "Description";
/// What a failure to start means for the boot.
pub const ERROR_CONTROL: &str = "ErrorControl";
/// What is done when it fails.
pub const FAILURE_ACTIONS: &str = "FailureActions";
/// The program that is run when it fails.
pub const FAILURE_COMMAND: &str = "FailureCommand";
/// The library that svchost.exe loads for it.
pub const SERVICE_DLL: &str = "ServiceDll";
/// Its security descriptor.
pub const SECURITY: &str = "Security";
/// What starts and stops it by events.
pub const TRIGGERS: &str = "Triggers";
/// The permissions on its registry key.
pub const KEY_PERMISSIONS: &str = "KeyPermissions";

/// Values directly below a service's key that are its configuration; all others are its own data.
const VALUES: [&str; 35] = [
    IMAGE_PATH,
    START,
    TYPE,
    OBJECT_NAME,
    DISPLAY_NAME,
    DESCRIPTION,
    ERROR_CONTROL,
    FAILURE_ACTIONS,
    FAILURE_COMMAND,
    SERVICE_DLL,
    "ServiceMain",
    "FailureActionsOnNonCrashFailures",
    "RebootMessage",
    "RequiredPrivileges",
    "ServiceSidType",
    "DependOnService",
    "DependOnGroup",
    "Environment",
    "Group",
    "Tag",
    "DelayedAutostart",
    "AutorunsDisabled",
    "DeleteFlag",
    "LaunchProtected",
    "PreshutdownTimeout",
    "WOW64",
    "SvcHostSplitDisable",
    "UserServiceFlags",
    "BootFlags",
    "HostServiceName",
    "SvcMemHardLimitInMB",
    "CoInstallersDisable",
    "Owners",
    // Libraries that the directory service of a domain controller loads (T1547.008).
    "LsaDbExtPt",
    "DirectoryServiceExtPt",
];

/// Values below `Parameters` that name code: of svchost.exe, of the wrappers srvany and nssm, and of the DNS server.
const PARAMETERS: [&str; 9] = [
    SERVICE_DLL,
    "ServiceMain",
    "ServiceDllUnloadOnStop",
    "Application",
    "AppParameters",
    "AppDirectory",
    "AppEnvironmentExtra",
    "AppEnvironment",
    "ServerLevelPluginDll",
];

/// Values below `Performance` that name code (T1574.011).
const PERFORMANCE: [(&str, &str); 5] = [
    ("Library", "Performance.Library"),
    ("Open", "Performance.Open"),
    ("Collect", "Performance.Collect"),
    ("Close", "Performance.Close"),
    ("PerfIniFile", "Performance.PerfIniFile"),
];

/// The library of a provider of the time service, below `TimeProviders` and the provider's key (T1547.003).
pub const TIME_PROVIDER: &str = "TimeProviders.DllName";
/// The library of a provider of network logons, below `NetworkProvider` (T1556.008).
pub const NETWORK_PROVIDER: &str = "NetworkProvider.ProviderPath";

/// The setting that the registry value at `path` below a service's key is; `None` for its own data.
pub fn at(path: &[&str]) -> Option<&'static str> {
    let known = |names: &'static [&'static str], value: &str| {
        names.iter().copied().find(|name| name.eq_ignore_ascii_case(value))
    };
    match path {
        [value] => known(&VALUES, value),
        [key, value] if key.eq_ignore_ascii_case("Parameters") => known(&PARAMETERS, value),
        [key, value] if key.eq_ignore_ascii_case("Performance") => {
            PERFORMANCE.iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map(|(_, setting)| *setting)
        }
        [key, value] if key.eq_ignore_ascii_case("Security") && value.eq_ignore_ascii_case("Security") => {
            Some(SECURITY)
        }
        [key, value]
            if key.eq_ignore_ascii_case("NetworkProvider") && value.eq_ignore_ascii_case("ProviderPath") =>
        {
            Some(NETWORK_PROVIDER)
        }
        [key, _, value]
            if key.eq_ignore_ascii_case("TimeProviders") && value.eq_ignore_ascii_case("DllName") =>
        {
            Some(TIME_PROVIDER)
        }
        [key, ..] if key.eq_ignore_ascii_case("TriggerInfo") => Some(TRIGGERS),
        _ => None,
    }
}

/// The value of `setting` that stands at `path` below a service's key. A trigger is a key with several values, of which each
/// is told with its place.
pub fn of_trigger(setting: &str, path: &[&str], value: String) -> String {
    if setting == TRIGGERS { format!("{}={value}", path.join("\\")) } else { value }
}

/// Whether a value of this name is a setting below some key of a service.
pub fn is_value_name(name: &str) -> bool {
    let same = |known: &&str| known.eq_ignore_ascii_case(name);
    VALUES.iter().any(same)
        || PARAMETERS.iter().any(same)
        || PERFORMANCE.iter().any(|(known, _)| same(known))
        || name.eq_ignore_ascii_case(SECURITY)
}

/// The name of the registry value that holds `setting`.
pub fn value_name(setting: &'static str) -> &'static str {
    PERFORMANCE.iter().find(|(_, known)| *known == setting).map_or(setting, |(name, _)| name)
}

/// The value of `setting` in the words of the SCM's own log records, from a number in the registry or an audit.
pub fn word(setting: &str, number: u64) -> Option<&'static str> {
    match setting {
        START => StartType::from_number(number).map(StartType::word),
        TYPE => Some(type_word(number)),
        ERROR_CONTROL => match number {
            0 => Some("ignore"),
            1 => Some("normal"),
            2 => Some("severe"),
            3 => Some("critical"),
            _ => None,
        },
        "ServiceSidType" => match number {
            0 => Some("none"),
            1 => Some("unrestricted"),
            3 => Some("restricted"),
            _ => None,
        },
        _ => None,
    }
}

/// When a service is started (`dwStartType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartType {
    /// By the boot loader.
    Boot,
    /// By the kernel.
    System,
    /// By the SCM at boot.
    Auto,
    /// When somebody asks.
    Demand,
    /// Never.
    Disabled,
}

impl StartType {
    /// From its number.
    pub fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::Boot),
            1 => Some(Self::System),
            2 => Some(Self::Auto),
            3 => Some(Self::Demand),
            4 => Some(Self::Disabled),
            _ => None,
        }
    }

    /// From the words of the SCM's English log records, or those that `sc` and PowerShell take.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "boot start" | "boot" => Some(Self::Boot),
            "system start" | "system" => Some(Self::System),
            "auto start" | "auto" | "automatic" | "delayed-auto" | "automaticdelayedstart" => {
                Some(Self::Auto)
            }
            "demand start" | "demand" | "manual" => Some(Self::Demand),
            "disabled" => Some(Self::Disabled),
            _ => None,
        }
    }

    /// In the words of the SCM's English log records.
    pub fn word(self) -> &'static str {
        match self {
            Self::Boot => "boot start",
            Self::System => "system start",
            Self::Auto => "auto start",
            Self::Demand => "demand start",
            Self::Disabled => "disabled",
        }
    }
}

/// A service type (`dwServiceType`) in the words of the SCM's English log records.
fn type_word(bits: u64) -> &'static str {
    match bits {
        _ if bits & 0x1 != 0 => "kernel mode driver",
        _ if bits & 0x2 != 0 => "file system driver",
        _ if bits & 0x4 != 0 => "adapter",
        _ if bits & 0x8 != 0 => "file system recognizer",
        _ => "user mode service",
    }
}

/// Whether a text is a service type in those words.
pub fn is_type_word(text: &str) -> bool {
    (0..5).map(|bit| type_word(1 << bit)).any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_told_from_data() {
        for (path, expected) in [
            (&["ImagePath"][..], Some("ImagePath")),
            (&["start"], Some("Start")),
            (&["Parameters", "servicedll"], Some("ServiceDll")),
            (&["Performance", "Library"], Some("Performance.Library")),
            (&["Security", "Security"], Some("Security")),
            (&["TriggerInfo", "0", "Action"], Some("Triggers")),
            (&["TimeProviders", "Depot", "DllName"], Some("TimeProviders.DllName")),
            (&["TimeProviders", "Depot", "Enabled"], None),
            (&["NetworkProvider", "ProviderPath"], Some("NetworkProvider.ProviderPath")),
            (&["NetworkProvider", "Name"], None),
            (&["Parameters", "ServerLevelPluginDll"], Some("ServerLevelPluginDll")),
            (&["State", "UserSettings", "S-1-5-18", "SequenceNumber"], None),
            (&["Parameters", "Adapters"], None),
            (&["Parameters", "Start"], None),
            (&["Config", "Start"], None),
            (&["LastKnownGoodTime"], None),
            (&[], None),
        ] {
            assert_eq!(at(path), expected, "{path:?}");
        }
    }

    #[test]
    fn settings_are_told_by_the_names_of_their_values() {
        for (name, expected) in [
            ("imagepath", true),
            ("ServiceDll", true),
            ("Library", true),
            ("Security", true),
            ("LastWrite", false),
        ] {
            assert_eq!(is_value_name(name), expected, "{name}");
        }
        assert_eq!(value_name("Performance.Open"), "Open");
        assert_eq!(value_name(IMAGE_PATH), "ImagePath");
    }

    #[test]
    fn numbers_become_the_words_of_the_log() {
        for (setting, number, expected) in [
            (START, 0, Some("boot start")),
            (START, 4, Some("disabled")),
            (START, 5, None),
            (TYPE, 0x1, Some("kernel mode driver")),
            (TYPE, 0x2, Some("file system driver")),
            (TYPE, 0x110, Some("user mode service")),
            (TYPE, 0x60, Some("user mode service")),
            (IMAGE_PATH, 1, None),
        ] {
            assert_eq!(word(setting, number), expected, "{setting} {number}");
        }
        assert!(is_type_word("User mode service") && !is_type_word("Benutzermodusdienst"));
    }
}
