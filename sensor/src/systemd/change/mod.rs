//! What the change of one file means for units: created, modified, masked, enabled and so on.
//!
//! One file's change is one unit's change, with one exception: a link that `[Install]` asks for by `Alias=` both gives
//! a name and enables.

mod dependency;
mod drop_in;
mod fragment;
#[cfg(test)]
mod tests;

use bstr::BStr;

use super::directive::{Rule, directive};
use super::inventory::{EffectiveUnit, FileChange, FileState, Inventory, LoadState};
use super::location::Location;
use super::name::UnitName;
use super::search_path::{Role, UnitDirectory};
use super::text_diff::text_diff;
use super::unit::ProblemKind;
use crate::model::service::{Enablement, Setting};
use crate::model::{Action, Change, Mechanism, Scope, TextDiff};

/// How many of the units that a drop-in touches are named.
pub const AFFECTED_MAX: usize = 20;

/// A file's change and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// What happened to the file.
    pub file: FileChange,
    /// What that means; nothing when no unit is, was or becomes of it.
    pub units: Vec<UnitChange>,
}

/// What happened to one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitChange {
    /// The unit's name. For a drop-in of many units that of its directory: `foo-.service`, `service`.
    pub unit: String,
    /// For whom.
    pub scope: Scope,
    /// What happened.
    pub action: Action,
    /// By which way.
    pub mechanism: Mechanism,
    /// The unit before; `None` when there was none. For a drop-in of many units, what it says by itself.
    pub before: Option<EffectiveUnit>,
    /// The unit after.
    pub after: Option<EffectiveUnit>,
    /// The settings that changed; none for masks, links and changes without effect.
    pub changes: Vec<Change>,
    /// What a reader must know besides, as sentences without full stops, joined by semicolons.
    pub note: Option<String>,
    /// The units that a drop-in of many units touches, the first [`AFFECTED_MAX`] in order.
    pub affected: Vec<UnitName>,
    /// How many there are in all.
    pub affected_count: usize,
}

/// Takes in what now stands at `path` below the unit directory `directory`, and tells what that means.
///
/// `None` when nothing changed or the path means nothing to systemd.
pub fn observe(
    inventory: &mut Inventory,
    directory: &BStr,
    path: &BStr,
    state: FileState,
) -> Option<Observed> {
    let facts = inventory.locate_directory(directory)?.clone();
    let scope = inventory.scope_of(&facts)?;
    let location = Location::classify(path);
    let pending = Pending {
        scope,
        directory: &facts,
        before: inventory.get(directory, path).clone(),
        after: state.clone(),
    };
    if pending.before == state {
        return None;
    }
    let (file, units) = match &location {
        Location::Fragment(name) => {
            let before = fragment::look(inventory, &pending, name);
            let file = inventory.apply(directory, path, state)?;
            let units = fragment::tell(inventory, &pending, name, before);
            (file, units)
        }
        Location::DropIn { owner, file: name } => {
            let before = drop_in::look(inventory, &pending, owner);
            let file = inventory.apply(directory, path, state)?;
            let units = drop_in::tell(inventory, &pending, owner, name.as_ref(), before);
            (file, units)
        }
        Location::Dependency { source, kind, target } => {
            let before = dependency::look(inventory, &pending, source, *kind, target);
            let file = inventory.apply(directory, path, state)?;
            let units = dependency::tell(inventory, &pending, source, *kind, target, before);
            (file, units)
        }
        Location::DropInDirectory(_) | Location::DependencyDirectory(..) | Location::NotAUnit(_) => {
            return None;
        }
    };
    Some(Observed { file, units })
}

/// The same for a whole path; `None` also when it lies in no unit directory.
pub fn observe_path(inventory: &mut Inventory, path: &BStr, state: FileState) -> Option<Observed> {
    let (directory, rest) = inventory.locate(path)?;
    let directory = directory.path.clone();
    observe(inventory, directory.as_ref(), rest, state)
}

/// A file's change before and while it is taken in.
struct Pending<'a> {
    scope: Scope,
    directory: &'a UnitDirectory,
    before: FileState,
    after: FileState,
}

