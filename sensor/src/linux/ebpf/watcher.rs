//! Directories that are watched by tracing programs, and their records as inputs.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use bstr::{BStr, BString};

use super::{Counters, EbpfError, FileSource, HookState, WatchError};
use crate::decode::kernel::{self, Clock, Directories, WatchKey};
use crate::engine::Input;
use crate::linux::path::os_path;
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
}

impl Marker for FileSource {
    type Key = WatchKey;

    fn mark(&mut self, path: &BStr, role: Role) -> Marked<WatchKey> {
        // Names in directories that lie in a unit directory are told by the watch on that.
        let path = match role {
            Role::Subdirectory => return Marked::Covered,
            Role::LinkedSubdirectory => std::fs::canonicalize(os_path(path)),
            Role::UnitDirectory | Role::Ancestor => Ok(os_path(path).to_owned()),
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
        };
        watcher.refresh(&mut Vec::new());
        watcher
    }

    /// Directories that can't be watched, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&BStr, &str)> {
        self.watches.refused()
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
        if self.followed.len() >= MOST_FOLLOWED || self.directories.contains_key(&key) {
            return Ok(None);
        }
        self.followed.insert(key, path.into());
        self.directories.insert(key, path.into());
        Ok(Some(Input::Watch(key, Some(path.into()))))
    }

    /// Takes at most `max` records as inputs, oldest first, with what they change about the watches between them.
    pub fn read(&mut self, max: usize, now: Timestamp) -> Vec<Input> {
        let mut records = Vec::new();
        self.watches.marker_mut().drain(max, |record| records.push(record.to_vec()));
        let mut inputs = Vec::new();
        for record in records {
            let decoded = kernel::decode(&record, Clock::default(), &self.directories);
            inputs.push(Input::Kernel(record));
            // One that can't be decoded is told by the engine, which meets the same error.
            let Ok(kernel::KernelRecord { watch: Some(watch), kind: ObservationKind::File(seen), .. }) =
                decoded
            else {
                continue;
            };
            let Some(role) = self.watches.get(&watch).first().map(|watched| watched.role) else { continue };
            let mut told = Vec::new();
            self.watches.follow(role, seen.clone(), &mut told);
            // The record itself speaks for the change; only directories that appeared with it are told besides.
            let others = told
                .into_iter()
                .filter(|told| (&told.directory, &told.name) != (&seen.directory, &seen.name));
            let others: Vec<_> = others.map(|told| Input::File(now, Box::new(told))).collect();
            self.refresh(&mut inputs);
            inputs.extend(others);
        }
        inputs
    }

    /// What the programs have counted.
    ///
    /// # Errors
    /// When the kernel's map can't be read.
    pub fn counters(&self) -> Result<Counters, EbpfError> {
        self.watches.marker().counters()
    }

    /// Brings the paths of watched directories up to date, and tells what changed.
    fn refresh(&mut self, inputs: &mut Vec<Input>) {
        if self.watches.changes() == self.changes {
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
