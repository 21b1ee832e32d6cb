//! busctl(1) and varlinkctl(1): calls of a manager's interface by hand.

use super::options::Syntax;
use super::{ControlAction, ControlRequest, Tool, unit_name};
use crate::systemd::name::UnitType;

const BUSCTL: Syntax = Syntax {
    short: "hH:M:ljqN:",
    flags: &[
        "help",
        "version",
        "no-pager",
        "no-legend",
        "full",
        "system",
        "user",
        "show-machine",
        "unique",
        "acquired",
        "activatable",
        "list",
        "quiet",
        "verbose",
        "xml-interface",
    ],
    valued: &[
        "host",
        "machine",
        "address",
        "match",
        "size",
        "json",
        "expect-reply",
        "auto-start",
        "allow-interactive-authorization",
        "timeout",
        "augment-creds",
        "watch-bind",
        "destination",
        "limit-messages",
        "num-matches",
    ],
    stops: false,
};

const VARLINKCTL: Syntax = Syntax {
    short: "hqjE",
    flags: &[
        "help",
        "version",
        "no-pager",
        "no-ask-password",
        "quiet",
        "more",
        "collect",
        "oneway",
        "exec",
        "upgrade",
    ],
    valued: &["json", "timeout", "graceful", "push-fd", "system", "user"],
    stops: false,
};

const MANAGER: &str = "org.freedesktop.systemd1";

/// Reads the arguments of a run of busctl.
pub(super) fn parse_busctl(arguments: &[String]) -> ControlRequest {
    let parsed = BUSCTL.parse(arguments);
    let operands: Vec<&str> = parsed.operands.iter().map(String::as_str).collect();
    let mut request = match operands.as_slice() {
        ["call", peer, object, interface, method, rest @ ..] if is_manager(peer, object) => {
            let arguments = rest.get(1..).unwrap_or_default();
            let count = arguments.first().and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
            let list = arguments.iter().skip(1).take(count).map(ToString::to_string).collect();
            let first = arguments.first().map(ToString::to_string);
            let call = Call { tool: Tool::Busctl, object, interface, method };
            let mut request = call.request(first, list);
            request.operands = rest.iter().map(ToString::to_string).collect();
            request
        }
        ["set-property", peer, object, interface, property, rest @ ..] if is_manager(peer, object) => {
            let mut request = ControlRequest::new(Tool::Busctl, "set-property", ControlAction::SetProperty);
            request.units = unit_of_object(object).into_iter().collect();
            if *interface == "org.freedesktop.systemd1.Manager" {
                request.action = ControlAction::SetManager;
            }
            request.operands = [property].into_iter().chain(rest).map(ToString::to_string).collect();
            request
        }
        [verb @ ("call" | "set-property" | "emit"), rest @ ..] => {
            let mut request = ControlRequest::new(Tool::Busctl, verb, ControlAction::Other);
            request.operands = rest.iter().map(ToString::to_string).collect();
            request
        }
        [verb, ..] => ControlRequest::new(Tool::Busctl, verb, ControlAction::Query),
        [] => ControlRequest::new(Tool::Busctl, "list", ControlAction::Query),
    };
    parsed.share(&mut request, &[("address", "address")]);
    request
}

/// Whether a call goes to the manager: by its name, or by the number that its connection has (`:1.0`), which the object's
/// path tells then.
pub(super) fn is_manager(peer: &str, object: &str) -> bool {
    peer == MANAGER || peer.starts_with(':') && object.starts_with("/org/freedesktop/systemd1")
}

/// A call of one of the manager's methods.
#[derive(Clone, Copy)]
pub(super) struct Call<'a> {
    /// By which program.
    pub(super) tool: Tool,
    /// The path of the object.
    pub(super) object: &'a str,
    /// The interface.
    pub(super) interface: &'a str,
    /// The method.
    pub(super) method: &'a str,
}

