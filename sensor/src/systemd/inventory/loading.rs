//! Reading a unit's files: main file first, then drop-ins, up to where systemd stops.

use bstr::{BStr, BString};

use super::drop_in::DropIn;
use super::effective::{LoadState, UnitProblem};
use super::lookup::Found;
use super::verify::is_yes;
use super::{FileState, Inventory, SpecialKind};
use crate::model::Reason;
use crate::model::service::Setting;
use crate::systemd::command_line::{ExecCommand, ExecPlaces};
use crate::systemd::merge::Merger;
use crate::systemd::name::UnitName;
use crate::systemd::specifier::{ManagerFacts, SpecifierContext, expand};
use crate::systemd::unit::UnitFile;

/// How many problems of a unit are kept.
const PROBLEMS_MAX: usize = 100;

/// A unit while its files are read.
pub(super) struct Loading<'a> {
    inventory: &'a Inventory,
    file: Option<Found<'a>>,
    context: SpecifierContext<'a>,
    pub(super) merger: Merger<'a>,
    pub(super) state: LoadState,
    /// Whether a drop-in that has a say in enablement can't be read to the end.
    is_broken: bool,
    pub(super) problems: Vec<UnitProblem>,
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
    pub(super) fn new(
        inventory: &'a Inventory,
        id: &'a UnitName,
        facts: &'a ManagerFacts,
        file: Option<Found<'a>>,
        path: Option<&'a BStr>,
    ) -> Self {
        let context = SpecifierContext { unit: id, fragment: path, manager: facts };
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
    pub(super) fn read(&mut self, drop_ins: &[(DropIn, &'a FileState)]) {
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

    pub(super) fn read_file(&mut self, path: &BString, state: &FileState, installs: bool) -> Reading {
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

    pub(super) fn description(&self) -> Option<String> {
        self.merger.values("Unit", "Description").last().map(|text| expand(text, &self.context))
    }

    /// Where programs are looked for.
    pub(super) fn places(&self) -> ExecPlaces {
        let section = self.context.unit.unit_type().section().unwrap_or_default();
        let values =
            |name: &str| self.merger.values(section, name).iter().map(|text| expand(text, &self.context));
        let search =
            values("ExecSearchPath").flat_map(|list| list.split(':').map(str::to_owned).collect::<Vec<_>>());
        ExecPlaces {
            search: search.filter(|directory| directory.starts_with('/')).collect(),
            root: values("RootDirectory").next_back().filter(|root| root.starts_with('/')),
        }
    }

    /// What the files that were read say of enablement.
    pub(super) fn install(&self) -> Install {
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

/// Tells `commands` where their programs are looked for. A command with full privileges has the host's root, and with
/// `RootDirectoryStartOnly=` every one but those of `ExecStart=`.
pub(super) fn place(commands: &mut [ExecCommand], places: &ExecPlaces, settings: &[Setting]) {
    let start_only = settings.iter().any(|setting| {
        setting.name == "RootDirectoryStartOnly" && setting.values.last().is_some_and(|value| is_yes(value))
    });
    for command in commands {
        let on_host = command.flags.full_privileges || (start_only && command.setting != "ExecStart");
        command.places = ExecPlaces { root: places.root.clone().filter(|_| !on_host), ..places.clone() };
    }
}

/// How far a file could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
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
        FileState::Special(SpecialKind::Pipe) => "it is a pipe and no regular file",
        FileState::Special(SpecialKind::Socket) => "it is a socket and no regular file",
        FileState::Special(SpecialKind::Device) => "it is a device and no regular file",
        FileState::Symlink(_) => "what the link points to could not be read",
        FileState::Unreadable(Reason::TooLarge) => "the file is too large to be read",
        FileState::Unreadable(_) | FileState::Regular(_) => "the file could not be read",
    }
}
