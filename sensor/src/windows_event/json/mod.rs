//! Events as JSON objects, in the shapes in which agents and tools write them.
//!
//! Nested (`Event.System`, as EVTX converters and Velociraptor write), ECS (`winlog`, Winlogbeat and Elastic Agent),
//! `win` (Wazuh), flat (`NXLog`, `EvtxECmd`, Winlogbeat 6, the public Mordor recordings), the same with the names that
//! Graylog and GELF give, what `Get-WinEvent | ConvertTo-Json` gives, and the whole record as XML or JSON in a string
//! (Splunk, `event.original`, what reads lines of files).

mod flat;
mod graylog;
mod nested;
mod payload;
mod positions;
mod shape;
mod wazuh;

#[cfg(test)]
mod tests;

use serde_json::Value as Json;
use shape::Object;

use super::event::WindowsEvent;
use super::xml;

/// Why a JSON value is not an event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum JsonError {
    /// The text is not JSON.
    #[error("not JSON: line {line}, column {column}")]
    Malformed {
        /// The line within the value, from 1.
        line: usize,
        /// The column within the line, from 1.
        column: usize,
    },
    /// The value is not an object.
    #[error("the JSON value is not an object")]
    NotAnObject,
    /// No event number was found under any of the known names.
    #[error("the JSON object has no event id")]
    NoEventId,
    /// No time that can be read was found under any of the known names.
    #[error("the JSON object has no time")]
    NoTime,
}

/// Reads one event from the text of a JSON object.
pub fn parse(text: &[u8]) -> Result<WindowsEvent, JsonError> {
    // serde_json bounds the depth of nesting to 128 by itself.
    let value: Json = serde_json::from_slice(text)
        .map_err(|error| JsonError::Malformed { line: error.line(), column: error.column() })?;
    from_value(&value)
}

/// Reads one event from a JSON value.
pub fn from_value(value: &Json) -> Result<WindowsEvent, JsonError> {
    within(value, MAX_WRAPPERS)
}

/// Reads the event that `value` holds; strings within it are looked into up to `depth` times.
fn within(value: &Json, depth: usize) -> Result<WindowsEvent, JsonError> {
    let object = unwrapped(value.as_object().ok_or(JsonError::NotAnObject)?, MAX_WRAPPERS);
    if let Some(event) = object.get("Event").and_then(Json::as_object) {
        return nested::read(event);
    }
    if object.get("System").is_some_and(Json::is_object) {
        return nested::read(object);
    }
    if wazuh::is_one(object) {
        return wazuh::read(object);
    }
    if let Some(text) = shape::text_of(object)
        && let Some(event) = from_text(text, depth)
    {
        return Ok(event);
    }
    match graylog::renamed(object) {
        Some(renamed) => flat::read(&renamed),
        None => flat::read(object),
    }
}

/// Reads the event that a string within an object holds.
fn from_text(text: &str, depth: usize) -> Option<WindowsEvent> {
    if text.starts_with('<') {
        return xml::parse(text.as_bytes(), None).ok();
    }
    let value: Json = serde_json::from_str(text).ok()?;
    within(&value, depth.checked_sub(1)?).ok()
}

/// How many objects an event may lie in.
const MAX_WRAPPERS: usize = 4;

/// The event within what exports of search engines and tools wrap around it.
fn unwrapped(object: &Object, depth: usize) -> &Object {
    let inner = ["_source", "document", "data", "result", "message", "input", "fields"]
        .into_iter()
        .filter(|_| depth > 0)
        .filter_map(|wrapper| object.get(wrapper).and_then(Json::as_object))
        .map(|inner| unwrapped(inner, depth - 1))
        .find(|inner| shape::has_event(inner));
    inner.unwrap_or(object)
}
