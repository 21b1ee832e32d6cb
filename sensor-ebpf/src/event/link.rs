//! A file gets a further name: link(2), and what was opened with `O_TMPFILE` gets its first.

use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::kernel::Typed;
use crate::tell::tell;
use crate::watch::of_name;

/// `vfs_link` has given the name `dentry`, or has failed.
#[inline(always)]
pub fn link(dentry: Typed, result: i32) {
    called(hook::LINK);
    match of_name(dentry) {
        Some(place) => tell(place, dentry, hook::LINK, operation::LINK, result),
        None => count(Counter::Filtered),
    }
}
