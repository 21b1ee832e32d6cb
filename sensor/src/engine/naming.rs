//! The path by which whoever changed a file named it, and where a path truly leads.
//!
//! The kernel tells which name in which directory changed, and not how a system call's argument spelled it. What a
//! command's own arguments say is known, though, and most commands are told there what to change.

use std::collections::VecDeque;

use bstr::{BStr, BString, ByteSlice as _};

use crate::host::Host;
use crate::model::{Known, Process, Reason};
use crate::path::{join, normal, split};

/// The most arguments that are looked at.
const MOST_ARGUMENTS: usize = 64;
/// The longest argument that is looked at: `PATH_MAX`.
const LONGEST: usize = 4096;
/// The most components of paths that the host is asked about for one event.
const MOST_LOOKS: usize = 64;
/// The most links in one path: `MAXSYMLINKS` of the kernel.
const MOST_LINKS: usize = 40;

/// The path by which `process` named the file at `path`, as it stands in its arguments; where these name the directory
/// only, with the file's name behind it.
pub(super) fn named(path: &BStr, process: &Process, host: &mut dyn Host) -> Known<BString> {
    let argv = match &process.argv {
        Known::Is(argv) => argv,
        Known::Pending => return Known::Missing(Reason::NotRecorded),
        Known::Missing(reason) => return Known::Missing(*reason),
    };
    let Some((directory, name)) = split(path) else { return Known::Missing(Reason::Malformed) };
    let cwd = process.cwd.get().map(AsRef::as_ref);
    let candidates: Vec<(BString, BString)> = argv
        .iter()
        .skip(1)
        .take(MOST_ARGUMENTS)
        .flat_map(|argument| spellings(argument.as_ref()))
        .filter_map(|spelling| candidate(spelling, name, cwd))
        .collect();
    // By their text first: most arguments name the true path, and the host needs no asking then.
    let found = candidates.iter().find(|(_named, parent)| *parent == directory);
    let found = found.or_else(|| {
        let mut looks = MOST_LOOKS;
        candidates.iter().find(|(_named, parent)| true_path(parent.as_ref(), &mut looks, host) == directory)
    });
    found.map_or(Known::Missing(Reason::NotRecorded), |(named, _parent)| Known::Is(named.clone()))
}

/// The true path of what stands at `path`, where its directory is a link to another one; `None` where it is not.
pub(super) fn behind_link(path: &BStr, host: &mut dyn Host) -> Option<BString> {
    let (directory, name) = split(path)?;
    host.link(directory).ok()?;
    Some(join(true_path(directory, &mut { MOST_LOOKS }, host).as_ref(), name))
}

/// What of an argument may be a path: all of it, and the value of an option: `--output=PATH`, `of=PATH`, `-tPATH`.
fn spellings(argument: &BStr) -> impl Iterator<Item = &BStr> {
    let value = match argument.split_once_str("=") {
        Some((option, value)) if !option.contains(&b'/') => Some(value.as_bstr()),
        _ => argument.strip_prefix(b"-").and_then(|rest| rest.get(1..)).map(BStr::new),
    };
    let fits = |spelling: &&BStr| !spelling.is_empty() && spelling.len() <= LONGEST;
    std::iter::once(argument).chain(value).filter(fits)
}

/// How `spelling` names a file called `name`, and the directory that this file lies in then, by its text alone. `None`
/// where it is relative and nobody knows to what.
fn candidate(spelling: &BStr, name: &BStr, cwd: Option<&BStr>) -> Option<(BString, BString)> {
    let base = if spelling.starts_with(b"/") { BStr::new("/") } else { cwd? };
    match spelling.rsplit_once_str("/") {
        Some((parent, last)) if last == name => Some((spelling.into(), normal(base, parent.as_bstr()))),
        None if spelling == name => Some((spelling.into(), base.into())),
        _ => Some((join(spelling, name), normal(base, spelling))),
    }
}

