//! All unit files of a host, and what they say together.

mod drop_in;
mod effective;
mod enablement;
mod file;
mod lookup;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bstr::{BStr, BString, ByteSlice as _};

pub use drop_in::DropIn;
pub use effective::{DependencyLink, EffectiveUnit, Fragment, LoadState, UnitProblem};
pub use file::{FileState, Hash, RegularFile, SpecialKind, SymbolicLink};

use super::location::{DependencyKind, Location};
use super::name::{NameKind, UnitName};
use super::search_path::{Host, Role, SearchPath, UnitDirectory};
use super::specifier::ManagerFacts;
use crate::model::Scope;
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
}

/// A manager: where it looks and what specifiers stand for.
#[derive(Debug)]
struct Manager {
    path: SearchPath,
    facts: ManagerFacts,
}

/// What is known of one unit directory.
#[derive(Debug)]
struct Directory {
    /// What it is for, and whose units it holds.
    facts: UnitDirectory,
    fragments: BTreeMap<UnitName, FileState>,
    /// Those of the fragments that are links.
    links: BTreeSet<UnitName>,
    /// Drop-ins, by the name of their directory without `.d`.
    drop_ins: BTreeMap<String, BTreeMap<BString, FileState>>,
    /// Dependency links, by the name of their directory without its suffix.
    dependencies: BTreeMap<(DependencyKind, String), BTreeMap<UnitName, FileState>>,
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
    /// `None` when nothing changed, when the path means nothing to systemd or when no manager reads the directory.
    pub fn apply(&mut self, directory: &BStr, path: &BStr, mut after: FileState) -> Option<FileChange> {
        let location = Location::classify(path);
        let entry = self.directories.get_mut(directory)?;
        if entry.get(&location).unwrap_or(&ABSENT) == &after {
            return None;
        }
        self.contents.share(&mut after);
        let before = entry.set(&location, after.clone())?;
        Some(FileChange { directory: entry.facts.clone(), path: path.into(), location, before, after })
    }

    /// The names of all units that files or dependency links of `scope`'s search path name, in order.
    pub fn units(&self, scope: Scope) -> BTreeSet<UnitName> {
        let mut names = BTreeSet::new();
        for (_, directory) in self.ranked(scope) {
            names.extend(directory.fragments.keys().cloned());
            for links in directory.dependencies.values() {
                names.extend(links.keys().filter(|name| name.kind() == NameKind::Instance).cloned());
            }
        }
        names
    }

    /// The path of `name` in one of the directories.
    pub(in crate::systemd) fn path_in(directory: &UnitDirectory, name: impl AsRef<str>) -> BString {
        join(&directory.path, name.as_ref().as_bytes())
    }

    /// How many unit files are known, in all directories.
    pub fn fragment_count(&self) -> usize {
        self.directories.values().map(|directory| directory.fragments.len()).sum()
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

impl Directory {
    fn new(facts: UnitDirectory) -> Self {
        Self {
            facts,
            fragments: BTreeMap::new(),
            links: BTreeSet::new(),
            drop_ins: BTreeMap::new(),
            dependencies: BTreeMap::new(),
        }
    }

    fn get(&self, location: &Location) -> Option<&FileState> {
        match location {
            Location::Fragment(name) => self.fragments.get(name),
            Location::DropIn { owner, file } => self.drop_ins.get(owner.as_str())?.get(file),
            Location::Dependency { source, kind, target } => {
                self.dependencies.get(&(*kind, source.as_str().to_owned()))?.get(target)
            }
            Location::DropInDirectory(_) | Location::DependencyDirectory(..) | Location::NotAUnit(_) => None,
        }
    }

    /// Puts `state` in place of what is there and returns that; `None` where nothing is kept.
    fn set(&mut self, location: &Location, state: FileState) -> Option<FileState> {
        match location {
            Location::Fragment(name) => {
                if matches!(state, FileState::Symlink(_)) {
                    self.links.insert(name.clone());
                } else {
                    self.links.remove(name);
                }
                Some(replace(&mut self.fragments, name, state))
            }
            Location::DropIn { owner, file } => {
                Some(replace_within(&mut self.drop_ins, &owner.as_str().to_owned(), file, state))
            }
            Location::Dependency { source, kind, target } => {
                let key = (*kind, source.as_str().to_owned());
                Some(replace_within(&mut self.dependencies, &key, target, state))
            }
            Location::DropInDirectory(_) | Location::DependencyDirectory(..) | Location::NotAUnit(_) => None,
        }
    }

    /// The path of what lies in it under `name`.
    fn path_of(&self, name: &str) -> BString {
        join(&self.facts.path, name.as_bytes())
    }

    fn role(&self) -> Role {
        self.facts.role
    }
}

/// Puts `state` in place of what `map` has under `key` and returns that; nothing is kept for absent files.
fn replace<K: Ord + Clone>(map: &mut BTreeMap<K, FileState>, key: &K, state: FileState) -> FileState {
    let before = if state.is_absent() { map.remove(key) } else { map.insert(key.clone(), state) };
    before.unwrap_or_default()
}

/// The same in one of several maps; none is kept that is empty.
fn replace_within<D: Ord + Clone, K: Ord + Clone>(
    maps: &mut BTreeMap<D, BTreeMap<K, FileState>>,
    directory: &D,
    key: &K,
    state: FileState,
) -> FileState {
    let map = maps.entry(directory.clone()).or_default();
    let before = replace(map, key, state);
    if map.is_empty() {
        maps.remove(directory);
    }
    before
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
