//! What a command line does on a Unix system.

mod archive;
mod cluster;
mod code;
mod fetch;
mod handed;
mod network;
mod runtime;
mod unpack;
mod variables;
mod wrapper;

#[cfg(test)]
mod tests;

use crate::detect::text::{base_name, quoted};

use super::language::Language;
use super::shell::{self, Simple};
use super::{FACTS, Inline, Stdin, Traits, payload};

use code::{look_at_code, spawned};
use fetch::{DOWNLOADERS, REMOTE, note_fetched};
use network::{is_netcat, network_tool, note_device};
use unpack::unpacks;
use variables::Variables;
use wrapper::{note_assignments, unwrap};

/// How deep scripts within scripts are followed.
const DEEPEST: usize = 4;

/// What makes a shell's inline script worse than a convenience.
const RISKS: &[(&str, &str)] = &[
    ("authorized_keys", "touches the keys that may log in"),
    ("/etc/shadow", "touches the password file"),
    ("/etc/passwd", "touches the user database"),
    ("/etc/sudoers", "touches the rules of sudo"),
    ("/etc/ld.so.preload", "touches the list of preloaded libraries"),
    ("chmod +s", "sets a file's set-user-id bit"),
    ("chmod u+s", "sets a file's set-user-id bit"),
    ("useradd ", "adds a user"),
    ("adduser ", "adds a user"),
    ("crontab ", "changes scheduled jobs"),
    (">/etc/cron", "changes scheduled jobs"),
    ("> /etc/cron", "changes scheduled jobs"),
    ("/var/log/wtmp", "touches the record of logins"),
    ("history -c", "clears the command history"),
    ("HISTFILE", "turns off the command history"),
    ("insmod ", "loads a kernel module"),
];

/// What a program with its arguments does, with `stdin` as its input.
pub(super) fn traits(path: &str, arguments: &[String], stdin: &Stdin) -> Traits {
    let mut traits = Traits::default();
    let words: Vec<&str> = std::iter::once(path).chain(arguments.iter().map(String::as_str)).collect();
    look(&words, DEEPEST, &mut traits);
    look_at_stdin(&words, stdin, &mut traits);
    traits
}

/// Looks at what an interpreter reads that has no code of its own.
fn look_at_stdin(words: &[&str], stdin: &Stdin, traits: &mut Traits) {
    if *stdin == Stdin::Other {
        return;
    }
    let Some((program, arguments)) = unwrap(words, &mut Traits::default()) else { return };
    let Some(language) = Language::of_program(program) else { return };
    if !matches!(code_of(language, &arguments), Code::Input) {
        return;
    }
    match stdin {
        Stdin::Text { text, encoded } => {
            traits.inline.get_or_insert(Inline { language, risk: None });
            if *encoded {
                let shown = quoted(text.trim_end());
                let phrase = format!("gets code from StandardInputData=, which reads {shown}");
                traits.encoded.get_or_insert(phrase);
            }
            look_at_text(language, text, text, DEEPEST, traits);
        }
        Stdin::File(file) => traits.runs_script(file),
        Stdin::Other => {}
    }
}

/// Looks at code in whatever language; `line` holds all arguments of the interpreter, the code among them.
fn look_at_text(language: Language, line: &str, code: &str, depth: usize, traits: &mut Traits) {
    let Some(below) = depth.checked_sub(1) else { return };
    if language == Language::Shell {
        return look_at_script(code, below, traits);
    }
    let commands = spawned(language, code);
    look_at_code(language, line, !commands.is_empty(), code, traits);
    for command in commands {
        look_at_script(&command, below, traits);
    }
}

