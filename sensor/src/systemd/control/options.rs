//! Options as `getopt_long(3)` reads them: in any order with operands, values in both forms, long names abbreviated.

use super::{Addressed, ControlOptions, ControlRequest};

/// The options that a tool knows.
pub(super) struct Syntax {
    /// Short options as for getopt(3): a letter, and a colon behind those that take a value.
    pub(super) short: &'static str,
    /// Long options that take no value.
    pub(super) flags: &'static [&'static str],
    /// Long options that take a value.
    pub(super) valued: &'static [&'static str],
    /// Whether options end at the first operand.
    pub(super) stops: bool,
}

/// One option as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// Its name: a letter for short ones.
    pub(super) name: &'static str,
    /// Its value; empty for those that take none.
    pub(super) value: String,
}

/// The options and the operands of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// The options in order.
    pub(super) options: Vec<Given>,
    /// The operands in order.
    pub(super) operands: Vec<String>,
}

impl Syntax {
    /// Tells options and operands apart. Unknown options are left out, as if they took no value.
    pub(super) fn parse(&self, arguments: &[String]) -> Parsed {
        let mut parsed = Parsed::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            if argument == "--" {
                parsed.operands.extend(rest.cloned());
                break;
            }
            if let Some(long) = argument.strip_prefix("--") {
                let (name, value) = match long.split_once('=') {
                    Some((name, value)) => (name, Some(value.to_owned())),
                    None => (long, None),
                };
                match self.long(name) {
                    Some((name, true)) => {
                        let value = value.or_else(|| rest.next().cloned()).unwrap_or_default();
                        parsed.options.push(Given { name, value });
                    }
                    Some((name, false)) => {
                        parsed.options.push(Given { name, value: value.unwrap_or_default() });
                    }
                    None => {}
                }
            } else if let Some(letters) = argument.strip_prefix('-').filter(|letters| !letters.is_empty()) {
                self.letters(letters, &mut rest, &mut parsed);
            } else if self.stops {
                parsed.operands.push(argument.clone());
                parsed.operands.extend(rest.cloned());
                break;
            } else {
                parsed.operands.push(argument.clone());
            }
        }
        parsed
    }

    /// The long option that `name` names or abbreviates without doubt, and whether it takes a value.
    fn long(&self, name: &str) -> Option<(&'static str, bool)> {
        let known = || {
            let flags = self.flags.iter().map(|flag| (*flag, false));
            flags.chain(self.valued.iter().map(|valued| (*valued, true)))
        };
        if let Some(exact) = known().find(|(known, _)| *known == name) {
            return Some(exact);
        }
        let mut candidates = known().filter(|(known, _)| !name.is_empty() && known.starts_with(name));
        let first = candidates.next()?;
        if candidates.next().is_some() { None } else { Some(first) }
    }

    /// Takes short options that stand together, such as `-fqH host`.
    fn letters(&self, letters: &str, rest: &mut std::slice::Iter<'_, String>, parsed: &mut Parsed) {
        for (at, letter) in letters.char_indices() {
            let Some((name, valued)) = self.short(letter) else { continue };
            if !valued {
                parsed.options.push(Given { name, value: String::new() });
                continue;
            }
            let attached = letters.get(at.saturating_add(letter.len_utf8())..).unwrap_or_default();
            let value = if attached.is_empty() {
                rest.next().cloned().unwrap_or_default()
            } else {
                attached.to_owned()
            };
            parsed.options.push(Given { name, value });
            return;
        }
    }

    /// The short option `letter`, and whether it takes a value.
    fn short(&self, letter: char) -> Option<(&'static str, bool)> {
        let at = self.short.find(letter).filter(|_| letter != ':')?;
        let (_, from) = self.short.split_at_checked(at)?;
        let name = from.get(..letter.len_utf8())?;
        Some((name, from.get(letter.len_utf8()..)?.starts_with(':')))
    }
}

impl Parsed {
    /// Whether one of the options was given.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.options.iter().any(|given| names.contains(&given.name))
    }

    /// The value of the last of the options that was given.
    pub(super) fn value(&self, names: &[&str]) -> Option<&str> {
        self.options.iter().rev().find(|given| names.contains(&given.name)).map(|given| given.value.as_str())
    }

    /// Puts the options that all tools of systemd share, and those of `others`, into `request`.
    pub(super) fn share(&self, request: &mut ControlRequest, others: &[(&str, &'static str)]) {
        for given in &self.options {
            let text = || Some(given.value.clone());
            match given.name {
                "user" => request.addressed = Addressed::User,
                "system" => request.addressed = Addressed::System,
                "global" => request.addressed = Addressed::AllUsers,
                "now" => request.options.now = true,
                "runtime" => request.options.runtime = true,
                "force" | "f" => request.options.force = true,
                "no-reload" => request.options.no_reload = true,
                "dry-run" => request.options.dry_run = true,
                "root" => request.options.root = text(),
                "image" => request.options.image = text(),
                "host" | "H" => request.options.host = text(),
                "machine" | "M" => request.options.machine = text(),
                "help" | "h" | "version" => request.read_only = true,
                name => {
                    if let Some((_, name)) = others.iter().find(|(known, _)| *known == name) {
                        request.options.others.push((name, given.value.clone()));
                    }
                }
            }
        }
    }
}

impl ControlOptions {
    /// The values of one of the [`Self::others`].
    pub fn other<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> + 'a {
        self.others.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SYNTAX: Syntax = Syntax {
        short: "afH:s:",
        flags: &["now", "no-block", "no-reload", "full"],
        valued: &["host", "signal", "root"],
        stops: false,
    };

    fn check(syntax: &Syntax, arguments: &[&str], options: &[(&str, &str)], operands: &[&str]) {
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        let parsed = syntax.parse(&arguments);
        let found: Vec<(&str, &str)> =
            parsed.options.iter().map(|given| (given.name, given.value.as_str())).collect();
        assert_eq!(found, options, "{arguments:?}");
        assert_eq!(parsed.operands, operands, "{arguments:?}");
    }

    #[test]
    fn both_forms_of_values() {
        check(&SYNTAX, &["--root=/x", "a"], &[("root", "/x")], &["a"]);
        check(&SYNTAX, &["--root", "/x", "a"], &[("root", "/x")], &["a"]);
        check(&SYNTAX, &["-Hx", "-H", "y", "a"], &[("H", "x"), ("H", "y")], &["a"]);
        check(&SYNTAX, &["-afHx", "b"], &[("a", ""), ("f", ""), ("H", "x")], &["b"]);
        check(&SYNTAX, &["--root"], &[("root", "")], &[]);
    }

    #[test]
    fn options_may_follow_operands() {
        check(&SYNTAX, &["a", "--now", "b", "-f"], &[("now", ""), ("f", "")], &["a", "b"]);
        check(&SYNTAX, &["a", "--", "--now", "-f"], &[], &["a", "--now", "-f"]);
        let stops = Syntax { stops: true, ..SYNTAX };
        check(&stops, &["--now", "a", "--full"], &[("now", "")], &["a", "--full"]);
    }

    #[test]
    fn long_names_may_be_short() {
        check(&SYNTAX, &["--no-b", "--sig", "KILL"], &[("no-block", ""), ("signal", "KILL")], &[]);
        // In doubt it is no option at all.
        check(&SYNTAX, &["--no-", "--n", "--unknown", "-z", "x"], &[], &["x"]);
    }

    #[test]
    fn a_lone_dash_is_an_operand() {
        check(&SYNTAX, &["-", "--"], &[], &["-"]);
    }
}
