//! Directories that are watched by tracing programs, and their records as inputs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use bstr::{BStr, BString};
use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};

use super::{Counters, EbpfError, FileSource, HookState, Losses, WatchError};
use crate::decode::kernel::{self, Clock, Directories, WatchKey};
use crate::engine::Input;
use crate::linux::path::os_path;
use crate::linux::sources::file_inputs;
use crate::linux::watch::{Marked, Marker, Role, Watches};
use crate::model::{ObservationKind, Timestamp};

/// The most files that are followed.
const MOST_FOLLOWED: usize = 16_384;

/// Directories that are watched by tracing programs.
pub struct TracingWatcher {
    watches: Watches<FileSource>,
    directories: Directories,
    /// Files that are followed, wherever they are written from.
    followed: Directories,
    changes: u64,
    /// A file that was followed was forgotten, and that is not told yet.
    is_stale: bool,
}

impl Marker for FileSource {
    type Key = WatchKey;

    fn mark(&mut self, path: &BStr, role: Role) -> Marked<WatchKey> {
        // Names in directories that lie in a unit directory are told by the watch on that.
        let path = match role {
            Role::Subdirectory if !is_mount_point(path) => return Marked::Covered,
            Role::Subdirectory => Ok(os_path(path).to_owned()),
            // Any of these may be a link to a directory, which is what counts.
            Role::LinkedSubdirectory | Role::UnitDirectory | Role::Ancestor => {
                std::fs::canonicalize(os_path(path))
            }
        };
        let watched =
            path.map_err(WatchError::Open).and_then(|path| self.watch(&path, role == Role::UnitDirectory));
        match watched {
            Ok(key) => Marked::As(key),
            Err(WatchError::Open(error))
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                Marked::Absent
            }
            Err(error) => Marked::Refused(crate::linux::sources::in_full(&error)),
        }
    }

    fn unmark(&mut self, key: &WatchKey) {
        if let Err(error) = self.unwatch(*key) {
            tracing::warn!(%error, "a directory that is gone stays watched");
        }
    }
}

impl TracingWatcher {
    /// Watches `wanted`, or what leads there, by `source`.
    pub fn new(source: FileSource, wanted: Vec<BString>) -> Self {
        let mut watcher = Self {
            watches: Watches::new(source, wanted),
            directories: Directories::new(),
            followed: Directories::new(),
            changes: 0,
            is_stale: false,
        };
        watcher.refresh(&mut Vec::new());
        watcher
    }

    /// Directories that can't be watched since this was asked last, and why.
    pub fn take_refused(&mut self) -> Vec<(BString, String)> {
        self.watches.take_refused()
    }

    /// Watches further directories, or what leads there; what the engine must know of that comes back.
    pub fn want(&mut self, further: Vec<BString>) -> Vec<Input> {
        self.watches.want(further);
        let mut inputs = Vec::new();
        self.refresh(&mut inputs);
        inputs
    }

    /// Whether something was seen since this was asked last that happens when users come.
    pub fn take_users_changed(&mut self) -> bool {
        self.watches.take_users_changed()
    }

    /// Hooks that don't work, and why.
    pub fn broken_hooks(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.watches.marker().hooks().iter().filter_map(|(name, state)| match state {
            HookState::Refused(reason) => Some((*name, reason.as_str())),
            HookState::Attached | HookState::Absent => None,
        })
    }

    /// The watched directories, as inputs that tell them to the engine.
    pub fn watched(&self) -> Vec<Input> {
        let mut watched: Vec<_> = self.directories.iter().collect();
        watched.sort_unstable();
        watched.into_iter().map(|(key, path)| Input::Watch(*key, Some(path.clone()))).collect()
    }

    /// Tells changes of `file` as changes at `path`, which leads to it; what the engine must know of that comes back.
    ///
    /// # Errors
    /// When it can't be watched.
    pub fn follow(&mut self, path: &BStr, file: &BStr) -> Result<Option<Input>, WatchError> {
        let key = self.watches.marker_mut().watch(os_path(file), false)?;
        if self.followed.len() >= MOST_FOLLOWED && !self.followed.contains_key(&key) {
            return Ok(None);
        }
        let is_known = self.directories.contains_key(&key);
        if is_known && (!self.followed.contains_key(&key) || self.is_followed_still(&key)) {
            return Ok(None);
        }
        self.followed.insert(key, path.into());
        self.directories.insert(key, path.into());
        Ok(Some(Input::Watch(key, Some(path.into()))))
    }

