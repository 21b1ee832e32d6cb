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
use sensor_common::hook;
use sensor_ebpf::kernel::Kptr;
use sensor_ebpf::{event, standby};

sensor_ebpf::object!();

#[inline(always)]
fn pointer(ctx: &BtfTracePointContext, index: usize) -> Kptr {
    Kptr(ctx.arg::<*const c_void>(index) as u64)
}

/// Both programs at a tracepoint: see [`sensor_ebpf::standby`].
macro_rules! programs {
    ($($tracepoint:tt: $first:ident, $standby:ident, $hook:expr => $work:expr;)*) => {$(
        #[btf_tracepoint(function = $tracepoint)]
        pub fn $first(ctx: BtfTracePointContext) -> i32 {
            standby::first($hook, || $work(&ctx));
            0
        }

        #[btf_tracepoint(function = $tracepoint)]
        pub fn $standby(ctx: BtfTracePointContext) -> i32 {
            standby::standby($hook, || $work(&ctx));
            0
        }
    )*};
}

programs! {
    "sched_process_fork": sched_process_fork, sched_process_fork_standby, hook::FORK => fork;
    "sched_process_exec": sched_process_exec, sched_process_exec_standby, hook::EXEC => exec;
    "sched_process_exit": sched_process_exit, sched_process_exit_standby, hook::EXIT => exit;
}

/// `sched_process_fork(parent, child)`.
#[inline(always)]
fn fork(ctx: &BtfTracePointContext) {
    event::fork::fork(pointer(ctx, 0), pointer(ctx, 1));
}

/// `sched_process_exec(task, old_pid, bprm)`.
#[inline(always)]
fn exec(ctx: &BtfTracePointContext) {
    event::exec::exec(pointer(ctx, 0), pointer(ctx, 2));
}

/// `sched_process_exit(task)`.
#[inline(always)]
fn exit(ctx: &BtfTracePointContext) {
    event::exit::exit(pointer(ctx, 0));
}
