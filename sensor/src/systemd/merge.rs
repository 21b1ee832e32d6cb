//! What a unit's files say together: assignments applied in order, lists cleared, later values in place of earlier.

use super::command_line::{self, ExecCommand};
use super::directive::{Directive, Group, Rule, directive, is_read};
use super::name::UnitType;
use super::specifier::SpecifierContext;
use super::unit::{Assignment, UnitFile};
use super::words::{Escapes, split};
use crate::model::service::Setting;

/// How many values of one setting are kept: whoever writes a unit file must not make it slow to read.
const VALUES_MAX: usize = 2000;

/// How many different settings of one unit are kept. systemd knows about 400 for any type.
const SETTINGS_MAX: usize = 1000;

/// Settings as they add up, file by file.
#[derive(Debug)]
pub(crate) struct Merger<'a> {
    context: SpecifierContext<'a>,
    unit_type: UnitType,
    settings: Vec<Merged>,
}

/// One setting and what it holds so far.
#[derive(Debug)]
struct Merged {
    section: String,
    name: String,
    group: Option<Group>,
    values: Vec<String>,
    commands: Vec<ExecCommand>,
}

/// What systemd does with an assignment that it does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The line of the assignment.
    pub(crate) line: u32,
    /// What is wrong, as a sentence.
    pub(crate) text: String,
    /// Whether systemd reads no further in the file.
    pub(crate) fatal: bool,
}

impl<'a> Merger<'a> {
    /// A unit of which nothing is read yet.
    pub(crate) fn new(context: SpecifierContext<'a>) -> Self {
        Self { unit_type: context.unit.unit_type(), context, settings: Vec::new() }
    }

    /// Applies a file's assignments up to the first that makes systemd stop, and tells what it does not take.
    ///
    /// Without `installs`, `[Install]` is left out.
    pub(crate) fn apply(&mut self, file: &UnitFile, installs: bool) -> Vec<Refusal> {
        let mut refusals = Vec::new();
        let mut unread = "";
        for assignment in &file.assignments {
            let section = &*assignment.section;
            if !is_read(self.unit_type, section) {
                // Told once for each run of such assignments.
                if unread != section && !section.starts_with("X-") {
                    let text = format!("section [{section}] is not read in a unit of this type");
                    refusals.push(Refusal { line: assignment.line, text, fatal: false });
                }
                unread = section;
                continue;
            }
            unread = "";
            if section == "Install" && !installs {
                continue;
            }
            if let Some(directive) = directive(section, &assignment.key) {
                let refusal = self.assign(&directive, assignment);
                let fatal = refusal.as_ref().is_some_and(|refusal| refusal.fatal);
                refusals.extend(refusal);
                if fatal {
                    break;
                }
            }
        }
        refusals
    }

    /// What a setting holds so far.
    pub(crate) fn values(&self, section: &str, name: &str) -> &[String] {
        self.settings
            .iter()
            .find(|merged| merged.section == section && merged.name == name)
            .map_or(&[], |merged| merged.values.as_slice())
    }

    /// The settings that hold a value, in the order in which they first came up.
    pub(crate) fn finish(self) -> (Vec<Setting>, Vec<ExecCommand>) {
        let mut settings = Vec::new();
        let mut commands = Vec::new();
        for merged in self.settings {
            if !merged.values.is_empty() {
                settings.push(Setting { section: merged.section, name: merged.name, values: merged.values });
            }
            commands.extend(merged.commands);
        }
        (settings, commands)
    }

    fn assign(&mut self, directive: &Directive<'_>, assignment: &Assignment) -> Option<Refusal> {
        let value = assignment.value.as_str();
        let context = self.context;
        if value.is_empty() {
            self.reset(directive);
            return None;
        }
        let Some(merged) = self.entry(directive) else {
            let text = format!("{}: more than {SETTINGS_MAX} settings", assignment.key);
            return Some(Refusal { line: assignment.line, text, fatal: true });
        };
        let room = VALUES_MAX.saturating_sub(merged.values.len());
        let mut problem = None;
        let mut fatal = false;
        match directive.rule {
            Rule::Single { .. } => merged.values = vec![value.to_owned()],
            Rule::Lines | Rule::Unknown => merged.values.extend((room > 0).then(|| value.to_owned())),
            Rule::Words => {
                let (words, error) = split(value, Escapes::Retain);
                merged.values.extend(words.into_iter().take(room));
                problem = error.map(|error| error.to_string());
            }
            Rule::Dependencies => {
                let (words, error) = split(value, Escapes::Retain);
                for word in words.into_iter().take(room) {
                    if !merged.values.contains(&word) {
                        merged.values.push(word);
                    }
                }
                problem = error.map(|error| error.to_string());
            }
            Rule::Environment => problem = merged.set_variables(value, room),
            Rule::Commands => {
                let found = command_line::parse(directive.name, value, &context);
                merged.values.extend(found.commands.iter().take(room).map(|command| command.raw.clone()));
                merged.commands.extend(found.commands.into_iter().take(room));
                fatal = found.error.is_some() && !found.tolerated;
                problem = found.error.map(|error| error.to_string());
            }
        }
        let key = &assignment.key;
        problem.map(|problem| Refusal { line: assignment.line, text: format!("{key}: {problem}"), fatal })
    }

