//! The kernel programs: loading, attaching, and reading what they send.
//!
//! An object is loaded whole or not at all, so `process` and `files` are two: a kernel that refuses one keeps the other.

pub mod btf;
mod counters;
mod files;
mod object;
mod offsets;
mod process;
mod ring;
mod self_test;
mod watcher;

pub use counters::{Counters, Losses, ToldLosses};
pub use files::{FileSource, HookState, WatchError};
pub use process::ProcessSource;
pub use self_test::HookReport;
pub use watcher::TracingWatcher;

use thiserror::Error;

/// Why kernel programs can't run.
#[derive(Debug, Error)]
pub enum EbpfError {
    /// The binary has no programs in it.
    #[error("this svcsensor was built without eBPF programs; `cargo xtask build` builds it with them")]
    NotBuilt,
    /// The programs speak another version of the wire contract.
    #[error(
        "the eBPF programs were built for another version ({found:?}); `cargo xtask build` builds both anew"
    )]
    Abi {
        /// The version they were built for; `None` where they don't tell.
        found: Option<u16>,
    },
    /// The kernel's types can't be read.
    #[error("reading the kernel's types")]
    Btf(#[from] btf::BtfError),
    /// The kernel's types can't be read by the loader.
    #[error("reading the kernel's types for the loader")]
    LoaderBtf(#[source] Box<aya::BtfError>),
    /// The kernel lacks something that the programs need.
    #[error("resolving the kernel's structures")]
    Offsets(#[from] offsets::MemberError),
    /// Maps or relocations were refused.
    #[error("loading the {object} object")]
    Load {
        /// The object's name.
        object: &'static str,
        /// What the loader says.
        source: Box<aya::EbpfError>,
    },
    /// A program was refused by the kernel.
    #[error("loading or attaching the program {program}")]
    Program {
        /// The program's name.
        program: &'static str,
        /// What the kernel says, with the verifier's log.
        source: Box<aya::programs::ProgramError>,
    },
    /// The object lacks a program or a map that it must have.
    #[error("the object has no {0}")]
    Absent(&'static str),
    /// A map can't be used.
    #[error("using the map {map}")]
    Map {
        /// The map's name.
        map: &'static str,
        /// What the kernel says.
        source: Box<aya::maps::MapError>,
    },
    /// The host does not tell how many CPUs it may have.
    #[error("reading the number of CPUs")]
    Cpus(#[source] std::io::Error),
    /// The self-test could not do what it must.
    #[error("testing the hooks")]
    SelfTest(#[source] WatchError),
}
