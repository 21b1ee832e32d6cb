//! Which Windows events tell of services, or of who acts on them.

/// The provider of the SCM's records in the System log.
pub const SERVICE_CONTROL_MANAGER: &str = "Service Control Manager";
/// The provider of audit records in the Security log.
pub const SECURITY_AUDITING: &str = "Microsoft-Windows-Security-Auditing";
/// Sysmon's provider.
pub const SYSMON: &str = "Microsoft-Windows-Sysmon";
/// The provider that tells when a log was cleared.
pub const EVENTLOG: &str = "Microsoft-Windows-Eventlog";

/// What logged an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The SCM, in the System log.
    ScmLog,
    /// The audit, in the Security log.
    Audit,
    /// Sysmon.
    Sysmon,
    /// The Event Log service itself.
    EventLog,
    /// The kernel's registry provider, live.
    KernelRegistry,
    /// The kernel's process provider, live.
    KernelProcess,
    /// The SCM's own trace provider.
    Services,
    /// The RPC runtime.
    Rpc,
    /// Notifications of services' registry keys, live.
    RegistryWatch,
    /// The states that the SCM tells when it is asked, live.
    StatusWatch,
}

impl Source {
    /// Tells it by provider, or by channel where the provider wasn't recorded.
    pub fn of(provider: &str, channel: &str, id: u32) -> Option<Self> {
        let is = |name: &str| provider.eq_ignore_ascii_case(name);
        if is(SERVICE_CONTROL_MANAGER) || is("Microsoft-Windows-Service Control Manager") {
            Some(Self::ScmLog)
        } else if is(SECURITY_AUDITING) {
            Some(Self::Audit)
        } else if is(SYSMON) {
            Some(Self::Sysmon)
        } else if is(EVENTLOG) {
            Some(Self::EventLog)
        } else if is("Microsoft-Windows-Kernel-Registry") {
            Some(Self::KernelRegistry)
        } else if is("Microsoft-Windows-Kernel-Process") {
            Some(Self::KernelProcess)
        } else if is("Microsoft-Windows-Services") {
            Some(Self::Services)
        } else if is("Microsoft-Windows-RPC") {
            Some(Self::Rpc)
        } else if provider.is_empty() {
            Self::of_channel(channel, id)
        } else {
            // Old systems log the audit under `Security`, and its clearing under `EventLog`.
            (is("Security") && channel.eq_ignore_ascii_case("Security")).then_some(Self::Audit)
        }
    }

    fn of_channel(channel: &str, id: u32) -> Option<Self> {
        let is = |name: &str| channel.eq_ignore_ascii_case(name);
        if is("System") {
            match id {
                104 => Some(Self::EventLog),
                7000..=7045 => Some(Self::ScmLog),
                _ => None,
            }
        } else if is("Security") {
            Some(if id == 1102 { Self::EventLog } else { Self::Audit })
        } else if is("Microsoft-Windows-Sysmon/Operational") {
            Some(Self::Sysmon)
        } else {
            None
        }
    }

    /// A few words for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::ScmLog => "System log",
            Self::Audit => "Security log",
            Self::Sysmon => "Sysmon",
            Self::EventLog => "Event Log service",
            Self::KernelRegistry => "kernel registry trace",
            Self::KernelProcess => "kernel process trace",
            Self::Services => "trace of the SCM",
            Self::Rpc => "RPC trace",
            Self::RegistryWatch => "registry notification",
            Self::StatusWatch => "states of services",
        }
    }
}

/// Whether an event is one that the correlator takes.
pub fn is_wanted(provider: &str, channel: &str, id: u32) -> bool {
    match Source::of(provider, channel, id) {
        Some(Source::ScmLog) => {
            matches!(id, 7000 | 7009 | 7023 | 7024 | 7030 | 7031 | 7034 | 7035 | 7036 | 7040 | 7045)
        }
        Some(Source::Audit) => matches!(id, 4624 | 4656 | 4657 | 4663 | 4670 | 4674 | 4688 | 4697 | 5145),
        Some(Source::Sysmon) => matches!(id, 1 | 6 | 12 | 13 | 14),
        Some(Source::EventLog) => matches!(id, 104 | 1102),
        Some(Source::KernelRegistry) => matches!(id, 1 | 2 | 3 | 5 | 6 | 13 | 15),
        Some(Source::KernelProcess) => id == 1,
        Some(Source::Services) => matches!(id, 105 | 200),
        Some(Source::Rpc) => matches!(id, 5 | 6),
        // These never come as records.
        Some(Source::RegistryWatch | Source::StatusWatch) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_alone_says_nothing() {
        for (provider, channel, id, expected) in [
            ("Service Control Manager", "System", 7045, true),
            ("service control manager", "", 7045, true),
            ("", "system", 7036, true),
            ("Microsoft-Windows-Kernel-General", "System", 7045, false),
            ("Microsoft-Windows-TaskScheduler", "x", 104, false),
            ("Microsoft-Windows-Eventlog", "System", 104, true),
            ("", "Security", 1102, true),
            ("", "Application", 4697, false),
            ("Microsoft-Windows-Sysmon", "ForwardedEvents", 13, true),
            ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational", 7, false),
        ] {
            assert_eq!(is_wanted(provider, channel, id), expected, "{provider} {channel} {id}");
        }
    }
}
