//! The state of one name in a unit directory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use bstr::{BString, ByteSlice as _};
use sha2::{Digest as _, Sha256};

use crate::model::{Known, Reason};
use crate::systemd::unit::FILE_MAX;

/// What stands under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FileState {
    /// Nothing.
    #[default]
    Absent,
    /// A regular file.
    Regular(RegularFile),
    /// A symbolic link.
    Symlink(SymbolicLink),
    /// A directory.
    Directory,
    /// Something else.
    Special(SpecialKind),
    /// Something that could not be read.
    Unreadable(Reason),
}

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegularFile {
    /// The first bytes of its content, at most one more than [`FILE_MAX`].
    pub content: Arc<[u8]>,
    /// Its size in bytes.
    pub size: u64,
    /// The hash of the whole content.
    pub sha256: Known<Hash>,
    /// Permission bits.
    pub mode: u32,
    /// Owner's user id.
    pub uid: u32,
    /// Owner's group id.
    pub gid: u32,
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolicLink {
    /// Where it points to, as it stands in the link.
    pub target: BString,
    /// The regular file that it leads to. Needed for drop-ins and for links out of the search path; whoever reads
    /// the host may leave it out for aliases, which lead to a file that the inventory has anyway.
    pub file: Option<Arc<RegularFile>>,
    /// Whether it leads to a device, which masks as one does that stands there itself. A link to /dev/null needs no
    /// telling.
    pub device: bool,
}

/// What is neither file, nor directory, nor link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpecialKind {
    /// A character or block device: masks a unit as a link to /dev/null does.
    Device,
    /// A FIFO.
    Pipe,
    /// A socket.
    Socket,
}

/// A SHA-256 hash; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of `content`.
    pub fn of(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// Takes a hash that was computed elsewhere.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RegularFile {
    /// A file whose whole content is at hand.
    pub fn new(content: &[u8], mode: u32, uid: u32, gid: u32) -> Self {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        Self::partial(content, size, Known::Is(Hash::of(content)), mode, uid, gid)
    }

    /// A file of which only the first bytes were read.
    pub fn partial(content: &[u8], size: u64, sha256: Known<Hash>, mode: u32, uid: u32, gid: u32) -> Self {
        // One byte more than is parsed, so that the parser sees that there is more.
        let kept = content.get(..=FILE_MAX).unwrap_or(content);
        Self { content: kept.into(), size, sha256, mode, uid, gid }
    }

    /// Whether both have the same content, as far as it is known.
    pub fn same_content(&self, other: &Self) -> bool {
        self.size == other.size
            && match (&self.sha256, &other.sha256) {
                (Known::Is(a), Known::Is(b)) => a == b,
                _ => self.content == other.content,
            }
    }
}

impl FileState {
    /// A regular file whose whole content is at hand.
    pub fn regular(content: impl AsRef<[u8]>, mode: u32, uid: u32, gid: u32) -> Self {
        Self::Regular(RegularFile::new(content.as_ref(), mode, uid, gid))
    }

    /// A link of which only the target is known.
    pub fn link(target: impl Into<BString>) -> Self {
        Self::Symlink(SymbolicLink { target: target.into(), file: None, device: false })
    }

    /// The regular file that reading the name gives, through a link if need be.
    pub fn file(&self) -> Option<&RegularFile> {
        match self {
            Self::Regular(file) => Some(file),
            Self::Symlink(link) => link.file.as_deref(),
            Self::Absent | Self::Directory | Self::Special(_) | Self::Unreadable(_) => None,
        }
    }

    /// The content that reading the name gives.
    pub fn content(&self) -> Option<&[u8]> {
        self.file().map(|file| &*file.content)
    }

    /// Whether nothing is there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether systemd would find the file empty, which masks what it stands for (`null_or_empty`).
    pub fn is_null(&self) -> bool {
        match self {
            Self::Special(SpecialKind::Device) => true,
            Self::Symlink(link) => {
                link.device
                    || is_dev_null(&link.target)
                    || link.file.as_ref().is_some_and(|file| file.size == 0)
            }
            Self::Regular(file) => file.size == 0,
            Self::Absent
            | Self::Directory
            | Self::Special(SpecialKind::Pipe | SpecialKind::Socket)
            | Self::Unreadable(_) => false,
        }
    }
}

