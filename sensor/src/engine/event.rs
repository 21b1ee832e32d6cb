//! Changes of units become events, with all that can be told of them.

use std::collections::{HashMap, HashSet};

use bstr::{BStr, BString};

use super::loaded::Change;
use super::{Engine, actor, naming};
use crate::correlate::touched::Touch;
use crate::host::{Host, Program};
use crate::model::event::{EventId, Executable, FileFacts};
use crate::model::process::{Actor, Confidence, Requester};
use crate::model::service::Enablement;
use crate::model::{
    Action, FileOperation, Known, Manager, Mechanism, Process, ProcessKey, Reason, Scope, ServiceEvent,
    ServiceId,
};
use crate::systemd::change::UnitChange;
use crate::systemd::command_line::ExecCommand;
use crate::systemd::inventory::{EffectiveUnit, FileChange, FileState, RegularFile};
use crate::systemd::{UnitName, daemon};

/// The most programs that are told of one service.
const MOST_EXECUTABLES: usize = 64;
/// The most hashes that are waited for.
const MOST_AWAITED: usize = 1024;

/// Events that wait for a program's hash.
#[derive(Default)]
pub(super) struct Hashes {
    awaited: HashMap<BString, Vec<EventId>>,
}

impl Hashes {
    /// Takes the events that wait for the hash of the program at `path`.
    pub(super) fn take(&mut self, path: &BString) -> Vec<EventId> {
        self.awaited.remove(path).unwrap_or_default()
    }

    /// Whether there was room for `event` to wait.
    fn wait(&mut self, path: &BString, event: &EventId) -> bool {
        let room = self.awaited.len() < MOST_AWAITED;
        if room || self.awaited.contains_key(path) {
            self.awaited.entry(path.clone()).or_default().push(event.clone());
        }
        room
    }
}

impl Engine {
    /// The event of one unit's change, caused by `touch` and seen in `file`.
    pub(super) fn event(
        &mut self,
        change: UnitChange,
        file: &FileChange,
        touch: &Touch,
        host: &mut dyn Host,
    ) -> ServiceEvent {
        let id = self.next_event();
        let unit = change.after.as_ref().or(change.before.as_ref());
        if let Some(unit) = &change.after {
            self.follow_executables(change.scope, &change.unit, &unit.commands, host);
        }
        let executables = unit.map_or_else(Vec::new, |unit| self.executables(&id, &unit.commands, host));
        let mechanism = change.mechanism;
        let loaded = {
            let is_new = change.action == Action::Created;
            let change = Change { event: &id, scope: change.scope, unit: &change.unit, is_new };
            self.loaded(&change, touch, host)
        };
        let affected: Vec<&str> = change.affected.iter().map(UnitName::as_str).collect();
        let mut details =
            if affected.is_empty() { Vec::new() } else { vec![("affected", affected.join(" "))] };
        details.extend(self.doubts(touch));
        if touch.operation == FileOperation::Attribute && file.content_changed() {
            let basis = "it changed the file's attributes or gave it another name; who wrote it was not seen";
            details.extend([("actor_confidence", "low".to_owned()), ("actor_basis", basis.to_owned())]);
        }
        let requester = self.requester(touch, change.scope, &change.unit, mechanism, host);
        let actor = actor::describe(touch.actor, requester, &mut self.processes, host);
        let mut facts = facts(file);
        facts.path_as_named = named(&facts.path, &actor, host);
        if let Some(path) = naming::behind_link(facts.path.as_ref(), host) {
            details.push(("unit_path", facts.path.to_string()));
            let unit_path = std::mem::replace(&mut facts.path, path);
            if facts.path_as_named.get().is_none() {
                // By its true path, or else by the one that leads there.
                let by_true_path = named(&facts.path, &actor, host);
                facts.path_as_named = by_true_path.or_else(|| Known::Is(unit_path));
            }
        }
        ServiceEvent {
            time: touch.time,
            host: None,
            action: change.action,
            mechanism,
            service: ServiceId { manager: Manager::Systemd, scope: change.scope, name: change.unit },
            display_name: unit.and_then(|unit| unit.description.clone()),
            definition: unit.map(|unit| unit.settings.clone()).unwrap_or_default(),
            changes: change.changes,
            file: Some(facts),
            executables,
            enablement: enablement(change.after.as_ref()),
            enablement_before: enablement(change.before.as_ref()),
            loaded,
            actor,
            confidence: Confidence::High,
            note: change.note,
            details,
            missing: Vec::new(),
            evidence: touch.evidence.clone(),
            id,
        }
    }

