//! Lines for people at a terminal: what happened, what changed, who did it.

mod text;

#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use crate::model::change::Change;
use crate::model::event::{Action, ServiceEvent};
use crate::model::finding::{AttackVersion, Finding, Severity};
use crate::model::known::Known;
use crate::model::line::{Line, Started, Totals};
use crate::model::process::{Actor, Process};
use crate::model::service::{Scope, ServiceId};
use crate::model::time::Timestamp;
use crate::output::encode::words;

use text::{Paint, Plain};

/// How many changed settings of an event are shown.
const CHANGES: usize = 8;
/// How many ancestors of an actor are shown.
const ANCESTORS: usize = 6;
/// Below the time and the action.
const INDENT: &str = "                               ";

/// Whether colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Color {
    /// They are.
    On,
    /// They are not.
    Off,
}

impl Color {
    /// Colours are for terminals that know them (`TERM`), unless `NO_COLOR` is set to something (no-color.org).
    pub fn choose(is_terminal: bool, no_color: Option<&str>, term: Option<&str>) -> Self {
        let refused = no_color.is_some_and(|value| !value.is_empty()) || term == Some("dumb");
        if is_terminal && !refused { Self::On } else { Self::Off }
    }
}

/// Turns lines into text for people. What is not known is left out, and characters that could drive the terminal are
/// shown escaped.
#[derive(Clone, Copy, Debug)]
pub struct HumanEncoder {
    paint: Paint,
}

impl HumanEncoder {
    /// An encoder with or without colours.
    pub fn new(color: Color) -> Self {
        Self { paint: Paint::new(color) }
    }

    /// Adds `line` to the end of `out`, as one or a few lines, each with its line feed.
    pub fn encode(&self, line: &Line, out: &mut Vec<u8>) {
        let mut text = String::new();
        let written = match line {
            Line::Started(started) => self.started(&mut text, started),
            Line::Event(event) => self.event(&mut text, event),
            Line::Finding(finding) => self.finding(&mut text, finding),
            // They complete an event and prove life, for machines.
            Line::Enrichment(_) | Line::Heartbeat(_) => Ok(()),
            Line::Loss(loss) => self.head(&mut text, loss.time, self.paint.warning("loss")).and_then(|()| {
                let count =
                    loss.count.map_or_else(|| "an unknown number".to_owned(), |count| count.to_string());
                let (source, reason) = (Plain::new(&loss.source), Plain::new(&loss.reason));
                writeln!(text, "{count} at {source}: {reason}; {}", Plain::new(&loss.consequence))
            }),
            Line::Stopped { reason, totals } => self.stopped(&mut text, reason, totals),
        };
        if written.is_ok() {
            out.extend_from_slice(text.as_bytes());
        }
    }

    /// The time of the day in UTC, and what the line is.
    fn head(self, text: &mut String, time: Timestamp, word: impl fmt::Display) -> fmt::Result {
        let time = time.to_string();
        // `2026-11-25T02:16:18.000…Z`; a time outside of the calendar is shown as it is.
        let time = time.get(11..23).unwrap_or(&time);
        write!(text, "{} {word:<17} ", self.paint.dim(time))
    }

    fn started(self, text: &mut String, started: &Started) -> fmt::Result {
        self.head(text, started.time, self.paint.strong("started"))?;
        let (version, services) = (Plain::new(&started.version), started.services);
        write!(text, "svcsensor {version} watches {services} services")?;
        if let Known::Is(host) = &started.host {
            write!(text, " of {}", Plain::new(host))?;
        }
        for (index, source) in started.sources.iter().filter(|source| source.error.is_none()).enumerate() {
            write!(text, "{} {}", if index == 0 { " by" } else { "," }, Plain::new(&source.name))?;
        }
        writeln!(text)?;
        for source in &started.sources {
            if let Some(error) = &source.error {
                let (name, error) = (Plain::new(&source.name), Plain::new(error));
                writeln!(text, "{INDENT}{}", self.paint.warning(&format!("not by {name}: {error}")))?;
            }
        }
        for blind in &started.blind {
            writeln!(text, "{INDENT}{}", self.paint.dim(&Plain::new(blind).to_string()))?;
        }
        Ok(())
    }

    fn event(self, text: &mut String, event: &ServiceEvent) -> fmt::Result {
        self.head(text, event.time, self.action(event.action))?;
        write!(text, "{}", self.paint.strong(&service_name(&event.service)))?;
        if let Some(host) = &event.host {
            write!(text, " on {}", Plain::new(host))?;
        }
        if let Some(file) = &event.file {
            write!(
                text,
                " {} {}",
                self.paint.dim(&words::mechanism(event.mechanism).replace('_', " ")),
                Plain::of(&file.path)
            )?;
            if let Some(target) = &file.link_target {
                write!(text, " -> {}", Plain::of(target))?;
            }
        }
        writeln!(text)?;
        for change in event.changes.iter().take(CHANGES) {
            self.change(text, change)?;
        }
        if let Some(more) = event.changes.len().checked_sub(CHANGES).filter(|more| *more > 0) {
            writeln!(text, "{INDENT}and {more} more settings")?;
        }
        if let Some(note) = &event.note {
            writeln!(text, "{INDENT}{}", Plain::new(note))?;
        }
        if let Known::Is(actor) = &event.actor {
            self.actor(text, actor)?;
        }
        Ok(())
    }

