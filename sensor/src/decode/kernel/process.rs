//! Records of processes.

use bstr::BString;
use sensor_common::{ExecRecord, ExitRecord, ForkRecord, Object};

use super::{DecodeError, device, text};
use crate::model::observation::{Exec, Fork, Script};
use crate::model::process::{Credentials, Namespaces};
use crate::model::{Known, ObservationKind, Process, ProcessKey, Reason};

pub(super) fn key(key: sensor_common::ProcessKey) -> ProcessKey {
    ProcessKey { pid: key.pid, start_ns: key.start_ns }
}

/// Device and inode as stat(2) tells them; `None` for no file.
pub(super) fn object(object: Object) -> Option<(u64, u64)> {
    (object.inode != 0).then(|| (device(object.device), object.inode))
}

fn known_object(file: Object) -> Known<(u64, u64)> {
    object(file).map_or(Known::Missing(Reason::Failed), Known::Is)
}

/// The parent is the process that called clone(2): its image is what the child runs, also after `CLONE_PARENT`.
pub(super) fn fork(record: &ForkRecord) -> ObservationKind {
    ObservationKind::Fork(Fork { parent: key(record.creator), child: key(record.child) })
}

pub(super) fn exit(record: &ExitRecord) -> ObservationKind {
    ObservationKind::Exit(key(record.process))
}

pub(super) fn exec(record: &ExecRecord, bytes: &[u8]) -> Result<ObservationKind, DecodeError> {
    let argv = text::words(record.argv, bytes)?;
    let process = Process {
        key: key(record.process),
        parent: (record.parent.pid != 0).then(|| key(record.parent)),
        comm: Known::Is(text::padded(&record.comm)),
        exe: text::path(record.exe, bytes)?,
        argv,
        argv_truncated: text::is_truncated(record.argv),
        cwd: text::path(record.cwd, bytes)?,
        user: Known::Is(Credentials {
            uid: record.uid,
            gid: record.gid,
            euid: record.euid,
            login_uid: (record.login_uid != u32::MAX).then_some(record.login_uid),
            session: (record.session != u32::MAX).then_some(record.session),
        }),
        tty: Known::Is(terminal(&record.tty)),
        cgroup: text::path(record.cgroup, bytes)?,
        unit: None,
        container: None,
        namespaces: Known::Is(Namespaces {
            mount: record.mount_ns,
            pid: record.pid_ns,
            user: record.user_ns,
            network: record.net_ns,
        }),
    };
    let script = if record.script_object.inode == 0 && record.script.flags == 0 {
        None
    } else {
        let path = text::path(record.script, bytes)?;
        Some(Script { path, object: known_object(record.script_object) })
    };
    Ok(ObservationKind::Exec(Box::new(Exec {
        process,
        filename: text::plain(record.filename, bytes)?,
        object: known_object(record.exe_object),
        script,
    })))
}

/// A terminal's name as user space knows it: the kernel names a pseudo-terminal `pts0`, its file is /dev/pts/0.
fn terminal(field: &[u8]) -> Option<BString> {
    let name = text::padded(field);
    match name.strip_prefix(b"pts") {
        Some(number) if !number.is_empty() && number.iter().all(u8::is_ascii_digit) => {
            Some([b"pts/", number].concat().into())
        }
        _ => (!name.is_empty()).then_some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_named_as_in_dev() {
        for (kernel, expected) in [
            (&b"pts0\0\0"[..], Some("pts/0")),
            (b"pts41\0x", Some("pts/41")),
            (b"ttyS0\0", Some("ttyS0")),
            (b"tty1", Some("tty1")),
            (b"pts", Some("pts")),
            (b"ptsx1", Some("ptsx1")),
            (b"\0\0", None),
            (b"", None),
        ] {
            assert_eq!(terminal(kernel), expected.map(BString::from), "{kernel:?}");
        }
    }
}
