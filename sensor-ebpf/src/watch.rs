//! Which names are watched. Units lie at most two levels below a watched directory, so no path is walked further.

use sensor_common::{Text, WatchKey, limit, watch_flag};

use crate::emit::{From, Record};
use crate::global::offsets;
use crate::kernel::{Kptr, Typed};
use crate::map::WATCHES;

/// `S_IFMT` of include/uapi/linux/stat.h, and two of its values.
const TYPE: u16 = 0o170_000;
const REGULAR: u16 = 0o100_000;
const DIRECTORY: u16 = 0o040_000;
/// Permission bits by which a file can be executed.
const EXECUTABLE: u16 = 0o111;

/// Something that is watched, and the names that lead from there to what is meant.
#[derive(Clone, Copy)]
pub struct Place {
    /// What is watched.
    pub key: WatchKey,
    /// The directory between the watched one and the name, or null.
    between: Kptr,
    /// The name, or null for what is watched itself.
    name: Kptr,
}

impl Place {
    /// Nothing that is watched.
    pub const NOWHERE: Self =
        Self { key: WatchKey { device: 0, reserved: 0, inode: 0 }, between: Kptr::NULL, name: Kptr::NULL };

    /// Appends the names, with a slash between them.
    #[inline(always)]
    pub fn append(&self, record: &mut Record) -> Text {
        let start = record.start();
        if !self.between.is_null() {
            append_name(record, self.between);
            record.append_byte(b'/');
        }
        if !self.name.is_null() {
            append_name(record, self.name);
        }
        record.end(start, 0)
    }
}

#[inline(always)]
fn append_name(record: &mut Record, dentry: Kptr) {
    let o = offsets();
    let length = u64::from(dentry.read_u32(&o.dentry_name_len) & limit::NAME);
    record.append(From::Kernel, dentry.read_u64(&o.dentry_name), length);
}

/// Whether the inode is a regular file.
#[inline(always)]
pub fn is_regular(inode: Typed) -> bool {
    inode.u16(&offsets().inode_mode) & TYPE == REGULAR
}

/// Whether the inode is a directory.
#[inline(always)]
pub fn is_directory(inode: Typed) -> bool {
    inode.u16(&offsets().inode_mode) & TYPE == DIRECTORY
}

/// The key of an inode.
#[inline(always)]
pub fn key(inode: Typed) -> WatchKey {
    let o = offsets();
    WatchKey { device: inode.follow(&o.inode_sb).u32(&o.sb_dev), reserved: 0, inode: inode.u64(&o.inode_ino) }
}

/// Where a name lies, if its directory is watched, or the one above that with its children.
#[inline(always)]
pub fn of_name(dentry: Typed) -> Option<Place> {
    let o = offsets();
    let parent = dentry.follow(&o.dentry_parent);
    let parent_key = key(parent.follow(&o.dentry_inode));
    if flags(&parent_key).is_some() {
        return Some(Place { key: parent_key, between: Kptr::NULL, name: dentry.untyped() });
    }
    let above = parent.follow(&o.dentry_parent);
    let above_key = key(above.follow(&o.dentry_inode));
    match flags(&above_key) {
        Some(flags) if flags & watch_flag::CHILDREN != 0 => {
            Some(Place { key: above_key, between: parent.untyped(), name: dentry.untyped() })
        }
        _ => None,
    }
}

/// Where a file or directory lies, by its name or because it is watched itself. Only what can be watched itself is looked
/// for: a directory, a file with a further name, and one that can be executed.
#[inline(always)]
pub fn of_object(dentry: Typed) -> Option<Place> {
    if let Some(place) = of_name(dentry) {
        return Some(place);
    }
    let o = offsets();
    let inode = dentry.follow(&o.dentry_inode);
    let mode = inode.u16(&o.inode_mode);
    if mode & TYPE != DIRECTORY && mode & EXECUTABLE == 0 && inode.u32(&o.inode_nlink) < 2 {
        return None;
    }
    let key = key(inode);
    flags(&key).map(|_| Place { key, between: Kptr::NULL, name: Kptr::NULL })
}

#[inline(always)]
fn flags(key: &WatchKey) -> Option<u32> {
    // SAFETY: the value is one word, and user space replaces it whole.
    unsafe { WATCHES.get(key) }.copied()
}
