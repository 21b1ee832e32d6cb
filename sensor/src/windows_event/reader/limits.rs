//! What a reader takes in, and how much of it at most.

/// Tells by provider, channel and event number whether an event is wanted; others are only counted.
pub type Interest = fn(provider: &str, channel: &str, id: u32) -> bool;

/// Bounds of a reader. The defaults fit a workstation.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Which events are decoded.
    pub interest: Interest,
    /// The largest record in text form, in bytes.
    pub record_bytes: usize,
    /// How many bytes one member of an archive may unpack to.
    pub unpacked_bytes: u64,
    /// How many times its packed size a content may unpack to; small contents may exceed it.
    pub unpacked_ratio: u64,
    /// How many files and archive members are read.
    pub files: usize,
    /// How deep archives may lie in archives.
    pub depth: usize,
    /// How many files are open at a time.
    pub open_files: usize,
    /// Event log files of at least this size are decoded on a thread of their own.
    pub ahead_bytes: u64,
}

/// A content that unpacks to less is never too much.
const SMALL: u64 = 64 << 20;

impl Limits {
    /// How much a content of `packed` bytes may unpack to.
    pub(super) fn unpacked(&self, packed: u64) -> u64 {
        packed.saturating_mul(self.unpacked_ratio).max(SMALL).min(self.unpacked_bytes)
    }

    /// The usual bounds, for the events that `interest` names.
    pub fn new(interest: Interest) -> Self {
        Self {
            interest,
            record_bytes: 4 << 20,
            unpacked_bytes: 64 << 30,
            unpacked_ratio: 1000,
            files: 100_000,
            depth: 3,
            open_files: 32,
            ahead_bytes: 4 << 20,
        }
    }
}
