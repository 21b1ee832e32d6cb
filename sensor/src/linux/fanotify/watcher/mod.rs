//! Which directories are marked, and what their events mean as observations.
//!
//! A directory that is wanted and does not exist yet is awaited: its ancestors are marked, so that it is marked as
//! soon as it appears, and what it holds by then is told as if it had been moved there.

use std::collections::{BTreeMap, HashMap};
use std::io;

use bstr::{BStr, BString, ByteSlice as _};

use super::event::{Notice, Notices, mask};
use super::{FanotifyError, FileHandle, Group};
use crate::linux::path::{join, os_path};
use crate::model::observation::{FANOTIFY, FileObservation};
use crate::model::{FileOperation, Known, ProcessKey, Reason};

/// The most marks that are set; the kernel's own limit is per user (`/proc/sys/fs/fanotify/max_user_marks`).
const MOST_MARKS: usize = 65_536;
/// One read's worth of events.
const BUFFER: usize = 64 * 1024;

/// Suffixes of the directories that lie in a unit directory and hold drop-ins or links (systemd.unit(5)).
const SUBDIRECTORIES: [&[u8]; 4] = [b".d", b".wants", b".requires", b".upholds"];

/// Marked directories, and a queue of their events.
pub struct Watcher {
    group: Group,
    wanted: Vec<BString>,
    by_handle: HashMap<FileHandle, Vec<Watched>>,
    refused: BTreeMap<BString, String>,
    buffer: Vec<u8>,
    counters: Counters,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Watched {
    path: BString,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Holds unit files, drop-in directories and link directories, or generators.
    UnitDirectory,
    /// Holds drop-ins or links.
    Subdirectory,
    /// Lies on the way to a unit directory.
    Ancestor,
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

impl Watcher {
    /// Marks `wanted`, or what leads there. Directories that can't be marked are told by [`Watcher::refused`].
    ///
    /// # Errors
    /// When there is no fanotify to be had.
    pub fn new(wanted: Vec<BString>) -> Result<Self, FanotifyError> {
        let mut watcher = Self {
            group: Group::new()?,
            wanted,
            by_handle: HashMap::new(),
            refused: BTreeMap::new(),
            buffer: vec![0; BUFFER],
            counters: Counters::default(),
        };
        watcher.establish(&mut Vec::new());
        Ok(watcher)
    }

    /// Directories that can't be marked, and why: what happens in them is not seen.
    pub fn refused(&self) -> impl Iterator<Item = (&BStr, &str)> {
        self.refused.iter().map(|(path, reason)| (path.as_ref(), reason.as_str()))
    }

    /// What was read so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The queue, to be awaited.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Reads what is in the queue, at most one buffer full; true when there may be more.
    ///
    /// # Errors
    /// What read(2) says.
    pub fn read(&mut self, told: &mut Vec<FileObservation>) -> io::Result<bool> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let length = self.group.read(&mut buffer);
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
        Ok(length? > 0)
    }

    fn interpret(&mut self, notice: &Notice, told: &mut Vec<FileObservation>) {
        if notice.mask & mask::QUEUE_OVERFLOW != 0 {
            self.counters.overflows += 1;
            return;
        }
        let Some(watched) = notice.directory.as_ref().and_then(|handle| self.by_handle.get(handle)).cloned()
        else {
            self.counters.stale += 1;
            return;
        };
        let before = told.len();
        for directory in watched {
            self.interpret_in(&directory, notice, told);
        }
        if told.len() > before {
            self.counters.told += 1;
        } else {
            self.counters.unrelated += 1;
        }
    }

    fn interpret_in(&mut self, directory: &Watched, notice: &Notice, told: &mut Vec<FileObservation>) {
        let Some(operation) = operation(notice.mask) else { return };
        if notice.name.is_empty() || notice.name == "." {
            return;
        }
        let is_directory = notice.mask & mask::ON_DIRECTORY != 0;
        let path = join(directory.path.as_ref(), notice.name.as_ref());
        let appeared = notice.mask & (mask::CREATE | mask::MOVED_TO) != 0;
        let vanished = notice.mask & (mask::DELETE | mask::MOVED_FROM) != 0;
        let observation = |directory: &BStr, name: &BStr, operation, is_directory| FileObservation {
            operation,
            directory: directory.into(),
            name: name.into(),
            is_directory,
            actor: ProcessKey { pid: u32::try_from(notice.pid).unwrap_or(0), start_ns: 0 },
            object: Known::Missing(Reason::Unsupported),
            error: 0,
            hook: FANOTIFY,
        };
        if vanished && is_directory {
            self.forget_below(&path);
        }
        match directory.role {
            Role::Ancestor if self.leads_to_wanted(&path) => {
                if vanished {
                    self.forget_below(&path);
                    told.push(observation(
                        directory.path.as_ref(),
                        notice.name.as_ref(),
                        FileOperation::RenameFrom,
                        true,
                    ));
                }
                let mut established = Vec::new();
                if appeared {
                    self.establish(&mut established);
                }
                for path in established {
                    let (parent, name) = path.rsplit_once_str("/").unwrap_or((b"", &path));
                    told.push(observation(parent.as_bstr(), name.as_bstr(), FileOperation::RenameTo, true));
                }
            }
            Role::Ancestor => {}
            Role::UnitDirectory => {
                // A link may lead to a directory as well: systemd follows it.
                if appeared
                    && is_subdirectory(&notice.name)
                    && (is_directory || os_path(path.as_ref()).is_dir())
                {
                    self.mark(&path, Role::Subdirectory);
                }
                told.push(observation(
                    directory.path.as_ref(),
                    notice.name.as_ref(),
                    operation,
                    is_directory,
                ));
            }
            Role::Subdirectory => {
                told.push(observation(
                    directory.path.as_ref(),
                    notice.name.as_ref(),
                    operation,
                    is_directory,
                ));
            }
        }
    }

    /// Marks every wanted directory that exists and is not marked, and what leads to it; names those newly marked.
    fn establish(&mut self, established: &mut Vec<BString>) {
        for wanted in self.wanted.clone() {
            // The mark on an ancestor comes before the look at its child, so that no child appears unseen.
            for ancestor in ancestors(&wanted) {
                self.mark(&ancestor, Role::Ancestor);
            }
            if self.mark(&wanted, Role::UnitDirectory) {
                self.mark_subdirectories(&wanted);
                established.push(wanted);
            }
        }
    }

    fn mark_subdirectories(&mut self, directory: &BString) {
        let Ok(entries) = std::fs::read_dir(os_path(directory.as_ref())) else { return };
        for entry in entries.filter_map(Result::ok) {
            let name = crate::linux::path::bytes_of(entry.file_name().as_ref());
            let path = join(directory.as_ref(), name.as_ref());
            if is_subdirectory(&name) && os_path(path.as_ref()).is_dir() {
                self.mark(&path, Role::Subdirectory);
            }
        }
    }

    /// Marks the directory at `path`; true when it was not marked in that role before.
    fn mark(&mut self, path: &BString, role: Role) -> bool {
        if self.by_handle.len() >= MOST_MARKS {
            self.refused.insert(path.clone(), format!("more than {MOST_MARKS} directories"));
            return false;
        }
        let mask = if role == Role::Ancestor { mask::ANCESTOR } else { mask::UNIT_DIRECTORY };
        match self.group.mark(path.as_ref(), mask) {
            Ok(handle) => {
                self.refused.remove(path);
                let watched = self.by_handle.entry(handle).or_default();
                let new = Watched { path: path.clone(), role };
                let known = watched.contains(&new);
                if !known {
                    watched.push(new);
                }
                !known
            }
            Err(FanotifyError::Mark {
                errno: nix::errno::Errno::ENOENT | nix::errno::Errno::ENOTDIR,
                ..
            }) => false,
            Err(
                FanotifyError::Mark { errno, .. }
                | FanotifyError::Handle { errno, .. }
                | FanotifyError::Init(errno),
            ) => {
                self.refused.insert(path.clone(), errno.desc().to_owned());
                false
            }
        }
    }

    /// Forgets the directory that was at `path` and those below it: its inode may live on elsewhere.
    fn forget_below(&mut self, path: &BString) {
        let is_below = |watched: &Watched| {
            watched.path == *path
                || watched.path.strip_prefix(path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        };
        self.by_handle.retain(|_handle, watched| {
            watched.retain(|watched| !is_below(watched));
            !watched.is_empty()
        });
    }

    fn leads_to_wanted(&self, path: &BString) -> bool {
        self.wanted.iter().any(|wanted| {
            wanted == path || wanted.strip_prefix(path.as_slice()).is_some_and(|rest| rest.starts_with(b"/"))
        })
    }
}

/// The most telling of an event's bits: what follows looks at the file itself, so one is enough.
fn operation(mask: u64) -> Option<FileOperation> {
    [
        (mask::CLOSE_WRITE, FileOperation::Close),
        (mask::MOVED_TO, FileOperation::RenameTo),
        (mask::DELETE, FileOperation::Unlink),
        (mask::MOVED_FROM, FileOperation::RenameFrom),
        (mask::CREATE, FileOperation::Create),
        (mask::MODIFY, FileOperation::Write),
        (mask::ATTRIB, FileOperation::Attribute),
    ]
    .into_iter()
    .find_map(|(bit, operation)| (mask & bit != 0).then_some(operation))
}

fn is_subdirectory(name: &BString) -> bool {
    SUBDIRECTORIES.iter().any(|suffix| name.ends_with(suffix))
}

/// The directories on the way to `path`, the root first.
fn ancestors(path: &BString) -> Vec<BString> {
    let mut ancestors = vec![BString::from("/")];
    for position in path.find_iter("/").filter(|position| *position > 0) {
        ancestors.extend(path.get(..position).map(BString::from));
    }
    ancestors
}

#[cfg(test)]
mod tests;
