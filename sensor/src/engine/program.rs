//! Programs that make services: generators, which the manager runs at each reload, and init scripts.
//!
//! They are no units, and yet each is a way to make or change services: systemd.generator(7), and for init scripts
//! systemd-sysv-generator(8), which systemd has until version 259.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BString, ByteSlice as _};

use super::event::named;
use super::loaded::Change;
use super::{Engine, actor};
use crate::correlate::touched::Touch;
use crate::host::{FileState, Host, Program};
use crate::model::event::{Executable, FileFacts};
use crate::model::process::Confidence;
use crate::model::service::Enablement;
use crate::model::{Action, Known, Line, Manager, Mechanism, Reason, Scope, ServiceEvent, ServiceId};
use crate::systemd::search_path::{GeneratorDirectory, GeneratorKind};

/// Where init scripts lie.
pub const INIT_SCRIPTS: &str = "/etc/init.d";
/// What a link to a device means to generators of its name.
const MASKED: &str =
    "the manager no longer runs a generator of this name, and what that one made goes at the next reload";
/// What its end means.
const UNMASKED: &str = "the manager runs a generator of this name again, where there is one";
/// The most programs that are known.
const MOST: usize = 16_384;

/// The programs that are there.
#[derive(Default)]
pub(super) struct Programs {
    known: BTreeMap<BString, Program>,
    /// Links to devices: they hide the program of the same name in the directories behind.
    masks: BTreeSet<BString>,
}

/// What a program in a directory of such makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// By whom it is run.
    pub(super) manager: Manager,
    /// For whom.
    pub(super) scope: Scope,
    /// The way by which it makes services.
    pub(super) mechanism: Mechanism,
    /// What it means for services, as a remark on an event.
    pub(super) note: &'static str,
}

impl Kind {
    /// A program in a directory of generators.
    pub(super) fn generator(directory: &GeneratorDirectory) -> Self {
        let note = match directory.kind {
            GeneratorKind::Unit => "the manager runs it at each start and reload, and it may make any unit",
            GeneratorKind::Environment => {
                "the manager runs it at each start and reload, and it may set any variable of what the manager starts"
            }
        };
        Self { manager: Manager::Systemd, scope: directory.scope, mechanism: Mechanism::Generator, note }
    }

    /// A script of init.
    pub(super) fn init_script() -> Self {
        Self {
            manager: Manager::SysV,
            scope: Scope::System,
            mechanism: Mechanism::InitScript,
            note: "read where systemd still has its generator for init scripts, up to version 259",
        }
    }

    /// Whether a link to a device hides a program of the same name behind: systemd.generator(7).
    fn can_be_masked(self) -> bool {
        self.mechanism == Mechanism::Generator
    }
}

impl Programs {
    /// Takes in what stands at `path` now; what was there before and what is now, if they differ.
    fn take(&mut self, path: &BString, host: &mut dyn Host) -> Option<(Option<Program>, Option<Program>)> {
        let after = match host.file(path.as_ref()) {
            FileState::Regular(_) | FileState::Symlink { .. } => host.program(path.as_ref()).ok(),
            FileState::Absent | FileState::Directory | FileState::Special(_) | FileState::Unreadable(_) => {
                None
            }
        };
        let before = match &after {
            Some(program) if self.known.len() < MOST => self.known.insert(path.clone(), program.clone()),
            Some(_) | None => self.known.remove(path),
        };
        // That it lies in another inode is no change; what it says and may do is.
        let gist = |program: &Option<Program>| {
            program.as_ref().map(|program| {
                (program.path.clone(), program.sha256.clone(), program.size, program.mode, program.owner)
            })
        };
        (gist(&before) != gist(&after)).then_some((before, after))
    }

    /// Whether a mask came to `path`, or went from there; `None` where neither is so.
    fn take_mask(&mut self, path: &BString, host: &mut dyn Host) -> Option<Action> {
        let is_link = matches!(host.file(path.as_ref()), FileState::Symlink { .. });
        // What it leads to is there and is no file.
        if is_link && self.masks.len() < MOST && host.program(path.as_ref()) == Err(Reason::Unsupported) {
            self.masks.insert(path.clone()).then_some(Action::Masked)
        } else {
            self.masks.remove(path).then_some(Action::Unmasked)
        }
    }

    /// Reads the programs that are there at start.
    pub(super) fn read(&mut self, programs: Vec<(BString, Kind)>, host: &mut dyn Host) {
        for (path, kind) in programs {
            self.take(&path, host);
            if kind.can_be_masked() {
                self.take_mask(&path, host);
            }
        }
    }
}

