//! What is known of one unit directory, with the indexes that keep look-ups short however many files there are.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use bstr::{BString, ByteSlice as _};

use super::FileState;
use crate::model::{Reason, Scope};
use crate::systemd::location::{DependencyKind, Location};
use crate::systemd::name::{NameKind, UnitName};
use crate::systemd::search_path::{Role, UnitDirectory};

/// How much is kept of one directory: whoever may write there must not be able to use up the sensor's memory.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// How many files.
    files: usize,
    /// How many bytes of their contents.
    bytes: usize,
}

/// Directories that only administrators write to.
const OF_THE_HOST: Limits = Limits { files: 100_000, bytes: 64 << 20 };

/// Directories that users write to.
const OF_A_USER: Limits = Limits { files: 5000, bytes: 4 << 20 };

/// A directory of dependency links: how they pull in, and the directory's name without its suffix.
type Source = (DependencyKind, String);

/// What is known of one unit directory.
#[derive(Debug)]
pub(super) struct Directory {
    /// What it is for, and whose units it holds.
    pub(super) facts: UnitDirectory,
    fragments: BTreeMap<UnitName, FileState>,
    /// The fragments that are empty files and were not always.
    emptied: BTreeSet<UnitName>,
    /// Drop-ins, by the name of their directory without `.d`.
    drop_ins: BTreeMap<String, BTreeMap<BString, FileState>>,
    dependencies: BTreeMap<Source, BTreeMap<UnitName, FileState>>,
    /// The fragments that are links, by the last component of where they point to.
    links: BTreeMap<String, BTreeSet<UnitName>>,
    /// Where the dependency links of a name lie.
    sources: BTreeMap<UnitName, BTreeSet<Source>>,
    /// How many files are kept, and how many bytes of their contents.
    files: usize,
    bytes: usize,
}

impl Directory {
    pub(super) fn new(facts: UnitDirectory) -> Self {
        Self {
            facts,
            fragments: BTreeMap::new(),
            emptied: BTreeSet::new(),
            drop_ins: BTreeMap::new(),
            dependencies: BTreeMap::new(),
            links: BTreeMap::new(),
            sources: BTreeMap::new(),
            files: 0,
            bytes: 0,
        }
    }

    /// What of `state` there is room for in place of what is at `location`: all, that there is something too large,
    /// or nothing.
    pub(super) fn room_for(&self, location: &Location, state: FileState) -> Option<FileState> {
        let limits = if matches!(self.facts.scope, Scope::User(_)) { OF_A_USER } else { OF_THE_HOST };
        let before = self.get(location);
        if before.is_none() && !state.is_absent() && self.files >= limits.files {
            return None;
        }
        let others = self.bytes.saturating_sub(before.map_or(0, weight));
        if others.saturating_add(weight(&state)) > limits.bytes && weight(&state) > 0 {
            return Some(FileState::Unreadable(Reason::TooLarge));
        }
        Some(state)
    }

    pub(super) fn get(&self, location: &Location) -> Option<&FileState> {
        match location {
            Location::Fragment(name) => self.fragments.get(name),
            Location::DropIn { owner, file } => self.drop_ins.get(owner.as_str())?.get(file),
            Location::Dependency { source, kind, target } => self.dependency(*kind, source.as_str(), target),
            Location::DropInDirectory(_) | Location::DependencyDirectory(..) | Location::NotAUnit(_) => None,
        }
    }

    /// Puts `state` in place of what is there and returns that; `None` where nothing is kept.
    pub(super) fn set(&mut self, location: &Location, state: FileState) -> Option<FileState> {
        let (is_there, bytes) = (usize::from(!state.is_absent()), weight(&state));
        let before = self.replace(location, state)?;
        self.files = self.files.saturating_add(is_there).saturating_sub(usize::from(!before.is_absent()));
        self.bytes = self.bytes.saturating_add(bytes).saturating_sub(weight(&before));
        Some(before)
    }

    fn replace(&mut self, location: &Location, state: FileState) -> Option<FileState> {
        match location {
            Location::Fragment(name) => Some(self.set_fragment(name, state)),
            Location::DropIn { owner, file } => {
                Some(replace_within(&mut self.drop_ins, &owner.as_str().to_owned(), file, state))
            }
            Location::Dependency { source, kind, target } => {
                let source = (*kind, source.as_str().to_owned());
                if state.is_absent() {
                    remove_within(&mut self.sources, target, &source);
                } else {
                    self.sources.entry(target.clone()).or_default().insert(source.clone());
                }
                Some(replace_within(&mut self.dependencies, &source, target, state))
            }
            Location::DropInDirectory(_) | Location::DependencyDirectory(..) | Location::NotAUnit(_) => None,
        }
    }

