//! Who acts on a host: processes, logons, accesses to the SCM and to services' keys.

use std::collections::VecDeque;

use super::bounded::Bounded;
use crate::model::{ObservationId, Timestamp};
use crate::scm::observed::{Call, Doer, Handle, Logon, ProcessStart, UnplacedWrite};
use crate::scm::svcctl::Effect;

/// How many processes and logons are remembered for each host.
const REMEMBERED: usize = 4096;
/// How many accesses are remembered for each host.
const RECENT: usize = 512;

/// What is remembered of a host's processes and logons.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    processes: Bounded<u32, Seen<ProcessStart>>,
    by_guid: Bounded<String, u32>,
    logons: Bounded<u64, Seen<Logon>>,
    pipes: VecDeque<Seen<Logon>>,
    handles: VecDeque<(Seen<Handle>, Target)>,
    calls: VecDeque<Seen<Call>>,
    writes: VecDeque<Seen<UnplacedWrite>>,
    /// services.exe, where it was told among the processes that run.
    manager: Option<u32>,
    /// Users by their security ids.
    users: Bounded<String, String>,
}

/// Something, and which record told it when.
#[derive(Clone, Debug)]
pub(super) struct Seen<T> {
    pub(super) id: ObservationId,
    pub(super) time: Timestamp,
    pub(super) what: T,
}

/// What a handle is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The SCM or a service.
    Manager,
    /// A service's key.
    Key,
}

impl Tables {
    pub(super) fn new() -> Self {
        Self {
            processes: Bounded::new(REMEMBERED),
            by_guid: Bounded::new(REMEMBERED),
            logons: Bounded::new(REMEMBERED),
            pipes: VecDeque::new(),
            handles: VecDeque::new(),
            calls: VecDeque::new(),
            writes: VecDeque::new(),
            manager: None,
            users: Bounded::new(REMEMBERED),
        }
    }

    /// Remembers which user a security id is.
    pub(super) fn user(&mut self, sid: Option<&String>, user: Option<&String>) {
        if let (Some(sid), Some(user)) = (sid, user)
            && self.users.get(sid).is_none()
        {
            self.users.insert(sid.clone(), user.clone());
        }
    }

    /// The user with a security id: of the system's own, or as a record told.
    pub(super) fn find_user(&self, sid: &str) -> Option<String> {
        let own = match sid {
            "S-1-5-18" => r"NT AUTHORITY\SYSTEM",
            "S-1-5-19" => r"NT AUTHORITY\LOCAL SERVICE",
            "S-1-5-20" => r"NT AUTHORITY\NETWORK SERVICE",
            _ => return self.users.get(sid).cloned(),
        };
        Some(own.to_owned())
    }

    /// Remembers a process that already runs.
    pub(super) fn running(&mut self, seen: Seen<ProcessStart>) {
        let image = seen.what.process.image.as_deref().unwrap_or_default().to_lowercase();
        if image.ends_with(r"\system32\services.exe") {
            self.manager = seen.what.process.process_id;
        }
        self.process(seen);
    }

    /// The process id of services.exe, which lives as long as the host runs.
    pub(super) fn manager(&self) -> Option<u32> {
        self.manager
    }

    /// Remembers a process. Sysmon's record and the audit's complete each other.
    pub(super) fn process(&mut self, mut seen: Seen<ProcessStart>) {
        let Some(pid) = seen.what.process.process_id else { return };
        if let Some(known) = self.processes.get(&pid)
            && same_process(known, &seen)
        {
            let known = known.what.clone();
            seen.what.process.complete(&known.process);
            let ProcessStart {
                command_line,
                original_name,
                sha256,
                parent_guid,
                parent_image,
                parent_command_line,
                process: _,
            } = known;
            seen.what.command_line = seen.what.command_line.or(command_line);
            seen.what.original_name = seen.what.original_name.or(original_name);
            seen.what.sha256 = seen.what.sha256.or(sha256);
            seen.what.parent_guid = seen.what.parent_guid.or(parent_guid);
            seen.what.parent_image = seen.what.parent_image.or(parent_image);
            seen.what.parent_command_line = seen.what.parent_command_line.or(parent_command_line);
        }
        if let Some(guid) = &seen.what.process.guid {
            self.by_guid.insert(guid.clone(), pid);
        }
        self.processes.insert(pid, seen);
    }

    /// The process that `doer` names, if it had started by then.
    pub(super) fn find(&self, doer: &Doer, by: Timestamp) -> Option<&Seen<ProcessStart>> {
        let by_guid = doer.guid.as_ref().and_then(|guid| self.by_guid.get(guid));
        let pid = by_guid.copied().or(doer.process_id)?;
        let found = self.processes.get(&pid)?;
        // Records of one moment may be logged in any order.
        let in_time = found.time <= by.after(super::SKEW);
        let same_guid = match (&doer.guid, &found.what.process.guid) {
            (Some(asked), Some(known)) => asked == known,
            _ => true,
        };
        let same_image = match (&doer.image, &found.what.process.image) {
            (Some(asked), Some(known)) => asked.eq_ignore_ascii_case(known),
            _ => true,
        };
        (in_time && same_guid && same_image).then_some(found)
    }

