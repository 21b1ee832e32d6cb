//! What a path below a unit directory means: a unit's main file, a drop-in, a dependency link or nothing.

use std::fmt;

use bstr::{BStr, BString, ByteSlice as _};

use super::name::{NameError, NameKind, UnitName, UnitType};

/// What a path below a unit directory means.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Location {
    /// `ssh.service`: a unit's main file, a link to one, or a mask. A leading dot does not hide it from systemd.
    Fragment(UnitName),
    /// `ssh.service.d/10-x.conf`.
    DropIn {
        /// The units that it is for.
        owner: DropInOwner,
        /// The file's name.
        file: BString,
    },
    /// `multi-user.target.wants/ssh.service`: the link's name counts, not where it points to.
    Dependency {
        /// The units that pull the other one in.
        source: DropInOwner,
        /// How.
        kind: DependencyKind,
        /// The unit that is pulled in.
        target: UnitName,
    },
    /// `ssh.service.d`.
    DropInDirectory(DropInOwner),
    /// `multi-user.target.wants`.
    DependencyDirectory(DropInOwner, DependencyKind),
    /// Something that systemd does not read.
    NotAUnit(NotAUnit),
}

/// The units that a `.d`, `.wants`, `.requires` or `.upholds` directory is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DropInOwner {
    /// One unit.
    Unit(UnitName),
    /// All instances of a template.
    Template(UnitName),
    /// All units whose name begins so: `foo-.service`.
    Prefix(UnitName),
    /// All units of a type: `service`.
    Type(UnitType),
}

/// How a link pulls a unit in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DependencyKind {
    /// `.wants`: started together.
    Wants,
    /// `.requires`: and fails with it.
    Requires,
    /// `.upholds`: and kept running. Read from systemd 254 on.
    Upholds,
}

/// Why systemd does not read a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotAUnit {
    /// An editor's, a package manager's or `sed`'s intermediate or backup file.
    Temporary,
    /// The name is no unit name.
    InvalidName(NameError),
    /// In a drop-in directory and not named `*.conf`.
    NotConf,
    /// In a drop-in or dependency directory, with a name that begins with a dot.
    Hidden,
    /// In a directory whose name means nothing to systemd, or too deep in one.
    OtherDirectory,
    /// No name at all.
    Empty,
}

impl DependencyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Wants, Self::Requires, Self::Upholds];

    /// The directory's suffix without its dot: `wants`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wants => "wants",
            Self::Requires => "requires",
            Self::Upholds => "upholds",
        }
    }

    /// The setting that says the same in a unit file: `Wants`.
    pub fn setting(self) -> &'static str {
        match self {
            Self::Wants => "Wants",
            Self::Requires => "Requires",
            Self::Upholds => "Upholds",
        }
    }
}

impl DropInOwner {
    /// The owner that a directory's name without its suffix stands for.
    fn parse(text: &BStr) -> Option<Self> {
        if let Ok(name) = UnitName::parse(text) {
            // A single dash is the name of the root slice or mount, not a prefix.
            let is_prefix = name.prefix().len() > 1 && name.prefix().ends_with('-');
            return Some(match name.kind() {
                _ if is_prefix => Self::Prefix(name),
                NameKind::Template => Self::Template(name),
                NameKind::Plain | NameKind::Instance => Self::Unit(name),
            });
        }
        text.to_str().ok().and_then(UnitType::from_suffix).map(Self::Type)
    }

    /// Whether a drop-in of this owner is read for `unit`.
    pub fn applies_to(&self, unit: &UnitName) -> bool {
        match self {
            Self::Type(unit_type) => unit.unit_type() == *unit_type,
            Self::Unit(name) | Self::Template(name) | Self::Prefix(name) => {
                unit.unit_type() == name.unit_type()
                    && unit.drop_in_names().iter().any(|candidate| candidate == name.as_str())
            }
        }
    }

    /// The directory's name without its suffix.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unit(name) | Self::Template(name) | Self::Prefix(name) => name.as_str(),
            Self::Type(unit_type) => unit_type.as_str(),
        }
    }
}

impl fmt::Display for DropInOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DependencyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Location {
    /// Tells what `path`, relative to a unit directory, means to systemd.
    ///
    /// A name such as `ssh.service.d` is taken as the directory that it must be to mean anything.
    pub fn classify(path: &BStr) -> Self {
        let mut components = path.split_str("/").filter(|component| !component.is_empty()).map(BStr::new);
        match (components.next(), components.next(), components.next()) {
            (None, ..) => Self::NotAUnit(NotAUnit::Empty),
            (Some(name), None, _) => top_level(name),
            (Some(directory), Some(name), None) => within(directory, name),
            (Some(_), Some(_), Some(_)) => Self::NotAUnit(NotAUnit::OtherDirectory),
        }
    }
}