    fn set_fragment(&mut self, name: &UnitName, state: FileState) -> FileState {
        let target = |state: &FileState| match state {
            FileState::Symlink(link) => Some(last_component(&link.target)),
            _ => None,
        };
        if let Some(target) = target(&state) {
            self.links.entry(target).or_default().insert(name.clone());
        }
        let after = target(&state);
        let is_empty = is_empty(&state);
        let before = replace(&mut self.fragments, name, state);
        if !is_empty {
            self.emptied.remove(name);
        } else if before != FileState::Absent && !self::is_empty(&before) {
            self.emptied.insert(name.clone());
        }
        if let Some(target) = target(&before).filter(|target| after.as_ref() != Some(target)) {
            remove_within(&mut self.links, &target, name);
        }
        before
    }

    /// What stands under `name`, and the name as it is kept.
    pub(super) fn fragment(&self, name: &UnitName) -> Option<(&UnitName, &FileState)> {
        self.fragments.get_key_value(name)
    }

    /// Whether an empty file stands under `name` where something else stood before.
    pub(super) fn is_emptied(&self, name: &UnitName) -> bool {
        self.emptied.contains(name)
    }

    /// How many fragments there are.
    pub(super) fn fragment_count(&self) -> usize {
        self.fragments.len()
    }

    /// The names of all fragments, and of the instances that dependency links name.
    pub(super) fn names(&self) -> impl Iterator<Item = &UnitName> {
        let instances = self.sources.keys().filter(|name| name.kind() == NameKind::Instance);
        self.fragments.keys().chain(instances)
    }

    /// The drop-ins in `owner`'s directory, by file name.
    pub(super) fn drop_ins(&self, owner: &str) -> impl Iterator<Item = (&BString, &FileState)> {
        self.drop_ins.get(owner).into_iter().flatten()
    }

    /// Whether there are drop-ins or dependency links in directories of the name `owner`.
    pub(super) fn has_directories_of(&self, owner: &str) -> bool {
        self.drop_ins.contains_key(owner)
            || DependencyKind::ALL
                .into_iter()
                .any(|kind| self.dependencies.contains_key(&(kind, owner.to_owned())))
    }

    /// The links in `source`'s directory of `kind`.
    pub(super) fn dependencies(
        &self,
        kind: DependencyKind,
        source: &str,
    ) -> impl Iterator<Item = (&UnitName, &FileState)> {
        self.dependencies.get(&(kind, source.to_owned())).into_iter().flatten()
    }

    /// The link for `target` in `source`'s directory of `kind`.
    pub(super) fn dependency(
        &self,
        kind: DependencyKind,
        source: &str,
        target: &UnitName,
    ) -> Option<&FileState> {
        self.dependencies.get(&(kind, source.to_owned()))?.get(target)
    }

    /// The links for `target` in all directories, each with what its directory is.
    pub(super) fn sources(
        &self,
        target: &UnitName,
    ) -> impl Iterator<Item = (DependencyKind, &str, &FileState)> {
        self.sources.get_key_value(target).into_iter().flat_map(|(target, sources)| {
            sources.iter().filter_map(|source| {
                Some((source.0, source.1.as_str(), self.dependencies.get(source)?.get(target)?))
            })
        })
    }

    /// The names of dependency links that are instances of `template`.
    pub(super) fn linked_instances(&self, template: &UnitName) -> impl Iterator<Item = &UnitName> {
        let start = format!("{}@", template.prefix());
        let from = (Bound::Included(start.as_str()), Bound::Unbounded);
        let names = self.sources.range::<str, _>(from).map(|(name, _)| name);
        names
            .take_while(move |name| name.as_str().starts_with(&start))
            .filter(|name| name.template().as_ref() == Some(template))
    }

    /// The fragments that are links whose target's last component is `name`.
    pub(super) fn links_to(&self, name: &UnitName) -> impl Iterator<Item = &UnitName> {
        self.links.get(name.as_str()).into_iter().flatten()
    }

    /// Everything that is kept, by its path below the directory.
    pub(super) fn files(&self) -> impl Iterator<Item = (BString, &FileState)> {
        let fragments = self.fragments.iter().map(|(name, state)| (BString::from(name.as_str()), state));
        let drop_ins = self.drop_ins.iter().flat_map(|(owner, files)| {
            files.iter().map(move |(file, state)| (super::join(format!("{owner}.d").as_bytes(), file), state))
        });
        let dependencies = self.dependencies.iter().flat_map(|((kind, source), links)| {
            links.iter().map(move |(name, state)| (format!("{source}.{kind}/{name}").into(), state))
        });
        fragments.chain(drop_ins).chain(dependencies)
    }

