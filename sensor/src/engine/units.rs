//! The units of the host as they are known, kept up to date by reading what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bstr::{BStr, BString, ByteSlice as _};

use super::executables;
use super::input::Start;
use super::program::{INIT_SCRIPTS, Kind};
use crate::host::{FileState, Host, RegularFile, SpecialKind};
use crate::model::{Known, Reason, Scope, Timestamp};
use crate::path::{join, normal, split};
use crate::systemd::change::{self, Observed};
use crate::systemd::inventory::{self, EffectiveUnit, FileChange, Hash, Inventory, SymbolicLink};
use crate::systemd::location::is_passed_over;
use crate::systemd::search_path::{Host as Layout, Role, UnitDirectory};
use crate::systemd::specifier::ManagerFacts;
use crate::systemd::{GeneratorDirectory, Location, SearchPath, UnitName, UserDirectories};

/// How many links from one to the next are followed.
const MOST_LINKS: usize = 8;

/// The units of the host as they are known.
pub(super) struct Units {
    inventory: Inventory,
    /// Directories of unit files, by true path.
    directories: BTreeSet<BString>,
    /// Directories of programs that make services, by true path.
    programs: Vec<(BString, Kind)>,
    /// Every path at which something is known to stand.
    known: BTreeSet<BString>,
    /// How many files that the inventory had no room for were told.
    refused: u64,
}

/// What a path is to the units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A unit's file, a drop-in or a dependency link.
    Unit {
        /// Whether a generator writes it.
        generated: bool,
    },
    /// A program that makes services.
    Program(Kind),
    /// A directory of such.
    Directory,
    /// A name that systemd doesn't read.
    NotAUnit,
    /// Outside of the unit directories.
    Elsewhere,
}

impl Default for Units {
    fn default() -> Self {
        Self {
            inventory: Inventory::new(Layout { merged_usr: true }),
            directories: BTreeSet::new(),
            programs: Vec::new(),
            known: BTreeSet::new(),
            refused: 0,
        }
    }
}

impl Units {
    /// The units of a host that is laid out as `start` says; none is read yet.
    pub(super) fn new(start: &Start) -> Self {
        let layout = Layout { merged_usr: start.merged_usr };
        let true_path = |named: &BStr| true_path(&start.links, named);
        let mut units = Self { inventory: Inventory::new(layout), ..Self::default() };
        let mut system = SearchPath::system(layout);
        system.directories.extend(start.extra.iter().map(|path| UnitDirectory {
            path: path.clone(),
            role: Role::Local,
            persistent: true,
            scope: Scope::System,
        }));
        units.add(system, ManagerFacts::system(), true_path);
        units.add(SearchPath::all_users(), ManagerFacts::default(), true_path);
        for (uid, home) in &start.users {
            units.add_user(*uid, home.as_ref(), true_path);
        }
        let generators =
            GeneratorDirectory::ALL.iter().map(|directory| (directory.path, Kind::generator(directory)));
        units.programs = generators
            .chain([(INIT_SCRIPTS, Kind::init_script())])
            .map(|(path, kind)| (true_path(path.into()).unwrap_or_else(|| path.into()), kind))
            .collect();
        units
    }

    /// Adds the manager of a user; its directories that were not known come back, not read yet.
    pub(super) fn add_user(
        &mut self,
        uid: u32,
        home: &BStr,
        true_path: impl Fn(&BStr) -> Option<BString>,
    ) -> BTreeSet<BString> {
        let directories = UserDirectories::of(uid, home);
        let facts = ManagerFacts::user(None, home, &directories);
        self.add(SearchPath::user(&directories), facts, true_path)
    }

    fn add(
        &mut self,
        mut path: SearchPath,
        facts: ManagerFacts,
        true_path: impl Fn(&BStr) -> Option<BString>,
    ) -> BTreeSet<BString> {
        path.resolve(true_path);
        let paths = path.directories.iter().map(|directory| directory.path.clone());
        let new: BTreeSet<BString> = paths.filter(|path| self.directories.insert(path.clone())).collect();
        self.inventory.add_manager(path, facts);
        new
    }

    /// The directories of unit files.
    pub(super) fn directories(&self) -> &BTreeSet<BString> {
        &self.directories
    }

    /// Takes in what stands at `path`, if it has been so since before `since`; false when it is newer.
    pub(super) fn take_older(&mut self, path: &BStr, since: Timestamp, host: &mut dyn Host) -> bool {
        let state = self.read_state(path, host);
        // Asked after reading: what changes later than that is told by the watch on its directory.
        if host.changed(path).is_ok_and(|changed| changed >= since) {
            return false;
        }
        self.put(path, state);
        true
    }

    /// Reads all units of the host.
    pub(super) fn read(&mut self, host: &mut dyn Host) {
        for path in self.all_paths(host) {
            let state = self.read_state(path.as_ref(), host);
            self.put(path.as_ref(), state);
        }
    }

