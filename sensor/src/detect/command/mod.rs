//! What a service's command lines do: what they run, and by which tricks.

mod environment;
mod language;
mod payload;
mod shell;
mod stdin;
mod unix;
mod windows;

use std::borrow::Cow;

use environment::Environment;
pub(crate) use language::Language;
use stdin::Stdin;

use crate::model::event::{Action, Executable, Mechanism, ServiceEvent};
use crate::model::service::Manager;

use super::catalog::variables;
use super::request;
use super::text::quoted;

/// How many command lines of one event are looked at.
const MOST: usize = 64;
/// How many facts of one kind are kept of one command line.
const FACTS: usize = 64;

/// The prefixes that systemd takes, and blanks.
const PREFIXES: [char; 7] = ['-', '@', ':', '+', '!', '|', ' '];

/// A command line of a service, and what it does.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    /// The setting that names it.
    pub(crate) setting: &'a str,
    /// The whole line.
    pub(crate) line: &'a str,
    /// The program.
    pub(crate) path: &'a str,
    /// The facts of the program, where the event tells them.
    pub(crate) executable: Option<&'a Executable>,
    /// What it does.
    pub(crate) traits: Traits,
}

/// What a command line does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Every program and script that it runs, as it names them.
    pub(crate) runs: Vec<String>,
    /// The language of the outermost interpreter that it runs, with or without code.
    pub(crate) interpreter: Option<Language>,
    /// The code that an interpreter is given as an argument.
    pub(crate) inline: Option<Inline>,
    /// A phrase that says how it runs encoded or obfuscated code.
    pub(crate) encoded: Option<String>,
    /// A phrase that says how it downloads something and runs it.
    pub(crate) download: Option<String>,
    /// A phrase that says how it ties a shell to the network.
    pub(crate) network_shell: Option<String>,
    /// A phrase that says how it feeds a named pipe for impersonation.
    pub(crate) pipe: Option<String>,
    /// Files into which it downloads something.
    pub(crate) fetched: Vec<String>,
    /// Files into which it writes what it has decoded.
    pub(crate) decoded: Vec<String>,
    /// What it copies, moves or links to where, by absolute paths.
    pub(crate) copies: Vec<(String, String)>,
    /// The assignments by which it gives a program foreign code to load, as `NAME=value`.
    pub(crate) assigns: Vec<String>,
    /// Every language that takes part.
    pub(crate) languages: Vec<Language>,
}

/// Code as an argument.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inline {
    /// Its language.
    pub(crate) language: Language,
    /// What makes it worse than a convenience, as a phrase.
    pub(crate) risk: Option<&'static str>,
}

impl Traits {
    /// What a command line does, in the manager's own terms.
    fn of(manager: Manager, line: &Line<'_>, environment: &Environment<'_>, stdin: &Stdin) -> Self {
        match manager {
            Manager::Scm => windows::traits(line.text, line.path),
            Manager::Systemd if line.setting.starts_with("Exec") => {
                let arguments = environment.expand(line.arguments);
                unix::traits(line.path, &with_single_dollars(line.text, &arguments), stdin)
            }
            Manager::Systemd | Manager::SysV | Manager::Launchd => {
                unix::traits(line.path, line.arguments, &Stdin::Other)
            }
        }
    }

    /// Notes a language that takes part.
    fn speaks(&mut self, language: Language) {
        if !self.languages.contains(&language) {
            self.languages.push(language);
        }
    }

    /// Notes an assignment to a variable, if that may bring foreign code.
    fn assigns(&mut self, name: &str, value: &str) {
        let known = [variables::LOADERS, variables::SEARCHES];
        if self.assigns.len() < FACTS && known.iter().any(|list| variables::is_among(list, name)) {
            self.assigns.push(format!("{name}={value}"));
        }
    }

    /// Notes a script that is run. Its name is a path, also where it has no slash: nobody looks for it elsewhere.
    fn runs_script(&mut self, script: &str) {
        if script.contains('/') { self.runs(script) } else { self.runs(&format!("./{script}")) }
    }

    /// Notes a program or script that is run.
    fn runs(&mut self, program: &str) {
        if self.runs.len() < FACTS && !program.is_empty() {
            self.runs.push(program.to_owned());
        }
    }
}

impl<'a> Command<'a> {
    /// How a sentence names it.
    pub(crate) fn shown(&self) -> String {
        let path = quoted(self.path);
        // A generator or an init script stands in no setting.
        if self.setting.is_empty() { path } else { format!("{}={path}", self.setting) }
    }

    /// Who runs it, as the subject of a sentence: its setting, or the manager where no setting names it.
    pub(crate) fn runner(&self) -> &'a str {
        if self.setting.is_empty() { "The manager" } else { self.setting }
    }
}

