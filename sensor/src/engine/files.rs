//! Names that changed: when to look at them, and what they turn out to be.

use std::collections::VecDeque;
use std::time::Duration;

use bstr::{BStr, BString};

use super::Engine;
use super::units::Place;
use crate::correlate::touched::{SETTLE_GENERATED, Touch, Verdict};
use crate::host::{FileState, Host};
use crate::model::observation::FileObservation;
use crate::model::{FileOperation, Line, ObservationId, ProcessKey, Timestamp};
use crate::path::join;

/// How many ancestors of a writer, and how many of those who came from it, may hold its file.
const MOST_HOLDERS: usize = 8;
/// The most changes that are remembered.
const MOST_TOLD: usize = 256;

/// Changes that were just told, by whom: setting mode and owner is the last step of many a way to write a file.
#[derive(Default)]
pub(super) struct Told {
    recent: VecDeque<(BString, ProcessKey, Timestamp)>,
}

impl Told {
    fn note(&mut self, touch: &Touch) {
        if self.recent.len() >= MOST_TOLD {
            self.recent.pop_front();
        }
        self.recent.push_back((touch.path.clone(), touch.actor, touch.time));
    }

    /// Whether a change of this name was told within the last two waits, by whomever.
    fn knows(&self, touch: &Touch, settle: Duration) -> bool {
        self.recent
            .iter()
            .any(|(path, _actor, time)| *path == touch.path && touch.time.since(*time) <= settle * 2)
    }

    fn just_now(&self, touch: &Touch, settle: Duration) -> bool {
        self.recent.iter().any(|(path, actor, time)| {
            *path == touch.path && *actor == touch.actor && touch.time.since(*time) <= settle
        })
    }
}

impl Engine {
    /// A name in a watched directory changed.
    pub(super) fn file(
        &mut self,
        id: ObservationId,
        time: Timestamp,
        seen: &FileObservation,
        host: &mut dyn Host,
        lines: &mut Vec<Line>,
    ) {
        self.counters.files += 1;
        // What is followed itself has no name in a directory.
        let path = if seen.name.is_empty() {
            seen.directory.clone()
        } else {
            join(seen.directory.as_ref(), seen.name.as_ref())
        };
        let actor = self.processes.resolve(seen.actor);
        let touch = Touch {
            path,
            actor,
            others: Vec::new(),
            contested: false,
            by_maker: false,
            holder: actor,
            time,
            operation: seen.operation,
            evidence: vec![id],
            observed: 1,
        };
        if seen.error != 0 {
            // An attempt that failed changed nothing.
            self.counters.unchanged += 1;
            return;
        }
        match self.units.place(touch.path.as_ref()) {
            Place::Directory => self.directory(&touch, host, lines),
            Place::Program(_) => {
                if let Verdict::Now(touch) = self.touched.note(touch, self.settle) {
                    self.tell_or_wait(touch, self.settle, host, lines);
                }
            }
            Place::NotAUnit => self.counters.not_a_unit += 1,
            Place::Elsewhere if self.executables.knows(touch.path.as_ref()) => {
                if let Verdict::Now(touch) = self.touched.note(touch, self.settle) {
                    self.tell_or_wait(touch, self.settle, host, lines);
                }
            }
            Place::Elsewhere => self.counters.elsewhere += 1,
            Place::Unit { generated } => {
                let settle = if generated { SETTLE_GENERATED } else { self.settle };
                if touch.operation == FileOperation::Attribute {
                    // It may have got another name, by which it can be written from now on: reading it asks for that.
                    let _asked = self.units.read_state(touch.path.as_ref(), host);
                }
                // A link has no writer that could still hold it, whatever operation made it.
                let created = matches!(touch.operation, FileOperation::Create);
                let operation =
                    if created && matches!(host.file(touch.path.as_ref()), FileState::Symlink { .. }) {
                        FileOperation::Symlink
                    } else {
                        touch.operation
                    };
                if let Verdict::Now(touch) = self.touched.note(Touch { operation, ..touch }, settle) {
                    self.tell_or_wait(touch, settle, host, lines);
                }
            }
        }
    }

    /// A directory came or went: what it holds came or went with it.
    fn directory(&mut self, touch: &Touch, host: &mut dyn Host, lines: &mut Vec<Line>) {
        self.counters.directories += 1;
        let now_there: Vec<BString> = self.units.contents(touch.path.as_ref(), host);
        let mut paths = self.units.known_below(touch.path.as_ref());
        paths.extend(now_there);
        paths.sort_unstable();
        paths.dedup();
        for path in paths {
            let settle = match self.units.place(path.as_ref()) {
                Place::Unit { generated: true } => SETTLE_GENERATED,
                Place::Unit { generated: false } | Place::Program(_) => self.settle,
                Place::Directory | Place::NotAUnit | Place::Elsewhere => continue,
            };
            // In a directory that was made, and not moved, whoever writes a file may not have finished, and may be
            // another one than its maker.
            let by_maker = touch.operation == FileOperation::Create;
            let is_written = by_maker && matches!(host.file(path.as_ref()), FileState::Regular(_));
            let operation = if is_written { FileOperation::Create } else { FileOperation::RenameTo };
            let touch = Touch { path, operation, by_maker, observed: 0, ..touch.clone() };
            if let Verdict::Now(touch) = self.touched.note(touch, settle) {
                self.tell_or_wait(touch, settle, host, lines);
            }
        }
    }

