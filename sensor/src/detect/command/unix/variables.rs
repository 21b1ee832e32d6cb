//! Variables that a script sets and uses: `P=/opt/x; $P`.

use crate::detect::command::shell::Simple;

/// How many variables of a script are kept.
const MOST: usize = 64;
/// The longest value that is kept.
const LONGEST: usize = 4096;

/// The variables of a script whose values stand in it, and how much may still be put in their place.
#[derive(Debug)]
pub(super) struct Variables {
    known: Vec<(String, String)>,
    room: usize,
}

impl Default for Variables {
    fn default() -> Self {
        Self { known: Vec::new(), room: 16 * 1024 }
    }
}

impl Variables {
    /// Puts values in place of the variables of `commands`, in the order in which they are set.
    pub(super) fn expand(mut self, commands: &mut [Simple]) {
        for command in commands {
            for inner in &mut command.inner {
                *inner = self.text(inner);
            }
            command.words = self.words(&command.words);
            for output in &mut command.outputs {
                *output = self.text(output);
            }
            self.note_all(command);
        }
    }

    /// Notes what a command sets. What stands before a program counts for that program alone.
    fn note_all(&mut self, command: &Simple) {
        let words = command.words.as_slice();
        if words.is_empty() && command.inner.is_empty() {
            for assignment in &command.assignments {
                self.note(assignment);
            }
        }
        match words {
            [first, rest @ ..]
                if matches!(first.as_str(), "export" | "declare" | "typeset" | "local" | "readonly") =>
            {
                for assignment in rest {
                    self.note(assignment);
                }
            }
            // Of all turns of a loop the first one is looked at.
            [first, name, between, value, ..] if first == "for" && between == "in" => {
                self.note(&format!("{name}={value}"));
            }
            _ => {}
        }
    }

    fn note(&mut self, assignment: &str) {
        let Some((name, value)) = assignment.split_once('=') else { return };
        let value = self.text(value);
        if value.len() > LONGEST {
            return;
        }
        if let Some((_, known)) = self.known.iter_mut().find(|(known, _)| known == name) {
            *known = value;
        } else if self.known.len() < MOST {
            self.known.push((name.to_owned(), value));
        }
    }

    /// The words of a command. A variable in the program's place may hold arguments as well.
    fn words(&mut self, words: &[String]) -> Vec<String> {
        let mut expanded: Vec<String> = words.iter().map(|word| self.text(word)).collect();
        let program = words.first().zip(expanded.first());
        if let Some((word, program)) =
            program.filter(|(word, program)| word.starts_with('$') && word != program)
            && program.contains(' ')
            && !word.contains(' ')
        {
            let split: Vec<String> = program.split_whitespace().map(str::to_owned).collect();
            expanded.splice(..1, split);
        }
        expanded
    }

    /// A text with `$NAME` and `${NAME}` replaced; what is not known stays.
    fn text(&mut self, text: &str) -> String {
        if self.known.is_empty() || !text.contains('$') {
            return text.to_owned();
        }
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            result.push_str(before);
            match self.value(after) {
                Some((value, after)) if value.len() <= self.room => {
                    result.push_str(value);
                    let room = self.room.saturating_sub(value.len());
                    rest = after;
                    self.room = room;
                }
                _ => {
                    result.push('$');
                    rest = after;
                }
            }
        }
        result.push_str(rest);
        result
    }

    /// The value of the variable whose name `text` begins with, and what follows the name.
    fn value<'t>(&self, text: &'t str) -> Option<(&str, &'t str)> {
        let inner = text.strip_prefix('{');
        let name_from = inner.unwrap_or(text);
        let end = name_from
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(name_from.len());
        let (name, after) = name_from.split_at_checked(end)?;
        let after = if inner.is_some() { after.strip_prefix('}')? } else { after };
        self.known.iter().find(|(known, _)| known == name).map(|(_, value)| (value.as_str(), after))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::detect::command::shell::cut;

    fn expanded(script: &str) -> Vec<String> {
        let mut commands = cut(script);
        Variables::default().expand(&mut commands);
        commands.iter().map(|command| command.words.join(" ")).filter(|words| !words.is_empty()).collect()
    }

    #[test]
    fn values_stand_in_place_of_names() {
        for (script, expected) in [
            ("P=/opt/x; $P", &["/opt/x"][..]),
            ("D=/opt; P=${D}/x; exec $P -a", &["exec /opt/x -a"]),
            ("export U=http://a; curl $U/b", &["export U=http://a", "curl http://a/b"]),
            ("C='curl -s'; $C x", &["curl -s x"]),
            ("C='a b'; sh -c \"$C\"", &["sh -c a b"]),
            ("for p in /a /b; do sh $p; done", &["for p in /a /b", "sh /a"]),
            ("$P; P=/opt/x", &["$P"]),
            ("P=/opt/x run $P", &["run $P"]),
            ("P=1; echo ${P $PX $1 $", &["echo ${P $PX $1 $"]),
        ] {
            assert_eq!(expanded(script), expected, "{script}");
        }
    }

    #[test]
    fn what_is_put_in_is_bounded() {
        let script = format!("A={}; B=$A$A$A$A$A$A$A$A; {}", "x".repeat(LONGEST), "echo $A $B;".repeat(100));
        let length: usize = expanded(&script).iter().map(String::len).sum();
        assert!(length <= 100 * "echo $A $B".len() + 16 * 1024 + 8 * LONGEST, "{length}");
    }

    proptest! {
        #[test]
        fn never_panics(script in "([A-Z]=[$a-zA-Z{} ]{0,5};|[$A-Z{} é'\"]){0,40}") {
            expanded(&script);
        }
    }
}
