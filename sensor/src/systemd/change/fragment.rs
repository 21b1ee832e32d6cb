//! Changes of main files: unit files, masks, aliases and links to files elsewhere.

use bstr::BString;

use super::{Pending, UnitChange, exists, is_enabled, is_masked};
use crate::model::{Action, Mechanism};
use crate::systemd::inventory::{EffectiveUnit, FileState, Inventory};
use crate::systemd::location::DropInOwner;
use crate::systemd::name::{NameKind, UnitName};

/// What was there before the change.
pub(super) struct Before {
    /// The unit that the name stood for.
    unit: Option<EffectiveUnit>,
    /// The other unit that the name is or becomes a further name of.
    other: Option<EffectiveUnit>,
    /// Whether an empty file that is there hides something.
    hides: bool,
}

/// Looks at the units that a change of the main file `name` may touch.
pub(super) fn look(inventory: &Inventory, pending: &Pending<'_>, name: &UnitName) -> Before {
    let unit = inventory.effective(pending.scope, name);
    let other = alias_of(inventory, pending, name, &pending.after)
        .or_else(|| alias_of(inventory, pending, name, &pending.before))
        .and_then(|target| inventory.effective(pending.scope, &target));
    Before { unit, other, hides: inventory.hides(pending.scope, pending.directory, name) }
}

/// Tells what the change meant, now that it is taken in.
pub(super) fn tell(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    before: Before,
) -> Vec<UnitChange> {
    let after = inventory.effective(pending.scope, name);
    let old_name = alias_of(inventory, pending, name, &pending.before);
    let new_name = alias_of(inventory, pending, name, &pending.after);
    match (is_masked(before.unit.as_ref()), is_masked(after.as_ref())) {
        (false, true) => return vec![masked(pending, name, before.unit, after)],
        // Many tools create a file empty and fill it later: that is no mask, unless it hid something.
        (true, false)
            if matches!(pending.before, FileState::Regular(_))
                && !pending.after.is_absent()
                && !before.hides =>
        {
            let change = pending.change(name, Action::Created, Mechanism::UnitFile);
            return vec![change.noting("its file was empty before").between(None, after)];
        }
        (true, false) => return vec![unmasked(pending, name, before.unit, after)],
        (true, true) | (false, false) => {}
    }
    match (old_name, new_name) {
        (None, Some(target)) if stands_for(after.as_ref(), name) => {
            aliased(inventory, pending, name, &target, before, after)
        }
        (Some(target), None) if stands_for(before.unit.as_ref(), name) => {
            unaliased(inventory, pending, name, &target, before, after)
        }
        _ => defined(inventory, pending, name, before.unit, after).into_iter().collect(),
    }
}

/// The unit that `state` under `name` makes a further name of.
fn alias_of(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    state: &FileState,
) -> Option<UnitName> {
    let FileState::Symlink(link) = state else { return None };
    inventory.alias_target(pending.scope, &pending.directory.path, name, &link.target)
}

/// Whether `unit`, found under `name`, goes by another name.
fn stands_for(unit: Option<&EffectiveUnit>, name: &UnitName) -> bool {
    unit.is_some_and(|unit| unit.name != *name)
}

fn masked(
    pending: &Pending<'_>,
    name: &UnitName,
    before: Option<EffectiveUnit>,
    after: Option<EffectiveUnit>,
) -> UnitChange {
    let mut change = pending.change(name, Action::Masked, Mechanism::Mask);
    match before.as_ref().and_then(path_of) {
        Some(path) => change.add_note(&format!("hides {path}")),
        None => change.add_note("there was no unit of that name"),
    }
    match &pending.after {
        FileState::Regular(_) => change.add_note("by an empty file"),
        FileState::Special(_) => {
            change.add_note("by a device, which systemd passes over from version 250 on");
        }
        FileState::Symlink(link) if link.device => {
            change.add_note(&format!("by a link to the device {}", link.target));
        }
        FileState::Symlink(_) | FileState::Absent | FileState::Directory | FileState::Unreadable(_) => {}
    }
    if !pending.directory.persistent {
        change.add_note("until the next boot");
    }
    change.without_changes(before, after)
}

fn unmasked(
    pending: &Pending<'_>,
    name: &UnitName,
    before: Option<EffectiveUnit>,
    after: Option<EffectiveUnit>,
) -> UnitChange {
    let change = pending.change(name, Action::Unmasked, Mechanism::Mask);
    let note = match after.as_ref().and_then(path_of) {
        None => "no unit of that name is left".to_owned(),
        Some(path) if pending.after.is_absent() => format!("{path} counts again"),
        Some(path) => format!("{path} now defines it"),
    };
    change.noting(&note).without_changes(before, after)
}

