//! Which directories are watched, whatever watches them, and what a change in one means for the others.
//!
//! A directory that is wanted and does not exist yet is awaited: its ancestors are watched, so that it is watched as
//! soon as it appears, and what it holds by then is told as if it had been moved there.
//!
//! Names elsewhere that lead to something, such as the file behind a link, are watched by the same ancestors: whatever
//! appears or goes on the way to one is told at the path that leads there.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use bstr::{BStr, BString, ByteSlice as _};

use super::path::{bytes_of, join, os_path};
use crate::model::observation::FileObservation;
use crate::model::{FileOperation, Known, ProcessKey, Reason};

/// The most watches that are set.
const MOST: usize = 65_536;
/// The most names that are watched.
const MOST_NAMES: usize = 16_384;
/// The most paths that one name leads from.
const MOST_PATHS: usize = 64;
/// The most directories that can't be watched which are told.
const MOST_REFUSED: usize = 1024;
/// Suffixes of the directories that lie in a unit directory and hold drop-ins or links (systemd.unit(5)).
const SUBDIRECTORIES: [&[u8]; 4] = [b".d", b".wants", b".requires", b".upholds"];

/// The hook of what is found where a file system was mounted or unmounted.
const MOUNT: &str = "mountinfo";

/// Something that watches directories.
pub trait Marker {
    /// How it names a directory in what it tells.
    type Key: Clone + Eq + Hash;

    /// Watches the directory at `path`; once more does no harm.
    fn mark(&mut self, path: &BStr, role: Role) -> Marked<Self::Key>;

    /// Stops watching, where that is not done by itself.
    fn unmark(&mut self, key: &Self::Key);
}

/// What became of watching a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marked<K> {
    /// It is watched.
    As(K),
    /// There is no such directory.
    Absent,
    /// What lies in it is told already.
    Covered,
    /// It can't be watched, and why.
    Refused(String),
}

/// What a directory is watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It holds unit files, drop-in directories and link directories, or generators.
    UnitDirectory,
    /// It holds drop-ins or links.
    Subdirectory,
    /// It lies in a unit directory and is a link to a directory elsewhere that holds drop-ins or links.
    LinkedSubdirectory,
    /// It lies on the way to a unit directory.
    Ancestor,
}

/// A directory that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Its path; for one that is linked to, that of the link.
    pub path: BString,
    /// What it is watched for.
    pub role: Role,
}

/// What a look at a path found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    /// No directory that must be watched.
    Nothing,
    /// One that can't be watched.
    Refused,
    /// The one that is watched.
    Known,
    /// One that was not watched before.
    New,
}

/// Which directories are watched.
pub struct Watches<M: Marker> {
    marker: M,
    wanted: Vec<BString>,
    /// Names that are watched, and the paths at which that is told.
    names: BTreeMap<BString, BTreeSet<BString>>,
    by_key: HashMap<M::Key, Vec<Watched>>,
    refused: BTreeMap<BString, String>,
    /// Those of them that were told.
    told_refused: BTreeSet<BString>,
    changes: u64,
    /// Users may have come since this was asked last.
    users_changed: bool,
}

impl<M: Marker> Watches<M> {
    /// Watches `wanted`, or what leads there. Directories that can't be watched are told by [`Watches::take_refused`].
    pub fn new(marker: M, wanted: Vec<BString>) -> Self {
        let mut watches = Self {
            marker,
            wanted,
            names: BTreeMap::new(),
            by_key: HashMap::new(),
            refused: BTreeMap::new(),
            told_refused: BTreeSet::new(),
            changes: 0,
            users_changed: false,
        };
        watches.establish(|_| true, &mut Vec::new());
        watches
    }

    /// Watches further directories, or what leads there.
    pub fn want(&mut self, further: Vec<BString>) {
        let known: BTreeSet<&BString> = self.wanted.iter().collect();
        let further: BTreeSet<BString> = further.into_iter().filter(|path| !known.contains(path)).collect();
        self.wanted.extend(further.iter().cloned());
        self.establish(|wanted| further.contains(wanted), &mut Vec::new());
    }

    /// Whether something was seen since this was asked last that happens when users come.
    pub fn take_users_changed(&mut self) -> bool {
        std::mem::take(&mut self.users_changed)
    }

    /// What watches.
    pub fn marker(&self) -> &M {
        &self.marker
    }

    /// What watches.
    pub fn marker_mut(&mut self) -> &mut M {
        &mut self.marker
    }

