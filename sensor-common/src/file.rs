//! Records of what happened to names in watched directories.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

use crate::header::Header;
use crate::process::{Object, ProcessKey};
use crate::text::Text;

/// A name in a watched directory changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct FileRecord {
    /// Kind [`crate::kind::FILE`].
    pub header: Header,
    /// The process that did it: for a finished write, the one that opened the file for writing.
    pub actor: ProcessKey,
    /// What is watched: the directory, or the one above it, or the file itself.
    pub watch: WatchKey,
    /// `i_generation` of what is watched, as it is now.
    pub generation: u32,
    /// Zero.
    pub reserved: u32,
    /// The object that the name stands for; inode zero where it is not known.
    pub object: Object,
    /// One of [`operation`].
    pub operation: u16,
    /// One of [`crate::hook`].
    pub hook: u16,
    /// Zero, or the negative error number with which the operation failed.
    pub result: i32,
    /// The process whose system call led to the record; another one than the actor when a descriptor was passed on.
    pub current: ProcessKey,
    /// The path from what is watched: a name in it, two with a slash between them, or nothing for itself.
    pub name: Text,
}

/// A directory or file that is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct WatchKey {
    /// `s_dev` as the kernel keeps it; on some file systems, such as btrfs, not what stat(2) tells.
    pub device: u32,
    /// Zero.
    pub reserved: u32,
    /// `i_ino`.
    pub inode: u64,
}

/// How a directory or file is watched: the value of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Watch {
    /// Bits of [`watch_flag`].
    pub flags: u32,
    /// `i_generation` of the inode when it was learned. Another one since means that the inode's number was used anew, or
    /// that it was set, as ext4 lets the owner do: the programs prefer a watch that is sure, and user space looks which.
    pub generation: u32,
}

/// The bits of [`Watch::flags`].
pub mod watch_flag {
    /// The names in the directories that lie in it are told as well.
    pub const CHILDREN: u32 = 1 << 0;
}

/// How user space learns the key of what it opens: the map's only value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Learn {
    /// The thread that is about to open something: thread group id in the upper half, thread id in the lower. Zero: nobody.
    pub thread: u64,
    /// The key of what it opened last; inode zero if nothing.
    pub key: WatchKey,
    /// `i_generation` of it.
    pub generation: u32,
    /// Zero.
    pub reserved: u32,
}

/// What happened to a name.
pub mod operation {
    /// It came to be by open(2), mkdir(2) or mknod(2).
    pub const CREATE: u16 = 1;
    /// It was written to and is still held.
    pub const WRITE: u16 = 2;
    /// The last holder of a descriptor that may write let go of it.
    pub const CLOSE: u16 = 3;
    /// It was moved away.
    pub const RENAME_FROM: u16 = 4;
    /// It was moved here.
    pub const RENAME_TO: u16 = 5;
    /// A further name of an existing file.
    pub const LINK: u16 = 6;
    /// A symbolic link.
    pub const SYMLINK: u16 = 7;
    /// It was removed.
    pub const UNLINK: u16 = 8;
    /// Mode, owner, size or extended attributes changed.
    pub const ATTRIBUTE: u16 = 9;
}
