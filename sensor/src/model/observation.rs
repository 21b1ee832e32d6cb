//! What one source saw once. An observation makes no claim about services.

use bstr::BString;

use super::known::Known;
use super::process::{Process, ProcessKey};
use super::time::Timestamp;

/// Identifies an observation within a run; events name it as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObservationId(pub u64);

/// One thing that one source saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Its number within the run.
    pub id: ObservationId,
    /// When it happened, or, where the source has no clock, when it was read.
    pub time: Timestamp,
    /// What was seen.
    pub kind: ObservationKind,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObservationKind {
    /// A process came to be.
    Fork(Fork),
    /// A process runs another program.
    Exec(Box<Exec>),
    /// A process ended.
    Exit(ProcessKey),
    /// A name in a watched directory changed.
    File(FileObservation),
}

/// A process came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The one that was there before.
    pub parent: ProcessKey,
    /// The new one.
    pub child: ProcessKey,
}

/// A process runs another program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exec {
    /// The process as it is now.
    pub process: Process,
    /// The name that was passed to execve(2).
    pub filename: Known<BString>,
    /// Device and inode of `process.exe`: for a script, of its interpreter.
    pub object: Known<(u64, u64)>,
    /// The script that was named, where the program was loaded as its interpreter.
    pub script: Option<Script>,
}

/// A script that its interpreter was loaded for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// Its true path.
    pub path: Known<BString>,
    /// Its device and inode.
    pub object: Known<(u64, u64)>,
}

/// A name in a watched directory changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileObservation {
    /// What happened to the name.
    pub operation: FileOperation,
    /// The watched directory, by its true path on the host.
    pub directory: BString,
    /// The name within it; empty for the directory itself.
    pub name: BString,
    /// Whether the name is or was a directory.
    pub is_directory: bool,
    /// The process that did it, as the source names it: its start may be unknown.
    pub actor: ProcessKey,
    /// Device and inode of the object, where the source tells them.
    pub object: Known<(u64, u64)>,
    /// Zero, or the error number with which the attempt failed.
    pub error: i32,
    /// Which hook saw it, such as `fanotify` or `locks_remove_file`.
    pub hook: &'static str,
}

/// What happened to a name in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileOperation {
    /// It came to be, with a writer that may still hold it.
    Create,
    /// It was written to, and the writer still holds it.
    Write,
    /// The last writer let go of it.
    Close,
    /// It was moved here.
    RenameTo,
    /// It was moved away.
    RenameFrom,
    /// It was linked here: a further name of an existing file.
    Link,
    /// A symbolic link came to be.
    Symlink,
    /// It was removed.
    Unlink,
    /// Mode, owner, times or extended attributes changed.
    Attribute,
    /// The watched directory was read by a manager: time to look at what writers still hold.
    Reload,
}

/// The name of fanotify as an observation's hook.
pub const FANOTIFY: &str = "fanotify";
