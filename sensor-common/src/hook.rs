//! The places in the kernel that the programs are attached to. The numbers are indices of their counters, and of those
//! by which a program knows that another one stands in for it.

/// `sched_process_fork`.
pub const FORK: u16 = 0;
/// `sched_process_exec`.
pub const EXEC: u16 = 1;
/// `sched_process_exit`.
pub const EXIT: u16 = 2;
/// `locks_remove_file`, once per final release of an open file.
pub const WRITE_CLOSED: u16 = 16;
/// `security_file_open`, on each open of a file.
pub const OPEN: u16 = 17;
/// `vfs_rename`.
pub const RENAME: u16 = 18;
/// `vfs_link`.
pub const LINK: u16 = 19;
/// `vfs_symlink`.
pub const SYMLINK: u16 = 20;
/// `vfs_mkdir`.
pub const MKDIR: u16 = 21;
/// `vfs_mknod`.
pub const MKNOD: u16 = 22;
/// `vfs_create`, which open(2) does not use: mknod(2) of a regular file.
pub const CREATE: u16 = 23;
/// `vfs_unlink`.
pub const UNLINK: u16 = 24;
/// `d_delete` of a directory. `vfs_rmdir` is inlined in some kernels, so that a program on it never runs.
pub const RMDIR: u16 = 25;
/// `notify_change`: mode, owner, size and times.
pub const ATTRIBUTE: u16 = 26;
/// `vfs_setxattr`.
pub const SETXATTR: u16 = 27;
/// `vfs_removexattr`.
pub const REMOVEXATTR: u16 = 28;
/// `vfs_set_acl`; before Linux 6.2 access lists went the way of `vfs_setxattr`.
pub const SET_ACL: u16 = 29;
/// `vfs_fileattr_set`: flags such as immutable; since Linux 5.13.
pub const FILEATTR: u16 = 30;
/// `vfs_rename` when it begins: nothing is told yet.
pub const RENAME_BEGIN: u16 = 31;
/// Above all of them.
pub const COUNT: u32 = 32;
