//! Programs that are handed a command in a way of their own: `su -c`, `script -c`, `start-stop-daemon --exec`, `find -exec`.

use super::cluster::is_cluster;

/// The options of a program that take one value, two, three and so on.
type Valued = &'static [&'static str];

const BUBBLEWRAP: Valued = &[
    "--args --argv0 --userns --userns2 --pidns --uid --gid --hostname --chdir --unsetenv --lock-file \
     --sync-fd --remount-ro --exec-label --file-label --proc --dev --tmpfs --mqueue --dir --seccomp \
     --add-seccomp-fd --block-fd --userns-block-fd --info-fd --json-status-fd --cap-add --cap-drop \
     --perms --size --overlay-src --tmp-overlay --ro-overlay",
    "--bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --bind-fd --ro-bind-fd \
     --file --bind-data --ro-bind-data --symlink --chmod --setenv",
    "--overlay",
];
const SCREEN: Valued = &["-S -c -e -h -p -s -t -T -Logfile -dmS -DmS -X"];
const WATCH: Valued = &["-n --interval -q --equexit -s --shotsdir"];
/// Of all its commands.
const TMUX: Valued = &["-s -n -c -x -y -t -e -F -f -l"];

/// What such a program runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Handed<'a> {
    /// A script, by a shell.
    Script(&'a str),
    /// A program with its arguments.
    Command(&'a str, Vec<&'a str>),
}

/// What a program of this name runs, where it is one of these and its arguments say so.
pub(super) fn command<'a>(name: &str, arguments: &[&'a str]) -> Option<Handed<'a>> {
    match name {
        "su" => value_of(arguments, 'c', &["--command", "--session-command"]).map(Handed::Script),
        // With a user given by an option its operands are a command.
        "runuser" if !arguments.iter().any(|word| matches!(*word, "-u" | "--user")) => {
            value_of(arguments, 'c', &["--command", "--session-command"]).map(Handed::Script)
        }
        "script" => value_of(arguments, 'c', &["--command"]).map(Handed::Script),
        "flock" => match after_file(arguments)? {
            ["-c" | "--command", script, ..] => Some(Handed::Script(script)),
            _ => None,
        },
        "watch" => behind_options(arguments, WATCH).and_then(words_or_script),
        "tmux" => {
            let new = ["new", "new-session", "neww", "new-window", "splitw", "split-window", "respawn-pane"];
            let at = arguments.iter().position(|word| new.contains(word))?;
            let behind = arguments.get(at.saturating_add(1)..)?;
            behind_options(behind, TMUX).and_then(words_or_script)
        }
        "start-stop-daemon" => start_stop(arguments),
        "bwrap" => behind_options(arguments, BUBBLEWRAP).and_then(program),
        "screen" => behind_options(arguments, SCREEN).and_then(program),
        // Of several words a group's shell makes a script.
        "sg" => arguments.iter().skip(1).find(|word| **word != "-c").map(|script| Handed::Script(script)),
        "ip" => match arguments.iter().position(|word| *word == "exec") {
            Some(at) if arguments.iter().any(|word| word.starts_with("netns")) => {
                arguments.get(at.saturating_add(2)..).and_then(program)
            }
            _ => None,
        },
        // What capsh has behind `--` are the arguments of a shell.
        "capsh" => {
            let at = arguments.iter().position(|word| *word == "--")?;
            Some(Handed::Command("bash", arguments.get(at.saturating_add(1)..)?.to_vec()))
        }
        "find" => {
            let at =
                arguments.iter().position(|word| matches!(*word, "-exec" | "-execdir" | "-ok" | "-okdir"))?;
            arguments
                .get(at.saturating_add(1)..)?
                .split(|word| matches!(*word, ";" | "+"))
                .next()
                .and_then(program)
        }
        _ => None,
    }
}

/// What stands behind the options and their values.
fn behind_options<'w, 'a>(arguments: &'w [&'a str], valued: Valued) -> Option<&'w [&'a str]> {
    let mut rest = arguments;
    loop {
        let (word, after) = rest.split_first()?;
        if *word == "--" {
            return Some(after);
        }
        if !word.starts_with('-') {
            return Some(rest);
        }
        let place =
            valued.iter().position(|options| options.split_whitespace().any(|option| option == *word));
        rest = after.get(place.map_or(0, |place| place.saturating_add(1))..)?;
    }
}

/// A program with its arguments; `None` where there is none.
fn program<'a>(words: &[&'a str]) -> Option<Handed<'a>> {
    let (program, arguments) = words.split_first()?;
    Some(Handed::Command(program, arguments.to_vec()))
}

/// A program with its arguments, or a script where it is one word with blanks.
fn words_or_script<'a>(words: &[&'a str]) -> Option<Handed<'a>> {
    match words {
        [script] if script.contains(' ') => Some(Handed::Script(script)),
        _ => program(words),
    }
}

