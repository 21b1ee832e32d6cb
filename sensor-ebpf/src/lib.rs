//! The kernel programs of svcsensor.
//!
//! `event` holds one body for each thing that happens; it takes kernel pointers and plain values and never a context.
//! `attach` holds the entry points, a few lines each; each file there is one object.
#![no_std]
#![feature(asm_experimental_arch)]

pub mod emit;
pub mod event;
pub mod global;
pub mod kernel;
pub mod map;
pub mod path;
pub mod standby;
pub mod task;
pub mod tell;
pub mod watch;

/// What each object has besides its programs.
#[macro_export]
macro_rules! object {
    () => {
        /// The kernel lends its helpers to GPL-compatible programs only (`license_is_gpl_compatible`).
        #[unsafe(no_mangle)]
        #[unsafe(link_section = "license")]
        pub static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

        #[cfg(not(test))]
        #[panic_handler]
        fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
            loop {}
        }
    };
}
