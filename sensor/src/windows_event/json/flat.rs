//! The shapes of agents: `winlog` (ECS), and everything side by side at the top level (`NXLog`, older Winlogbeat).

use serde_json::Value as Json;

use super::nested::moment;
use super::shape::{Object, first, first_integer, first_text, first_u32, shared_text};
use super::{JsonError, payload, positions};
use crate::model::Timestamp;
use crate::windows_event::event::{Audit, WindowsEvent};
use crate::windows_event::field::{Field, Value};

/// Names at the top level that belong to the agent or to the header, never to the payload.
const NOT_PAYLOAD: [&str; 45] = [
    "@timestamp",
    "@version",
    "tags",
    "host",
    "port",
    "agent",
    "ecs",
    "event",
    "winlog",
    "log",
    "input",
    "fields",
    "metadata",
    "beat",
    "offset",
    "Channel",
    "LogName",
    "log_name",
    "EventID",
    "event_id",
    "Id",
    "SourceName",
    "ProviderName",
    "source_name",
    "ProviderGuid",
    "provider_guid",
    "RecordNumber",
    "record_number",
    "EventRecordID",
    "RecordId",
    "EventTime",
    "EventReceivedTime",
    "Hostname",
    "computer_name",
    "Keywords",
    "keywords",
    "SourceModuleName",
    "SourceModuleType",
    "SeverityValue",
    "ExecutionProcessID",
    "ExecutionThreadID",
    "Properties",
    "ParameterXml",
    "SystemProcessId",
    "SystemUserId",
];

pub(super) fn read(object: &Object) -> Result<WindowsEvent, JsonError> {
    let id = first_u32(
        object,
        &["winlog.event_id", "EventID", "event_id", "EventId", "eventid", "Id", "event.code", "EventCode"],
    )
    .ok_or(JsonError::NoEventId)?;
    let mut event = WindowsEvent {
        provider: shared_text(
            object,
            &[
                "winlog.provider_name",
                "event.provider",
                "SourceName",
                "ProviderName",
                "Provider_Name",
                "source_name",
                "provider_name",
                "Provider",
                "Source",
            ],
        ),
        channel: shared_text(
            object,
            &["winlog.channel", "Channel", "channel", "LogName", "log_name", "EventLog", "logname"],
        ),
        id,
        version: first_integer(object, &["winlog.version", "Version", "version"])
            .and_then(|version| u8::try_from(version).ok())
            .unwrap_or(0),
        record_id: first_integer(
            object,
            &[
                "winlog.record_id",
                "EventRecordID",
                "EventRecordId",
                // `EvtxECmd` counts the records of a file by this name, beside the record's own number.
                "RecordNumber",
                "record_number",
                "RecordId",
                "record_id",
            ],
        ),
        time: time(object).ok_or(JsonError::NoTime)?,
        computer: shared_text(
            object,
            &[
                "winlog.computer_name",
                "Hostname",
                "Computer",
                "computer_name",
                "ComputerName",
                "MachineName",
                "host.name",
                "host.hostname",
                "hostname",
                "host",
                // Graylog's.
                "source",
            ],
        ),
        process_id: first_u32(object, process_ids(object)),
        thread_id: first_u32(
            object,
            &["winlog.process.thread.id", "ExecutionThreadID", "ThreadID", "thread_id", "SystemThreadId"],
        ),
        user_sid: first_text(
            object,
            &["winlog.user.identifier", "UserID", "UserId", "user.identifier", "UserSid", "SystemUserId"],
        )
        .filter(|sid| sid.starts_with("S-1-")),
        activity_id: first_text(object, &["winlog.activity_id", "ActivityID", "activity_id"]),
        audit: audit(object),
        fields: fields(object),
    };
    forget_agents_own(object, &mut event.fields);
    positions::name(&mut event);
    Ok(event)
}

