//! PowerShell's cmdlets for services, in a command line or in an encoded command.

use super::{Request, Tool, Verb, value_word};
use crate::scm::key;
use crate::scm::setting;
use crate::windows_event::field::parse_base64;

/// Reads the arguments of powershell.exe.
pub(super) fn parse(arguments: &[String]) -> Vec<Request> {
    let encoded = arguments.iter().enumerate().find_map(|(place, argument)| {
        is_encoded_flag(argument).then(|| arguments.get(place + 1)).flatten().and_then(|text| decode(text))
    });
    let script = encoded
        .unwrap_or_else(|| arguments.iter().map(|argument| quoted(argument)).collect::<Vec<_>>().join(" "));
    // Statements and the stages of a pipeline, each on its own.
    script.split([';', '\n']).flat_map(statement).collect()
}

/// Arguments have lost their quotes; those with blanks get them back.
fn quoted(argument: &str) -> String {
    let is_script = argument.contains(['|', ';', '"', '\'', '(', '{']) || argument.contains("-Service");
    if argument.contains(' ') && !is_script && !argument.to_ascii_lowercase().contains("-service ") {
        format!("'{argument}'")
    } else {
        argument.to_owned()
    }
}

/// `-EncodedCommand` in any of its shortenings.
fn is_encoded_flag(argument: &str) -> bool {
    let Some(flag) = argument.strip_prefix(['-', '/']) else { return false };
    let flag = flag.to_ascii_lowercase();
    flag == "ec" || (flag.starts_with('e') && "encodedcommand".starts_with(&flag))
}

/// Base64 of UTF-16.
fn decode(text: &str) -> Option<String> {
    let bytes = parse_base64(text)?;
    let units = bytes.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    Some(
        char::decode_utf16(units).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)).collect(),
    )
}

/// The requests of one statement: of its stages, whose input may come from one before that looks services up.
fn statement(statement: &str) -> Vec<Request> {
    let stages: Vec<Vec<String>> = statement.split('|').map(words).collect();
    let mut requests = Vec::new();
    let mut from_pipe: Vec<String> = Vec::new();
    for stage in &stages {
        let start = stage.iter().position(|word| is_cmdlet(word));
        let rest = start.and_then(|start| stage.get(start + 1..)).unwrap_or(stage);
        let cmdlet = start.and_then(|start| stage.get(start)).map(|word| word.to_ascii_lowercase());
        let call = Call::of(rest);
        match cmdlet.as_deref() {
            Some("get-service") => from_pipe = call.names(),
            Some("get-ciminstance" | "gcim" | "get-wmiobject" | "gwmi") => from_pipe = call.of_class(),
            Some(cmdlet) => {
                requests.extend(call.requests(cmdlet, &from_pipe));
                continue;
            }
            None => {}
        }
        requests.extend(methods(rest, &from_pipe));
    }
    requests
}

/// What the methods of services are called for: those of .NET's class and of WMI's.
fn methods(words: &[String], services: &[String]) -> Vec<Request> {
    // `Invoke-CimMethod -MethodName StopService`, else `.Stop()` behind what it is called on.
    let named = words.first().is_some_and(|word| word.to_ascii_lowercase().starts_with("invoke-"));
    let called = words.iter().enumerate().find_map(|(place, word)| {
        let (_, method) = word.rsplit_once('.').or_else(|| named.then_some(("", word.as_str())))?;
        let method = method.to_ascii_lowercase();
        let verb = match method.as_str() {
            "stop" | "stopservice" => Verb::Stop,
            "start" | "startservice" => Verb::Start,
            "pause" | "pauseservice" => Verb::Pause,
            "continue" | "resumeservice" => Verb::Continue,
            "delete" => Verb::Delete,
            "changestartmode" => Verb::Change,
            _ => return None,
        };
        // `ChangeStartMode("Disabled")`, or `-Arguments @{StartMode="Disabled"}`.
        let mode = words.get(place + 1..)?.iter().find_map(|word| {
            let mode = word.rsplit('=').next().unwrap_or(word);
            setting::StartType::from_word(mode)
        });
        let settings = match (verb, mode) {
            (Verb::Change, Some(mode)) => vec![(setting::START, Some(mode.word().to_owned()))],
            (Verb::Change, None) => return None,
            _ => Vec::new(),
        };
        Some((verb, settings))
    });
    let Some((verb, settings)) = called else { return Vec::new() };
    services
        .iter()
        .map(|service| Request {
            tool: Tool::PowerShell,
            verb,
            service: service.clone(),
            host: None,
            settings: settings.clone(),
        })
        .collect()
}

fn is_cmdlet(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "get-service"
            | "get-ciminstance"
            | "gcim"
            | "get-wmiobject"
            | "gwmi"
            | "new-service"
            | "set-service"
            | "start-service"
            | "stop-service"
            | "restart-service"
            | "suspend-service"
            | "resume-service"
            | "remove-service"
            | "set-itemproperty"
            | "new-itemproperty"
            | "remove-itemproperty"
            | "remove-item"
            | "sasv"
            | "spsv"
            | "sp"
    )
}

/// The words of a stage: blanks part them, quotes and `{}` hold them together.
fn words(stage: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut current = String::new();
    let mut quote: Option<char> = None;
    for character in stage.chars() {
        match quote {
            Some(open) if character == open => quote = None,
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if character.is_whitespace() || matches!(character, '(' | ')' | '{' | '}' | '&') => {
                if !current.is_empty() {
                    words.push(std::mem::take(&mut current));
                }
            }
            Some(_) | None => current.push(character),
        }
    }
    if !current.is_empty() {
        words.push(current);
    }
    words
}

/// The parameters of a cmdlet.
struct Call {
    named: Vec<(String, String)>,
    positional: Vec<String>,
}

