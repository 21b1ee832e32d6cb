//! Secrets among the words of a command: options that take one, and programs with ways of their own.

use std::ops::Range;

use super::secret::is_plain;
use super::{name, text};

/// How deep commands within commands are followed, as in `sh -c "…"`.
const DEPTH: usize = 3;

/// A program that takes a secret in a way that its words don't tell.
struct Program {
    names: &'static [&'static str],
    /// Options whose next word holds it.
    next: &'static [&'static str],
    /// Options that it follows without a blank.
    attached: &'static [&'static str],
    part: Part,
}

/// Which part of the word is the secret.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    /// What follows the first of these: `user:password`.
    After(u8),
}

/// Options as the programs' manual pages give them.
const PROGRAMS: [Program; 14] = [
    Program {
        names: &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mysqlcheck",
            "mysqlshow",
            "mariadb",
            "mariadb-dump",
            "mariadb-admin",
            "mariadb-check",
        ],
        next: &[],
        attached: &["-p"],
        part: Part::Whole,
    },
    Program {
        names: &["curl"],
        next: &["-u", "--user", "-U", "--proxy-user"],
        attached: &["-u", "-U", "--user=", "--proxy-user="],
        part: Part::After(b':'),
    },
    Program {
        names: &["smbclient", "rpcclient", "smbmap"],
        next: &["-U", "--user"],
        attached: &["-U", "--user="],
        part: Part::After(b'%'),
    },
    Program { names: &["sshpass"], next: &["-p"], attached: &["-p"], part: Part::Whole },
    Program { names: &["redis-cli"], next: &["-a", "--pass"], attached: &[], part: Part::Whole },
    Program {
        names: &["mongo", "mongosh", "mongodump", "mongorestore", "useradd", "usermod"],
        next: &["-p"],
        attached: &[],
        part: Part::Whole,
    },
    Program {
        names: &["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldapwhoami", "ldappasswd"],
        next: &["-w"],
        attached: &["-w"],
        part: Part::Whole,
    },
    Program { names: &["openssl"], next: &["-k", "-K"], attached: &["pass:"], part: Part::Whole },
    Program {
        names: &["zip", "unzip", "ipmitool", "sqlcmd", "osql", "bcp"],
        next: &["-P"],
        attached: &["-P"],
        part: Part::Whole,
    },
    Program {
        names: &["7z", "7za", "7zr", "7zz", "rar", "unrar"],
        next: &[],
        attached: &["-p", "-hp"],
        part: Part::Whole,
    },
    Program {
        names: &["snmpget", "snmpwalk", "snmpset"],
        next: &["-c", "-A", "-X"],
        attached: &[],
        part: Part::Whole,
    },
    Program { names: &["psexec", "psexec64", "rdesktop"], next: &["-p"], attached: &[], part: Part::Whole },
    Program {
        names: &["xfreerdp", "xfreerdp3", "cmdkey"],
        next: &[],
        attached: &["/p:", "/pass:"],
        part: Part::Whole,
    },
    Program {
        names: &["schtasks", "sc"],
        next: &["/rp", "/p", "password="],
        attached: &[],
        part: Part::Whole,
    },
];

/// Calls `found` with a word's index and the range within it for each secret.
pub(super) fn secrets(words: &[&[u8]], keep: &[String], found: &mut dyn FnMut(usize, Range<usize>)) {
    scan(words, keep, DEPTH, &mut |index, range| {
        let value = words.get(index).and_then(|word| word.get(range.clone()));
        if value.is_some_and(|value| !is_plain(value)) {
            found(index, range);
        }
    });
}

fn scan(words: &[&[u8]], keep: &[String], depth: usize, found: &mut dyn FnMut(usize, Range<usize>)) {
    let mut program: Option<&Program> = None;
    let mut expected: Option<Part> = None;
    let mut previous: &[u8] = b"";
    for (index, word) in words.iter().enumerate() {
        let before = std::mem::replace(&mut previous, word);
        if is_separator(word) {
            (program, expected) = (None, None);
            continue;
        }
        if before.ends_with(b";") {
            (program, expected) = (None, None);
        }
        if let Some(part) = expected.take()
            && !word.starts_with(b"-")
        {
            found(index, secret_part(word, 0, part));
            continue;
        }
        if is_net_user_password(words, index) {
            found(index, 0..word.len());
            continue;
        }
        if let Some(named) = named(word) {
            program = Some(named);
            continue;
        }
        if let Some(program) = program {
            if program.next.iter().any(|option| is_option(option, word)) {
                expected = Some(program.part);
                continue;
            }
            let attached = program.attached.iter().find(|option| word.starts_with(option.as_bytes()));
            if let Some(option) =
                attached.filter(|option| word.len() > option.len() && !is_long(word, option))
            {
                found(index, secret_part(word, option.len(), program.part));
                continue;
            }
        }
        if word.iter().any(u8::is_ascii_whitespace) {
            nested(word, index, keep, depth, found);
            // After an option such as `-c` it is a command; elsewhere blanks are part of a value.
            if is_flag(before) && !word.starts_with(b"-") {
                continue;
            }
        }
        match option(word) {
            (name, Some(value)) if !name.contains(&b' ') && name::is_secret(name, keep) => {
                found(index, text::strip_quotes(word, value..word.len()));
            }
            (name, None) if is_flag(word) && name::is_secret(name, keep) && !name::is_switch(name) => {
                // A secret may be spelt like a verb, but systemctl takes none.
                expected = (!is_verb(words, index)).then_some(Part::Whole);
            }
            _ => {}
        }
    }
}

