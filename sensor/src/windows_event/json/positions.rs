//! The names of fields that come by position alone: `Get-WinEvent`'s properties, Fluent Bit's inserts, Azure's parameters.
//!
//! From the manifests of the providers. Later versions of a template add fields at its end; those that add one within
//! are told apart by how many there are.

use crate::windows_event::event::WindowsEvent;
use crate::windows_event::field::{Field, Value};

/// The subject of an audit record.
const SUBJECT: [&str; 4] = ["SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"];

/// A template: the provider, the number, the fewest fields, whether the subject comes first, and the names after it.
struct Template {
    provider: &'static str,
    id: u32,
    least: usize,
    has_subject: bool,
    names: &'static [&'static str],
}

const fn audit(id: u32, least: usize, names: &'static [&'static str]) -> Template {
    Template { provider: "Microsoft-Windows-Security-Auditing", id, least, has_subject: true, names }
}

const fn sysmon(id: u32, least: usize, names: &'static [&'static str]) -> Template {
    Template { provider: "Microsoft-Windows-Sysmon", id, least, has_subject: false, names }
}

const fn other(provider: &'static str, id: u32, least: usize, names: &'static [&'static str]) -> Template {
    Template { provider, id, least, has_subject: false, names }
}

#[rustfmt::skip]
const TEMPLATES: [Template; 17] = [
    audit(4624, 20, &["TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType",
        "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid", "TransmittedServices",
        "LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort"]),
    audit(4656, 16, &["ObjectServer", "ObjectType", "ObjectName", "HandleId", "TransactionId", "AccessList",
        "AccessReason", "AccessMask", "PrivilegeList", "RestrictedSidCount", "ProcessId", "ProcessName"]),
    audit(4657, 14, &["ObjectName", "ObjectValueName", "HandleId", "OperationType", "OldValueType", "OldValue",
        "NewValueType", "NewValue", "ProcessId", "ProcessName"]),
    audit(4663, 12, &["ObjectServer", "ObjectType", "ObjectName", "HandleId", "AccessList", "AccessMask", "ProcessId",
        "ProcessName"]),
    audit(4670, 12, &["ObjectServer", "ObjectType", "ObjectName", "HandleId", "OldSd", "NewSd", "ProcessId",
        "ProcessName"]),
    audit(4674, 12, &["ObjectServer", "ObjectType", "ObjectName", "HandleId", "AccessMask", "PrivilegeList",
        "ProcessId", "ProcessName"]),
    audit(4688, 8, &["NewProcessId", "NewProcessName", "TokenElevationType", "ProcessId", "CommandLine",
        "TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "ParentProcessName",
        "MandatoryLabel"]),
    audit(4697, 9, &["ServiceName", "ServiceFileName", "ServiceType", "ServiceStartType", "ServiceAccount",
        "ClientProcessStartKey", "ClientProcessId", "ParentProcessId", "RpcCallClientLocality"]),
    audit(5145, 11, &["ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName",
        "AccessMask", "AccessList", "AccessReason"]),
    sysmon(1, 22, &["RuleName", "UtcTime", "ProcessGuid", "ProcessId", "Image", "FileVersion", "Description", "Product",
        "Company", "OriginalFileName", "CommandLine", "CurrentDirectory", "User", "LogonGuid", "LogonId",
        "TerminalSessionId", "IntegrityLevel", "Hashes", "ParentProcessGuid", "ParentProcessId", "ParentImage",
        "ParentCommandLine", "ParentUser"]),
    sysmon(6, 7, &["RuleName", "UtcTime", "ImageLoaded", "Hashes", "Signed", "Signature", "SignatureStatus"]),
    sysmon(12, 7, &["RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetObject", "User"]),
    sysmon(13, 8, &["RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetObject", "Details",
        "User"]),
    sysmon(14, 8, &["RuleName", "EventType", "UtcTime", "ProcessGuid", "ProcessId", "Image", "TargetObject", "NewName",
        "User"]),
    other("Service Control Manager", 7036, 3, &["param1", "param2", "Binary"]),
    other("Microsoft-Windows-Eventlog", 104, 3, &["SubjectUserName", "SubjectDomainName", "Channel", "BackupPath"]),
    other("Microsoft-Windows-Eventlog", 1102, 4, &SUBJECT),
];

/// Gives the fields of `event` their names, where it has none and they are known.
pub(super) fn name(event: &mut WindowsEvent) {
    let count = event.fields.iter().filter(|field| is_unnamed(field)).count();
    let Some(template) = TEMPLATES.iter().find(|template| {
        template.id == event.id
            && count >= template.least
            && template.provider.eq_ignore_ascii_case(&event.provider)
    }) else {
        return;
    };
    let subject: &[&str] = if template.has_subject { &SUBJECT } else { &[] };
    let names = subject.iter().chain(template.names);
    for (field, name) in event.fields.iter_mut().filter(|field| is_unnamed(field)).zip(names) {
        (*name).clone_into(&mut field.name);
    }
}

/// Whether a field goes by its place; raw bytes are known for what they are.
fn is_unnamed(field: &Field) -> bool {
    let numbered = field.name.strip_prefix("param").is_some_and(|number| number.parse::<u32>().is_ok());
    numbered || (field.name == super::payload::BINARY && matches!(field.value, Value::Bytes(_)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::windows_event::json::from_value;

    #[test]
    fn fields_are_named_by_their_places() {
        let properties = json!({"Id": 4697, "LogName": "Security", "RecordId": 7, "MachineName": "HOST1",
            "ProviderName": "Microsoft-Windows-Security-Auditing", "TimeCreated": "/Date(1714979289123)/",
            "Properties": [
                {"Value": {"BinaryLength": 28, "AccountDomainSid": {"Value": "S-1-5-21-1"}, "Value": "S-1-5-21-1-500"}},
                {"Value": "ada"}, {"Value": "CORP"}, {"Value": 99}, {"Value": "Courier"}, {"Value": "a.exe"},
                {"Value": 16}, {"Value": 2}, {"Value": "LocalSystem"}]});
        let event = from_value(&properties).unwrap();
        assert_eq!(event.text("SubjectUserSid").as_deref(), Some("S-1-5-21-1-500"));
        assert_eq!(event.text("ServiceName").as_deref(), Some("Courier"));
        assert_eq!((event.integer("SubjectLogonId"), event.integer("ServiceStartType")), (Some(99), Some(2)));

        let inserts = json!({"ProviderName": "Microsoft-Windows-Sysmon", "EventID": 13, "TimeCreated":
            "2024-05-06 09:08:09 +0200", "StringInserts": ["-", "SetValue", "t", "g", 4, "i.exe", "HKLM\\x", "d"]});
        let event = from_value(&inserts).unwrap();
        assert_eq!(event.text("TargetObject").as_deref(), Some("HKLM\\x"));
        assert_eq!(event.process("ProcessId"), Some(4));

        // An older template: too few for the names.
        let short = json!({"ProviderName": "Microsoft-Windows-Sysmon", "EventID": 13, "TimeCreated":
            "2024-05-06 09:08:09 +0200", "StringInserts": ["SetValue", "t", "g", 4, "i.exe", "HKLM\\x", "d"]});
        assert_eq!(from_value(&short).unwrap().text("param6").as_deref(), Some("HKLM\\x"));
    }

    #[test]
    fn bytes_keep_their_place_and_are_bytes() {
        let properties = json!({"Id": 7036, "LogName": "System", "TimeCreated": "/Date(1714979289123)/",
            "ProviderName": "Service Control Manager",
            "Properties": [{"Value": "Print Spooler"}, {"Value": "running"}, {"Value": [83, 0, 47, 0, 52, 0, 0, 0]}]});
        let event = from_value(&properties).unwrap();
        assert_eq!(event.field("Binary").and_then(|value| value.bytes().map(|bytes| bytes.len())), Some(8));
        let crashed = json!({"Id": 7034, "LogName": "System", "TimeCreated": "/Date(1714979289123)/",
            "ProviderName": "Service Control Manager",
            "Properties": [{"Value": "Print Spooler"}, {"Value": "1"}, {"Value": [83, 0, 0, 0]}]});
        let event = from_value(&crashed).unwrap();
        assert_eq!(event.field("Binary").and_then(|value| value.bytes().map(|bytes| bytes.len())), Some(4));
        assert_eq!(event.text("param2").as_deref(), Some("1"));
    }
}
