//! OpenRC's tools: rc-service(8) and rc-update(8). Services have no suffix there.

use super::{ControlAction, ControlRequest, Tool};

/// Reads the arguments of a run of rc-service: `rc-service [OPTION…] SERVICE COMMAND…`.
pub(super) fn parse_rc_service(arguments: &[String]) -> ControlRequest {
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let (service, commands) = match words.as_slice() {
        [service, commands @ ..] => (*service, commands),
        [] => return ControlRequest::new(Tool::RcService, "", ControlAction::Query),
    };
    let verb = commands.first().copied().unwrap_or_default();
    let action = match verb {
        "start" => ControlAction::Start,
        "stop" | "zap" => ControlAction::Stop,
        "restart" => ControlAction::Restart,
        "reload" => ControlAction::Reload,
        "status" | "describe" | "" => ControlAction::Query,
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(Tool::RcService, verb, action);
    let asks = |option: &str| matches!(option, "--exists" | "-e" | "--resolve" | "-r" | "--list" | "-l");
    request.read_only |= arguments.iter().any(|option| asks(option));
    request.units = vec![service.to_owned()];
    request.operands = commands.iter().skip(1).map(ToString::to_string).collect();
    request
}

/// Reads the arguments of a run of rc-update: `rc-update add|del SERVICE… [RUNLEVEL…]`.
///
/// Where services end and run levels begin, only a host's directories tell: the first operand is taken as the
/// service.
pub(super) fn parse_rc_update(arguments: &[String]) -> ControlRequest {
    let words: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect();
    let short = arguments.iter().find_map(|option| match option.as_str() {
        "-a" => Some("add"),
        "-d" => Some("delete"),
        "-u" => Some("update"),
        "-s" => Some("show"),
        _ => None,
    });
    let (verb, operands) = match (short, words.as_slice()) {
        (Some(verb), operands) => (verb, operands),
        (None, [verb, operands @ ..]) => (*verb, operands),
        (None, []) => ("show", [].as_slice()),
    };
    let action = match verb {
        "add" => ControlAction::Enable,
        "del" | "delete" => ControlAction::Disable,
        "show" => ControlAction::Query,
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(Tool::RcUpdate, verb, action);
    if action != ControlAction::Query {
        request.units = operands.first().map(ToString::to_string).into_iter().collect();
        request.operands = operands.iter().skip(1).map(ToString::to_string).collect();
    }
    request
}
