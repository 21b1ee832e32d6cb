//! Programs that units run: whoever replaces one has the next start run something else (ATT&CK T1574.010, as on Linux).
//!
//! Each program's file is followed where it is, and its name is watched, so that another file in its place is seen. Where a
//! unit names it by a path that leads elsewhere by links, that path is watched as well.

use std::collections::{BTreeMap, BTreeSet};

use bstr::{BStr, BString, ByteSlice as _};

use super::event::named;
use super::{Engine, actor};
use crate::correlate::touched::Touch;
use crate::host::{Host, Identity};
use crate::model::event::FileFacts;
use crate::model::observation::Exec;
use crate::model::process::Confidence;
use crate::model::{
    Action, FileOperation, Known, Line, Manager, Mechanism, ObservationId, Reason, Scope, ServiceEvent,
    ServiceId, Timestamp,
};
use crate::systemd::UnitName;
use crate::systemd::change::AFFECTED_MAX;
use crate::systemd::command_line::ExecCommand;
use crate::systemd::inventory::EffectiveUnit;

/// The most programs that are followed.
const MOST: usize = 4096;
/// What is said of a program that stays the same.
const OPENED: &str = "the unit and its program stay the same; others may write to the program now";
/// The detail that tells who these others are.
const OPENED_TO: &str = "opened_to";
/// The most units that are kept of one program.
const MOST_UNITS: usize = 1024;

/// Programs that units run.
#[derive(Default)]
pub(super) struct Executables {
    /// By their true paths.
    known: BTreeMap<BString, Executable>,
    /// Paths by which units name them, where links lie on the way.
    ways: BTreeMap<BString, Way>,
}

/// A path by which units name a program.
struct Way {
    /// The true path to which it led last.
    to: BString,
    units: Units,
}

type Units = BTreeSet<(Scope, String)>;

struct Executable {
    /// `None` while there is none.
    identity: Option<Identity>,
    /// The units that run it, or did when they were last looked at.
    units: Units,
}

impl Executables {
    /// Whether `path` is that of a program that is followed, or leads to one.
    pub(super) fn knows(&self, path: &BStr) -> bool {
        self.known.contains_key(path) || self.ways.contains_key(path)
    }

    /// Whether the program at `path` was gone when it was looked at last.
    fn is_gone(&self, path: &BString) -> bool {
        self.known.get(path).is_some_and(|executable| executable.identity.is_none())
    }

    /// The paths of all programs that are followed.
    pub(super) fn paths(&self) -> Vec<BString> {
        self.known.keys().chain(self.ways.keys()).cloned().collect()
    }

    /// Follows the program that `identity` tells on behalf of `units`. What it is now counts as known, unless a change of
    /// it waits to be told.
    fn add(
        &mut self,
        identity: Identity,
        units: impl IntoIterator<Item = (Scope, String)>,
        waits: bool,
        host: &mut dyn Host,
    ) {
        let path = identity.path.clone();
        if self.known.len() >= MOST && !self.known.contains_key(&path) {
            return;
        }
        // Where it is known, another file may stand there by now.
        host.follow(path.as_ref(), path.as_ref());
        host.watch_name(path.as_ref(), path.as_ref());
        let executable =
            self.known.entry(path).or_insert_with(|| Executable { identity: None, units: Units::new() });
        if !waits {
            executable.identity = Some(identity);
        }
        add_units(&mut executable.units, units);
    }

    /// Watches the path `named`, by which `units` name the program at `to`.
    fn add_way(
        &mut self,
        named: &BStr,
        to: &BString,
        units: impl IntoIterator<Item = (Scope, String)>,
        host: &mut dyn Host,
    ) {
        if self.ways.len() >= MOST && !self.ways.contains_key(named) {
            return;
        }
        host.watch_name(named, named);
        let way =
            self.ways.entry(named.into()).or_insert_with(|| Way { to: to.clone(), units: Units::new() });
        add_units(&mut way.units, units);
    }

    /// Where the path of a way leads now, if that is elsewhere than before.
    fn take_way(&mut self, path: &BStr, host: &mut dyn Host) -> Option<Identity> {
        let way = self.ways.get_mut(path)?;
        let now = host.identity(path).ok()?;
        if now.path == way.to {
            return None;
        }
        way.to.clone_from(&now.path);
        Some(now)
    }

    /// The units that run the program at `path`, or did.
    fn units(&self, path: &BStr) -> Units {
        let known = self.known.get(path).map(|known| &known.units);
        known.or_else(|| self.ways.get(path).map(|way| &way.units)).cloned().unwrap_or_default()
    }

    fn forget(&mut self, path: &BStr) {
        if self.known.remove(path).is_none() {
            self.ways.remove(path);
        }
    }

