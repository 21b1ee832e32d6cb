//! Mode, owner, size, times, extended attributes, access lists or flags change.

use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::tell::tell;
use crate::watch::of_object;

/// `ATTR_MODE`, `ATTR_UID`, `ATTR_GID`, `ATTR_SIZE` and `ATTR_MTIME` of include/linux/fs.h. Access times alone say nothing.
const TOLD: u32 = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5;

/// `notify_change` has set what `attr` says, or has failed.
#[inline(always)]
pub fn change(dentry: Typed, attr: Typed, result: i32) {
    if attr.u32(&offsets().iattr_valid) & TOLD == 0 {
        called(hook::ATTRIBUTE);
        return count(Counter::Filtered);
    }
    attribute(hook::ATTRIBUTE, dentry, result);
}

/// The function that `hook` names has changed an attribute of `dentry`, or has failed.
#[inline(always)]
pub fn attribute(hook: u16, dentry: Typed, result: i32) {
    called(hook);
    match of_object(dentry) {
        Some(place) => tell(place, dentry, hook, operation::ATTRIBUTE, result),
        None => count(Counter::Filtered),
    }
}
