//! dbus-send(1) and gdbus(1): calls of a manager's interface by tools that know any bus.
//!
//! Both talk to much else than service managers, so that what goes elsewhere only counts as a query.

use super::bus::{self, Call};
use super::options::Syntax;
use super::{Addressed, ControlAction, ControlRequest, Tool};

const DBUS_SEND: Syntax = Syntax {
    short: "",
    flags: &["system", "session", "print-reply", "fixed"],
    valued: &["bus", "peer", "address", "sender", "dest", "type", "reply-timeout"],
    stops: false,
};

const GDBUS: Syntax = Syntax {
    short: "heya:d:o:m:t:i",
    flags: &["help", "system", "session", "interactive"],
    valued: &["address", "dest", "object-path", "method", "timeout"],
    stops: false,
};

/// How many elements of a list are looked at.
const MOST: usize = 256;

/// Reads the arguments of a run of dbus-send: `--dest=NAME OBJECT INTERFACE.METHOD TYPE:VALUE…`.
pub(super) fn parse_dbus_send(arguments: &[String]) -> ControlRequest {
    // Its options have their values behind an equals sign, never as a word of their own: `--print-reply /object`.
    let (options, operands): (Vec<String>, Vec<String>) =
        arguments.iter().cloned().partition(|argument| argument.starts_with("--"));
    let parsed = DBUS_SEND.parse(&options);
    let [object, member, values @ ..] = operands.as_slice() else { return query(Tool::DbusSend) };
    // Whoever wants an answer makes a call; without that a message is a signal, which no manager heeds.
    let is_call = parsed.has(&["print-reply"]) || parsed.value(&["type"]) == Some("method_call");
    let Some(call) = called(Tool::DbusSend, parsed.value(&["dest"]), object, member).filter(|_| is_call)
    else {
        return query(Tool::DbusSend);
    };
    let list = values.first().and_then(|value| value.strip_prefix("array:")?.split_once(':'));
    let list = list.map(|(_type, elements)| elements.split(',').map(plain)).into_iter().flatten();
    let is_system = parsed.has(&["system", "bus", "peer", "address"]);
    let addressed = if is_system { Addressed::System } else { Addressed::User };
    finish(call, values, list, addressed)
}

/// Reads the arguments of a run of gdbus: `call --system --dest NAME --object-path OBJECT --method INTERFACE.METHOD VALUE…`.
pub(super) fn parse_gdbus(arguments: &[String]) -> ControlRequest {
    let parsed = GDBUS.parse(arguments);
    let Some((verb, values)) = parsed.operands.split_first() else { return query(Tool::Gdbus) };
    let object = parsed.value(&["object-path", "o"]);
    let member = parsed.value(&["method", "m"]);
    let call = object.zip(member).and_then(|(object, member)| {
        called(Tool::Gdbus, parsed.value(&["dest", "d"]), object, member).filter(|_| verb == "call")
    });
    let Some(call) = call else { return query(Tool::Gdbus) };
    let list = values.first().map_or("", |value| value.trim().trim_start_matches("@as").trim());
    let list = list.trim_matches(['[', ']']).split(',').map(plain);
    let addressed = if parsed.has(&["session", "e"]) { Addressed::User } else { Addressed::System };
    finish(call, values, list, addressed)
}

/// A run that asks for nothing that a manager would do.
fn query(tool: Tool) -> ControlRequest {
    ControlRequest::new(tool, "", ControlAction::Query)
}

/// The call of a manager's method; `None` when it goes elsewhere. Who listens at an address of its own has no name.
fn called<'a>(tool: Tool, peer: Option<&str>, object: &'a str, member: &'a str) -> Option<Call<'a>> {
    let (interface, method) = member.rsplit_once('.')?;
    bus::is_manager(peer.unwrap_or(":"), object).then_some(Call { tool, object, interface, method })
}

/// The request that a call with `values` is; `list` is what the first of them is as a list.
fn finish(
    call: Call<'_>,
    values: &[String],
    list: impl Iterator<Item = String>,
    addressed: Addressed,
) -> ControlRequest {
    let first = values.first().map(|value| plain(value));
    let mut request = call.request(first, list.filter(|element| !element.is_empty()).take(MOST).collect());
    request.operands = values.to_vec();
    request.addressed = addressed;
    request
}

/// A value without its type and quotes: `string:x`, `'x'`, `"x"`.
fn plain(value: &str) -> String {
    let value = value.trim();
    let value = value.strip_prefix("string:").unwrap_or(value);
    value.trim_matches(['\'', '"']).to_owned()
}