    fn change(self, text: &mut String, change: &Change) -> fmt::Result {
        write!(text, "{INDENT}{}=", Plain::new(&change.name))?;
        match (change.before.as_slice(), change.after.as_slice()) {
            ([], after) => writeln!(text, "{}", self.paint.added(&values(after))),
            (before, []) => writeln!(text, "{}", self.paint.removed(&values(before))),
            (before, after) => writeln!(
                text,
                "{} {} {}",
                self.paint.removed(&values(before)),
                self.paint.dim("->"),
                self.paint.added(&values(after))
            ),
        }
    }

    fn actor(self, text: &mut String, actor: &Actor) -> fmt::Result {
        write!(text, "{INDENT}{} {}", self.paint.dim("by"), chain(&actor.process, &actor.ancestry))?;
        let users = [&actor.user_name, &actor.login_name]
            .map(|name| name.get().map(|name| Plain::new(name).to_string()));
        match users {
            [Some(user), Some(login)] if user != login => write!(text, ", {user} logged in as {login}")?,
            [Some(user), _] => write!(text, ", {user}")?,
            [None, Some(login)] => write!(text, ", logged in as {login}")?,
            [None, None] => {}
        }
        if let Known::Is(address) = &actor.remote_address {
            write!(text, " from {}", Plain::new(address))?;
        }
        writeln!(text)?;
        if let Some(requester) = &actor.requester {
            let (who, how_sure) =
                (chain(&requester.process, &requester.ancestry), words::confidence(requester.confidence));
            writeln!(text, "{INDENT}{} {who} ({how_sure} confidence)", self.paint.dim("for"))?;
        }
        Ok(())
    }

    fn finding(self, text: &mut String, finding: &Finding) -> fmt::Result {
        let severity = words::severity(finding.severity);
        let is_alarm = finding.severity >= Severity::High;
        let word = if is_alarm { self.paint.alarm("finding") } else { self.paint.warning("finding") };
        self.head(text, finding.time, word)?;
        write!(text, "{severity}: {} ", self.paint.strong(finding.title))?;
        writeln!(text, "{}", self.paint.dim(&format!("[{}]", finding.analytic)))?;
        write!(text, "{INDENT}{}", Plain::new(&finding.why))?;
        for (index, technique) in finding.techniques.iter().enumerate() {
            write!(text, "{}{}", if index == 0 { " (" } else { ", " }, technique.id(AttackVersion::V19))?;
        }
        writeln!(text, "{}", if finding.techniques.is_empty() { "" } else { ")" })
    }

    fn stopped(self, text: &mut String, reason: &str, totals: &Totals) -> fmt::Result {
        self.head(text, totals.time, self.paint.strong("stopped"))?;
        write!(text, "{}", Plain::new(reason))?;
        for (index, (name, value)) in totals.counters.iter().enumerate() {
            write!(text, "{} {value} {}", if index == 0 { ":" } else { "," }, Plain::new(name))?;
        }
        writeln!(text)
    }

    fn action(self, action: Action) -> text::Painted {
        let word = words::action(action).replace('_', " ");
        match action {
            Action::Created | Action::Enabled | Action::Started => self.paint.added(&word),
            Action::Removed | Action::Masked | Action::Disabled | Action::Stopped | Action::Failed => {
                self.paint.removed(&word)
            }
            Action::Modified | Action::Unmasked | Action::Aliased | Action::ControlRequested => {
                self.paint.warning(&word)
            }
        }
    }
}

/// The name, and for whom it runs where that isn't the host.
fn service_name(service: &ServiceId) -> String {
    let name = Plain::new(&service.name);
    match service.scope {
        Scope::System => name.to_string(),
        Scope::AllUsers => format!("{name} (of every user)"),
        Scope::User(uid) => format!("{name} (of user {uid})"),
    }
}

fn values(values: &[String]) -> String {
    let values: Vec<_> = values.iter().map(|value| Plain::new(value).to_string()).collect();
    values.join(" | ")
}

/// A process and its parents, nearest first: `cp[4242] < bash[4200] < systemd[1]`.
fn chain(process: &Process, ancestry: &[Process]) -> String {
    let mut chain = String::new();
    for (index, process) in std::iter::once(process).chain(ancestry.iter().take(ANCESTORS)).enumerate() {
        let before = if index == 0 { "" } else { " < " };
        let name = match (&process.comm, &process.exe) {
            (Known::Is(comm), _) => Plain::of(comm).to_string(),
            (_, Known::Is(exe)) => Plain::of(exe).to_string(),
            _ => "?".to_owned(),
        };
        chain.extend([before, &name, "[", &process.key.pid.to_string(), "]"]);
    }
    if ancestry.len() > ANCESTORS {
        chain.push_str(" < …");
    }
    chain
}
