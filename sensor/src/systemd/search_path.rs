//! The directories that unit files are read from, in the order of their priority.
//!
//! See systemd.unit(5), "UNIT FILE LOAD PATH"; the order is that of `lookup_paths_init`.

use bstr::{BStr, BString, ByteSlice as _};

use crate::model::Scope;

/// What a directory of the search path is for. Earlier variants have priority over later ones within one manager,
/// but for [`Role::UserData`], which stands before [`Role::Local`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Drop-ins that `systemctl set-property` writes (`system.control`).
    Control,
    /// Units made through the manager's interface, such as by systemd-run.
    Transient,
    /// Output of generators that overrides everything an administrator writes.
    GeneratorEarly,
    /// The administrator's or the user's own units: `/etc/systemd/system`, `~/.config/systemd/user`.
    Admin,
    /// Units of attached portable services.
    Attached,
    /// Units for this boot only, below `/run`.
    Runtime,
    /// Output of generators.
    Generator,
    /// Units of packages that a user installed for himself: `~/.local/share/systemd/user`.
    UserData,
    /// Units of locally built software, below `/usr/local`.
    Local,
    /// Units of the distribution's packages.
    Vendor,
    /// Output of generators that everything else overrides.
    GeneratorLate,
}

impl Role {
    /// Whether the manager itself or its generators write there, on behalf of others or at a reload.
    pub fn is_managed(self) -> bool {
        matches!(
            self,
            Self::Control | Self::Transient | Self::GeneratorEarly | Self::Generator | Self::GeneratorLate
        )
    }

    /// Whether generators write there.
    pub fn is_generated(self) -> bool {
        matches!(self, Self::GeneratorEarly | Self::Generator | Self::GeneratorLate)
    }
}

/// What a host's layout says about the search path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Whether `/lib` is a link to `usr/lib`. Where it is not, `/lib/systemd/system` is read as well.
    pub merged_usr: bool,
}

/// One directory that units are read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitDirectory {
    /// Its path.
    pub path: BString,
    /// What it is for.
    pub role: Role,
    /// Whether it outlives the boot; what lies below `/run` does not.
    pub persistent: bool,
    /// Whose units it holds: a user's manager also reads directories of all users.
    pub scope: Scope,
}

/// The directories that one manager reads, the ones with priority first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPath {
    /// Whose manager it is. [`Scope::AllUsers`] stands for what all user managers share.
    pub scope: Scope,
    /// The directories.
    pub directories: Vec<UnitDirectory>,
}

/// Where one user's manager looks: what the environment may change, with the defaults of the XDG specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDirectories {
    /// The user's id.
    pub uid: u32,
    /// `$XDG_CONFIG_HOME`, by default `~/.config`.
    pub config_home: BString,
    /// `$XDG_DATA_HOME`, by default `~/.local/share`.
    pub data_home: BString,
    /// `$XDG_RUNTIME_DIR`, by default `/run/user/UID`.
    pub runtime: BString,
    /// `$XDG_CONFIG_DIRS`, by default `/etc/xdg`.
    pub config: Vec<BString>,
    /// `$XDG_DATA_DIRS`, by default `/usr/local/share` and `/usr/share`.
    pub data: Vec<BString>,
}

impl UserDirectories {
    /// The defaults for the user with `uid` and `home`.
    pub fn of(uid: u32, home: &BStr) -> Self {
        Self {
            uid,
            config_home: join(home, ".config"),
            data_home: join(home, ".local/share"),
            runtime: format!("/run/user/{uid}").into(),
            config: vec!["/etc/xdg".into()],
            data: vec!["/usr/local/share".into(), "/usr/share".into()],
        }
    }
}

