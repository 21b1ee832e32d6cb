//! A directory, device, pipe, socket or, by mknod(2), a regular file comes to be.

use sensor_common::{Counter, operation};

use crate::emit::{called, count};
use crate::kernel::Typed;
use crate::tell::tell;
use crate::watch::of_name;

/// The function that `hook` names has made `dentry`, or has failed.
#[inline(always)]
pub fn make(hook: u16, dentry: Typed, result: i32) {
    called(hook);
    match of_name(dentry) {
        Some(place) => tell(place, dentry, hook, operation::CREATE, result),
        None => count(Counter::Filtered),
    }
}
