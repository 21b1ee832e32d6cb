//! Processes: who did it.
//!
//! `pid` is always the process id that user space sees, the kernel's thread group id. Threads are not told apart.

use bstr::BString;

use super::known::{Known, Reason};

/// A process for as long as the host runs: its id together with when it started, since ids are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessKey {
    /// Process id in the initial pid namespace.
    pub pid: u32,
    /// Nanoseconds on the boot clock at which it was created (`task_struct.start_boottime`); zero if unknown.
    pub start_ns: u64,
}

/// A clock tick of /proc/PID/stat in nanoseconds (`USER_HZ` is 100): times from there are cut to it.
const TICK_NS: u64 = 10_000_000;

impl ProcessKey {
    /// Who made a change that was only found.
    pub const NOBODY: Self = Self { pid: 0, start_ns: 0 };

    /// Whether both mean one process, although one start may come from /proc, which tells it in clock ticks only.
    pub fn is_same(self, other: Self) -> bool {
        self.pid == other.pid && self.start_ns / TICK_NS == other.start_ns / TICK_NS
    }
}

/// What is known of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its identity.
    pub key: ProcessKey,
    /// Its parent's identity when it was last seen.
    pub parent: Option<ProcessKey>,
    /// The name that the kernel keeps (`comm`), at most 15 bytes.
    pub comm: Known<BString>,
    /// The program's true path, as the host's root sees it.
    pub exe: Known<BString>,
    /// The arguments.
    pub argv: Known<Vec<BString>>,
    /// Whether arguments were cut off after the limit.
    pub argv_truncated: bool,
    /// The working directory.
    pub cwd: Known<BString>,
    /// Credentials and session.
    pub user: Known<Credentials>,
    /// The controlling terminal, such as `pts/0`; `None` inside when it has none.
    pub tty: Known<Option<BString>>,
    /// The control group's path.
    pub cgroup: Known<BString>,
    /// The unit that the control group belongs to.
    pub unit: Option<BString>,
    /// The container that the control group names, where it does.
    pub container: Option<BString>,
    /// The namespaces that it lives in.
    pub namespaces: Known<Namespaces>,
}

/// Who a process runs as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Real user id.
    pub uid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective user id.
    pub euid: u32,
    /// The user who logged in (`loginuid`); `None` when nobody did.
    pub login_uid: Option<u32>,
    /// The audit session; `None` when there is none.
    pub session: Option<u32>,
}

/// Inode numbers of a process's namespaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Namespaces {
    /// Mount namespace.
    pub mount: u32,
    /// Pid namespace.
    pub pid: u32,
    /// User namespace; zero where the source doesn't tell it.
    pub user: u32,
    /// Network namespace; zero where the source doesn't tell it.
    pub network: u32,
}

impl Process {
    /// A process of which only the identity is known, and `reason` tells why.
    pub fn unknown(key: ProcessKey, reason: Reason) -> Self {
        Self {
            key,
            parent: None,
            comm: Known::Missing(reason),
            exe: Known::Missing(reason),
            argv: Known::Missing(reason),
            argv_truncated: false,
            cwd: Known::Missing(reason),
            user: Known::Missing(reason),
            tty: Known::Missing(reason),
            cgroup: Known::Missing(reason),
            unit: None,
            container: None,
            namespaces: Known::Missing(reason),
        }
    }
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The process that did it.
    pub process: Process,
    /// Its parents, nearest first, to the first process of the host where the chain is whole.
    pub ancestry: Vec<Process>,
    /// The process on whose behalf it was done, when the doer is a manager.
    pub requester: Option<Requester>,
    /// Name of the user that the process runs as, where the user database knows it.
    pub user_name: Known<String>,
    /// Name of the user who logged in.
    pub login_name: Known<String>,
    /// Where the login came from.
    pub remote_address: Known<String>,
}

/// A process on whose behalf a manager acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// The process.
    pub process: Process,
    /// Its parents, nearest first.
    pub ancestry: Vec<Process>,
    /// How sure this is.
    pub confidence: Confidence,
    /// What it rests on, as a sentence.
    pub basis: String,
}

/// How sure a conclusion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Fits, and something else may fit as well.
    Low,
    /// The likeliest reading, with no rival seen.
    Medium,
    /// Tied together by identifiers.
    High,
}
