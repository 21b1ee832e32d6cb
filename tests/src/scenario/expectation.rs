//! What is expected of one line of the output.

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::environment::{Condition, Environment, FileSystem, Plan};
use super::pattern::{Mismatch, Pattern};

/// A pattern for lines, and where it is expected.
///
/// All but the fields named here is the pattern; see [`Pattern`]. A pattern without `type` is for events.
#[derive(Clone, Debug, Deserialize)]
pub struct Expectation {
    /// How many lines it is for.
    #[serde(default = "once")]
    pub times: usize,
    /// Where alone it is expected; elsewhere it is as if it did not stand here.
    pub on: Option<Condition>,
    /// Where the sensor can't see it. There a line that matches makes the scenario fail: it sees more than is known.
    #[serde(default)]
    pub blind: Vec<Condition>,
    /// Parts of the pattern for some places, each with its condition as `on`. They are laid over the pattern.
    #[serde(default)]
    pub variant: Vec<Variant>,
    /// The pattern.
    #[serde(flatten)]
    pub pattern: serde_json::Map<String, Value>,
}

/// A part of a pattern that holds for some places.
#[derive(Clone, Debug, Deserialize)]
pub struct Variant {
    /// The places.
    pub on: Condition,
    /// The part.
    #[serde(flatten)]
    pub pattern: serde_json::Map<String, Value>,
}

fn once() -> usize {
    1
}

/// What becomes of an expectation in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It counts.
    Yes,
    /// The sensor is known to be blind for it.
    Blind,
    /// It does not.
    No,
}

impl Expectation {
    /// Whether it counts in a place.
    pub fn applies(&self, here: &Environment, plan: Plan, filesystem: FileSystem) -> Applies {
        if self.on.as_ref().is_some_and(|on| !on.holds(here, plan, filesystem)) {
            Applies::No
        } else if filesystem.blind(here, plan).is_some()
            || self.blind.iter().any(|place| place.holds(here, plan, filesystem))
        {
            Applies::Blind
        } else {
            Applies::Yes
        }
    }

    /// The pattern for a place, with every text in it passed through `expand`.
    pub fn pattern_for(
        &self,
        here: &Environment,
        plan: Plan,
        filesystem: FileSystem,
        expand: &mut dyn FnMut(&str) -> Result<String>,
    ) -> Result<Pattern> {
        ensure!(!self.pattern.is_empty(), "an expectation is empty and would match anything");
        let mut pattern = Value::Object(self.pattern.clone());
        for variant in self.variant.iter().filter(|variant| variant.on.holds(here, plan, filesystem)) {
            lay_over(&mut pattern, Value::Object(variant.pattern.clone()));
        }
        if let Value::Object(fields) = &mut pattern {
            fields.entry("type").or_insert_with(|| Value::from("event"));
        }
        expand_all(&mut pattern, expand)?;
        Pattern::parse(pattern)
    }
}

fn lay_over(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay_over(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

fn expand_all(pattern: &mut Value, expand: &mut dyn FnMut(&str) -> Result<String>) -> Result<()> {
    match pattern {
        Value::String(text) => *text = expand(text)?,
        Value::Array(items) => items.iter_mut().try_for_each(|item| expand_all(item, expand))?,
        Value::Object(fields) => fields.values_mut().try_for_each(|value| expand_all(value, expand))?,
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
    Ok(())
}

/// The line that differs least from a pattern, and how.
pub(super) fn nearest<'a>(
    pattern: &Pattern,
    lines: impl Iterator<Item = &'a Value>,
) -> Option<(&'a Value, Vec<Mismatch>)> {
    lines.map(|line| (line, pattern.mismatches(line))).min_by_key(|(_, mismatches)| mismatches.len())
}
