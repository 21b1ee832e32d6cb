//! How settings of a unit file add up: which hold one value, which are lists, and what an empty assignment does.
//!
//! See systemd.unit(5), systemd.exec(5) and their like, each setting's own paragraph.

use super::directive_names::{KEPT_ELSEWHERE, KEPT_IN_SERVICE, RESET_ELSEWHERE, RESET_IN_SERVICE};
use super::name::UnitType;

/// How assignments of a setting add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// One value: the last assignment counts.
    Single {
        /// Whether an empty assignment sets it back; otherwise such a one is ignored.
        empty_resets: bool,
    },
    /// Each assignment adds its whole value; an empty one clears the list.
    Lines,
    /// Each assignment adds words; an empty one clears the list.
    Words,
    /// Each assignment adds words; nothing takes them away again. So it is with dependencies.
    Dependencies,
    /// Each assignment adds words `NAME=value` that replace those of the same name; an empty one clears the list.
    Environment,
    /// Each assignment adds command lines; an empty one clears the list.
    Commands,
    /// No rule is known. It is taken as [`Rule::Lines`], so that no value is hidden.
    Unknown,
}

/// Settings that an empty assignment to any of them clears together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// `Condition…=`
    Conditions,
    /// `Assert…=`
    Asserts,
    /// `Listen…=`
    Listeners,
    /// `OnCalendar=` and the other times of a timer.
    Times,
    /// `PathExists=` and the other paths of a path unit.
    Paths,
}

/// A setting, under the name and in the section by which systemd knows it today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directive<'a> {
    /// The section.
    pub section: &'a str,
    /// The name.
    pub name: &'a str,
    /// How assignments add up.
    pub rule: Rule,
    /// What is cleared with it.
    pub group: Option<Group>,
}

/// Whether units of `unit_type` read `section`. Others are ignored, those that begin with `X-` without a word.
pub fn is_read(unit_type: UnitType, section: &str) -> bool {
    matches!(section, "Unit" | "Install") || unit_type.section() == Some(section)
}

/// The setting that `key` in `section` stands for; `None` for extensions, which systemd ignores (`X-…`).
pub fn directive<'a>(section: &'a str, key: &'a str) -> Option<Directive<'a>> {
    if key.starts_with("X-") || section.starts_with("X-") {
        return None;
    }
    let (section, name) = current(section, key);
    let group = group(section, name);
    let rule = match section {
        _ if group.is_some() => Rule::Lines,
        "Unit" => unit_rule(name),
        "Install" => install_rule(name),
        "Service" | "Socket" | "Mount" | "Swap" | "Slice" | "Scope" => service_rule(name),
        _ => Rule::Unknown,
    };
    let rule = match rule {
        Rule::Unknown if lists(RESET_ELSEWHERE, section, name) => Rule::Single { empty_resets: true },
        Rule::Unknown if lists(KEPT_ELSEWHERE, section, name) => Rule::Single { empty_resets: false },
        rule => rule,
    };
    Some(Directive { section, name, rule, group })
}

/// Whether `table` has `name` in `section`.
fn lists(table: &[(&str, &[&str])], section: &str, name: &str) -> bool {
    table.iter().any(|(known, names)| *known == section && names.contains(&name))
}

/// Today's section and name of a setting.
fn current<'a>(section: &'a str, key: &'a str) -> (&'a str, &'a str) {
    match (section, key) {
        ("Unit", "BindTo") => ("Unit", "BindsTo"),
        ("Unit", "PropagateReloadTo") => ("Unit", "PropagatesReloadTo"),
        ("Unit", "PropagateReloadFrom") => ("Unit", "ReloadPropagatedFrom"),
        ("Unit", "RequiresOverridable") => ("Unit", "Requires"),
        ("Unit", "RequisiteOverridable") => ("Unit", "Requisite"),
        ("Unit" | "Service", "StartLimitInterval") => ("Unit", "StartLimitIntervalSec"),
        ("Service", "StartLimitBurst" | "StartLimitAction" | "FailureAction" | "RebootArgument") => {
            ("Unit", key)
        }
        (_, "ReadWriteDirectories") => (section, "ReadWritePaths"),
        (_, "ReadOnlyDirectories") => (section, "ReadOnlyPaths"),
        (_, "InaccessibleDirectories") => (section, "InaccessiblePaths"),
        _ => (section, key),
    }
}

