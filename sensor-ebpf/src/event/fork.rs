//! A process came to be.

use sensor_common::{Counter, ForkRecord, hook, kind};

use crate::emit::{Wake, called, count, send};
use crate::global::offsets;
use crate::kernel::Kptr;
use crate::task;

/// `creator` called clone(2), which made `child`.
#[inline(always)]
pub fn fork(creator: Kptr, child: Kptr) {
    called(hook::FORK);
    let o = offsets();
    if child.read_u32(&o.task_pid) != child.read_u32(&o.task_tgid) {
        return count(Counter::Filtered);
    }
    send(kind::FORK, Wake::Later, |_, fork: &mut ForkRecord| {
        fork.creator = task::key(creator);
        fork.parent = task::parent_key(child);
        fork.child = task::key(child);
    });
}
