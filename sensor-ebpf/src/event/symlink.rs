//! A symbolic link comes to be.

use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::kernel::Typed;
use crate::tell::tell;
use crate::watch::of_name;

/// `vfs_symlink` has made `dentry`, or has failed.
#[inline(always)]
pub fn symlink(dentry: Typed, result: i32) {
    called(hook::SYMLINK);
    match of_name(dentry) {
        Some(place) => tell(place, dentry, hook::SYMLINK, operation::SYMLINK, result),
        None => count(Counter::Filtered),
    }
}
