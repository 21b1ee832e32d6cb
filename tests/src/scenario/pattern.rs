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

/// A pattern, ready to be compared.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: Value,
    node: Node,
}

#[derive(Clone, Debug)]
enum Node {
    Absent,
    Members(Vec<(String, Node)>),
    Contains(Vec<Node>),
    Items(Vec<Node>),
    Expression(Regex),
    Text(String),
    Same(Value),
}

impl Pattern {
    /// Reads a pattern. Fails on regular expressions that are not well-formed.
    pub fn parse(source: Value) -> Result<Self> {
        Ok(Self { node: Node::parse(&source)?, source })
    }

    /// Whether a value matches it.
    pub fn matches(&self, value: &Value) -> bool {
        self.node.matches(Some(value))
    }

    /// All places in which a value differs from it.
    pub fn mismatches(&self, value: &Value) -> Vec<Mismatch> {
        let mut found = Vec::new();
        self.node.compare(&self.source, Some(value), &mut Vec::new(), &mut found);
        found
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Node {
    fn parse(source: &Value) -> Result<Self> {
        let all = |items: &Vec<Value>| items.iter().map(Self::parse).collect::<Result<Vec<_>>>();
        Ok(match source {
            Value::Object(fields) if fields.get("absent") == Some(&Value::Bool(true)) => Self::Absent,
            Value::Object(fields) => {
                if let Some(Value::Array(items)) = fields.get("contains") {
                    Self::Contains(all(items)?)
                } else {
                    let member = |(name, value): (&String, &Value)| Ok((name.clone(), Self::parse(value)?));
                    Self::Members(fields.iter().map(member).collect::<Result<_>>()?)
                }
            }
            Value::Array(items) => Self::Items(all(items)?),
            Value::String(text) => match text.strip_prefix('~') {
                Some(expression) => Self::Expression(
                    Regex::new(expression).with_context(|| format!("in the pattern `{text}`"))?,
                ),
                None => Self::Text(text.clone()),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Same(source.clone()),
        })
    }

    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Absent, value) => value.is_none(),
            (Self::Members(fields), Some(Value::Object(members))) => {
                fields.iter().all(|(name, node)| node.matches(members.get(name)))
            }
            (Self::Contains(wanted), Some(Value::Array(items))) => {
                wanted.iter().all(|node| items.iter().any(|item| node.matches(Some(item))))
            }
            (Self::Items(wanted), Some(Value::Array(items))) => {
                wanted.len() == items.len()
                    && wanted.iter().zip(items).all(|(node, item)| node.matches(Some(item)))
            }
            (Self::Expression(expression), Some(Value::String(text))) => expression.is_match(text),
            (Self::Expression(expression), Some(Value::Number(number))) => {
                expression.is_match(&number.to_string())
            }
            (Self::Text(wanted), Some(Value::String(text))) => wanted == text,
            (Self::Text(wanted), Some(Value::Number(number))) => *wanted == number.to_string(),
            (Self::Same(wanted), Some(value)) => wanted == value,
            _ => false,
        }
    }

    /// Descends as far as both sides have the same shape, and reports what is different there.
    fn compare(
        &self,
        source: &Value,
        value: Option<&Value>,
        place: &mut Vec<String>,
        found: &mut Vec<Mismatch>,
    ) {
        match (self, value) {
            (Self::Members(fields), Some(Value::Object(members))) => {
                for (name, node) in fields {
                    place.push(name.clone());
                    node.compare(source.get(name).unwrap_or(&Value::Null), members.get(name), place, found);
                    place.pop();
                }
            }
            (Self::Items(wanted), Some(Value::Array(items))) if wanted.len() == items.len() => {
                for (position, (node, item)) in wanted.iter().zip(items).enumerate() {
                    place.push(position.to_string());
                    node.compare(source.get(position).unwrap_or(&Value::Null), Some(item), place, found);
                    place.pop();
                }
            }
            _ if self.matches(value) => {}
            _ => found.push(Mismatch {
                place: place.join("."),
                wanted: source.to_string(),
                found: value.map(ToString::to_string),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Pattern;

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
            let pattern = Pattern::parse(pattern).unwrap();
            assert_eq!(pattern.matches(&line), expected, "{pattern}");
            assert_eq!(pattern.mismatches(&line).is_empty(), expected, "{pattern}");
        }
    }

    #[test]
    fn a_mismatch_names_its_place() {
        let pattern = Pattern::parse(json!({"changes": [{"after": ["x"]}], "note": "y"})).unwrap();
        let line: Value = json!({"changes": [{"after": ["z"]}]});
        let shown: Vec<String> = pattern.mismatches(&line).iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [r#"changes.0.after.0: wanted "x", found "z""#, r#"note: wanted "y", found nothing"#]
        );
    }

    #[test]
    fn a_broken_expression_is_an_error() {
        assert!(Pattern::parse(json!({"a": [{"b": "~("}]})).is_err());
        assert!(Pattern::parse(json!({"a": [{"b": "("}]})).is_ok());
    }
}