    /// What an assignment of nothing does.
    fn reset(&mut self, directive: &Directive<'_>) {
        if matches!(directive.rule, Rule::Dependencies | Rule::Single { empty_resets: false }) {
            return;
        }
        for merged in &mut self.settings {
            let same = merged.section == directive.section && merged.name == directive.name;
            if same || (directive.group.is_some() && merged.group == directive.group) {
                merged.values.clear();
                merged.commands.clear();
            }
        }
    }

    /// The setting's place; `None` when there is no room for a further one.
    fn entry(&mut self, directive: &Directive<'_>) -> Option<&mut Merged> {
        let found = self
            .settings
            .iter()
            .position(|merged| merged.section == directive.section && merged.name == directive.name);
        let at = found.unwrap_or(self.settings.len());
        if at >= SETTINGS_MAX {
            return None;
        }
        if found.is_none() {
            self.settings.push(Merged {
                section: directive.section.to_owned(),
                name: directive.name.to_owned(),
                group: directive.group,
                values: Vec::new(),
                commands: Vec::new(),
            });
        }
        self.settings.get_mut(at)
    }
}

impl Merged {
    /// Takes the words `NAME=value` of one assignment, each in place of an earlier one of that name.
    fn set_variables(&mut self, value: &str, room: usize) -> Option<String> {
        let (words, error) = split(value, Escapes::Unescape);
        let mut problem = error.map(|error| error.to_string());
        for word in words.into_iter().take(room) {
            let name = word.split_once('=').map(|(name, _)| name.to_owned());
            let Some(name) = name.filter(|name| is_variable_name(name)) else {
                problem.get_or_insert_with(|| "not an assignment of a variable".to_owned());
                continue;
            };
            let earlier = self.values.iter_mut().find(|earlier| {
                earlier.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('='))
            });
            match earlier {
                Some(earlier) => *earlier = word,
                None => self.values.push(word),
            }
        }
        problem
    }
}