/// Who logged it. `ProcessId` in this case is a field of the payload, unless the payload stands apart.
fn process_ids(object: &Object) -> &'static [&'static str] {
    const NAMES: &[&str] = &[
        "winlog.process.pid",
        "ExecutionProcessID",
        "SystemProcessId",
        "ProcessID",
        "process_id",
        "ProcessId",
    ];
    let apart = ["Payload", "Properties"].iter().any(|name| object.contains_key(*name));
    if apart { NAMES } else { NAMES.get(..NAMES.len() - 1).unwrap_or(NAMES) }
}

/// When it was logged. `NXLog` writes local time without saying which; its time of receipt, in the same zone, stands
/// beside the time of receipt in UTC, and tells the zone.
fn time(object: &Object) -> Option<Timestamp> {
    let at = |names: &[&str]| first(object, names).and_then(moment);
    // What reads XML from files stamps the time of reading.
    if let Some(created) = at(&["winlog.time_created"]) {
        return Some(created);
    }
    let collected = at(&["@timestamp"]);
    if let Some(local) = at(&["EventTime"]) {
        let named = first_text(object, &["EventTime"]).is_some_and(|text| has_zone(&text));
        let received = at(&["EventReceivedTime"]);
        // The time of receipt may say the zone that it is in.
        let shift = first_text(object, &["EventReceivedTime"]).and_then(|text| offset(&text));
        return Some(match (named, shift, received, collected) {
            (false, Some(offset), _, _) => Timestamp(local.0.saturating_sub(offset)),
            (false, None, Some(received), Some(collected)) => {
                Timestamp(local.0.saturating_add(zone(received, collected)))
            }
            _ => local,
        });
    }
    at(&["TimeCreated", "time_created", "SystemTime", "EventTimeUtc"]).or(collected).or_else(|| {
        at(&["TimeGenerated", "UtcTime", "timestamp", "Timestamp", "time", "_time", "event.created"])
    })
}

/// How far the zone that `text` ends with is ahead of UTC, in nanoseconds.
fn offset(text: &str) -> Option<i64> {
    let clock = text.rfind(['T', ' '])?;
    let sign = clock + text.get(clock..)?.find(['+', '-'])?;
    let local = crate::windows_event::time::parse(text.get(..sign)?)?;
    let utc = crate::windows_event::time::parse(text)?;
    Some(local.0.saturating_sub(utc.0))
}

fn has_zone(text: &str) -> bool {
    let clock = text.rsplit_once(['T', ' ']).map_or(text, |(_, clock)| clock);
    clock.ends_with(['Z', 'z']) || clock.contains(['+', '-'])
}

/// What is to be added to local time, in nanoseconds: zones are whole quarters of an hour.
fn zone(local: Timestamp, utc: Timestamp) -> i64 {
    const QUARTER: i64 = 15 * 60 * 1_000_000_000;
    let difference = utc.0.saturating_sub(local.0);
    let quarters = difference.saturating_add(QUARTER / 2).div_euclid(QUARTER);
    // No zone is further than 14 hours from UTC: more is a delay of shipping.
    if quarters.abs() > 14 * 4 { 0 } else { quarters.saturating_mul(QUARTER) }
}

fn audit(object: &Object) -> Option<Audit> {
    if let Some(keywords) = first_integer(object, &["Keywords", "winlog.keywords", "keywords"])
        && let Some(audit) = Audit::from_keywords(keywords)
    {
        return Some(audit);
    }
    match first_text(object, &["EventType", "event.outcome"]).as_deref() {
        Some("AUDIT_SUCCESS" | "success") => return Some(Audit::Success),
        Some("AUDIT_FAILURE" | "failure") => return Some(Audit::Failure),
        _ => {}
    }
    let keywords = first(object, &["winlog.keywords", "keywords", "Keywords", "KeywordsDisplayNames"])?;
    let says = |word: &str| match keywords {
        Json::String(text) => text.contains(word),
        Json::Array(items) => items.iter().filter_map(Json::as_str).any(|item| item == word),
        _ => false,
    };
    if says("Audit Failure") {
        Some(Audit::Failure)
    } else if says("Audit Success") {
        Some(Audit::Success)
    } else {
        None
    }
}