impl SearchPath {
    /// What the system manager reads.
    ///
    /// Where `/lib` is a directory of its own, it goes before `/usr/lib`, as in the builds made for such hosts.
    pub fn system(host: Host) -> Self {
        use Role::{Admin, Attached, Control, Generator, GeneratorEarly, GeneratorLate, Local, Runtime};
        let mut list = Listing::new(Scope::System);
        list.push("/etc/systemd/system.control", Control);
        list.push("/run/systemd/system.control", Control);
        list.push("/run/systemd/transient", Role::Transient);
        list.push("/run/systemd/generator.early", GeneratorEarly);
        list.push("/etc/systemd/system", Admin);
        list.push("/etc/systemd/system.attached", Attached);
        list.push("/run/systemd/system", Runtime);
        list.push("/run/systemd/system.attached", Attached);
        list.push("/run/systemd/generator", Generator);
        list.push("/usr/local/lib/systemd/system", Local);
        if !host.merged_usr {
            list.push("/lib/systemd/system", Role::Vendor);
        }
        list.push("/usr/lib/systemd/system", Role::Vendor);
        list.push("/run/systemd/generator.late", GeneratorLate);
        list.finish()
    }

    /// What every user's manager reads besides the user's own directories; `systemctl --global` works on it.
    pub fn all_users() -> Self {
        let mut list = Listing::new(Scope::AllUsers);
        list.push("/etc/xdg/systemd/user", Role::Admin);
        list.push("/etc/systemd/user", Role::Admin);
        list.push("/run/systemd/user", Role::Runtime);
        list.push("/usr/local/share/systemd/user", Role::Local);
        list.push("/usr/share/systemd/user", Role::Vendor);
        list.push("/usr/local/lib/systemd/user", Role::Local);
        list.push("/usr/lib/systemd/user", Role::Vendor);
        list.finish()
    }

    /// What one user's manager reads, those of all users included.
    ///
    /// `user.attached` is read from systemd 258 on.
    pub fn user(user: &UserDirectories) -> Self {
        let config = |name: &str| join(user.config_home.as_bstr(), name);
        let runtime = |name: &str| join(user.runtime.as_bstr(), name);
        let mut list = Listing::new(Scope::User(user.uid));
        list.push(config("systemd/user.control"), Role::Control);
        list.push(runtime("systemd/user.control"), Role::Control);
        list.push(runtime("systemd/transient"), Role::Transient);
        list.push(runtime("systemd/generator.early"), Role::GeneratorEarly);
        list.push(config("systemd/user"), Role::Admin);
        list.push(config("systemd/user.attached"), Role::Attached);
        list.scope = Scope::AllUsers;
        for directory in &user.config {
            list.push(join(directory.as_bstr(), "systemd/user"), Role::Admin);
        }
        list.push("/etc/systemd/user", Role::Admin);
        list.scope = Scope::User(user.uid);
        list.push(runtime("systemd/user"), Role::Runtime);
        list.push(runtime("systemd/user.attached"), Role::Attached);
        list.scope = Scope::AllUsers;
        list.push("/run/systemd/user", Role::Runtime);
        list.scope = Scope::User(user.uid);
        list.push(runtime("systemd/generator"), Role::Generator);
        list.push(join(user.data_home.as_bstr(), "systemd/user"), Role::UserData);
        list.scope = Scope::AllUsers;
        for directory in &user.data {
            let role = if directory.starts_with(b"/usr/local/") { Role::Local } else { Role::Vendor };
            list.push(join(directory.as_bstr(), "systemd/user"), role);
        }
        list.push("/usr/local/lib/systemd/user", Role::Local);
        list.push("/usr/local/share/systemd/user", Role::Local);
        list.push("/usr/lib/systemd/user", Role::Vendor);
        list.push("/usr/share/systemd/user", Role::Vendor);
        list.scope = Scope::User(user.uid);
        list.push(runtime("systemd/generator.late"), Role::GeneratorLate);
        list.finish()
    }

    /// Puts the true path that `resolve` gives in place of each directory's path, where it gives one.
    ///
    /// Of directories that turn out to be the same, the first stays: `/etc/xdg/systemd/user` is mostly a link to
    /// `/etc/systemd/user`.
    pub fn resolve(&mut self, mut resolve: impl FnMut(&BStr) -> Option<BString>) {
        for directory in &mut self.directories {
            if let Some(path) = resolve(directory.path.as_bstr()) {
                directory.path = path;
            }
        }
        drop_duplicates(&mut self.directories);
    }

    /// The directory that `path` lies in, its rank, and the rest of the path; `None` when it lies in none of them or
    /// is one of them.
    pub fn locate<'a>(&self, path: &'a BStr) -> Option<(usize, &UnitDirectory, &'a BStr)> {
        self.directories.iter().enumerate().find_map(|(rank, directory)| {
            let rest = below(path, directory.path.as_bstr())?;
            Some((rank, directory, rest))
        })
    }
}