    /// Tells a change that was finished, unless the name is gone: then it waits for its return, or for who removed it.
    fn tell_or_wait(&mut self, touch: Touch, settle: Duration, host: &mut dyn Host, lines: &mut Vec<Line>) {
        let waiting = match host.file(touch.path.as_ref()) {
            FileState::Absent => FileOperation::Unlink,
            // Emptied by the next writer already: what that one writes is what counts.
            FileState::Regular(file)
                if file.size == 0 && self.holder(touch.actor, file.object, host).is_some() =>
            {
                FileOperation::Write
            }
            _ => {
                self.tell(&touch, host, lines);
                return;
            }
        };
        if let Verdict::Now(touch) = self.touched.note(Touch { operation: waiting, ..touch }, settle) {
            self.tell(&touch, host, lines);
        }
    }

    /// A change whose time has come: a writer that still holds the file gets more.
    pub(super) fn due(&mut self, touch: Touch, host: &mut dyn Host, lines: &mut Vec<Line>) {
        if matches!(touch.operation, FileOperation::Create | FileOperation::Write)
            && let Some(object) = written(touch.path.as_ref(), host)
            && let Some(holder) = self.holder(touch.actor, object, host)
        {
            let mut touch = Touch { holder, ..touch };
            if touch.operation == FileOperation::Create && self.comes_from(holder, touch.actor) {
                // Whoever opened the file has left the writing to it.
                touch.others.push(std::mem::replace(&mut touch.actor, holder));
            }
            self.touched.hold(touch);
            return;
        }
        self.tell(&touch, host, lines);
    }

    /// Whether `process` descends from `ancestor`, which has ended.
    fn comes_from(&self, process: ProcessKey, ancestor: ProcessKey) -> bool {
        self.processes.has_exited(ancestor)
            && self.processes.ancestry(process).iter().any(|above| above.key == ancestor)
    }

    /// Who holds the file open for writing: the process that wrote, one that it inherited the open file from, as no
    /// process does from the first one, or one that inherited it.
    fn holder(&self, writer: ProcessKey, object: (u64, u64), host: &mut dyn Host) -> Option<ProcessKey> {
        let ancestors = self.processes.ancestry(writer);
        let candidates =
            ancestors.iter().map(|process| process.key).take(MOST_HOLDERS).filter(|key| key.pid > 1);
        let mut candidates = std::iter::once(writer).chain(candidates);
        let mut holds = |key: &ProcessKey| key.pid != 0 && host.writes(key.pid, object);
        candidates
            .find(&mut holds)
            .or_else(|| self.processes.heirs(writer, MOST_HOLDERS).into_iter().find(&mut holds))
    }

    /// Looks at the name as it is now, and tells what that means.
    pub(super) fn tell(&mut self, touch: &Touch, host: &mut dyn Host, lines: &mut Vec<Line>) {
        match self.units.place(touch.path.as_ref()) {
            Place::Program(kind) => return self.tell_program(kind, touch, host, lines),
            Place::Elsewhere => return self.tell_executable(touch, host, lines),
            Place::Unit { .. } | Place::Directory | Place::NotAUnit => {}
        }
        let was_known = self.units.knows(touch.path.as_ref());
        let Some(observed) = self.units.apply(touch.path.as_ref(), host) else {
            if !was_known && !self.units.knows(touch.path.as_ref()) {
                self.came_and_went(touch, host, lines);
            } else {
                self.counters.unchanged += touch.observed;
            }
            return;
        };
        if observed.units.is_empty() {
            self.counters.without_unit += touch.observed;
            return;
        }
        let content_stays = observed.units.iter().all(|change| change.changes.is_empty());
        if touch.operation == FileOperation::Attribute
            && content_stays
            && self.told.just_now(touch, self.settle)
        {
            self.counters.finishing += touch.observed;
            return;
        }
        self.told.note(touch);
        self.counters.evidence += touch.observed;
        for change in observed.units {
            let event = self.event(change, &observed.file, touch, host);
            lines.push(Line::Event(Box::new(event)));
        }
    }

    /// A name appeared and was gone before it could be read: what it held is not known, and that it was there is told.
    fn came_and_went(&mut self, touch: &Touch, host: &mut dyn Host, lines: &mut Vec<Line>) {
        // The end of something that was told is no such thing.
        let fragment = self.units.fragment(touch.path.as_ref());
        let Some((scope, name)) = fragment.filter(|_| !self.told.knows(touch, self.settle)) else {
            self.counters.unchanged += touch.observed;
            return;
        };
        self.told.note(touch);
        self.counters.evidence += touch.observed;
        let event = self.short_lived(scope, &name, touch, host);
        lines.push(Line::Event(Box::new(event)));
    }

    /// Everything is read again: what differs is told, without who did it.
    pub(super) fn rescan(&mut self, host: &mut dyn Host, lines: &mut Vec<Line>) {
        let units = self.units.all_paths(host).into_iter();
        for path in units.chain(self.executables.paths()) {
            self.tell(&Touch::found(path, self.now), host, lines);
        }
    }

    /// The end has come: what still waits is told as it stands.
    pub(super) fn finish(&mut self, time: Timestamp, host: &mut dyn Host, lines: &mut Vec<Line>) {
        self.pass(time, host, lines);
        for touch in self.touched.all() {
            self.tell(&touch, host, lines);
        }
    }
}

/// Device and inode of the file that whoever writes at `path` holds: a link is not written itself, but what it leads to.
fn written(path: &BStr, host: &mut dyn Host) -> Option<(u64, u64)> {
    match host.file(path) {
        FileState::Regular(file) => Some(file.object),
        FileState::Symlink { .. } => host.identity(path).ok().map(|file| file.object),
        FileState::Absent | FileState::Directory | FileState::Special(_) | FileState::Unreadable(_) => None,
    }
}
