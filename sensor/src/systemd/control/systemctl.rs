//! systemctl(1).

use super::options::{Parsed, Syntax};
use super::{ControlAction, ControlRequest, Tool, unit_name};
use crate::systemd::name::UnitType;

const SYNTAX: Syntax = Syntax {
    short: "ht:p:P:alqfs:H:M:n:o:iTrvC:",
    flags: &[
        "help",
        "version",
        "all",
        "recursive",
        "reverse",
        "after",
        "before",
        "with-dependencies",
        "full",
        "value",
        "show-types",
        "show-transaction",
        "fail",
        "dry-run",
        "quiet",
        "no-block",
        "wait",
        "user",
        "system",
        "failed",
        "no-wall",
        "global",
        "no-reload",
        "no-ask-password",
        "force",
        "now",
        "runtime",
        "firmware-setup",
        "plain",
        "mkdir",
        "marked",
        "read-only",
        "no-pager",
        "no-legend",
        "no-warn",
        "irreversible",
        "ignore-dependencies",
        "stdin",
        "verbose",
    ],
    valued: &[
        "type",
        "state",
        "property",
        "job-mode",
        "check-inhibitors",
        "kill-whom",
        "kill-who",
        "kill-value",
        "signal",
        "what",
        "message",
        "root",
        "image",
        "image-policy",
        "preset-mode",
        "lines",
        "output",
        "boot-loader-menu",
        "boot-loader-entry",
        "reboot-argument",
        "timestamp",
        "host",
        "machine",
        "legend",
        "drop-in",
        "when",
        "capsule",
        "kill-subgroup",
    ],
    stops: false,
};

/// Options that are kept by name.
const OTHERS: &[(&str, &str)] = &[
    ("signal", "signal"),
    ("s", "signal"),
    ("kill-whom", "kill-whom"),
    ("kill-who", "kill-whom"),
    ("what", "what"),
    ("preset-mode", "preset-mode"),
    ("drop-in", "drop-in"),
    ("stdin", "stdin"),
    ("job-mode", "job-mode"),
    ("when", "when"),
    ("message", "message"),
];

/// What the operands of a verb are.
#[derive(Clone, Copy)]
enum Operands {
    /// Units, with the suffix that is assumed.
    Units(UnitType),
    /// Units or paths of unit files.
    Files,
    /// A unit, and then something else.
    OneUnit,
    /// A target, and then units.
    TargetAndUnits,
    /// No units.
    None,
}

/// Reads the arguments of a run of systemctl.
pub(super) fn parse(arguments: &[String]) -> ControlRequest {
    let parsed = SYNTAX.parse(arguments);
    let (verb, operands) = match parsed.operands.split_first() {
        Some((verb, operands)) => (verb.as_str(), operands),
        None => ("list-units", [].as_slice()),
    };
    let (action, kind) = meaning(verb, operands);
    let mut request = ControlRequest::new(Tool::Systemctl, verb, action);
    take_operands(&mut request, kind, operands);
    finish(&mut request, &parsed);
    request
}

/// Reads a run of systemctl under one of its other names, such as `reboot`. Options mean other things there.
pub(super) fn by_other_name(name: &str, arguments: &[String]) -> ControlRequest {
    let action = if name == "runlevel" { ControlAction::Query } else { ControlAction::Power };
    let mut request = ControlRequest::new(Tool::Systemctl, name, action);
    // `shutdown -k` only warns; `--wtmp-only` only writes a record.
    request.read_only |= arguments.iter().any(|argument| match argument.as_str() {
        "--help" | "--wtmp-only" => true,
        "-k" => name == "shutdown",
        "-w" => name != "shutdown",
        _ => false,
    });
    request.operands = arguments.iter().filter(|argument| !argument.starts_with('-')).cloned().collect();
    request
}

fn finish(request: &mut ControlRequest, parsed: &Parsed) {
    parsed.share(request, OTHERS);
    if request.options.now {
        request.also = match request.action {
            ControlAction::Enable | ControlAction::Preset => Some(ControlAction::Start),
            ControlAction::Disable | ControlAction::Mask => Some(ControlAction::Stop),
            _ => None,
        };
    }
    if request.options.dry_run && matches!(request.action, ControlAction::Power | ControlAction::Isolate) {
        request.read_only = true;
    }
}

