//! Two programs at each place: where the kernel skips the first, the second does its work.
//!
//! The kernel runs no program on a CPU where another task is in the midst of the same one: it counts a miss and goes on
//! (`__bpf_prog_enter_recur` of kernel/bpf/trampoline.c, `__bpf_trace_run` of kernel/trace/bpf_trace.c). Where the kernel
//! is preemptible, a task may lose its CPU in that midst for milliseconds, and all others there are missed for as long.
//!
//! So the first program leaves a mark, on its CPU and by its thread, and works. The standby, which is another program to
//! the kernel and runs next, takes the mark away and ends; where there is none, the first was skipped, and it works in its
//! place. A thread that loses its CPU between the two may find its mark gone: then both work, and what is told twice does
//! no harm. Both are skipped only if one task lost its CPU in the midst of the first, and another in that of the standby:
//! that is a loss, and the difference of the misses and of what standbys did tells it.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use sensor_common::hook;

use crate::emit::add;
use crate::map::{MARKS, RESCUED};

/// How many marks each program has on a CPU: threads share one only if that many numbers lie between them.
pub const MARKS_PER_HOOK: u32 = 64;
/// How many there are in all.
pub const MARKS_COUNT: u32 = hook::COUNT * MARKS_PER_HOOK;

/// Runs the first program's work.
#[inline(always)]
pub fn first(hook: u16, work: impl FnOnce()) {
    let thread = bpf_get_current_pid_tgid();
    if let Some(mark) = mark(hook, thread) {
        // SAFETY: the value is one aligned word of this CPU and lives as long as the program.
        unsafe { mark.write_volatile(thread) };
    }
    work();
}

/// Runs the first program's work if that was skipped.
#[inline(always)]
pub fn standby(hook: u16, work: impl FnOnce()) {
    let thread = bpf_get_current_pid_tgid();
    let Some(mark) = mark(hook, thread) else { return };
    // SAFETY: as above.
    if unsafe { mark.read_volatile() } == thread {
        // SAFETY: as above. The kernel's own threads have the number zero at boot only: no mark is left for them.
        unsafe { mark.write_volatile(0) };
        return;
    }
    add(&RESCUED, u32::from(hook), 1);
    work();
}

#[inline(always)]
fn mark(hook: u16, thread: u64) -> Option<*mut u64> {
    MARKS.get_ptr_mut(u32::from(hook) * MARKS_PER_HOOK + (thread as u32 & (MARKS_PER_HOOK - 1)))
}
