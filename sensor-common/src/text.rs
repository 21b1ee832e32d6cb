//! Texts within a record.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// Where a text stands in its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Text {
    /// Bytes from the start of the record.
    pub offset: u32,
    /// Length in bytes.
    pub length: u16,
    /// Bits of [`text_flag`].
    pub flags: u16,
}

impl Text {
    /// No text at all.
    pub const EMPTY: Self = Self { offset: 0, length: 0, flags: 0 };
}

/// What is to be known about a text.
pub mod text_flag {
    /// It goes on, and the rest was not sent.
    pub const TRUNCATED: u16 = 1 << 0;
    /// The path does not reach a root: the file has no name in the tree, as with `memfd_create`.
    pub const DETACHED: u16 = 1 << 1;
    /// The name was removed: the file is open, and its path leads to nothing or to another file.
    pub const UNLINKED: u16 = 1 << 2;
    /// Memory could not be read.
    pub const FAULT: u16 = 1 << 3;
}

/// Sizes that the kernel programs keep to.
pub mod limit {
    /// Bytes of arguments, with the NUL after each.
    pub const ARGV: u32 = 8192;
    /// Bytes of a path as it was passed.
    pub const PATH: u32 = 4096;
    /// Names in a path, the mounts that it crosses included.
    pub const DEPTH: u32 = 48;
    /// Bytes of a name in a directory (`NAME_MAX`).
    pub const NAME: u32 = 255;
    /// Bytes of a record, at most.
    pub const RECORD: u32 = 32_768;
}
