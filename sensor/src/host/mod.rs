//! What the core asks of a host. A live host answers from its file system and /proc, a recording from what was answered then.

mod file;

use bstr::{BStr, BString};

pub use file::{FileState, RegularFile, SpecialKind};

use crate::model::{Known, Process, Reason, Scope, Timestamp};

/// The most bytes of a unit file that are read; systemd itself refuses lines over 1 MiB.
pub const MOST_CONTENT: u64 = 1024 * 1024;

/// A host that can be asked. Every question has an answer: one that can't be had says why.
pub trait Host {
    /// What stands at `path`, without following a link there; content up to [`MOST_CONTENT`].
    fn file(&mut self, path: &BStr) -> FileState;

    /// Where the symbolic link at `path` points to, as it stands; [`Reason::Unsupported`] where that is no link.
    fn link(&mut self, path: &BStr) -> Result<BString, Reason>;

    /// The names in the directory at `path`, sorted.
    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason>;

    /// The program at `path`, following links.
    fn program(&mut self, path: &BStr) -> Result<Program, Reason>;

    /// What tells the program at `path` from another one, following links; far cheaper than [`Host::program`].
    fn identity(&mut self, path: &BStr) -> Result<Identity, Reason>;

    /// The size in bytes of the file at `path`, following links.
    fn size(&mut self, path: &BStr) -> Result<u64, Reason>;

    /// When what stands at `path` changed last, its attributes and its name included, by the wall clock; a link there is not
    /// followed. Nobody sets that time by hand.
    fn changed(&mut self, path: &BStr) -> Result<Timestamp, Reason>;

    /// The name that a process bears now: it may have changed it since it began.
    fn comm(&mut self, pid: u32) -> Result<BString, Reason>;

    /// Asks for changes of the file at `file`, wherever it is, to be told as changes at `path`, which leads to it.
    ///
    /// It answers nothing: what comes of it, if anything, are observations.
    fn follow(&mut self, path: &BStr, file: &BStr);

    /// Asks for what happens to the name `name` itself, which may not be there, and to the directories on the way to it, to
    /// be told as changes at `path`, which leads to it.
    ///
    /// It answers nothing, as [`Host::follow`].
    fn watch_name(&mut self, path: &BStr, name: &BStr);

    /// Asks to be told, as a change of attributes, when the file at `path` gets a further name, which may be anywhere.
    ///
    /// It answers nothing, as [`Host::follow`].
    fn await_names(&mut self, path: &BStr);

    /// The process with this id, as the host tells it now.
    fn process(&mut self, pid: u32) -> Result<Process, Reason>;

    /// The ids of all processes.
    fn processes(&mut self) -> Vec<u32>;

    /// Whether the process holds the file of this device and inode open for writing.
    fn writes(&mut self, pid: u32, object: (u64, u64)) -> bool;

    /// The name of a user.
    fn user_name(&mut self, uid: u32) -> Result<String, Reason>;

    /// Where an audit session's login came from.
    fn remote_address(&mut self, session: u32) -> Result<String, Reason>;

    /// Whether a manager runs for this scope.
    fn manager_runs(&mut self, scope: Scope) -> bool;
}

/// What tells a program file from another one, mostly without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its path after all links.
    pub path: BString,
    /// Device and inode.
    pub object: (u64, u64),
    /// When it came to be, in nanoseconds since 1970: inodes are used again. Zero where the file system doesn't tell.
    pub born_ns: i64,
    /// Size in bytes.
    pub size: u64,
    /// When it was last written to, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// SHA-256 in hexadecimal of one that is small, as scripts are.
    pub sha256: Option<String>,
    /// Permission bits.
    pub mode: u32,
    /// Owner's user and group id.
    pub owner: (u32, u32),
}

/// A program file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its path after all links.
    pub path: BString,
    /// SHA-256 in hexadecimal; pending when it is large, and told by and by.
    pub sha256: Known<String>,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner's user and group id.
    pub owner: (u32, u32),
    /// Device and inode.
    pub object: (u64, u64),
    /// Its first bytes, at most 256: a script's interpreter stands there.
    pub head: Vec<u8>,
}