/// The group that a setting belongs to.
fn group(section: &str, name: &str) -> Option<Group> {
    match (section, name) {
        ("Unit", _) if name.starts_with("Condition") => Some(Group::Conditions),
        ("Unit", _) if name.starts_with("Assert") => Some(Group::Asserts),
        ("Socket", _) if name.starts_with("Listen") => Some(Group::Listeners),
        (
            "Timer",
            "OnCalendar" | "OnActiveSec" | "OnBootSec" | "OnStartupSec" | "OnUnitActiveSec"
            | "OnUnitInactiveSec",
        ) => Some(Group::Times),
        ("Path", "PathExists" | "PathExistsGlob" | "PathChanged" | "PathModified" | "DirectoryNotEmpty") => {
            Some(Group::Paths)
        }
        _ => None,
    }
}

fn unit_rule(name: &str) -> Rule {
    match name {
        "Requires"
        | "Requisite"
        | "Wants"
        | "BindsTo"
        | "Upholds"
        | "Conflicts"
        | "Before"
        | "After"
        | "OnSuccess"
        | "OnFailure"
        | "PropagatesReloadTo"
        | "ReloadPropagatedFrom"
        | "PropagatesStopTo"
        | "StopPropagatedFrom"
        | "PartOf"
        | "JoinsNamespaceOf"
        | "RequiresMountsFor"
        | "WantsMountsFor" => Rule::Dependencies,
        "Documentation" => Rule::Words,
        _ => Rule::Unknown,
    }
}

fn install_rule(name: &str) -> Rule {
    match name {
        "Alias" | "WantedBy" | "RequiredBy" | "UpheldBy" => Rule::Words,
        "Also" => Rule::Dependencies,
        _ => Rule::Unknown,
    }
}

