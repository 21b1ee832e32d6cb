//! A file is opened: who may write to it is remembered, and a name that came to be by it is told.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::map::{LEARN, OPENERS};
use crate::task;
use crate::tell::tell;
use crate::watch::{self, is_regular};

/// `FMODE_WRITE` and `FMODE_CREATED` of include/linux/fs.h: it may be written to; it came to be by this open.
pub const FMODE_WRITE: u32 = 0x2;
/// See [`FMODE_WRITE`].
pub const FMODE_CREATED: u32 = 0x10_0000;
/// `O_NOATIME` of include/uapi/asm-generic/fcntl.h: set by user space when it opens something to learn its key, and
/// otherwise rare.
const O_NOATIME: u32 = 0o1_000_000;

/// `file` is about to be opened.
#[inline(always)]
pub fn open(file: Typed) {
    called(hook::OPEN);
    let o = offsets();
    if file.u32(&o.file_flags) & O_NOATIME != 0 {
        learn(file);
    }
    let mode = file.u32(&o.file_mode);
    if mode & (FMODE_WRITE | FMODE_CREATED) == 0 || !is_regular(file.follow(&o.file_inode)) {
        return count(Counter::Filtered);
    }
    let dentry = file.at(&o.file_path).follow(&o.path_dentry);
    let Some(place) = watch::of_object(dentry) else {
        return count(Counter::Filtered);
    };
    if mode & FMODE_WRITE != 0 {
        let _ = OPENERS.insert(&file.untyped().0, &task::current_key(), 0);
    }
    if mode & FMODE_CREATED != 0 {
        tell(place, dentry, hook::OPEN, operation::CREATE, 0);
    }
}

/// Tells user space the key of what it opens, if it is the one who asked.
#[inline(always)]
fn learn(file: Typed) {
    let Some(learn) = LEARN.get_ptr_mut(0) else { return };
    // SAFETY: the map's value lives as long as the program; only the thread that asked writes to the key, and user space
    // reads it on that thread after its open(2) has returned.
    unsafe {
        if (*learn).thread == bpf_get_current_pid_tgid() {
            let inode = file.follow(&offsets().file_inode);
            (*learn).key = watch::key(inode);
            (*learn).generation = watch::generation(inode);
        }
    }
}
