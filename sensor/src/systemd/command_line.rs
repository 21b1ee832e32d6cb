//! Command lines of `ExecStart=` and its like. See systemd.service(5), "COMMAND LINES".

use std::fmt;

use super::specifier::{SpecifierContext, expand};
use super::words::{Escapes, WordError, is_separator, printable, take_word, trim_start};

/// The directories that a program without a slash in its name is looked for, in order, unless `ExecSearchPath=` says
/// otherwise. The last two only matter where `/bin` is not a link.
pub const SEARCH_PATH: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// How many commands of one assignment are kept.
const COMMANDS_MAX: usize = 1000;

/// One command that a unit runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecCommand {
    /// The setting that it stands in, such as `ExecStart`.
    pub setting: String,
    /// The text of this command as it stands in the file, prefixes included.
    pub raw: String,
    /// What the prefixes say.
    pub flags: ExecFlags,
    /// The program, specifiers expanded: an absolute path, or a name that [`Self::candidates`] tells where to look for.
    pub path: String,
    /// All arguments, the first being what the program is told as its own name. `$VAR` and `${VAR}` are not expanded.
    pub argv: Vec<String>,
    /// Where the unit's other settings have the program looked for.
    pub places: ExecPlaces,
}

/// Where a unit has its programs looked for, besides what the command line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecPlaces {
    /// `ExecSearchPath=`: the directories for plain names. Without any, those of [`SEARCH_PATH`].
    pub search: Vec<String>,
    /// `RootDirectory=`: what the program takes for the root of the file system.
    pub root: Option<String>,
}

/// What the prefixes of a command say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a prefix of its own")]
pub struct ExecFlags {
    /// `-`: failure is ignored.
    pub ignore_failure: bool,
    /// `@`: the second word is what the program is told as its name.
    pub argv0: bool,
    /// `:`: no variables are expanded.
    pub no_environment: bool,
    /// `+`: run with full privileges, whatever `User=` and the sandbox say.
    pub full_privileges: bool,
    /// `!`: `User=` and `Group=` do not apply.
    pub no_setuid: bool,
    /// `!!`: as `!` where the kernel has no ambient capabilities. Without effect from systemd 258 on.
    pub ambient: bool,
    /// `|`: run by the shell. From systemd 258 on; before, it is an error.
    pub shell: bool,
}

/// Why systemd refuses a command line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// Quotes that are not closed.
    #[error("{0}")]
    Word(#[from] WordError),
    /// Prefixes without a program.
    #[error("no program is named")]
    NoProgram,
    /// Quotes, backslashes or control characters in the program's path.
    #[error("the program's path has special characters")]
    UnsafePath,
    /// The program's path ends like a directory's.
    #[error("the program's path names a directory")]
    Directory,
    /// A relative path with a slash, or one that is too long.
    #[error("the program is neither an absolute path nor a plain name")]
    Relative,
    /// `@` without a second word.
    #[error("no name for the program follows")]
    NoName,
    /// More commands than are kept.
    #[error("more than {COMMANDS_MAX} commands")]
    TooMany,
}

/// What an assignment gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commands {
    /// The commands before the first that is refused.
    pub commands: Vec<ExecCommand>,
    /// Why one is refused. What follows on the line is not read.
    pub error: Option<CommandError>,
    /// Whether systemd takes no offence at the error, since the refused command has the prefix `-`. Otherwise it
    /// reads no further in the file.
    pub tolerated: bool,
}

impl ExecCommand {
    /// Where systemd looks for the program, as paths of the host: its path, or the places of a plain name in order.
    pub fn candidates(&self) -> Vec<String> {
        let inside = if self.path.starts_with('/') {
            vec![self.path.clone()]
        } else if self.places.search.is_empty() {
            SEARCH_PATH.iter().map(|directory| format!("{directory}/{}", self.path)).collect()
        } else {
            let directories = self.places.search.iter();
            directories
                .map(|directory| format!("{}/{}", directory.trim_end_matches('/'), self.path))
                .collect()
        };
        match self.places.root.as_deref().map(|root| root.trim_end_matches('/')) {
            None | Some("") => inside,
            Some(root) => inside.into_iter().map(|path| format!("{root}{path}")).collect(),
        }
    }

