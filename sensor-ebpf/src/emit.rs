//! Builds records and sends them: the only writer to the ring buffer.

use core::arch::asm;
use core::hint::black_box;
use core::mem::size_of;

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::helpers::generated::{
    bpf_get_smp_processor_id, bpf_ktime_get_boot_ns, bpf_probe_read_kernel, bpf_probe_read_kernel_str,
    bpf_probe_read_user, bpf_ringbuf_output, bpf_ringbuf_query,
};
use aya_ebpf::maps::PerCpuArray;
use sensor_common::{ABI_VERSION, Counter, Header, SPARE_LANES, Text, limit, text_flag};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::map::{COUNTERS, FREE_SPARES, HOOKS, IN_USE, RECORDS, SEQUENCES, SLACK, SLOTS, Slot};

/// Largest chunk that is read at once.
const CHUNK: u64 = 4096;
// A chunk that starts at the last byte of the record ends within the slot.
const _: () = assert!(CHUNK < SLACK as u64 && limit::RECORD.is_power_of_two());

/// Flags of `bpf_ringbuf_output` and `bpf_ringbuf_query` (include/uapi/linux/bpf.h).
mod ring {
    /// `BPF_RB_NO_WAKEUP`.
    pub(super) const LET_SLEEP: u64 = 1 << 0;
    /// `BPF_RB_FORCE_WAKEUP`.
    pub(super) const WAKE: u64 = 1 << 1;
    /// `BPF_RB_AVAIL_DATA`: bytes that the reader has not taken.
    pub(super) const UNREAD: u64 = 0;
    /// `BPF_RB_RING_SIZE`: bytes that there is room for.
    pub(super) const SIZE: u64 = 1;
}

/// Whether a record has its reader woken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// By this record.
    Now,
    /// By this record, unless it is still at earlier ones: the kernel's own choice, where all records of a buffer wake.
    IfIdle,
    /// By whichever comes next and does, or once an eighth of the ring buffer is unread: for records that only say what
    /// others mean. To wake the reader costs more than to write the record.
    Later,
}

/// Counts a call of a hook.
#[inline(always)]
pub fn called(hook: u16) {
    add(&HOOKS, u32::from(hook), 1);
}

/// Adds one to a counter.
#[inline(always)]
pub fn count(counter: Counter) {
    add(&COUNTERS, counter as u32, 1);
}

/// Adds to a number of this CPU.
#[inline(always)]
pub fn add(numbers: &PerCpuArray<u64>, index: u32, more: u64) {
    if let Some(value) = numbers.get_ptr_mut(index) {
        // SAFETY: the map's value is aligned to eight bytes and lives as long as the program. One instruction
        // (BPF_XADD), so that nothing is lost to whatever preempts us. `core::sync::atomic` has no addition for BPF.
        unsafe {
            asm!("lock *(u64 *)({value} + 0) += {more}", value = in(reg) value, more = in(reg) more);
        };
    }
}

/// Where a chunk is read from.
#[derive(Clone, Copy)]
pub enum From {
    /// Kernel memory.
    Kernel,
    /// Memory of the process that runs.
    User,
}

/// A record in the making.
pub struct Record {
    slot: &'static mut Slot,
}

/// Builds a record of fixed part `T` and sends it. `fill` sets all fields of the fixed part but the
/// header, and adds the texts.
#[inline(always)]
pub fn send<T, F>(kind: u16, wake: Wake, fill: F)
where
    T: FromBytes + IntoBytes + Immutable,
    F: FnOnce(&mut Record, &mut T),
{
    with_slot(|record, fixed: &mut T, lane| {
        record.write_header(kind, lane);
        fill(record, fixed);
        record.submit(wake);
    });
}

/// Lends the slot of a free lane, with a value `T` at its start and room for texts behind it.
#[inline(always)]
pub fn with_slot<T, F>(work: F)
where
    T: FromBytes + IntoBytes + Immutable,
    F: FnOnce(&mut Record, &mut T, u32),
{
    let Some(lane) = take_lane() else {
        return count(Counter::NoSlot);
    };
    let Some(slot) = SLOTS.get_ptr_mut(lane) else {
        // Can't be: no lane without a slot is given out.
        return count(Counter::NoSlot);
    };
    // SAFETY: the pointer comes from the map, and this program owns the slot until it gives the lane back.
    let mut record = Record { slot: unsafe { &mut *slot } };
    record.slot.cursor = size_of::<T>() as u64;
    record.slot.flags = 0;
    // SAFETY: the slot is longer than any fixed part, aligned to eight bytes, and any bytes are a `T`. Texts are written
    // behind the fixed part.
    let fixed = unsafe { &mut *(&raw mut (*slot).data).cast::<T>() };
    work(&mut record, fixed, lane);
    give_back(lane);
}

/// Takes this CPU's lane; a spare one when the CPU was taken from a program in the midst of it.
#[inline(always)]
fn take_lane() -> Option<u32> {
    // SAFETY: the helper has no precondition. A program stays on its CPU until it ends.
    let own = SPARE_LANES + unsafe { bpf_get_smp_processor_id() };
    if SLOTS.get_ptr(own).is_some() && IN_USE.insert(&own, &0, u64::from(BPF_NOEXIST)).is_ok() {
        return Some(own);
    }
    FREE_SPARES.pop().ok().flatten()
}

/// Fails only when something else took the map's lock on this CPU; the lane is then lost, not shared.
#[inline(always)]
fn give_back(lane: u32) {
    if lane >= SPARE_LANES {
        let _ = IN_USE.remove(&lane);
    } else {
        let _ = FREE_SPARES.push(lane, 0);
    }
}

