//! Interpreters: which programs they are, and how each takes code as an argument.

use crate::detect::technique;
use crate::detect::text::{base_name, without_suffix};
use crate::model::finding::Technique;

/// A language whose interpreter runs code that it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    /// sh and its kin.
    Shell,
    /// Python.
    Python,
    /// Perl.
    Perl,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// Node.js, Deno, Bun.
    JavaScript,
    /// Lua.
    Lua,
    /// awk.
    Awk,
    /// Tcl and expect.
    Tcl,
    /// `AppleScript`'s osascript.
    AppleScript,
    /// Windows' command shell.
    Cmd,
    /// PowerShell.
    PowerShell,
    /// Windows Script Host and HTML applications.
    ScriptHost,
}

impl Language {
    /// The language of a program by its path or name.
    pub(crate) fn of_program(program: &str) -> Option<Self> {
        let name = without_suffix(base_name(program), ".exe").to_ascii_lowercase();
        // `python3.11`, `lua5.4`, `php8.2`, `ruby3.1`: the version doesn't matter.
        let stem = name.trim_end_matches(|last: char| last.is_ascii_digit() || matches!(last, '.' | '-'));
        Some(match stem {
            "sh" | "bash" | "rbash" | "dash" | "ash" | "zsh" | "ksh" | "mksh" | "lksh" | "fish" | "csh"
            | "tcsh" | "busybox.sh" | "posh" | "yash" => Self::Shell,
            "python" | "pypy" | "pythonw" => Self::Python,
            "perl" => Self::Perl,
            "ruby" => Self::Ruby,
            "php" | "php-cgi" => Self::Php,
            "node" | "nodejs" | "deno" | "bun" => Self::JavaScript,
            "lua" | "luajit" | "texlua" => Self::Lua,
            "awk" | "gawk" | "mawk" | "nawk" => Self::Awk,
            "tclsh" | "expect" | "wish" => Self::Tcl,
            "osascript" => Self::AppleScript,
            "cmd" | "%comspec%" => Self::Cmd,
            "powershell" | "pwsh" | "powershell_ise" => Self::PowerShell,
            "wscript" | "cscript" | "mshta" => Self::ScriptHost,
            _ => return None,
        })
    }

    /// Whether this option of the interpreter takes code as its argument.
    pub(crate) fn takes_code(self, option: &str) -> bool {
        let Some(letters) = option.strip_prefix('-') else { return false };
        let single = !letters.starts_with('-');
        match self {
            // `-lc`, `-euxc`: options of one letter may stand together.
            Self::Shell => letters == "-command" || single && letters.contains('c'),
            Self::Python => single && letters.ends_with('c') && letters.len() <= 4,
            Self::Perl => single && letters.ends_with(['e', 'E']) && letters.len() <= 4,
            Self::Ruby => single && letters.ends_with('e') && letters.len() <= 4,
            Self::Php => matches!(letters, "r" | "-run" | "B" | "R"),
            Self::JavaScript => matches!(letters, "e" | "p" | "-eval" | "-print" | "pe"),
            Self::Lua | Self::AppleScript => letters == "e",
            Self::Tcl => letters == "c",
            Self::PowerShell => {
                let letters = letters.trim_start_matches('-').to_ascii_lowercase();
                letters == "c" || letters.len() > 2 && "command".starts_with(&letters)
            }
            Self::Awk | Self::Cmd | Self::ScriptHost => false,
        }
    }

    /// Whether this option of the interpreter names a module to be run: `python3 -m http.server`.
    pub(crate) fn takes_module(self, option: &str) -> bool {
        let letters = option.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
        // What follows the letter within the word is the module's name.
        let before = letters.and_then(|letters| letters.split_once('m')).map(|(before, _name)| before);
        self == Self::Python && before.is_some_and(|before| !before.contains(['c', 'W', 'X']))
    }