/// How a command takes part in a pipeline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part<'a> {
    /// It fetches something.
    Downloads(&'a str),
    /// It decodes something.
    Decodes(&'a str),
    /// It unpacks something compressed.
    Unpacks(&'a str),
    /// It runs the code that it reads.
    Interprets(Language),
    /// It talks to the network.
    Connects(&'a str),
    /// Something else.
    Other,
}

/// Looks at one command and what it runs.
fn look(words: &[&str], depth: usize, traits: &mut Traits) {
    let Some((program, arguments)) = unwrap(words, traits) else { return };
    traits.runs(program);
    if let Some(phrase) = network_tool(program, &arguments) {
        traits.network_shell.get_or_insert(phrase);
    }
    note_fetched(program, &arguments, traits);
    for file in runtime::files(base_name(program), &arguments) {
        traits.runs(file);
    }
    for (variable, directory) in runtime::searched(base_name(program), &arguments) {
        traits.assigns(variable, directory);
    }
    note_copied(base_name(program), &arguments, traits);
    if program == "eval" && depth > 0 {
        look_at_script(&arguments.join(" "), depth.saturating_sub(1), traits);
    }
    if matches!(program, "." | "source")
        && let Some(script) = arguments.first()
    {
        traits.runs_script(script);
    }
    let Some(language) = Language::of_program(program) else { return };
    traits.interpreter.get_or_insert(language);
    traits.speaks(language);
    match code_of(language, &arguments) {
        Code::Inline(code) => {
            traits.inline.get_or_insert(Inline { language, risk: None });
            // A module that an option brings in says what the code does: `perl -MLWP::Simple -e …`.
            look_at_text(language, &arguments.join(" "), code, depth, traits);
        }
        Code::File(script) => traits.runs_script(script),
        Code::Module | Code::Input => {}
    }
}

/// Where an interpreter takes its code from.
enum Code<'a> {
    /// From an argument.
    Inline(&'a str),
    /// From a file.
    File(&'a str),
    /// From a module of its library, which goes by a name.
    Module,
    /// From its input, or it is a bare prompt.
    Input,
}

/// Where an interpreter takes its code from.
fn code_of<'a>(language: Language, arguments: &[&'a str]) -> Code<'a> {
    let mut rest = arguments.iter().copied();
    let mut start_file = None;
    let mut reads_input = false;
    while let Some(argument) = rest.next() {
        if language == Language::Awk && matches!(argument, "-f" | "--file") {
            return rest.next().map_or(Code::Input, Code::File);
        }
        if let Some(code) = language.code_within(argument) {
            return Code::Inline(code);
        }
        if language.takes_module(argument) {
            // What follows the module's name is the module's.
            return Code::Module;
        }
        if language.takes_code(argument) {
            // Options may still stand between `-c` and the script.
            let code = rest.find(|word| !(language == Language::Shell && word.starts_with('-')));
            return code.map_or(Code::Input, Code::Inline);
        }
        let takes_value = matches!(argument, "-o" | "+o" | "-W" | "-X" | "-I")
            || language == Language::Php && argument == "-d"
            || language == Language::JavaScript && matches!(argument, "-r" | "--require" | "--import");
        if takes_value {
            rest.next();
        } else if matches!(argument, "--rcfile" | "--init-file") {
            start_file = rest.next();
        } else if argument == "-" {
            return Code::Input;
        } else if argument == "-s" && language == Language::Shell {
            // `-c` may still follow, and counts.
            reads_input = true;
        } else if reads_input && !argument.starts_with(['-', '+']) {
            return Code::Input;
        } else if !argument.starts_with(['-', '+']) {
            return if language == Language::Awk { Code::Inline(argument) } else { Code::File(argument) };
        }
    }
    start_file.map_or(Code::Input, Code::File)
}

/// Looks at a shell script.
fn look_at_script(script: &str, depth: usize, traits: &mut Traits) {
    note_risk(script, traits);
    let mut commands = shell::cut(script);
    Variables::default().expand(&mut commands);
    let parts: Vec<Part<'_>> = commands.iter().map(part).collect();
    note_device(script, runs_what_it_reads(&commands, &parts), traits);
    let mut directory: Option<&str> = None;
    for (at, (command, part)) in commands.iter().zip(&parts).enumerate() {
        let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
        note_assignments(command.assignments.iter().map(String::as_str), traits);
        if matches!(words.first(), Some(&("export" | "declare" | "typeset"))) {
            note_assignments(words.iter().skip(1).copied(), traits);
        }
        // A script that only calls programs needs no note of its own for each, but what they run counts.
        let before = traits.runs.len();
        look(&words, depth, traits);
        if let ["cd", place, ..] = words.as_slice() {
            directory = place.starts_with('/').then_some(place);
        }
        if let Some(directory) = directory {
            for run in traits.runs.iter_mut().skip(before).filter(|run| is_relative_path(run)) {
                *run = format!("{directory}/{run}");
            }
        }
        let upstream: Vec<Part<'_>> = commands
            .iter()
            .zip(&parts)
            .take(at)
            .filter(|(other, _)| other.pipeline == command.pipeline)
            .map(|(_, part)| *part)
            .collect();
        note_pipeline(*part, &upstream, script, traits);
        let is_fetched = upstream.iter().any(|part| matches!(part, Part::Downloads(_)));
        if is_fetched || matches!(part, Part::Downloads(_)) {
            keep(&mut traits.fetched, command.outputs.iter().map(String::as_str));
        }
        if let Some(place) = archive::unpacked(&words, directory, is_fetched, &traits.fetched) {
            keep(&mut traits.fetched, std::iter::once(place.as_str()));
        }
        if upstream.iter().chain([part]).any(|part| matches!(part, Part::Decodes(_))) {
            let options = words.windows(2).filter_map(|pair| match pair {
                ["-out" | "-o" | "--output", file] => Some(*file),
                _ => None,
            });
            keep(&mut traits.decoded, command.outputs.iter().map(String::as_str).chain(options));
        }
        look_at_inner(command, depth, traits);
    }
    if script.contains("mkfifo") || script.contains("mknod") {
        note_fifo(&parts, traits);
    }
    if depth > 0 && traits.encoded.is_some() {
        look_at_hidden(script, depth.saturating_sub(1), traits);
    }
}

/// How a command takes part in a pipeline.
fn part(command: &Simple) -> Part<'_> {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let Some((program, arguments)) = unwrap(&words, &mut Traits::default()) else { return Part::Other };
    let name = base_name(program);
    let has = |options: &[&str]| arguments.iter().any(|argument| options.contains(argument));
    // What another host's command writes is fetched from there.
    if DOWNLOADERS.contains(&name) || REMOTE.contains(&name) {
        return Part::Downloads(name);
    }
    let decodes = match name {
        // Letters put in place of others (rot13).
        "tr" => arguments.len() == 2 && !arguments.iter().any(|argument| argument.starts_with('-')),
        "base64" | "base32" | "basenc" => has(&["-d", "-D", "--decode", "-di", "-id"]),
        "openssl" => has(&["-d"]) && has(&["enc", "base64", "aes-256-cbc"]),
        "gpg" | "gpg2" => has(&["-d", "--decrypt"]),
        "xxd" => arguments.iter().any(|argument| argument.starts_with("-r")),
        "uudecode" | "rev" => true,
        "printf" | "echo" => arguments.iter().any(|argument| escapes(argument) >= 4),
        _ => false,
    };
    if decodes {
        return Part::Decodes(name);
    }
    if unpacks(name, &arguments) {
        return Part::Unpacks(name);
    }
    if is_netcat(name) || matches!(name, "telnet" | "socat") || name == "openssl" && has(&["s_client"]) {
        return Part::Connects(name);
    }
    match Language::of_program(program) {
        Some(language) if matches!(code_of(language, &arguments), Code::Input) => Part::Interprets(language),
        Some(language) if is_filled_in(&words, language, &arguments) => Part::Interprets(language),
        _ => Part::Other,
    }
}