/// `name` became a further name of `target`.
fn aliased(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    target: &UnitName,
    before: Before,
    after: Option<EffectiveUnit>,
) -> Vec<UnitChange> {
    if exists(before.unit.as_ref()) && !stands_for(before.unit.as_ref(), name) {
        // A unit of that name gave way: whoever starts it now starts another one.
        let hidden = before.unit.as_ref().and_then(path_of).unwrap_or_default();
        let note = format!("is now another name of {target}; overrides {hidden}");
        let change = pending.change(name, Action::Modified, Mechanism::AliasLink);
        return vec![change.noting(&note).between(before.unit, after)];
    }
    let main = after.as_ref().map_or(target, |unit| &unit.name).clone();
    let change = pending.change(&main, Action::Aliased, Mechanism::AliasLink);
    let mut changes = vec![
        change
            .noting(&format!("{name} is another name of it"))
            .without_changes(before.other.clone(), after.clone()),
    ];
    let now = inventory.effective(pending.scope, &main);
    if !is_enabled(before.other.as_ref()) && is_enabled(now.as_ref()) {
        let change = pending.change(&main, Action::Enabled, Mechanism::AliasLink);
        changes.push(change.noting(&format!("by its name {name}")).without_changes(before.other, now));
    }
    changes
}

/// `name` is no longer a further name of `target`.
fn unaliased(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    target: &UnitName,
    before: Before,
    after: Option<EffectiveUnit>,
) -> Vec<UnitChange> {
    let main = before.unit.as_ref().map_or(target, |unit| &unit.name).clone();
    let note = format!("was another name of {main}");
    let mut changes = Vec::new();
    if exists(after.as_ref()) {
        let path = after.as_ref().and_then(path_of).unwrap_or_default();
        let change = pending.change(name, Action::Modified, Mechanism::AliasLink);
        changes.push(change.noting(&note).noting(&format!("{path} counts now")).between(before.unit, after));
    } else {
        let change = pending.change(name, Action::Removed, Mechanism::AliasLink);
        changes.push(change.noting(&note).without_changes(before.unit, None));
    }
    let now = inventory.effective(pending.scope, &main);
    if is_enabled(before.other.as_ref()) && !is_enabled(now.as_ref()) {
        let change = pending.change(&main, Action::Disabled, Mechanism::AliasLink);
        changes.push(change.noting(&format!("it was by its name {name}")).without_changes(before.other, now));
    }
    changes
}

/// A file that defines a unit came, changed or went.
fn defined(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    before: Option<EffectiveUnit>,
    after: Option<EffectiveUnit>,
) -> Option<UnitChange> {
    let own = Inventory::path_in(pending.directory, name);
    let mechanism = if pending.before.is_null() || pending.after.is_null() {
        Mechanism::Mask
    } else if matches!(pending.after, FileState::Symlink(_)) && stands_for(after.as_ref(), name) {
        Mechanism::AliasLink
    } else {
        Mechanism::UnitFile
    };
    let change = match (exists(before.as_ref()), exists(after.as_ref())) {
        (false, false) => return None,
        (false, true) => {
            let mut change = pending.change(name, Action::Created, mechanism).between(before, after);
            if let FileState::Symlink(link) = &pending.after {
                change.add_note(&format!("its file lies outside of the unit directories: {}", link.target));
            }
            change
        }
        (true, false) => {
            let change = pending.change(name, Action::Removed, mechanism);
            let mut change = change.without_changes(before, after);
            if change.after.is_some() {
                change.add_note("its drop-ins or dependency links are still there, without effect");
            }
            change
        }
        (true, true) => match &pending.after {
            FileState::Symlink(link)
                if inventory.is_refused(pending.scope, &pending.directory.path, name, &link.target)
                    && before.as_ref().and_then(path_of) == after.as_ref().and_then(path_of) =>
            {
                let change = pending.change(name, Action::Modified, mechanism);
                let note =
                    format!("no effect: systemd does not take a link to {} as another name", link.target);
                change.noting(&note).without_changes(before, after)
            }
            _ => modified(pending, name, mechanism, &own, before, after),
        },
    };
    Some(if name.kind() == NameKind::Template {
        let instances = inventory.affected(pending.scope, &DropInOwner::Template(name.clone()));
        let instances = instances.into_iter().filter(|unit| unit != name).collect::<Vec<_>>();
        if instances.is_empty() { change } else { change.affecting(instances) }
    } else {
        change
    })
}

/// The unit was there before and still is.
fn modified(
    pending: &Pending<'_>,
    name: &UnitName,
    mechanism: Mechanism,
    own: &BString,
    before: Option<EffectiveUnit>,
    after: Option<EffectiveUnit>,
) -> UnitChange {
    let (old, new) = (before.as_ref().and_then(path_of), after.as_ref().and_then(path_of));
    let mut change = pending.change(name, Action::Modified, mechanism).between(before, after);
    match (old, new) {
        (Some(old), Some(new)) if old != new => {
            if new == *own {
                change.add_note(&format!("overrides {old}"));
            } else {
                change.add_note(&format!("{new} counts again"));
            }
        }
        (Some(old), Some(_)) if old != *own => {
            change.add_note(&format!("no effect: {old} has priority"));
            return change;
        }
        (None, Some(_)) => change.add_note("it consisted of drop-ins alone before"),
        _ => {}
    }
    if change.changes.is_empty() && change.note.is_none() {
        change.add_note(&pending.without_effect());
    }
    change
}

/// The path of a unit's main file.
fn path_of(unit: &EffectiveUnit) -> Option<BString> {
    unit.fragment.as_ref().map(|fragment| fragment.path.clone())
}