impl Call {
    fn of(words: &[String]) -> Self {
        let mut call = Self { named: Vec::new(), positional: Vec::new() };
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            if let Some(name) = word.strip_prefix('-').filter(|name| name.starts_with(char::is_alphabetic)) {
                let (name, inline) =
                    name.split_once(':').map_or((name, None), |(name, value)| (name, Some(value)));
                let name = name.to_ascii_lowercase();
                let switch = matches!(
                    name.as_str(),
                    "force" | "passthru" | "nowait" | "confirm" | "whatif" | "verbose"
                );
                let value = match inline {
                    Some(value) => value.to_owned(),
                    None if switch => String::new(),
                    None => words.next_if(|next| !next.starts_with('-')).cloned().unwrap_or_default(),
                };
                call.named.push((name, value));
            } else {
                call.positional.push(word.clone());
            }
        }
        call
    }

    /// A parameter, by any shortening of its name that is at least `shortest` long.
    fn get(&self, name: &str, shortest: usize) -> Option<&str> {
        self.named
            .iter()
            .find(|(given, _)| given.len() >= shortest && name.starts_with(given.as_str()))
            .map(|(_, value)| value.as_str())
    }

    /// The services that it names, by key or display name.
    fn names(&self) -> Vec<String> {
        let given = self
            .get("name", 1)
            .or_else(|| self.get("displayname", 2))
            .or_else(|| self.get("servicename", 2))
            .or_else(|| self.positional.first().map(String::as_str))
            .unwrap_or_default();
        given
            .split(',')
            .map(|name| name.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|name| !name.is_empty() && !name.starts_with('$'))
            .collect()
    }

    /// The services that a filter on WMI's class of services names.
    fn of_class(&self) -> Vec<String> {
        let says = |text: &String| text.to_ascii_lowercase().contains("win32_service");
        let values = || self.named.iter().map(|(_, value)| value).chain(&self.positional);
        if !values().any(says) {
            return Vec::new();
        }
        let filter = self.get("filter", 1).or_else(|| self.get("query", 1));
        filter.and_then(|filter| super::selected(&format!("where {filter}"))).into_iter().collect()
    }

    fn requests(&self, cmdlet: &str, from_pipe: &[String]) -> Vec<Request> {
        if cmdlet.ends_with("itemproperty") || cmdlet.ends_with("item") || cmdlet == "sp" {
            return self.registry(cmdlet).into_iter().collect();
        }
        let mut settings: Vec<(&'static str, Option<String>)> = Vec::new();
        let mut add = |setting: &'static str, value: Option<&str>| {
            if let Some(value) = value {
                settings.push((setting, Some(value_word(setting, value))));
            }
        };
        let verb = match cmdlet {
            "new-service" => {
                let path =
                    self.get("binarypathname", 1).or_else(|| self.positional.get(1).map(String::as_str));
                add(setting::IMAGE_PATH, path);
                add(setting::START, self.get("startuptype", 2));
                add(setting::DISPLAY_NAME, self.get("displayname", 2));
                add(setting::DESCRIPTION, self.get("description", 3));
                Verb::Create
            }
            "set-service" => {
                add(setting::START, self.get("startuptype", 5).or_else(|| self.get("startmode", 6)));
                add(setting::DISPLAY_NAME, self.get("displayname", 2));
                add(setting::DESCRIPTION, self.get("description", 3));
                add(setting::SECURITY, self.get("securitydescriptorsddl", 2).or_else(|| self.get("sddl", 2)));
                match self.get("status", 5).map(str::to_ascii_lowercase).as_deref() {
                    Some("stopped") => Verb::Stop,
                    Some("running") => Verb::Start,
                    Some("paused") => Verb::Pause,
                    _ => Verb::Change,
                }
            }
            "start-service" | "sasv" => Verb::Start,
            "stop-service" | "spsv" => Verb::Stop,
            "restart-service" => Verb::Control,
            "suspend-service" => Verb::Pause,
            "resume-service" => Verb::Continue,
            "remove-service" => Verb::Delete,
            _ => return Vec::new(),
        };
        let host = self.get("computername", 1).map(str::to_owned);
        let mut names = self.names();
        if names.is_empty() {
            names = from_pipe.to_vec();
        }
        names
            .into_iter()
            .map(|service| Request {
                tool: Tool::PowerShell,
                verb,
                service,
                host: host.clone(),
                settings: settings.clone(),
            })
            .collect()
    }

    /// `Set-ItemProperty -Path HKLM:\SYSTEM\CurrentControlSet\Services\X -Name Start -Value 4`.
    fn registry(&self, cmdlet: &str) -> Option<Request> {
        let path = self
            .get("path", 1)
            .or_else(|| self.get("literalpath", 1))
            .or_else(|| self.positional.first().map(String::as_str))?;
        let path = key::parse(path)?;
        let positional = usize::from(self.get("path", 1).is_none() && self.get("literalpath", 1).is_none());
        let request = |verb, settings| Request {
            tool: Tool::PowerShell,
            verb,
            service: path.service.to_owned(),
            host: None,
            settings,
        };
        if cmdlet == "remove-item" {
            return path.below.is_empty().then(|| request(Verb::Delete, Vec::new()));
        }
        let name = self.get("name", 1).or_else(|| self.positional.get(positional).map(String::as_str))?;
        let mut below = path.below.clone();
        below.push(name);
        let setting = setting::at(&below)?;
        if cmdlet == "remove-itemproperty" {
            return Some(request(Verb::Change, vec![(setting, None)]));
        }
        let value =
            self.get("value", 1).or_else(|| self.positional.get(positional + 1).map(String::as_str))?;
        Some(request(Verb::Change, vec![(setting, Some(value_word(setting, value)))]))
    }
}