impl Engine {
    /// Looks at a program as it is now, and tells what that means.
    pub(super) fn tell_program(
        &mut self,
        kind: Kind,
        touch: &Touch,
        host: &mut dyn Host,
        lines: &mut Vec<Line>,
    ) {
        let mask = if kind.can_be_masked() { self.programs.take_mask(&touch.path, host) } else { None };
        let taken = self.programs.take(&touch.path, host);
        let (action, before, after) = match (taken, mask) {
            (Some((before, after)), Some(Action::Masked)) => (Action::Masked, before, after),
            (Some((None, after)), _) => (Action::Created, None, after),
            (Some((before, None)), _) => (Action::Removed, before, None),
            (Some((before, after)), _) => (Action::Modified, before, after),
            (None, Some(action)) => (action, None, None),
            (None, None) => {
                self.counters.unchanged += touch.observed;
                return;
            }
        };
        self.counters.evidence += touch.observed;
        let enablement = |program: &Option<Program>| {
            Known::Is(match program {
                Some(program) if program.mode & 0o111 != 0 => Enablement::Enabled,
                Some(_) => Enablement::Disabled,
                None => Enablement::Absent,
            })
        };
        let name =
            touch.path.rsplit_once_str("/").map_or(touch.path.as_bstr(), |(_directory, name)| name.as_bstr());
        let id = self.next_event();
        let unit = name.to_string();
        let change = Change { event: &id, scope: kind.scope, unit: &unit, is_new: false };
        let loaded = self.loaded(&change, touch, host);
        let actor = actor::describe(touch.actor, None, &mut self.processes, host);
        let program = after.as_ref().or(before.as_ref()).filter(|_| action != Action::Masked);
        let link = host.link(touch.path.as_ref()).ok();
        let file = match program {
            Some(program) => facts(&touch.path, program),
            None => of_mask(&touch.path, link),
        };
        let note = match action {
            Action::Masked => MASKED,
            Action::Unmasked => UNMASKED,
            _ => kind.note,
        };
        let is_masked = |masked| if action == masked { Some(Known::Is(Enablement::Masked)) } else { None };
        lines.push(Line::Event(Box::new(ServiceEvent {
            id,
            time: touch.time,
            host: None,
            action,
            mechanism: kind.mechanism,
            service: ServiceId { manager: kind.manager, scope: kind.scope, name: unit },
            display_name: None,
            definition: Vec::new(),
            changes: Vec::new(),
            file: Some(FileFacts { path_as_named: named(&touch.path, &actor, host), ..file }),
            executables: program.map(|program| executable(&touch.path, program)).into_iter().collect(),
            enablement: is_masked(Action::Masked).unwrap_or_else(|| enablement(&after)),
            enablement_before: is_masked(Action::Unmasked).unwrap_or_else(|| enablement(&before)),
            loaded,
            actor,
            confidence: Confidence::High,
            note: Some(note.to_owned()),
            details: self.doubts(touch),
            missing: Vec::new(),
            evidence: touch.evidence.clone(),
        })));
    }
}

/// The facts of a link that hides a generator.
fn of_mask(path: &BString, link_target: Option<BString>) -> FileFacts {
    FileFacts {
        path: path.clone(),
        path_as_named: Known::Missing(Reason::NotRecorded),
        link_target,
        sha256: Known::Missing(Reason::Unsupported),
        size: Known::Missing(Reason::Unsupported),
        mode: Known::Missing(Reason::Unsupported),
        owner: Known::Missing(Reason::Unsupported),
        diff: None,
    }
}

fn facts(path: &BString, program: &Program) -> FileFacts {
    FileFacts {
        path: path.clone(),
        path_as_named: Known::Missing(Reason::NotRecorded),
        link_target: (program.path != *path).then(|| program.path.clone()),
        sha256: program.sha256.clone(),
        size: Known::Is(program.size),
        mode: Known::Is(program.mode),
        owner: Known::Is(program.owner),
        diff: None,
    }
}

fn executable(path: &BString, program: &Program) -> Executable {
    Executable {
        setting: String::new(),
        command_line: path.to_string(),
        path: program.path.to_string(),
        arguments: Vec::new(),
        sha256: program.sha256.clone(),
        owner: Known::Is(program.owner),
        mode: Known::Is(program.mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generators_of_variables_make_no_units() {
        for directory in GeneratorDirectory::ALL {
            let kind = Kind::generator(directory);
            let of_variables = directory.path.contains("environment");
            assert_eq!(kind.note.contains("unit"), !of_variables, "{}", directory.path);
            assert_eq!(kind.note.contains("variable"), of_variables, "{}", directory.path);
        }
    }
}
