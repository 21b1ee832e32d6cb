//! Whether a unit is started by itself, as `systemctl is-enabled` tells it (`unit_file_lookup_state`).

use super::loading::Install;
use super::lookup::{Found, Resolved};
use super::{Directory, FileState, Inventory};
use crate::model::Scope;
use crate::model::service::Enablement;
use crate::systemd::name::{NameKind, UnitName};
use crate::systemd::search_path::Role;

/// What links of one directory say of a unit.
#[derive(Clone, Copy, Debug, Default)]
struct Links {
    /// One that pulls it in, or gives it a further name.
    enables: bool,
    /// One with the unit's own name, to a file of that name elsewhere.
    same_name: bool,
}

impl Inventory {
    /// Whether the unit that `name` stands for is enabled for `scope`.
    ///
    /// Where `systemctl is-enabled` fails because of a link to its own name, this tells what holds without the link,
    /// as the manager loads the unit without it. Links in `.upholds` count, as from systemd 254 on.
    pub(super) fn enablement(&self, scope: Scope, name: &UnitName, install: &Install) -> Enablement {
        let (id, file) = match self.resolve(scope, name) {
            Resolved::Found { id, file } => (id, file),
            Resolved::NotFound if self.has_refused_link(scope, name) => return Enablement::Bad,
            Resolved::NotFound => return Enablement::Absent,
            Resolved::Dangling | Resolved::Loop => return Enablement::Bad,
        };
        if file.state.is_null() {
            return if file.directory.facts.persistent {
                Enablement::Masked
            } else {
                Enablement::MaskedRuntime
            };
        }
        if id != *name && name.kind() != NameKind::Instance {
            return Enablement::Alias;
        }
        match file.directory.role() {
            Role::Generator | Role::GeneratorEarly | Role::GeneratorLate => return Enablement::Generated,
            Role::Transient => return Enablement::Transient,
            _ => {}
        }
        if install.is_broken || is_dangling(file) {
            return Enablement::Bad;
        }
        if let Some(state) = self.linked(scope, &id, file, Some(install)) {
            return state;
        }
        if self.linked(scope, &id, file, None).is_some() {
            return Enablement::Indirect;
        }
        if install.has_rules {
            Enablement::Disabled
        } else if install.has_also {
            Enablement::Indirect
        } else {
            Enablement::Static
        }
    }

    /// What the links in all directories make of `id` (`find_symlinks_in_scope`). With `known`, only links count that
    /// `systemctl enable` would make.
    fn linked(
        &self,
        scope: Scope,
        id: &UnitName,
        file: Found<'_>,
        known: Option<&Install>,
    ) -> Option<Enablement> {
        let (mut runtime, mut anywhere) = (false, false);
        let (mut linked, mut linked_runtime) = (false, false);
        for (rank, directory) in self.ranked(scope) {
            // The unit's own name in a directory below that of its file says nothing; a linked file lies in none.
            let below_own = rank > file.rank && !matches!(file.state, FileState::Symlink(_));
            let links = Self::links_to(directory, id, below_own, known);
            if links.enables {
                if directory.role() == Role::Admin {
                    return Some(Enablement::Enabled);
                }
                runtime |= !directory.facts.persistent;
                anywhere |= directory.facts.persistent;
            } else if links.same_name && matches!(file.state, FileState::Symlink(_)) {
                linked |= directory.role() == Role::Admin;
                linked_runtime |= !directory.facts.persistent;
            }
        }
        if runtime {
            Some(Enablement::EnabledRuntime)
        } else if anywhere && id.kind() == NameKind::Instance {
            // A vendor that pulls in an instance made it part of the system.
            Some(Enablement::Static)
        } else if linked {
            Some(Enablement::Linked)
        } else if linked_runtime {
            Some(Enablement::LinkedRuntime)
        } else {
            None
        }
    }

    /// What the links in one directory and in its `.wants` and the like directories say of `id`
    /// (`find_symlinks_in_directory`).
    fn links_to(directory: &Directory, id: &UnitName, below_own: bool, known: Option<&Install>) -> Links {
        let is_known = |link: &UnitName| known.is_none_or(|install| is_known(install, id, link));
        // Of dependency links only the name counts, not where they point to.
        let instances = directory.linked_instances(id).filter(|_| id.kind() == NameKind::Template);
        let pulled = std::iter::once(id).chain(instances).any(|name| {
            is_known(name)
                && directory.sources(name).any(|(_, _, state)| matches!(state, FileState::Symlink(_)))
        });
        let own = directory.fragment(id).is_some_and(|(_, state)| matches!(state, FileState::Symlink(_)));
        let own_to_id = own && directory.links_to(id).any(|link| link == id);
        let others_to_id = directory.links_to(id).any(|link| (link != id || below_own) && is_known(link));
        let own_elsewhere = own && !own_to_id && !below_own && is_known(id);
        Links { enables: pulled || others_to_id || own_elsewhere, same_name: own_to_id && !below_own }
    }

    /// Whether there is a link under `name` that systemd refuses to follow.
    fn has_refused_link(&self, scope: Scope, name: &UnitName) -> bool {
        self.ranked(scope).any(|(_, directory)| {
            directory.fragment(name).is_some_and(|(_, state)| matches!(state, FileState::Symlink(_)))
        })
    }
}

/// Whether `systemctl enable` makes a link named `link` for the unit `id` (`is_symlink_with_known_name`).
fn is_known(install: &Install, id: &UnitName, link: &UnitName) -> bool {
    if link == id || install.aliases.iter().any(|alias| alias == link.as_str()) {
        return true;
    }
    let default = install.default_instance.as_deref().filter(|_| id.kind() == NameKind::Template);
    default.and_then(|instance| id.with_instance(instance)).is_some_and(|instance| instance == *link)
}

/// Whether the main file is a link that leads nowhere.
fn is_dangling(file: Found<'_>) -> bool {
    matches!(file.state, FileState::Symlink(link) if link.file.is_none())
        || matches!(file.state, FileState::Unreadable(_))
}