    /// What stands at `path` now, if it is another program than before or open to others, and how sure that is.
    fn take(&mut self, path: &BStr, operation: FileOperation, host: &mut dyn Host) -> Option<Taken> {
        let executable = self.known.get_mut(path)?;
        let now = host.identity(path).ok().filter(|now| now.path == path);
        let before = std::mem::replace(&mut executable.identity, now.clone());
        let now = now?;
        let is_same_file = |before: &Identity| (before.object, before.born_ns) == (now.object, now.born_ns);
        if !before.as_ref().is_some_and(is_same_file) {
            // Another file, which has to be followed itself.
            host.follow(path, path);
        }
        let Some(before) = before else { return Some(Taken::program(now, Confidence::High)) };
        let confidence = match before.sha256.as_ref().zip(now.sha256.as_ref()) {
            Some((before, after)) => (before != after).then_some(Confidence::High),
            None if !is_same_file(&before) => Some(Confidence::High),
            None if !matches!(
                operation,
                FileOperation::Close | FileOperation::Write | FileOperation::Reload
            ) =>
            {
                None
            }
            None if before.size != now.size => Some(Confidence::High),
            // touch(1) opens a file for writing as well, and sets the time by hand.
            None => (before.modified_ns != now.modified_ns).then_some(Confidence::Medium),
        };
        if let Some(confidence) = confidence {
            return Some(Taken::program(now, confidence));
        }
        let opened_to = Some(opens(&before, &now)?);
        Some(Taken { identity: now, confidence: Confidence::High, opened_to })
    }
}

/// What was found at a program's path.
struct Taken {
    identity: Identity,
    confidence: Confidence,
    /// Who may write to it now and might not before, where the program is the same.
    opened_to: Option<&'static str>,
}

impl Taken {
    /// Another program than before.
    fn program(identity: Identity, confidence: Confidence) -> Self {
        Self { identity, confidence, opened_to: None }
    }
}

/// Who may write to a program now and might not before.
fn opens(before: &Identity, now: &Identity) -> Option<&'static str> {
    let gained = now.mode & !before.mode;
    if gained & 0o002 != 0 {
        Some("everybody")
    } else if gained & 0o020 != 0 {
        Some("group")
    } else {
        (now.owner.0 != before.owner.0 && now.owner.0 != 0).then_some("owner")
    }
}

impl Engine {
    /// Follows the programs that a unit runs now.
    pub(super) fn follow_executables(
        &mut self,
        scope: Scope,
        unit: &str,
        commands: &[ExecCommand],
        host: &mut dyn Host,
    ) {
        for candidate in commands.iter().flat_map(ExecCommand::candidates) {
            self.follow_executable(BStr::new(&candidate), [(scope, unit.to_owned())], host);
        }
    }

    /// Follows the program at `path`, which `units` run.
    pub(super) fn follow_executable(
        &mut self,
        path: &BStr,
        units: impl IntoIterator<Item = (Scope, String)>,
        host: &mut dyn Host,
    ) {
        let Ok(identity) = host.identity(path) else { return };
        let waits = self.touched.waits_for(&identity.path);
        let units: Vec<(Scope, String)> = units.into_iter().collect();
        if identity.path != path {
            self.executables.add_way(path, &identity.path, units.clone(), host);
        }
        self.executables.add(identity, units, waits, host);
    }

    /// Looks at a program as it is now, and tells what that means.
    pub(super) fn tell_executable(&mut self, touch: &Touch, host: &mut dyn Host, lines: &mut Vec<Line>) {
        let path: &BStr = touch.path.as_ref();
        let is_way = !self.executables.known.contains_key(path);
        let taken = if is_way {
            self.executables.take_way(path, host).map(|identity| Taken::program(identity, Confidence::High))
        } else {
            self.executables.take(path, touch.operation, host)
        };
        let Some(Taken { identity, confidence, opened_to }) = taken else {
            self.counters.unchanged += touch.observed;
            return;
        };
        let users = self.executables.units(path);
        let users = users.into_iter().filter_map(|(scope, name)| {
            let unit = self.units.effective(scope, &UnitName::parse(&name).ok()?)?;
            runs(&unit, path, host).then_some((scope, name, unit))
        });
        let mut users: Vec<(Scope, String, EffectiveUnit)> = users.collect();
        if users.is_empty() {
            self.executables.forget(path);
            self.counters.without_unit += touch.observed;
            return;
        }
        if is_way {
            let units: Vec<_> = users.iter().map(|(scope, name, _unit)| (*scope, name.clone())).collect();
            self.follow_executable(path, units, host);
        }
        self.counters.evidence += touch.observed;
        let names: Vec<String> = users.iter().map(|(_scope, name, _unit)| name.clone()).collect();
        let (scope, name, unit) = users.swap_remove(0);
        let mut event = self.replaced(scope, name, unit, &names, &identity, touch, host);
        event.confidence = confidence;
        if let Some(to) = opened_to {
            event.note = Some(OPENED.to_owned());
            event.details.retain(|(name, _)| !name.starts_with("actor_"));
            event.details.push((OPENED_TO, to.to_owned()));
        }
        lines.push(Line::Event(Box::new(event)));
    }

