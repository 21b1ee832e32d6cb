//! From a name to the file that defines it: priority, aliases, templates, linked files and masks.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice as _};

use super::{Directory, FileState, Inventory};
use crate::model::Scope;
use crate::systemd::name::{NameKind, UnitName};
use crate::systemd::search_path::below;

/// How many links are looked at for the further names of a unit.
const ALIASES_MAX: usize = 1000;

/// How many links systemd follows from name to name (`FOLLOW_MAX`).
const FOLLOW_MAX: usize = 8;

/// What one name in the search path stands for.
#[derive(Clone, Debug)]
pub(super) enum Entry<'a> {
    /// A file, a link out of the search path, or a mask.
    File(Found<'a>),
    /// Another name for a unit.
    Alias(UnitName),
}

/// A unit's main file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    /// The directory that it lies in.
    pub(super) directory: &'a Directory,
    /// That directory's place in the search path.
    pub(super) rank: usize,
    /// The name under which it lies there; for an instance this may be its template.
    pub(super) name: &'a UnitName,
    /// What stands there.
    pub(super) state: &'a FileState,
}

/// Where a name leads.
#[derive(Clone, Debug)]
pub(super) enum Resolved<'a> {
    /// To a file.
    Found {
        /// The unit's main name: that of the file, with the instance where it is a template.
        id: UnitName,
        /// The file.
        file: Found<'a>,
    },
    /// Nowhere: there is no such name.
    NotFound,
    /// To a name that does not exist.
    Dangling,
    /// Around in a circle, or too far.
    Loop,
}