/// The command lines that came with an event, each with what it does.
///
/// A modification counts for those that it changed alone; all other events for all. An event of whose changes nothing
/// is known counts for all as well: better told twice than never.
pub(crate) fn new_commands(event: &ServiceEvent) -> Vec<Command<'_>> {
    let lines: Box<dyn Iterator<Item = Line<'_>> + '_> =
        if event.executables.is_empty() && event.service.manager == Manager::Scm {
            Box::new(lines_of_settings(event))
        } else {
            Box::new(event.executables.iter().map(Line::of))
        };
    let environment = Environment::of(event);
    let stdin = Stdin::of(event);
    lines
        .filter(|line| is_new(event, line))
        .take(MOST)
        .map(|line| Command {
            setting: line.setting,
            line: line.text,
            path: line.path,
            executable: line.executable,
            traits: Traits::of(event.service.manager, &line, &environment, &stdin),
        })
        .collect()
}

/// The arguments as the program gets them: systemd makes one dollar of two, unless the prefix `:` keeps it from
/// expanding variables (systemd.service(5), "Command lines").
fn with_single_dollars<'a>(line: &str, arguments: &'a [String]) -> Cow<'a, [String]> {
    let prefixes = line.len().saturating_sub(line.trim_start_matches(PREFIXES).len());
    let kept = line.get(..prefixes).is_some_and(|prefixes| prefixes.contains(':'));
    if kept || !arguments.iter().any(|argument| argument.contains("$$")) {
        return Cow::Borrowed(arguments);
    }
    arguments.iter().map(|argument| argument.replace("$$", "$")).collect()
}

/// A command line as an event tells it.
struct Line<'a> {
    setting: &'a str,
    text: &'a str,
    path: &'a str,
    arguments: &'a [String],
    executable: Option<&'a Executable>,
}

impl<'a> Line<'a> {
    fn of(executable: &'a Executable) -> Self {
        Self {
            setting: &executable.setting,
            text: &executable.command_line,
            path: &executable.path,
            arguments: &executable.arguments,
            executable: Some(executable),
        }
    }
}

/// The command lines that stand in settings, for sources that know no more.
fn lines_of_settings(event: &ServiceEvent) -> impl Iterator<Item = Line<'_>> {
    let named = ["ImagePath", "FailureCommand", "ServiceDll"];
    event
        .definition
        .iter()
        .filter(move |setting| named.iter().any(|name| is_setting(&setting.name, name)))
        .flat_map(|setting| {
            setting.values.iter().map(|value| Line {
                setting: &setting.name,
                text: value,
                path: windows::program_of(value),
                arguments: &[],
                executable: None,
            })
        })
}

/// Whether a command line came with the event.
fn is_new(event: &ServiceEvent, line: &Line<'_>) -> bool {
    match event.action {
        Action::Modified if event.mechanism == Mechanism::Executable => false,
        Action::Modified if event.changes.is_empty() => {
            event.file.is_none() && event.service.manager != Manager::Scm
        }
        Action::Modified if stdin::is_changed(event) && Language::of_program(line.path).is_some() => true,
        Action::Modified => event.changes.iter().any(|change| {
            is_setting(&change.name, line.setting)
                && !change.before.iter().any(|value| same_line(value, line.text))
                && (change.after.iter().any(|value| same_line(value, line.text)) || change.after.len() <= 1)
        }),
        Action::Enabled | Action::Disabled if event.service.manager == Manager::Scm => {
            event.changes.iter().any(|change| {
                is_setting(&change.name, line.setting)
                    && !change.before.iter().any(|value| value == line.text)
            })
        }
        Action::Created | Action::Enabled | Action::Unmasked => true,
        Action::ControlRequested if request::asks_to_define(event) => {
            event.changes.iter().any(|change| is_setting(&change.name, line.setting))
        }
        Action::Removed
        | Action::Disabled
        | Action::Masked
        | Action::Aliased
        | Action::Started
        | Action::Stopped
        | Action::Failed
        | Action::ControlRequested => false,
    }
}

/// Whether two command lines are the same but for blanks and the prefixes that systemd takes (`-`, `@`, `:`, `+`, `!`,
/// `|`; systemd.service(5), table "Special executable prefixes").
fn same_line(one: &str, other: &str) -> bool {
    let words = |line: &'_ str| -> Vec<String> {
        let line = line.trim_start_matches(PREFIXES);
        line.split_whitespace().map(str::to_owned).collect()
    };
    words(one) == words(other)
}

/// Whether a setting has this name: `Parameters\ServiceDll` and `Performance.Library` are known by their last part as
/// well.
pub(crate) fn is_setting(found: &str, wanted: &str) -> bool {
    found.eq_ignore_ascii_case(wanted)
        || found.rsplit(['\\', '.']).next().is_some_and(|last| last.eq_ignore_ascii_case(wanted))
}

/// The program of a command line of Windows.
pub(crate) fn windows_program(line: &str) -> &str {
    windows::program_of(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemd_makes_one_dollar_of_two() {
        let arguments = ["-c".to_owned(), "$$(a) $$$$ $b".to_owned()];
        for (line, expected) in [
            ("/bin/sh -c …", "$(a) $$ $b"),
            ("-+/bin/sh -c …", "$(a) $$ $b"),
            ("-:/bin/sh -c …", "$$(a) $$$$ $b"),
        ] {
            assert_eq!(with_single_dollars(line, &arguments)[1], expected, "{line}");
        }
    }
}