/// What a name directly in a unit directory means.
fn top_level(name: &BStr) -> Location {
    match UnitName::parse(name) {
        Ok(name) => Location::Fragment(name),
        Err(error) => directory(name).unwrap_or(Location::NotAUnit(if is_temporary(name) {
            NotAUnit::Temporary
        } else {
            NotAUnit::InvalidName(error)
        })),
    }
}

/// What a name means as a directory of drop-ins or dependencies.
fn directory(name: &BStr) -> Option<Location> {
    if let Some(owner) = name.strip_suffix(b".d") {
        return DropInOwner::parse(owner.as_bstr()).map(Location::DropInDirectory);
    }
    DependencyKind::ALL.into_iter().find_map(|kind| {
        let source = name.strip_suffix(kind.as_str().as_bytes())?.strip_suffix(b".")?;
        Some(Location::DependencyDirectory(DropInOwner::parse(source.as_bstr())?, kind))
    })
}

/// What `name` in a directory of drop-ins or dependencies means.
fn within(parent: &BStr, name: &BStr) -> Location {
    let reject = |reason| Location::NotAUnit(if is_temporary(name) { NotAUnit::Temporary } else { reason });
    match directory(parent) {
        Some(Location::DropInDirectory(owner)) => {
            if name.starts_with(b".") {
                reject(NotAUnit::Hidden)
            } else if name.ends_with(b".conf") {
                Location::DropIn { owner, file: name.into() }
            } else {
                reject(NotAUnit::NotConf)
            }
        }
        Some(Location::DependencyDirectory(source, kind)) => {
            if name.starts_with(b".") {
                return reject(NotAUnit::Hidden);
            }
            match UnitName::parse(name) {
                Ok(target) => Location::Dependency { source, kind, target },
                Err(error) => reject(NotAUnit::InvalidName(error)),
            }
        }
        _ => reject(NotAUnit::OtherDirectory),
    }
}

/// Whether systemd passes over a file of this name wherever it runs or reads all files of a directory, such as generators:
/// hidden ones, and what editors and package managers leave (`hidden_or_backup_file` of systemd's src/basic/path-util.c).
pub fn is_passed_over(name: &BStr) -> bool {
    const SUFFIXES: &[&str] = &[
        "~",
        ".rpmnew",
        ".rpmsave",
        ".rpmorig",
        ".dpkg-old",
        ".dpkg-new",
        ".dpkg-tmp",
        ".dpkg-dist",
        ".dpkg-bak",
        ".dpkg-backup",
        ".dpkg-remove",
        ".ucf-new",
        ".ucf-old",
        ".ucf-dist",
        ".swp",
        ".bak",
        ".old",
        ".new",
    ];
    name.starts_with(b".")
        || name == "lost+found"
        || name == "aquota.user"
        || name == "aquota.group"
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix.as_bytes()))
}