    /// The parents of a process, nearest first.
    pub(super) fn ancestry(&self, process: &Seen<ProcessStart>) -> Vec<ProcessStart> {
        let mut chain = Vec::new();
        let mut current = process.clone();
        // Bounded, since process ids are used again and may seem to run in circles.
        while chain.len() < 16 {
            let what = &current.what;
            if what.process.parent_id.is_none() && what.parent_image.is_none() {
                break;
            }
            let parent = Doer {
                process_id: what.process.parent_id,
                guid: what.parent_guid.clone(),
                image: what.parent_image.clone(),
                ..Doer::default()
            };
            match self.find(&parent, current.time) {
                Some(found) if found.what.process.process_id != current.what.process.process_id => {
                    chain.push(found.what.clone());
                    current = found.clone();
                }
                _ => {
                    chain.push(ProcessStart {
                        process: parent,
                        command_line: what.parent_command_line.clone(),
                        ..ProcessStart::default()
                    });
                    break;
                }
            }
        }
        chain
    }

    pub(super) fn logon(&mut self, seen: Seen<Logon>) {
        self.user(seen.what.sid.as_ref(), seen.what.user.as_ref());
        if let Some(id) = seen.what.logon_id.filter(|id| !is_well_known(*id)) {
            self.logons.insert(id, seen);
        }
    }

    pub(super) fn pipe(&mut self, seen: Seen<Logon>) {
        self.user(seen.what.sid.as_ref(), seen.what.user.as_ref());
        push(&mut self.pipes, seen);
    }

    pub(super) fn handle(&mut self, seen: Seen<Handle>, target: Target) {
        self.user(seen.what.requester.sid.as_ref(), seen.what.requester.user.as_ref());
        push(&mut self.handles, (seen, target));
    }

    /// Remembers a call that changes something; those that look are many and tell nothing.
    pub(super) fn call(&mut self, seen: Seen<Call>) {
        if !matches!(seen.what.operation.effect, Effect::Look | Effect::Lock | Effect::Own) {
            push(&mut self.calls, seen);
        }
    }

    /// The calls in `from..=to` with the given effect, the last first.
    pub(super) fn find_calls(
        &self,
        from: Timestamp,
        to: Timestamp,
        effect: Effect,
    ) -> impl Iterator<Item = &Seen<Call>> {
        self.calls
            .iter()
            .rev()
            .filter(move |call| (from..=to).contains(&call.time) && call.what.operation.effect == effect)
    }

    pub(super) fn write(&mut self, seen: Seen<UnplacedWrite>) {
        push(&mut self.writes, seen);
    }

    /// The writes to keys without a known path in `from..=to` that `fit`, the last first.
    pub(super) fn find_writes<'tables>(
        &'tables self,
        from: Timestamp,
        to: Timestamp,
        fits: impl Fn(&UnplacedWrite) -> bool + 'tables,
    ) -> impl Iterator<Item = &'tables Seen<UnplacedWrite>> {
        self.writes.iter().rev().filter(move |seen| (from..=to).contains(&seen.time) && fits(&seen.what))
    }

    pub(super) fn find_logon(&self, id: u64) -> Option<&Seen<Logon>> {
        self.logons.get(&id)
    }

    /// The last access to the SCM's pipe in `from..=to` that `fits`.
    pub(super) fn find_pipe(
        &self,
        from: Timestamp,
        to: Timestamp,
        fits: impl Fn(&Logon) -> bool,
    ) -> Option<&Seen<Logon>> {
        self.pipes.iter().rev().find(|pipe| (from..=to).contains(&pipe.time) && fits(&pipe.what))
    }

    /// The accesses in `from..=to` that `fit`, the last first.
    pub(super) fn find_handles<'tables>(
        &'tables self,
        from: Timestamp,
        to: Timestamp,
        fits: impl Fn(&Handle, Target) -> bool + 'tables,
    ) -> impl Iterator<Item = &'tables Seen<Handle>> {
        self.handles
            .iter()
            .rev()
            .filter(move |(seen, target)| (from..=to).contains(&seen.time) && fits(&seen.what, *target))
            .map(|(seen, _)| seen)
    }
}

/// Whether two records tell of one process: the same id, the same program, almost the same time.
fn same_process(known: &Seen<ProcessStart>, new: &Seen<ProcessStart>) -> bool {
    let images = (&known.what.process.image, &new.what.process.image);
    let same_image = matches!(images, (Some(known), Some(new)) if known.eq_ignore_ascii_case(new));
    let same_guid = match (&known.what.process.guid, &new.what.process.guid) {
        (Some(known), Some(new)) => known == new,
        _ => true,
    };
    let apart = known.time.since(new.time).max(new.time.since(known.time));
    same_image && same_guid && apart <= super::SKEW
}

/// The sessions of the system itself: SYSTEM, LOCAL SERVICE, NETWORK SERVICE, anonymous.
pub(super) fn is_well_known(logon_id: u64) -> bool {
    matches!(logon_id, 0 | 0x3e7 | 0x3e5 | 0x3e4 | 0x3e6)
}

fn push<T>(recent: &mut VecDeque<T>, seen: T) {
    if recent.len() >= RECENT {
        recent.pop_front();
    }
    recent.push_back(seen);
}