impl Call<'_> {
    /// What it asks for; `first` is its first argument as a text, `list` the same as a list of texts.
    pub(super) fn request(self, first: Option<String>, list: Vec<String>) -> ControlRequest {
        let Self { tool, object, interface, method } = self;
        let on_unit = interface == "org.freedesktop.systemd1.Unit"
            || UnitType::ALL.iter().any(|kind| {
                interface
                    .strip_prefix("org.freedesktop.systemd1.")
                    .is_some_and(|last| last.eq_ignore_ascii_case(kind.as_str()))
            });
        let (action, takes) = match interface {
            _ if on_unit => (unit_method(method), Takes::Nothing),
            "org.freedesktop.systemd1.Manager" => manager_method(method),
            "org.freedesktop.DBus.Properties" if method == "Set" => {
                (ControlAction::SetProperty, Takes::Nothing)
            }
            "org.freedesktop.DBus.Properties"
            | "org.freedesktop.DBus.Introspectable"
            | "org.freedesktop.DBus.Peer" => (ControlAction::Query, Takes::Nothing),
            _ => (ControlAction::Other, Takes::Nothing),
        };
        let mut request = ControlRequest::new(tool, method, action);
        request.units = match takes {
            Takes::Nothing => unit_of_object(object).into_iter().collect(),
            Takes::Unit => first.into_iter().map(|name| unit_name(&name, UnitType::Service)).collect(),
            Takes::Units => list,
        };
        request
    }
}

/// What a method's first argument is.
#[derive(Clone, Copy)]
enum Takes {
    /// A unit's name.
    Unit,
    /// A list of unit files.
    Units,
    /// Nothing that names a unit.
    Nothing,
}

/// What a method of the manager does. See org.freedesktop.systemd1(5).
fn manager_method(method: &str) -> (ControlAction, Takes) {
    use ControlAction as Action;
    match method {
        "StartUnit" | "StartUnitWithFlags" | "StartUnitReplace" | "EnqueueUnitJob" => {
            (Action::Start, Takes::Unit)
        }
        "StopUnit" => (Action::Stop, Takes::Unit),
        "ReloadUnit" => (Action::Reload, Takes::Unit),
        "RestartUnit" | "TryRestartUnit" | "ReloadOrRestartUnit" | "ReloadOrTryRestartUnit" => {
            (Action::Restart, Takes::Unit)
        }
        "KillUnit" | "QueueSignalUnit" | "KillUnitSubgroup" => (Action::Kill, Takes::Unit),
        "CleanUnit" => (Action::Clean, Takes::Unit),
        "FreezeUnit" => (Action::Freeze, Takes::Unit),
        "ThawUnit" => (Action::Thaw, Takes::Unit),
        "ResetFailedUnit" => (Action::ResetFailed, Takes::Unit),
        "SetUnitProperties" => (Action::SetProperty, Takes::Unit),
        "BindMountUnit" | "MountImageUnit" => (Action::Mount, Takes::Unit),
        "StartTransientUnit" => (Action::RunTransient, Takes::Unit),
        "EnableUnitFiles" | "EnableUnitFilesWithFlags" | "ReenableUnitFiles" => {
            (Action::Enable, Takes::Units)
        }
        "DisableUnitFiles" | "DisableUnitFilesWithFlags" | "DisableUnitFilesWithFlagsAndInstallInfo" => {
            (Action::Disable, Takes::Units)
        }
        "PresetUnitFiles" | "PresetUnitFilesWithMode" => (Action::Preset, Takes::Units),
        "PresetAllUnitFiles" => (Action::Preset, Takes::Nothing),
        "MaskUnitFiles" => (Action::Mask, Takes::Units),
        "UnmaskUnitFiles" => (Action::Unmask, Takes::Units),
        "LinkUnitFiles" => (Action::Link, Takes::Units),
        "RevertUnitFiles" => (Action::Revert, Takes::Units),
        "AddDependencyUnitFiles" => (Action::AddDependency, Takes::Units),
        "SetDefaultTarget" => (Action::SetDefault, Takes::Unit),
        "ResetFailed" => (Action::ResetFailed, Takes::Nothing),
        "CancelJob" | "ClearJobs" => (Action::CancelJob, Takes::Nothing),
        "SetEnvironment" | "UnsetEnvironment" | "UnsetAndSetEnvironment" => {
            (Action::SetEnvironment, Takes::Nothing)
        }
        "Reload" => (Action::DaemonReload, Takes::Nothing),
        "Reexecute" => (Action::DaemonReexec, Takes::Nothing),
        "Exit" | "Reboot" | "SoftReboot" | "PowerOff" | "Halt" | "KExec" | "SwitchRoot" => {
            (Action::Power, Takes::Nothing)
        }
        _ if method.starts_with("Get") || method.starts_with("List") || method.starts_with("Dump") => {
            (Action::Query, Takes::Nothing)
        }
        "LoadUnit" | "Subscribe" | "Unsubscribe" | "LookupDynamicUserByName" | "LookupDynamicUserByUID" => {
            (Action::Query, Takes::Nothing)
        }
        _ => (Action::Other, Takes::Nothing),
    }
}

