//! The shape that follows the XML: `System` beside `EventData` or `UserData`.

use std::sync::Arc;

use serde_json::Value as Json;

use super::shape::{Object, at, attribute, first_integer, first_text, first_u32, integer, shared_text, text};
use super::{JsonError, payload};
use crate::model::Timestamp;
use crate::windows_event::event::{Audit, WindowsEvent};
use crate::windows_event::field::Field;
use crate::windows_event::time;

pub(super) fn read(event: &Object) -> Result<WindowsEvent, JsonError> {
    let empty = Object::new();
    let system = event.get("System").and_then(Json::as_object).unwrap_or(&empty);
    let of = |element: &str, name: &str| {
        // Converters that keep attributes apart write `Execution_attributes`.
        let apart = format!("{element}_attributes");
        system
            .get(element)
            .and_then(|element| attribute(element, name))
            .or_else(|| system.get(&apart).and_then(|attributes| attribute(attributes, name)))
    };
    let provider = of("Provider", "Name")
        .or_else(|| of("Provider", "EventSourceName"))
        .or_else(|| system.get("Provider"))
        .and_then(text)
        .unwrap_or_default();
    let time = of("TimeCreated", "SystemTime")
        .or_else(|| system.get("TimeCreated"))
        .or_else(|| at(event, "@timestamp"))
        .and_then(moment)
        .ok_or(JsonError::NoTime)?;
    Ok(WindowsEvent {
        provider: Arc::from(provider),
        channel: shared_text(system, &["Channel"]),
        id: first_u32(system, &["EventID", "EventId"]).ok_or(JsonError::NoEventId)?,
        version: first_integer(system, &["Version"])
            .and_then(|version| u8::try_from(version).ok())
            .unwrap_or(0),
        record_id: first_integer(system, &["EventRecordID", "EventRecordId"]),
        time,
        computer: shared_text(system, &["Computer"]),
        process_id: of("Execution", "ProcessID").and_then(integer).and_then(|id| u32::try_from(id).ok()),
        thread_id: of("Execution", "ThreadID").and_then(integer).and_then(|id| u32::try_from(id).ok()),
        user_sid: of("Security", "UserID").and_then(text).filter(|sid| !sid.is_empty()),
        activity_id: of("Correlation", "ActivityID").and_then(text).filter(|id| !id.is_empty()),
        audit: first_text(system, &["Keywords"])
            .and_then(|keywords| crate::windows_event::field::parse_integer(&keywords))
            .and_then(Audit::from_keywords),
        fields: fields(event),
    })
}

fn fields(event: &Object) -> Vec<Field> {
    let mut fields = Vec::new();
    for name in ["EventData", "UserData", "ProcessingErrorData"] {
        if let Some(data) = event.get(name) {
            fields.extend(payload::read(data));
        }
    }
    fields
}

/// A moment in text or as seconds since 1970.
pub(super) fn moment(value: &Json) -> Option<Timestamp> {
    if let Some(moment) = text(value).as_deref().and_then(time::parse) {
        return Some(moment);
    }
    // .NET's dates within PowerShell's JSON.
    let object = value.as_object()?;
    first_text(object, &["value", "DateTime", "SystemTime"]).as_deref().and_then(time::parse)
}