impl Pending<'_> {
    /// The way by which a change in this directory came, where it is not told by the directory itself.
    fn mechanism(&self, other: Mechanism) -> Mechanism {
        match self.directory.role {
            Role::Generator | Role::GeneratorEarly | Role::GeneratorLate => Mechanism::Generator,
            Role::Transient => Mechanism::Transient,
            Role::Control
            | Role::Admin
            | Role::Attached
            | Role::Runtime
            | Role::UserData
            | Role::Local
            | Role::Vendor => other,
        }
    }

    /// A change of `unit` without anything else said yet.
    fn change(&self, unit: &impl ToString, action: Action, mechanism: Mechanism) -> UnitChange {
        UnitChange {
            unit: unit.to_string(),
            scope: self.scope,
            action,
            mechanism: self.mechanism(mechanism),
            before: None,
            after: None,
            changes: Vec::new(),
            note: None,
            affected: Vec::new(),
            affected_count: 0,
        }
    }

    /// Why a change of this file does not change what the unit says, when the file itself is read for it.
    fn without_effect(&self) -> String {
        match (self.before.file(), self.after.file()) {
            (Some(before), Some(after)) if before.same_content(after) => {
                let mut what = Vec::new();
                if before.mode != after.mode {
                    what.push(format!("mode {:04o} became {:04o}", before.mode, after.mode));
                }
                if (before.uid, before.gid) != (after.uid, after.gid) {
                    let (old, new) = ((before.uid, before.gid), (after.uid, after.gid));
                    what.push(format!("owner {}:{} became {}:{}", old.0, old.1, new.0, new.1));
                }
                if what.is_empty() {
                    "no effect: the content is the same".to_owned()
                } else {
                    format!("no effect on what the unit says: {}", what.join(", "))
                }
            }
            _ => "no effect: no setting changed, only comments, white space, order or what is ignored"
                .to_owned(),
        }
    }
}

impl UnitChange {
    /// Adds the units before and after, and the settings that differ.
    fn between(mut self, before: Option<EffectiveUnit>, after: Option<EffectiveUnit>) -> Self {
        self.changes = setting_changes(settings_of(before.as_ref()), settings_of(after.as_ref()));
        for text in after.as_ref().into_iter().flat_map(|unit| [refusal(unit), incomplete(unit)]).flatten() {
            self.add_note(&text);
        }
        self.before = before;
        self.after = after;
        self
    }

    /// Adds the units before and after without comparing them.
    fn without_changes(mut self, before: Option<EffectiveUnit>, after: Option<EffectiveUnit>) -> Self {
        self.before = before;
        self.after = after;
        self
    }

    fn noting(mut self, note: &str) -> Self {
        self.add_note(note);
        self
    }

    fn add_note(&mut self, text: &str) {
        match &mut self.note {
            Some(note) => {
                note.push_str("; ");
                note.push_str(text);
            }
            None => self.note = Some(text.to_owned()),
        }
    }

    /// Names the units that are touched.
    fn affecting(mut self, units: Vec<UnitName>) -> Self {
        self.affected_count = units.len();
        self.affected = units;
        self.affected.truncate(AFFECTED_MAX);
        let names: Vec<&str> = self.affected.iter().map(UnitName::as_str).collect();
        let note = match (self.affected_count, self.affected_count.saturating_sub(names.len())) {
            (0, _) => "touches no known unit".to_owned(),
            (1, _) => format!("touches {}", names.join(", ")),
            (count, 0) => format!("touches {count} known units: {}", names.join(", ")),
            (count, more) => format!("touches {count} known units: {} and {more} more", names.join(", ")),
        };
        self.add_note(&note);
        self
    }
}

impl FileChange {
    /// Whether what a reader of the file gets is another content than before.
    pub fn content_changed(&self) -> bool {
        match (self.before.file(), self.after.file()) {
            (Some(before), Some(after)) => !before.same_content(after),
            (before, after) => before.is_some() || after.is_some(),
        }
    }

    /// The difference of the texts before and after; `None` when neither is a file's.
    pub fn diff(&self) -> Option<TextDiff> {
        if self.before.file().is_none() && self.after.file().is_none() {
            return None;
        }
        let text = |state: &FileState| state.content().map(<[u8]>::to_vec).unwrap_or_default();
        Some(text_diff(&text(&self.before), &text(&self.after)))
    }
}