    /// The paths of all unit files: those that are known and those that are there now.
    pub(super) fn all_paths(&self, host: &mut dyn Host) -> BTreeSet<BString> {
        let mut paths = self.known.clone();
        for directory in &self.directories {
            paths.extend(self.contents(directory.as_ref(), host));
        }
        paths
    }

    /// The programs that make services and are there now, by path.
    pub(super) fn programs_there(&self, host: &mut dyn Host) -> Vec<(BString, Kind)> {
        let found = self.programs.iter().flat_map(|(directory, kind)| {
            let paths = self.contents(directory.as_ref(), host);
            paths.into_iter().map(|path| (path, *kind))
        });
        found.collect()
    }

    /// The programs that unit files and drop-ins in `directories` name, by a glance at their text, each with its units.
    pub(super) fn programs_at_a_glance(
        &self,
        directories: &BTreeSet<BString>,
    ) -> BTreeMap<BString, Vec<(Scope, String)>> {
        let mut programs = BTreeMap::<BString, Vec<(Scope, String)>>::new();
        for directory in directories {
            for (path, state) in self.inventory.files(directory.as_ref()) {
                let whole = join(directory.as_ref(), path.as_ref());
                let Some((facts, rest)) = self.inventory.locate(whole.as_ref()) else { continue };
                let unit = match Location::classify(rest) {
                    Location::Fragment(name) => name.as_str().to_owned(),
                    Location::DropIn { owner, .. } => owner.as_str().to_owned(),
                    _ => continue,
                };
                for program in executables::named_in(state.content().unwrap_or_default()) {
                    programs.entry(program.into()).or_default().push((facts.scope, unit.clone()));
                }
            }
        }
        programs
    }

    /// The unit that `path` is the main file of, and for whom.
    pub(super) fn fragment(&self, path: &BStr) -> Option<(Scope, UnitName)> {
        let (directory, rest) = self.inventory.locate(path)?;
        match Location::classify(rest) {
            Location::Fragment(name) => Some((directory.scope, name)),
            _ => None,
        }
    }

    /// What the unit directory is for that `path` lies in.
    pub(super) fn role(&self, path: &BStr) -> Option<Role> {
        self.inventory.locate(path).map(|(directory, _rest)| directory.role)
    }

    /// What stands in the unit directory or directory of drop-ins or links at `directory` now.
    pub(super) fn contents(&self, directory: &BStr, host: &mut dyn Host) -> Vec<BString> {
        let mut contents = Vec::new();
        for name in host.list(directory).unwrap_or_default() {
            let path = join(directory, name.as_ref());
            match self.place(path.as_ref()) {
                Place::Unit { .. } | Place::Program(_) => contents.push(path),
                // Only a unit directory has such, so this goes no deeper.
                Place::Directory if self.directories.contains(directory) => {
                    let names = host.list(path.as_ref()).unwrap_or_default();
                    contents.extend(names.iter().map(|name| join(path.as_ref(), name.as_ref())));
                }
                Place::Directory | Place::NotAUnit | Place::Elsewhere => {}
            }
        }
        contents
    }

    /// What `path` is.
    pub(super) fn place(&self, path: &BStr) -> Place {
        if self.directories.contains(path)
            || self.programs.iter().any(|(known, _kind)| known == path || below(known.as_ref(), path))
            || self.directories.iter().any(|known| below(known.as_ref(), path))
        {
            return Place::Directory;
        }
        let (parent, name) = split(path).unwrap_or_default();
        if let Some((_path, kind)) = self.programs.iter().find(|(known, _kind)| known == parent) {
            return if is_passed_over(name) { Place::NotAUnit } else { Place::Program(*kind) };
        }
        match self.inventory.locate(path) {
            Some((directory, rest)) => match Location::classify(rest) {
                Location::Fragment(_) | Location::DropIn { .. } | Location::Dependency { .. } => {
                    Place::Unit { generated: directory.role.is_generated() }
                }
                Location::DropInDirectory(_) | Location::DependencyDirectory(..) => Place::Directory,
                Location::NotAUnit(_) => Place::NotAUnit,
            },
            None => Place::Elsewhere,
        }
    }

    /// Whether something is known to stand at `path`.
    pub(super) fn knows(&self, path: &BStr) -> bool {
        self.known.contains(path)
    }

    /// What is known to stand below `directory`.
    pub(super) fn known_below(&self, directory: &BStr) -> Vec<BString> {
        let first = join(directory, BStr::new(""));
        self.known.range(first.clone()..).take_while(|path| path.starts_with(&first)).cloned().collect()
    }

    /// The users whose units are known.
    pub(super) fn users(&self) -> impl Iterator<Item = u32> {
        self.inventory.scopes().filter_map(Scope::user)
    }

    /// How many units the system's managers and those of users have.
    pub(super) fn len(&self) -> usize {
        self.inventory.scopes().map(|scope| self.inventory.units(scope).len()).sum()
    }

