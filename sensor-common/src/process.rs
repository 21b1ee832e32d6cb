//! Records of processes.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::header::Header;
use crate::text::Text;

/// A process for as long as the host runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ProcessKey {
    /// Thread group id in the initial pid namespace.
    pub pid: u32,
    /// Zero.
    pub reserved: u32,
    /// `start_boottime` of the thread group's leader, in nanoseconds.
    pub start_ns: u64,
}

/// A file's identity. The inode number is zero where there is no file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Object {
    /// `s_dev` as the kernel keeps it: major number in the upper 12 bits, minor number in the lower 20.
    pub device: u32,
    /// `i_mode`: type and permission bits.
    pub mode: u32,
    /// `i_ino`.
    pub inode: u64,
}

impl Object {
    /// No file.
    pub const NONE: Self = Self { device: 0, mode: 0, inode: 0 };
}

/// A process came to be (`sched_process_fork`). Threads are not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ForkRecord {
    /// Kind [`crate::kind::FORK`].
    pub header: Header,
    /// The process that called clone(2), and of which the new one is a copy.
    pub creator: ProcessKey,
    /// The parent: another one than the creator after `CLONE_PARENT`.
    pub parent: ProcessKey,
    /// The new process.
    pub child: ProcessKey,
}

/// The last thread of a process ended (`sched_process_exit`). It may be told twice, never too few times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ExitRecord {
    /// Kind [`crate::kind::EXIT`].
    pub header: Header,
    /// The process.
    pub process: ProcessKey,
}

/// A process runs another program (`sched_process_exec`).
///
/// The texts `exe`, `script`, `cwd` and `cgroup` are paths from the leaf to the root, each name followed by a slash:
/// `bash/bin/usr/`. An empty one is the root, unless a flag says that it could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct ExecRecord {
    /// Kind [`crate::kind::EXEC`].
    pub header: Header,
    /// The process.
    pub process: ProcessKey,
    /// Its parent at this moment.
    pub parent: ProcessKey,
    /// The file that was loaded: for a script, its interpreter.
    pub exe_object: Object,
    /// The script. There is none when this has no inode and its path no flag.
    pub script_object: Object,
    /// Id of the control group in the unified hierarchy.
    pub cgroup_id: u64,
    /// Real user id.
    pub uid: u32,
    /// Real group id.
    pub gid: u32,
    /// Effective user id.
    pub euid: u32,
    /// Effective group id.
    pub egid: u32,
    /// `loginuid`; [`u32::MAX`] when nobody logged in or the kernel does not keep it.
    pub login_uid: u32,
    /// Audit session; [`u32::MAX`] likewise.
    pub session: u32,
    /// Inode number of the mount namespace.
    pub mount_ns: u32,
    /// Of the pid namespace that the process lives in.
    pub pid_ns: u32,
    /// Of the user namespace.
    pub user_ns: u32,
    /// Of the network namespace.
    pub net_ns: u32,
    /// Number of arguments.
    pub argc: u32,
    /// Zero.
    pub reserved: u32,
    /// `comm`, padded with NULs.
    pub comm: [u8; 16],
    /// Name of the controlling terminal such as `pts0`, padded with NULs; empty when there is none.
    pub tty: [u8; 16],
    /// The name that was passed to execve(2).
    pub filename: Text,
    /// The arguments, a NUL after each.
    pub argv: Text,
    /// True path of the file that was loaded, in the process's mount namespace.
    pub exe: Text,
    /// True path of the script.
    pub script: Text,
    /// Working directory.
    pub cwd: Text,
    /// Control group in the unified hierarchy.
    pub cgroup: Text,
}
