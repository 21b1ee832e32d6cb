//! Which drop-ins a unit has, and in which order they are read.

use std::collections::BTreeMap;

use bstr::{BStr, BString};

use super::{FileState, Inventory};
use crate::model::Scope;
use crate::systemd::name::UnitName;
use crate::systemd::search_path::Role;

/// A drop-in file that is read for a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropIn {
    /// Its path.
    pub path: BString,
    /// The name of its directory without `.d`: the unit's, its template's, a prefix or a type.
    pub owner: String,
    /// What the unit directory is for that it lies in.
    pub role: Role,
    /// Where it points to, if it is a link.
    pub link_target: Option<BString>,
    /// Whether it says nothing and only stands in the way of one with the same name and less priority: empty, or a
    /// link to /dev/null.
    pub masks: bool,
}

impl Inventory {
    /// The drop-ins of the unit `id` with its `aliases`, in the order in which they are read, and their files.
    ///
    /// They are sorted by file name across all directories. Of those with the same name one counts: that of the
    /// unit's own name before those of aliases, then by the search path, then the most specific; the type level comes
    /// last of all (`unit_file_find_dropin_paths`).
    pub(super) fn drop_ins(
        &self,
        scope: Scope,
        id: &UnitName,
        aliases: &[UnitName],
    ) -> Vec<(DropIn, &FileState)> {
        let mut found: BTreeMap<&BStr, (DropIn, &FileState)> = BTreeMap::new();
        for name in std::iter::once(id).chain(aliases) {
            self.collect_drop_ins(scope, &name.drop_in_names(), &mut found);
        }
        self.collect_drop_ins(scope, &[id.unit_type().as_str().to_owned()], &mut found);
        found.into_values().collect()
    }

    /// Adds the drop-ins in the directories `owners`, but for those whose names are taken.
    fn collect_drop_ins<'a>(
        &'a self,
        scope: Scope,
        owners: &[String],
        found: &mut BTreeMap<&'a BStr, (DropIn, &'a FileState)>,
    ) {
        for (_, directory) in self.ranked(scope) {
            for owner in owners {
                for (file, state) in directory.drop_ins(owner) {
                    if matches!(state, FileState::Directory) {
                        continue;
                    }
                    found.entry(BStr::new(file)).or_insert_with(|| {
                        let mut path = directory.path_of(owner);
                        path.extend_from_slice(b".d/");
                        path.extend_from_slice(file);
                        let link_target = match state {
                            FileState::Symlink(link) => Some(link.target.clone()),
                            _ => None,
                        };
                        (
                            DropIn {
                                path,
                                owner: owner.clone(),
                                role: directory.role(),
                                link_target,
                                masks: state.is_null(),
                            },
                            state,
                        )
                    });
                }
            }
        }
    }
}
