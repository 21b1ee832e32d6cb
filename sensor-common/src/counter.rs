//! Counters that the kernel programs keep, one of each per CPU.
//!
//! Calls of a hook are counted by [`crate::hook`]; of those, each is filtered or leads to one or two records, but for the
//! beginning of a rename, whose end does. A record is submitted, dropped or without a slot.

/// Index of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Counter {
    /// Calls of a hook that are no matter of ours.
    Filtered = 0,
    /// Records handed to the ring buffer.
    Submitted = 1,
    /// Records that the ring buffer had no room for: gaps in the lanes' sequences.
    Dropped = 2,
    /// Records for which no scratch memory was free. They have no sequence number.
    NoSlot = 3,
    /// Records that were submitted or dropped with a text cut off.
    Truncated = 4,
}

impl Counter {
    /// How many there are.
    pub const COUNT: u32 = 5;
}
