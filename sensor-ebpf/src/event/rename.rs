//! A name is moved. Afterwards the old dentry carries the new name, so both are kept from before.

use aya_ebpf::helpers::bpf_get_current_pid_tgid;
use sensor_common::{Counter, FileRecord, Object, Text, WatchKey, hook, kind, operation};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::emit::{From, Record, Wake, called, count, send, with_slot};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::map::MOVES;
use crate::task;
use crate::watch::{Place, of_object};

/// `RENAME_EXCHANGE` of include/uapi/linux/fs.h: each of both gets the other's name.
const EXCHANGE: u32 = 1 << 1;
/// Room for two paths of two names each.
const ROOM: usize = 1032;

/// A rename that is under way. On an overlay, one of the upper file system runs within that of the overlay.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Move {
    thread: u64,
    dentry: u64,
}

/// What is known of it before.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Names {
    from: End,
    to: End,
    flags: u32,
    reserved: u32,
    text: [u8; ROOM],
}

/// One end of it.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct End {
    /// What is watched; inode zero when this end is not.
    watch: WatchKey,
    /// Its generation.
    generation: u32,
    reserved: u32,
    /// What stands there before.
    object: Object,
    /// The path from what is watched, counted from the start of [`Names`].
    name: Text,
}

/// `vfs_rename` begins.
#[inline(always)]
pub fn begin(old: Typed, new: Typed, flags: u32) {
    called(hook::RENAME_BEGIN);
    // Not as options: the verifier refuses the copy of what an empty one leaves unset.
    let from = of_object(old).unwrap_or(Place::NOWHERE);
    // What stood at the new name is what is followed there.
    let to = of_object(new).unwrap_or(Place::NOWHERE);
    if from.key.inode == 0 && to.key.inode == 0 {
        return count(Counter::Filtered);
    }
    with_slot(|record, names: &mut Names, _| {
        // The paths stand in the room at the end of the value, not behind it.
        record.rewind(ROOM);
        names.flags = flags;
        names.reserved = 0;
        fill(record, &mut names.from, from, old);
        fill(record, &mut names.to, to, new);
        if MOVES.insert(&this_move(old), names, 0).is_err() {
            count(Counter::NoSlot);
        }
    });
}

#[inline(always)]
fn fill(record: &mut Record, end: &mut End, place: Place, dentry: Typed) {
    end.object = task::object(dentry.untyped().follow(&offsets().dentry_inode));
    end.watch = place.key;
    end.generation = place.generation;
    end.reserved = 0;
    end.name = if place.key.inode == 0 { Text::EMPTY } else { place.append(record) };
}

/// `vfs_rename` ends.
#[inline(always)]
pub fn end(old: Typed, result: i32) {
    called(hook::RENAME);
    let this = this_move(old);
    let Some(names) = MOVES.get_ptr(&this) else {
        return count(Counter::Filtered);
    };
    // SAFETY: only this thread has this key, and it removes the entry below; if the map was full and it went before, its
    // memory stays readable and another rename's names may be told.
    let names = unsafe { &*names };
    tell(names, &names.from, names.from.object, operation::RENAME_FROM, result);
    tell(names, &names.to, names.from.object, operation::RENAME_TO, result);
    if names.flags & EXCHANGE != 0 {
        tell(names, &names.to, names.to.object, operation::RENAME_FROM, result);
        tell(names, &names.from, names.to.object, operation::RENAME_TO, result);
    }
    let _ = MOVES.remove(&this);
}

#[inline(always)]
fn tell(names: &Names, end: &End, object: Object, operation: u16, result: i32) {
    if end.watch.inode == 0 {
        return;
    }
    send(kind::FILE, Wake::IfIdle, |record, file: &mut FileRecord| {
        let current = task::current_key();
        file.actor = current;
        file.watch = end.watch;
        file.generation = end.generation;
        file.reserved = 0;
        file.object = object;
        file.operation = operation;
        file.hook = hook::RENAME;
        file.result = result;
        file.current = current;
        let start = record.start();
        let source = core::ptr::from_ref(names) as u64;
        record.append(
            From::Kernel,
            source.wrapping_add(u64::from(end.name.offset)),
            u64::from(end.name.length),
        );
        file.name = record.end(start, 0);
    });
}

#[inline(always)]
fn this_move(old: Typed) -> Move {
    Move { thread: bpf_get_current_pid_tgid(), dentry: old.untyped().0 }
}