fn fields(object: &Object) -> Vec<Field> {
    let apart: Vec<Field> = [
        "winlog.event_data",
        "winlog.user_data",
        "event_data",
        "user_data",
        "EventData",
        "UserData",
        "Payload",
    ]
    .iter()
    .filter_map(|path| first(object, &[path]))
    .flat_map(payload::read)
    .collect();
    if !apart.is_empty() {
        return with_message(object, with_ecs(object, apart));
    }
    // Keys with the whole path in them.
    let dotted: Vec<Field> = object
        .iter()
        .filter_map(|(name, json)| {
            let name =
                name.strip_prefix("winlog.event_data.").or_else(|| name.strip_prefix("event_data."))?;
            Some(Field { name: name.to_owned(), value: payload::value(json)? })
        })
        .collect();
    if !dotted.is_empty() {
        return with_message(object, with_ecs(object, dotted));
    }
    // Azure's parameters, in the order of the template.
    if let Some(Json::String(parameters)) = first(object, &["ParameterXml"]) {
        return with_message(object, payload::parameters(parameters));
    }
    // Values without names, of PowerShell and of Fluent Bit.
    if let Some(values @ Json::Array(_)) = first(object, &["Properties", "StringInserts"]) {
        return with_message(object, payload::read(values));
    }
    object
        .iter()
        .filter(|(name, _)| !NOT_PAYLOAD.contains(&name.as_str()))
        .filter_map(|(name, json)| Some(Field { name: name.clone(), value: payload::value(json)? }))
        .collect()
}

/// Fields of the payload that Elastic's modules move to names of their own.
const MOVED: [(&str, &[&str]); 14] = [
    ("Image", &["process.executable"]),
    ("ProcessId", &["process.pid"]),
    ("ProcessGuid", &["process.entity_id"]),
    ("CommandLine", &["process.command_line"]),
    ("OriginalFileName", &["process.pe.original_file_name"]),
    ("ParentImage", &["process.parent.executable"]),
    ("ParentProcessId", &["process.parent.pid"]),
    ("ParentProcessGuid", &["process.parent.entity_id"]),
    ("ParentCommandLine", &["process.parent.command_line"]),
    ("NewProcessName", &["process.executable"]),
    ("TargetObject", &["registry.path"]),
    ("Details", &["registry.data.strings"]),
    ("IpAddress", &["source.ip"]),
    ("ImageLoaded", &["file.path"]),
];

/// Brings back what was moved, where the payload lacks it.
fn with_ecs(object: &Object, mut fields: Vec<Field>) -> Vec<Field> {
    if first(object, &["winlog", "winlog.event_id"]).is_none() {
        return fields;
    }
    for (name, paths) in MOVED {
        if fields.iter().any(|field| field.name == name) {
            continue;
        }
        if let Some(value) = first(object, paths).and_then(payload::value) {
            fields.push(Field { name: name.to_owned(), value });
        }
    }
    fields
}

/// Adds the rendered message, for facts that an agent has overwritten elsewhere.
fn with_message(object: &Object, mut fields: Vec<Field>) -> Vec<Field> {
    if let Some(message) = first_text(object, &["message", "Message", "winlog.message"]) {
        fields.push(Field { name: "Message".to_owned(), value: Value::Text(message) });
    }
    fields
}

/// Removes what `NXLog` writes over the payload: the account of the record's user, and the kind of log entry.
fn forget_agents_own(object: &Object, fields: &mut Vec<Field>) {
    if !object.contains_key("SourceModuleType") && !object.contains_key("SourceModuleName") {
        return;
    }
    let overwrites_account = object.contains_key("AccountType");
    fields.retain(|field| match field.name.as_str() {
        "AccountName" => !overwrites_account,
        "EventType" => !matches!(
            field.value.text().as_ref(),
            "INFO"
                | "WARNING"
                | "ERROR"
                | "VERBOSE"
                | "CRITICAL"
                | "DEBUG"
                | "AUDIT_SUCCESS"
                | "AUDIT_FAILURE"
        ),
        _ => true,
    });
}
