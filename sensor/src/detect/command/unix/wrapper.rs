//! Programs that run another one: what stands behind `env`, `sudo`, `nohup` and the dynamic linker.

use crate::detect::command::{Traits, shell};
use crate::detect::text::base_name;

/// Programs that run another: the options that take a value, and how many operands stand before the command.
const WRAPPERS: &[(&str, &[&str], usize)] = &[
    ("env", &["-u", "-C", "--unset", "--chdir"], 0),
    ("nohup", &[], 0),
    ("setsid", &[], 0),
    ("nice", &["-n", "--adjustment"], 0),
    ("ionice", &["-c", "-n", "-p", "--class", "--classdata"], 0),
    ("chrt", &["-T", "-P", "-D"], 1),
    ("taskset", &[], 1),
    ("numactl", &[], 0),
    ("stdbuf", &["-i", "-o", "-e"], 0),
    ("timeout", &["-k", "-s", "--kill-after", "--signal"], 1),
    ("time", &["-f", "-o"], 0),
    ("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U"], 0),
    ("doas", &["-u", "-C"], 0),
    ("runuser", &["-u", "-g", "-G", "-s"], 0),
    ("setpriv", &["--reuid", "--regid", "--groups", "--bounding-set", "--inh-caps", "--ambient-caps"], 0),
    ("chroot", &[], 1),
    ("unshare", &["-S", "-G", "-R", "-w"], 0),
    ("nsenter", &["-t", "-S", "-G"], 0),
    ("flock", &["-w", "-E"], 1),
    ("exec", &["-a"], 0),
    ("command", &[], 0),
    ("builtin", &[], 0),
    ("busybox", &[], 0),
    ("toybox", &[], 0),
    ("proxychains", &["-f"], 0),
    ("proxychains4", &["-f"], 0),
    ("dbus-run-session", &[], 0),
    ("systemd-cat", &["-t", "-p"], 0),
    ("systemd-inhibit", &[], 0),
    ("xargs", &["-I", "-n", "-P", "-d"], 0),
];

/// Options of the dynamic linker that take a value, with musl's.
const LINKER_OPTIONS: &[&str] = &[
    "--library-path",
    "--argv0",
    "--preload",
    "--audit",
    "--inhibit-rpath",
    "--glibc-hwcaps-prepend",
    "--glibc-hwcaps-mask",
];
/// Options of the dynamic linker that do what a variable does.
const LINKER_VARIABLES: &[(&str, &str)] =
    &[("--preload", "LD_PRELOAD"), ("--audit", "LD_AUDIT"), ("--library-path", "LD_LIBRARY_PATH")];

/// Takes off programs that only run another one.
pub(super) fn unwrap<'a>(words: &[&'a str], traits: &mut Traits) -> Option<(&'a str, Vec<&'a str>)> {
    let mut rest = words;
    for _ in 0..16 {
        let (program, after) = rest.split_first()?;
        let name = base_name(program);
        // The dynamic linker runs whatever it is given.
        let is_linker = is_linker(name);
        let wrapper = WRAPPERS.iter().find(|(wrapper, _, _)| *wrapper == name);
        let (with_value, operands): (&[&str], usize) = match wrapper {
            Some((_, with_value, operands)) => (with_value, *operands),
            None if is_linker => (LINKER_OPTIONS, 0),
            None => return Some((program, after.to_vec())),
        };
        let next = skip_options(after, with_value, operands);
        let before = after.get(..after.len().saturating_sub(next.len())).unwrap_or_default();
        note_assignments(before.iter().copied(), traits);
        if is_linker {
            note_linker_options(before, traits);
        }
        if next.is_empty() {
            return Some((program, after.to_vec()));
        }
        traits.runs(program);
        rest = next;
    }
    None
}

/// Whether a name is the dynamic linker's, which differs by architecture: `ld-linux-x86-64.so.2`, `ld64.so.2`,
/// `ld-musl-x86_64.so.1`, `ld-2.31.so`, `ld.so`.
fn is_linker(name: &str) -> bool {
    ["ld-", "ld.", "ld64."].iter().any(|start| name.starts_with(start))
        && name.split('.').skip(1).any(|part| part == "so")
}

/// Notes assignments among words.
pub(super) fn note_assignments<'a>(words: impl Iterator<Item = &'a str>, traits: &mut Traits) {
    for (name, value) in
        words.filter(|word| shell::is_assignment(word)).filter_map(|word| word.split_once('='))
    {
        traits.assigns(name, value);
    }
}

/// Notes options of the dynamic linker that bring foreign code.
fn note_linker_options(words: &[&str], traits: &mut Traits) {
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word, None),
        };
        let Some((_, variable)) = LINKER_VARIABLES.iter().find(|(known, _)| *known == option) else {
            continue;
        };
        if let Some(value) = value.or_else(|| words.next()) {
            traits.assigns(variable, value);
        }
    }
}

/// What follows a wrapper's options, assignments and operands.
fn skip_options<'w, 'a>(words: &'w [&'a str], with_value: &[&str], operands: usize) -> &'w [&'a str] {
    let mut rest = words;
    let mut to_skip = operands;
    while let Some((word, after)) = rest.split_first() {
        if with_value.contains(word) {
            rest = after.get(1..).unwrap_or_default();
        } else if word.starts_with('-') && word.len() > 1 || shell::is_assignment(word) {
            rest = after;
        } else if to_skip > 0 {
            to_skip = to_skip.saturating_sub(1);
            rest = after;
        } else {
            break;
        }
    }
    rest
}
