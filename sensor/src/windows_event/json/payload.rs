//! The payload of an event in JSON: an object, a list of named elements, or XML in a string.

use serde_json::Value as Json;

use super::shape::{Object, attribute, content};
use crate::model::Timestamp;
use crate::windows_event::field::{Field, Value};
use crate::windows_event::xml;

/// Elements nested deeper than this are left out.
const MAX_DEPTH: usize = 8;

/// The name of a record's raw bytes, which follow its parameters.
pub(super) const BINARY: &str = "Binary";

/// Reads a payload element (`EventData`, `UserData`, `winlog.event_data`).
pub(super) fn read(payload: &Json) -> Vec<Field> {
    let mut reader = Reader { fields: Vec::new(), unnamed: 0 };
    reader.payload(payload, 0);
    reader.fields
}

/// Reads Azure's list of parameters, `<Param>` elements side by side.
pub(super) fn parameters(text: &str) -> Vec<Field> {
    let mut reader = Reader { fields: Vec::new(), unnamed: 0 };
    let data = text.replace("<Param", "<Data").replace("</Param>", "</Data>");
    reader.embedded(&format!("<EventData>{data}</EventData>"));
    reader.fields
}

/// A JSON scalar as a field's value; a list of scalars becomes lines of text.
pub(super) fn value(json: &Json) -> Option<Value> {
    match content(json) {
        Json::Bool(truth) => Some(Value::Bool(*truth)),
        Json::Number(number) => Some(match (number.as_u64(), number.as_i64()) {
            (Some(unsigned), _) => Value::Unsigned(unsigned),
            (None, Some(signed)) => Value::Signed(signed),
            (None, None) => Value::Text(number.to_string()),
        }),
        Json::String(text) => Some(Value::Text(text.clone())),
        Json::Array(items) => {
            let lines: Vec<String> =
                items.iter().filter_map(|item| value(item).map(|value| value.text().into_owned())).collect();
            (!lines.is_empty()).then(|| Value::Text(lines.join("\n")))
        }
        Json::Null | Json::Object(_) => None,
    }
}

/// Raw bytes, where a list holds two numbers or more and nothing else.
fn bytes(items: &[Json]) -> Option<Vec<u8>> {
    let bytes: Option<Vec<u8>> =
        items.iter().map(|item| item.as_u64().and_then(|number| u8::try_from(number).ok())).collect();
    bytes.filter(|bytes| bytes.len() > 1)
}

struct Reader {
    fields: Vec<Field>,
    unnamed: usize,
}

impl Reader {
    fn payload(&mut self, payload: &Json, depth: usize) {
        match payload {
            Json::Object(object) if depth < MAX_DEPTH => self.object(object, depth),
            Json::Array(items) => self.list(items),
            Json::String(text) => self.embedded(text),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => {}
        }
    }

    fn object(&mut self, object: &Object, depth: usize) {
        for (name, member) in object {
            match name.as_str() {
                "#attributes" | "@attributes" | "@Name" | "@xmlns" | "xmlns" | "xml_name" => {}
                "Data" => self.data(member),
                name if name.starts_with("Data_") && name.ends_with("_attributes") => {}
                name => match value(member) {
                    Some(value) => self.push(Some(name), value),
                    None => self.payload(member, depth + 1),
                },
            }
        }
    }

    fn list(&mut self, items: &[Json]) {
        for item in items {
            self.data(item);
        }
    }

    /// A `Data` element, or a list of them.
    fn data(&mut self, data: &Json) {
        if let Json::Array(items) = data {
            self.list(items);
            return;
        }
        let name = attribute(data, "Name").and_then(Json::as_str);
        match content(data) {
            Json::Array(items) => match bytes(items) {
                Some(bytes) => self.push(name.or(Some(BINARY)), Value::Bytes(bytes)),
                None => self.list(items),
            },
            Json::Object(object) if name.is_none() => self.object(object, MAX_DEPTH - 1),
            // An empty element keeps its place: positions count where there are no names.
            Json::Null | Json::Object(_) => self.push(name, Value::Text(String::new())),
            scalar => {
                if let Some(value) = value(scalar) {
                    self.push(name, value);
                }
            }
        }
    }

    fn embedded(&mut self, text: &str) {
        let mut text = text.trim();
        // System Center puts an element of its own around it.
        if text.starts_with("<DataItem")
            && let Some(start) = text.find("<EventData")
        {
            text = text.get(start..).and_then(|text| text.split("</DataItem>").next()).unwrap_or(text);
        }
        if text.starts_with('<') {
            let whole = format!("<Event><System><EventID>0</EventID></System>{text}</Event>");
            if let Ok(event) = xml::parse(whole.as_bytes(), Some(Timestamp::default())) {
                self.fields.extend(event.fields);
            }
        } else if text.starts_with('{')
            && let Ok(Json::Object(object)) = serde_json::from_str(text)
        {
            self.object(&object, 1);
        }
    }

    fn push(&mut self, name: Option<&str>, value: Value) {
        let name = match name {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => {
                self.unnamed += 1;
                format!("param{}", self.unnamed)
            }
        };
        self.fields.push(Field { name, value });
    }
}
