//! The tools for init scripts: service(8), invoke-rc.d(8), update-rc.d(8), chkconfig(8).
//!
//! On hosts with systemd they pass requests on to it; names are told as it knows them.

use super::{ControlAction, ControlRequest, Tool, unit_name};
use crate::systemd::name::UnitType;

/// Reads the arguments of a run of service: `service SCRIPT COMMAND`.
pub(super) fn parse_service(arguments: &[String]) -> ControlRequest {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--status-all" | "--help" | "-h" | "--version" | "-V", ..] | [] => {
            ControlRequest::new(Tool::Service, words.first().unwrap_or(&""), ControlAction::Query)
        }
        ["--full-restart", script, ..] | [script, "--full-restart", ..] => {
            let mut request = ControlRequest::new(Tool::Service, "--full-restart", ControlAction::Restart);
            request.units = vec![script_unit(script)];
            request
        }
        [script] => {
            let mut request = ControlRequest::new(Tool::Service, "", ControlAction::Query);
            request.units = vec![script_unit(script)];
            request
        }
        [script, command, rest @ ..] => run_script(Tool::Service, script, command, rest),
    }
}

/// Reads the arguments of a run of invoke-rc.d: `invoke-rc.d [OPTION…] SCRIPT ACTION`.
pub(super) fn parse_invoke_rc_d(arguments: &[String]) -> ControlRequest {
    let options: Vec<&str> =
        arguments.iter().map(String::as_str).take_while(|argument| argument.starts_with('-')).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).skip(options.len()).collect();
    let mut request = match words.as_slice() {
        [script, action, rest @ ..] => run_script(Tool::InvokeRcD, script, action, rest),
        _ => ControlRequest::new(Tool::InvokeRcD, "", ControlAction::Query),
    };
    request.options.force = options.contains(&"--force");
    request.read_only |= options.iter().any(|option| matches!(*option, "--query" | "--help"));
    request
}

/// Reads the arguments of a run of update-rc.d: `update-rc.d [-f] SCRIPT remove|defaults|enable|disable`.
pub(super) fn parse_update_rc_d(arguments: &[String]) -> ControlRequest {
    let options: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| argument.starts_with('-')).collect();
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let mut request = match words.as_slice() {
        [script, verb, rest @ ..] => {
            let action = match *verb {
                "defaults" | "enable" | "start" => ControlAction::Enable,
                "remove" | "disable" | "defaults-disabled" | "stop" => ControlAction::Disable,
                _ => ControlAction::Other,
            };
            let mut request = ControlRequest::new(Tool::UpdateRcD, verb, action);
            request.units = vec![script_unit(script)];
            request.operands = rest.iter().map(ToString::to_string).collect();
            request
        }
        _ => ControlRequest::new(Tool::UpdateRcD, "", ControlAction::Query),
    };
    request.options.force = options.contains(&"-f");
    request.options.dry_run = options.contains(&"-n");
    request.read_only |=
        request.options.dry_run || options.iter().any(|option| matches!(*option, "--help" | "-h"));
    request
}

/// Reads the arguments of a run of chkconfig: `chkconfig [--level LEVELS] NAME on|off`, `--add NAME`, `--del NAME`.
pub(super) fn parse_chkconfig(arguments: &[String]) -> ControlRequest {
    let mut verb = None;
    let mut words: Vec<&str> = Vec::new();
    let mut rest = arguments.iter().map(String::as_str);
    let mut levels = None;
    while let Some(argument) = rest.next() {
        match argument {
            "--level" | "--levels" => levels = rest.next(),
            "--type" | "-t" | "--root" => drop(rest.next()),
            "--add" | "-a" | "--del" | "-d" | "--override" | "--list" | "-l" => verb = Some(argument),
            _ if argument.starts_with('-') => {}
            _ => words.push(argument),
        }
    }
    // An option says what to do, or else the word behind the name does.
    let verb = verb.or_else(|| words.get(1).copied()).unwrap_or_default();
    let action = match verb {
        "--add" | "-a" | "--override" | "on" | "reset" | "resetpriorities" => ControlAction::Enable,
        "--del" | "-d" | "off" => ControlAction::Disable,
        _ => ControlAction::Query,
    };
    let mut request = ControlRequest::new(Tool::Chkconfig, verb, action);
    request.units = words.first().map(|name| script_unit(name)).into_iter().collect();
    request.operands = levels.map(str::to_owned).into_iter().collect();
    request
}

/// An init script run with an argument.
fn run_script(tool: Tool, script: &str, command: &str, rest: &[&str]) -> ControlRequest {
    let action = match command {
        "start" => ControlAction::Start,
        "stop" => ControlAction::Stop,
        "restart" | "force-reload" | "try-restart" | "condrestart" | "force-restart" | "force-stop" => {
            ControlAction::Restart
        }
        "reload" => ControlAction::Reload,
        "status" => ControlAction::Query,
        // Scripts have actions of their own.
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(tool, command, action);
    if command == "force-stop" {
        request.action = ControlAction::Stop;
    }
    request.units = vec![script_unit(script)];
    request.operands = rest.iter().map(ToString::to_string).collect();
    request
}

/// The unit that stands for an init script; a directory and the suffix `.sh` are left out.
fn script_unit(script: &str) -> String {
    let name = script.rsplit('/').next().unwrap_or(script);
    unit_name(name.strip_suffix(".sh").unwrap_or(name), UnitType::Service)
}
