//! Judging what the sensor told against what a scenario expects.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::Scenario;
use super::environment::{Environment, FileSystem, Plan};
use super::expectation::{Applies, Expectation, nearest};
use super::pattern::{Mismatch, Pattern};

/// What became of a scenario on one plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The sensor told what is expected and nothing else.
    Passed,
    /// The same, and part of what happened can't be seen on this plan.
    Blind,
    /// It did not; the text says how, a line for each difference.
    Failed(String),
}

/// Types of lines that count: each must be expected or tolerated. All others are looked at only where one is expected.
const COUNTED: [&str; 3] = ["event", "finding", "loss"];

/// Findings about many services within a short time: the pace at which scenarios are played causes them.
const CAUSED_BY_PACE: [&str; 2] = ["mass-service-stop", "short-lived-service"];

/// Judges the lines that the sensor told between a scenario's first step and its last.
///
/// `expand` completes the texts in patterns.
pub fn judge(
    scenario: &Scenario,
    here: &Environment,
    plan: Plan,
    filesystem: FileSystem,
    lines: &[Value],
    expand: &mut dyn FnMut(&str) -> Result<String>,
) -> Result<Verdict> {
    let mut patterns = |expectations: &[Expectation], wanted: Applies| -> Result<Vec<Pattern>> {
        let mut patterns = Vec::new();
        for expectation in expectations.iter().filter(|e| e.applies(here, plan, filesystem) == wanted) {
            let pattern = expectation.pattern_for(here, plan, filesystem, expand)?;
            patterns.extend(std::iter::repeat_n(pattern, expectation.times));
        }
        Ok(patterns)
    };
    let expected = patterns(&scenario.expect, Applies::Yes)?;
    let unseen = patterns(&scenario.expect, Applies::Blind)?;
    let forbidden = patterns(&scenario.forbid, Applies::Yes)?;
    let tolerated = patterns(&scenario.tolerate, Applies::Yes)?;

    let mut text = String::new();
    let mut shown = Vec::new();
    let pairs = assign(&expected, lines);
    let is_taken = |position: usize| pairs.contains(&Some(position));
    for (pattern, pair) in expected.iter().zip(&pairs) {
        if pair.is_none() {
            let free =
                lines.iter().enumerate().filter(|(position, _)| !is_taken(*position)).map(|(_, line)| line);
            let nearest = nearest(pattern, free).filter(|(line, _)| counts(line));
            missing(&mut text, pattern, nearest.as_ref());
            shown.extend(nearest.map(|(line, _)| line));
        }
    }
    for (position, line) in lines.iter().enumerate() {
        if let Some(pattern) = forbidden.iter().find(|pattern| pattern.matches(line)) {
            _ = writeln!(text, "forbidden by {pattern}: {line}");
        } else if is_taken(position) {
            // Expected, and counted once.
        } else if let Some(pattern) = unseen.iter().find(|pattern| pattern.matches(line)) {
            _ = writeln!(text, "seen, though the scenario says that it can't be, by {pattern}: {line}");
        } else if counts(line) && !tolerated.iter().any(|pattern| pattern.matches(line)) {
            if shown.contains(&line) {
                // It stands in full beside the pattern that it comes nearest to.
                let id = line.get("id").and_then(Value::as_str).unwrap_or_default();
                _ = writeln!(text, "unexpected: {id}, as above");
            } else {
                _ = writeln!(text, "unexpected: {line}");
            }
        }
    }
    Ok(if !text.is_empty() {
        Verdict::Failed(text)
    } else if unseen.is_empty() {
        Verdict::Passed
    } else {
        Verdict::Blind
    })
}

fn counts(line: &Value) -> bool {
    let is_one_of = |member: &str, words: &[&str]| {
        line.get(member).and_then(Value::as_str).is_some_and(|word| words.contains(&word))
    };
    is_one_of("type", &COUNTED) && !is_one_of("analytic", &CAUSED_BY_PACE)
}

fn missing(text: &mut String, pattern: &Pattern, nearest: Option<&(&Value, Vec<Mismatch>)>) {
    _ = writeln!(text, "not told: {pattern}");
    if let Some((line, mismatches)) = nearest {
        _ = writeln!(text, "  nearest: {line}");
        for mismatch in mismatches {
            _ = writeln!(text, "  {mismatch}");
        }
    }
}

/// Gives each pattern a line of its own, and leaves as few patterns as possible without one.
///
/// Augmenting paths (Kuhn's algorithm): a pattern may take the line of another that finds a second one.
fn assign(patterns: &[Pattern], lines: &[Value]) -> Vec<Option<usize>> {
    let mut candidates: Vec<Vec<usize>> = Vec::with_capacity(patterns.len());
    let mut before = None;
    for pattern in patterns {
        // Patterns that stand for many lines come many times, and comparing is what takes long.
        let row = match candidates.last() {
            Some(row) if before == Some(pattern) => row.clone(),
            _ => (0..)
                .zip(lines)
                .filter(|(_, line)| pattern.matches(line))
                .map(|(position, _)| position)
                .collect(),
        };
        candidates.push(row);
        before = Some(pattern);
    }
    let mut owners: Vec<Option<usize>> = vec![None; lines.len()];
    for pattern in 0..patterns.len() {
        augment(pattern, &candidates, &mut owners);
    }
    let mut pairs = vec![None; patterns.len()];
    for (position, owner) in owners.iter().enumerate() {
        if let Some(pair) = owner.and_then(|pattern| pairs.get_mut(pattern)) {
            *pair = Some(position);
        }
    }
    pairs
}

/// Finds a line for a pattern by a breadth-first search over lines that others would have to give up.
fn augment(start: usize, candidates: &[Vec<usize>], owners: &mut [Option<usize>]) {
    let mut reached: Vec<Option<usize>> = vec![None; owners.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(pattern) = queue.pop_front() {
        for &line in candidates.get(pattern).into_iter().flatten() {
            let Some(slot) = reached.get_mut(line).filter(|slot| slot.is_none()) else { continue };
            *slot = Some(pattern);
            if let Some(owner) = owners.get(line).copied().flatten() {
                queue.push_back(owner);
            } else {
                hand_over(start, line, &reached, owners);
                return;
            }
        }
    }
}

/// Walks back from a free line to the pattern that the search began with, and hands each line on the way over.
fn hand_over(start: usize, free: usize, reached: &[Option<usize>], owners: &mut [Option<usize>]) {
    let mut line = free;
    while let Some(taker) = reached.get(line).copied().flatten() {
        let given_up = owners.iter().position(|owner| *owner == Some(taker));
        if let Some(owner) = owners.get_mut(line) {
            *owner = Some(taker);
        }
        match given_up {
            Some(next) if taker != start => line = next,
            _ => return,
        }
    }
}
