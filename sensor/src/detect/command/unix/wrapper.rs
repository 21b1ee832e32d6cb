//! Programs that run another one: what stands behind `env`, `sudo`, `nohup` and the dynamic linker.

use crate::detect::command::{Traits, shell};
use crate::detect::text::base_name;
use crate::dynamic_linker::{OPTIONS_WITH_VALUE, is_dynamic_linker};

use super::handed::{self, Handed};

/// Programs that run another: the options that take a value, and how many operands stand before the command.
const WRAPPERS: &[(&str, &str, usize)] = &[
    ("env", "-u -C --unset --chdir", 0),
    ("nohup", "", 0),
    ("setsid", "", 0),
    ("nice", "-n --adjustment", 0),
    ("ionice", "-c -n -p --class --classdata", 0),
    ("chrt", "-T -P -D", 1),
    ("taskset", "", 1),
    ("numactl", "-C -N -m -i -p --physcpubind --cpunodebind --membind --interleave", 0),
    ("prlimit", "", 0),
    ("choom", "-n --adjust", 0),
    ("stdbuf", "-i -o -e", 0),
    ("timeout", "-k -s --kill-after --signal", 1),
    ("time", "-f -o", 0),
    ("sudo", "-u -g -h -p -C -D -R -T -U --user --group --host --prompt --chdir", 0),
    ("pkexec", "--user", 0),
    ("gosu", "", 1),
    ("su-exec", "", 1),
    ("setuidgid", "", 1),
    ("s6-setuidgid", "", 1),
    ("chpst", "-u -U -b -/ -n -l -L -e -m -d -o -p -f -c -r -t", 0),
    ("tini", "-p -e", 0),
    ("dumb-init", "-r --rewrite", 0),
    ("catatonit", "", 0),
    ("doas", "-u -C", 0),
    ("runuser", "-u -g -G -s", 0),
    ("setpriv", "--reuid --regid --groups --bounding-set --inh-caps --ambient-caps", 0),
    ("chroot", "--userspec --groups", 1),
    (
        "unshare",
        "-S -G -R -w --setuid --setgid --root --wd --propagation --setgroups --map-user \
         --map-group --map-users --map-groups --boottime --monotonic",
        0,
    ),
    ("nsenter", "-t -S -G --target --setuid --setgid", 0),
    ("flock", "-w -E --timeout --wait --conflict-exit-code", 1),
    ("exec", "-a", 0),
    ("command", "", 0),
    ("builtin", "", 0),
    ("busybox", "", 0),
    ("toybox", "", 0),
    ("proxychains", "-f", 0),
    ("proxychains4", "-f", 0),
    ("dbus-run-session", "", 0),
    ("systemd-cat", "-t -p", 0),
    ("systemd-inhibit", "", 0),
    ("xargs", "-I -n -P -d -a -L -s -E --arg-file --max-args --max-procs --delimiter", 0),
    ("strace", "-o -e -p -s -u -E -P -a -b -I -O -S -X", 0),
    ("ltrace", "-o -e -p -s -u -a -l -n -w -x -A -D -F", 0),
    ("fakeroot", "-l -f -s -i -b", 0),
    ("torsocks", "", 0),
    ("tsocks", "", 0),
    ("eatmydata", "", 0),
    ("chronic", "", 0),
    ("firejail", "", 0),
    ("dbus-launch", "", 0),
    ("linux32", "", 0),
    ("linux64", "", 0),
    ("faketime", "-f", 1),
    ("cgexec", "-g", 0),
    ("cpulimit", "-l -e -P --limit --exe --path", 0),
    ("aa-exec", "-p -n --profile --namespace", 0),
    ("runcon", "-t -u -r -l --type --user --role --range", 0),
    ("xvfb-run", "-e -f -n -p -s -w", 0),
    ("unbuffer", "", 0),
    ("ssh-agent", "-a -E -P -t", 0),
    (
        "systemd-run",
        "-p -u -E -M -H -C --unit --property --description --slice --setenv --uid --gid --nice \
         --working-directory --service-type --machine --host --on-active --on-boot \
         --on-startup --on-unit-active --on-unit-inactive --on-calendar --timer-property \
         --path-property --socket-property",
        0,
    ),
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
        if let Some(handed) = handed::command(name, after) {
            traits.runs(program);
            match handed {
                Handed::Script(script) => return Some(("sh", vec!["-c", script])),
                Handed::Command(program, arguments) => return Some((program, arguments)),
            }
        }
        // The dynamic linker runs whatever it is given.
        let is_linker = is_dynamic_linker(name.into());
        let wrapper = WRAPPERS.iter().find(|(wrapper, _, _)| *wrapper == name);
        let operands = match wrapper {
            Some((_, _, operands)) => *operands,
            None if is_linker => 0,
            None => return Some((program, after.to_vec())),
        };
        let takes_value = |word: &str| match wrapper {
            Some((_, options, _)) => options.split_whitespace().any(|option| option == word),
            None => OPTIONS_WITH_VALUE.contains(&word),
        };
        let next = skip_options(after, takes_value, operands);
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
fn skip_options<'w, 'a>(
    words: &'w [&'a str],
    takes_value: impl Fn(&str) -> bool,
    operands: usize,
) -> &'w [&'a str] {
    let mut rest = words;
    let mut to_skip = operands;
    while let Some((word, after)) = rest.split_first() {
        if takes_value(word) {
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