    /// Tells what happens to `name`, and to the directories on the way to it, as changes at `path`, which leads to it; what
    /// the engine must know of that comes back.
    pub fn watch_name(&mut self, path: BString, name: &BString) -> Vec<Input> {
        self.watches.watch_name(path, name);
        let mut inputs = Vec::new();
        self.refresh(&mut inputs);
        inputs
    }

    /// Takes at most `max` records as inputs, oldest first, with what they change about the watches between them.
    pub fn read(&mut self, max: usize, now: Timestamp) -> Vec<Input> {
        let mut records = Vec::new();
        self.watches.marker_mut().drain(max, |record| records.push(record.to_vec()));
        let mut inputs = Vec::new();
        for record in records {
            let decoded = kernel::decode(&record, Clock::default(), &self.directories);
            if let Ok(kernel::KernelRecord { watch: Some(watched), .. }) = &decoded
                && !self.watches.marker().is_sure(*watched)
            {
                self.confirm(watched.key);
                self.refresh(&mut inputs);
            }
            inputs.push(Input::Kernel(record));
            // One that can't be decoded is told by the engine, which meets the same error.
            let Ok(kernel::KernelRecord { watch: Some(watched), kind: ObservationKind::File(seen), .. }) =
                decoded
            else {
                continue;
            };
            let Some(role) = self.watches.get(&watched.key).first().map(|watched| watched.role) else {
                continue;
            };
            let mut told = Vec::new();
            self.watches.follow(role, seen.clone(), &mut told);
            self.watches.follow_names(&watched.key, &seen, &mut told);
            // The record itself speaks for the change; only directories that appeared with it are told besides.
            told.retain(|told| (&told.directory, &told.name) != (&seen.directory, &seen.name));
            self.refresh(&mut inputs);
            inputs.extend(file_inputs(now, told));
        }
        inputs
    }

    /// File systems were mounted or unmounted at `points`: what may have changed by it, as inputs.
    pub fn remount(&mut self, points: &[BString], now: Timestamp) -> Vec<Input> {
        let (mut told, mut inputs) = (Vec::new(), Vec::new());
        self.watches.remount(points, &mut told);
        self.refresh(&mut inputs);
        inputs.extend(file_inputs(now, told));
        inputs
    }

    /// A record tells of `key`, which may be another inode's by now: forgets the paths that no longer lead to it.
    fn confirm(&mut self, key: WatchKey) {
        let is_followed = self.is_followed_still(&key);
        if !is_followed {
            self.is_stale |= self.followed.remove(&key).is_some();
        }
        if !self.watches.confirm(&key) && !is_followed {
            self.watches.marker_mut().unmark(&key);
        }
    }

    /// Whether the path of a file that is followed still leads to it.
    fn is_followed_still(&mut self, key: &WatchKey) -> bool {
        let Some(path) = self.followed.get(key) else { return false };
        let file = std::fs::canonicalize(os_path(path.as_ref()));
        file.is_ok_and(|file| self.watches.marker_mut().confirm(&file, *key))
    }

    /// What the programs have counted.
    ///
    /// # Errors
    /// When the kernel's map can't be read.
    pub fn counters(&self) -> Result<Counters, EbpfError> {
        self.watches.marker().counters()
    }

    /// What never reached the reader.
    ///
    /// # Errors
    /// When the kernel's map can't be read.
    pub fn losses(&self) -> Result<Losses, EbpfError> {
        self.watches.marker().losses()
    }

    /// Brings the paths of watched directories up to date, and tells what changed.
    fn refresh(&mut self, inputs: &mut Vec<Input>) {
        if self.watches.changes() == self.changes && !std::mem::take(&mut self.is_stale) {
            return;
        }
        self.changes = self.watches.changes();
        let followed = self.followed.iter().map(|(key, path)| (*key, path.clone()));
        let watched = self.watches.all().map(|(key, watched)| (*key, watched.path.clone()));
        let now: Directories = followed.chain(watched).collect();
        for key in self.directories.keys().filter(|key| !now.contains_key(*key)) {
            inputs.push(Input::Watch(*key, None));
        }
        for (key, path) in &now {
            if self.directories.get(key) != Some(path) {
                inputs.push(Input::Watch(*key, Some(path.clone())));
            }
        }
        self.directories = now;
    }
}

impl AsFd for TracingWatcher {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.watches.marker().as_fd()
    }
}

/// Whether another file system is mounted at `path`, so that what lies in it has another directory for the kernel than the
/// one that it lies in by its path (statx(2), since Linux 5.8).
fn is_mount_point(path: &BStr) -> bool {
    let attributes = statx(CWD, os_path(path), AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
    attributes.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}
