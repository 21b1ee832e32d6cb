//! Places of a Unix file system from which no service of the host should run.

/// What is wrong with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A directory for temporary files, which everybody may write to.
    Temporary,
    /// A file system in memory, a device directory or /proc: what lies there is gone after a restart.
    Volatile,
    /// A user's runtime directory.
    Runtime,
    /// A home directory.
    Home,
    /// A directory or file whose name begins with a dot.
    Hidden,
    /// A directory that a web server serves.
    Web,
    /// A directory of logs, caches or queues.
    Data,
    /// A directory for removable or foreign file systems.
    Mounted,
}

/// Directories in homes that begin with a dot and hold ordinary programs.
const ORDINARY: &[&str] = &[
    ".local",
    ".cargo",
    ".rustup",
    ".npm-global",
    ".npm",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".asdf",
    ".volta",
    ".bun",
    ".deno",
    ".nix-profile",
    ".linuxbrew",
    ".dotnet",
    ".sdkman",
    ".go",
    ".gvm",
    ".pixi",
    ".juliaup",
    ".opam",
    ".ghcup",
    ".cabal",
    ".stack",
    ".steam",
    ".var",
    ".venv",
    ".virtualenvs",
    ".config",
    ".vscode-server",
    ".emacs.d",
    ".oh-my-zsh",
    ".poetry",
    ".conda",
    ".mamba",
    ".node",
    ".krew",
];

impl Place {
    /// What is wrong with a path, the worst first; `None` when nothing is.
    ///
    /// A path that isn't absolute says nothing: the manager has not resolved it.
    pub(crate) fn of(path: &str) -> Option<Self> {
        let path = normal(path)?;
        let below = |directory: &str| {
            path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/') && rest.len() > 1)
        };
        if ["/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp", "/usr/tmp"].into_iter().any(below) {
            return Some(Self::Temporary);
        }
        if ["/dev", "/proc", "/run/shm", "/run/lock", "/var/lock", "/sys"].into_iter().any(below)
            || path.starts_with("memfd:")
        {
            return Some(Self::Volatile);
        }
        if below("/run/user") || below("/var/run/user") {
            return Some(Self::Runtime);
        }
        let in_home = ["/home", "/root", "/Users", "/var/home"].into_iter().any(below);
        let hidden = path
            .split('/')
            .find(|part| part.starts_with('.') && part.len() > 1 && !(in_home && ORDINARY.contains(part)));
        if hidden.is_some() {
            return Some(Self::Hidden);
        }
        if in_home {
            return Some(Self::Home);
        }
        if ["/var/www", "/srv/www", "/srv/http", "/usr/share/nginx/html"].into_iter().any(below) {
            return Some(Self::Web);
        }
        if ["/var/log", "/var/cache", "/var/spool", "/var/mail", "/var/crash", "/var/backups", "/lost+found"]
            .into_iter()
            .any(below)
        {
            return Some(Self::Data);
        }
        if ["/mnt", "/media", "/run/media", "/Volumes"].into_iter().any(below) {
            return Some(Self::Mounted);
        }
        None
    }

    /// Whether everybody, or every process of the user, can put a file there.
    pub(crate) fn is_open(self) -> bool {
        matches!(self, Self::Temporary | Self::Volatile | Self::Runtime)
    }

    /// What it is, within a sentence.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Temporary => "a directory for temporary files",
            Self::Volatile => "a volatile directory",
            Self::Runtime => "a user's runtime directory",
            Self::Home => "a home directory",
            Self::Hidden => "a hidden directory or file",
            Self::Web => "a directory that a web server serves",
            Self::Data => "a directory of logs, caches or queues",
            Self::Mounted => "a directory for removable or foreign file systems",
        }
    }
}

/// The path without `.`, `..` and repeated slashes; `None` if it isn't absolute.
fn normal(path: &str) -> Option<String> {
    if path.starts_with("memfd:") {
        return Some(path.to_owned());
    }
    if !path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(parts.iter().fold(String::new(), |mut text, part| {
        text.push('/');
        text.push_str(part);
        text
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tells_places() {
        for (path, expected) in [
            ("/tmp/x", Some(Place::Temporary)),
            ("/usr/../tmp//./x", Some(Place::Temporary)),
            ("/var/tmp/.x/y", Some(Place::Temporary)),
            ("/tmpfiles/x", None),
            ("/tmp", None),
            ("/dev/shm/x", Some(Place::Volatile)),
            ("/proc/self/fd/3", Some(Place::Volatile)),
            ("/run/user/1000/x", Some(Place::Runtime)),
            ("/home/user/bin/x", Some(Place::Home)),
            ("/home/user/.local/bin/x", Some(Place::Home)),
            ("/home/user/.cache/x", Some(Place::Hidden)),
            ("/usr/lib/.x/y", Some(Place::Hidden)),
            ("/usr/lib/systemd/systemd", None),
            ("/opt/.local/x", Some(Place::Hidden)),
            ("/root/x", Some(Place::Home)),
            ("/var/www/html/x", Some(Place::Web)),
            ("/var/lib/app/x", None),
            ("/srv/app/x", None),
            ("relative/x", None),
            ("", None),
        ] {
            assert_eq!(Place::of(path), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(path in ".{0,100}") {
            Place::of(&path);
        }
    }
}
