//! Unit files, command lines in them, and commands that ask a manager for something.

use bstr::{BString, ByteSlice as _};
use svcsensor::systemd::control::ControlRequest;
use svcsensor::systemd::words::{Escapes, split};
use svcsensor::systemd::{
    Location, ManagerFacts, SpecifierContext, UnitFile, UnitName, command_line as exec,
};

/// The text of a unit file.
pub fn unit_file(data: &[u8]) {
    let file = UnitFile::parse(data);
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r' | 0)).count();
    assert!(file.problems.len() <= lines, "there are more problems than lines");
    for line in file.problems.iter().map(|problem| problem.line) {
        assert!(usize::try_from(line).is_ok_and(|line| line <= lines), "a problem lies behind the end");
    }
}

/// A value of `ExecStart=`, with the unit's name before the first line feed.
pub fn command_line(data: &[u8]) {
    let (name, value) = data.split_once_str("\n").unwrap_or((b"a@b.service", data));
    let name = UnitName::parse(name).or_else(|_| UnitName::parse("a@b.service"));
    let (Ok(unit), Ok(value)) = (name, std::str::from_utf8(value)) else { return };
    let manager = ManagerFacts::system();
    let context = SpecifierContext { unit: &unit, fragment: None, manager: &manager };
    let found = exec::parse("ExecStart", value, &context);
    for command in &found.commands {
        assert!(!command.path.is_empty(), "a command has no program");
        let _all_can_be_told = (command.candidates(), command.variables(), command.flags.to_string());
    }
    for escapes in [Escapes::Unescape, Escapes::Retain, Escapes::Drop] {
        let (words, _error) = split(value, escapes);
        assert!(words.len() <= value.len(), "there are more words than bytes");
    }
    let _any_path_has_a_place = Location::classify(value.into());
}

/// The arguments of a command such as `systemctl`, each ending in NUL.
pub fn control_command(data: &[u8]) {
    let argv: Vec<BString> = data.split(|byte| *byte == 0).map(BString::from).collect();
    if let Some(request) = ControlRequest::parse(&argv) {
        assert!(request.units.len() <= data.len(), "there are more units than bytes");
        let _is_answered = request.is_local();
    }
}
