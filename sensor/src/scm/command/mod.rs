//! Command lines that ask the SCM, or the registry, for something: `sc`, `net`, `reg`, PowerShell, `wmic` and `nssm`.

mod nssm;
mod powershell;
mod sc;

#[cfg(test)]
mod tests;

use super::image_path::{file_name, split_arguments};
use super::key;
use super::setting::{self, StartType};
use crate::windows_event::field::parse_integer;

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The program that is asked to do it.
    pub tool: Tool,
    /// What is asked for.
    pub verb: Verb,
    /// The service, by its key's name; `net` and PowerShell take the display name as well.
    pub service: String,
    /// Another host, on which it is asked for.
    pub host: Option<String>,
    /// Settings that are asked for, with their values; `None` for one that is removed.
    pub settings: Vec<(&'static str, Option<String>)>,
}

/// The program that is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// sc.exe.
    Sc,
    /// net.exe and net1.exe.
    Net,
    /// reg.exe.
    Reg,
    /// PowerShell.
    PowerShell,
    /// wmic.exe.
    Wmic,
    /// nssm.exe.
    Nssm,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Create a service.
    Create,
    /// Change settings.
    Change,
    /// Delete it.
    Delete,
    /// Start it.
    Start,
    /// Stop it.
    Stop,
    /// Pause it.
    Pause,
    /// Continue it.
    Continue,
    /// Send it a control.
    Control,
}

impl Verb {
    /// In one word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Delete => "delete",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Continue => "continue",
            Self::Control => "control",
        }
    }
}

impl Request {
    /// What is asked for in one word; a change of the start type alone as `enable` or `disable`.
    pub fn word(&self) -> &'static str {
        let start = match self.settings.as_slice() {
            [(setting::START, Some(value))] if self.verb == Verb::Change => StartType::from_word(value),
            _ => None,
        };
        match start {
            Some(StartType::Disabled) => "disable",
            Some(StartType::Auto | StartType::Boot | StartType::System) => "enable",
            Some(StartType::Demand) | None => self.verb.word(),
        }
    }
}

impl Tool {
    /// Its program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sc => "sc.exe",
            Self::Net => "net.exe",
            Self::Reg => "reg.exe",
            Self::PowerShell => "powershell.exe",
            Self::Wmic => "wmic.exe",
            Self::Nssm => "nssm.exe",
        }
    }
}

/// The longest command line that is read; more is not typed by anybody and not taken by Windows.
const MAX_LENGTH: usize = 64 * 1024;

/// Reads what the command line of the program `image` asks for. Most command lines ask for nothing of services.
pub fn parse(image: &str, command_line: &str) -> Vec<Request> {
    let name = file_name(image).to_ascii_lowercase();
    let tool = match name.strip_suffix(".exe").unwrap_or(&name) {
        "sc" => Tool::Sc,
        "net" | "net1" => Tool::Net,
        "reg" => Tool::Reg,
        "powershell" | "pwsh" | "powershell_ise" => Tool::PowerShell,
        "wmic" => Tool::Wmic,
        "nssm" => Tool::Nssm,
        _ => return Vec::new(),
    };
    if command_line.len() > MAX_LENGTH {
        return Vec::new();
    }
    let all = split_arguments(command_line);
    let arguments = all.get(1..).unwrap_or_default();
    let mut requests: Vec<Request> = match tool {
        Tool::Sc => sc::parse(arguments).into_iter().collect(),
        Tool::Net => net(arguments).into_iter().collect(),
        Tool::Reg => reg(arguments).into_iter().collect(),
        Tool::PowerShell => powershell::parse(arguments),
        Tool::Wmic => wmic(command_line).into_iter().collect(),
        Tool::Nssm => nssm::parse(arguments).into_iter().collect(),
    };
    requests.retain(|request| !request.service.is_empty());
    requests
}

/// `net start|stop|pause|continue NAME`.
fn net(arguments: &[String]) -> Option<Request> {
    let verb = match arguments.first()?.to_ascii_lowercase().as_str() {
        "start" => Verb::Start,
        "stop" => Verb::Stop,
        "pause" => Verb::Pause,
        "continue" => Verb::Continue,
        _ => return None,
    };
    // A name of several words may be given without quotes; options begin with a slash.
    let words: Vec<&str> =
        arguments.iter().skip(1).map(String::as_str).take_while(|word| !word.starts_with('/')).collect();
    let service = words.join(" ");
    (!service.is_empty()).then(|| Request {
        tool: Tool::Net,
        verb,
        service,
        host: None,
        settings: Vec::new(),
    })
}

