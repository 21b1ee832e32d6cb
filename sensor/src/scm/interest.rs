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

/// Records of the SCM that are taken.
const SCM_RECORDS: [u32; 11] = [7000, 7009, 7023, 7024, 7030, 7031, 7034, 7035, 7036, 7040, 7045];
/// Records of the audit that are taken.
const AUDIT_RECORDS: [u32; 9] = [4624, 4656, 4657, 4663, 4670, 4674, 4688, 4697, 5145];

/// A log of a live host that tells of services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// Where the SCM tells what it does.
    System,
    /// Where the audit tells who did it.
    Security,
}

impl Log {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::System, Self::Security];

    /// Its channel.
    pub fn channel(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Security => "Security",
        }
    }

    /// The query, in the `XPath` that the Event Log takes, for the records that are taken, and that of its clearing.
    pub fn query(self) -> String {
        match self {
            Self::System => format!(
                "*[System[(Provider[@Name='{SERVICE_CONTROL_MANAGER}'] and ({})) or (Provider[@Name='{EVENTLOG}'] and \
                 (EventID=104))]]",
                any_of(&SCM_RECORDS)
            ),
            Self::Security => format!("*[System[({} or EventID=1102)]]", any_of(&AUDIT_RECORDS)),
        }
    }

    /// What is not seen without it, as a sentence.
    pub fn blind(self) -> &'static str {
        match self {
            Self::System => {
                "failures of services, and the users who install them or change their start types, are not seen"
            }
            Self::Security => {
                "the client process, session and remote address of an installation, and accesses to services and their \
                 keys, are not seen"
            }
        }
    }
}

fn any_of(records: &[u32]) -> String {
    let terms: Vec<String> = records.iter().map(|id| format!("EventID={id}")).collect();
    terms.join(" or ")
}

/// Whether an event is one that the correlator takes.
pub fn is_wanted(provider: &str, channel: &str, id: u32) -> bool {
    match Source::of(provider, channel, id) {
        Some(Source::ScmLog) => SCM_RECORDS.contains(&id),
        Some(Source::Audit) => AUDIT_RECORDS.contains(&id),
        Some(Source::Sysmon) => matches!(id, 1 | 6 | 12 | 13 | 14),
        Some(Source::EventLog) => matches!(id, 104 | 1102),
        Some(Source::KernelRegistry) => matches!(id, 1 | 2 | 3 | 5 | 6 | 13 | 15),
        Some(Source::KernelProcess) => id == 1,
        Some(Source::Services) => matches!(id, 105 | 200..=205),
        Some(Source::Rpc) => matches!(id, 5 | 6),
        // These never come as records.
        Some(Source::RegistryWatch | Source::StatusWatch) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_what_is_taken() {
        for log in Log::ALL {
            let query = log.query();
            let asked: Vec<u32> = query
                .split("EventID=")
                .skip(1)
                .filter_map(|rest| rest.split(|next: char| !next.is_ascii_digit()).next()?.parse().ok())
                .collect();
            let open = query.matches(['(', '[']).count();
            assert_eq!(open, query.matches([')', ']']).count(), "{query}");
            let (provider, clearing) = match log {
                Log::System => (SERVICE_CONTROL_MANAGER, 104),
                Log::Security => (SECURITY_AUDITING, 1102),
            };
            let taken = (0..10_000).filter(|id| is_wanted(provider, log.channel(), *id)).count();
            assert_eq!(asked.len(), taken + 1, "{query}");
            for id in asked {
                let provider = if id == clearing { EVENTLOG } else { provider };
                assert!(is_wanted(provider, log.channel(), id), "{id}");
            }
        }
    }

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
