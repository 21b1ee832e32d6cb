//! A unit as its manager would load it: main file, drop-ins, dependency links and enablement put together.

use std::collections::BTreeMap;

use bstr::BString;

use super::drop_in::DropIn;
use super::lookup::{Found, Resolved};
use super::{FileState, Inventory};
use crate::model::service::{Enablement, Setting};
use crate::model::{Reason, Scope};
use crate::systemd::command_line::ExecCommand;
use crate::systemd::location::{DependencyKind, DropInOwner};
use crate::systemd::merge::Merger;
use crate::systemd::name::{UnitName, UnitType};
use crate::systemd::search_path::Role;
use crate::systemd::specifier::{ManagerFacts, SpecifierContext, expand};
use crate::systemd::unit::UnitFile;

/// How many problems of a unit are kept.
const PROBLEMS_MAX: usize = 100;

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
        let mut loading = Loading::new(self, &id, facts, file);
        loading.read(&drop_ins);
        let load = broken.unwrap_or(loading.state);
        let enablement = self.enablement(scope, name, &loading.install());
        let description = loading.description();
        let (settings, commands) = loading.merger.finish();
        let mut unit = EffectiveUnit {
            description,
            scope,
            load,
            fragment: file.map(Fragment::of),
            drop_ins: drop_ins.into_iter().map(|(drop_in, _)| drop_in).collect(),
            settings,
            commands,
            enablement,
            pulls_in: self.pulls_in(scope, &id, &aliases),
            pulled_in_by: self.pulled_in_by(scope, &id, &aliases),
            problems: loading.problems,
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
        let mut loading = Loading::new(self, name, facts, None);
        loading.read_file(&BString::default(), state, true);
        let description = loading.description();
        let (settings, commands) = loading.merger.finish();
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

/// A unit while its files are read.
struct Loading<'a> {
    inventory: &'a Inventory,
    file: Option<Found<'a>>,
    context: SpecifierContext<'a>,
    merger: Merger<'a>,
    state: LoadState,
    /// Whether a drop-in that has a say in enablement can't be read to the end.
    is_broken: bool,
    problems: Vec<UnitProblem>,
}

/// What `[Install]` sections say, as far as enablement depends on it.
#[derive(Debug, Default)]
pub(super) struct Install {
    /// `Alias=`, specifiers expanded.
    pub(super) aliases: Vec<String>,
    /// `DefaultInstance=`
    pub(super) default_instance: Option<String>,
    /// Whether anything can be done to enable it: `Alias=`, `WantedBy=` and their like.
    pub(super) has_rules: bool,
    /// Whether there is `Also=`.
    pub(super) has_also: bool,
    /// Whether the main file or such a drop-in can't be read to the end.
    pub(super) is_broken: bool,
}

impl<'a> Loading<'a> {
    fn new(
        inventory: &'a Inventory,
        id: &'a UnitName,
        facts: &'a ManagerFacts,
        file: Option<Found<'a>>,
    ) -> Self {
        let context = SpecifierContext { unit: id, fragment: None, manager: facts };
        let state = match file {
            None if id.unit_type().needs_fragment() => LoadState::NotFound,
            Some(found) if found.state.is_null() => LoadState::Masked,
            _ => LoadState::Loaded,
        };
        Self {
            inventory,
            file,
            context,
            merger: Merger::new(context),
            state,
            is_broken: false,
            problems: Vec::new(),
        }
    }

    /// Reads the main file and the drop-ins.
    fn read(&mut self, drop_ins: &[(DropIn, &'a FileState)]) {
        if let Some(found) = self.file.filter(|_| self.state != LoadState::Masked) {
            let path = found.directory.path_of(found.name.as_str());
            match self.read_file(&path, found.state, true) {
                Reading::Whole => {}
                Reading::CutShort => self.state = LoadState::Error,
                Reading::Refused => self.state = LoadState::BadSetting,
            }
        }
        if self.state == LoadState::Masked {
            return;
        }
        for (drop_in, state) in drop_ins.iter().filter(|(drop_in, _)| !drop_in.masks) {
            // Only drop-ins of the unit's own name and of its template have a say in enablement.
            let id = self.context.unit;
            let installs =
                drop_in.owner == id.as_str() || id.template().is_some_and(|t| drop_in.owner == t.as_str());
            // What systemd can't read of a drop-in, it leaves out; the unit is loaded all the same.
            let reading = self.read_file(&drop_in.path, state, installs);
            self.is_broken |= installs && reading == Reading::CutShort;
        }
    }

    fn read_file(&mut self, path: &BString, state: &FileState, installs: bool) -> Reading {
        let Some(content) = self.inventory.behind(path, state).content() else {
            self.problem(path, 0, unreadable(state).to_owned());
            return Reading::CutShort;
        };
        let file = UnitFile::parse(content);
        for problem in &file.problems {
            self.problem(path, problem.line, problem.kind.to_string());
        }
        let mut reading = if file.is_cut_short() { Reading::CutShort } else { Reading::Whole };
        for refusal in self.merger.apply(&file, installs) {
            if refusal.fatal {
                reading = Reading::Refused;
            }
            self.problem(path, refusal.line, refusal.text);
        }
        reading
    }

    fn problem(&mut self, path: &BString, line: u32, text: String) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(UnitProblem { path: path.clone(), line, text });
        }
    }