    /// The event of a unit that came and went before its file could be read.
    pub(super) fn short_lived(
        &mut self,
        scope: Scope,
        name: &UnitName,
        touch: &Touch,
        host: &mut dyn Host,
    ) -> ServiceEvent {
        let missing = Known::Missing(Reason::Raced);
        let actor = actor::describe(touch.actor, None, &mut self.processes, host);
        ServiceEvent {
            id: self.next_event(),
            time: touch.time,
            host: None,
            action: Action::Removed,
            mechanism: Mechanism::UnitFile,
            service: ServiceId { manager: Manager::Systemd, scope, name: name.as_str().to_owned() },
            display_name: None,
            definition: Vec::new(),
            changes: Vec::new(),
            file: Some(FileFacts {
                path: touch.path.clone(),
                path_as_named: named(&touch.path, &actor, host),
                link_target: None,
                sha256: Known::Missing(Reason::Raced),
                size: Known::Missing(Reason::Raced),
                mode: Known::Missing(Reason::Raced),
                owner: Known::Missing(Reason::Raced),
                diff: None,
            }),
            executables: Vec::new(),
            enablement: Known::Is(Enablement::Absent),
            enablement_before: missing,
            loaded: Known::Missing(Reason::Raced),
            actor,
            confidence: Confidence::Medium,
            note: Some("its file came and went before it could be read".to_owned()),
            details: Vec::new(),
            missing: vec![("definition", Reason::Raced)],
            evidence: touch.evidence.clone(),
        }
    }

    /// What speaks against the actor being the one who did it, as details.
    pub(super) fn doubts(&self, touch: &Touch) -> Vec<(&'static str, String)> {
        let told = |confidence: &str, basis: &str| {
            vec![("actor_confidence", confidence.to_owned()), ("actor_basis", basis.to_owned())]
        };
        let mut doubts = match (touch.by_maker && !touch.is_found(), touch.contested) {
            (true, _) => {
                told("medium", "it made the directory in which this was found; who wrote it was not seen")
            }
            (false, true) => told("low", "the last of several that wrote it at that time"),
            (false, false) => Vec::new(),
        };
        let name = |key: &ProcessKey| {
            let comm = self.processes.get(*key).and_then(|process| process.comm.get().cloned());
            format!("{}[{}]", comm.unwrap_or_else(|| "?".into()), key.pid)
        };
        if !touch.others.is_empty() {
            let others: Vec<String> = touch.others.iter().map(name).collect();
            doubts.push(("also_changed_by", others.join(" ")));
        }
        doubts
    }

    /// Who had the manager do it, when the doer is one.
    fn requester(
        &mut self,
        touch: &Touch,
        scope: Scope,
        unit: &str,
        mechanism: Mechanism,
        host: &mut dyn Host,
    ) -> Option<Requester> {
        let doer = self.processes.get(touch.actor)?;
        let is_manager =
            |process: &Process| process.exe.get().is_some_and(|exe| daemon::is_manager(exe.as_ref()));
        // What a generator writes, the manager wants written.
        let generated = mechanism == Mechanism::Generator;
        let parent = doer.parent.filter(|_parent| generated).and_then(|parent| self.processes.get(parent));
        if ![Some(doer), parent].iter().flatten().any(is_manager) {
            return None;
        }
        let cause = self.requests.cause(scope, unit, mechanism, touch.time)?;
        let (process, ancestry) = actor::with_ancestry(cause.process, &mut self.processes, host).ok()?;
        Some(Requester { process, ancestry, confidence: cause.confidence, basis: cause.basis })
    }

