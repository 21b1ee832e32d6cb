//! What an `ImagePath` runs.

use std::sync::LazyLock;

/// An `ImagePath`, taken apart as the SCM and `CreateProcess` do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePath {
    /// The program or driver image, with known variables and prefixes resolved.
    pub program: String,
    /// The arguments, by the rules of `CommandLineToArgvW`.
    pub arguments: Vec<String>,
    /// The program's path holds blanks and no quotes: Windows tries every part before a blank first (T1574.009).
    pub unquoted_blank: bool,
    /// The path names another host's share, or this host's as if it were another's.
    pub unc: bool,
    /// The path is relative, and not to the Windows folder as drivers' paths may be.
    pub relative: bool,
    /// The group of services that svchost.exe hosts together (`-k`).
    pub svchost_group: Option<String>,
}

/// Endings by which the end of an unquoted program is found.
const ENDINGS: [&str; 9] = [".exe", ".com", ".bat", ".cmd", ".sys", ".dll", ".scr", ".ps1", ".vbs"];

/// Variables by their values on a usual installation; those of `LocalSystem` where users differ.
const USUAL: [(&str, &str); 12] = [
    (SYSTEM_ROOT, r"C:\Windows"),
    ("windir", r"C:\Windows"),
    ("comspec", r"C:\Windows\system32\cmd.exe"),
    ("systemdrive", r"C:"),
    ("programfiles", r"C:\Program Files"),
    ("programfiles(x86)", r"C:\Program Files (x86)"),
    ("programw6432", r"C:\Program Files"),
    ("commonprogramfiles", r"C:\Program Files\Common Files"),
    ("programdata", r"C:\ProgramData"),
    ("allusersprofile", r"C:\ProgramData"),
    ("public", r"C:\Users\Public"),
    ("temp", r"C:\Windows\TEMP"),
];
/// The variable that holds the folder of Windows.
const SYSTEM_ROOT: &str = "systemroot";

/// Variables of a machine, by which paths of its services are resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variables(Vec<Variable>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Variable {
    /// As it stands in a path, in lower case.
    written: String,
    value: String,
}

impl Variables {
    /// Those of a usual installation: for records of a machine that is not at hand.
    pub fn usual() -> Self {
        let mut variables = Self(Vec::new());
        for (name, value) in USUAL {
            variables.set(name, value);
        }
        variables
    }

    /// Sets a variable. Others in its value are resolved by what they are now.
    pub fn set(&mut self, name: &str, value: &str) {
        let (written, value) = (format!("%{}%", name.to_ascii_lowercase()), self.resolve(value));
        match self.0.iter_mut().find(|known| known.written == written) {
            Some(known) => known.value = value,
            None => self.0.push(Variable { written, value }),
        }
    }

    /// The folder of Windows.
    pub fn windows(&self) -> &str {
        let root = format!("%{SYSTEM_ROOT}%");
        self.0.iter().find(|known| known.written == root).map_or("", |known| &known.value)
    }

    fn resolve(&self, path: &str) -> String {
        self.0
            .iter()
            .fold(path.to_owned(), |path, Variable { written, value }| replace(&path, written, value))
    }
}

impl ImagePath {
    /// Takes `text` apart, as of a usual installation. `is_driver` tells that the whole text is a path and that it may be
    /// relative to Windows.
    pub fn parse(text: &str, is_driver: bool) -> Self {
        static VARIABLES: LazyLock<Variables> = LazyLock::new(Variables::usual);
        Self::parse_on(&VARIABLES, text, is_driver)
    }

