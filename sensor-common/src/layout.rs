//! The layout of every record, for tests that compare it with a blessed table.

use core::mem::{offset_of, size_of};

use crate::{
    Arguments, ExecRecord, ExitRecord, FileRecord, ForkRecord, Header, Learn, Object, Offsets, ProcessKey,
    Text, Watch, WatchKey,
};

/// A structure's layout.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The structure's name.
    pub name: &'static str,
    /// Its size in bytes.
    pub size: usize,
    /// Its fields, in order.
    pub fields: &'static [Field],
}

/// A field's place.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Bytes from the start of the structure.
    pub offset: usize,
}

macro_rules! layout {
    ($name:ident { $($field:ident),* $(,)? } = $size:literal) => {{
        // Holds on both sides, since both compile this file.
        const { assert!(size_of::<$name>() == $size) };
        Layout {
            name: stringify!($name),
            size: size_of::<$name>(),
            fields: &[$(Field { name: stringify!($field), offset: offset_of!($name, $field) }),*],
        }
    }};
}

/// The layout of every structure that crosses the border.
pub const fn layouts() -> [Layout; 13] {
    [
        layout!(Header { abi, kind, length, time_ns, sequence, lane, cpu } = 32),
        layout!(Text { offset, length, flags } = 8),
        layout!(ProcessKey { pid, reserved, start_ns } = 16),
        layout!(Object { device, mode, inode } = 16),
        layout!(ForkRecord { header, creator, parent, child } = 80),
        layout!(ExitRecord { header, process } = 48),
        layout!(
            ExecRecord {
                header,
                process,
                parent,
                exe_object,
                script_object,
                cgroup_id,
                uid,
                gid,
                euid,
                egid,
                login_uid,
                session,
                mount_ns,
                pid_ns,
                user_ns,
                net_ns,
                argc,
                reserved,
                comm,
                tty,
                filename,
                argv,
                exe,
                script,
                cwd,
                cgroup,
            } = 232
        ),
        layout!(WatchKey { device, reserved, inode } = 16),
        layout!(Watch { flags, generation } = 8),
        layout!(Learn { thread, key, generation, reserved } = 32),
        layout!(
            FileRecord {
                header,
                actor,
                watch,
                generation,
                reserved,
                object,
                operation,
                hook,
                result,
                current,
                name,
            } = 120
        ),
        Layout { name: "Offsets", size: size_of::<Offsets>(), fields: &[] },
        Layout { name: "Arguments", size: size_of::<Arguments>(), fields: &[] },
    ]
}

// The table is evaluated by the compiler on both sides, whether or not anybody calls it.
const _: [Layout; 13] = layouts();