/// A command within a word.
fn nested(
    word: &[u8],
    index: usize,
    keep: &[String],
    depth: usize,
    found: &mut dyn FnMut(usize, Range<usize>),
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let ranges = text::words(word);
    let inner: Vec<_> = ranges.iter().map(|range| word.get(range.clone()).unwrap_or_default()).collect();
    scan(&inner, keep, depth, &mut |inner, secret| {
        if let Some(range) = ranges.get(inner) {
            found(index, range.start + secret.start..range.start + secret.end);
        }
    });
}

/// The range of the secret in `word`, which starts at `start`.
fn secret_part(word: &[u8], start: usize, part: Part) -> Range<usize> {
    let rest = word.get(start..).unwrap_or_default();
    match part {
        Part::Whole => text::strip_quotes(word, start..word.len()),
        Part::After(separator) => match rest.iter().position(|byte| *byte == separator) {
            Some(at) => start + at + 1..word.len(),
            None => 0..0,
        },
    }
}

/// `--password` is another option than `-p` with a value.
fn is_long(word: &[u8], option: &str) -> bool {
    word.starts_with(b"--") && !option.starts_with("--")
}

/// Options of Windows programs don't mind the case, and others do: `unzip -p` is not `unzip -P`.
fn is_option(option: &str, word: &[u8]) -> bool {
    let is_windows = option.starts_with('/') || option.ends_with('=');
    option.as_bytes() == word || (is_windows && option.as_bytes().eq_ignore_ascii_case(word))
}

/// `-p`, `--password` or `/password`, but no path of several parts.
fn is_flag(word: &[u8]) -> bool {
    word.starts_with(b"-") || (word.starts_with(b"/") && !word.iter().skip(1).any(|byte| *byte == b'/'))
}

/// The name of an option or assignment, and where its value starts.
fn option(word: &[u8]) -> (&[u8], Option<usize>) {
    let at = |separator| word.iter().position(|byte| *byte == separator);
    // Only options of Windows programs have a colon, and a path is none of them.
    let colon = at(b':').filter(|at| word.starts_with(b"/") && word.get(..*at).is_some_and(is_flag));
    let separator = colon.or_else(|| at(b'='));
    (word.get(..separator.unwrap_or(word.len())).unwrap_or_default(), separator.map(|at| at + 1))
}

/// What ends one command and begins another in a shell.
fn is_separator(word: &[u8]) -> bool {
    matches!(word, b";" | b"|" | b"||" | b"&" | b"&&")
}

/// The program that `word` names, by its last part and after systemd's prefixes (systemd.service(5)).
fn named(word: &[u8]) -> Option<&'static Program> {
    let word = word.get(word.iter().position(|byte| !b"@-:+!|".contains(byte))?..)?;
    let base = word.rsplit(|byte| matches!(byte, b'/' | b'\\')).next()?;
    let base = std::str::from_utf8(base).ok()?;
    let base = base.strip_suffix(".exe").unwrap_or(base);
    PROGRAMS.iter().find(|program| program.names.iter().any(|name| name.eq_ignore_ascii_case(base)))
}

/// Whether a verb of systemctl or of service follows the option at `index`: `systemctl --any-option stop x`.
fn is_verb(words: &[&[u8]], index: usize) -> bool {
    const VERBS: [&[u8]; 20] = [
        b"start",
        b"stop",
        b"restart",
        b"try-restart",
        b"reload",
        b"kill",
        b"enable",
        b"disable",
        b"reenable",
        b"mask",
        b"unmask",
        b"edit",
        b"link",
        b"revert",
        b"isolate",
        b"status",
        b"show",
        b"cat",
        b"daemon-reload",
        b"set-property",
    ];
    /// How many words are between the program and its verb at most.
    const MOST: usize = 16;
    let follows = words.get(index + 1).is_some_and(|word| VERBS.contains(word));
    follows
        && words.get(..index).is_some_and(|before| {
            let mut before = before.iter().rev().take(MOST).take_while(|word| !is_separator(word));
            // Up to the program there are only options.
            let program = before.find(|word| !word.starts_with(b"-"));
            program.is_some_and(|program| {
                let base = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
                matches!(base, b"systemctl" | b"service")
            })
        })
}

/// `net user NAME PASSWORD` of Windows.
fn is_net_user_password(words: &[&[u8]], index: usize) -> bool {
    let word =
        |back: usize| index.checked_sub(back).and_then(|index| words.get(index)).copied().unwrap_or_default();
    let net = word(3).rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    [&b"net"[..], b"net1", b"net.exe", b"net1.exe"].iter().any(|name| name.eq_ignore_ascii_case(net))
        && word(2).eq_ignore_ascii_case(b"user")
        && !word(0).starts_with(b"/")
}
