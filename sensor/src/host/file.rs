//! What stands under a name in a directory.

use std::sync::Arc;

use bstr::BString;

use crate::model::Reason;

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Nothing.
    Absent,
    /// A regular file.
    Regular(RegularFile),
    /// A symbolic link.
    Symlink {
        /// What it points to, as it stands.
        target: BString,
    },
    /// A directory.
    Directory,
    /// A socket, pipe or device.
    Special(SpecialKind),
    /// Something that can't be read.
    Unreadable(Reason),
}

/// What is neither file, nor directory, nor link (inode(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecialKind {
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A FIFO.
    Pipe,
    /// A socket.
    Socket,
}

/// A regular file's content and attributes, read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegularFile {
    /// The content, up to the limit with which it was read.
    pub content: Arc<[u8]>,
    /// The whole content's size in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Owner's user id.
    pub uid: u32,
    /// Owner's group id.
    pub gid: u32,
    /// How many names it has.
    pub links: u64,
    /// Device and inode.
    pub object: (u64, u64),
}
