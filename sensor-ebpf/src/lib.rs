//! The kernel programs of svcsensor.
//!
//! `event` holds one body for each thing that happens; it takes kernel pointers and plain values and never a context.
//! `attach` holds the entry points, a few lines each. Each file in `bin` is one object.
#![no_std]
#![feature(asm_experimental_arch)]

pub mod attach;
pub mod emit;
pub mod event;
pub mod global;
pub mod kernel;
pub mod map;
pub mod path;
pub mod task;