/// Whether systemd takes `name` as the name of an environment variable.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systemd::name::UnitName;
    use crate::systemd::specifier::ManagerFacts;

    /// Applies `files` in order to a unit `name` and checks its settings as `Section.Name=value|value`.
    fn check(name: &str, files: &[&str], expected: &[&str]) -> Vec<String> {
        let unit = UnitName::parse(name).unwrap();
        let manager = ManagerFacts::system();
        let mut merger = Merger::new(SpecifierContext { unit: &unit, fragment: None, manager: &manager });
        let refusals: Vec<String> = files
            .iter()
            .flat_map(|file| merger.apply(&UnitFile::parse(file.as_bytes()), true))
            .map(|refusal| {
                format!("{}{}: {}", if refusal.fatal { "fatal " } else { "" }, refusal.line, refusal.text)
            })
            .collect();
        let (settings, _) = merger.finish();
        let found: Vec<String> = settings
            .iter()
            .map(|setting| format!("{}.{}={}", setting.section, setting.name, setting.values.join("|")))
            .collect();
        assert_eq!(found, expected, "{files:?}");
        refusals
    }

    #[test]
    fn later_values_replace_earlier_ones() {
        check("a.service", &["[Service]\nUser=a\nUser=b\n", "[Service]\nUser=c\n"], &["Service.User=c"]);
        check(
            "a.service",
            &["[Service]\nUser=a\nType=oneshot\n", "[Service]\nUser=\nType=\n"],
            &["Service.Type=oneshot"],
        );
    }

    #[test]
    fn lists_add_up_until_they_are_cleared() {
        check(
            "a.service",
            &["[Service]\nExecStart=/a\n", "[Service]\nExecStart=/b ; /c\n"],
            &["Service.ExecStart=/a|/b|/c"],
        );
        check(
            "a.service",
            &["[Service]\nExecStart=/a\nExecStop=/s\n", "[Service]\nExecStart=\nExecStart=/b\n"],
            &["Service.ExecStart=/b", "Service.ExecStop=/s"],
        );
        check("a.service", &["[Service]\nExecStart=/a\nExecStart=\n"], &[]);
    }

    #[test]
    fn dependencies_can_not_be_cleared() {
        check(
            "a.service",
            &["[Unit]\nAfter=a.target b.target\n", "[Unit]\nAfter=\nAfter=b.target c.target\n"],
            &["Unit.After=a.target|b.target|c.target"],
        );
    }

    #[test]
    fn conditions_are_cleared_together() {
        check(
            "a.service",
            &[
                "[Unit]\nConditionPathExists=/a\nConditionHost=x\nAssertHost=y\n",
                "[Unit]\nConditionACPower=\nConditionUser=u\n",
            ],
            &["Unit.AssertHost=y", "Unit.ConditionUser=u"],
        );
        check("a.timer", &["[Timer]\nOnBootSec=1\nOnCalendar=daily\n[Timer]\nOnUnitActiveSec=\n"], &[]);
    }

    #[test]
    fn variables_are_replaced_by_name() {
        let refusals = check(
            "a.service",
            &["[Service]\nEnvironment=\"A=1 2\" B=x AB=3\n", "[Service]\nEnvironment=B=y 1X=no none C=\n"],
            &["Service.Environment=A=1 2|B=y|AB=3|C="],
        );
        assert_eq!(refusals, ["2: Environment: not an assignment of a variable"]);
        check("a.service", &["[Service]\nEnvironment=A=1\nEnvironment=\n"], &[]);
    }

    #[test]
    fn sections_of_other_types_do_not_count() {
        let refusals = check(
            "a.service",
            &["[Socket]\nListenStream=1\nAccept=yes\n[X-Mine]\nA=b\n[Service]\nX-A=b\nUser=u\n"],
            &["Service.User=u"],
        );
        assert_eq!(refusals, ["2: section [Socket] is not read in a unit of this type"]);
    }

    #[test]
    fn unknown_settings_are_kept() {
        check("a.service", &["[Service]\nFutureThing=a\nFutureThing=b\n"], &["Service.FutureThing=a|b"]);
        check("a.service", &["[Service]\nFutureThing=a\nFutureThing=\n"], &[]);
    }

    #[test]
    fn old_and_new_names_are_one_setting() {
        check(
            "a.service",
            &["[Service]\nReadOnlyDirectories=/a\nReadOnlyPaths=/b\nStartLimitInterval=1\n"],
            &["Service.ReadOnlyPaths=/a|/b", "Unit.StartLimitIntervalSec=1"],
        );
    }

    #[test]
    fn sizes_are_bounded() {
        let many: Vec<String> = (0..SETTINGS_MAX + 5).map(|n| format!("K{n}=1")).collect();
        let refusals = check_sizes(&format!("[Service]\n{}\n", many.join("\n")));
        assert_eq!(refusals, (SETTINGS_MAX, 1));
        let many: Vec<String> = (0..VALUES_MAX + 5).map(|n| format!("After=a{n}.target")).collect();
        assert_eq!(check_sizes(&format!("[Unit]\n{}\n", many.join("\n"))), (VALUES_MAX, 0));
    }

    /// How many values and refusals a file gives.
    fn check_sizes(text: &str) -> (usize, usize) {
        let unit = UnitName::parse("a.service").unwrap();
        let manager = ManagerFacts::system();
        let mut merger = Merger::new(SpecifierContext { unit: &unit, fragment: None, manager: &manager });
        let refusals = merger.apply(&UnitFile::parse(text.as_bytes()), true).len();
        (merger.finish().0.iter().map(|setting| setting.values.len()).sum(), refusals)
    }

    #[test]
    fn a_refused_command_ends_the_file() {
        let refusals = check(
            "a.service",
            &["[Service]\nUser=a\nExecStart=./x\nUser=b\n", "[Service]\nGroup=c\n"],
            &["Service.User=a", "Service.Group=c"],
        );
        assert_eq!(
            refusals,
            ["fatal 3: ExecStart: the program is neither an absolute path nor a plain name"]
        );
        let refusals = check("a.service", &["[Service]\nExecStart=-./x\nUser=b\n"], &["Service.User=b"]);
        assert_eq!(refusals, ["2: ExecStart: the program is neither an absolute path nor a plain name"]);
    }
}
