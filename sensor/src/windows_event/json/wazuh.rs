//! The shape of Wazuh: `win.system` beside `win.eventdata`, names with a small first letter, backslashes written twice.

use serde_json::Value as Json;

use super::nested::moment;
use super::shape::{Object, first_integer, first_text, first_u32, integer, shared_text, text};
use super::{JsonError, payload};
use crate::windows_event::event::{Audit, WindowsEvent};
use crate::windows_event::field::{Field, Value};

/// The header; all else beside it is payload: `eventdata`, or what `UserData` holds, under the name of its element.
const HEADER: &str = "system";

/// Whether `object` holds an event of this shape.
pub(super) fn is_one(object: &Object) -> bool {
    within(object).is_some()
}

fn within(object: &Object) -> Option<&Object> {
    object.get("win").and_then(Json::as_object).filter(|win| win.get(HEADER).is_some_and(Json::is_object))
}

pub(super) fn read(object: &Object) -> Result<WindowsEvent, JsonError> {
    let empty = Object::new();
    let win = within(object).unwrap_or(&empty);
    let system = win.get(HEADER).and_then(Json::as_object).unwrap_or(&empty);
    let mut fields: Vec<Field> = win
        .iter()
        .filter(|(name, _)| name.as_str() != HEADER)
        .flat_map(|(_, data)| payload::read(data))
        .map(field)
        .collect();
    if let Some(message) = system.get("message").and_then(text) {
        let message = message.trim().trim_matches('"').to_owned();
        fields.push(Field { name: "Message".to_owned(), value: Value::Text(message) });
    }
    Ok(WindowsEvent {
        provider: shared_text(system, &["providerName", "eventSourceName"]),
        channel: shared_text(system, &["channel"]),
        id: first_u32(system, &["eventID"]).ok_or(JsonError::NoEventId)?,
        version: first_integer(system, &["version"])
            .and_then(|version| u8::try_from(version).ok())
            .unwrap_or(0),
        record_id: first_integer(system, &["eventRecordID"]),
        time: system.get("systemTime").and_then(moment).ok_or(JsonError::NoTime)?,
        computer: shared_text(system, &["computer"]),
        process_id: first_u32(system, &["processID"]),
        thread_id: first_u32(system, &["threadID"]),
        user_sid: first_text(system, &["securityUserID", "userID"]).filter(|sid| sid.starts_with("S-1-")),
        activity_id: first_text(system, &["activityID"]),
        audit: system.get("keywords").and_then(integer).and_then(Audit::from_keywords),
        fields,
    })
}

/// A field under the name of the template and with the value of the record.
fn field(field: Field) -> Field {
    let mut name = field.name;
    if !is_position(&name)
        && let Some(first) = name.get_mut(..1)
    {
        first.make_ascii_uppercase();
    }
    let value = match field.value {
        Value::Text(text) => Value::Text(text.replace(r"\\", r"\")),
        other => other,
    };
    Field { name, value }
}

/// `param1` and so on are written small by Windows itself.
fn is_position(name: &str) -> bool {
    name.strip_prefix("param").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::windows_event::json::from_value;

    #[test]
    fn an_alert_reads_as_the_record_that_it_is_of() {
        let win = json!({"win": {
            "system": {"providerName": "Service Control Manager", "eventID": "7045", "channel": "System",
                "systemTime": "2024-05-06T07:08:09.1234567Z", "eventRecordID": "42", "processID": "600",
                "keywords": "0x8080000000000000", "computer": "HOST1", "securityUserID": "S-1-5-18", "message": "\"A service.\""},
            "eventdata": {"serviceName": "Courier", "imagePath": r"\\\\FILES\\share\\courier.exe -d C:\\Data"}}});
        for alert in [
            win.clone(),
            json!({"rule": {"id": "1"}, "data": win.clone()}),
            json!({"_source": {"data": win}}),
        ] {
            let event = from_value(&alert).unwrap_or_else(|error| panic!("{error}: {alert}"));
            assert_eq!((event.id, event.record_id, event.process_id), (7045, Some(42), Some(600)));
            assert_eq!((&*event.provider, &*event.computer), ("Service Control Manager", "HOST1"));
            assert_eq!(event.user_sid.as_deref(), Some("S-1-5-18"));
            assert_eq!(event.time.to_string(), "2024-05-06T07:08:09.123456700Z");
            assert_eq!(event.field("ServiceName").map(Value::text).as_deref(), Some("Courier"));
            assert_eq!(event.text("ImagePath").as_deref(), Some(r"\\FILES\share\courier.exe -d C:\Data"));
        }
    }

    #[test]
    fn positions_keep_their_names_and_audits_their_outcome() {
        let alert = json!({"win": {
            "system": {"eventID": "4674", "systemTime": "2024-05-06T07:08:09Z", "keywords": "0x8010000000000000"},
            "eventdata": {"param1": "a", "binary": "5300"}}});
        let event = from_value(&alert).unwrap();
        assert_eq!(event.audit, Some(Audit::Failure));
        assert_eq!(
            event.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            ["param1", "Binary"]
        );
        let empty = json!({"win": {"system": {"systemTime": "2024-05-06T07:08:09Z"}}});
        assert_eq!(from_value(&empty), Err(JsonError::NoEventId));
    }
}
