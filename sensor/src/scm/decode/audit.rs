//! Audit records of the Security log (Microsoft, "Advanced security audit policy settings").

use std::borrow::Cow;

use super::{Outcome, Refusal, owned, user, value};
use crate::scm::key;
use crate::scm::observed::{Doer, Handle, Installed, Logon, Name, ProcessStart, Seen, ValueWrite};
use crate::scm::setting::{self, KEY_PERMISSIONS, StartType};
use crate::windows_event::{Audit, WindowsEvent};

pub(super) fn decode(event: &WindowsEvent) -> Outcome {
    match event.id {
        4697 => installed(event),
        4657 => value_written(event),
        4656 | 4663 | 4674 => handle(event),
        4670 => permissions(event),
        4688 => Ok(process(event)),
        4624 => Ok(logon(event)),
        5145 => pipe(event),
        _ => Err(Refusal::Ignored("other event")),
    }
}

/// The subject of a record, without a process.
fn subject(event: &WindowsEvent) -> Doer {
    Doer {
        user: user(event, "SubjectDomainName", "SubjectUserName"),
        sid: owned(event, "SubjectUserSid"),
        logon_id: event.integer("SubjectLogonId"),
        ..Doer::default()
    }
}

/// The subject, with the process that the record names.
fn subject_with_process(event: &WindowsEvent) -> Doer {
    Doer { process_id: event.process("ProcessId"), image: owned(event, "ProcessName"), ..subject(event) }
}

fn installed(event: &WindowsEvent) -> Outcome {
    let key = owned(event, "ServiceName").ok_or(Refusal::Undecodable("the record names no service"))?;
    let type_bits = event.integer("ServiceType");
    let start = event
        .integer("ServiceStartType")
        .and_then(StartType::from_number)
        .map(|start| start.word().to_owned())
        .or_else(|| owned(event, "ServiceStartType"));
    Ok(Seen::Installed(Box::new(Installed {
        name: Name::of_key(key),
        image_path: owned(event, "ServiceFileName"),
        service_type: type_bits.and_then(|bits| setting::word(setting::TYPE, bits)).map(str::to_owned),
        type_bits,
        start,
        account: owned(event, "ServiceAccount"),
        client: Doer {
            process_id: event.process("ClientProcessId"),
            parent_id: event.process("ParentProcessId"),
            ..subject(event)
        },
        // `RpcCallClientLocality` (rpcasync.h): 1 local, 2 remote, 3 unknown.
        client_is_remote: match event.integer("RpcCallClientLocality") {
            Some(1) => Some(false),
            Some(2) => Some(true),
            _ => None,
        },
    })))
}

fn value_written(event: &WindowsEvent) -> Outcome {
    let object = event.text("ObjectName").ok_or(Refusal::Undecodable("the record names no key"))?;
    let Some(path) = key::parse(&object) else {
        return Err(Refusal::Ignored("registry path of no service"));
    };
    let name = event.text("ObjectValueName").unwrap_or_default();
    let mut below = path.below.clone();
    below.push(name.as_ref());
    let Some(setting) = setting::at(&below) else {
        return Err(Refusal::Ignored("the service's own data"));
    };
    let read = |value: &str, kind: &str| {
        let kind = event.text(kind);
        // Shippers leave out what is empty; the type tells that a value was there.
        let empty = kind.is_some().then_some(Cow::Borrowed(""));
        let text = event.field(value).map(crate::windows_event::Value::text).or(empty)?;
        let value = value::from_audit(setting, &text, kind.as_deref());
        Some(value).filter(|text| text != "-").map(|value| setting::of_trigger(setting, &below, value))
    };
    let before = read("OldValue", "OldValueType").filter(|value| !value::is_untold(value));
    // `OperationType`: %%1904 created, %%1905 changed, %%1906 deleted.
    let deleted = event.text("OperationType").is_some_and(|operation| operation.contains("1906"))
        || (event.text("OldValueType").is_some() && event.text("NewValueType").is_none());
    let after = if deleted { None } else { read("NewValue", "NewValueType").or(Some(String::new())) };
    Ok(Seen::Value(Box::new(ValueWrite {
        service: path.service.to_owned(),
        setting,
        before,
        after,
        writer: subject_with_process(event),
        control_set: path.control_set,
    })))
}

/// 4656, 4663, 4674: a handle to the SCM, to a service or to a service's key.
fn handle(event: &WindowsEvent) -> Outcome {
    if event.audit == Some(Audit::Failure) {
        return Err(Refusal::Ignored("a refused access"));
    }
    let access = event.integer("AccessMask").and_then(|mask| u32::try_from(mask).ok()).unwrap_or_default();
    let object = event.text("ObjectName").unwrap_or_default();
    let kind = event.text("ObjectType").unwrap_or_default();
    let manager = event.text("ObjectServer").is_some_and(|server| server.eq_ignore_ascii_case("SC Manager"));
    if manager
        || kind.eq_ignore_ascii_case("SERVICE OBJECT")
        || kind.eq_ignore_ascii_case("SC_MANAGER OBJECT")
    {
        let service = kind.eq_ignore_ascii_case("SERVICE OBJECT").then(|| object.into_owned());
        return Ok(Seen::Handle(Box::new(Handle {
            service,
            access,
            requester: subject_with_process(event),
        })));
    }
    match key::parse(&object) {
        Some(path) => Ok(Seen::KeyHandle(Box::new(Handle {
            service: Some(path.service.to_owned()),
            access,
            requester: subject_with_process(event),
        }))),
        None => Err(Refusal::Ignored("a handle to something else")),
    }
}

