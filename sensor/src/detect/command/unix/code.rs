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

/// Looks at code in a language other than the shell's.
///
/// `line` holds all arguments of the interpreter, the code among them.
pub(super) fn look_at_code(language: Language, line: &str, code: &str, traits: &mut Traits) {
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
    if language == Language::Awk {
        // awk always has its program as an argument: that alone says nothing.
        traits.inline = traits.inline.take().filter(|inline| inline.language != Language::Awk);
    }
}
