//! What code in a language other than the shell's does, by the words in it.

use crate::detect::command::{Language, Traits, payload};
use crate::detect::text::quoted;

/// Words of code that open a network connection.
const SOCKETS: &[&str] = &[
    "socket",
    "fsockopen",
    "stream_socket_client",
    "net.connect",
    "net.createconnection",
    "net.socket",
    "require('net')",
    "require(\"net\")",
    "/inet/",
];
/// Words of code that run a program.
const SPAWNS: &[&str] = &[
    "subprocess",
    "pty.spawn",
    "os.dup2",
    "dup2(",
    "/bin/sh",
    "/bin/bash",
    "os.system",
    "os.exec",
    "memfd_create",
    "popen",
    "exec(",
    "exec \"",
    "exec '",
    "system(",
    "system$",
    "fdopen(",
    "spawn",
    "child_process",
    "proc_open",
    "shell_exec",
    "passthru",
    "os.execute",
    "open(stdin",
];
/// Words of code that decode something.
const DECODES: &[&str] = &[
    "b64decode",
    "decodebytes",
    "fromhex",
    "unhexlify",
    "zlib.decompress",
    "marshal.loads",
    "codecs.decode",
    "decode_base64",
    "mime::base64",
    "pack(",
    "unpack",
    "base64_decode",
    "gzinflate",
    "str_rot13",
    "base64.decode64",
    "'base64'",
    "\"base64\"",
    "atob(",
];
/// Words of code that run other code.
const EVALUATES: &[&str] = &["exec(", "eval(", "eval ", "compile(", "assert(", "loadstring", "load("];
/// Words of code that fetch something.
const FETCHES: &[&str] = &[
    "urlopen",
    "urlretrieve",
    "urllib",
    "requests.get",
    "http.client",
    "lwp::",
    "http::tiny",
    "open-uri",
    "net::http",
    "file_get_contents('http",
    "file_get_contents(\"http",
    "https.get",
    "http.get",
    "require('http",
    "require(\"http",
    "fetch(",
    "curl_exec",
    "curl ",
    "wget ",
];

/// How many commands of one text are looked at.
const MOST: usize = 16;
/// What stands before a command that code in another language has a shell run, with an opening bracket or quote behind.
const CALLS: &[&str] = &[
    "system",
    "popen",
    "Popen",
    "exec",
    "execSync",
    "execFile",
    "spawn",
    "spawnSync",
    "passthru",
    "shell_exec",
    "proc_open",
    "execute",
    "subprocess.run",
    "call",
    "check_output",
    "check_call",
    "qx",
    "execl",
    "execv",
    "execlp",
    "execvp",
];

/// Looks at code in a language other than the shell's.
///
/// `line` holds all arguments of the interpreter, the code among them; `spawns` says whether commands were found in it.
pub(super) fn look_at_code(language: Language, line: &str, spawns: bool, code: &str, traits: &mut Traits) {
    let lower = line.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let word = language.word();
    if has(SOCKETS) && has(SPAWNS) || language == Language::Awk && lower.contains("/inet/") {
        traits
            .network_shell
            .get_or_insert(format!("opens a network connection and runs programs in {word} code"));
    }
    if has(DECODES) && has(EVALUATES) {
        let hidden = payload::hidden_text(code)
            .map(|text| format!(", which reads {}", quoted(&text)))
            .unwrap_or_default();
        traits.encoded.get_or_insert(format!("decodes and runs hidden {word} code{hidden}"));
    }
    if has(FETCHES) && (has(EVALUATES) || has(SPAWNS)) {
        traits.download.get_or_insert(format!("downloads and runs something in {word} code"));
    }
    if language == Language::Awk && !spawns {
        // awk always has its program as an argument: that alone says nothing.
        traits.inline = traits.inline.take().filter(|inline| inline.language != Language::Awk);
    }
}

/// The commands that code hands to a shell or runs itself, as far as they stand in it.
pub(super) fn spawned(language: Language, code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in CALLS {
        // Python's own runs Python.
        if language == Language::Python && *call == "exec" {
            continue;
        }
        for (at, _) in code.match_indices(call).take(MOST) {
            let (before, from) = code.split_at_checked(at).unwrap_or_default();
            let is_part = before.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
            let after = from.get(call.len()..).unwrap_or_default();
            found.extend(literal(after).filter(|_| !is_part));
        }
    }
    // What awk prints to a command.
    if language == Language::Awk {
        let pipes = code.match_indices('|').take(MOST);
        found.extend(pipes.filter_map(|(at, _)| literal(code.get(at.saturating_add(1)..)?)));
    }
    found.truncate(MOST);
    found
}

/// The text in quotes that follows brackets and blanks.
fn literal(text: &str) -> Option<String> {
    let text = text.trim_start_matches([' ', '(', '[', '\\']);
    let text = text.strip_prefix('q').filter(|rest| rest.starts_with(['(', '{', '['])).unwrap_or(text);
    let mut letters = text.chars();
    let end = match letters.next()? {
        '(' => ')',
        '{' => '}',
        '[' => ']',
        quote @ ('"' | '\'' | '`') => quote,
        _ => return None,
    };
    let (inner, _) = letters.as_str().split_once(end)?;
    let inner = inner.trim_end_matches('\\');
    (!inner.trim().is_empty()).then(|| inner.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_commands_within_code() {
        for (language, code, expected) in [
            (Language::Awk, "BEGIN{system(\"/opt/x -a\")}", &["/opt/x -a"][..]),
            (Language::Awk, "{print | \"sh\"}", &["sh"]),
            (Language::Awk, "{print $1 | \"sort -u\"; n = a || b}", &["sort -u"]),
            (Language::Python, "import os;os.system('/opt/x')", &["/opt/x"]),
            (Language::Python, "import subprocess as s;s.call([\"/opt/x\",\"-a\"])", &["/opt/x"]),
            (Language::Python, "exec('import os')", &[]),
            (Language::Perl, "system(q(/opt/x))", &["/opt/x"]),
            (Language::Perl, "exec \"/opt/x\"", &["/opt/x"]),
            (Language::Php, "shell_exec('/opt/x');", &["/opt/x"]),
            (Language::JavaScript, "require('child_process').execSync('/opt/x')", &["/opt/x"]),
            (Language::Ruby, "puts filesystem('/opt/x')", &[]),
            (Language::Lua, "os.execute('/opt/x')", &["/opt/x"]),
            (Language::Lua, "os.execute(command)", &[]),
        ] {
            assert_eq!(spawned(language, code), expected, "{code}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(code in "(system|exec|\\||é|[('\"\\[{q )}\\]]){0,30}") {
            for language in [Language::Awk, Language::Perl] {
                prop_assert!(spawned(language, &code).len() <= MOST);
            }
        }
    }
}