    /// How many files the inventory had no room for since this was asked last.
    pub(super) fn take_refused(&mut self) -> u64 {
        let before = std::mem::replace(&mut self.refused, self.inventory.refused());
        self.refused.saturating_sub(before)
    }

    /// The unit of this name, as the manager of `scope` would load it.
    pub(super) fn effective(&self, scope: Scope, name: &UnitName) -> Option<EffectiveUnit> {
        self.inventory.effective(scope, name)
    }

    /// What stands at `path`, as the inventory wants it.
    pub(super) fn read_state(&self, path: &BStr, host: &mut dyn Host) -> inventory::FileState {
        match host.file(path) {
            FileState::Absent => inventory::FileState::Absent,
            FileState::Regular(file) => {
                // Whoever writes by another of its names is not seen in this directory.
                if file.links > 1 {
                    host.follow(path, path);
                } else {
                    host.await_names(path);
                }
                inventory::FileState::Regular(regular(&file))
            }
            FileState::Symlink { target } => {
                let (file, device) = match self.follow(path, &target, host) {
                    Some(Behind::File(file)) => (Some(Arc::new(file)), false),
                    Some(Behind::Device) => (None, true),
                    None => (None, false),
                };
                inventory::FileState::Symlink(SymbolicLink { target, file, device })
            }
            FileState::Directory => inventory::FileState::Directory,
            FileState::Special(kind) => inventory::FileState::Special(special(kind)),
            FileState::Unreadable(reason) => inventory::FileState::Unreadable(reason),
        }
    }

    /// What a link leads to, unless the inventory has it anyway.
    fn follow(&self, link: &BStr, target: &BString, host: &mut dyn Host) -> Option<Behind> {
        let mut path = BString::from(link);
        let mut target = target.clone();
        for hop in 0..MOST_LINKS {
            let directory = split(path.as_ref()).map_or(BStr::new("/"), |(directory, _name)| directory);
            path = normal(directory, target.as_ref());
            // systemd reads one link to tell masks and aliases, and through all of them whatever else it leads to
            // (`unit_file_resolve_symlink` of its src/basic/unit-file.c).
            if hop == 0 && (path == "/dev/null" || matches!(self.place(path.as_ref()), Place::Unit { .. })) {
                return None;
            }
            host.watch_name(link, path.as_ref());
            match host.file(path.as_ref()) {
                FileState::Regular(file) => {
                    host.follow(link, path.as_ref());
                    return Some(Behind::File(regular(&file)));
                }
                FileState::Symlink { target: next } => target = next,
                FileState::Special(SpecialKind::CharacterDevice | SpecialKind::BlockDevice) => {
                    return Some(Behind::Device);
                }
                FileState::Absent
                | FileState::Directory
                | FileState::Special(SpecialKind::Pipe | SpecialKind::Socket)
                | FileState::Unreadable(_) => return None,
            }
        }
        None
    }

    /// Takes in what stands at `path` now, and tells what that changes.
    pub(super) fn apply(&mut self, path: &BStr, host: &mut dyn Host) -> Option<Observed> {
        let state = self.read_state(path, host);
        self.note(path, &state);
        let (directory, rest) = self.inventory.locate(path)?;
        let directory = directory.path.clone();
        change::observe(&mut self.inventory, directory.as_ref(), rest, state)
    }

    fn note(&mut self, path: &BStr, state: &inventory::FileState) {
        if state.is_absent() {
            self.known.remove(path);
        } else {
            self.known.insert(path.into());
        }
    }

    fn put(&mut self, path: &BStr, state: inventory::FileState) -> Option<FileChange> {
        self.note(path, &state);
        let (directory, rest) = self.inventory.locate(path)?;
        let directory = directory.path.clone();
        self.inventory.apply(directory.as_ref(), rest, state)
    }
}

/// What a link leads to.
enum Behind {
    File(inventory::RegularFile),
    Device,
}

fn special(kind: SpecialKind) -> inventory::SpecialKind {
    match kind {
        SpecialKind::CharacterDevice | SpecialKind::BlockDevice => inventory::SpecialKind::Device,
        SpecialKind::Pipe => inventory::SpecialKind::Pipe,
        SpecialKind::Socket => inventory::SpecialKind::Socket,
    }
}

fn regular(file: &RegularFile) -> inventory::RegularFile {
    let whole = file.content.len() as u64 == file.size;
    let sha256 = if whole { Known::Is(Hash::of(&file.content)) } else { Known::Missing(Reason::TooLarge) };
    inventory::RegularFile::partial(&file.content, file.size, sha256, file.mode, file.uid, file.gid)
}

/// The true path of the directory that is named so, where that is by way of a link.
pub(super) fn true_path(links: &[(BString, BString)], named: &BStr) -> Option<BString> {
    links.iter().find(|(link, _path)| link == named).map(|(_link, path)| path.clone())
}

/// Whether `path` lies below `directory`.
fn below(path: &BStr, directory: &BStr) -> bool {
    path.strip_prefix(directory.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"))
}
