//! loginctl(1): sessions, users and whether their managers run without a login.

use super::options::Syntax;
use super::{ControlAction, ControlRequest, Tool};

const SYNTAX: Syntax = Syntax {
    short: "hp:P:als:H:M:n:o:j",
    flags: &["help", "version", "all", "value", "full", "no-pager", "no-legend", "no-ask-password"],
    valued: &["property", "kill-whom", "signal", "host", "machine", "lines", "output", "json"],
    stops: false,
};

/// Reads the arguments of a run of loginctl.
///
/// Lingering starts a user's manager at boot: that is `user@.service` enabled for him, and is told as such. The
/// operands are users or sessions.
pub(super) fn parse(arguments: &[String]) -> ControlRequest {
    let parsed = SYNTAX.parse(arguments);
    let (verb, operands) = match parsed.operands.split_first() {
        Some((verb, operands)) => (verb.as_str(), operands),
        None => ("list-sessions", [].as_slice()),
    };
    let action = match verb {
        "enable-linger" => ControlAction::Enable,
        "disable-linger" => ControlAction::Disable,
        "terminate-session" | "terminate-user" | "terminate-seat" => ControlAction::EndSession,
        "kill-session" | "kill-user" => ControlAction::Kill,
        "list-sessions" | "list-users" | "list-seats" | "session-status" | "user-status" | "seat-status"
        | "show-session" | "show-user" | "show-seat" => ControlAction::Query,
        _ => ControlAction::Other,
    };
    let mut request = ControlRequest::new(Tool::Loginctl, verb, action);
    if matches!(action, ControlAction::Enable | ControlAction::Disable) {
        request.units = vec!["user@.service".to_owned()];
    }
    request.operands = operands.to_vec();
    parsed.share(&mut request, &[("signal", "signal"), ("s", "signal"), ("kill-whom", "kill-whom")]);
    request
}
