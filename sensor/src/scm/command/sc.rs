//! `sc.exe` (Microsoft, "Sc config", "Sc create", "Sc failure", "Sc sdset").

use super::{Request, Tool, Verb, value_word};
use crate::scm::setting;

/// Options of `create` and `config`, and the settings that they set.
const OPTIONS: [(&str, &str); 10] = [
    ("binpath=", setting::IMAGE_PATH),
    ("start=", setting::START),
    ("type=", setting::TYPE),
    ("obj=", setting::OBJECT_NAME),
    ("displayname=", setting::DISPLAY_NAME),
    ("error=", setting::ERROR_CONTROL),
    ("depend=", "DependOnService"),
    ("group=", "Group"),
    ("command=", setting::FAILURE_COMMAND),
    ("actions=", setting::FAILURE_ACTIONS),
];

pub(super) fn parse(arguments: &[String]) -> Option<Request> {
    let (host, arguments) = match arguments.split_first() {
        Some((first, rest)) if first.starts_with(r"\\") => {
            (Some(first.trim_start_matches('\\').to_owned()), rest)
        }
        _ => (None, arguments),
    };
    let service = arguments.get(1)?.clone();
    let rest = arguments.get(2..).unwrap_or_default();
    let one = |setting: &'static str| rest.first().map(|value| vec![(setting, Some(value.clone()))]);
    let (verb, settings) = match arguments.first()?.to_ascii_lowercase().as_str() {
        "create" => (Verb::Create, options(rest)),
        "config" | "failure" => (Verb::Change, options(rest)),
        "delete" => (Verb::Delete, Vec::new()),
        "start" => (Verb::Start, Vec::new()),
        "stop" => (Verb::Stop, Vec::new()),
        "pause" => (Verb::Pause, Vec::new()),
        "continue" => (Verb::Continue, Vec::new()),
        "control" => (Verb::Control, Vec::new()),
        "description" => (Verb::Change, one(setting::DESCRIPTION).unwrap_or_default()),
        "sdset" => (Verb::Change, one(setting::SECURITY)?),
        "privs" => (Verb::Change, one("RequiredPrivileges")?),
        "sidtype" => (Verb::Change, one("ServiceSidType")?),
        "failureflag" => (Verb::Change, one("FailureActionsOnNonCrashFailures").unwrap_or_default()),
        "triggerinfo" => (Verb::Change, vec![(setting::TRIGGERS, Some(rest.join(" ")))]),
        _ => return None,
    };
    Some(Request { tool: Tool::Sc, verb, service, host, settings })
}

/// `option= value`, with or without the blank.
fn options(arguments: &[String]) -> Vec<(&'static str, Option<String>)> {
    let mut settings = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let lower = argument.to_ascii_lowercase();
        let Some((option, setting)) = OPTIONS.iter().find(|(option, _)| lower.starts_with(option)) else {
            continue;
        };
        let joined = argument.get(option.len()..).unwrap_or_default();
        let value = if joined.is_empty() { arguments.next().map_or("", String::as_str) } else { joined };
        settings.push((*setting, Some(word(setting, value))));
    }
    settings
}

fn word(setting: &'static str, value: &str) -> String {
    match (setting, value.to_ascii_lowercase().as_str()) {
        (setting::TYPE, "own" | "share" | "interact" | "userown" | "usershare") => {
            "user mode service".to_owned()
        }
        (setting::TYPE, "kernel") => "kernel mode driver".to_owned(),
        (setting::TYPE, "filesys") => "file system driver".to_owned(),
        _ => value_word(setting, value),
    }
}