    /// The code that stands within an option itself: `-e'code'` without a blank.
    pub(crate) fn code_within(self, option: &str) -> Option<&str> {
        let code = match self {
            Self::Python => option.strip_prefix("-c"),
            Self::Perl | Self::Ruby => option.strip_prefix("-e"),
            Self::Php => option.strip_prefix("-r"),
            Self::JavaScript => option.strip_prefix("--eval=").or_else(|| option.strip_prefix("--print=")),
            // A shell takes the next word whatever follows the letter.
            Self::Shell
            | Self::Lua
            | Self::Awk
            | Self::Tcl
            | Self::AppleScript
            | Self::Cmd
            | Self::PowerShell
            | Self::ScriptHost => None,
        };
        // Letters alone are further options: `-cx`.
        code.filter(|code| {
            code.len() > 3 && code.contains(|character: char| !character.is_ascii_alphanumeric())
        })
    }

    /// Its name within a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Shell => "a shell",
            Self::Python => "Python",
            Self::Perl => "Perl",
            Self::Ruby => "Ruby",
            Self::Php => "PHP",
            Self::JavaScript => "JavaScript",
            Self::Lua => "Lua",
            Self::Awk => "awk",
            Self::Tcl => "Tcl",
            Self::AppleScript => "AppleScript",
            Self::Cmd => "the Windows command shell",
            Self::PowerShell => "PowerShell",
            Self::ScriptHost => "the Windows script host",
        }
    }

    /// The technique of running it.
    pub(crate) fn technique(self) -> &'static Technique {
        match self {
            Self::Shell => &technique::UNIX_SHELL,
            Self::Python => &technique::PYTHON,
            Self::JavaScript => &technique::JAVASCRIPT,
            Self::Lua => &technique::LUA,
            Self::Cmd => &technique::WINDOWS_SHELL,
            Self::PowerShell => &technique::POWERSHELL,
            Self::ScriptHost => &technique::VISUAL_BASIC,
            Self::Perl | Self::Ruby | Self::Php | Self::Awk | Self::Tcl | Self::AppleScript => {
                &technique::INTERPRETER
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_interpreters_by_name() {
        for (program, language) in [
            ("/bin/sh", Some(Language::Shell)),
            ("/usr/bin/python3.11", Some(Language::Python)),
            ("/usr/bin/lua5.4", Some(Language::Lua)),
            (r"C:\Windows\System32\CMD.EXE", Some(Language::Cmd)),
            ("%COMSPEC%", Some(Language::Cmd)),
            ("pwsh", Some(Language::PowerShell)),
            ("/usr/bin/perldoc", None),
            ("/usr/sbin/sshd", None),
            ("", None),
        ] {
            assert_eq!(Language::of_program(program), language, "{program}");
        }
    }

    #[test]
    fn knows_options_that_take_code() {
        for (language, option, expected) in [
            (Language::Shell, "-c", true),
            (Language::Shell, "-lc", true),
            (Language::Shell, "-x", false),
            (Language::Shell, "--noprofile", false),
            (Language::Python, "-c", true),
            (Language::Python, "-m", false),
            (Language::Perl, "-ne", true),
            (Language::Perl, "-w", false),
            (Language::Php, "-r", true),
            (Language::PowerShell, "-Command", true),
            (Language::PowerShell, "-File", false),
        ] {
            assert_eq!(language.takes_code(option), expected, "{language:?} {option}");
        }
    }

    #[test]
    fn knows_options_that_name_a_module() {
        for (language, option, expected) in [
            (Language::Python, "-m", true),
            (Language::Python, "-um", true),
            (Language::Python, "-mjson.tool", true),
            (Language::Python, "-cm", false),
            (Language::Python, "--mode", false),
            (Language::Python, "mode", false),
            (Language::Shell, "-m", false),
        ] {
            assert_eq!(language.takes_module(option), expected, "{language:?} {option}");
        }
    }
}