/// `reg add KEY /v VALUE /t TYPE /d DATA` and `reg delete KEY [/v VALUE]`.
fn reg(arguments: &[String]) -> Option<Request> {
    let action = arguments.first()?.to_ascii_lowercase();
    let target = arguments.get(1)?;
    let path = key::parse(target)?;
    let after = |flag: &str| {
        let place = arguments.iter().position(|argument| argument.eq_ignore_ascii_case(flag))?;
        arguments.get(place + 1).map(String::as_str)
    };
    let host =
        target.strip_prefix(r"\\").and_then(|rest| rest.split_once('\\')).map(|(host, _)| host.to_owned());
    let service = path.service.to_owned();
    let request = |verb, settings| {
        Some(Request { tool: Tool::Reg, verb, service: service.clone(), host: host.clone(), settings })
    };
    let mut below = path.below.clone();
    match (action.as_str(), after("/v")) {
        ("add", Some(value)) => {
            below.push(value);
            let setting = setting::at(&below)?;
            request(Verb::Change, vec![(setting, Some(value_word(setting, after("/d").unwrap_or_default())))])
        }
        ("add", None) if below.is_empty() => request(Verb::Change, Vec::new()),
        ("delete", Some(value)) => {
            below.push(value);
            let setting = setting::at(&below)?;
            request(Verb::Change, vec![(setting, None)])
        }
        ("delete", None) if below.is_empty() => request(Verb::Delete, Vec::new()),
        _ => None,
    }
}

/// `wmic service NAME call VERB`, `wmic service where "name='NAME'" call VERB`.
fn wmic(command_line: &str) -> Option<Request> {
    let lower = command_line.to_ascii_lowercase();
    let (_, after_service) = lower.split_once("service")?;
    let (before_call, call) = after_service.split_once("call")?;
    let offset = command_line.len() - after_service.len();
    let selector = command_line.get(offset..offset + before_call.len())?;
    let host = lower.find("/node:").and_then(|place| {
        let rest = command_line.get(place + "/node:".len()..)?;
        rest.trim_start_matches(['"', '\'']).split(['"', '\'', ' ']).next().map(str::to_owned)
    });
    let method = call.trim_start().split([' ', '(', '"']).next()?;
    let argument = call
        .trim_start()
        .get(method.len()..)
        .map(|rest| rest.trim_matches([' ', '"', '(', ')', '\'']))
        .unwrap_or_default();
    let (verb, settings) = match method {
        "startservice" => (Verb::Start, Vec::new()),
        "stopservice" => (Verb::Stop, Vec::new()),
        "pauseservice" => (Verb::Pause, Vec::new()),
        "resumeservice" => (Verb::Continue, Vec::new()),
        "delete" => (Verb::Delete, Vec::new()),
        "changestartmode" => {
            (Verb::Change, vec![(setting::START, Some(value_word(setting::START, argument)))])
        }
        "change" => (Verb::Change, Vec::new()),
        "create" => (Verb::Create, Vec::new()),
        _ => return None,
    };
    let service =
        if verb == Verb::Create { argument.split(',').nth(1)?.to_owned() } else { selected(selector)? };
    let service = service.trim_matches([' ', '"', '\'']).to_owned();
    (!service.is_empty()).then_some(Request { tool: Tool::Wmic, verb, service, host, settings })
}

/// The name within a WMI selector: `where name="X"`, `where (caption like '%X%')`, or the name alone. The caption is the
/// display name.
fn selected(selector: &str) -> Option<String> {
    let selector = selector.trim();
    let lower = selector.to_ascii_lowercase();
    if !lower.starts_with("where") {
        return Some(selector.trim_matches('"').to_owned());
    }
    // `displayname` ends with `name`.
    let end = ["name", "caption"].iter().find_map(|word| Some(lower.find(word)? + word.len()))?;
    let rest = selector.get(end..)?.trim_start();
    let rest = rest
        .strip_prefix('=')
        .or_else(|| rest.get(..4).filter(|word| word.eq_ignore_ascii_case("like")).and(rest.get(4..)))?;
    let rest = rest.trim_start_matches([' ', '\\']);
    let name = match rest.chars().next() {
        // A name in quotes may hold blanks; the quotes themselves may be escaped.
        Some(quote @ ('"' | '\'')) => rest.get(1..)?.split([quote, '\\']).next()?,
        _ => rest.split(['"', '\'', ')', ' ', '\\']).next()?,
    };
    Some(name.trim_matches('%').to_owned())
}

/// A value as records of the SCM write it: start types and types in words, whether given as word or as number.
fn value_word(setting: &'static str, value: &str) -> String {
    if setting == setting::START
        && let Some(start) = StartType::from_word(value)
    {
        return start.word().to_owned();
    }
    parse_integer(value)
        .and_then(|number| setting::word(setting, number))
        .map_or_else(|| value.to_owned(), str::to_owned)
}
