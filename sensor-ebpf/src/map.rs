//! The maps of every object. An object holds those that its programs use.

use aya_ebpf::macros::map;
use aya_ebpf::maps::{Array, HashMap, LruHashMap, PerCpuArray, RingBuf, Stack};
use sensor_common::{Counter, Learn, ProcessKey, SPARE_LANES, Watch, WatchKey, hook, limit};

use crate::event::rename::{Move, Names};
use crate::standby::MARKS_COUNT;

/// Room behind the longest record, so that a chunk that starts within the record ends within the slot.
pub const SLACK: usize = 8192;

/// Scratch memory for one record: the stack holds 512 bytes.
#[repr(C)]
pub struct Slot {
    /// Bytes of the record that are used.
    ///
    /// It lives here and not in a register: what the verifier reads from a map is any number to it, so the turns of a
    /// loop that appends look alike, and it looks at one instead of all their combinations.
    pub cursor: u64,
    /// Flags of all the record's texts.
    pub flags: u64,
    /// The record.
    pub data: [u8; limit::RECORD as usize + SLACK],
}

/// The scratch slots, one for each lane: [`SPARE_LANES`], and then one for each CPU. User space sets how many there are.
#[map]
pub static SLOTS: Array<Slot> = Array::with_max_entries(1, 0);

/// How many records each lane tried to send. Apart from the slots, so that user space can set them back.
#[map]
pub static SEQUENCES: Array<u64> = Array::with_max_entries(1, 0);

/// The CPUs' lanes that are in use. Memory per CPU would be shared with whatever preempts us, and an atomic flag needs
/// Linux 5.12: to add a key that must not be there is atomic on every kernel. User space sets the size.
#[map]
pub static IN_USE: HashMap<u32, u8> = HashMap::with_max_entries(1, 0);

/// The spare lanes that nobody uses; filled by user space. To take one is atomic on every kernel, too.
#[map]
pub static FREE_SPARES: Stack<u32> = Stack::with_max_entries(SPARE_LANES, 0);

/// The records on their way to user space. User space sets the size.
#[map]
pub static RECORDS: RingBuf = RingBuf::with_byte_size(4096, 0);

/// [`Counter`]s.
#[map]
pub static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(Counter::COUNT, 0);

/// How often each of [`sensor_common::hook`] was called.
#[map]
pub static HOOKS: PerCpuArray<u64> = PerCpuArray::with_max_entries(hook::COUNT, 0);

/// Which threads of a CPU ran each first program: see [`crate::standby`].
#[map]
pub static MARKS: PerCpuArray<u64> = PerCpuArray::with_max_entries(MARKS_COUNT, 0);

/// How often each standby did the first program's work.
#[map]
pub static RESCUED: PerCpuArray<u64> = PerCpuArray::with_max_entries(hook::COUNT, 0);

/// The directories and files that are watched. Filled by user space.
#[map]
pub static WATCHES: HashMap<WatchKey, Watch> = HashMap::with_max_entries(32_768, 0);

/// How user space learns the key of what it is about to open.
#[map]
pub static LEARN: Array<Learn> = Array::with_max_entries(1, 0);

/// Who opened a watched file for writing, by the file's address, until the file is released.
#[map]
pub static OPENERS: LruHashMap<u64, ProcessKey> = LruHashMap::with_max_entries(4096, 0);

/// The names of renames that are under way. The oldest goes when one never ends.
#[map]
pub static MOVES: LruHashMap<Move, Names> = LruHashMap::with_max_entries(256, 0);
