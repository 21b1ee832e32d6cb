//! The variables that a unit sets, as systemd puts them into its command lines (systemd.service(5), "Command lines").

use std::borrow::Cow;

use crate::model::event::ServiceEvent;

use super::is_setting;

/// How many variables of a unit are looked at.
const MOST: usize = 256;
/// How many bytes of values are put into a command line; one that does not fit stays a name.
const LONGEST: usize = 64 * 1024;

/// The variables of a unit's `Environment=` that name a path. Others may hold secrets, and what is found here is told.
pub(super) struct Environment<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Environment<'a> {
    /// Those that an event tells.
    pub(super) fn of(event: &'a ServiceEvent) -> Self {
        let settings = event.definition.iter().filter(|setting| is_setting(&setting.name, "Environment"));
        let words = settings.flat_map(|setting| &setting.values).flat_map(|value| value.split_whitespace());
        let pairs = words.filter_map(|word| word.trim_matches(['"', '\'']).split_once('='));
        Self(pairs.filter(|(_, value)| is_path(value)).take(MOST).collect())
    }

    /// Arguments with `${NAME}` replaced wherever it stands and `$NAME` where it is a word; unknown variables stay.
    pub(super) fn expand<'w>(&self, arguments: &'w [String]) -> Cow<'w, [String]> {
        if self.0.is_empty() || !arguments.iter().any(|argument| argument.contains('$')) {
            return Cow::Borrowed(arguments);
        }
        let mut room = LONGEST;
        arguments.iter().map(|argument| self.expand_one(argument, &mut room)).collect()
    }

    fn expand_one(&self, argument: &str, room: &mut usize) -> String {
        let mut value = |name: &str| {
            let value = self.value(name)?;
            *room = room.checked_sub(value.len())?;
            Some(value)
        };
        if let Some(value) = argument.strip_prefix('$').and_then(&mut value) {
            return value.to_owned();
        }
        let mut text = String::new();
        let mut rest = argument;
        while let Some((before, after)) = rest.split_once('$') {
            text.push_str(before);
            let named = after.strip_prefix('{').and_then(in_braces);
            if let Some(after) = after.strip_prefix('$') {
                // Two dollars stand for one.
                text.push_str("$$");
                rest = after;
            } else if let Some((value, after)) = named.and_then(|(name, after)| Some((value(name)?, after))) {
                text.push_str(value);
                rest = after;
            } else {
                text.push('$');
                rest = after;
            }
        }
        text.push_str(rest);
        text
    }

    /// The value of a variable; the last assignment counts.
    fn value(&self, name: &str) -> Option<&'a str> {
        self.0.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The name before a closing brace, and what follows.
fn in_braces(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')?;
    let (name, rest) = text.split_at(end);
    Some((name, rest.strip_prefix('}')?))
}

/// Whether a value is a path. Base64 may begin like one.
fn is_path(value: &str) -> bool {
    value.starts_with('/') && !value.contains(['+', '='])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(environment: &Environment<'_>, argument: &str, expected: &str) {
        assert_eq!(environment.expand_one(argument, &mut LONGEST.clone()), expected);
    }

    #[test]
    fn expands_as_systemd_does() {
        let environment = Environment(vec![("BIN", "/old"), ("BIN", "/tmp/x"), ("A", "/b")]);
        for (argument, expected) in [
            ("${BIN}", "/tmp/x"),
            ("$BIN", "/tmp/x"),
            ("--run=${BIN}${A}", "--run=/tmp/x/b"),
            ("--run=$BIN", "--run=$BIN"),
            ("$${BIN}", "$${BIN}"),
            ("${BIN", "${BIN"),
            ("$OTHER ${OTHER}", "$OTHER ${OTHER}"),
        ] {
            check(&environment, argument, expected);
        }
    }

    #[test]
    fn what_it_expands_to_is_bounded_and_not_expanded_again() {
        let long = format!("/{}", "x".repeat(LONGEST / 2 - 1));
        let environment = Environment(vec![("A", "/${B}${B}"), ("B", &long)]);
        check(&environment, "${A}", "/${B}${B}");
        check(&environment, &"${B}".repeat(1000), &format!("{long}{long}{}", "${B}".repeat(998)));
        let arguments = vec!["$B".to_owned(); 1000];
        let length: usize = environment.expand(&arguments).iter().map(String::len).sum();
        assert_eq!(length, 2 * long.len() + 998 * "$B".len());
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_none() {
        for (value, expected) in [("/dev/shm/x", true), ("hunter2", false), ("/9j/4AAQ+x==", false)] {
            assert_eq!(is_path(value), expected, "{value}");
        }
    }
}
