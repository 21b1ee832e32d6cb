//! Whether a package manager did it.

use bstr::{BStr, ByteSlice};

use crate::model::event::ServiceEvent;
use crate::model::process::Process;

use super::text::base_name;

/// How a package manager is involved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packaging {
    /// Not at all, as far as is known.
    None,
    /// A script or trigger that it runs did it.
    Script,
    /// It unpacked the file itself.
    Unpacked,
}

/// Programs that unpack packages, by the only directories in which they are believed.
const TOOLS: &[&str] = &[
    "dpkg",
    "dpkg-deb",
    "apt",
    "apt-get",
    "aptitude",
    "rpm",
    "dnf",
    "dnf5",
    "microdnf",
    "yum",
    "zypper",
    "pacman",
    "apk",
    "packagekitd",
    "snapd",
    "xbps-install",
    "emerge",
    "transactional-update",
    "rpm-ostree",
];

/// Scripts in Python that do the same within the interpreter.
const SCRIPTS: &[&str] = &["dnf", "dnf-3", "yum", "unattended-upgrade", "unattended-upgrades"];

impl Packaging {
    /// How a package manager is involved in an event.
    ///
    /// A process counts by its true program path, never by its own name. Whoever runs a command as a hook of the
    /// package manager is hidden by this all the same; analytics of what a service runs therefore never ask.
    pub(crate) fn of(event: &ServiceEvent) -> Self {
        let Some(actor) = event.actor.get() else { return Self::None };
        if is_package_manager(&actor.process) {
            return Self::Unpacked;
        }
        let requester = actor.requester.iter();
        let behind =
            requester.flat_map(|requester| std::iter::once(&requester.process).chain(&requester.ancestry));
        if actor.ancestry.iter().chain(behind).any(is_package_manager) { Self::Script } else { Self::None }
    }

    /// Whether it is involved in any way.
    pub(crate) fn is_involved(self) -> bool {
        self != Self::None
    }
}

/// Whether a process is a package manager.
fn is_package_manager(process: &Process) -> bool {
    let Some(exe) = process.exe.get().and_then(|exe| exe.to_str().ok()) else { return false };
    if !["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/", "/usr/libexec/", "/usr/lib/"]
        .iter()
        .any(|directory| exe.starts_with(directory))
    {
        return false;
    }
    let name = base_name(exe);
    if TOOLS.contains(&name) {
        return true;
    }
    let script = process.argv.get().and_then(|argv| argv.get(1)).map(BStr::new);
    name.starts_with("python")
        && script.and_then(|word| word.to_str().ok()).is_some_and(|word| {
            (word.starts_with("/usr/bin/") || word.starts_with("/bin/")) && SCRIPTS.contains(&base_name(word))
        })
}

#[cfg(test)]
mod tests {
    use bstr::BString;

    use super::*;
    use crate::model::known::{Known, Reason};
    use crate::model::process::ProcessKey;

    fn process(words: &[&str]) -> Process {
        let mut process = Process::unknown(ProcessKey { pid: 2, start_ns: 1 }, Reason::NotRecorded);
        process.exe = Known::Is(BString::from(words[0]));
        process.argv = Known::Is(words.iter().map(|word| BString::from(*word)).collect());
        process
    }

    #[test]
    fn knows_package_managers_by_their_true_path() {
        for (words, expected) in [
            (vec!["/usr/bin/dpkg", "--unpack"], true),
            (vec!["/bin/rpm"], true),
            (vec!["/usr/bin/python3.11", "/usr/bin/dnf", "upgrade"], true),
            (vec!["/usr/bin/python3", "/usr/bin/unattended-upgrade"], true),
            (vec!["/usr/bin/python3", "/home/user/dnf"], false),
            (vec!["/usr/bin/python3"], false),
            (vec!["/tmp/dpkg"], false),
            (vec!["/home/user/usr/bin/dpkg"], false),
            (vec!["/usr/bin/dpkg-query"], false),
            (vec!["/usr/bin/bash", "/usr/bin/dnf"], false),
        ] {
            assert_eq!(is_package_manager(&process(&words)), expected, "{words:?}");
        }
    }
}