/// Whether a link's target is /dev/null, by an absolute path or a relative one up to the root.
fn is_dev_null(target: &[u8]) -> bool {
    let mut components: Vec<&[u8]> = Vec::new();
    for part in target.split_str("/") {
        match part {
            b"" | b"." => {}
            b".." => {
                components.pop();
            }
            part => components.push(part),
        }
    }
    let is_whole = target.starts_with(b"/") || target.starts_with(b"../");
    is_whole && components == [&b"dev"[..], b"null"]
}

/// Keeps one copy of contents that many files share, such as the drop-ins that a generator writes.
#[derive(Debug, Default)]
pub(super) struct ContentPool {
    contents: HashMap<Hash, Weak<[u8]>>,
    /// The number of entries at which those that nobody uses are dropped.
    limit: usize,
}

impl ContentPool {
    /// Puts the copy that is already kept in place of `state`'s content, or keeps that.
    pub(super) fn share(&mut self, state: &mut FileState) {
        match state {
            FileState::Regular(file) => self.share_file(file),
            FileState::Symlink(link) => {
                if let Some(file) = &mut link.file {
                    self.share_file(Arc::make_mut(file));
                }
            }
            FileState::Absent | FileState::Directory | FileState::Special(_) | FileState::Unreadable(_) => {}
        }
    }

    fn share_file(&mut self, file: &mut RegularFile) {
        let Known::Is(hash) = file.sha256 else { return };
        if let Some(kept) = self.contents.get(&hash).and_then(Weak::upgrade)
            && kept.len() == file.content.len()
        {
            file.content = kept;
            return;
        }
        if self.contents.len() >= self.limit.max(64) {
            self.contents.retain(|_, content| content.strong_count() > 0);
            self.limit = self.contents.len().saturating_mul(2);
        }
        self.contents.insert(hash, Arc::downgrade(&file.content));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_print_as_hexadecimal() {
        assert_eq!(
            Hash::of(b"abc").to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn what_masks() {
        for (state, masks) in [
            (FileState::regular("", 0o644, 0, 0), true),
            (FileState::regular("\n", 0o644, 0, 0), false),
            (FileState::link("/dev/null"), true),
            (FileState::link("../../../dev/null"), true),
            (FileState::link("/dev/./null"), true),
            (FileState::link("/dev/../dev//null"), true),
            (FileState::link("/dev/null/../zero"), false),
            (FileState::link("dev/null"), false),
            (FileState::link("/dev/zero"), false),
            (FileState::Special(SpecialKind::Device), true),
            (FileState::Special(SpecialKind::Pipe), false),
            (FileState::Absent, false),
            (
                FileState::Symlink(SymbolicLink {
                    target: "/opt/empty".into(),
                    file: Some(Arc::new(RegularFile::new(b"", 0o644, 0, 0))),
                    device: false,
                }),
                true,
            ),
            (FileState::Symlink(SymbolicLink { target: "/dev/zero".into(), file: None, device: true }), true),
            (FileState::Special(SpecialKind::Socket), false),
        ] {
            assert_eq!(state.is_null(), masks, "{state:?}");
        }
    }

    #[test]
    fn long_contents_are_cut() {
        let file = RegularFile::new(&vec![b'#'; FILE_MAX + 10], 0o644, 0, 0);
        assert_eq!((file.content.len(), file.size), (FILE_MAX + 1, (FILE_MAX + 10) as u64));
    }

    #[test]
    fn equal_contents_are_kept_once() {
        let mut pool = ContentPool::default();
        let mut states: Vec<FileState> = (0..300_u32)
            .map(|n| FileState::regular(format!("[Unit]\nDescription={}\n", n % 3), 0o644, 0, 0))
            .collect();
        for state in &mut states {
            pool.share(state);
        }
        let first = |state: &FileState| state.content().unwrap().as_ptr();
        assert_eq!(first(&states[0]), first(&states[3]));
        assert_ne!(first(&states[0]), first(&states[1]));
        assert_eq!(pool.contents.len(), 3);
    }

    #[test]
    fn contents_that_nobody_uses_are_forgotten() {
        let mut pool = ContentPool::default();
        for n in 0..10_000_u32 {
            pool.share(&mut FileState::regular(n.to_string(), 0o644, 0, 0));
        }
        assert!(pool.contents.len() < 200);
    }
}