    /// The path of what lies in it under `name`.
    pub(super) fn path_of(&self, name: &str) -> BString {
        super::join(&self.facts.path, name.as_bytes())
    }

    pub(super) fn role(&self) -> Role {
        self.facts.role
    }
}

fn is_empty(state: &FileState) -> bool {
    matches!(state, FileState::Regular(file) if file.content.is_empty())
}

/// How many bytes of contents a file's state keeps.
fn weight(state: &FileState) -> usize {
    state.content().map_or(0, <[u8]>::len)
}

/// The last component of a path, `.` and `..` resolved as text; empty for one that ends in `..`.
fn last_component(path: &[u8]) -> String {
    let mut components: Vec<&[u8]> = Vec::new();
    for component in path.split_str("/") {
        match component {
            b"" | b"." => {}
            b".." => {
                components.pop();
            }
            _ => components.push(component),
        }
    }
    components.last().map(|last| crate::systemd::words::printable(last)).unwrap_or_default()
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

/// Removes `item` from the set under `key`; no set is kept that is empty.
fn remove_within<K: Ord, T: Ord>(sets: &mut BTreeMap<K, BTreeSet<T>>, key: &K, item: &T) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(item);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use bstr::BStr;

    use super::*;

    fn directory() -> Directory {
        let facts = UnitDirectory {
            path: "/etc/systemd/system".into(),
            role: Role::Admin,
            persistent: true,
            scope: Scope::System,
        };
        Directory::new(facts)
    }

    fn set(directory: &mut Directory, path: &str, state: FileState) {
        directory.set(&Location::classify(BStr::new(path)), state);
    }

    #[test]
    fn indexes_follow_the_files() {
        let mut directory = directory();
        let name = |text: &str| UnitName::parse(text).unwrap();
        let links = |directory: &Directory, to: &str| {
            directory.links_to(&name(to)).map(ToString::to_string).collect::<Vec<_>>()
        };
        set(&mut directory, "b.service", FileState::link("../x/./a.service"));
        set(&mut directory, "c.service", FileState::link("/opt/y/../a.service/"));
        assert_eq!(links(&directory, "a.service"), ["b.service", "c.service"]);
        set(&mut directory, "b.service", FileState::link("d.service"));
        set(&mut directory, "c.service", FileState::Directory);
        assert_eq!((links(&directory, "a.service").len(), links(&directory, "d.service").len()), (0, 1));
        set(&mut directory, "m.target.wants/t@1.service", FileState::link("x"));
        set(&mut directory, "m.target.requires/t@1.service", FileState::link("x"));
        set(&mut directory, "m.target.wants/t@2.service", FileState::link("x"));
        set(&mut directory, "m.target.wants/t@2.socket", FileState::link("x"));
        let template = name("t@.service");
        assert_eq!(directory.linked_instances(&template).count(), 2);
        assert_eq!(directory.sources(&name("t@1.service")).count(), 2);
        set(&mut directory, "m.target.wants/t@1.service", FileState::Absent);
        set(&mut directory, "m.target.requires/t@1.service", FileState::Absent);
        assert_eq!(
            (directory.linked_instances(&template).count(), directory.sources(&name("t@1.service")).count()),
            (1, 0)
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut directory = directory();
        directory.facts.scope = Scope::User(1000);
        let big = FileState::regular(vec![b'#'; 1 << 20], 0o644, 0, 0);
        let mut put = |path: &str, state: &FileState| {
            let location = Location::classify(BStr::new(path));
            let state = directory.room_for(&location, state.clone())?;
            directory.set(&location, state.clone());
            Some(state)
        };
        for n in 0..4 {
            assert_eq!(put(&format!("{n}.service"), &big).as_ref(), Some(&big));
        }
        let too_large = FileState::Unreadable(Reason::TooLarge);
        assert_eq!(put("x.service", &big), Some(too_large));
        // In place of another one there is room.
        assert_eq!(put("0.service", &big).as_ref(), Some(&big));
        put("1.service", &FileState::Absent);
        assert_eq!(put("x.service", &big).as_ref(), Some(&big));
        for n in 0..OF_A_USER.files {
            put(&format!("n{n}.service"), &FileState::link("x"));
        }
        assert_eq!(put("last.service", &FileState::link("x")), None);
        assert_eq!(put("last.service", &FileState::Absent), Some(FileState::Absent));
    }

    #[test]
    fn files_are_listed_by_path() {
        let mut directory = directory();
        for path in ["a.service", "a.service.d/x.conf", "m.target.wants/a.service"] {
            set(&mut directory, path, FileState::link("x"));
        }
        let paths: Vec<String> = directory.files().map(|(path, _)| path.to_string()).collect();
        assert_eq!(paths, ["a.service", "a.service.d/x.conf", "m.target.wants/a.service"]);
    }
}