    /// The programs that a unit runs, each once.
    pub(super) fn executables(
        &mut self,
        id: &EventId,
        commands: &[ExecCommand],
        host: &mut dyn Host,
    ) -> Vec<Executable> {
        let mut seen = HashSet::new();
        let mut executables = Vec::new();
        for command in commands {
            if executables.len() == MOST_EXECUTABLES {
                break;
            }
            if !seen.insert((&command.setting, &command.raw)) {
                continue;
            }
            let (path, program) = find(command, host);
            let (sha256, owner, mode) = match program {
                Ok(program) => {
                    let mut sha256 = program.sha256;
                    if sha256 == Known::Pending && !self.hashes.wait(&program.path, id) {
                        sha256 = Known::Missing(Reason::TooLarge);
                    }
                    (sha256, Known::Is(program.owner), Known::Is(program.mode))
                }
                Err(reason) => (Known::Missing(reason), Known::Missing(reason), Known::Missing(reason)),
            };
            executables.push(Executable {
                setting: command.setting.clone(),
                command_line: command.raw.clone(),
                path,
                arguments: command.argv.iter().skip(1).cloned().collect(),
                sha256,
                owner,
                mode,
            });
        }
        executables
    }
}

/// The path by which the actor named the file at `path`.
pub(super) fn named(path: &BString, actor: &Known<Actor>, host: &mut dyn Host) -> Known<BString> {
    match actor {
        Known::Is(actor) => naming::named(path.as_ref(), &actor.process, host),
        Known::Pending => Known::Missing(Reason::NotRecorded),
        Known::Missing(reason) => Known::Missing(*reason),
    }
}

/// The program that a command runs: a plain name is looked for where systemd looks.
fn find(command: &ExecCommand, host: &mut dyn Host) -> (String, Result<Program, Reason>) {
    let mut candidates = command.candidates();
    if candidates.is_empty() {
        candidates.push(command.path.clone());
    }
    let mut last = Err(Reason::NotFound);
    for candidate in candidates {
        last = host.program(BStr::new(&candidate));
        if last.is_ok() {
            return (candidate, last);
        }
    }
    (command.path.clone(), last)
}

fn enablement(unit: Option<&EffectiveUnit>) -> Known<Enablement> {
    Known::Is(unit.map_or(Enablement::Absent, |unit| unit.enablement))
}

/// What is told of the file that changed: of the one that is there now, or of the one that was.
fn facts(change: &FileChange) -> FileFacts {
    let state = if change.after.is_absent() { &change.before } else { &change.after };
    let file = state.file();
    let fact = |reason| match state {
        FileState::Unreadable(reason) => *reason,
        _ => reason,
    };
    let of = |get: &dyn Fn(&RegularFile) -> u64| {
        file.map_or(Known::Missing(fact(Reason::NotFound)), |file| Known::Is(get(file)))
    };
    FileFacts {
        path: change.full_path(),
        path_as_named: Known::Missing(Reason::NotRecorded),
        link_target: match state {
            FileState::Symlink(link) => Some(link.target.clone()),
            _ => None,
        },
        sha256: file.map_or(Known::Missing(fact(Reason::NotFound)), |file| {
            file.sha256.clone().map(|hash| hash.to_string())
        }),
        size: of(&|file| file.size),
        mode: of(&|file| u64::from(file.mode)).map(|mode| u32::try_from(mode).unwrap_or(0)),
        owner: file.map_or(Known::Missing(fact(Reason::NotFound)), |file| Known::Is((file.uid, file.gid))),
        diff: change.diff(),
    }
}
