//! The analytics: one file each, named by the behaviour that it finds.

/// The techniques of an analytic that judges command lines: every interpreter's and every manager's, and these.
macro_rules! command_techniques {
    ($($more:ident),*) => {
        &[
            $(&technique::$more,)*
            &technique::INTERPRETER,
            &technique::UNIX_SHELL,
            &technique::PYTHON,
            &technique::JAVASCRIPT,
            &technique::LUA,
            &technique::WINDOWS_SHELL,
            &technique::POWERSHELL,
            &technique::VISUAL_BASIC,
            &technique::SYSTEM_PROCESS,
            &technique::SYSTEMD_SERVICE,
            &technique::WINDOWS_SERVICE,
            &technique::LAUNCH_AGENT,
            &technique::LAUNCH_DAEMON,
        ]
    };
}

mod bits_service_abused;
mod descriptor_hides_service;
mod display_text_changed;
mod download_and_run;
mod driver_suspicious;
mod encoded_command;
mod environment_hijacks_loader;
mod executable_replaced;
mod execution_from_unusual_windows_path;
mod execution_from_writable_path;
mod failure_command_set;
mod generator_created;
mod hypervisor_service;
mod interpreter_one_liner;
mod look_alike_name;
mod mass_service_stop;
mod network_shell;
mod override_changes_execution;
mod performance_library_set;
mod pipe_impersonation;
mod program_writable_by_others;
mod recovery_service_impaired;
mod registry_written_by_odd_program;
mod remote_execution_tool;
mod remote_management_enabled;
mod remote_service_creation;
mod security_service_impaired;
mod service_program_changed;
mod short_lived_service;
mod transient_shell;
mod user_persistence;

use crate::model::finding::{Severity, Technique};
use crate::model::service::Manager;

use super::command::Command;
use super::subject::Subject;
use super::technique;
use super::verdict::Verdict;

/// A behaviour that deserves a look, and how it is found.
#[derive(Debug)]
pub struct Analytic {
    /// Its name: a behaviour in kebab-case. It never changes.
    pub name: &'static str,
    /// A title of a few words.
    pub title: &'static str,
    /// What it finds, as sentences.
    pub behaviour: &'static str,
    /// Why that is suspicious.
    pub suspicious: &'static str,
    /// What is known to cause it without harm.
    pub benign: &'static str,
    /// The managers whose services it judges.
    pub managers: &'static [Manager],
    /// Its lowest and its highest severity.
    pub severity: (Severity, Severity),
    /// Every technique that a finding of it may point to.
    pub techniques: &'static [&'static Technique],
    /// Finds it in an event.
    pub(super) judge: fn(&Subject<'_>) -> Vec<Verdict>,
}

/// Managers of Unix systems.
const UNIX: &[Manager] = &[Manager::Systemd, Manager::SysV, Manager::Launchd];
/// Managers of Linux.
const LINUX: &[Manager] = &[Manager::Systemd, Manager::SysV];
/// The manager of Windows.
const WINDOWS: &[Manager] = &[Manager::Scm];
/// All managers.
const EVERY: &[Manager] = &[Manager::Systemd, Manager::SysV, Manager::Scm, Manager::Launchd];

/// Judges each command line of a service that is created or changed; all of them are a way to persist.
fn each_command<'s>(
    subject: &'s Subject<'_>,
    judge: impl Fn(&'s Command<'s>) -> Option<Verdict>,
) -> Vec<Verdict> {
    if !subject.defines() {
        return Vec::new();
    }
    let persistence = technique::persistence(&subject.event.service);
    subject.commands().iter().filter_map(judge).map(|verdict| verdict.points_to(persistence)).collect()
}

/// Every analytic, in the order of their names.
pub static ALL: &[&Analytic] = &[
    &bits_service_abused::ANALYTIC,
    &descriptor_hides_service::ANALYTIC,
    &display_text_changed::ANALYTIC,
    &download_and_run::ANALYTIC,
    &driver_suspicious::ANALYTIC,
    &encoded_command::ANALYTIC,
    &environment_hijacks_loader::ANALYTIC,
    &executable_replaced::ANALYTIC,
    &execution_from_unusual_windows_path::ANALYTIC,
    &execution_from_writable_path::ANALYTIC,
    &failure_command_set::ANALYTIC,
    &generator_created::ANALYTIC,
    &hypervisor_service::ANALYTIC,
    &interpreter_one_liner::ANALYTIC,
    &look_alike_name::ANALYTIC,
    &mass_service_stop::ANALYTIC,
    &network_shell::ANALYTIC,
    &override_changes_execution::ANALYTIC,
    &performance_library_set::ANALYTIC,
    &pipe_impersonation::ANALYTIC,
    &program_writable_by_others::ANALYTIC,
    &recovery_service_impaired::ANALYTIC,
    &registry_written_by_odd_program::ANALYTIC,
    &remote_execution_tool::ANALYTIC,
    &remote_management_enabled::ANALYTIC,
    &remote_service_creation::ANALYTIC,
    &security_service_impaired::ANALYTIC,
    &service_program_changed::ANALYTIC,
    &short_lived_service::ANALYTIC,
    &transient_shell::ANALYTIC,
    &user_persistence::ANALYTIC,
];

/// The analytic of this name.
pub fn by_name(name: &str) -> Option<&'static Analytic> {
    ALL.iter().copied().find(|analytic| analytic.name == name)
}
