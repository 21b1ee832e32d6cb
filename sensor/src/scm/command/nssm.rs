//! `nssm.exe`, which makes a service of any program (nssm.cc, "Usage").

use super::{Request, Tool, Verb, value_word};
use crate::scm::setting;

/// Parameters of `set`, and the settings that they set.
const PARAMETERS: [(&str, &str); 7] = [
    ("Application", "Application"),
    ("AppParameters", "AppParameters"),
    ("AppDirectory", "AppDirectory"),
    ("DisplayName", setting::DISPLAY_NAME),
    ("Description", setting::DESCRIPTION),
    ("ObjectName", setting::OBJECT_NAME),
    ("Start", setting::START),
];

pub(super) fn parse(arguments: &[String]) -> Option<Request> {
    let service = arguments.get(1)?.clone();
    let rest = arguments.get(2..).unwrap_or_default();
    let (verb, settings) = match arguments.first()?.to_ascii_lowercase().as_str() {
        // Without a program it asks for one in a window.
        "install" => (Verb::Create, program(rest)),
        "remove" => (Verb::Delete, Vec::new()),
        "start" => (Verb::Start, Vec::new()),
        "stop" => (Verb::Stop, Vec::new()),
        "restart" | "rotate" => (Verb::Control, Vec::new()),
        "pause" => (Verb::Pause, Vec::new()),
        "continue" => (Verb::Continue, Vec::new()),
        "set" => (Verb::Change, vec![parameter(rest)?]),
        _ => return None,
    };
    Some(Request { tool: Tool::Nssm, verb, service, host: None, settings })
}

fn program(arguments: &[String]) -> Vec<(&'static str, Option<String>)> {
    let mut settings = Vec::new();
    if let Some((program, rest)) = arguments.split_first() {
        settings.push(("Application", Some(program.clone())));
        if !rest.is_empty() {
            settings.push(("AppParameters", Some(rest.join(" "))));
        }
    }
    settings
}

fn parameter(arguments: &[String]) -> Option<(&'static str, Option<String>)> {
    let (name, value) = arguments.split_first()?;
    let (_, setting) = PARAMETERS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    let value = value.join(" ");
    // `SERVICE_AUTO_START` and so on.
    let value = match value.strip_prefix("SERVICE_") {
        Some(start) if *setting == setting::START => {
            value_word(setting, &start.replace('_', " ").replace("DELAYED ", ""))
        }
        _ => value,
    };
    Some((setting, Some(value)))
}
