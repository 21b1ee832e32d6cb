//! A name is removed.

use sensor_common::{Counter, Object, hook, operation};

use crate::emit::{called, count};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::task;
use crate::tell::{tell, tell_of};
use crate::watch::{is_directory, of_name};

/// `vfs_unlink` has removed `dentry`, which keeps its name and its parent but no inode, or has failed.
#[inline(always)]
pub fn unlink(dentry: Typed, result: i32) {
    called(hook::UNLINK);
    let Some(place) = of_name(dentry) else {
        return count(Counter::Filtered);
    };
    let current = task::current_key();
    tell_of(place, Object::NONE, hook::UNLINK, operation::UNLINK, result, current, current);
}

/// A name has been removed from its file system, and `dentry` still has its inode: told if it is a directory's.
#[inline(always)]
pub fn rmdir(dentry: Typed) {
    called(hook::RMDIR);
    if !is_directory(dentry.follow(&offsets().dentry_inode)) {
        return count(Counter::Filtered);
    }
    match of_name(dentry) {
        Some(place) => tell(place, dentry, hook::RMDIR, operation::UNLINK, 0),
        None => count(Counter::Filtered),
    }
}