/// Where `path` leads, with every link on the way followed; `looks` counts down what the host is asked.
fn true_path(path: &BStr, looks: &mut usize, host: &mut dyn Host) -> BString {
    let components = |path: &BStr| path.split_str("/").map(BString::from).collect::<VecDeque<_>>();
    let mut rest = components(path);
    let (mut found, mut links) = (BString::from("/"), 0);
    while let Some(component) = rest.pop_front() {
        if matches!(component.as_slice(), b"" | b"." | b"..") {
            found = normal(found.as_ref(), component.as_ref());
            continue;
        }
        let next = join(found.as_ref(), component.as_ref());
        let target = looks.checked_sub(1).and_then(|left| {
            *looks = left;
            host.link(next.as_ref()).ok()
        });
        match target.filter(|_| links < MOST_LINKS) {
            Some(target) => {
                links += 1;
                if target.starts_with(b"/") {
                    found = "/".into();
                }
                let mut before = components(target.as_ref());
                before.append(&mut rest);
                rest = before;
            }
            None => found = next,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::tests::host::Tree;
    use crate::host::FileState;
    use crate::model::ProcessKey;

    fn process(argv: &[&str]) -> Process {
        let key = ProcessKey { pid: 1, start_ns: 1 };
        Process {
            argv: Known::Is(argv.iter().map(|word| BString::from(*word)).collect()),
            cwd: Known::Is("/root".into()),
            ..Process::unknown(key, Reason::NotRecorded)
        }
    }

    #[test]
    fn arguments_name_files() {
        let mut tree = Tree::default();
        for (link, target) in
            [("/tmp/log", "/etc/systemd/system"), ("/root/here", "../etc/./systemd"), ("/l", "l")]
        {
            tree.files.insert(link.into(), FileState::Symlink { target: target.into() });
        }
        for (argv, expected) in [
            (&["cp", "/tmp/a.service", "/etc/systemd/system/"][..], Some("/etc/systemd/system/a.service")),
            (&["cp", "x", "/etc/systemd/system"], Some("/etc/systemd/system/a.service")),
            (&["tee", "/etc/systemd/system/a.service"], Some("/etc/systemd/system/a.service")),
            (&["tee", "../etc//systemd/./system/a.service"], Some("../etc//systemd/./system/a.service")),
            (&["dd", "of=/etc/systemd/system/a.service"], Some("/etc/systemd/system/a.service")),
            (
                &["install", "--target-directory=/etc/systemd/system", "a"],
                Some("/etc/systemd/system/a.service"),
            ),
            (&["install", "-t/tmp/log", "a"], Some("/tmp/log/a.service")),
            (&["cp", "a.service", "/tmp/log"], Some("/tmp/log/a.service")),
            (&["cp", "a.service", "here/system"], Some("here/system/a.service")),
            (&["cp", "a.service", "/l/x"], None),
            (&["sh", "-c", "echo > a.service"], None),
            (&["vim", "a.service"], None),
            (&["/etc/systemd/system/a.service"], None),
        ] {
            let found = named(BStr::new("/etc/systemd/system/a.service"), &process(argv), &mut tree);
            assert_eq!(found.get().map(ToString::to_string).as_deref(), expected, "{argv:?}");
        }
        let own = Process { cwd: Known::Is("/etc/systemd/system".into()), ..process(&["vim", "a.service"]) };
        let found = named(BStr::new("/etc/systemd/system/a.service"), &own, &mut tree);
        assert_eq!(found, Known::Is("a.service".into()));
    }

    #[test]
    fn a_file_behind_a_linked_directory_is_elsewhere() {
        let mut tree = Tree::default();
        let link = "/etc/systemd/system/a.service.d";
        tree.files.insert(link.into(), FileState::Symlink { target: "../../../opt/d".into() });
        tree.files.insert("/opt".into(), FileState::Symlink { target: "srv".into() });
        let at =
            |path: &str, tree: &mut Tree| behind_link(BStr::new(path), tree).map(|path| path.to_string());
        assert_eq!(at("/etc/systemd/system/a.service.d/o.conf", &mut tree).as_deref(), Some("/srv/d/o.conf"));
        assert_eq!(at("/etc/systemd/system/a.service", &mut tree), None);
    }
}
