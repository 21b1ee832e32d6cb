//! Patterns: partial JSON values that a whole one may or may not match.
//!
//! - An object matches an object that has at least its members, each of which matches.
//! - `{ contains = [P, …] }` matches an array in which each `P` finds an element that matches.
//! - `{ absent = true }` matches only a member that is not there.
//! - A string that begins with `~` is a regular expression that must be found in a string, or in a number's digits.
//! - Any other string matches itself, or a number with the same digits.
//! - An array matches one of the same length, element by element; numbers, booleans and null match themselves.

use std::fmt;

use anyhow::{Context as _, Result};
use regex::Regex;
use serde_json::Value;

/// One place in which a value differs from a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The place, as names and positions with dots between them.
    pub place: String,
    /// What the pattern wants.
    pub wanted: String,
    /// What is there; `None` where nothing is.
    pub found: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_deref().unwrap_or("nothing");
        write!(f, "{}: wanted {}, found {found}", self.place, self.wanted)
    }
}

/// Whether a value matches a pattern.
pub fn matches(pattern: &Value, value: &Value) -> bool {
    mismatches(pattern, value).is_empty()
}

/// All places in which a value differs from a pattern.
pub(super) fn mismatches(pattern: &Value, value: &Value) -> Vec<Mismatch> {
    let mut found = Vec::new();
    compare(pattern, Some(value), &mut Vec::new(), &mut found);
    found
}

/// Fails on regular expressions that are not well-formed.
pub(super) fn check(pattern: &Value) -> Result<()> {
    match pattern {
        Value::String(text) => match text.strip_prefix('~') {
            Some(expression) => {
                Regex::new(expression).map(drop).with_context(|| format!("in the pattern `{text}`"))
            }
            None => Ok(()),
        },
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(fields) => fields.values().try_for_each(check),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn compare(pattern: &Value, value: Option<&Value>, place: &mut Vec<String>, found: &mut Vec<Mismatch>) {
    let same = match (pattern, value) {
        (Value::Object(fields), value) if fields.get("absent") == Some(&Value::Bool(true)) => value.is_none(),
        (Value::Object(fields), Some(Value::Array(items))) => match fields.get("contains") {
            Some(Value::Array(wanted)) => {
                for pattern in
                    wanted.iter().filter(|pattern| !items.iter().any(|item| matches(pattern, item)))
                {
                    report(pattern, value, place, found);
                }
                true
            }
            _ => false,
        },
        (Value::Object(fields), Some(Value::Object(members))) => {
            for (name, pattern) in fields {
                place.push(name.clone());
                compare(pattern, members.get(name), place, found);
                place.pop();
            }
            true
        }
        (Value::Array(wanted), Some(Value::Array(items))) if wanted.len() == items.len() => {
            for (position, (pattern, item)) in wanted.iter().zip(items).enumerate() {
                place.push(position.to_string());
                compare(pattern, Some(item), place, found);
                place.pop();
            }
            true
        }
        (Value::String(pattern), Some(Value::String(text))) => text_matches(pattern, text),
        (Value::String(pattern), Some(Value::Number(number))) => text_matches(pattern, &number.to_string()),
        (pattern, Some(value)) => pattern == value,
        (_, None) => false,
    };
    if !same {
        report(pattern, value, place, found);
    }
}

fn text_matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_prefix('~') {
        Some(expression) => Regex::new(expression).is_ok_and(|expression| expression.is_match(text)),
        None => pattern == text,
    }
}

fn report(pattern: &Value, value: Option<&Value>, place: &[String], found: &mut Vec<Mismatch>) {
    found.push(Mismatch {
        place: place.join("."),
        wanted: pattern.to_string(),
        found: value.map(ToString::to_string),
    });
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check, matches, mismatches};

    #[test]
    fn patterns_match_what_they_say() {
        let line = json!({
            "type": "event",
            "service": {"name": "a.service", "scope": "system"},
            "file": {"size": 12, "path": "/etc/systemd/system/a.service"},
            "changes": [{"setting": "Service.ExecStart"}, {"setting": "Service.User"}],
        });
        for (pattern, expected) in [
            (json!({"type": "event"}), true),
            (json!({"service": {"name": "a.service"}}), true),
            (json!({"service": {"name": "b.service"}}), false),
            (json!({"service": {"name": "a"}}), false),
            (json!({"service": {"name": "~^a\\."}}), true),
            (json!({"service": "a.service"}), false),
            (json!({"file": {"size": 12}}), true),
            (json!({"file": {"size": "12"}}), true),
            (json!({"file": {"size": "~^1"}}), true),
            (json!({"file": {"size": 13}}), false),
            (json!({"file": {"mode": {"absent": true}}}), true),
            (json!({"file": {"size": {"absent": true}}}), false),
            (json!({"note": "x"}), false),
            (json!({"changes": [{}, {}]}), true),
            (json!({"changes": [{}]}), false),
            (json!({"changes": [{"setting": "Service.User"}, {}]}), false),
            (json!({"changes": {"contains": [{"setting": "Service.User"}]}}), true),
            (json!({"changes": {"contains": [{"setting": "Service.Group"}]}}), false),
            (json!({"changes": {}}), false),
        ] {
            assert_eq!(matches(&pattern, &line), expected, "{pattern}");
        }
    }

    #[test]
    fn a_mismatch_names_its_place() {
        let pattern = json!({"changes": [{"after": ["x"]}], "note": "y"});
        let line: Value = json!({"changes": [{"after": ["z"]}]});
        let shown: Vec<String> = mismatches(&pattern, &line).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [r#"changes.0.after.0: wanted "x", found "z""#, r#"note: wanted "y", found nothing"#]
        );
    }

    #[test]
    fn a_broken_expression_is_an_error() {
        assert!(check(&json!({"a": [{"b": "~("}]})).is_err());
        assert!(check(&json!({"a": [{"b": "("}]})).is_ok());
    }
}
