//! Whether a manager has read what was told of it.
//!
//! Nobody asks it: a query would have the manager do work for the sensor. What it does by itself says enough. It reads
//! all unit files after its generators have run, at its start, at `daemon-reload` and at `daemon-reexec`
//! (systemd.generator(7), `manager_reload` and `manager_startup` in systemd's src/core/manager.c), and a unit that it did
//! not know when it first starts it.

use std::collections::{HashMap, VecDeque};

use super::Engine;
use crate::correlate::touched::Touch;
use crate::host::Host;
use crate::model::event::EventId;
use crate::model::line::{Enrichment, Fact};
use crate::model::observation::Exec;
use crate::model::{FileOperation, Known, Line, ProcessKey, Reason, Scope, Timestamp};
use crate::systemd::search_path::Role;
use crate::systemd::{cgroup, daemon};

/// The most events that wait to be read by their manager; of more, the oldest are not told.
const MOST_WAITING: usize = 4096;
/// Of how many users it is told that their managers have read a unit for all users.
const MOST_READERS: usize = 64;
/// The most processes that run generators at a time.
const MOST_RUNNERS: usize = 64;
/// How many processes may lie between a manager and its generators.
const MOST_BETWEEN: usize = 4;

/// What managers have read, and what waits to be read.
#[derive(Default)]
pub(super) struct Loads {
    waiting: VecDeque<Waiting>,
    /// When each manager last read everything.
    read: HashMap<Scope, Timestamp>,
    /// Processes that run a manager's generators. It reads the units when they have ended.
    runners: HashMap<ProcessKey, Scope>,
}

/// An event that waits to be read by its manager.
struct Waiting {
    event: EventId,
    scope: Scope,
    unit: String,
    /// Whether there was no such unit before.
    is_new: bool,
    /// For a unit of all users: those whose managers have read it.
    readers: Vec<u32>,
}

impl Waiting {
    /// Whether this manager is to read it, and has not.
    fn is_for(&self, manager: Scope) -> bool {
        match (self.scope, manager) {
            (Scope::AllUsers, Scope::User(uid)) => !self.readers.contains(&uid),
            (scope, manager) => scope == manager,
        }
    }
}

/// A change of a unit, as far as it matters who has read it.
pub(super) struct Change<'a> {
    pub(super) event: &'a EventId,
    pub(super) scope: Scope,
    pub(super) unit: &'a str,
    pub(super) is_new: bool,
}

impl Loads {
    /// Whether the manager, or any that it is for, has read since `time`; those that have not, `change` waits for.
    fn has_read(&mut self, change: &Change<'_>, time: Timestamp) -> bool {
        let since = self.read.iter().filter(|(_, read)| **read >= time).map(|(scope, _)| *scope);
        let readers: Vec<u32> = match change.scope {
            Scope::AllUsers => since.filter_map(Scope::user).collect(),
            scope if since.into_iter().any(|read| read == scope) => return true,
            Scope::System | Scope::User(_) => Vec::new(),
        };
        let has_read = !readers.is_empty();
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(Waiting {
            event: change.event.clone(),
            scope: change.scope,
            unit: change.unit.to_owned(),
            is_new: change.is_new,
            readers,
        });
        has_read
    }

    /// What this manager has read by now, of what waits for it and is as wanted. What is for others, too, goes on waiting.
    fn take(&mut self, manager: Scope, wanted: impl Fn(&Waiting) -> bool) -> Vec<EventId> {
        let mut read = Vec::new();
        self.waiting.retain_mut(|waiting| {
            if !waiting.is_for(manager) || !wanted(waiting) {
                return true;
            }
            read.push(waiting.event.clone());
            waiting.readers.extend(manager.user());
            waiting.scope != manager && waiting.readers.len() < MOST_READERS
        });
        read
    }
}

impl Engine {
    /// Whether the manager has read `change`, which `touch` brought about.
    pub(super) fn loaded(&mut self, change: &Change<'_>, touch: &Touch, host: &mut dyn Host) -> Known<bool> {
        if !host.manager_runs(change.scope) {
            return Known::Missing(Reason::NotFound);
        }
        if touch.operation == FileOperation::Reload && touch.actor.pid == 0 {
            // Found by reading everything again: when it happened is lost, and with it whether that was before a reload.
            return Known::Missing(Reason::Lost);
        }
        let own = matches!(self.units.role(touch.path.as_ref()), Some(Role::Transient | Role::Control));
        if own && self.is_manager(touch.actor) {
            // What it writes down there, it has in memory.
            return Known::Is(true);
        }
        Known::Is(self.loads.has_read(change, touch.time))
    }