    /// A program runs. If it was gone, another one has come in its place, and nobody was seen to bring it.
    pub(super) fn note_return(
        &mut self,
        id: ObservationId,
        time: Timestamp,
        exec: &Exec,
        host: &mut dyn Host,
        lines: &mut Vec<Line>,
    ) {
        if exec.process.container.is_some() {
            // The path is one of its own.
            return;
        }
        let script = exec.script.as_ref().and_then(|script| script.path.get());
        let gone = [exec.process.exe.get(), script]
            .into_iter()
            .flatten()
            .find(|path| self.executables.is_gone(path) && !self.touched.waits_for(path));
        if let Some(path) = gone.cloned() {
            self.tell(&Touch { evidence: vec![id], ..Touch::found(path, time) }, host, lines);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is a fact of one event")]
    fn replaced(
        &mut self,
        scope: Scope,
        name: String,
        unit: EffectiveUnit,
        names: &[String],
        identity: &Identity,
        touch: &Touch,
        host: &mut dyn Host,
    ) -> ServiceEvent {
        let id = self.next_event();
        let executables = self.executables(&id, &unit.commands, host);
        let actor = actor::describe(touch.actor, None, &mut self.processes, host);
        let own = |executable: &&crate::model::event::Executable| executable.path.as_bytes() == identity.path;
        let told = executables.iter().find(own).map(|executable| executable.sha256.clone());
        let sha256 = identity.sha256.clone().map(Known::Is).or(told);
        let note = if touch.is_found() {
            "the unit says what it said; the program is another one than before, and nobody was seen to bring it"
        } else {
            "the unit says what it said; its next start runs the new program"
        };
        let mut details = self.doubts(touch);
        if names.len() > 1 {
            let listed: Vec<&str> = names.iter().take(AFFECTED_MAX).map(String::as_str).collect();
            details.push(("affected", listed.join(" ")));
        }
        if matches!(
            touch.operation,
            FileOperation::Attribute | FileOperation::Unlink | FileOperation::RenameFrom
        ) {
            let basis = "it took away the file that was there, as replacing it does";
            details.extend([("actor_confidence", "medium".to_owned()), ("actor_basis", basis.to_owned())]);
        }
        ServiceEvent {
            id,
            time: touch.time,
            host: None,
            action: Action::Modified,
            mechanism: Mechanism::Executable,
            service: ServiceId { manager: Manager::Systemd, scope, name },
            display_name: unit.description,
            definition: unit.settings,
            changes: Vec::new(),
            file: Some(FileFacts {
                path: touch.path.clone(),
                path_as_named: named(&touch.path, &actor, host),
                link_target: (identity.path != touch.path).then(|| identity.path.clone()),
                sha256: sha256.unwrap_or(Known::Missing(Reason::NotRecorded)),
                size: Known::Is(identity.size),
                mode: Known::Is(identity.mode),
                owner: Known::Is(identity.owner),
                diff: None,
            }),
            executables,
            enablement: Known::Is(unit.enablement),
            enablement_before: Known::Is(unit.enablement),
            loaded: Known::Missing(Reason::Unsupported),
            actor,
            confidence: Confidence::High,
            note: Some(note.to_owned()),
            details,
            missing: Vec::new(),
            evidence: touch.evidence.clone(),
        }
    }
}

/// Whether the unit runs the program at `path`, be that its true path or the one by which the unit names it.
fn runs(unit: &EffectiveUnit, path: &BStr, host: &mut dyn Host) -> bool {
    let mut candidates = unit.commands.iter().flat_map(ExecCommand::candidates);
    candidates.any(|candidate| {
        let candidate = BStr::new(&candidate);
        candidate == path || host.identity(candidate).is_ok_and(|found| found.path == path)
    })
}

fn add_units(known: &mut Units, units: impl IntoIterator<Item = (Scope, String)>) {
    for unit in units {
        if known.len() >= MOST_UNITS {
            break;
        }
        known.insert(unit);
    }
}

/// The programs that a unit file's text names by a plain absolute path. It is a glance and no parsing: what it misses is
/// followed once the unit changes.
pub(super) fn named_in(text: &[u8]) -> impl Iterator<Item = &BStr> {
    text.lines().filter_map(|line| {
        let (setting, value) = line.trim_ascii_start().strip_prefix(b"Exec")?.split_once_str("=")?;
        let is_setting = setting.trim_ascii_end().iter().all(u8::is_ascii_alphabetic);
        let value = value.trim_ascii_start().trim_start_with(|prefix| "@-:+!|".contains(prefix));
        let program = value.split(u8::is_ascii_whitespace).next()?;
        let is_plain = program.starts_with(b"/") && !program.iter().any(|byte| b"%\"'\\;".contains(byte));
        (is_setting && is_plain).then_some(program.as_bstr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_at_a_glance() {
        let text = b"[Service]\nExecStart=/usr/sbin/a -D\n ExecStop = -+/bin/b\nExecReload=\nExecStartPre=c\n\
            #ExecStart=/no\nExecStartPost=/opt/%i\nExecCondition=\"/opt/d\"\nWorkingDirectory=/x\nExecStop=@/e";
        let found: Vec<String> = named_in(text).map(ToString::to_string).collect();
        assert_eq!(found, ["/usr/sbin/a", "/bin/b", "/e"]);
    }
}
