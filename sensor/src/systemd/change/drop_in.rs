//! Changes of drop-ins: of one unit, or of all that a template, a prefix or a type covers.

use bstr::BStr;

use super::{Pending, UnitChange, exists};
use crate::model::{Action, Mechanism};
use crate::systemd::inventory::{EffectiveUnit, FileState, Inventory};
use crate::systemd::location::DropInOwner;
use crate::systemd::name::UnitName;

/// Looks at the unit that a drop-in of `owner` touches; `None` for prefixes and types.
pub(super) fn look(
    inventory: &Inventory,
    pending: &Pending<'_>,
    owner: &DropInOwner,
) -> Option<EffectiveUnit> {
    match owner {
        DropInOwner::Unit(name) | DropInOwner::Template(name) => inventory.effective(pending.scope, name),
        DropInOwner::Prefix(_) | DropInOwner::Type(_) => None,
    }
}

/// Tells what the change meant, now that it is taken in.
pub(super) fn tell(
    inventory: &Inventory,
    pending: &Pending<'_>,
    owner: &DropInOwner,
    file: &BStr,
    before: Option<EffectiveUnit>,
) -> Vec<UnitChange> {
    let change = match owner {
        DropInOwner::Unit(name) => of_unit(inventory, pending, name, file, before),
        DropInOwner::Template(name) => {
            let change = of_unit(inventory, pending, name, file, before);
            let instances = inventory.affected(pending.scope, owner).into_iter().filter(|unit| unit != name);
            change.affecting(instances.collect())
        }
        DropInOwner::Prefix(name) => of_many(inventory, pending, owner, name),
        DropInOwner::Type(unit_type) => match UnitName::parse(format!("-.{unit_type}")) {
            Ok(name) => of_many(inventory, pending, owner, &name),
            Err(_) => return Vec::new(),
        },
    };
    vec![change]
}

/// A drop-in of one unit.
fn of_unit(
    inventory: &Inventory,
    pending: &Pending<'_>,
    name: &UnitName,
    file: &BStr,
    before: Option<EffectiveUnit>,
) -> UnitChange {
    let after = inventory.effective(pending.scope, name);
    let either = after.as_ref().or(before.as_ref());
    let main = either.map_or(name, |unit| &unit.name).clone();
    let is_masked = super::is_masked(after.as_ref());
    let (existed, there) = (exists(before.as_ref()), exists(after.as_ref()));
    let action = match (existed, there) {
        (false, true) => Action::Created,
        (true, false) => Action::Removed,
        _ => Action::Modified,
    };
    let winner = after.as_ref().and_then(|unit| {
        let named = |path: &BStr| path.rsplit(|&byte| byte == b'/').next() == Some(file);
        unit.drop_ins
            .iter()
            .find(|drop_in| named(BStr::new(&drop_in.path)))
            .map(|drop_in| drop_in.path.clone())
    });
    let own = Inventory::path_in(pending.directory, format!("{name}.d/{file}"));
    let mut change = pending.change(&main, action, Mechanism::DropIn).between(before, after);
    if !there && !existed {
        change.add_note("no effect: there is no unit of that name");
    } else if is_masked {
        change.add_note("no effect: the unit is masked");
    } else if change.changes.is_empty() && change.note.is_none() {
        match winner {
            Some(winner) if winner != own => change.add_note(&format!("no effect: {winner} has priority")),
            _ => change.add_note(&pending.without_effect()),
        }
    }
    change
}

/// A drop-in of many units: what it says by itself, and whom it touches.
fn of_many(inventory: &Inventory, pending: &Pending<'_>, owner: &DropInOwner, name: &UnitName) -> UnitChange {
    let alone = |state: &FileState| inventory.alone(pending.scope, name, state);
    let (before, after) = (alone(&pending.before), alone(&pending.after));
    let mut change = pending.change(owner, Action::Modified, Mechanism::DropIn).between(before, after);
    if change.changes.is_empty() && change.note.is_none() {
        change.add_note(&pending.without_effect());
    }
    change.affecting(inventory.affected(pending.scope, owner))
}
