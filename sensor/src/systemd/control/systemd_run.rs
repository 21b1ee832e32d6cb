//! systemd-run(1) and run0(1): a program in a unit that is made for it.

use super::options::Syntax;
use super::{ControlAction, ControlRequest, Tool, unit_name};
use crate::systemd::name::UnitType;

const SYNTAX: Syntax = Syntax {
    short: "hH:M:E:p:tPqGdSu:rC:vT",
    flags: &[
        "help",
        "version",
        "user",
        "system",
        "scope",
        "slice-inherit",
        "remain-after-exit",
        "send-sighup",
        "on-timezone-change",
        "on-clock-change",
        "no-block",
        "no-ask-password",
        "wait",
        "pty",
        "pty-late",
        "pipe",
        "quiet",
        "collect",
        "same-dir",
        "shell",
        "ignore-failure",
        "no-pager",
        "verbose",
    ],
    valued: &[
        "host",
        "machine",
        "unit",
        "description",
        "slice",
        "service-type",
        "uid",
        "gid",
        "nice",
        "setenv",
        "property",
        "on-active",
        "on-boot",
        "on-startup",
        "on-unit-active",
        "on-unit-inactive",
        "on-calendar",
        "timer-property",
        "path-property",
        "socket-property",
        "working-directory",
        "expand-environment",
        "background",
        "job-mode",
        "capsule",
        "root-directory",
        "json",
        "output",
    ],
    stops: true,
};

/// The options that give the unit a timer.
const TIMERS: [&str; 8] = [
    "on-active",
    "on-boot",
    "on-startup",
    "on-unit-active",
    "on-unit-inactive",
    "on-calendar",
    "on-timezone-change",
    "on-clock-change",
];

/// Options that are kept by name.
const OTHERS: &[(&str, &str)] = &[
    ("uid", "uid"),
    ("gid", "gid"),
    ("property", "property"),
    ("p", "property"),
    ("setenv", "setenv"),
    ("E", "setenv"),
    ("on-active", "on-active"),
    ("on-boot", "on-boot"),
    ("on-startup", "on-startup"),
    ("on-unit-active", "on-unit-active"),
    ("on-unit-inactive", "on-unit-inactive"),
    ("on-calendar", "on-calendar"),
    ("on-timezone-change", "on-timezone-change"),
    ("on-clock-change", "on-clock-change"),
    ("timer-property", "timer-property"),
    ("path-property", "path-property"),
    ("socket-property", "socket-property"),
    ("slice", "slice"),
    ("scope", "scope"),
    ("description", "description"),
    ("shell", "shell"),
    ("S", "shell"),
    ("working-directory", "working-directory"),
];

const RUN0: Syntax = Syntax {
    short: "hVu:g:D:iM:",
    flags: &[
        "help",
        "version",
        "no-ask-password",
        "slice-inherit",
        "pty",
        "pty-late",
        "pipe",
        "lightweight",
        "via-shell",
    ],
    valued: &[
        "machine",
        "unit",
        "property",
        "description",
        "slice",
        "user",
        "group",
        "nice",
        "chdir",
        "setenv",
        "background",
        "shell-prompt-prefix",
        "area",
        "empower",
    ],
    stops: true,
};

/// Reads the arguments of a run of systemd-run.
///
/// The units are named when the command line names them: else the manager's name for them is random.
pub(super) fn parse(arguments: &[String]) -> ControlRequest {
    let parsed = SYNTAX.parse(arguments);
    let mut request = ControlRequest::new(Tool::SystemdRun, "", ControlAction::RunTransient);
    parsed.share(&mut request, OTHERS);
    let triggered = |kind: UnitType| match kind {
        UnitType::Timer => parsed.has(&TIMERS),
        UnitType::Path => parsed.has(&["path-property"]),
        UnitType::Socket => parsed.has(&["socket-property"]),
        _ => false,
    };
    if let Some(name) = parsed.value(&["unit", "u"]) {
        let main = if parsed.has(&["scope"]) { UnitType::Scope } else { UnitType::Service };
        let name = unit_name(name, main);
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).to_owned();
        let triggers =
            [UnitType::Timer, UnitType::Path, UnitType::Socket].into_iter().filter(|kind| triggered(*kind));
        request.units = triggers.map(|kind| format!("{stem}.{kind}")).collect();
        // `--unit=x.timer` names the timer; the service has the same stem.
        request.units.insert(
            0,
            if UnitType::ALL.iter().any(|kind| *kind != main && triggered(*kind)) {
                format!("{stem}.{main}")
            } else {
                name
            },
        );
    }
    request.operands = parsed.operands;
    request
}

/// Reads the arguments of a run of run0.
pub(super) fn parse_run0(arguments: &[String]) -> ControlRequest {
    let parsed = RUN0.parse(arguments);
    let mut request = ControlRequest::new(Tool::Run0, "", ControlAction::RunTransient);
    for given in &parsed.options {
        match given.name {
            "user" | "u" => request.options.others.push(("uid", given.value.clone())),
            "group" | "g" => request.options.others.push(("gid", given.value.clone())),
            "property" => request.options.others.push(("property", given.value.clone())),
            "setenv" => request.options.others.push(("setenv", given.value.clone())),
            "chdir" | "D" => request.options.others.push(("working-directory", given.value.clone())),
            "machine" | "M" => request.options.machine = Some(given.value.clone()),
            "unit" => request.units = vec![unit_name(&given.value, UnitType::Service)],
            "help" | "h" | "version" | "V" => request.read_only = true,
            _ => {}
        }
    }
    request.operands = parsed.operands;
    request
}
