//! Directories that are watched by fanotify, and what its events mean as observations.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;

use bstr::{BStr, BString};
use nix::errno::Errno;

use super::event::{Notice, Notices, mask};
use super::{FanotifyError, FileHandle, Group};
use crate::linux::path::os_path;
use crate::linux::watch::{Marked, Marker, Role, Watches};
use crate::model::observation::{FANOTIFY, FileObservation};
use crate::model::{FileOperation, Known, ProcessKey, Reason};

/// The most files that are followed.
const MOST_FOLLOWED: usize = 32_768;
/// The most files that are marked before no more are for their names alone: those that are followed matter more.
const MOST_AWAITED: usize = 16_384;
/// One read's worth of events.
const BUFFER: usize = 64 * 1024;

/// Directories that are watched by fanotify, and a queue of their events.
pub struct Watcher {
    watches: Watches<Group>,
    /// Files that are followed, wherever they are written from.
    files: Group,
    followed: HashMap<FileHandle, Followed>,
    buffer: Vec<u8>,
    counters: Counters,
}

/// What is told of a file that is marked itself.
#[derive(Default)]
struct Followed {
    /// By which paths it is told: nearly always by one.
    paths: Vec<BString>,
    /// Whether all changes are told, or only that it may have got another name.
    whole: bool,
}

/// What was read, in numbers; `read` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Events read from the queue.
    pub read: u64,
    /// Those that became observations.
    pub told: u64,
    /// Those of an ancestor's entry that leads nowhere.
    pub unrelated: u64,
    /// Those of a directory that is no longer watched.
    pub stale: u64,
    /// Those that made no sense.
    pub undecodable: u64,
    /// Overflows of the queue.
    pub overflows: u64,
}

impl Marker for Group {
    type Key = FileHandle;

    fn mark(&mut self, path: &BStr, role: Role) -> Marked<FileHandle> {
        let mask = if role == Role::Ancestor { mask::ANCESTOR } else { mask::UNIT_DIRECTORY };
        if os_path(path).is_file() {
            return Marked::Absent;
        }
        match Group::mark(self, path, mask) {
            Ok(handle) => Marked::As(handle),
            Err(FanotifyError::Mark { errno: Errno::ENOENT | Errno::ENOTDIR, .. }) => Marked::Absent,
            Err(
                FanotifyError::Mark { errno, .. }
                | FanotifyError::Handle { errno, .. }
                | FanotifyError::Init(errno),
            ) => Marked::Refused(errno.desc().to_owned()),
        }
    }

    fn unmark(&mut self, _key: &FileHandle) {
        // A mark goes with its inode; of one that lives on elsewhere, events are counted as stale.
    }
}

impl Watcher {
    /// Watches `wanted`, or what leads there.
    ///
    /// # Errors
    /// When there is no fanotify to be had.
    pub fn new(wanted: Vec<BString>) -> Result<Self, FanotifyError> {
        let watches = Watches::new(Group::of_directories()?, wanted);
        let files = Group::of_files()?;
        Ok(Self {
            watches,
            files,
            followed: HashMap::new(),
            buffer: vec![0; BUFFER],
            counters: Counters::default(),
        })
    }

    /// Directories that can't be watched since this was asked last, and why.
    pub fn take_refused(&mut self) -> Vec<(BString, String)> {
        self.watches.take_refused()
    }

    /// Watches further directories, or what leads there.
    pub fn want(&mut self, further: Vec<BString>) {
        self.watches.want(further);
    }

    /// Whether something was seen since this was asked last that happens when users come.
    pub fn take_users_changed(&mut self) -> bool {
        self.watches.take_users_changed()
    }

    /// What was read so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The queue, to be awaited.
    pub fn group(&self) -> &Group {
        self.watches.marker()
    }

    /// What becomes readable when files that are followed changed.
    pub fn files(&self) -> &Group {
        &self.files
    }

    /// Tells changes of `file` as changes at `path`, which leads to it.
    ///
    /// # Errors
    /// When it can't be marked, or too many files are.
    pub fn follow(&mut self, path: &BStr, file: &BStr) -> Result<(), FanotifyError> {
        self.mark_file(path, file, true)
    }

    /// Tells what happens to `name`, and to the directories on the way to it, as changes at `path`, which leads to it.
    pub fn watch_name(&mut self, path: BString, name: &BString) {
        self.watches.watch_name(path, name);
    }

    /// Tells it as a change of attributes when the file at `path` gets a further name, wherever that is.
    ///
    /// # Errors
    /// When it can't be marked, or too many files are.
    pub fn await_names(&mut self, path: &BStr) -> Result<(), FanotifyError> {
        self.mark_file(path, path, false)
    }

    fn mark_file(&mut self, path: &BStr, file: &BStr, whole: bool) -> Result<(), FanotifyError> {
        if self.followed.len() >= if whole { MOST_FOLLOWED } else { MOST_AWAITED } {
            return Err(FanotifyError::Mark { path: file.to_string(), errno: Errno::ENOSPC });
        }
        let handle = self.files.mark(file, if whole { mask::FILE } else { mask::NAMES })?;
        let followed = self.followed.entry(handle).or_default();
        if !followed.paths.iter().any(|known| known == path) {
            followed.paths.push(path.into());
        }
        followed.whole |= whole;
        Ok(())
    }

