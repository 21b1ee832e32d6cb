//! The same records in the other forms in which they are kept and sent.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{Field, Record};

/// Units of 100 ns between 1601 and 1970.
const EPOCH: u64 = 116_444_736_000_000_000;

/// The record as event XML, as wevtutil and event forwarding write it: one element in one line.
pub fn xml(record: &Record, id: u64) -> String {
    let mut data = String::new();
    for (name, field) in &record.fields {
        // Writing to a string can't fail.
        _ = match field {
            Field::Bytes(bytes) => write!(data, "<Binary>{}</Binary>", hex::encode_upper(bytes)),
            other => write!(data, "<Data Name='{name}'>{}</Data>", escaped(&shown(other))),
        };
    }
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
         <Provider Name='{}'/><EventID>{}</EventID><Version>0</Version><Level>4</Level><Task>0</Task>\
         <Opcode>0</Opcode><Keywords>{:#018x}</Keywords><TimeCreated SystemTime='{}'/>\
         <EventRecordID>{id}</EventRecordID><Execution ProcessID='{}' ThreadID='4'/><Channel>{}</Channel>\
         <Computer>{}</Computer></System><EventData>{data}</EventData></Event>",
        record.provider,
        record.id,
        record.keywords,
        time(record),
        record.process_id,
        record.channel,
        record.computer,
    )
}

/// The record as a line of JSON as agents send it, in the shape of ECS with its `winlog` object.
pub fn json(record: &Record, id: u64) -> String {
    let data: Map<String, Value> = record
        .fields
        .iter()
        .map(|(name, field)| match field {
            Field::Bytes(bytes) => (name.clone(), Value::from(hex::encode_upper(bytes))),
            other => (name.clone(), Value::from(shown(other))),
        })
        .collect();
    json!({
        "@timestamp": time(record),
        "event": {"code": record.id.to_string(), "kind": "event", "provider": record.provider},
        "winlog": {
            "api": "wineventlog",
            "channel": record.channel,
            "computer_name": record.computer,
            "event_data": data,
            "event_id": record.id.to_string(),
            "provider_name": record.provider,
            "record_id": id,
            "process": {"pid": record.process_id, "thread": {"id": 4}},
        },
    })
    .to_string()
}

fn time(record: &Record) -> String {
    let ticks = i128::from(record.filetime.saturating_sub(EPOCH));
    jiff::Timestamp::from_nanosecond(ticks * 100).map(|time| format!("{time:.7}")).unwrap_or_default()
}

fn shown(field: &Field) -> String {
    match field {
        Field::Text(text) => text.clone(),
        Field::Number(number) => number.to_string(),
        Field::Hex(number) => format!("{number:#x}"),
        Field::Bytes(bytes) => hex::encode_upper(bytes),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
