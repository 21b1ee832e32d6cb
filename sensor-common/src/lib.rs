//! The wire contract between the kernel programs and user space.
//!
//! Rules for whoever changes a record:
//! - Fixed-width integers and byte arrays only; padding is a named field. zerocopy's derives refuse anything else.
//! - A record is a fixed part that starts with [`Header`], then its texts, each at its true length.
//! - A kind, flag or operation is a constant; a number that was given up is never used again.
//! - Any change of a layout or a meaning raises [`ABI_VERSION`], and the table in `tests/layout.rs` is blessed anew.
#![no_std]
#![expect(non_ascii_idents, reason = "zerocopy's derives name their helpers so")]

mod config;
mod counter;
mod file;
mod header;
pub mod hook;
mod layout;
mod process;
mod text;

pub use config::{Arguments, MISSING, OPTIONAL, Offsets};
pub use counter::Counter;
pub use file::{FileRecord, Learn, Watch, WatchKey, operation, watch_flag};
pub use header::{Header, SPARE_LANES, kind};
pub use layout::{Field, Layout, layouts};
pub use process::{ExecRecord, ExitRecord, ForkRecord, Object, ProcessKey};
pub use text::{Text, limit, text_flag};

/// Version of everything in this crate. Each record carries it, and each kernel object (see [`ABI_MARK`]).
pub const ABI_VERSION: u16 = 2;

/// The text by which a kernel object tells its version: these bytes, then [`ABI_VERSION`] as two little-endian bytes.
pub const ABI_MARK: [u8; 16] = *b"svcsensor-abi-v=";