    /// The names of the variables that systemd puts the values of into the arguments.
    pub fn variables(&self) -> Vec<&str> {
        if self.flags.no_environment {
            return Vec::new();
        }
        let mut names: Vec<&str> = Vec::new();
        for name in self.argv.iter().skip(1).flat_map(|argument| variables(argument)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// The prefixes, in systemd's own order of printing.
impl fmt::Display for ExecFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefixes = [
            (self.argv0, "@"),
            (self.ignore_failure, "-"),
            (self.no_environment, ":"),
            (self.full_privileges, "+"),
            (self.no_setuid, "!"),
            (self.ambient, "!!"),
            (self.shell, "|"),
        ];
        prefixes.iter().filter(|(set, _)| *set).try_for_each(|(_, prefix)| f.write_str(prefix))
    }
}

/// Reads the value of an `Exec…=` setting that is not empty.
pub fn parse(setting: &str, value: &str, context: &SpecifierContext<'_>) -> Commands {
    let mut found = Commands::default();
    let mut rest = trim_start(value.as_bytes());
    while !rest.is_empty() {
        if found.commands.len() >= COMMANDS_MAX {
            found.error = Some(CommandError::TooMany);
            break;
        }
        let mut ignore = false;
        match command(&mut rest, setting, context, &mut ignore) {
            Ok(Some(command)) => found.commands.push(command),
            Ok(None) => {}
            Err(error) => {
                found.error = Some(error);
                found.tolerated = ignore;
                break;
            }
        }
    }
    found
}

/// Takes one command and the semicolon behind it off `rest`; `None` for a lone semicolon.
fn command(
    rest: &mut &[u8],
    setting: &str,
    context: &SpecifierContext<'_>,
    ignore: &mut bool,
) -> Result<Option<ExecCommand>, CommandError> {
    let start = *rest;
    let first = match lenient_word(rest) {
        Ok(Some(word)) => printable(&word),
        Ok(None) => return Ok(None),
        // The prefix was not read yet: systemd drops the line and goes on.
        Err(error) => {
            *ignore = true;
            return Err(error.into());
        }
    };
    if first == ";" {
        return Ok(None);
    }
    let (flags, program) = prefixes(&first);
    *ignore = flags.ignore_failure;
    let mut argv = Vec::new();
    let path = if flags.shell {
        argv.push(if flags.argv0 { "-sh" } else { "sh" }.to_owned());
        if !program.is_empty() {
            argv.push(expand(program, context));
        }
        "/bin/sh".to_owned()
    } else {
        let path = expand(program, context);
        check_path(&path)?;
        if !flags.argv0 {
            argv.push(path.clone());
        }
        simplify(&path)
    };
    let mut used = raw_length(start, rest);
    while !rest.is_empty() {
        if let Some(after) = lone(rest, b";") {
            *rest = after;
            break;
        }
        if let Some(after) = lone(rest, b"\\;") {
            *rest = after;
            argv.push(";".to_owned());
        } else if let Some(word) = lenient_word(rest)? {
            argv.push(expand(&printable(&word), context));
        }
        used = raw_length(start, rest);
    }
    if flags.shell {
        // What the shell is told is one line, joined by spaces.
        let line = argv.split_off(1).join(" ");
        if line.is_empty() {
            return Err(CommandError::NoProgram);
        }
        argv.extend(["-c".to_owned(), line]);
    }
    if argv.first().is_none_or(String::is_empty) {
        return Err(CommandError::NoName);
    }
    let raw = printable(start.get(..used).unwrap_or(start).trim_ascii_end());
    let places = ExecPlaces::default();
    Ok(Some(ExecCommand { setting: setting.to_owned(), raw, flags, path, argv, places }))
}

/// How many bytes of `start` were taken when `rest` is left.
fn raw_length(start: &[u8], rest: &[u8]) -> usize {
    start.len().saturating_sub(rest.len())
}

/// Takes a word; one with unknown escapes keeps these.
fn lenient_word(rest: &mut &[u8]) -> Result<Option<Vec<u8>>, WordError> {
    take_word(rest, Escapes::Unescape, false).or_else(|_| take_word(rest, Escapes::Unescape, true))
}

/// What follows `token` and white space, when `rest` begins with `token` as a word of its own.
fn lone<'a>(rest: &'a [u8], token: &[u8]) -> Option<&'a [u8]> {
    let after = rest.strip_prefix(token)?;
    match after.first() {
        None => Some(after),
        Some(&byte) if is_separator(byte) => Some(trim_start(after)),
        Some(_) => None,
    }
}