/// Whether what xargs reads stands in place of an interpreter's whole code: `xargs -I{} sh -c {}`.
fn is_filled_in(words: &[&str], language: Language, arguments: &[&str]) -> bool {
    let Some(at) = words.iter().position(|word| base_name(word) == "xargs") else { return false };
    let mut options = words.iter().skip(at);
    let mark = options.find_map(|word| word.strip_prefix("-I").or_else(|| word.strip_prefix("--replace=")));
    let mark = match mark {
        Some("") => options.next().copied(),
        mark => mark.or_else(|| words.iter().any(|word| matches!(*word, "-i" | "--replace")).then_some("{}")),
    };
    let Code::Inline(code) = code_of(language, arguments) else { return false };
    mark.is_some_and(|mark| code.trim() == mark)
}

/// How many characters a text gives by their numbers: `\x73`, `\163`.
fn escapes(text: &str) -> usize {
    text.split('\\').skip(1).filter(|rest| rest.starts_with(['x', '0', '1'])).count()
}

/// Whether a path depends on the working directory.
fn is_relative_path(path: &str) -> bool {
    path.contains('/') && !path.starts_with(['/', '~', '$'])
}

/// Whether a command of a script runs what it reads: an interpreter without code of its own, or a variable.
fn runs_what_it_reads(commands: &[Simple], parts: &[Part<'_>]) -> bool {
    let first =
        |command: &Simple| command.words.first().is_some_and(|word| word == "eval" || word.starts_with('$'));
    parts.iter().any(|part| matches!(part, Part::Interprets(_))) || commands.iter().any(first)
}

/// Notes what a pipeline hands to an interpreter.
fn note_pipeline(part: Part<'_>, upstream: &[Part<'_>], script: &str, traits: &mut Traits) {
    let Part::Interprets(language) = part else { return };
    for earlier in upstream {
        match earlier {
            Part::Downloads(tool) => {
                traits.download.get_or_insert(format!(
                    "downloads with {} and hands the result to {}",
                    quoted(tool),
                    language.word()
                ));
            }
            Part::Decodes(tool) => {
                traits.encoded.get_or_insert_with(|| hidden_phrase(tool, language, script));
            }
            Part::Unpacks(tool) => {
                traits.encoded.get_or_insert_with(|| unpacked_phrase(tool, language));
            }
            Part::Connects(tool) => {
                traits.network_shell.get_or_insert(format!(
                    "runs what {} receives by {}",
                    quoted(tool),
                    language.word()
                ));
            }
            Part::Interprets(_) | Part::Other => {}
        }
    }
}