/// What a method of a unit does.
fn unit_method(method: &str) -> ControlAction {
    use ControlAction as Action;
    match method {
        "Start" | "EnqueueJob" => Action::Start,
        "Stop" => Action::Stop,
        "Reload" => Action::Reload,
        "Restart" | "TryRestart" | "ReloadOrRestart" | "ReloadOrTryRestart" => Action::Restart,
        "Kill" | "QueueSignal" | "KillSubgroup" => Action::Kill,
        "ResetFailed" => Action::ResetFailed,
        "SetProperties" => Action::SetProperty,
        "Clean" => Action::Clean,
        "Freeze" => Action::Freeze,
        "Thaw" => Action::Thaw,
        "BindMount" | "MountImage" => Action::Mount,
        _ if method.starts_with("Get") || method.starts_with("List") || method.starts_with("Dump") => {
            Action::Query
        }
        _ => Action::Other,
    }
}

/// The unit whose object path is `object`: `/org/freedesktop/systemd1/unit/ssh_2eservice`.
fn unit_of_object(object: &str) -> Option<String> {
    let escaped = object.strip_prefix("/org/freedesktop/systemd1/unit/")?;
    let mut name = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'_', [high, low, after @ ..]) => {
                let digits = (crate::systemd::escape::hex(*high)?, crate::systemd::escape::hex(*low)?);
                name.push(digits.0 << 4 | digits.1);
                rest = after;
            }
            _ => name.push(byte),
        }
    }
    String::from_utf8(name).ok()
}

/// Reads the arguments of a run of varlinkctl.
pub(super) fn parse_varlinkctl(arguments: &[String]) -> ControlRequest {
    let parsed = VARLINKCTL.parse(arguments);
    let operands: Vec<&str> = parsed.operands.iter().map(String::as_str).collect();
    let mut request = match operands.as_slice() {
        ["call", _, method, rest @ ..] => {
            let action = match *method {
                "io.systemd.Unit.StartTransient" => ControlAction::RunTransient,
                "io.systemd.Unit.SetProperties" => ControlAction::SetProperty,
                "io.systemd.Manager.Reload" => ControlAction::DaemonReload,
                "io.systemd.Manager.Reexecute" => ControlAction::DaemonReexec,
                "io.systemd.Manager.PowerOff"
                | "io.systemd.Manager.Reboot"
                | "io.systemd.Manager.SoftReboot"
                | "io.systemd.Manager.Halt"
                | "io.systemd.Manager.KExec" => ControlAction::Power,
                "io.systemd.Unit.List" | "io.systemd.Manager.Describe" => ControlAction::Query,
                method if method.starts_with("org.varlink.service.") => ControlAction::Query,
                _ => ControlAction::Other,
            };
            let mut request = ControlRequest::new(Tool::Varlinkctl, method, action);
            request.units = rest.first().and_then(|parameters| named_unit(parameters)).into_iter().collect();
            request.operands = rest.iter().map(ToString::to_string).collect();
            request
        }
        [verb, ..] => ControlRequest::new(Tool::Varlinkctl, verb, ControlAction::Query),
        [] => ControlRequest::new(Tool::Varlinkctl, "", ControlAction::Query),
    };
    parsed.share(&mut request, &[]);
    request
}

/// The unit that a varlink call's parameters name.
fn named_unit(parameters: &str) -> Option<String> {
    let parameters: serde_json::Value = serde_json::from_str(parameters).ok()?;
    let id = |value: &serde_json::Value| {
        value.get("name").or_else(|| value.get("id"))?.as_str().map(str::to_owned)
    };
    id(&parameters).or_else(|| parameters.get("context").and_then(id))
}