/// What the prefixes of `word` say, and the program behind them. A prefix that is not allowed there belongs to it.
fn prefixes(word: &str) -> (ExecFlags, &str) {
    let mut flags = ExecFlags::default();
    let mut rest = word;
    loop {
        let privileged = flags.full_privileges || flags.ambient;
        let mut chars = rest.chars();
        match chars.next() {
            Some('-') if !flags.ignore_failure => flags.ignore_failure = true,
            Some('@') if !flags.argv0 => flags.argv0 = true,
            Some(':') if !flags.no_environment => flags.no_environment = true,
            Some('|') if !flags.shell => flags.shell = true,
            Some('+') if !privileged && !flags.no_setuid => flags.full_privileges = true,
            Some('!') if !privileged && !flags.no_setuid => flags.no_setuid = true,
            Some('!') if !privileged => {
                flags.no_setuid = false;
                flags.ambient = true;
            }
            _ => return (flags, rest),
        }
        rest = chars.as_str();
    }
}

/// Refuses the programs that systemd refuses.
fn check_path(path: &str) -> Result<(), CommandError> {
    const NAME_MAX: usize = 255;
    const PATH_MAX: usize = 4096;
    if path.is_empty() {
        return Err(CommandError::NoProgram);
    }
    if path.chars().any(|c| c < ' ' || matches!(c, '"' | '\'' | '\\' | '\x7f')) {
        return Err(CommandError::UnsafePath);
    }
    if path.ends_with('/') || matches!(path.rsplit('/').next(), Some("." | "..")) {
        return Err(CommandError::Directory);
    }
    let component_is_too_long = path.split('/').any(|component| component.len() > NAME_MAX);
    let relative = !path.starts_with('/') && path.contains('/');
    if relative || component_is_too_long || path.len() >= PATH_MAX {
        return Err(CommandError::Relative);
    }
    Ok(())
}

/// `path` without double slashes and `.` components.
fn simplify(path: &str) -> String {
    if !path.starts_with('/') {
        return path.to_owned();
    }
    let mut simple = String::with_capacity(path.len());
    for component in path.split('/').filter(|component| !component.is_empty() && *component != ".") {
        simple.push('/');
        simple.push_str(component);
    }
    simple
}

/// The names of the variables in one argument: a whole `$NAME`, or each `${NAME}` within it.
fn variables(argument: &str) -> Vec<&str> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    if let Some(name) = argument.strip_prefix('$')
        && is_name(name)
    {
        return vec![name];
    }
    let mut names = Vec::new();
    let mut rest = argument;
    while let Some((_, after)) = rest.split_once('$') {
        rest = after;
        if let Some(literal) = after.strip_prefix('$') {
            rest = literal;
        } else if let Some((name, tail)) = after.strip_prefix('{').and_then(|body| body.split_once('}')) {
            // `${NAME:-default}` and `${NAME:+other}` work as well.
            let name = name.split_once(':').map_or(name, |(name, _)| name);
            if is_name(name) {
                names.push(name);
            }
            rest = tail;
        }
    }
    names
}

#[cfg(test)]
#[path = "command_line_tests.rs"]
mod tests;