/// Whether a name that systemd does not read is one that tools use in passing.
///
/// Editors (`.x.swp`, `4913`, `x~`, `#x#`), systemctl edit (`.#override.conf0123`), sed -i (`sedAbCdEf`), dpkg, ucf
/// and rpm (`x.dpkg-new`, `x;5f3c`), and the usual suffixes of backups.
fn is_temporary(name: &BStr) -> bool {
    const SUFFIXES: &[&str] = &[
        "~",
        "#",
        ".swp",
        ".swo",
        ".swx",
        ".tmp",
        ".temp",
        ".bak",
        ".old",
        ".orig",
        ".rej",
        ".new",
        ".part",
        ".rpmnew",
        ".rpmsave",
        ".rpmorig",
        ".dpkg-new",
        ".dpkg-tmp",
        ".dpkg-old",
        ".dpkg-dist",
        ".dpkg-bak",
        ".dpkg-backup",
        ".dpkg-remove",
        ".dpkg-inst",
        ".dpkg-divert.tmp",
        ".ucf-new",
        ".ucf-old",
        ".ucf-dist",
    ];
    let is_sed = name
        .strip_prefix(b"sed")
        .is_some_and(|rest| rest.len() == 6 && rest.iter().all(u8::is_ascii_alphanumeric));
    let is_rpm = name
        .rsplit_once_str(";")
        .is_some_and(|(_, hash)| hash.len() == 8 && hash.iter().all(u8::is_ascii_hexdigit));
    // Vim probes a directory with 4913, then with 123 more each time while that name is taken.
    let is_vim = name
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u32>().ok())
        .is_some_and(|n| n >= 4913 && (n - 4913) % 123 == 0);
    is_sed
        || is_rpm
        || is_vim
        || name.starts_with(b".#")
        || name.starts_with(b".goutputstream-")
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, expected: &str) {
        let found = match Location::classify(BStr::new(path)) {
            Location::Fragment(name) => format!("fragment {name}"),
            Location::DropIn { owner, file } => format!("drop-in {owner:?} {file}"),
            Location::Dependency { source, kind, target } => format!("{kind} {source:?} {target}"),
            Location::DropInDirectory(owner) => format!("drop-in directory {owner:?}"),
            Location::DependencyDirectory(source, kind) => format!("{kind} directory {source:?}"),
            Location::NotAUnit(reason) => format!("no unit: {reason:?}"),
        };
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn fragments() {
        check("ssh.service", "fragment ssh.service");
        check("getty@.service", "fragment getty@.service");
        check("-.mount", "fragment -.mount");
        // systemd loads a unit whose name begins with a dot.
        check(".x.service", "fragment .x.service");
        check("x.service/", "fragment x.service");
    }

    #[test]
    fn drop_ins() {
        check("ssh.service.d/a.conf", "drop-in Unit(\"ssh.service\") a.conf");
        check("getty@.service.d/a.conf", "drop-in Template(\"getty@.service\") a.conf");
        check("getty@tty1.service.d/a.conf", "drop-in Unit(\"getty@tty1.service\") a.conf");
        check("foo-.service.d/a.conf", "drop-in Prefix(\"foo-.service\") a.conf");
        check("foo-@.service.d/a.conf", "drop-in Prefix(\"foo-@.service\") a.conf");
        check("-.slice.d/a.conf", "drop-in Unit(\"-.slice\") a.conf");
        check("service.d/a.conf", "drop-in Type(Service) a.conf");
        check("ssh.service.d", "drop-in directory Unit(\"ssh.service\")");
        check("ssh.service.d/a.txt", "no unit: NotConf");
        check("ssh.service.d/.a.conf", "no unit: Hidden");
        check("ssh.service.d/a/b.conf", "no unit: OtherDirectory");
        check("ssh.d/a.conf", "no unit: OtherDirectory");
    }

    #[test]
    fn dependency_links() {
        check("multi-user.target.wants/a.service", "wants Unit(\"multi-user.target\") a.service");
        check("a.service.requires/b@c.socket", "requires Unit(\"a.service\") b@c.socket");
        check("a@.service.upholds/b.service", "upholds Template(\"a@.service\") b.service");
        // Read by systemd, though not in the manual.
        check("service.wants/b.service", "wants Type(Service) b.service");
        check("multi-user.target.wants", "wants directory Unit(\"multi-user.target\")");
        check("multi-user.target.wants/a", "no unit: InvalidName(NoSuffix)");
        check("multi-user.target.wants/.a.service", "no unit: Hidden");
        check("multi-user.target.needs/a.service", "no unit: OtherDirectory");
    }

    #[test]
    fn what_is_no_unit() {
        for name in [
            "x.service~",
            ".x.service.swp",
            "x.service.dpkg-new",
            "4913",
            "5036",
            "sedAb12Cd",
            "x.service;5f3c01ab",
            "x.service.tmp",
            "x.service.d/.#override.conf0a1b",
            "x.service.d/x.conf~",
            "a.wants/4913",
            "multi-user.target.wants/sedAb12Cd",
            "#x.service#",
        ] {
            check(name, "no unit: Temporary");
        }
        check("README", "no unit: InvalidName(NoSuffix)");
        check("4914", "no unit: InvalidName(NoSuffix)");
        check("x.conf", "no unit: InvalidName(UnknownSuffix)");
        check("", "no unit: Empty");
        check("/", "no unit: Empty");
    }

    #[test]
    fn owners_apply_to_their_units() {
        for (directory, unit, applies) in [
            ("a.service.d", "a.service", true),
            ("a.service.d", "b.service", false),
            ("a@.service.d", "a@x.service", true),
            ("a@.service.d", "a.service", false),
            ("a-.service.d", "a-b.service", true),
            ("a-.service.d", "a-b-c@d.service", true),
            ("a-.service.d", "ab.service", false),
            ("a-.service.d", "a-b.socket", false),
            ("service.d", "a@x.service", true),
            ("service.d", "a.socket", false),
        ] {
            let Location::DropInDirectory(owner) = Location::classify(BStr::new(directory)) else {
                panic!("{directory} is a drop-in directory");
            };
            assert_eq!(owner.applies_to(&UnitName::parse(unit).unwrap()), applies, "{directory} {unit}");
        }
    }
}
