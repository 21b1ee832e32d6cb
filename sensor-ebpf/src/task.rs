//! What a task tells of its process.

use aya_ebpf::helpers::generated::bpf_get_current_task;
use sensor_common::{Object, ProcessKey};

use crate::global::offsets;
use crate::kernel::Kptr;

/// The key of the process that `task` is a thread of.
#[inline(always)]
pub fn key(task: Kptr) -> ProcessKey {
    let o = offsets();
    let leader = task.follow(&o.task_group_leader);
    ProcessKey {
        pid: task.read_u32(&o.task_tgid),
        reserved: 0,
        start_ns: leader.read_u64(&o.task_start_boottime),
    }
}

/// The key of the process that runs.
#[inline(always)]
pub fn current_key() -> ProcessKey {
    // SAFETY: the helper has no precondition. The one that gives a typed pointer needs Linux 5.11.
    key(Kptr(unsafe { bpf_get_current_task() }))
}

/// The key of its parent.
#[inline(always)]
pub fn parent_key(task: Kptr) -> ProcessKey {
    key(task.follow(&offsets().task_real_parent))
}

/// Inode number of the pid namespace that the task lives in, as `task_active_pid_ns` of kernel/pid.c finds it.
#[inline(always)]
pub fn pid_namespace(task: Kptr) -> u32 {
    /// Size of a struct upid: a number and a pointer.
    const UPID: u64 = 16;
    let o = offsets();
    let pid = task.follow(&o.task_thread_pid);
    let level = u64::from(pid.read_u32(&o.pid_level));
    let upid = Kptr(pid.at(&o.pid_numbers).0.wrapping_add(level.wrapping_mul(UPID)));
    upid.follow(&o.upid_ns).read_u32(&o.pid_ns_inum)
}

/// Identity of an inode.
#[inline(always)]
pub fn object(inode: Kptr) -> Object {
    let o = offsets();
    if inode.is_null() {
        return Object::NONE;
    }
    Object {
        device: inode.follow(&o.inode_sb).read_u32(&o.sb_dev),
        mode: u32::from(inode.read_u16(&o.inode_mode)),
        inode: inode.read_u64(&o.inode_ino),
    }
}
