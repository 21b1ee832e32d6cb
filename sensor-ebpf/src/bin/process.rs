//! The object `process`: how processes come to be, what they run, and that they ended.
#![no_std]
#![no_main]

pub use sensor_ebpf::attach::process::{sched_process_exec, sched_process_exit, sched_process_fork};

/// What may be called: see the crate's manifest.
#[unsafe(no_mangle)]
#[unsafe(link_section = "license")]
pub static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
