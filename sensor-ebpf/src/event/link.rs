//! A file gets a further name: link(2), and what was opened with `O_TMPFILE` gets its first.

use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::kernel::Typed;
use crate::tell::tell;
use crate::watch::of_name;

/// `vfs_link` has given what `old` names the name `new`, or has failed.
///
/// The old name is told as well: its file can be written to by a name elsewhere from now on.
#[inline(always)]
pub fn link(old: Typed, new: Typed, result: i32) {
    called(hook::LINK);
    match of_name(new) {
        Some(place) => tell(place, new, hook::LINK, operation::LINK, result),
        None => count(Counter::Filtered),
    }
    if result == 0
        && let Some(place) = of_name(old)
    {
        tell(place, old, hook::LINK, operation::ATTRIBUTE, 0);
    }
}
