//! Changes of links in `.wants`, `.requires` and `.upholds`: a unit is pulled in, or no longer.

use super::{Pending, UnitChange, exists};
use crate::model::{Action, Mechanism};
use crate::systemd::inventory::{EffectiveUnit, Inventory};
use crate::systemd::location::{DependencyKind, DropInOwner};
use crate::systemd::name::UnitName;

/// What was there before the change.
pub(super) struct Before {
    unit: Option<EffectiveUnit>,
    pulled: bool,
}

/// Looks at the unit that a link pulls in.
pub(super) fn look(
    inventory: &Inventory,
    pending: &Pending<'_>,
    source: &DropInOwner,
    kind: DependencyKind,
    target: &UnitName,
) -> Before {
    Before {
        unit: inventory.effective(pending.scope, target),
        pulled: inventory.is_pulled(pending.scope, source, kind, target),
    }
}

/// Tells what the change meant, now that it is taken in.
///
/// The action is that of the unit that is pulled in, even where another link does the same already.
pub(super) fn tell(
    inventory: &Inventory,
    pending: &Pending<'_>,
    source: &DropInOwner,
    kind: DependencyKind,
    target: &UnitName,
    before: Before,
) -> Vec<UnitChange> {
    let after = inventory.effective(pending.scope, target);
    let pulled = inventory.is_pulled(pending.scope, source, kind, target);
    let (action, note) = match (before.pulled, pulled) {
        (false, true) => (Action::Enabled, format!("pulled in by {source} ({kind})")),
        (true, false) if pending.after.is_absent() => {
            (Action::Disabled, format!("no longer pulled in by {source} ({kind})"))
        }
        (true, false) => {
            (Action::Disabled, format!("no longer pulled in by {source} ({kind}): hidden by a mask"))
        }
        (true, true) => (
            Action::Modified,
            format!(
                "no effect: pulled in by {source} ({kind}) all the same, as the link's name alone counts"
            ),
        ),
        (false, false) => (Action::Modified, format!("no effect: not pulled in by {source} ({kind})")),
    };
    let mut change = pending.change(target, action, Mechanism::DependencyLink).noting(&note);
    if !exists(after.as_ref()) {
        change.add_note("there is no unit of that name");
    } else if let Some(main) = after.as_ref().filter(|unit| unit.name != *target) {
        change.add_note(&format!("{target} is another name of {}", main.name));
    }
    if action == Action::Enabled && !pending.directory.persistent {
        change.add_note("until the next boot");
    }
    if let Some(units) = affected(inventory, pending, source) {
        change.add_note(&format!("known units that match {source}: {units}"));
    }
    vec![change.without_changes(before.unit, after)]
}

/// How many units pull in by a directory that is not for one alone.
fn affected(inventory: &Inventory, pending: &Pending<'_>, source: &DropInOwner) -> Option<usize> {
    match source {
        DropInOwner::Unit(_) => None,
        DropInOwner::Template(_) | DropInOwner::Prefix(_) | DropInOwner::Type(_) => {
            Some(inventory.affected(pending.scope, source).len())
        }
    }
}
