//! Looking into JSON objects whose exact shape is not known.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::windows_event::field::parse_integer;

/// A JSON object.
pub(super) type Object = Map<String, Json>;

/// Whether `object` looks like one of the shapes that are read.
pub(super) fn has_event(object: &Object) -> bool {
    has_header(object)
        || object.contains_key("winlogbeat_winlog_event_id")
        || super::wazuh::is_one(object)
        || text_of(object).is_some()
}

fn has_header(object: &Object) -> bool {
    ["Event", "System", "winlog", "EventID", "event_id", "winlog.event_id", "Id"]
        .iter()
        .any(|name| object.contains_key(*name))
}

/// The whole record, as XML or JSON, where that is all there is of it: what was taken out of it is nearer to hand.
///
/// Splunk's `_raw`, Elastic's original, the XML of Fluent Bit, and lines of files as Filebeat, Logstash and containers'
/// logs have them.
pub(super) fn text_of(object: &Object) -> Option<&str> {
    if first(object, &["winlog", "EventData", "event_data"]).is_some() {
        return None;
    }
    let text = |names: &[&str]| first(object, names).and_then(Json::as_str).map(str::trim);
    if let Some(text) = text(&["_raw", "event.original", "System"]).filter(|text| text.starts_with("<Event"))
    {
        return Some(text);
    }
    // A message of a record of its own is for people.
    if has_header(object) {
        return None;
    }
    text(&["_raw", "event.original", "message", "log", "MESSAGE"])
        .filter(|text| text.starts_with("<Event") || text.starts_with('{'))
}

/// What stands at `path`, a chain of names; each step may also be written with a dot in one name.
pub(super) fn at<'json>(object: &'json Object, path: &str) -> Option<&'json Json> {
    if let Some(value) = object.get(path) {
        return Some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let (first, rest) = path.split_at_checked(dot)?;
        let inner = object.get(first)?.as_object()?;
        at(inner, rest.strip_prefix('.')?)
    })
}

/// The first of `paths` at which a value stands that is not null.
pub(super) fn first<'json>(object: &'json Object, paths: &[&str]) -> Option<&'json Json> {
    paths.iter().find_map(|path| at(object, path).filter(|value| !value.is_null()))
}

/// The value itself, the text within an element that also has attributes (`#text`, `Value`), or the one item of a list,
/// which searches give for fields.
pub(super) fn content(value: &Json) -> &Json {
    match value {
        Json::Object(object) => match first(object, &["#text", "_text", "Value", "value", "$"]) {
            // `PowerShell` writes a security id as an object of its own.
            Some(Json::Object(inner)) => inner.get("Value").unwrap_or(value),
            inner => inner.unwrap_or(value),
        },
        Json::Array(items) => match items.as_slice() {
            [item @ (Json::String(_) | Json::Number(_) | Json::Bool(_))] => item,
            _ => value,
        },
        _ => value,
    }
}

/// A scalar as text.
pub(super) fn text(value: &Json) -> Option<String> {
    match content(value) {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

/// The text at the first of `paths` that has one.
pub(super) fn first_text(object: &Object, paths: &[&str]) -> Option<String> {
    paths.iter().find_map(|path| at(object, path).and_then(text)).filter(|text| !text.is_empty())
}

/// The same, shared; empty when there is none.
pub(super) fn shared_text(object: &Object, paths: &[&str]) -> Arc<str> {
    Arc::from(first_text(object, paths).unwrap_or_default())
}

/// A scalar as a number: from a number, with or without a fraction of zero, or from decimal or hexadecimal text.
pub(super) fn integer(value: &Json) -> Option<u64> {
    match content(value) {
        Json::Number(number) => number
            .as_u64()
            .or_else(|| number.as_i64().map(i64::cast_unsigned))
            .or_else(|| whole(&number.to_string())),
        Json::String(text) => parse_integer(text).or_else(|| whole(text)),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A decimal number whose fraction is zero, such as `7045.0`.
fn whole(text: &str) -> Option<u64> {
    let (whole, fraction) = text.trim().split_once('.')?;
    fraction.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok())?
}

/// The number at the first of `paths` that has one.
pub(super) fn first_integer(object: &Object, paths: &[&str]) -> Option<u64> {
    paths.iter().find_map(|path| at(object, path).and_then(integer))
}

/// The same, where it fits a 32-bit number.
pub(super) fn first_u32(object: &Object, paths: &[&str]) -> Option<u32> {
    first_integer(object, paths).and_then(|number| u32::try_from(number).ok())
}

/// The attribute `name` of an element, in the ways in which converters write attributes.
pub(super) fn attribute<'json>(element: &'json Json, name: &str) -> Option<&'json Json> {
    let object = element.as_object()?;
    let prefixed = format!("@{name}");
    object
        .get("#attributes")
        .or_else(|| object.get("@attributes"))
        .or_else(|| object.get("$"))
        .and_then(Json::as_object)
        .and_then(|attributes| attributes.get(name))
        .or_else(|| object.get(&prefixed))
        .or_else(|| object.get(name))
}