impl Record {
    #[inline(always)]
    fn write_header(&mut self, kind: u16, lane: u32) {
        let sequence = match SEQUENCES.get_ptr_mut(lane) {
            // SAFETY: who owns the lane owns its number.
            Some(sequence) => unsafe {
                *sequence = (*sequence).wrapping_add(1);
                *sequence
            },
            None => 0,
        };
        let header = Header {
            abi: ABI_VERSION,
            kind,
            length: 0,
            // SAFETY: the helper has no precondition.
            time_ns: unsafe { bpf_ktime_get_boot_ns() },
            sequence,
            lane,
            // SAFETY: the helper has no precondition.
            cpu: unsafe { bpf_get_smp_processor_id() },
        };
        // SAFETY: every record starts with a header; the slot is aligned for it.
        unsafe { (&raw mut self.slot.data).cast::<Header>().write(header) };
    }

    /// Gives back the last bytes of the fixed part, to be filled by texts.
    #[inline(always)]
    pub fn rewind(&mut self, length: usize) {
        self.slot.cursor -= length as u64;
    }

    /// Starts a text here. [`Self::end`] makes it whole.
    #[inline(always)]
    pub fn start(&self) -> u64 {
        self.slot.cursor
    }

    /// Ends the text that began at `start`.
    #[inline(always)]
    pub fn end(&mut self, start: u64, flags: u16) -> Text {
        self.slot.flags |= u64::from(flags);
        Text { offset: start as u32, length: self.slot.cursor.wrapping_sub(start) as u16, flags }
    }

    /// Appends `length` bytes, at most [`CHUNK`]. False when they can't be read or there is no room.
    #[inline(always)]
    pub fn append(&mut self, from: From, address: u64, length: u64) -> bool {
        let Some(target) = self.target() else { return false };
        // The black box keeps the mask: without it the compiler knows the range, and the verifier does not.
        let size = (black_box(length) & (SLACK as u64 - 1)) as u32;
        // SAFETY: `target` lies within the record and the slot goes on for SLACK bytes; the helper checks `address`.
        let result = unsafe {
            match from {
                From::Kernel => bpf_probe_read_kernel(target.cast(), size, address as *const _),
                From::User => bpf_probe_read_user(target.cast(), size, address as *const _),
            }
        };
        if result != 0 {
            return false;
        }
        self.slot.cursor += u64::from(size);
        true
    }

    /// Appends a string of kernel memory, without its NUL; at most `capacity` bytes with it. False when it can't be read.
    #[inline(always)]
    pub fn append_string(&mut self, address: u64, capacity: u32) -> bool {
        let Some(target) = self.target() else { return false };
        // SAFETY: as in `append`; `capacity` is a constant of at most CHUNK bytes.
        let length = unsafe { bpf_probe_read_kernel_str(target.cast(), capacity, address as *const _) };
        if length <= 0 {
            return false;
        }
        self.slot.cursor += (length as u64 - 1) & (SLACK as u64 - 1);
        true
    }

    /// Appends one byte.
    #[inline(always)]
    pub fn append_byte(&mut self, byte: u8) {
        if let Some(target) = self.target() {
            // SAFETY: `target` lies within the slot.
            unsafe { target.write(byte) };
            self.slot.cursor += 1;
        }
    }

    /// Where the next byte goes; `None` when the record is full.
    #[inline(always)]
    fn target(&mut self) -> Option<*mut u8> {
        let cursor = self.slot.cursor;
        if cursor >= u64::from(limit::RECORD) - 1 {
            return None;
        }
        // The black box keeps the mask: without it the compiler knows the range, and the verifier may not.
        let cursor = (black_box(cursor) & (u64::from(limit::RECORD) - 1)) as usize;
        // SAFETY: the index is below the record's length.
        Some(unsafe { (&raw mut self.slot.data).cast::<u8>().add(cursor) })
    }

    #[inline(always)]
    fn submit(&mut self, wake: Wake) {
        let size = black_box(self.slot.cursor) & (u64::from(limit::RECORD) - 1);
        // SAFETY: every record starts with a header.
        unsafe { (*(&raw mut self.slot.data).cast::<Header>()).length = size as u32 };
        let flags = match wake {
            Wake::IfIdle => 0,
            // Not left to the kernel, which wakes a reader only for the first record that it has not taken: that may be one
            // that let it sleep.
            Wake::Now => ring::WAKE,
            Wake::Later if is_filling() => ring::WAKE,
            Wake::Later => ring::LET_SLEEP,
        };
        // SAFETY: the slot holds `size` bytes.
        let result = unsafe {
            bpf_ringbuf_output(
                (&raw const RECORDS).cast_mut().cast(),
                (&raw mut self.slot.data).cast(),
                size,
                flags,
            )
        };
        count(if result == 0 { Counter::Submitted } else { Counter::Dropped });
        if self.slot.flags & u64::from(text_flag::TRUNCATED) != 0 {
            count(Counter::Truncated);
        }
    }
}

/// Whether an eighth of the ring buffer is unread.
#[inline(always)]
fn is_filling() -> bool {
    let ask = |what| {
        // SAFETY: the map is a ring buffer.
        unsafe { bpf_ringbuf_query((&raw const RECORDS).cast_mut().cast(), what) }
    };
    ask(ring::UNREAD) > ask(ring::SIZE) / 8
}
