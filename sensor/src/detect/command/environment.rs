//! The variables that a unit sets, as systemd puts them into its command lines (systemd.service(5), "Command lines").

use std::borrow::Cow;

use crate::model::event::ServiceEvent;

use super::is_setting;

/// How many variables of a unit are looked at.
const MOST: usize = 256;

/// The variables of a unit's `Environment=`.
pub(super) struct Environment<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Environment<'a> {
    /// Those that an event tells.
    pub(super) fn of(event: &'a ServiceEvent) -> Self {
        let settings = event.definition.iter().filter(|setting| is_setting(&setting.name, "Environment"));
        let words = settings.flat_map(|setting| &setting.values).flat_map(|value| value.split_whitespace());
        let pairs = words.filter_map(|word| word.trim_matches(['"', '\'']).split_once('='));
        Self(pairs.take(MOST).collect())
    }

    /// Arguments with `${NAME}` replaced wherever it stands and `$NAME` where it is a word; unknown variables stay.
    pub(super) fn expand<'w>(&self, arguments: &'w [String]) -> Cow<'w, [String]> {
        if self.0.is_empty() || !arguments.iter().any(|argument| argument.contains('$')) {
            return Cow::Borrowed(arguments);
        }
        arguments.iter().map(|argument| self.expand_one(argument)).collect()
    }

    fn expand_one(&self, argument: &str) -> String {
        let mut text = argument.to_owned();
        // The last assignment counts.
        for (name, value) in self.0.iter().rev() {
            if text.strip_prefix('$') == Some(name) {
                return (*value).to_owned();
            }
            // Two dollars stand for one.
            if !text.contains("$$") {
                text = text.replace(&format!("${{{name}}}"), value);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expands_as_systemd_does() {
        let environment = Environment(vec![("BIN", "/old"), ("BIN", "/tmp/x"), ("A", "b")]);
        for (argument, expected) in [
            ("${BIN}", "/tmp/x"),
            ("$BIN", "/tmp/x"),
            ("--run=${BIN}/${A}", "--run=/tmp/x/b"),
            ("--run=$BIN", "--run=$BIN"),
            ("$${BIN}", "$${BIN}"),
            ("$OTHER", "$OTHER"),
        ] {
            assert_eq!(environment.expand_one(argument), expected);
        }
    }
}
