//! A unit as its manager would load it: main file, drop-ins, dependency links and enablement put together.

use std::collections::BTreeMap;

use bstr::BString;

use super::drop_in::DropIn;
use super::loading::{Loading, place};
use super::lookup::{Found, Resolved};
use super::verify::refused;
use super::{FileState, Inventory};
use crate::model::Scope;
use crate::model::service::{Enablement, Setting};
use crate::systemd::command_line::ExecCommand;
use crate::systemd::location::{DependencyKind, DropInOwner};
use crate::systemd::name::UnitName;
use crate::systemd::search_path::Role;

/// A unit as its manager would load it from the files that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveUnit {
    /// Its main name, that of its main file; what was asked for may have been an alias.
    pub name: UnitName,
    /// For whom.
    pub scope: Scope,
    /// Whether it can be loaded.
    pub load: LoadState,
    /// Its main file; `None` when it consists of drop-ins.
    pub fragment: Option<Fragment>,
    /// Its drop-ins, in the order in which they are read.
    pub drop_ins: Vec<DropIn>,
    /// Its `Description=`, specifiers expanded.
    pub description: Option<String>,
    /// What all these say together.
    pub settings: Vec<Setting>,
    /// The programs that it runs, setting by setting.
    pub commands: Vec<ExecCommand>,
    /// Whether the manager starts it by itself, as `systemctl is-enabled` says.
    pub enablement: Enablement,
    /// Its further names.
    pub aliases: Vec<UnitName>,
    /// Units that links in its own `.wants` and the like directories pull in.
    pub pulls_in: Vec<DependencyLink>,
    /// Links by which others pull it in.
    pub pulled_in_by: Vec<DependencyLink>,
    /// What systemd does not take.
    pub problems: Vec<UnitProblem>,
}

/// Whether a unit can be loaded; the words are those of `systemctl show -p LoadState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LoadState {
    /// It can.
    Loaded,
    /// It has no main file and needs one.
    NotFound,
    /// It is masked.
    Masked,
    /// What its files say is refused.
    BadSetting,
    /// Its main file can't be read to the end.
    Error,
}

/// The main file of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Its path in the search path.
    pub path: BString,
    /// What the unit directory is for that it lies in.
    pub role: Role,
    /// Whether that outlives the boot.
    pub persistent: bool,
    /// Where it points to, if it is a link out of the search path.
    pub link_target: Option<BString>,
}

/// A link by which one unit pulls in another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DependencyLink {
    /// How.
    pub kind: DependencyKind,
    /// What pulls in: a unit, or a template, prefix or type whose units all do.
    pub source: String,
    /// What is pulled in.
    pub target: UnitName,
    /// The link's path.
    pub path: BString,
    /// Whether it pulls nothing in and only stands in the way of one with less priority: it is empty, points to
    /// /dev/null or is no link.
    pub masks: bool,
}

/// Something in a unit's files that systemd does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitProblem {
    /// The file.
    pub path: BString,
    /// The line, counted from 1; zero for the file as a whole.
    pub line: u32,
    /// What is wrong.
    pub text: String,
}

impl EffectiveUnit {
    /// The values of a setting; empty when it is not set.
    pub fn values(&self, section: &str, name: &str) -> &[String] {
        self.settings
            .iter()
            .find(|setting| setting.section == section && setting.name == name)
            .map_or(&[], |setting| setting.values.as_slice())
    }

    /// Its `Description=`, specifiers expanded.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The value of a setting that holds one.
    pub fn value(&self, section: &str, name: &str) -> Option<&str> {
        self.values(section, name).last().map(String::as_str)
    }
}

impl Inventory {
    /// The unit that `name` stands for, as `scope`'s manager would load it; `None` when nothing names it: no main
    /// file, and neither drop-ins nor dependency links that are for it or its template alone.
    pub fn effective(&self, scope: Scope, name: &UnitName) -> Option<EffectiveUnit> {
        let facts = &self.managers.get(&scope)?.facts;
        let (id, file, broken) = match self.resolve(scope, name) {
            Resolved::Found { id, file } => (id, Some(file), None),
            Resolved::NotFound => (name.clone(), None, None),
            Resolved::Dangling => (name.clone(), None, Some(LoadState::NotFound)),
            Resolved::Loop => (name.clone(), None, Some(LoadState::Error)),
        };
        if file.is_none() && broken.is_none() && !self.has_own_files(scope, &id) {
            return None;
        }
        let aliases = if file.is_some() { self.aliases(scope, &id) } else { Vec::new() };
        let drop_ins = self.drop_ins(scope, &id, &aliases);
        let fragment = file.map(Fragment::of);
        let mut loading =
            Loading::new(self, &id, facts, file, fragment.as_ref().map(|fragment| fragment.path.as_ref()));
        loading.read(&drop_ins);
        let load = broken.unwrap_or(loading.state);
        let enablement = self.enablement(scope, name, &loading.install());
        let (description, places) = (loading.description(), loading.places());
        let problems = std::mem::take(&mut loading.problems);
        let (settings, mut commands) = loading.merger.finish();
        place(&mut commands, &places, &settings);
        let mut unit = EffectiveUnit {
            description,
            scope,
            load,
            fragment,
            drop_ins: drop_ins.into_iter().map(|(drop_in, _)| drop_in).collect(),
            settings,
            commands,
            enablement,
            pulls_in: self.pulls_in(scope, &id, &aliases),
            pulled_in_by: self.pulled_in_by(scope, &id, &aliases),
            problems,
            aliases,
            name: id,
        };
        if unit.load == LoadState::Loaded
            && let Some(text) = refused(&unit)
        {
            unit.load = LoadState::BadSetting;
            let path = unit.fragment.as_ref().map(|fragment| fragment.path.clone()).unwrap_or_default();
            unit.problems.push(UnitProblem { path, line: 0, text: text.to_owned() });
        }
        Some(unit)
    }