/// The phrase for decoded code, with what it hides where that can be seen.
fn hidden_phrase(tool: &str, language: Language, script: &str) -> String {
    let hidden = payload::hidden_text(script)
        .map(|text| format!(", which reads {}", quoted(&text)))
        .unwrap_or_default();
    format!("decodes with {} and hands the result to {}{hidden}", quoted(tool), language.word())
}

/// The phrase for code that was compressed.
fn unpacked_phrase(tool: &str, language: Language) -> String {
    format!("unpacks with {} and hands the result to {}", quoted(tool), language.word())
}

/// Looks at command and process substitutions: `bash -c "$(curl …)"`, `eval "$(… | base64 -d)"`, `source <(…)`.
fn look_at_inner(command: &Simple, depth: usize, traits: &mut Traits) {
    if depth == 0 {
        return;
    }
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    let unwrapped = unwrap(&words, &mut Traits::default());
    let runs_it = unwrapped.as_ref().is_none_or(|(program, _)| {
        program.is_empty()
            || matches!(*program, "eval" | "source" | ".")
            || Language::of_program(program).is_some()
    });
    // Data is often read so as well: `awk '…' <(zcat log.gz)`.
    let runs_nothing_else = unwrapped.as_ref().is_none_or(|(program, arguments)| {
        Language::of_program(program).is_none_or(|language| match code_of(language, arguments) {
            Code::Input => true,
            Code::Inline(code) => code.trim().is_empty(),
            Code::File(_) | Code::Module => false,
        })
    });
    for inner in &command.inner {
        if runs_it {
            for simple in shell::cut(inner) {
                match part(&simple) {
                    Part::Downloads(tool) => {
                        traits
                            .download
                            .get_or_insert(format!("runs what {} downloads as a command", quoted(tool)));
                    }
                    Part::Decodes(tool) => {
                        traits.encoded.get_or_insert_with(|| hidden_phrase(tool, Language::Shell, inner));
                    }
                    Part::Unpacks(tool) if runs_nothing_else => {
                        traits.encoded.get_or_insert_with(|| unpacked_phrase(tool, Language::Shell));
                    }
                    Part::Unpacks(_) | Part::Connects(_) | Part::Interprets(_) | Part::Other => {}
                }
            }
        }
        look_at_script(inner, depth.saturating_sub(1), traits);
    }
}

/// Looks at the text that base64 hides within a script whose decoded text is run.
fn look_at_hidden(script: &str, depth: usize, traits: &mut Traits) {
    if let Some(text) = payload::hidden_text(script) {
        look_at_script(&text, depth.min(1), traits);
    }
}

/// Notes what makes a script worse than a convenience.
fn note_risk(script: &str, traits: &mut Traits) {
    let Some(inline) = traits.inline.as_mut().filter(|inline| inline.risk.is_none()) else { return };
    inline.risk = RISKS.iter().find(|(word, _)| script.contains(word)).map(|(_, risk)| *risk);
    if inline.risk.is_none() && sets_user_id(script) {
        inline.risk = Some("sets a file's set-user-id bit");
    }
}

/// Whether a script sets such a bit by a number: `chmod 4755`.
fn sets_user_id(script: &str) -> bool {
    script.split("chmod ").skip(1).any(|rest| {
        let mode = rest.split_whitespace().find(|word| !word.starts_with('-')).unwrap_or_default();
        let mode = mode.trim_start_matches('0');
        mode.len() == 4
            && mode.starts_with(['4', '5', '6', '7'])
            && mode.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
    })
}

/// Notes a named pipe between netcat and a shell.
fn note_fifo(parts: &[Part<'_>], traits: &mut Traits) {
    let connects = parts.iter().find_map(|part| match part {
        Part::Connects(tool) => Some(*tool),
        Part::Downloads(_) | Part::Decodes(_) | Part::Unpacks(_) | Part::Interprets(_) | Part::Other => None,
    });
    let shell = parts.iter().any(|part| matches!(part, Part::Interprets(Language::Shell)));
    if let Some(tool) = connects.filter(|_| shell) {
        traits.network_shell.get_or_insert(format!("ties a shell to {} by a named pipe", quoted(tool)));
    }
}

/// Notes what is copied, moved or linked to where.
fn note_copied(name: &str, arguments: &[&str], traits: &mut Traits) {
    if !matches!(name, "cp" | "mv" | "ln" | "install") {
        return;
    }
    let operands: Vec<&str> = arguments.iter().copied().filter(|word| word.starts_with('/')).collect();
    if let [from, to] = operands.as_slice()
        && traits.copies.len() < FACTS
    {
        traits.copies.push(((*from).to_owned(), (*to).to_owned()));
    }
}

/// Adds texts to a bounded list.
fn keep<'a>(list: &mut Vec<String>, texts: impl Iterator<Item = &'a str>) {
    for text in texts {
        if list.len() < FACTS {
            list.push(text.to_owned());
        }
    }
}