    fn description(&self) -> Option<String> {
        self.merger.values("Unit", "Description").last().map(|text| expand(text, &self.context))
    }

    /// What the files that were read say of enablement.
    fn install(&self) -> Install {
        let values = |name: &str| self.merger.values("Install", name);
        let has_any = |names: &[&str]| names.iter().any(|name| !values(name).is_empty());
        Install {
            aliases: values("Alias").iter().map(|alias| expand(alias, &self.context)).collect(),
            default_instance: values("DefaultInstance")
                .last()
                .map(|instance| expand(instance, &self.context)),
            has_rules: has_any(&["Alias", "WantedBy", "RequiredBy", "UpheldBy"]),
            has_also: has_any(&["Also"]),
            is_broken: self.is_broken || self.state == LoadState::Error,
        }
    }
}

/// How far a file could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// To the end.
    Whole,
    /// To a line that is no text or no section, or not at all.
    CutShort,
    /// To an assignment that systemd refuses.
    Refused,
}

/// Why a file can't be read, in words.
fn unreadable(state: &FileState) -> &'static str {
    match state {
        FileState::Absent => "the file does not exist",
        FileState::Directory => "it is a directory",
        FileState::Special(_) => "it is no regular file",
        FileState::Symlink(_) => "what the link points to could not be read",
        FileState::Unreadable(Reason::TooLarge) => "the file is too large to be read",
        FileState::Unreadable(_) | FileState::Regular(_) => "the file could not be read",
    }
}

/// Why systemd would refuse a unit as a whole, though it takes each setting; `None` when it does not
/// (`service_verify` and its like).
fn refused(unit: &EffectiveUnit) -> Option<&'static str> {
    let has = |section: &str, names: &dyn Fn(&str) -> bool| {
        unit.settings.iter().any(|setting| setting.section == section && names(&setting.name))
    };
    match unit.name.unit_type() {
        UnitType::Service => refused_service(unit),
        UnitType::Socket if !has("Socket", &|name| name.starts_with("Listen")) => {
            Some("the socket has no Listen setting")
        }
        UnitType::Timer if !has("Timer", &|name| name.starts_with("On")) => {
            Some("the timer has no time to elapse")
        }
        UnitType::Path if !has("Path", &|name| name.starts_with("Path") || name == "DirectoryNotEmpty") => {
            Some("the path unit has no path to watch")
        }
        _ => None,
    }
}

/// The same for services.
fn refused_service(unit: &EffectiveUnit) -> Option<&'static str> {
    let count = |setting: &str| unit.commands.iter().filter(|command| command.setting == setting).count();
    let (start, stop) = (count("ExecStart"), count("ExecStop"));
    let action = unit.value("Unit", "SuccessAction").is_some_and(|action| action != "none");
    let default_type = if unit.value("Service", "BusName").is_some() { "dbus" } else { "simple" };
    let service_type =
        unit.value("Service", "Type").unwrap_or(if start == 0 { "oneshot" } else { default_type });
    let remains = unit.value("Service", "RemainAfterExit").is_some_and(|value| {
        matches!(value.to_ascii_lowercase().as_str(), "1" | "yes" | "y" | "true" | "t" | "on")
    });
    if start == 0 && stop == 0 && !action {
        Some("the service has neither ExecStart= nor ExecStop= nor SuccessAction=")
    } else if service_type != "oneshot" && start == 0 {
        Some("the service has no ExecStart=, which only Type=oneshot may lack")
    } else if start == 0 && !remains && !action {
        Some("the service has no ExecStart= and no RemainAfterExit=yes")
    } else if service_type != "oneshot" && start > 1 {
        Some("the service has more than one ExecStart=, which only Type=oneshot may have")
    } else {
        None
    }
}