    /// What one drop-in says by itself, as if it were all there is of a unit `name`; `None` when it can't be read.
    pub(in crate::systemd) fn alone(
        &self,
        scope: Scope,
        name: &UnitName,
        state: &FileState,
    ) -> Option<EffectiveUnit> {
        state.content()?;
        let facts = &self.managers.get(&scope)?.facts;
        let mut loading = Loading::new(self, name, facts, None, None);
        loading.read_file(&BString::default(), state, true);
        let (description, places) = (loading.description(), loading.places());
        let (settings, mut commands) = loading.merger.finish();
        place(&mut commands, &places, &settings);
        Some(EffectiveUnit {
            name: name.clone(),
            description,
            scope,
            load: LoadState::NotFound,
            fragment: None,
            drop_ins: Vec::new(),
            settings,
            commands,
            enablement: Enablement::Absent,
            aliases: Vec::new(),
            pulls_in: Vec::new(),
            pulled_in_by: Vec::new(),
            problems: loading.problems,
        })
    }

    /// Whether the directories for `source` pull `target` in: the first with a link of that name decides.
    pub(in crate::systemd) fn is_pulled(
        &self,
        scope: Scope,
        source: &DropInOwner,
        kind: DependencyKind,
        target: &UnitName,
    ) -> bool {
        let mut links = self
            .ranked(scope)
            .filter_map(|(_, directory)| directory.dependency(kind, source.as_str(), target));
        links.next().is_some_and(pulls)
    }

    /// Whether drop-ins or dependency links name `id` or its template.
    fn has_own_files(&self, scope: Scope, id: &UnitName) -> bool {
        let template = id.template();
        let names = [Some(id), template.as_ref()];
        self.ranked(scope).any(|(_, directory)| {
            names.into_iter().flatten().any(|name| directory.has_directories_of(name.as_str()))
        })
    }

    /// The links in the unit's own `.wants` and the like directories, found as drop-ins are.
    fn pulls_in(&self, scope: Scope, id: &UnitName, aliases: &[UnitName]) -> Vec<DependencyLink> {
        let mut found: BTreeMap<(DependencyKind, UnitName), DependencyLink> = BTreeMap::new();
        let own = std::iter::once(id).chain(aliases).map(UnitName::drop_in_names);
        for owners in own.chain([vec![id.unit_type().as_str().to_owned()]]) {
            for (_, directory) in self.ranked(scope) {
                for (owner, kind) in
                    owners.iter().flat_map(|owner| DependencyKind::ALL.map(|kind| (owner, kind)))
                {
                    for (target, state) in directory.dependencies(kind, owner) {
                        found.entry((kind, target.clone())).or_insert_with(|| DependencyLink {
                            kind,
                            source: owner.clone(),
                            target: target.clone(),
                            path: directory.path_of(&format!("{owner}.{kind}/{target}")),
                            masks: !pulls(state),
                        });
                    }
                }
            }
        }
        found.into_values().collect()
    }

    /// The links in others' `.wants` and the like directories that carry one of the unit's names.
    fn pulled_in_by(&self, scope: Scope, id: &UnitName, aliases: &[UnitName]) -> Vec<DependencyLink> {
        let mut found = Vec::new();
        for (_, directory) in self.ranked(scope) {
            for name in std::iter::once(id).chain(aliases) {
                found.extend(directory.sources(name).map(|(kind, source, state)| DependencyLink {
                    kind,
                    source: source.to_owned(),
                    target: name.clone(),
                    path: directory.path_of(&format!("{source}.{kind}/{name}")),
                    masks: !pulls(state),
                }));
            }
        }
        found
    }
}

/// Whether what stands in a `.wants` or the like directory pulls a unit in (`process_deps`).
pub(super) fn pulls(state: &FileState) -> bool {
    matches!(state, FileState::Symlink(_)) && !state.is_null()
}

impl Fragment {
    fn of(found: Found<'_>) -> Self {
        Self {
            path: found.directory.path_of(found.name.as_str()),
            role: found.directory.role(),
            persistent: found.directory.facts.persistent,
            link_target: match found.state {
                FileState::Symlink(link) => Some(link.target.clone()),
                _ => None,
            },
        }
    }
}
