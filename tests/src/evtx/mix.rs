//! A large log such as a collector of many hosts keeps: mostly records that tell nothing of services.

use super::{Field, Record};

/// What the audit and Sysmon log in masses, and how often each in a thousand records.
const SHARES: [(u64, Kind); 10] = [
    (260, Kind::Connection),
    (200, Kind::Registry),
    (150, Kind::Image),
    (130, Kind::Logon),
    (110, Kind::Process),
    (60, Kind::Handle),
    (50, Kind::Access),
    (30, Kind::State),
    (8, Kind::StartType),
    (2, Kind::Install),
];

#[derive(Clone, Copy)]
enum Kind {
    Connection,
    Registry,
    Image,
    Logon,
    Process,
    Handle,
    Access,
    State,
    StartType,
    Install,
}

/// Records of some days of `hosts` hosts, the same at every call.
pub fn records(count: u64, hosts: u64) -> impl Iterator<Item = Record> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count).map(move |number| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let mut at = state % 1000;
        let kind = SHARES
            .iter()
            .find(|(share, _)| {
                let here = at < *share;
                at = at.saturating_sub(*share);
                here
            })
            .map_or(Kind::Connection, |(_, kind)| *kind);
        record(kind, number, state >> 20, hosts)
    })
}

#[expect(clippy::too_many_lines, reason = "a table of what is logged")]
fn record(kind: Kind, number: u64, random: u64, hosts: u64) -> Record {
    let text = |name: &str, value: &str| (name.to_owned(), Field::Text(value.to_owned()));
    let pid = |name: &str| {
        (name.to_owned(), Field::Number(u32::try_from(1000 + random % 9000).unwrap_or_default()))
    };
    let logon = || ("SubjectLogonId".to_owned(), Field::Hex(0x3e7 + random % 4096));
    let service = random % 300;
    let key = format!(r"HKLM\System\CurrentControlSet\Services\Svc{service}");
    let (provider, channel, id, fields) = match kind {
        Kind::Connection => (
            AUDIT,
            "Security",
            5156,
            vec![
                pid("ProcessID"),
                text("Application", r"\device\harddiskvolume2\windows\system32\svchost.exe"),
                text("Direction", "%%14593"),
                text("SourceAddress", "192.0.2.10"),
                text("SourcePort", "50123"),
                text("DestAddress", "198.51.100.20"),
                text("DestPort", "443"),
                text("Protocol", "6"),
            ],
        ),
        Kind::Registry => (
            SYSMON,
            SYSMON_CHANNEL,
            13,
            vec![
                text("RuleName", "-"),
                text("EventType", "SetValue"),
                text("UtcTime", "2024-01-01 00:00:00.000"),
                pid("ProcessId"),
                text("Image", r"C:\Windows\system32\svchost.exe"),
                text(
                    "TargetObject",
                    &format!(
                        r"{key}\{}",
                        if random.is_multiple_of(25) { "Start" } else { r"Parameters\LastRun" }
                    ),
                ),
                text("Details", "DWORD (0x00000003)"),
            ],
        ),
        Kind::Image => (
            SYSMON,
            SYSMON_CHANNEL,
            7,
            vec![
                text("UtcTime", "2024-01-01 00:00:00.000"),
                pid("ProcessId"),
                text("Image", r"C:\Program Files\Example\example.exe"),
                text("ImageLoaded", r"C:\Windows\System32\kernelbase.dll"),
                text("Hashes", "SHA256=0000000000000000000000000000000000000000000000000000000000000000"),
            ],
        ),
        Kind::Logon => (
            AUDIT,
            "Security",
            4624,
            vec![
                text("TargetUserSid", "S-1-5-21-1-2-3-1104"),
                text("TargetUserName", "ada"),
                text("TargetDomainName", "EXAMPLE"),
                ("TargetLogonId".to_owned(), Field::Hex(0x3e7 + random % 4096)),
                ("LogonType".to_owned(), Field::Number(3)),
                text("IpAddress", "192.0.2.44"),
            ],
        ),
        Kind::Process => (
            AUDIT,
            "Security",
            4688,
            vec![
                text("SubjectUserName", "ada"),
                text("SubjectDomainName", "EXAMPLE"),
                logon(),
                pid("NewProcessId"),
                text("NewProcessName", r"C:\Windows\System32\conhost.exe"),
                text("CommandLine", r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1"),
                pid("ProcessId"),
                text("ParentProcessName", r"C:\Windows\System32\cmd.exe"),
            ],
        ),
        Kind::Handle => (
            AUDIT,
            "Security",
            4656,
            vec![
                text("SubjectUserName", "HOST$"),
                logon(),
                text("ObjectServer", "SC Manager"),
                text("ObjectType", "SC_MANAGER OBJECT"),
                text("ObjectName", "ServicesActive"),
                text("AccessMask", "0x5"),
                text("ProcessName", r"C:\Windows\System32\services.exe"),
            ],
        ),
        Kind::Access => (
            AUDIT,
            "Security",
            4663,
            vec![
                text("ObjectServer", "Security"),
                text("ObjectType", "File"),
                text("ObjectName", r"C:\Users\ada\Documents\notes.txt"),
                text("AccessMask", "0x1"),
            ],
        ),
        Kind::State => (
            SCM,
            "System",
            7036,
            vec![
                text("param1", &format!("Service {service}")),
                text("param2", "running"),
                ("Binary".to_owned(), Field::Bytes(utf16(&format!("Svc{service}/{}", 1 + 3 * (random % 2))))),
            ],
        ),
        Kind::StartType => (
            SCM,
            "System",
            7040,
            vec![
                text("param1", &format!("Service {service}")),
                text("param2", "auto start"),
                text("param3", "demand start"),
                text("param4", &format!("Svc{service}")),
            ],
        ),
        Kind::Install => (
            SCM,
            "System",
            7045,
            vec![
                text("ServiceName", &format!("Tool {service}")),
                text("ImagePath", &format!(r"C:\Program Files\Tool\{service}\tool.exe -run")),
                text("ServiceType", "user mode service"),
                text("StartType", "auto start"),
                text("AccountName", "LocalSystem"),
            ],
        ),
    };
    Record {
        provider: provider.to_owned(),
        id,
        channel: channel.to_owned(),
        computer: format!("HOST{}.example.test", random % hosts.max(1)),
        // A record every 200 ms.
        filetime: 133_485_408_000_000_000 + number * 2_000_000,
        process_id: 700,
        keywords: 0x8020_0000_0000_0000,
        fields,
    }
}

const AUDIT: &str = "Microsoft-Windows-Security-Auditing";
const SCM: &str = "Service Control Manager";
const SYSMON: &str = "Microsoft-Windows-Sysmon";
const SYSMON_CHANNEL: &str = "Microsoft-Windows-Sysmon/Operational";

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}
