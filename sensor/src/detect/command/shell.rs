//! A shell script cut into its simple commands, as far as is needed to see what runs and what feeds it.
//!
//! This is no shell: variables are not expanded, and control words are skipped. Any text gives a result.

/// How much of a script is read.
const LONGEST: usize = 16 * 1024;
/// How many commands of a script are kept.
const MOST: usize = 256;

/// A simple command: words without quotes, and where its output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Simple {
    /// The words, without assignments in front and without redirections.
    pub(super) words: Vec<String>,
    /// The assignments in front, or those of a line that has nothing else.
    pub(super) assignments: Vec<String>,
    /// The scripts of command and process substitutions within it.
    pub(super) inner: Vec<String>,
    /// The files that it writes by redirection.
    pub(super) outputs: Vec<String>,
    /// The pipeline that it belongs to; commands of one pipeline stand next to each other.
    pub(super) pipeline: usize,
}

/// Words that stand before a command without being one.
const CONTROL_WORDS: &[&str] =
    &["if", "then", "else", "elif", "while", "until", "do", "!", "{", "}", "time", "fi", "done", "esac"];

/// Cuts a script.
pub(super) fn cut(script: &str) -> Vec<Simple> {
    let mut cutter = Cutter::default();
    // A usual way to write blanks without blanks.
    let script = script.replace("${IFS}", " ").replace("$IFS", " ");
    let mut characters = script.chars().take(LONGEST).peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' => cutter.quoted(&mut characters),
            '"' => cutter.double_quoted(&mut characters),
            '\\' => {
                if let Some(next) = characters.next().filter(|next| *next != '\n') {
                    cutter.push(next);
                }
            }
            '`' => cutter.backtick(&mut characters),
            '$' | '<' if characters.peek() == Some(&'(') => cutter.substitution(&mut characters),
            '<' => {
                cutter.end_word();
                let mut arrows = 1_usize;
                while characters.next_if_eq(&'<').is_some() {
                    arrows = arrows.saturating_add(1);
                }
                cutter.next = if arrows == 3 { Next::HereString } else { Next::Input };
            }
            ' ' | '\t' | '\r' => cutter.end_word(),
            '>' => {
                // A number in front names the descriptor: `2>file`.
                if cutter.word.as_ref().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
                    cutter.word = None;
                }
                cutter.end_word();
                while characters.peek().is_some_and(|next| matches!(next, '>' | '|')) {
                    characters.next();
                }
                if characters.peek() == Some(&'&') {
                    characters.next();
                }
                cutter.next = Next::Output;
            }
            '|' => {
                let or = characters.next_if_eq(&'|').is_some();
                characters.next_if_eq(&'&');
                cutter.end_command(or);
            }
            '&' if characters.peek() == Some(&'>') => cutter.end_word(),
            '(' => {
                cutter.end_command(false);
                cutter.depth = cutter.depth.saturating_add(1);
            }
            // What follows a group by a pipe reads what the whole group writes.
            ')' => {
                cutter.end_command(false);
                cutter.depth = cutter.depth.saturating_sub(1);
            }
            ';' | '&' | '\n' => cutter.end_command(true),
            '#' if cutter.word.is_none() => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            other => cutter.push(other),
        }
    }
    cutter.end_command(true);
    cutter.commands
}

/// What the next word is.
#[derive(Debug, Default)]
enum Next {
    /// A word of the command.
    #[default]
    Word,
    /// A file that is written.
    Output,
    /// A file that is read, or the end mark of a here-document.
    Input,
    /// The text that is read: to an interpreter it is a script.
    HereString,
}

/// What is known while a script is read.
#[derive(Debug, Default)]
struct Cutter {
    commands: Vec<Simple>,
    current: Simple,
    word: Option<String>,
    next: Next,
    /// How many parentheses are open.
    depth: usize,
    pipeline: usize,
}

type Characters<'a> = std::iter::Peekable<std::iter::Take<std::str::Chars<'a>>>;

impl Cutter {
    fn push(&mut self, character: char) {
        self.word.get_or_insert_default().push(character);
    }

    fn quoted(&mut self, characters: &mut Characters<'_>) {
        let word = self.word.get_or_insert_default();
        word.extend(characters.take_while(|next| *next != '\''));
    }

    fn double_quoted(&mut self, characters: &mut Characters<'_>) {
        self.word.get_or_insert_default();
        while let Some(character) = characters.next() {
            match character {
                '"' => return,
                '\\' => {
                    if let Some(next) = characters.next() {
                        self.push(next);
                    }
                }
                '`' => self.backtick(characters),
                '$' if characters.peek() == Some(&'(') => self.substitution(characters),
                other => self.push(other),
            }
        }
    }

