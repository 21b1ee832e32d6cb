//! Services and their managers.

/// What runs services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Manager {
    /// systemd, on Linux.
    Systemd,
    /// System V init scripts, on Linux.
    SysV,
    /// The Service Control Manager, on Windows.
    Scm,
    /// launchd, on macOS.
    Launchd,
}

/// For whom a manager runs the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// The host itself.
    System,
    /// Every user's own manager (`/etc/systemd/user` and its like).
    AllUsers,
    /// One user's manager, by numeric id.
    User(u32),
}

impl Scope {
    /// The user, where it is one's.
    pub fn user(self) -> Option<u32> {
        match self {
            Self::User(uid) => Some(uid),
            Self::System | Self::AllUsers => None,
        }
    }
}

/// A service's identity on a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceId {
    /// What runs it.
    pub manager: Manager,
    /// For whom.
    pub scope: Scope,
    /// Its name as the manager knows it: a unit name with its suffix, or a key name below `Services`.
    pub name: String,
}

/// One setting of a definition, in the manager's own terms.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Setting {
    /// Where it stands: a unit file's section; empty where the manager has none.
    pub section: String,
    /// Its name: `ExecStart`, `ImagePath`.
    pub name: String,
    /// Its effective values, in order; several for settings that add up.
    pub values: Vec<String>,
}

/// Whether the manager starts a service by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Enablement {
    /// Linked into a target, or start type automatic.
    Enabled,
    /// Linked below /run only, so until the next boot.
    EnabledRuntime,
    /// It could be enabled and is not.
    Disabled,
    /// Has nothing to be enabled by: no `[Install]` section.
    Static,
    /// Can't be started at all: linked to /dev/null, or empty.
    Masked,
    /// Masked below /run only.
    MaskedRuntime,
    /// An alias of another unit.
    Alias,
    /// Its file lies outside of the search path and is linked into it.
    Linked,
    /// Linked below /run only.
    LinkedRuntime,
    /// Has only `Also=` in its `[Install]` section.
    Indirect,
    /// Written by a generator.
    Generated,
    /// Made at run time by the manager.
    Transient,
    /// Its file can't be read or is not well-formed.
    Bad,
    /// There is no such service any more.
    Absent,
    /// SCM start type boot or system: started with the kernel.
    Boot,
    /// SCM start type demand.
    Manual,
}