    /// As [`Self::parse`], as of the machine that has these variables.
    pub fn parse_on(machine: &Variables, text: &str, is_driver: bool) -> Self {
        let text = text.trim();
        let (program, rest, quoted) = split_program(text, is_driver);
        let resolved = resolve(machine, program, is_driver);
        let arguments = split_arguments(rest);
        let svchost_group = file_name(&resolved)
            .eq_ignore_ascii_case("svchost.exe")
            .then(|| after_flag(&arguments, "-k"))
            .flatten();
        Self {
            unquoted_blank: !quoted && !is_driver && program.trim().contains(' '),
            unc: resolved.starts_with(r"\\")
                && !resolved.starts_with(r"\\.\")
                && !resolved.starts_with(r"\\?\"),
            relative: !is_absolute(&resolved),
            program: resolved,
            arguments,
            svchost_group,
        }
    }
}

/// One text for all ways to write an `ImagePath`: with or without quotes, variables and the kernel's prefixes, in any case.
///
/// The registry holds a driver's path as the kernel takes it, the logs as it was given to the SCM.
pub fn canonical(text: &str) -> String {
    let text = text.trim();
    let is_driver = text.trim_matches('"').to_ascii_lowercase().ends_with(".sys");
    let image = ImagePath::parse(text, is_driver);
    std::iter::once(image.program).chain(image.arguments).collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The last part of a Windows path.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

fn split_program(text: &str, is_driver: bool) -> (&str, &str, bool) {
    if let Some(inner) = text.strip_prefix('"') {
        let (program, rest) = inner.split_once('"').unwrap_or((inner, ""));
        return (program, rest, true);
    }
    if is_driver {
        return (text, "", false);
    }
    // The shortest start that ends like a program and is followed by a blank or nothing.
    let lower = text.to_ascii_lowercase();
    let end = ENDINGS
        .iter()
        .flat_map(|ending| lower.match_indices(ending).map(|(start, found)| start + found.len()))
        .filter(|end| {
            lower.as_bytes().get(*end).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'"' | b',' | b';'))
        })
        .min();
    let first_blank = text.find([' ', '\t']).unwrap_or(text.len());
    // A variable such as %COMSPEC% is a whole program; so is a first word without a folder.
    let first = text.get(..first_blank).unwrap_or(text);
    let word_is_program = first.ends_with('%') || !first.contains(['\\', '/', ':']);
    let end = match end {
        Some(end) if !(word_is_program && first_blank < end) => end,
        _ => first_blank,
    };
    let (program, rest) = text.split_at_checked(end).unwrap_or((text, ""));
    (program, rest, false)
}

fn resolve(machine: &Variables, program: &str, is_driver: bool) -> String {
    let mut path = program.trim().to_owned();
    for prefix in [r"\??\", r"\\?\", r"\DosDevices\"] {
        if let Some(rest) = strip(&path, prefix) {
            path = match strip(rest, r"UNC\") {
                Some(share) => format!(r"\\{share}"),
                None => rest.to_owned(),
            };
        }
    }
    if let Some(rest) = strip(&path, r"\SystemRoot\") {
        path = format!(r"{}\{rest}", machine.windows());
    }
    path = machine.resolve(&path);
    if is_driver || strip(&path, r"System32\").is_some() {
        // The kernel takes a driver's path relative to the Windows folder.
        if !is_absolute(&path) && path.contains('\\') && !path.starts_with('%') {
            path = format!(r"{}\{path}", machine.windows());
        }
    }
    path
}

/// Whether a path says where it begins: at a drive, a share, a device, or a variable that is not known.
pub fn is_absolute(path: &str) -> bool {
    path.starts_with('\\') || path.starts_with('%') || path.get(1..2) == Some(":")
}

fn replace(path: &str, variable: &str, value: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let Some(start) = lower.find(variable) else { return path.to_owned() };
    let before = path.get(..start).unwrap_or_default();
    let after = path.get(start + variable.len()..).unwrap_or_default();
    format!("{before}{value}{after}")
}

fn strip<'text>(text: &'text str, prefix: &str) -> Option<&'text str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

fn after_flag(arguments: &[String], flag: &str) -> Option<String> {
    let place = arguments.iter().position(|argument| argument.eq_ignore_ascii_case(flag))?;
    arguments.get(place + 1).cloned()
}