    fn backtick(&mut self, characters: &mut Characters<'_>) {
        let script = characters.take_while(|next| *next != '`').collect();
        self.inner(script);
    }

    /// Reads from the opening parenthesis to the one that closes it.
    fn substitution(&mut self, characters: &mut Characters<'_>) {
        characters.next();
        let mut depth = 1_usize;
        let mut script = String::new();
        for character in characters.by_ref() {
            match character {
                '(' => depth = depth.saturating_add(1),
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            script.push(character);
        }
        self.inner(script);
    }

    fn inner(&mut self, script: String) {
        if self.current.inner.len() < MOST {
            self.current.inner.push(script);
        }
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::take(&mut self.next) {
            Next::Word => {}
            Next::Output => {
                self.current.outputs.push(word);
                return;
            }
            Next::HereString => return self.inner(word),
            Next::Input => return,
        }
        let first = self.current.words.is_empty();
        if first && CONTROL_WORDS.contains(&word.as_str()) {
            return;
        }
        if first && is_assignment(&word) {
            self.current.assignments.push(word);
            return;
        }
        self.current.words.push(word);
    }

    fn end_command(&mut self, ends_pipeline: bool) {
        self.end_word();
        self.next = Next::Word;
        let mut command = std::mem::take(&mut self.current);
        if let [word] = command.words.as_slice() {
            command.words = expanded(word);
        }
        command.pipeline = self.pipeline;
        let says_something =
            !command.words.is_empty() || !command.inner.is_empty() || !command.assignments.is_empty();
        if says_something && self.commands.len() < MOST {
            self.commands.push(command);
        }
        if ends_pipeline && self.depth == 0 {
            self.pipeline = self.pipeline.saturating_add(1);
        }
    }
}

/// The words of a brace expansion, by which a command is written without blanks: `{base64,-d}`.
fn expanded(word: &str) -> Vec<String> {
    match word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(list) if list.contains(',') => list.split(',').map(str::to_owned).collect(),
        _ => vec![word.to_owned()],
    }
}

/// Whether a word sets a variable.
pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|first: char| first.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The commands as `pipeline: words`, with inner scripts in braces and outputs after `>`.
    fn shape(script: &str) -> Vec<String> {
        cut(script)
            .into_iter()
            .map(|simple| {
                let mut parts = vec![format!("{}: {}", simple.pipeline, simple.words.join(" "))];
                parts.extend(simple.inner.iter().map(|inner| format!("{{{inner}}}")));
                parts.extend(simple.outputs.iter().map(|output| format!(">{output}")));
                parts.join(" ")
            })
            .collect()
    }

    #[test]
    fn cuts_scripts() {
        for (script, expected) in [
            ("curl -s http://a/b | sh", vec!["0: curl -s http://a/b", "0: sh"]),
            ("a && b; c || d & e", vec!["0: a", "2: b", "3: c", "4: d", "5: e"]),
            ("X=1 Y=2 run 'a b' \"c d\"", vec!["0: run a b c d"]),
            ("eval \"$(wget -qO- x)\"", vec!["0: eval  {wget -qO- x}"]),
            ("bash <(curl x)", vec!["0: bash {curl x}"]),
            ("a `b c` > /tmp/o 2>&1", vec!["0: a {b c} >/tmp/o >1"]),
            ("a &> /dev/null", vec!["0: a >/dev/null"]),
            ("if [ -x /a ]; then /a; fi # over", vec!["0: [ -x /a ]", "1: /a"]),
            ("", vec![]),
            ("echo 'unclosed", vec!["0: echo unclosed"]),
            ("$(a $(b) c) d", vec!["0: d {a $(b) c}"]),
            ("sh -i < /run/f", vec!["0: sh -i"]),
            ("bash <<< 'id; ls'", vec!["0: bash {id; ls}"]),
            ("cat << EOF", vec!["0: cat"]),
            ("(a || b) | sh; c", vec!["0: a", "0: b", "0: sh", "1: c"]),
            ("a | (b; c)", vec!["0: a", "0: b", "0: c"]),
            ("{echo,QUJD}|{base64,-d}|{bash,-i}", vec!["0: echo QUJD", "0: base64 -d", "0: bash -i"]),
            ("curl${IFS}-s${IFS}x|sh", vec!["0: curl -s x", "0: sh"]),
        ] {
            assert_eq!(shape(script), expected, "{script}");
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_result(script in ".{0,200}") {
            prop_assert!(cut(&script).len() <= MOST);
        }
    }
}