/// The rule of a setting of processes, their resources and how they end, which several sections share.
fn service_rule(name: &str) -> Rule {
    match name {
        "ExecCondition" | "ExecStartPre" | "ExecStart" | "ExecStartPost" | "ExecReload"
        | "ExecReloadPost" | "ExecStop" | "ExecStopPre" | "ExecStopPost" => Rule::Commands,
        "Environment" => Rule::Environment,
        "RestartPreventExitStatus"
        | "RestartForceExitStatus"
        | "SuccessExitStatus"
        | "Sockets"
        | "SupplementaryGroups"
        | "CPUAffinity"
        | "NUMAMask"
        | "PassEnvironment"
        | "UnsetEnvironment"
        | "SecureBits"
        | "SystemCallArchitectures"
        | "ReadWritePaths"
        | "ReadOnlyPaths"
        | "InaccessiblePaths"
        | "ExecPaths"
        | "NoExecPaths"
        | "BindPaths"
        | "BindReadOnlyPaths"
        | "TemporaryFileSystem"
        | "RuntimeDirectory"
        | "StateDirectory"
        | "CacheDirectory"
        | "LogsDirectory"
        | "ConfigurationDirectory"
        | "ExtensionDirectories"
        | "AllowedCPUs"
        | "StartupAllowedCPUs"
        | "AllowedMemoryNodes"
        | "StartupAllowedMemoryNodes"
        | "IPAddressAllow"
        | "IPAddressDeny"
        | "DisableControllers"
        | "Symlinks" => Rule::Words,
        "EnvironmentFile"
        | "StandardInputText"
        | "StandardInputData"
        | "LogExtraFields"
        | "LogFilterPatterns"
        | "CapabilityBoundingSet"
        | "AmbientCapabilities"
        | "SystemCallFilter"
        | "SystemCallLog"
        | "RestrictNamespaces"
        | "RestrictAddressFamilies"
        | "RestrictFileSystems"
        | "ExecSearchPath"
        | "SetCredential"
        | "SetCredentialEncrypted"
        | "LoadCredential"
        | "LoadCredentialEncrypted"
        | "ImportCredential"
        | "DeviceAllow"
        | "IODeviceWeight"
        | "IOReadBandwidthMax"
        | "IOWriteBandwidthMax"
        | "IOReadIOPSMax"
        | "IOWriteIOPSMax"
        | "IODeviceLatencyTargetSec"
        | "BlockIODeviceWeight"
        | "BlockIOReadBandwidth"
        | "BlockIOWriteBandwidth"
        | "IPIngressFilterPath"
        | "IPEgressFilterPath"
        | "BPFProgram"
        | "SocketBindAllow"
        | "SocketBindDeny"
        | "RestrictNetworkInterfaces"
        | "NFTSet"
        | "Delegate"
        | "ExtensionImages"
        | "MountImages"
        | "RootImageOptions"
        | "OpenFile"
        | "RefreshOnReload" => Rule::Lines,
        _ if RESET_IN_SERVICE.contains(&name) => Rule::Single { empty_resets: true },
        _ if KEPT_IN_SERVICE.contains(&name) => Rule::Single { empty_resets: false },
        _ => Rule::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESETS: Rule = Rule::Single { empty_resets: true };
    const KEEPS: Rule = Rule::Single { empty_resets: false };

    #[test]
    fn rules_of_settings() {
        for (section, key, rule) in [
            ("Service", "ExecStart", Rule::Commands),
            ("Socket", "ExecStartPre", Rule::Commands),
            ("Service", "User", RESETS),
            ("Service", "WorkingDirectory", RESETS),
            ("Service", "Type", KEEPS),
            ("Service", "RemainAfterExit", KEEPS),
            ("Service", "Environment", Rule::Environment),
            ("Service", "EnvironmentFile", Rule::Lines),
            ("Service", "ReadWritePaths", Rule::Words),
            ("Service", "SystemCallFilter", Rule::Lines),
            ("Unit", "After", Rule::Dependencies),
            ("Unit", "Description", RESETS),
            ("Unit", "Documentation", Rule::Words),
            ("Unit", "StopWhenUnneeded", KEEPS),
            ("Unit", "ConditionPathExists", Rule::Lines),
            ("Install", "WantedBy", Rule::Words),
            ("Install", "DefaultInstance", RESETS),
            ("Timer", "OnCalendar", Rule::Lines),
            ("Timer", "Persistent", KEEPS),
            ("Socket", "ListenStream", Rule::Lines),
            ("Socket", "SocketUser", RESETS),
            ("Socket", "Accept", KEEPS),
            ("Mount", "What", RESETS),
            ("Path", "PathExists", Rule::Lines),
            ("Path", "Unit", KEEPS),
            ("Service", "NoSuchThing", Rule::Unknown),
            // In a section that does not know it.
            ("Unit", "ExecStart", Rule::Unknown),
            ("Install", "User", Rule::Unknown),
        ] {
            assert_eq!(directive(section, key).unwrap().rule, rule, "{section} {key}");
        }
    }

    #[test]
    fn old_names_are_the_new_settings() {
        for (section, key, new_section, name) in [
            ("Unit", "BindTo", "Unit", "BindsTo"),
            ("Service", "StartLimitInterval", "Unit", "StartLimitIntervalSec"),
            ("Service", "ReadOnlyDirectories", "Service", "ReadOnlyPaths"),
            ("Service", "User", "Service", "User"),
        ] {
            let directive = directive(section, key).unwrap();
            assert_eq!((directive.section, directive.name), (new_section, name));
        }
    }

    #[test]
    fn extensions_are_ignored() {
        assert_eq!(directive("Service", "X-Mine"), None);
        assert_eq!(directive("X-Mine", "User"), None);
    }

    #[test]
    fn groups_are_cleared_together() {
        for (section, key, group) in [
            ("Unit", "ConditionACPower", Some(Group::Conditions)),
            ("Unit", "AssertHost", Some(Group::Asserts)),
            ("Socket", "ListenFIFO", Some(Group::Listeners)),
            ("Timer", "OnBootSec", Some(Group::Times)),
            ("Timer", "OnClockChange", None),
            ("Path", "PathChanged", Some(Group::Paths)),
        ] {
            assert_eq!(directive(section, key).unwrap().group, group, "{key}");
        }
    }

    #[test]
    fn sections_belong_to_types() {
        assert!(is_read(UnitType::Service, "Service"));
        assert!(is_read(UnitType::Target, "Unit"));
        assert!(!is_read(UnitType::Service, "Socket"));
        assert!(!is_read(UnitType::Target, "Service"));
        assert!(!is_read(UnitType::Service, "X-Service"));
    }
}
