//! What every record starts with.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// The start of every record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Header {
    /// [`crate::ABI_VERSION`] of the program that wrote it.
    pub abi: u16,
    /// One of [`kind`].
    pub kind: u16,
    /// Length of the whole record in bytes, texts and header included.
    pub length: u32,
    /// Nanoseconds on the boot clock (`bpf_ktime_get_boot_ns`).
    pub time_ns: u64,
    /// Counts up by one with each record that the lane tried to send; a gap is a loss.
    pub sequence: u64,
    /// Whose count that is: each CPU has a lane of its own, `SPARE_LANES + cpu`.
    ///
    /// A lane has one owner at a time, so its sequence has no gap but by loss. A task may lose its CPU in the midst of a
    /// program: what runs there meanwhile counts in one of the [`SPARE_LANES`], which the CPUs share. In one sequence for
    /// both, two programs could give out the same number, or the later number would come first; an atomic that fetches,
    /// which would mend the one and not the other, needs Linux 5.12.
    pub lane: u32,
    /// The CPU that it was written on.
    pub cpu: u32,
}

/// Lanes for programs that preempt another within it; the CPUs' own follow.
pub const SPARE_LANES: u32 = 8;

/// What a record tells. Numbers have gaps for kinds to come.
pub mod kind {
    /// [`crate::ForkRecord`].
    pub const FORK: u16 = 1;
    /// [`crate::ExecRecord`].
    pub const EXEC: u16 = 2;
    /// [`crate::ExitRecord`].
    pub const EXIT: u16 = 3;
    /// [`crate::FileRecord`].
    pub const FILE: u16 = 16;
}
