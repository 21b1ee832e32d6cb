//! The object `process`: how processes come to be, what they run, and that they ended.
//!
//! Tracepoints of the scheduler, whose arguments have stayed as they are since before 5.10
//! (include/trace/events/sched.h).
#![no_std]
#![no_main]
#![expect(
    unreachable_pub,
    missing_docs,
    reason = "the attribute macros make a public function without documentation"
)]

use aya_ebpf::cty::c_void;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;

use sensor_ebpf::event;
use sensor_ebpf::kernel::Kptr;

sensor_ebpf::object!();

#[inline(always)]
fn pointer(ctx: &BtfTracePointContext, index: usize) -> Kptr {
    Kptr(ctx.arg::<*const c_void>(index) as u64)
}

/// `sched_process_fork(parent, child)`.
#[btf_tracepoint(function = "sched_process_fork")]
pub fn sched_process_fork(ctx: BtfTracePointContext) -> i32 {
    event::fork::fork(pointer(&ctx, 0), pointer(&ctx, 1));
    0
}

/// `sched_process_exec(task, old_pid, bprm)`.
#[btf_tracepoint(function = "sched_process_exec")]
pub fn sched_process_exec(ctx: BtfTracePointContext) -> i32 {
    event::exec::exec(pointer(&ctx, 0), pointer(&ctx, 2));
    0
}

/// `sched_process_exit(task)`.
#[btf_tracepoint(function = "sched_process_exit")]
pub fn sched_process_exit(ctx: BtfTracePointContext) -> i32 {
    event::exit::exit(pointer(&ctx, 0));
    0
}
