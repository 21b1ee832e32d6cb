//! The places in the kernel that the programs are attached to. The numbers are indices of their counters.

/// `sched_process_fork`.
pub const FORK: u16 = 0;
/// `sched_process_exec`.
pub const EXEC: u16 = 1;
/// `sched_process_exit`.
pub const EXIT: u16 = 2;
/// `locks_remove_file`, once per final release of an open file.
pub const WRITE_CLOSED: u16 = 16;
/// `security_file_open`.
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
/// `vfs_unlink`.
pub const UNLINK: u16 = 23;
/// `vfs_rmdir`.
pub const RMDIR: u16 = 24;
/// `notify_change`.
pub const ATTRIBUTE: u16 = 25;
/// `__vfs_setxattr_noperm`.
pub const SETXATTR: u16 = 26;
/// `__vfs_removexattr_locked`.
pub const REMOVEXATTR: u16 = 27;
/// Above all of them.
pub const COUNT: u32 = 32;