/// Splits a command line into arguments as `CommandLineToArgvW` does (Microsoft, shellapi.h).
pub fn split_arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut current = String::new();
    let mut open = false;
    let mut quoted = false;
    let mut backslashes = 0_usize;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\\' {
            backslashes += 1;
            open = true;
            continue;
        }
        if character == '"' {
            // Backslashes before a quote count double; an odd one makes the quote a letter.
            current.extend(std::iter::repeat_n('\\', backslashes / 2));
            if backslashes % 2 == 1 {
                current.push('"');
            } else if quoted && characters.peek() == Some(&'"') {
                current.push('"');
                characters.next();
            } else {
                quoted = !quoted;
            }
            backslashes = 0;
            open = true;
            continue;
        }
        current.extend(std::iter::repeat_n('\\', backslashes));
        backslashes = 0;
        if !quoted && matches!(character, ' ' | '\t' | '\r' | '\n') {
            if open {
                arguments.push(std::mem::take(&mut current));
                open = false;
            }
        } else {
            current.push(character);
            open = true;
        }
    }
    current.extend(std::iter::repeat_n('\\', backslashes));
    if open {
        arguments.push(current);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn programs_are_found_as_windows_finds_them() {
        for (text, is_driver, program, arguments) in [
            (r#""C:\Program Files\A\b.exe" -s"#, false, r"C:\Program Files\A\b.exe", &["-s"][..]),
            (r"C:\Program Files\A\b.exe -s", false, r"C:\Program Files\A\b.exe", &["-s"]),
            (r"%SystemRoot%\PSEXESVC.exe", false, r"C:\Windows\PSEXESVC.exe", &[]),
            (
                r"%COMSPEC% /Q /c echo x.exe",
                false,
                r"C:\Windows\system32\cmd.exe",
                &["/Q", "/c", "echo", "x.exe"],
            ),
            (r"cmd.exe /c start C:\x.exe", false, "cmd.exe", &["/c", "start", r"C:\x.exe"]),
            (r"powershell -nop C:\x.exe", false, "powershell", &["-nop", r"C:\x.exe"]),
            (r"\??\C:\Windows\Temp\x.sys", true, r"C:\Windows\Temp\x.sys", &[]),
            (r"\SystemRoot\System32\drivers\x.sys", true, r"C:\Windows\System32\drivers\x.sys", &[]),
            (r"system32\DRIVERS\x.sys", true, r"C:\Windows\system32\DRIVERS\x.sys", &[]),
            (r"\??\UNC\host\share\x.sys", true, r"\\host\share\x.sys", &[]),
            (r"\\127.0.0.1\ADMIN$\abc.exe", false, r"\\127.0.0.1\ADMIN$\abc.exe", &[]),
            (r"virusé.exe", false, "virusé.exe", &[]),
            (r#""C:\a b.exe"#, false, r"C:\a b.exe", &[]),
            ("", false, "", &[]),
        ] {
            let parsed = ImagePath::parse(text, is_driver);
            assert_eq!(
                (parsed.program.as_str(), parsed.arguments.as_slice()),
                (program, arguments.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice()),
                "{text}"
            );
        }
    }

    #[test]
    fn paths_are_resolved_as_of_the_machine() {
        let mut machine = Variables::usual();
        machine.set("SystemRoot", r"D:\WinNT");
        machine.set("windir", "%SystemRoot%");
        machine.set("Tools", r"%windir%\tools");
        assert_eq!(machine.windows(), r"D:\WinNT");
        for (text, is_driver, program) in [
            (r"%SystemRoot%\x.exe", false, r"D:\WinNT\x.exe"),
            (r"%TOOLS%\x.exe -s", false, r"D:\WinNT\tools\x.exe"),
            (r"\SystemRoot\System32\drivers\x.sys", true, r"D:\WinNT\System32\drivers\x.sys"),
            (r"System32\drivers\x.sys", true, r"D:\WinNT\System32\drivers\x.sys"),
            (r"%None%\x.exe", false, r"%None%\x.exe"),
        ] {
            assert_eq!(ImagePath::parse_on(&machine, text, is_driver).program, program);
        }
    }

    #[test]
    fn ways_to_write_a_path_are_one() {
        for (left, right) in [
            (r"C:\Windows\System32\drivers\depot.sys", r"\??\C:\Windows\system32\DRIVERS\depot.sys"),
            (r"System32\drivers\depot.sys", r"\SystemRoot\System32\drivers\depot.sys"),
            (r"%SystemRoot%\depot.exe", r#""C:\Windows\depot.exe""#),
            (r#""C:\a b\depot.exe" -k x"#, r"C:\a b\depot.exe -k x"),
        ] {
            assert_eq!(canonical(left), canonical(right), "{left}");
        }
        assert_ne!(canonical(r"C:\depot.exe -k x"), canonical(r"C:\depot.exe -k y"));
        assert_ne!(canonical(r"C:\a\depot.sys"), canonical(r"C:\b\depot.sys"));
    }

    #[test]
    fn traits_are_told() {
        let parse = |text| ImagePath::parse(text, false);
        assert!(parse(r"C:\Program Files\A\b.exe").unquoted_blank);
        assert!(!parse(r#""C:\Program Files\A\b.exe""#).unquoted_blank);
        assert!(!parse(r"C:\Windows\b.exe C:\a b").unquoted_blank);
        assert!(parse(r"\\host\c$\b.exe").unc);
        assert!(parse("b.exe").relative);
        assert!(!parse(r"%SystemRoot%\b.exe").relative);
        let svchost = parse(r"%SystemRoot%\system32\svchost.exe -k netsvcs -p");
        assert_eq!(svchost.svchost_group.as_deref(), Some("netsvcs"));
    }

    #[test]
    fn arguments_follow_the_rules_of_quotes_and_backslashes() {
        for (text, expected) in [
            (r#"a "b c" d"#, &["a", "b c", "d"][..]),
            (r#""a\\" b"#, &[r"a\", "b"]),
            (r#"a\"b c"#, &[r#"a"b"#, "c"]),
            (r#""""#, &[""]),
            (r#""a""b""#, &[r#"a"b"#]),
            (r"C:\a\ b", &[r"C:\a\", "b"]),
            ("", &[]),
        ] {
            assert_eq!(split_arguments(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in "\\PC{0,80}", is_driver: bool) {
            let parsed = ImagePath::parse(&text, is_driver);
            prop_assert!(parsed.arguments.len() <= text.len());
        }
    }
}
