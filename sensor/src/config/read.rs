//! From the file's text to options.

use std::ops::Range;
use std::time::Duration;

use jiff::tz::TimeZone;
use toml::de::DeTable;

use crate::detect::{Allowed, Options};
use crate::model::time::Timestamp;

use super::mistake::Mistake;
use super::options::{Attach, Config, Events, Format, Linux, Output, Redact};
use super::section::{Mistakes, Section, hint};

/// Reads all of the configuration, or tells all mistakes in it.
pub(super) fn config(bytes: &[u8], analytics: &[&str]) -> Result<Config, Vec<Mistake>> {
    let source = match std::str::from_utf8(bytes) {
        Ok(source) => source,
        Err(error) => {
            let valid = String::from_utf8_lossy(bytes.get(..error.valid_up_to()).unwrap_or_default());
            return Err(vec![Mistake::at(
                &valid,
                valid.len()..valid.len(),
                "the file is not UTF-8 from here on",
            )]);
        }
    };
    let mut mistakes = Mistakes::of(source);
    let (table, errors) = DeTable::parse_recoverable(source);
    for error in errors {
        mistakes.add(error.span().unwrap_or(0..0), error.message());
    }
    // What can be read of a broken file would only give mistakes that follow from the first ones.
    if !mistakes.list.is_empty() {
        return Err(mistakes.list);
    }
    let mut root = Section::root(&table);
    let config = Config {
        output: output(root.section("output", &mut mistakes), &mut mistakes),
        linux: linux(root.section("linux", &mut mistakes), &mut mistakes),
        events: events(root.section("events", &mut mistakes), &mut mistakes),
        redact: redact(root.section("redact", &mut mistakes), &mut mistakes),
        detect: detect(root.section("detect", &mut mistakes), analytics, &mut mistakes),
    };
    root.finish(&mut mistakes);
    if mistakes.list.is_empty() {
        return Ok(config);
    }
    mistakes.list.sort_by_key(|mistake| (mistake.line, mistake.column));
    Err(mistakes.list)
}

fn output(mut section: Section<'_, '_>, mistakes: &mut Mistakes<'_>) -> Output {
    const FORMATS: [(&str, Format); 3] =
        [("auto", Format::Auto), ("json", Format::Json), ("human", Format::Human)];
    let default = Output::default();
    let queue_bytes = section.number("queue_bytes", 65_536..=1 << 30, default.queue_bytes as u64, mistakes);
    let rotate_bytes = section.optional_number("rotate_bytes", 0..=1 << 40, mistakes);
    let rotate_files = section.number("rotate_files", 0..=1000, u64::from(default.rotate_files), mistakes);
    let output = Output {
        format: section.choice("format", &FORMATS, default.format, mistakes),
        path: section.path("path", mistakes),
        queue_bytes: usize::try_from(queue_bytes).unwrap_or(default.queue_bytes),
        rotate_bytes,
        rotate_files: u32::try_from(rotate_files).unwrap_or(default.rotate_files),
    };
    section.finish(mistakes);
    output
}

fn linux(mut section: Section<'_, '_>, mistakes: &mut Mistakes<'_>) -> Linux {
    const PLANS: [(&str, Attach); 3] =
        [("auto", Attach::Auto), ("tracing", Attach::Tracing), ("fanotify", Attach::Fanotify)];
    let default = Linux::default();
    let linux = Linux {
        attach: section.choice("attach", &PLANS, default.attach, mistakes),
        extra_unit_directories: section.paths("extra_unit_directories", mistakes),
        users: section.boolean("users", default.users, mistakes),
    };
    section.finish(mistakes);
    linux
}

fn events(mut section: Section<'_, '_>, mistakes: &mut Mistakes<'_>) -> Events {
    let default = Events::default();
    let settle_ms = u64::try_from(default.settle.as_millis()).unwrap_or_default();
    let events = Events {
        settle: Duration::from_millis(section.number("settle_ms", 0..=10_000, settle_ms, mistakes)),
        hash_limit_bytes: section.number("hash_limit_bytes", 0..=1 << 40, default.hash_limit_bytes, mistakes),
        heartbeat: Duration::from_secs(section.number(
            "heartbeat_seconds",
            1..=86_400,
            default.heartbeat.as_secs(),
            mistakes,
        )),
    };
    section.finish(mistakes);
    events
}

fn redact(mut section: Section<'_, '_>, mistakes: &mut Mistakes<'_>) -> Redact {
    let default = Redact::default();
    let mut keep = Vec::new();
    for (name, span) in section.texts("keep", mistakes) {
        if name.trim_end_matches('*').is_empty() {
            mistakes.add(span, "this would keep every value; set enabled = false if that is wanted");
        } else if name.trim_end_matches('*').contains('*') || name.ends_with("**") {
            mistakes.add(span, "a * stands at the end only");
        } else {
            keep.push(name);
        }
    }
    let redact = Redact {
        enabled: section.boolean("enabled", default.enabled, mistakes),
        keep,
        key_file: section.path("key_file", mistakes).unwrap_or(default.key_file),
    };
    section.finish(mistakes);
    redact
}

fn detect(mut section: Section<'_, '_>, analytics: &[&str], mistakes: &mut Mistakes<'_>) -> Options {
    let mut disabled = Vec::new();
    for (name, span) in section.texts("disabled", mistakes) {
        known(&name, span, analytics, mistakes);
        disabled.push(name);
    }
    let allow = section.sections("allow", "detect.allow", mistakes);
    let allowed = allow.into_iter().map(|entry| allowed(entry, analytics, mistakes)).collect();
    section.finish(mistakes);
    Options { disabled, allowed }
}

fn allowed(mut section: Section<'_, '_>, analytics: &[&str], mistakes: &mut Mistakes<'_>) -> Allowed {
    let (analytic, span) = section.required("analytic", mistakes);
    if analytic != "*" && !analytic.is_empty() {
        known(&analytic, span, analytics, mistakes);
    }
    let (service, _) = section.required("service", mistakes);
    let (reason, _) = section.required("reason", mistakes);
    let until = section.date("expires", mistakes).and_then(|(date, span)| {
        let until = end_of_day(date);
        if until.is_none() {
            mistakes.add(span, "expires must lie between 1677 and 2262");
        }
        until
    });
    section.finish(mistakes);
    Allowed { analytic, service, reason, until }
}

/// The last nanosecond of the day in UTC.
fn end_of_day(date: jiff::civil::Date) -> Option<Timestamp> {
    let next = TimeZone::UTC.to_timestamp(date.tomorrow().ok()?.at(0, 0, 0, 0)).ok()?;
    i64::try_from(next.as_nanosecond() - 1).ok().map(Timestamp)
}

/// Adds a mistake unless there is an analytic of this name.
fn known(name: &str, span: Range<usize>, analytics: &[&str], mistakes: &mut Mistakes<'_>) {
    if !analytics.contains(&name) {
        mistakes.add(span, format!("there is no such analytic{}", hint(name, analytics)));
    }
}
