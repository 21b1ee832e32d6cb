//! Which names are watched. Units lie at most two levels below a watched directory, so no path is walked further.

use sensor_common::{Text, Watch, WatchKey, limit, watch_flag};

use crate::emit::{From, Record};
use crate::global::offsets;
use crate::kernel::{Kptr, Typed};
use crate::map::WATCHES;

/// `S_IFMT` of include/uapi/linux/stat.h, and two of its values.
const TYPE: u16 = 0o170_000;
const REGULAR: u16 = 0o100_000;
const DIRECTORY: u16 = 0o040_000;

/// Something that is watched, and the names that lead from there to what is meant.
#[derive(Clone, Copy)]
pub struct Place {
    /// What is watched.
    pub key: WatchKey,
    /// Its generation.
    pub generation: u32,
    /// Its flags.
    flags: u32,
    /// The directory between the watched one and the name, or null.
    between: Kptr,
    /// The name, or null for what is watched itself.
    name: Kptr,
}

impl Place {
    /// Nothing that is watched.
    pub const NOWHERE: Self = Self {
        key: WatchKey { device: 0, reserved: 0, inode: 0 },
        generation: 0,
        flags: 0,
        between: Kptr::NULL,
        name: Kptr::NULL,
    };

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

/// The generation of an inode.
#[inline(always)]
pub fn generation(inode: Typed) -> u32 {
    inode.u32(&offsets().inode_generation)
}

/// Where a name lies, if its directory is watched, or the one above that with its children. The nearest counts if it is
/// sure: a directory whose number was another's before must not hide the one that it lies in.
#[inline(always)]
pub fn of_name(dentry: Typed) -> Option<Place> {
    let o = offsets();
    let name = dentry.untyped();
    let parent = dentry.follow(&o.dentry_parent);
    let nearest = find(parent.follow(&o.dentry_inode));
    if nearest.is_sure {
        return Some(nearest.place(Kptr::NULL, name));
    }
    let grandparent = parent.follow(&o.dentry_parent);
    // The root of a file system is its own parent.
    if grandparent.untyped() != parent.untyped() {
        let above = find(grandparent.follow(&o.dentry_inode));
        if above.flags & watch_flag::CHILDREN != 0 {
            return Some(above.place(parent.untyped(), name));
        }
    }
    if nearest.is_watched { Some(nearest.place(Kptr::NULL, name)) } else { None }
}

/// Where a file or directory lies, by its name or because it is watched itself. A unit goes by its name; a file that is
/// followed and lies elsewhere, be it in a directory that is watched for other names, goes by itself.
#[inline(always)]
pub fn of_object(dentry: Typed) -> Option<Place> {
    let inode = dentry.follow(&offsets().dentry_inode);
    let own = find(inode);
    let is_followed = own.is_sure && is_regular(inode);
    match of_name(dentry) {
        Some(place) if !is_followed || place.flags & watch_flag::CHILDREN != 0 => Some(place),
        _ if own.is_watched => Some(own.place(Kptr::NULL, Kptr::NULL)),
        _ => None,
    }
}

/// An inode, and whether its number is watched. All of it is always set: the verifier refuses copies of what is not.
#[derive(Clone, Copy)]
struct Found {
    key: WatchKey,
    generation: u32,
    flags: u32,
    is_watched: bool,
    /// Whether it surely is the inode that was learned. A file system that keeps no generation leaves it zero.
    is_sure: bool,
}

impl Found {
    #[inline(always)]
    fn place(&self, between: Kptr, name: Kptr) -> Place {
        Place { key: self.key, generation: self.generation, flags: self.flags, between, name }
    }
}

#[inline(always)]
fn find(inode: Typed) -> Found {
    let (key, generation) = (key(inode), generation(inode));
    // SAFETY: the value is two words, and user space replaces both together only when the inode is another one.
    match unsafe { WATCHES.get(&key) } {
        Some(Watch { flags, generation: learned }) => {
            let is_sure = generation != 0 && generation == *learned;
            Found { key, generation, flags: *flags, is_watched: true, is_sure }
        }
        None => Found { key, generation, flags: 0, is_watched: false, is_sure: false },
    }
}
