//! machinectl(1) and portablectl(1): containers and portable services.

use super::options::Syntax;
use super::{ControlAction, ControlRequest, Tool};
use crate::systemd::escape::escape;

const MACHINECTL: Syntax = Syntax {
    short: "hp:P:als:H:M:E:qn:o:V",
    flags: &[
        "help",
        "version",
        "all",
        "value",
        "full",
        "no-pager",
        "no-legend",
        "no-ask-password",
        "mkdir",
        "read-only",
        "force",
        "now",
        "quiet",
        "runner",
    ],
    valued: &[
        "property",
        "kill-whom",
        "signal",
        "host",
        "machine",
        "uid",
        "setenv",
        "lines",
        "output",
        "verify",
        "format",
        "max-addresses",
        "runner",
    ],
    stops: false,
};

const PORTABLECTL: Syntax = Syntax {
    short: "hqH:M:p:",
    flags: &[
        "help",
        "version",
        "no-pager",
        "no-legend",
        "no-ask-password",
        "quiet",
        "runtime",
        "no-reload",
        "cat",
        "enable",
        "now",
        "no-block",
        "force",
        "clean",
        "user",
        "system",
    ],
    valued: &["host", "machine", "profile", "copy", "extension"],
    stops: false,
};

/// Reads the arguments of a run of machinectl.
pub(super) fn parse_machinectl(arguments: &[String]) -> ControlRequest {
    let parsed = MACHINECTL.parse(arguments);
    let (verb, operands) = match parsed.operands.split_first() {
        Some((verb, operands)) => (verb.as_str(), operands),
        None => ("list", [].as_slice()),
    };
    let action = match verb {
        "start" => ControlAction::Start,
        "poweroff" | "stop" | "terminate" => ControlAction::Stop,
        "reboot" | "restart" => ControlAction::Restart,
        "kill" => ControlAction::Kill,
        "enable" => ControlAction::Enable,
        "disable" => ControlAction::Disable,
        "shell" => ControlAction::RunTransient,
        "list" | "status" | "show" | "list-images" | "image-status" | "show-image" | "list-transfers"
        | "cat" => ControlAction::Query,
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(Tool::Machinectl, verb, action);
    if matches!(
        action,
        ControlAction::Start
            | ControlAction::Stop
            | ControlAction::Restart
            | ControlAction::Kill
            | ControlAction::Enable
            | ControlAction::Disable
    ) {
        request.units = operands
            .iter()
            .map(|name| format!("systemd-nspawn@{}.service", escape(name.as_bytes())))
            .collect();
    }
    request.operands = operands.to_vec();
    parsed.share(
        &mut request,
        &[("uid", "uid"), ("signal", "signal"), ("s", "signal"), ("setenv", "setenv"), ("E", "setenv")],
    );
    if request.options.now {
        request.also = match action {
            ControlAction::Enable => Some(ControlAction::Start),
            ControlAction::Disable => Some(ControlAction::Stop),
            _ => None,
        };
    }
    request
}

/// Reads the arguments of a run of portablectl. The first operand is the image; the others tell its units' prefixes.
pub(super) fn parse_portablectl(arguments: &[String]) -> ControlRequest {
    let parsed = PORTABLECTL.parse(arguments);
    let (verb, operands) = match parsed.operands.split_first() {
        Some((verb, operands)) => (verb.as_str(), operands),
        None => ("list", [].as_slice()),
    };
    let action = match verb {
        "attach" | "reattach" => ControlAction::Attach,
        "detach" => ControlAction::Detach,
        "list" | "inspect" | "is-attached" => ControlAction::Query,
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(Tool::Portablectl, verb, action);
    request.operands = operands.to_vec();
    parsed.share(
        &mut request,
        &[("profile", "profile"), ("p", "profile"), ("extension", "extension"), ("copy", "copy")],
    );
    request.also = match action {
        ControlAction::Attach if request.options.now => Some(ControlAction::Start),
        ControlAction::Attach if parsed.has(&["enable"]) => Some(ControlAction::Enable),
        ControlAction::Detach if request.options.now => Some(ControlAction::Stop),
        ControlAction::Detach if parsed.has(&["enable"]) => Some(ControlAction::Disable),
        _ => None,
    };
    request
}