/// The settings that differ, in the order of `before`, new ones last.
pub fn setting_changes(before: &[Setting], after: &[Setting]) -> Vec<Change> {
    let find = |settings: &[Setting], like: &Setting| {
        settings
            .iter()
            .find(|setting| setting.section == like.section && setting.name == like.name)
            .map(|setting| setting.values.clone())
            .unwrap_or_default()
    };
    let new = after.iter().filter(|setting| find(before, setting).is_empty());
    before
        .iter()
        .chain(new)
        .map(|setting| Change {
            section: setting.section.clone(),
            name: setting.name.clone(),
            before: find(before, setting),
            after: find(after, setting),
        })
        .filter(|change| change.before != change.after && !only_order_differs(change))
        .collect()
}

/// Whether a change is only one of the order of dependencies, in which order means nothing.
fn only_order_differs(change: &Change) -> bool {
    let sorted = |values: &[String]| {
        let mut values = values.to_vec();
        values.sort_unstable();
        values
    };
    directive(&change.section, &change.name).is_some_and(|directive| directive.rule == Rule::Dependencies)
        && sorted(&change.before) == sorted(&change.after)
}

fn settings_of(unit: Option<&EffectiveUnit>) -> &[Setting] {
    unit.map_or(&[], |unit| unit.settings.as_slice())
}

/// What is wrong with a unit that systemd can't load as it stands; `None` when it can.
fn refusal(unit: &EffectiveUnit) -> Option<String> {
    match unit.load {
        LoadState::Loaded | LoadState::Masked | LoadState::NotFound => None,
        LoadState::BadSetting | LoadState::Error => {
            let why = unit
                .problems
                .last()
                .map_or("what it points to does not exist", |problem| problem.text.as_str());
            Some(format!("systemd refuses the unit as it stands: {why}"))
        }
    }
}

/// What was not looked at of a unit's files, though systemd reads it; `None` when all was.
fn incomplete(unit: &EffectiveUnit) -> Option<String> {
    let cut = [ProblemKind::FileTooLarge, ProblemKind::TooManyAssignments].map(|kind| kind.to_string());
    let problem = unit.problems.iter().find(|problem| cut.contains(&problem.text))?;
    Some(format!("{} is not known in full: {}", problem.path, problem.text))
}

/// Whether the manager starts such a unit by itself.
fn is_enabled(unit: Option<&EffectiveUnit>) -> bool {
    unit.is_some_and(|unit| matches!(unit.enablement, Enablement::Enabled | Enablement::EnabledRuntime))
}

/// Whether there is a unit that a main file defines, or that needs none.
fn exists(unit: Option<&EffectiveUnit>) -> bool {
    unit.is_some_and(|unit| unit.fragment.is_some() || unit.load == LoadState::Loaded)
}

fn is_masked(unit: Option<&EffectiveUnit>) -> bool {
    unit.is_some_and(|unit| unit.load == LoadState::Masked)
}

impl Inventory {
    /// The facts of a directory that some manager reads.
    fn locate_directory(&self, directory: &BStr) -> Option<&UnitDirectory> {
        self.scopes()
            .filter_map(|scope| self.search_path(scope))
            .flat_map(|path| &path.directories)
            .find(|candidate| candidate.path == directory)
    }

    /// Whose view a change in `directory` is told in: that of its own scope, or else of the first that reads it.
    fn scope_of(&self, directory: &UnitDirectory) -> Option<Scope> {
        if self.search_path(directory.scope).is_some() {
            return Some(directory.scope);
        }
        self.scopes().find(|scope| {
            self.search_path(*scope)
                .is_some_and(|path| path.directories.iter().any(|candidate| candidate.path == directory.path))
        })
    }

    /// The known units of `scope` that `owner`'s drop-ins are read for, those of the directory's own name included.
    fn affected(&self, scope: Scope, owner: &super::location::DropInOwner) -> Vec<UnitName> {
        self.units(scope).into_iter().filter(|unit| owner.applies_to(unit)).collect()
    }
}