fn take_operands(request: &mut ControlRequest, kind: Operands, operands: &[String]) {
    match kind {
        Operands::Units(suffix) => {
            request.units = operands.iter().map(|name| unit_name(name, suffix)).collect();
        }
        Operands::Files => request.units = operands.iter().map(|name| file_or_unit(name)).collect(),
        Operands::OneUnit => {
            if let Some((unit, rest)) = operands.split_first() {
                request.units = vec![unit_name(unit, UnitType::Service)];
                request.operands = rest.to_vec();
            }
        }
        Operands::TargetAndUnits => {
            if let Some((target, units)) = operands.split_first() {
                request.operands = vec![unit_name(target, UnitType::Target)];
                request.units = units.iter().map(|name| file_or_unit(name)).collect();
            }
        }
        Operands::None => request.operands = operands.to_vec(),
    }
}

/// A path stays one: `systemctl enable /opt/x.service` links the file first.
fn file_or_unit(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { unit_name(name, UnitType::Service) }
}

/// What a verb comes to, and what its operands are.
fn meaning(verb: &str, operands: &[String]) -> (ControlAction, Operands) {
    use ControlAction as Action;
    const SERVICES: Operands = Operands::Units(UnitType::Service);
    let reads_without_value = |values: usize| {
        if operands.len() < values { Action::Query } else { Action::SetManager }
    };
    match verb {
        "start" => (Action::Start, SERVICES),
        "stop" | "condstop" => (Action::Stop, SERVICES),
        "restart"
        | "try-restart"
        | "condrestart"
        | "reload-or-restart"
        | "try-reload-or-restart"
        | "force-reload"
        | "reload-or-try-restart" => (Action::Restart, SERVICES),
        "reload" | "condreload" => (Action::Reload, SERVICES),
        "isolate" => (Action::Isolate, Operands::Units(UnitType::Target)),
        "kill" => (Action::Kill, SERVICES),
        "clean" => (Action::Clean, SERVICES),
        "freeze" => (Action::Freeze, SERVICES),
        "thaw" => (Action::Thaw, SERVICES),
        "reset-failed" => (Action::ResetFailed, SERVICES),
        "enable" | "reenable" => (Action::Enable, Operands::Files),
        "disable" => (Action::Disable, Operands::Files),
        "preset" => (Action::Preset, Operands::Files),
        "preset-all" => (Action::Preset, Operands::None),
        "mask" => (Action::Mask, SERVICES),
        "unmask" => (Action::Unmask, SERVICES),
        "link" => (Action::Link, Operands::Files),
        "revert" => (Action::Revert, SERVICES),
        "add-wants" | "add-requires" => (Action::AddDependency, Operands::TargetAndUnits),
        "edit" => (Action::Edit, SERVICES),
        "set-property" => (Action::SetProperty, Operands::OneUnit),
        "bind" | "mount-image" => (Action::Mount, Operands::OneUnit),
        "service-log-level" | "service-log-target" => (reads_without_value(2), Operands::OneUnit),
        "set-default" => (Action::SetDefault, Operands::Units(UnitType::Target)),
        "cancel" => (Action::CancelJob, Operands::None),
        "set-environment" | "unset-environment" | "import-environment" => {
            (Action::SetEnvironment, Operands::None)
        }
        "log-level" | "log-target" | "service-watchdogs" => (reads_without_value(1), Operands::None),
        "daemon-reload" => (Action::DaemonReload, Operands::None),
        "daemon-reexec" => (Action::DaemonReexec, Operands::None),
        "halt"
        | "poweroff"
        | "reboot"
        | "kexec"
        | "soft-reboot"
        | "exit"
        | "switch-root"
        | "suspend"
        | "hibernate"
        | "hybrid-sleep"
        | "suspend-then-hibernate"
        | "sleep"
        | "default"
        | "rescue"
        | "emergency" => (Action::Power, Operands::None),
        "list-units" | "list-unit-files" | "list-automounts" | "list-paths" | "list-sockets"
        | "list-timers" | "list-dependencies" | "status" | "show" | "cat" | "help" | "is-active"
        | "is-failed" | "is-enabled" | "whoami" => (Action::Query, SERVICES),
        "list-jobs" | "list-machines" | "is-system-running" | "get-default" | "show-environment" => {
            (Action::Query, Operands::None)
        }
        _ => (Action::Other, Operands::None),
    }
}