    /// Reads changes of files that are followed, at most one buffer full.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn read_followed(&mut self, told: &mut Vec<FileObservation>) -> io::Result<()> {
        let length = self.files.read(&mut self.buffer)?;
        for notice in Notices::new(self.buffer.get(..length).unwrap_or_default()) {
            self.counters.read += 1;
            let Ok(notice) = notice else {
                self.counters.undecodable += 1;
                continue;
            };
            if notice.mask & mask::QUEUE_OVERFLOW != 0 {
                self.counters.overflows += 1;
                continue;
            }
            let handle = notice.directory.as_ref();
            let followed = handle.and_then(|handle| self.followed.get(handle));
            let (Some(followed), Some(operation)) = (followed, operation(notice.mask)) else {
                self.counters.stale += 1;
                continue;
            };
            // That a file with one name went is told by the directory that it was in.
            if followed.whole || operation == FileOperation::Attribute {
                self.counters.told += 1;
                told.extend(followed.paths.iter().map(|path| observation(operation, path.clone(), &notice)));
            } else {
                self.counters.unrelated += 1;
            }
            if operation == FileOperation::Unlink
                && let Some(gone) = handle
            {
                self.followed.remove(gone);
            }
        }
        Ok(())
    }

    /// Reads what is in the queue, at most one buffer full; true when there may be more.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn read(&mut self, told: &mut Vec<FileObservation>) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let length = self.group().read(&mut buffer);
        let before = told.len();
        if let Ok(length) = length {
            for notice in Notices::new(buffer.get(..length).unwrap_or_default()) {
                self.counters.read += 1;
                match notice {
                    Ok(notice) => self.interpret(&notice, told),
                    Err(error) => {
                        tracing::warn!(%error, "an event was passed over");
                        self.counters.undecodable += 1;
                    }
                }
            }
        }
        self.buffer = buffer;
        leave_to_last(told.get_mut(before..).unwrap_or_default());
        Ok(length? > 0)
    }

    /// File systems were mounted or unmounted at `points`: adds what may have changed by it to `told`.
    pub fn remount(&mut self, points: &[BString], told: &mut Vec<FileObservation>) {
        self.watches.remount(points, told);
    }

    fn interpret(&mut self, notice: &Notice, told: &mut Vec<FileObservation>) {
        if notice.mask & mask::QUEUE_OVERFLOW != 0 {
            self.counters.overflows += 1;
            return;
        }
        let watched =
            notice.directory.as_ref().map(|handle| self.watches.get(handle).to_vec()).unwrap_or_default();
        if watched.is_empty() {
            self.counters.stale += 1;
            return;
        }
        let before = told.len();
        if let Some(operation) =
            operation(notice.mask).filter(|_| !matches!(notice.name.as_slice(), b"" | b"."))
        {
            for directory in watched {
                let seen = observation(operation, directory.path, notice);
                self.watches.follow(directory.role, seen, told);
            }
            if let Some(key) = &notice.directory {
                let seen = observation(operation, BString::default(), notice);
                self.watches.follow_names(key, &seen, told);
            }
        }
        if told.len() > before {
            self.counters.told += 1;
        } else {
            self.counters.unrelated += 1;
        }
    }
}

/// Where several processes finished a change of one name, leaves the telling to the last: what is there by the time of
/// reading is its doing, and the others are told with it as those who took part.
fn leave_to_last(told: &mut [FileObservation]) {
    let mut last: HashMap<(BString, BString), u32> = HashMap::new();
    for seen in told.iter_mut().rev() {
        if !matches!(seen.operation, FileOperation::Close | FileOperation::RenameTo) || seen.is_directory {
            continue;
        }
        match last.entry((seen.directory.clone(), seen.name.clone())) {
            Entry::Occupied(pid) if *pid.get() != seen.actor.pid => seen.operation = FileOperation::Write,
            Entry::Occupied(_) => {}
            Entry::Vacant(entry) => drop(entry.insert(seen.actor.pid)),
        }
    }
}

fn observation(operation: FileOperation, directory: BString, notice: &Notice) -> FileObservation {
    FileObservation {
        operation,
        directory,
        name: notice.name.clone(),
        is_directory: notice.mask & mask::ON_DIRECTORY != 0,
        actor: ProcessKey { pid: u32::try_from(notice.pid).unwrap_or(0), start_ns: 0 },
        object: Known::Missing(Reason::Unsupported),
        error: 0,
        hook: FANOTIFY,
    }
}

/// The most telling of an event's bits: what follows looks at the file itself, so one is enough.
fn operation(mask: u64) -> Option<FileOperation> {
    [
        (mask::CLOSE_WRITE, FileOperation::Close),
        (mask::MOVED_TO, FileOperation::RenameTo),
        (mask::DELETE, FileOperation::Unlink),
        (mask::MOVED_FROM, FileOperation::RenameFrom),
        (mask::DELETE_SELF, FileOperation::Unlink),
        (mask::MOVE_SELF, FileOperation::RenameFrom),
        (mask::CREATE, FileOperation::Create),
        (mask::MODIFY, FileOperation::Write),
        (mask::ATTRIB, FileOperation::Attribute),
    ]
    .into_iter()
    .find_map(|(bit, operation)| (mask & bit != 0).then_some(operation))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