fn permissions(event: &WindowsEvent) -> Outcome {
    let object = event.text("ObjectName").unwrap_or_default();
    let kind = event.text("ObjectType").unwrap_or_default();
    let write = |service: String, setting: &'static str| {
        Ok(Seen::KeyPermissions(Box::new(ValueWrite {
            service,
            setting,
            before: owned(event, "OldSd"),
            after: Some(owned(event, "NewSd").unwrap_or_default()),
            writer: subject_with_process(event),
            control_set: None,
        })))
    };
    if kind.eq_ignore_ascii_case("SERVICE OBJECT") {
        return write(object.into_owned(), setting::SECURITY);
    }
    match key::parse(&object) {
        Some(path) if path.below.is_empty() => write(path.service.to_owned(), KEY_PERMISSIONS),
        _ => Err(Refusal::Ignored("permissions of something else")),
    }
}

fn process(event: &WindowsEvent) -> Seen {
    // From Windows 10 on the new process may have a user of its own.
    let target = user(event, "TargetDomainName", "TargetUserName");
    let target_logon = event.integer("TargetLogonId").filter(|logon| *logon != 0);
    let subject = subject(event);
    Seen::Process(Box::new(ProcessStart {
        process: Doer {
            process_id: event.process("NewProcessId"),
            guid: None,
            image: owned(event, "NewProcessName"),
            parent_id: event.process("ProcessId"),
            user: target.or(subject.user),
            sid: subject.sid,
            logon_id: target_logon.or(subject.logon_id),
        },
        command_line: owned(event, "CommandLine"),
        original_name: None,
        sha256: None,
        parent_guid: None,
        parent_image: owned(event, "ParentProcessName"),
        parent_command_line: None,
    }))
}

fn logon(event: &WindowsEvent) -> Seen {
    Seen::Logon(Box::new(Logon {
        logon_id: event.integer("TargetLogonId"),
        kind: event.integer("LogonType"),
        address: address(event),
        workstation: owned(event, "WorkstationName"),
        user: user(event, "TargetDomainName", "TargetUserName"),
        sid: owned(event, "TargetUserSid"),
    }))
}

fn pipe(event: &WindowsEvent) -> Outcome {
    let target = event.text("RelativeTargetName").unwrap_or_default();
    if !target.trim_start_matches('\\').eq_ignore_ascii_case("svcctl") {
        return Err(Refusal::Ignored("a share access to something else"));
    }
    Ok(Seen::Pipe(Box::new(Logon {
        logon_id: event.integer("SubjectLogonId"),
        kind: None,
        address: address(event),
        workstation: None,
        user: user(event, "SubjectDomainName", "SubjectUserName"),
        sid: owned(event, "SubjectUserSid"),
    })))
}

/// The client's address; the host's own is none.
fn address(event: &WindowsEvent) -> Option<String> {
    owned(event, "IpAddress").map(|address| match address.strip_prefix("::ffff:") {
        Some(version_4) => version_4.to_owned(),
        None => address,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::windows_event::json;

    fn written(key: &str, fields: &serde_json::Value) -> (&'static str, Option<String>, Option<String>) {
        let mut record = json!({"Event": {"System": {"Provider": {"Name": "Microsoft-Windows-Security-Auditing"},
            "EventID": 4657, "TimeCreated": {"SystemTime": "2024-05-06T07:08:09Z"}}, "EventData": fields}});
        record["Event"]["EventData"]["ObjectName"] =
            json!(format!(r"\REGISTRY\MACHINE\SYSTEM\ControlSet001\Services\{key}"));
        match decode(&json::from_value(&record).unwrap()) {
            Ok(Seen::Value(write)) => (write.setting, write.before, write.after),
            _ => panic!("{record}"),
        }
    }

    #[test]
    fn values_are_read_by_their_types() {
        let text = |text: &str| Some(text.to_owned());
        for (key, fields, expected) in [
            // Types as an agent renders them.
            (
                "Depot",
                json!({"ObjectValueName": "Start", "OperationType": "Existing registry value modified",
                    "OldValueType": "REG_DWORD", "OldValue": "2", "NewValueType": "REG_DWORD", "NewValue": "4"}),
                ("Start", text("auto start"), text("disabled")),
            ),
            (
                "Depot",
                json!({"ObjectValueName": "FailureCommand", "OperationType": "Registry value deleted",
                    "OldValueType": "REG_SZ", "OldValue": "a.exe", "NewValueType": "-", "NewValue": "-"}),
                ("FailureCommand", text("a.exe"), None),
            ),
            // An empty value that an agent leaves out was there.
            (
                "Depot",
                json!({"ObjectValueName": "Description", "OperationType": "%%1905", "OldValueType": "%%1873",
                    "NewValueType": "%%1873", "NewValue": "Keeps."}),
                ("Description", text(""), text("Keeps.")),
            ),
            // Of a kind that the audit doesn't follow, neither value is known.
            (
                "Depot",
                json!({"ObjectValueName": "FailureActions", "OperationType": "%%1905", "OldValueType": "%%1875",
                    "OldValue": "%%1800", "NewValueType": "%%1875", "NewValue": "%%1800"}),
                ("FailureActions", None, text("(binary data, not recorded)")),
            ),
            // One of a trigger's values, as Sysmon's record of it reads.
            (
                r"Depot\TriggerInfo\0",
                json!({"ObjectValueName": "Action", "OperationType": "%%1904", "OldValueType": "-", "OldValue": "-",
                    "NewValueType": "%%1876", "NewValue": "1"}),
                ("Triggers", None, text(r"TriggerInfo\0\Action=1")),
            ),
        ] {
            assert_eq!(written(key, &fields), expected);
        }
    }
}
