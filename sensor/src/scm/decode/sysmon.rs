//! Sysmon's records of processes, drivers and the registry (Microsoft Sysinternals, "Sysmon").

use super::{Outcome, Refusal, value};
use crate::scm::key;
use crate::scm::observed::{Doer, DriverLoad, KeyChange, KeyOperation, ProcessStart, Seen, ValueWrite};
use crate::scm::setting;
use crate::windows_event::WindowsEvent;

pub(super) fn decode(event: &WindowsEvent) -> Outcome {
    match event.id {
        1 => Ok(process(event)),
        6 => driver(event),
        12..=14 => registry(event),
        _ => Err(Refusal::Ignored("other event")),
    }
}

fn process(event: &WindowsEvent) -> Seen {
    Seen::Process(Box::new(ProcessStart {
        process: Doer {
            process_id: event.process("ProcessId"),
            guid: guid(event, "ProcessGuid"),
            image: owned(event, "Image"),
            parent_id: event.process("ParentProcessId"),
            user: owned(event, "User"),
            sid: None,
            logon_id: event.integer("LogonId"),
        },
        command_line: owned(event, "CommandLine"),
        original_name: owned(event, "OriginalFileName"),
        sha256: sha256(event),
        parent_guid: guid(event, "ParentProcessGuid"),
        parent_image: owned(event, "ParentImage"),
        parent_command_line: owned(event, "ParentCommandLine"),
    }))
}

/// A text field as Sysmon saw it: it writes every `%` twice, since the Event Log takes `%1` for a place to fill.
fn owned(event: &WindowsEvent, name: &str) -> Option<String> {
    event.text(name).map(|text| text.replace("%%", "%"))
}

/// Without braces and in lower case: converters differ.
fn guid(event: &WindowsEvent, name: &str) -> Option<String> {
    event.text(name).map(|guid| guid.trim_matches(['{', '}']).to_ascii_lowercase())
}

fn sha256(event: &WindowsEvent) -> Option<String> {
    let hashes = event.text("Hashes").or_else(|| event.text("Hash"))?;
    let (_, rest) = hashes.split_once("SHA256=")?;
    let hash: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    (hash.len() == 64).then(|| hash.to_ascii_lowercase())
}

fn driver(event: &WindowsEvent) -> Outcome {
    let image = owned(event, "ImageLoaded").ok_or(Refusal::Undecodable("the record names no driver"))?;
    Ok(Seen::Driver(Box::new(DriverLoad {
        image,
        sha256: sha256(event),
        signed: event.text("Signed").and_then(|text| text.to_ascii_lowercase().parse().ok()),
        signer: owned(event, "Signature"),
    })))
}

fn registry(event: &WindowsEvent) -> Outcome {
    let target =
        owned(event, "TargetObject").ok_or(Refusal::Undecodable("the record names no registry object"))?;
    let Some(path) = key::parse(&target) else {
        return Err(Refusal::Ignored("registry path of no service"));
    };
    let writer = Doer {
        process_id: event.process("ProcessId"),
        guid: guid(event, "ProcessGuid"),
        image: owned(event, "Image"),
        user: owned(event, "User"),
        ..Doer::default()
    };
    let service = path.service.to_owned();
    if path.below.is_empty() {
        let change = match kind(event)? {
            Kind::CreateKey => KeyOperation::Created,
            Kind::DeleteKey => KeyOperation::Deleted,
            Kind::Rename => {
                let new =
                    owned(event, "NewName").ok_or(Refusal::Undecodable("the record has no new name"))?;
                let new = key::parse(&new).map_or(new.as_str(), |path| path.service).to_owned();
                KeyOperation::Renamed(new)
            }
            // A value without a name.
            Kind::SetValue | Kind::DeleteValue => return Err(Refusal::Ignored("the service's own data")),
        };
        return Ok(Seen::Key(Box::new(KeyChange { service, change, writer })));
    }
    let Some(setting) = setting::at(&path.below) else {
        return Err(Refusal::Ignored("the service's own data"));
    };
    let after = match kind(event)? {
        Kind::SetValue => {
            let details = owned(event, "Details").unwrap_or_default();
            Some(setting::of_trigger(setting, &path.below, value::from_details(setting, &details)))
        }
        Kind::DeleteValue | Kind::Rename => None,
        // A key that has the name of a setting, such as `Security` or `TriggerInfo\0`.
        Kind::CreateKey | Kind::DeleteKey => return Err(Refusal::Ignored("a key below a service's")),
    };
    Ok(Seen::Value(Box::new(ValueWrite {
        service,
        setting,
        before: None,
        after,
        writer,
        control_set: path.control_set,
    })))
}

enum Kind {
    CreateKey,
    DeleteKey,
    SetValue,
    DeleteValue,
    Rename,
}

/// What happened, by `EventType`; where a shipper has overwritten it, by number, or by Sysmon's message, which is never
/// translated.
fn kind(event: &WindowsEvent) -> Result<Kind, Refusal> {
    let of_message = || {
        let message = event.text("Message")?;
        let line = message.lines().find_map(|line| line.trim().strip_prefix("EventType:"))?;
        Some(line.trim().to_owned())
    };
    let text = owned(event, "EventType").or_else(of_message);
    match text.as_deref() {
        Some("CreateKey") => Ok(Kind::CreateKey),
        Some("DeleteKey") => Ok(Kind::DeleteKey),
        Some("SetValue") => Ok(Kind::SetValue),
        Some("DeleteValue") => Ok(Kind::DeleteValue),
        Some("RenameKey" | "RenameValue") => Ok(Kind::Rename),
        _ => match event.id {
            13 => Ok(Kind::SetValue),
            14 => Ok(Kind::Rename),
            _ => Err(Refusal::Undecodable("the kind of registry event was overwritten")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::windows_event::json;

    fn seen(id: u32, fields: &serde_json::Value) -> Seen {
        let record = json!({"Event": {"System": {"Provider": {"Name": "Microsoft-Windows-Sysmon"}, "EventID": id,
            "TimeCreated": {"SystemTime": "2024-05-06T07:08:09Z"}}, "EventData": fields}});
        decode(&json::from_value(&record).unwrap()).unwrap_or_else(|_| panic!("{record}"))
    }

    #[test]
    fn percent_signs_are_written_twice() {
        let written = json!({"EventType": "SetValue", "Details": r"%%ProgramData%%\a%%20b.dll",
            "TargetObject": r"HKLM\System\CurrentControlSet\Services\50%% off\Parameters\ServiceDll"});
        let Seen::Value(write) = seen(13, &written) else { panic!("no value") };
        assert_eq!(
            (write.service.as_str(), write.after.as_deref()),
            ("50% off", Some(r"%ProgramData%\a%20b.dll"))
        );
        let started = json!({"Image": r"C:\x.exe", "CommandLine": "x.exe /d %%TEMP%%"});
        let Seen::Process(process) = seen(1, &started) else { panic!("no process") };
        assert_eq!(process.command_line.as_deref(), Some("x.exe /d %TEMP%"));
    }
}