/// What follows `directory` and a slash in `path`; `None` when `path` does not lie below it.
pub(crate) fn below<'a>(path: &'a BStr, directory: &BStr) -> Option<&'a BStr> {
    let rest = path.strip_prefix(directory.as_bytes())?.strip_prefix(b"/")?;
    if rest.is_empty() { None } else { Some(rest.as_bstr()) }
}

/// What a program that the manager runs at start and at each reload brings forth. See systemd.generator(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeneratorKind {
    /// Unit files.
    Unit,
    /// Environment variables of the manager.
    Environment,
}

/// A directory of generator programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneratorDirectory {
    /// Its path.
    pub path: &'static str,
    /// What its programs bring forth.
    pub kind: GeneratorKind,
    /// Whose manager runs them: [`Scope::System`] or [`Scope::AllUsers`].
    pub scope: Scope,
}

impl GeneratorDirectory {
    /// Every directory of generators, the ones with priority first within each kind and scope.
    pub const ALL: &'static [Self] = &[
        Self::unit("/run/systemd/system-generators", Scope::System),
        Self::unit("/etc/systemd/system-generators", Scope::System),
        Self::unit("/usr/local/lib/systemd/system-generators", Scope::System),
        Self::unit("/usr/lib/systemd/system-generators", Scope::System),
        Self::unit("/run/systemd/user-generators", Scope::AllUsers),
        Self::unit("/etc/systemd/user-generators", Scope::AllUsers),
        Self::unit("/usr/local/lib/systemd/user-generators", Scope::AllUsers),
        Self::unit("/usr/lib/systemd/user-generators", Scope::AllUsers),
        Self::environment("/run/systemd/system-environment-generators", Scope::System),
        Self::environment("/etc/systemd/system-environment-generators", Scope::System),
        Self::environment("/usr/local/lib/systemd/system-environment-generators", Scope::System),
        Self::environment("/usr/lib/systemd/system-environment-generators", Scope::System),
        Self::environment("/run/systemd/user-environment-generators", Scope::AllUsers),
        Self::environment("/etc/systemd/user-environment-generators", Scope::AllUsers),
        Self::environment("/usr/local/lib/systemd/user-environment-generators", Scope::AllUsers),
        Self::environment("/usr/lib/systemd/user-environment-generators", Scope::AllUsers),
    ];

    const fn unit(path: &'static str, scope: Scope) -> Self {
        Self { path, kind: GeneratorKind::Unit, scope }
    }

    const fn environment(path: &'static str, scope: Scope) -> Self {
        Self { path, kind: GeneratorKind::Environment, scope }
    }
}

/// A search path in the making.
struct Listing {
    of: Scope,
    scope: Scope,
    directories: Vec<UnitDirectory>,
}

impl Listing {
    fn new(scope: Scope) -> Self {
        Self { of: scope, scope, directories: Vec::new() }
    }

    fn push(&mut self, path: impl Into<BString>, role: Role) {
        let path: BString = path.into();
        let volatile = role.is_generated() || role == Role::Transient || path.starts_with(b"/run/");
        self.directories.push(UnitDirectory { persistent: !volatile, path, role, scope: self.scope });
    }

    fn finish(mut self) -> SearchPath {
        drop_duplicates(&mut self.directories);
        SearchPath { scope: self.of, directories: self.directories }
    }
}

/// Keeps the first of directories with the same path.
fn drop_duplicates(directories: &mut Vec<UnitDirectory>) {
    let mut seen = std::collections::BTreeSet::new();
    directories.retain(|directory| seen.insert(directory.path.clone()));
}