    /// Directories that can't be watched since this was asked last, and why: what happens in them is not seen.
    pub fn take_refused(&mut self) -> Vec<(BString, String)> {
        let (refused, told) = (&self.refused, &mut self.told_refused);
        told.retain(|path| refused.contains_key(path));
        let new = refused.iter().filter(|(path, _reason)| told.insert((*path).clone()));
        new.map(|(path, reason)| (path.clone(), reason.clone())).collect()
    }

    /// Every watched directory by its key; one that has several paths comes as often.
    pub fn all(&self) -> impl Iterator<Item = (&M::Key, &Watched)> {
        self.by_key.iter().flat_map(|(key, watched)| watched.iter().map(move |watched| (key, watched)))
    }

    /// Counts how often the watched directories changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// What the directory of `key` is watched for.
    pub fn get(&self, key: &M::Key) -> &[Watched] {
        self.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// Watches what happens to `name`, and to the directories on the way to it, to be told at `path`.
    pub fn watch_name(&mut self, path: BString, name: &BString) {
        if self.names.len() >= MOST_NAMES && !self.names.contains_key(name) {
            return;
        }
        let paths = self.names.entry(name.clone()).or_default();
        if paths.len() >= MOST_PATHS || !paths.insert(path) {
            return;
        }
        for ancestor in ancestors(name) {
            self.mark(&ancestor, Role::Ancestor);
        }
    }

    /// Takes note of a change in the directory of `key`, which may have several paths: where a name appeared or went on the
    /// way to one that is watched, or that one was written to, watches what leads on, and tells it where that name is told.
    pub fn follow_names(&mut self, key: &M::Key, seen: &FileObservation, told: &mut Vec<FileObservation>) {
        let vanished = matches!(seen.operation, FileOperation::Unlink | FileOperation::RenameFrom);
        let is_same = !vanished && !is_appearance(seen.operation);
        for directory in self.get(key).to_vec() {
            let path = join(directory.path.as_ref(), seen.name.as_ref());
            let from = self.names.range(path.clone()..).take_while(|(name, _paths)| name.starts_with(&path));
            let concerned: Vec<(BString, BTreeSet<BString>)> = from
                // What is written is no other file, and leads nowhere else.
                .filter(|(name, _paths)| if is_same { **name == path } else { is_at_or_below(name, &path) })
                .map(|(name, paths)| (name.clone(), paths.clone()))
                .collect();
            if vanished && !concerned.is_empty() {
                self.forget_below(&path);
            }
            for (name, paths) in concerned {
                for ancestor in ancestors(&name).iter().filter(|ancestor| is_at_or_below(ancestor, &path)) {
                    self.mark(ancestor, Role::Ancestor);
                }
                // Whoever made a file may still be writing it.
                let operation = match seen.operation {
                    FileOperation::Create => FileOperation::Write,
                    operation => operation,
                };
                for path in paths {
                    // A link that is gone leads nowhere any more. What is watched for its own sake may well be gone.
                    if path != name && os_path(path.as_ref()).symlink_metadata().is_err() {
                        self.forget_name(&path, &name);
                        continue;
                    }
                    let seen = at(&path, FileObservation { operation, is_directory: false, ..seen.clone() });
                    if !told.contains(&seen) {
                        told.push(seen);
                    }
                }
            }
        }
    }

    fn forget_name(&mut self, path: &BString, name: &BString) {
        if let Some(paths) = self.names.get_mut(name) {
            paths.remove(path);
            if paths.is_empty() {
                self.names.remove(name);
            }
        }
    }

    /// Takes note of a change in a directory that is watched for `role`, watches what came of it, and adds to `told`
    /// what is to be told: the change itself, unless it leads nowhere, and wanted directories that appeared with it.
    /// Those that lie elsewhere appeared by something else: see [`Self::remount`].
    pub fn follow(&mut self, role: Role, seen: FileObservation, told: &mut Vec<FileObservation>) {
        let path = join(seen.directory.as_ref(), seen.name.as_ref());
        let appeared = is_appearance(seen.operation);
        let vanished = matches!(seen.operation, FileOperation::Unlink | FileOperation::RenameFrom);
        if role == Role::Ancestor {
            self.users_changed |= tells_of_users(&seen, appeared);
            if !self.leads_to_wanted(&path) {
                return;
            }
            if vanished {
                self.forget_below(&path);
                told.push(FileObservation { is_directory: true, ..seen.clone() });
            }
            // What went away may be back already: changes of one name may have merged into one.
            let mut established = Vec::new();
            if appeared || vanished {
                self.establish(|wanted| is_at_or_below(wanted, &path), &mut established);
            }
            // What came with a directory that was moved or linked is as it was; in one that was made it may still be being
            // written.
            let operation = match seen.operation {
                FileOperation::RenameTo | FileOperation::Symlink | FileOperation::Link => {
                    FileOperation::RenameTo
                }
                _ => FileOperation::Create,
            };
            let appeared = FileObservation { operation, is_directory: true, ..seen };
            told.extend(established.iter().map(|path| at(path, appeared.clone())));
            return;
        }
        if vanished && (seen.is_directory || is_subdirectory(&seen.name)) {
            self.forget_below(&path);
        }
        if (appeared || vanished) && role == Role::UnitDirectory && is_subdirectory(&seen.name) {
            self.mark_subdirectory(&path);
        }
        told.push(seen);
    }

    /// File systems were mounted or unmounted at `points`: watches the directories that the paths lead to now. What may
    /// have changed by it is added to `told`, as nobody's doing.
    pub fn remount(&mut self, points: &[BString], told: &mut Vec<FileObservation>) {
        for point in points {
            let lies_in = |wanted: &BString| is_at_or_below(point, wanted) && wanted != point;
            if self.leads_to_wanted(point) {
                self.look_again(point);
                let meant = self.wanted.iter().filter(|wanted| is_at_or_below(wanted, point));
                told.extend(meant.map(|path| found(path, true)));
            } else if self.wanted.iter().any(lies_in) {
                if is_subdirectory(point) {
                    self.mark_subdirectory(point);
                }
                told.push(found(point, os_path(point.as_ref()).is_dir()));
            }
            self.look_again_at_names(point, told);
        }
    }

    /// Watches what leads to the watched names at or below `point` now, and tells them where they are told.
    fn look_again_at_names(&mut self, point: &BString, told: &mut Vec<FileObservation>) {
        let from = self.names.range(point.clone()..).take_while(|(name, _paths)| name.starts_with(point));
        let concerned: Vec<(BString, BTreeSet<BString>)> = from
            .filter(|(name, _paths)| is_at_or_below(name, point))
            .map(|(name, paths)| (name.clone(), paths.clone()))
            .collect();
        for (name, paths) in concerned {
            for ancestor in ancestors(&name).iter().filter(|ancestor| is_at_or_below(ancestor, point)) {
                self.mark(ancestor, Role::Ancestor);
            }
            for path in &paths {
                let seen = found(path, false);
                if !told.contains(&seen) {
                    told.push(seen);
                }
            }
        }
    }

    /// Looks whether the paths of `key` still lead to it, and forgets those that don't; false when none does.
    pub fn confirm(&mut self, key: &M::Key) -> bool {
        for Watched { path, role } in self.get(key).to_vec() {
            if self.mark(&path, role) == Found::Nothing {
                self.forget_below(&path);
            }
        }
        self.by_key.contains_key(key)
    }

    /// Watches what `path` and the paths below it lead to now.
    fn look_again(&mut self, path: &BString) {
        let watched = self.all().map(|(_, watched)| watched.clone());
        let below: Vec<Watched> = watched.filter(|watched| is_at_or_below(&watched.path, path)).collect();
        for Watched { path, role } in below {
            if self.mark(&path, role) == Found::Nothing {
                self.forget_below(&path);
            }
        }
        self.establish(|wanted| is_at_or_below(wanted, path), &mut Vec::new());
    }

    /// Watches every wanted directory that `is_meant`, exists and is not watched, and what leads to it; names those newly
    /// watched.
    fn establish(&mut self, is_meant: impl Fn(&BString) -> bool, established: &mut Vec<BString>) {
        let wanted: Vec<BString> = self.wanted.iter().filter(|path| is_meant(path)).cloned().collect();
        for wanted in wanted {
            // The watch on an ancestor comes before the look at its child, so that no child appears unseen.
            for ancestor in ancestors(&wanted) {
                self.mark(&ancestor, Role::Ancestor);
            }
            if self.mark(&wanted, Role::UnitDirectory) == Found::New {
                for path in subdirectories(&wanted) {
                    self.mark_subdirectory(&path);
                }
                established.push(wanted);
            }
        }
    }

    /// Watches a directory of drop-ins or links; systemd follows a link to one.
    fn mark_subdirectory(&mut self, path: &BString) {
        if !os_path(path.as_ref()).is_dir() {
            return;
        }
        let role =
            if os_path(path.as_ref()).is_symlink() { Role::LinkedSubdirectory } else { Role::Subdirectory };
        self.mark(path, role);
    }

    /// Watches the directory at `path`, and no longer the one that was there before.
    fn mark(&mut self, path: &BString, role: Role) -> Found {
        if self.by_key.len() >= MOST {
            self.refuse(path, format!("more than {MOST} directories are watched"));
            return Found::Refused;
        }
        match self.marker.mark(path.as_ref(), role) {
            Marked::As(key) => {
                self.refused.remove(path);
                let new = Watched { path: path.clone(), role };
                if self.get(&key).contains(&new) {
                    return Found::Known;
                }
                self.forget(|other, watched| *other != key && watched.path == *path);
                self.by_key.entry(key).or_default().push(new);
                self.changes += 1;
                Found::New
            }
            Marked::Absent | Marked::Covered => {
                self.refused.remove(path);
                Found::Nothing
            }
            Marked::Refused(reason) => {
                // On the way to a single name it is no loss: the file there is followed itself.
                if role != Role::Ancestor || self.leads_to_wanted(path) {
                    self.refuse(path, reason);
                }
                Found::Refused
            }
        }
    }

    /// Of too many, those that are known speak for the others.
    fn refuse(&mut self, path: &BString, reason: String) {
        if self.refused.len() < MOST_REFUSED || self.refused.contains_key(path) {
            self.refused.insert(path.clone(), reason);
        }
    }

    /// Forgets the directory that was at `path` and those below it: its inode may live on elsewhere.
    fn forget_below(&mut self, path: &BString) {
        self.forget(|_, watched| is_at_or_below(&watched.path, path));
    }

    fn forget(&mut self, is_meant: impl Fn(&M::Key, &Watched) -> bool) {
        let marker = &mut self.marker;
        let changes = &mut self.changes;
        self.by_key.retain(|key, watched| {
            let before = watched.len();
            watched.retain(|watched| !is_meant(key, watched));
            *changes += u64::from(watched.len() < before);
            if watched.is_empty() {
                marker.unmark(key);
            }
            !watched.is_empty()
        });
    }

    fn leads_to_wanted(&self, path: &BString) -> bool {
        self.wanted.iter().any(|wanted| is_at_or_below(wanted, path))
    }
}

fn is_appearance(operation: FileOperation) -> bool {
    matches!(
        operation,
        FileOperation::Create | FileOperation::RenameTo | FileOperation::Symlink | FileOperation::Link
    )
}

/// Whether this happens when a user comes: accounts are written, or somebody logs in and gets a directory.
fn tells_of_users(seen: &FileObservation, appeared: bool) -> bool {
    match seen.directory.as_slice() {
        _ if seen.error != 0 => false,
        b"/etc" => seen.name == "passwd",
        b"/run/user" => appeared,
        b"/run" => appeared && seen.name == "user",
        _ => false,
    }
}

fn is_at_or_below(path: &BString, directory: &BString) -> bool {
    path.strip_prefix(directory.as_slice()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}

/// What stands at `path` may be another thing than before.
fn found(path: &BString, is_directory: bool) -> FileObservation {
    let seen = FileObservation {
        operation: FileOperation::RenameTo,
        directory: BString::default(),
        name: BString::default(),
        is_directory,
        actor: ProcessKey::NOBODY,
        object: Known::Missing(Reason::NotRecorded),
        error: 0,
        hook: MOUNT,
    };
    at(path, seen)
}

/// The observation, as one of `path`.
fn at(path: &BString, seen: FileObservation) -> FileObservation {
    let (parent, name) = path.rsplit_once_str("/").unwrap_or((b"", path));
    FileObservation { directory: parent.into(), name: name.into(), ..seen }
}

/// What lies in `directory` by the name of a directory of drop-ins or links.
fn subdirectories(directory: &BString) -> Vec<BString> {
    let Ok(entries) = std::fs::read_dir(os_path(directory.as_ref())) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .map(|entry| bytes_of(entry.file_name().as_ref()))
        .filter(is_subdirectory)
        .map(|name| join(directory.as_ref(), name.as_ref()))
        .collect()
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
