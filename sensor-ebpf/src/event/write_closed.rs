//! The last holder of an open file that may write let go of it.

use sensor_common::{Counter, hook, operation};

use crate::emit::{called, count};
use crate::event::open::{FMODE_CREATED, FMODE_WRITE};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::map::OPENERS;
use crate::task;
use crate::tell::tell_of;
use crate::watch::{is_regular, of_object};

/// `__fput` releases `file`, which is still whole.
#[inline(always)]
pub fn write_closed(file: Typed) {
    called(hook::WRITE_CLOSED);
    let o = offsets();
    if file.u32(&o.file_mode) & (FMODE_WRITE | FMODE_CREATED) == 0 || !is_regular(file.follow(&o.file_inode))
    {
        return count(Counter::Filtered);
    }
    let Some(place) = of_object(file.at(&o.file_path).follow(&o.path_dentry)) else {
        return count(Counter::Filtered);
    };
    let address = file.untyped().0;
    let current = task::current_key();
    // The one who lets go need not be the one who wrote: descriptors are passed on.
    // SAFETY: the value is copied; the entry goes only when the file does, or when the map is full.
    let actor = unsafe { OPENERS.get(&address) }.copied().unwrap_or(current);
    let _ = OPENERS.remove(&address);
    let object = task::object(file.untyped().follow(&o.file_inode));
    tell_of(place, object, hook::WRITE_CLOSED, operation::CLOSE, 0, actor, current);
}