    /// Whether the manager is known to go by an older definition of the unit.
    pub(super) fn is_outdated(&self, scope: Scope, unit: &str) -> bool {
        self.loads.waiting.iter().any(|waiting| waiting.is_for(scope) && waiting.unit == unit)
    }

    /// A program began: a manager's generator, or the first process of a unit that was not there before.
    pub(super) fn note_load(&mut self, exec: &Exec, time: Timestamp, lines: &mut Vec<Line>) {
        if let Some((runner, scope)) = self.generator_of_manager(exec) {
            if self.loads.runners.len() >= MOST_RUNNERS {
                // Their ends were lost.
                self.loads.runners.clear();
            }
            self.loads.runners.insert(runner, scope);
            return;
        }
        if self.loads.waiting.is_empty() || exec.process.container.is_some() {
            return;
        }
        let (Some(unit), Some(cgroup)) = (&exec.process.unit, exec.process.cgroup.get()) else { return };
        let manager = match cgroup::user_manager(cgroup.as_ref()) {
            // Users may put processes into any group below their own: what their manager starts is its child.
            Some(uid) if self.is_started_by_manager(exec, uid) => Scope::User(uid),
            None if !cgroup.starts_with(b"/user.slice/") => Scope::System,
            _ => return,
        };
        let read = self.loads.take(manager, |waiting| waiting.is_new && *unit == waiting.unit);
        tell(read, manager, time, lines);
    }

    /// A process ended: if it ran generators, its manager reads all units now.
    pub(super) fn note_reload(&mut self, process: ProcessKey, time: Timestamp, lines: &mut Vec<Line>) {
        let Some(scope) = self.loads.runners.remove(&process) else { return };
        self.loads.read.insert(scope, time);
        let read = self.loads.take(scope, |_| true);
        tell(read, scope, time, lines);
    }

    /// The process that runs a manager's generators, and for which manager, when `exec` is one of these.
    ///
    /// Anybody may run a generator with the same arguments: only what descends from a manager directly counts, by
    /// processes that have not executed anything since.
    pub(super) fn generator_of_manager(&self, exec: &Exec) -> Option<(ProcessKey, Scope)> {
        let script = exec.script.as_ref().and_then(|script| script.path.get());
        let program = script.or(exec.process.exe.get())?;
        let directory = daemon::generator(program.as_ref())?;
        let scope = daemon::managers_call(directory.kind, exec.process.argv.get()?)?;
        let ancestry = self.processes.ancestry(exec.process.key);
        let mut between = ancestry
            .iter()
            .take(MOST_BETWEEN)
            .take_while(|process| process.exe.get().is_some_and(|exe| daemon::is_manager(exe.as_ref())));
        let runner = between.clone().next()?.key;
        let is_its = match scope {
            Scope::System | Scope::AllUsers => between.any(|process| process.key.pid == 1),
            Scope::User(uid) => {
                exec.process.container.is_none()
                    && exec.process.user.get().is_some_and(|user| user.uid == uid)
            }
        };
        is_its.then_some((runner, scope))
    }

    /// Whether a manager of this user has begun the process.
    fn is_started_by_manager(&self, exec: &Exec, uid: u32) -> bool {
        let parent = self.processes.ancestry(exec.process.key).into_iter().next();
        parent.is_some_and(|parent| {
            parent.exe.get().is_some_and(|exe| daemon::is_manager(exe.as_ref()))
                && parent.user.get().is_some_and(|user| user.uid == uid)
        })
    }

    /// Whether the process that `key` means is a manager.
    pub(super) fn is_manager(&self, key: ProcessKey) -> bool {
        let process = self.processes.get(key);
        process.is_some_and(|process| process.exe.get().is_some_and(|exe| daemon::is_manager(exe.as_ref())))
    }
}

fn tell(events: Vec<EventId>, scope: Scope, time: Timestamp, lines: &mut Vec<Line>) {
    let fact = Fact::Loaded { scope };
    lines.extend(
        events.into_iter().map(|event| Line::Enrichment(Enrichment { time, event, fact: fact.clone() })),
    );
}