impl Inventory {
    /// Finds the file that defines `name` for `scope`'s manager (`unit_file_find_fragment`).
    pub(super) fn resolve(&self, scope: Scope, name: &UnitName) -> Resolved<'_> {
        match (self.follow(scope, name, name), name.template()) {
            // An instance that is defined nowhere, or by a link that leads nowhere, comes from its template.
            (Resolved::NotFound, Some(template)) => self.follow(scope, &template, name),
            (Resolved::Dangling, Some(template)) => match self.follow(scope, &template, name) {
                Resolved::NotFound => Resolved::Dangling,
                found => found,
            },
            (found, _) => found,
        }
    }

    /// Follows aliases from `start` to a file, for the unit `name`.
    fn follow(&self, scope: Scope, start: &UnitName, name: &UnitName) -> Resolved<'_> {
        let mut current = start.clone();
        for hop in 0..=FOLLOW_MAX {
            let mut entry = self.entry(scope, &current);
            if entry.is_none() && hop > 0 {
                entry = current.template().and_then(|template| self.entry(scope, &template));
            }
            match entry {
                Some(Entry::File(file)) => {
                    // The instance that was asked for, or the one that an alias chose.
                    let instance = [name, &current]
                        .into_iter()
                        .find_map(|name| name.instance().filter(|i| !i.is_empty()));
                    let id = instance
                        .filter(|_| file.name.kind() == NameKind::Template)
                        .and_then(|instance| file.name.with_instance(instance));
                    return Resolved::Found { id: id.unwrap_or_else(|| file.name.clone()), file };
                }
                Some(Entry::Alias(target)) => current = target,
                None if hop == 0 => return Resolved::NotFound,
                None => return Resolved::Dangling,
            }
        }
        Resolved::Loop
    }

    /// What the first directory that has a usable `name` holds under it (`unit_file_build_name_map`).
    pub(super) fn entry(&self, scope: Scope, name: &UnitName) -> Option<Entry<'_>> {
        self.ranked(scope).find_map(|(rank, directory)| {
            let (name, state) = directory.fragment(name)?;
            let file = Entry::File(Found { directory, rank, name, state });
            match state {
                FileState::Absent | FileState::Directory => None,
                FileState::Regular(_) | FileState::Special(_) | FileState::Unreadable(_) => Some(file),
                FileState::Symlink(link) => {
                    if self.leads_out(scope, &directory.facts.path, &link.target) {
                        return Some(file);
                    }
                    self.alias_target(scope, &directory.facts.path, name, &link.target).map(Entry::Alias)
                }
            }
        })
    }

    /// The unit that a link `name` in `directory` to `target` gives a further name; `None` when it leads out of the
    /// search path, to its own name, or to one that systemd refuses as an alias.
    pub(in crate::systemd) fn alias_target(
        &self,
        scope: Scope,
        directory: &[u8],
        name: &UnitName,
        target: &[u8],
    ) -> Option<UnitName> {
        if self.leads_out(scope, directory, target) {
            return None;
        }
        let path = self.absolute(directory, target);
        let target = path.rsplit_once_str("/").and_then(|(_, last)| UnitName::parse(last).ok())?;
        (target != *name && may_alias(name, &target)).then_some(target)
    }

    /// Whether systemd passes over a link `name` in `directory` to `target`: it stays within the search path and gives
    /// no unit another name.
    pub(in crate::systemd) fn is_refused(
        &self,
        scope: Scope,
        directory: &[u8],
        name: &UnitName,
        target: &[u8],
    ) -> bool {
        !self.leads_out(scope, directory, target)
            && self.alias_target(scope, directory, name, target).is_none()
    }

    /// Whether a link in `directory` to `target` leads out of the directories that `scope`'s manager reads.
    fn leads_out(&self, scope: Scope, directory: &[u8], target: &[u8]) -> bool {
        let path = self.absolute(directory, target);
        self.managers.get(&scope).is_none_or(|manager| manager.path.locate(path.as_bstr()).is_none())
    }

    /// What reading `path`, where `state` stands, leads to when it is a link to a file that the inventory has; `state`
    /// itself otherwise.
    pub(super) fn behind<'a>(&'a self, path: &BString, state: &'a FileState) -> &'a FileState {
        let (mut path, mut found) = (path.clone(), state);
        for _ in 0..FOLLOW_MAX {
            let FileState::Symlink(link) = found else { return found };
            if link.file.is_some() {
                return found;
            }
            let directory = path.rsplit_once_str("/").map_or(&b""[..], |(directory, _)| directory);
            path = self.absolute(directory, &link.target);
            let Some((directory, rest)) = self.locate(path.as_bstr()) else { return state };
            found = self.get(directory.path.as_bstr(), rest);
        }
        state
    }

    /// The further names of the unit `id`, in order, at most [`ALIASES_MAX`].
    pub(super) fn aliases(&self, scope: Scope, id: &UnitName) -> Vec<UnitName> {
        let mut aliases = BTreeSet::new();
        // Names whose links are still to be looked for: an alias of the template is one of each instance.
        let mut open: Vec<UnitName> = [Some(id.clone()), id.template()].into_iter().flatten().collect();
        let mut seen: BTreeSet<UnitName> = open.iter().cloned().collect();
        while let Some(name) = open.pop() {
            for link in self.ranked(scope).flat_map(|(_, directory)| directory.links_to(&name)) {
                if seen.len() > ALIASES_MAX {
                    return aliases.into_iter().collect();
                }
                if !seen.insert(link.clone()) {
                    continue;
                }
                open.push(link.clone());
                let alias = match (link.kind(), id.kind()) {
                    (NameKind::Template, NameKind::Instance) => {
                        id.instance().and_then(|i| link.with_instance(i))
                    }
                    _ => Some(link.clone()),
                };
                if let Some(alias) = alias.filter(|alias| alias != id)
                    && matches!(self.resolve(scope, &alias), Resolved::Found { id: found, .. } if found == *id)
                {
                    aliases.insert(alias);
                }
            }
        }
        aliases.into_iter().collect()
    }

    /// The absolute path that `target`, found in `directory`, stands for: without `.` and `..`, and with the links
    /// that a merged /usr has at the root followed.
    pub(super) fn absolute(&self, directory: &[u8], target: &[u8]) -> BString {
        let mut components: Vec<&[u8]> = Vec::new();
        let base: &[u8] = if target.starts_with(b"/") { b"" } else { directory };
        for component in base.split_str("/").chain(target.split_str("/")) {
            match component {
                b"" | b"." => {}
                b".." => {
                    components.pop();
                }
                _ => components.push(component),
            }
        }
        let mut path = BString::default();
        if self.host.merged_usr && components.first().is_some_and(|first| *first == b"lib") {
            path.extend_from_slice(b"/usr");
        }
        for component in components {
            path.push(b'/');
            path.extend_from_slice(component);
        }
        match below(path.as_bstr(), BStr::new("/var/run")) {
            Some(rest) => super::join(b"/run", rest),
            None => path,
        }
    }
}

/// Whether systemd takes a link from `link` to `target` as an alias (`unit_validate_alias_symlink_or_warn`).
pub(super) fn may_alias(link: &UnitName, target: &UnitName) -> bool {
    let unit_type = link.unit_type();
    if unit_type != target.unit_type() || !unit_type.may_alias() {
        return false;
    }
    if link.kind() != NameKind::Plain && !unit_type.may_template() {
        return false;
    }
    match (link.kind(), target.kind()) {
        (NameKind::Instance, NameKind::Template) => true,
        (NameKind::Instance, NameKind::Instance) => link.instance() == target.instance(),
        (link, target) => link == target,
    }
}