/// `directory` and `name` with one slash between them.
fn join(directory: &BStr, name: &str) -> BString {
    let mut path = BString::from(directory.trim_end_with(|c| c == '/'));
    path.push(b'/');
    path.extend_from_slice(name.as_bytes());
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(search_path: &SearchPath) -> Vec<String> {
        search_path.directories.iter().map(|directory| directory.path.to_string()).collect()
    }

    /// As `systemd-analyze unit-paths` 252 prints it on a host with merged /usr.
    #[test]
    fn system_order_is_that_of_systemd() {
        let expected = [
            "/etc/systemd/system.control",
            "/run/systemd/system.control",
            "/run/systemd/transient",
            "/run/systemd/generator.early",
            "/etc/systemd/system",
            "/etc/systemd/system.attached",
            "/run/systemd/system",
            "/run/systemd/system.attached",
            "/run/systemd/generator",
            "/usr/local/lib/systemd/system",
            "/usr/lib/systemd/system",
            "/run/systemd/generator.late",
        ];
        assert_eq!(paths(&SearchPath::system(Host { merged_usr: true })), expected);
        let split = paths(&SearchPath::system(Host { merged_usr: false }));
        assert_eq!(split.len(), expected.len() + 1);
        assert_eq!(split[10..12], ["/lib/systemd/system", "/usr/lib/systemd/system"]);
    }

    /// As `systemd-analyze --user unit-paths` 252 prints it, with the one directory that came with 258.
    #[test]
    fn user_order_is_that_of_systemd() {
        let user = UserDirectories::of(1000, BStr::new("/home/u"));
        assert_eq!(
            paths(&SearchPath::user(&user)),
            [
                "/home/u/.config/systemd/user.control",
                "/run/user/1000/systemd/user.control",
                "/run/user/1000/systemd/transient",
                "/run/user/1000/systemd/generator.early",
                "/home/u/.config/systemd/user",
                "/home/u/.config/systemd/user.attached",
                "/etc/xdg/systemd/user",
                "/etc/systemd/user",
                "/run/user/1000/systemd/user",
                "/run/user/1000/systemd/user.attached",
                "/run/systemd/user",
                "/run/user/1000/systemd/generator",
                "/home/u/.local/share/systemd/user",
                "/usr/local/share/systemd/user",
                "/usr/share/systemd/user",
                "/usr/local/lib/systemd/user",
                "/usr/lib/systemd/user",
                "/run/user/1000/systemd/generator.late",
            ]
        );
    }

    #[test]
    fn a_users_path_names_whose_directory_each_is() {
        let path = SearchPath::user(&UserDirectories::of(1000, BStr::new("/home/u/")));
        let facts = |wanted: &str| {
            let directory = path.directories.iter().find(|directory| directory.path == wanted).unwrap();
            (directory.role, directory.persistent, directory.scope)
        };
        assert_eq!(facts("/home/u/.config/systemd/user"), (Role::Admin, true, Scope::User(1000)));
        assert_eq!(facts("/etc/systemd/user"), (Role::Admin, true, Scope::AllUsers));
        assert_eq!(facts("/run/systemd/user"), (Role::Runtime, false, Scope::AllUsers));
        assert_eq!(facts("/run/user/1000/systemd/user.control"), (Role::Control, false, Scope::User(1000)));
        assert_eq!(facts("/home/u/.local/share/systemd/user"), (Role::UserData, true, Scope::User(1000)));
    }

    #[test]
    fn directories_that_are_the_same_count_once() {
        let mut path = SearchPath::all_users();
        let before = path.directories.len();
        path.resolve(|directory| (directory == "/etc/xdg/systemd/user").then(|| "/etc/systemd/user".into()));
        assert_eq!(path.directories.len(), before - 1);
        assert_eq!(path.directories[0].path, "/etc/systemd/user");
    }

    #[test]
    fn locates_by_whole_components() {
        let path = SearchPath::system(Host { merged_usr: true });
        for (file, expected) in [
            ("/etc/systemd/system/a.service", Some(("/etc/systemd/system", "a.service"))),
            (
                "/etc/systemd/system.control/a.service.d/x.conf",
                Some(("/etc/systemd/system.control", "a.service.d/x.conf")),
            ),
            ("/etc/systemd/system", None),
            ("/etc/systemd/system/", None),
            ("/etc/systemd/systemd/a.service", None),
            ("/lib/systemd/system/a.service", None),
        ] {
            let found = path.locate(BStr::new(file));
            let found = found.map(|(_, directory, rest)| (directory.path.to_string(), rest.to_string()));
            assert_eq!(found, expected.map(|(d, r)| (d.to_owned(), r.to_owned())), "{file}");
        }
    }
}
