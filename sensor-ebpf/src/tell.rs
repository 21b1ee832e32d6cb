//! Sends a record of a name that changed.

use sensor_common::{FileRecord, Object, ProcessKey, kind};

use crate::emit::{Wake, send};
use crate::global::offsets;
use crate::kernel::Typed;
use crate::task;
use crate::watch::Place;

/// What happened to the object that a dentry stands for, by the process that runs.
#[inline(always)]
pub fn tell(place: Place, dentry: Typed, hook: u16, operation: u16, result: i32) {
    let object = task::object(dentry.untyped().follow(&offsets().dentry_inode));
    let current = task::current_key();
    tell_of(place, object, hook, operation, result, current, current);
}

/// What happened to an object, by whom, in whose system call.
#[inline(always)]
pub fn tell_of(
    place: Place,
    object: Object,
    hook: u16,
    operation: u16,
    result: i32,
    actor: ProcessKey,
    current: ProcessKey,
) {
    send(kind::FILE, Wake::IfIdle, |record, file: &mut FileRecord| {
        file.actor = actor;
        file.watch = place.key;
        file.generation = place.generation;
        file.reserved = 0;
        file.object = object;
        file.operation = operation;
        file.hook = hook;
        file.result = result;
        file.current = current;
        file.name = place.append(record);
    });
}
