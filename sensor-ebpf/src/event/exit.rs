//! A process ended.

use sensor_common::{Counter, ExitRecord, hook, kind};

use crate::emit::{Wake, called, count, send};
use crate::global::offsets;
use crate::kernel::Kptr;
use crate::task;

/// The thread `task` ends. `do_exit` has already counted it out of the living threads of its process.
#[inline(always)]
pub fn exit(task: Kptr) {
    called(hook::EXIT);
    let o = offsets();
    if task.follow(&o.task_signal).read_u32(&o.signal_live) != 0 {
        return count(Counter::Filtered);
    }
    send(kind::EXIT, Wake::Later, |_, exit: &mut ExitRecord| exit.process = task::key(task));
}
