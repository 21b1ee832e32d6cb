//! All unit files of a host, and what they say together.

mod directory;
mod drop_in;
mod effective;
mod enablement;
mod file;
mod loading;
mod lookup;
mod verify;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::{BStr, BString, ByteSlice as _};

pub use drop_in::DropIn;
pub use effective::{DependencyLink, EffectiveUnit, Fragment, LoadState, UnitProblem};
pub use file::{FileState, Hash, RegularFile, SpecialKind, SymbolicLink};

use super::location::Location;
use super::name::UnitName;
use super::search_path::{Host, SearchPath, UnitDirectory};
use super::specifier::ManagerFacts;
use crate::model::Scope;
use directory::Directory;
use file::ContentPool;

/// What stands where no file is.
static ABSENT: FileState = FileState::Absent;

/// The unit files of a host, by directory, and the managers that read them.
#[derive(Debug)]
pub struct Inventory {
    host: Host,
    managers: BTreeMap<Scope, Manager>,
    directories: HashMap<BString, Directory>,
    contents: ContentPool,
    refused: u64,
}

/// A manager: where it looks and what specifiers stand for.
#[derive(Debug)]
struct Manager {
    path: SearchPath,
    facts: ManagerFacts,
}

/// What happened to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The unit directory that it lies in.
    pub directory: UnitDirectory,
    /// Its path below that.
    pub path: BString,
    /// What the path means.
    pub location: Location,
    /// What was there.
    pub before: FileState,
    /// What is there now.
    pub after: FileState,
}

impl FileChange {
    /// The whole path.
    pub fn full_path(&self) -> BString {
        join(&self.directory.path, &self.path)
    }
}

impl Inventory {
    /// An inventory of a host of which no manager is known yet.
    pub fn new(host: Host) -> Self {
        Self {
            host,
            managers: BTreeMap::new(),
            directories: HashMap::new(),
            contents: ContentPool::default(),
            refused: 0,
        }
    }

    /// Adds a manager, or puts another search path in place of the one that its scope has.
    ///
    /// Directories that were known stay with what is known of them, so that users' managers share those of all users.
    pub fn add_manager(&mut self, path: SearchPath, facts: ManagerFacts) {
        for directory in &path.directories {
            self.directories
                .entry(directory.path.clone())
                .or_insert_with(|| Directory::new(directory.clone()));
        }
        self.managers.insert(path.scope, Manager { path, facts });
    }

    /// The scopes whose managers are known.
    pub fn scopes(&self) -> impl Iterator<Item = Scope> + '_ {
        self.managers.keys().copied()
    }

    /// Where the manager of `scope` looks.
    pub fn search_path(&self, scope: Scope) -> Option<&SearchPath> {
        self.managers.get(&scope).map(|manager| &manager.path)
    }

    /// Finds the unit directory that `path` lies in, and the rest of the path.
    pub fn locate<'a>(&self, path: &'a BStr) -> Option<(&UnitDirectory, &'a BStr)> {
        // A unit directory's files lie at most two levels below it.
        let mut directory = path;
        for _ in 0..2 {
            directory = directory.rsplit_once_str("/")?.0.as_bstr();
            if let Some(found) = self.directories.get(directory) {
                let rest = path.get(directory.len().saturating_add(1)..)?;
                return (!rest.is_empty()).then_some((&found.facts, rest.as_bstr()));
            }
        }
        None
    }

    /// What stands at `path` below the unit directory `directory`.
    pub fn get(&self, directory: &BStr, path: &BStr) -> &FileState {
        self.directories
            .get(directory)
            .and_then(|directory| directory.get(&Location::classify(path)))
            .unwrap_or(&ABSENT)
    }

    /// Takes in what now stands at `path` below the unit directory `directory`.
    ///
    /// `None` when nothing changed, when the path means nothing to systemd, when no manager reads the directory or when
    /// there is no room: see [`Self::refused`].
    pub fn apply(&mut self, directory: &BStr, path: &BStr, mut after: FileState) -> Option<FileChange> {
        let location = Location::classify(path);
        let entry = self.directories.get_mut(directory)?;
        if entry.get(&location).unwrap_or(&ABSENT) == &after {
            return None;
        }
        let Some(kept) = entry.room_for(&location, after.clone()) else {
            self.refused = self.refused.saturating_add(1);
            return None;
        };
        if kept != after {
            self.refused = self.refused.saturating_add(1);
            after = kept;
        }
        self.contents.share(&mut after);
        let before = entry.set(&location, after.clone())?;
        Some(FileChange { directory: entry.facts.clone(), path: path.into(), location, before, after })
    }

    /// How often a file or its content was not taken in because its directory has too much already. What such a file
    /// says is then unknown: that is a loss.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Everything that is kept of the unit directory `directory`, by its path below that. With it, files that are gone
    /// are found when a directory is read again.
    pub fn files(&self, directory: &BStr) -> impl Iterator<Item = (BString, &FileState)> {
        self.directories.get(directory).into_iter().flat_map(Directory::files)
    }

    /// The names of all units that `scope`'s search path has files of, and of instances that links pull in, in order.
    pub fn units(&self, scope: Scope) -> BTreeSet<UnitName> {
        let mut names = BTreeSet::new();
        for (_, directory) in self.ranked(scope) {
            names.extend(directory.names().cloned());
        }
        names
    }

    /// Whether an empty file under `name` in `directory` hides something from `scope`'s manager: what stood there
    /// before, or what stands under that name in another directory.
    pub(in crate::systemd) fn hides(&self, scope: Scope, directory: &UnitDirectory, name: &UnitName) -> bool {
        self.directories.get(&directory.path).is_some_and(|directory| directory.is_emptied(name))
            || self
                .ranked(scope)
                .any(|(_, other)| other.facts.path != directory.path && other.fragment(name).is_some())
    }

    /// The path of `name` in one of the directories.
    pub(in crate::systemd) fn path_in(directory: &UnitDirectory, name: impl AsRef<str>) -> BString {
        join(&directory.path, name.as_ref().as_bytes())
    }

    /// How many unit files are known, in all directories.
    pub fn fragment_count(&self) -> usize {
        self.directories.values().map(Directory::fragment_count).sum()
    }

    /// The directories that `scope`'s manager reads, by rank.
    fn ranked(&self, scope: Scope) -> impl Iterator<Item = (usize, &Directory)> + '_ {
        self.managers
            .get(&scope)
            .into_iter()
            .flat_map(|manager| manager.path.directories.iter().enumerate())
            .filter_map(|(rank, directory)| Some((rank, self.directories.get(&directory.path)?)))
    }
}

/// `directory` and `rest` with a slash between them.
fn join(directory: &[u8], rest: &[u8]) -> BString {
    let mut path = Vec::with_capacity(directory.len().saturating_add(rest.len()).saturating_add(1));
    path.extend_from_slice(directory);
    path.push(b'/');
    path.extend_from_slice(rest);
    path.into()
}

#[cfg(test)]
pub(in crate::systemd) mod tests;