/// The value of an option by its letter, which may end a cluster as in `-lc`, or by one of its long names.
fn value_of<'a>(arguments: &[&'a str], letter: char, names: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(at, word)| {
        if let Some((name, value)) = word.split_once('=') {
            return names.contains(&name).then_some(value);
        }
        let is_short = is_cluster(word) && word.ends_with(letter);
        let next = || arguments.get(at.saturating_add(1)).copied();
        if is_short || names.contains(word) { next() } else { None }
    })
}

/// What stands behind the file that flock locks.
fn after_file<'w, 'a>(arguments: &'w [&'a str]) -> Option<&'w [&'a str]> {
    let mut rest = arguments;
    loop {
        let (word, after) = rest.split_first()?;
        rest = if matches!(*word, "-w" | "-E" | "--timeout" | "--wait" | "--conflict-exit-code") {
            after.get(1..)?
        } else if word.starts_with('-') {
            after
        } else {
            return Some(after);
        };
    }
}

/// The program that start-stop-daemon starts: `--startas` comes before `--exec`, and its arguments stand behind `--`.
fn start_stop<'a>(arguments: &[&'a str]) -> Option<Handed<'a>> {
    let end = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
    let (options, behind) = arguments.split_at_checked(end)?;
    let starts = options
        .iter()
        .any(|word| *word == "--start" || word.starts_with("-S") || is_cluster(word) && word.contains('S'));
    let program = value_of(options, 'a', &["--startas"]).or_else(|| value_of(options, 'x', &["--exec"]))?;
    let arguments = behind.get(1..).unwrap_or_default().to_vec();
    starts.then_some(Handed::Command(program, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_run() {
        let script = |text: &'static str| Some(Handed::Script(text));
        let program = |words: &[&'static str]| Some(Handed::Command(words[0], words[1..].to_vec()));
        for (line, expected) in [
            (&["su", "nobody", "-s", "/bin/sh", "-c", "a b"][..], script("a b")),
            (&["su", "-lc", "a b", "nobody"], script("a b")),
            (&["su", "--command=a b"], script("a b")),
            (&["su", "nobody"], None),
            (&["runuser", "-", "nobody", "-c", "a b"], script("a b")),
            (&["runuser", "-u", "nobody", "--", "/usr/bin/app", "-c", "x"], None),
            (&["script", "-qc", "a b", "/dev/null"], script("a b")),
            (&["flock", "-n", "-w", "5", "/run/l", "-c", "a b"], script("a b")),
            (&["flock", "-n", "/run/l", "/usr/bin/app", "-c", "x"], None),
            (&["watch", "-n", "60", "a | b"], script("a | b")),
            (&["watch", "-n", "60", "app"], program(&["app"])),
            (&["watch", "-n", "60", "/tmp/x", "-a"], program(&["/tmp/x", "-a"])),
            (&["tmux", "-L", "a", "new-session", "-d", "-s", "b", "/tmp/x -a"], script("/tmp/x -a")),
            (&["tmux", "attach", "-t", "b"], None),
            (&["start-stop-daemon", "--start", "--exec", "/tmp/x", "--", "-d"], program(&["/tmp/x", "-d"])),
            (&["start-stop-daemon", "-S", "-b", "-x", "/tmp/x"], program(&["/tmp/x"])),
            (&["start-stop-daemon", "-S", "-x", "/bin/a", "-a", "/tmp/x"], program(&["/tmp/x"])),
            (&["start-stop-daemon", "--stop", "--exec", "/tmp/x"], None),
            (&["find", "/", "-exec", "sh", "-c", "a", ";"], program(&["sh", "-c", "a"])),
            (&["find", "/tmp", "-delete"], None),
            (
                &["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--unshare-all", "sh", "-c", "a"],
                program(&["sh", "-c", "a"]),
            ),
            (
                &["bwrap", "--setenv", "A", "b", "--", "/tmp/x", "--dir", "y"],
                program(&["/tmp/x", "--dir", "y"]),
            ),
            (&["bwrap", "--ro-bind", "/"], None),
            (&["screen", "-dmS", "name", "/tmp/x", "-a"], program(&["/tmp/x", "-a"])),
            (&["screen", "-ls"], None),
            (&["sg", "disk", "-c", "a b"], script("a b")),
            (&["ip", "netns", "exec", "blue", "/tmp/x", "-a"], program(&["/tmp/x", "-a"])),
            (&["ip", "route", "show"], None),
            (&["capsh", "--drop=all", "--", "-c", "a"], program(&["bash", "-c", "a"])),
            (&["cat", "-c", "x"], None),
        ] {
            assert_eq!(command(line[0], &line[1..]), expected, "{line:?}");
        }
    }
}
