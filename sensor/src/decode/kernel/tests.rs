use proptest::prelude::*;
use sensor_common::{
    ExecRecord, ExitRecord, FileRecord, ForkRecord, Object, ProcessKey as WireKey, Text,
    WatchKey as WireWatch, hook, operation, text_flag,
};
use zerocopy::{Immutable, IntoBytes};

use super::*;
use crate::model::observation::{Exec, FileObservation, Fork};
use crate::model::process::{Credentials, Namespaces};
use crate::model::{FileOperation, Known, ProcessKey, Reason};

const CLOCK: Clock = Clock { offset_ns: 1_764_000_000_000_000_000 };
const ETC: (u64, u64) = (0xfe00, 77);
/// `ETC.0` as the kernel keeps it: major 254, minor 0.
const ETC_DEVICE: u32 = 254 << 20;

fn header(kind: u16) -> Header {
    Header { abi: ABI_VERSION, kind, length: 0, time_ns: 5_000, sequence: 3, lane: 2, cpu: 1 }
}

fn wire(pid: u32) -> WireKey {
    WireKey { pid, reserved: 0, start_ns: u64::from(pid) * 1_000 }
}

fn key(pid: u32) -> ProcessKey {
    ProcessKey { pid, start_ns: u64::from(pid) * 1_000 }
}

fn directories() -> Directories {
    Directories::from([(ETC, "/etc/systemd/system".into())])
}

/// Puts texts behind a fixed part.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
}

impl Texts {
    fn add<T>(&mut self, text: &[u8], flags: u16) -> Text {
        let offset = u32::try_from(size_of::<T>() + self.bytes.len()).unwrap();
        self.bytes.extend_from_slice(text);
        Text { offset, length: u16::try_from(text.len()).unwrap(), flags }
    }

    fn finish<T: IntoBytes + Immutable>(&self, fixed: &T) -> Vec<u8> {
        let mut bytes = [fixed.as_bytes(), &self.bytes].concat();
        let length = u32::try_from(bytes.len()).unwrap();
        bytes[4..8].copy_from_slice(&length.to_ne_bytes());
        bytes
    }
}

fn exec_record(change: impl FnOnce(&mut ExecRecord, &mut Texts)) -> Vec<u8> {
    let mut texts = Texts::default();
    let mut tty = [0; 16];
    tty[..4].copy_from_slice(b"pts3");
    let mut record = ExecRecord {
        header: header(kind::EXEC),
        process: wire(20),
        parent: wire(10),
        exe_object: Object { device: ETC_DEVICE, mode: 0o100_755, inode: 4 },
        script_object: Object::NONE,
        cgroup_id: 9,
        uid: 0,
        gid: 1,
        euid: 2,
        egid: 3,
        login_uid: 1000,
        session: u32::MAX,
        mount_ns: 11,
        pid_ns: 12,
        user_ns: 13,
        net_ns: 14,
        argc: 3,
        reserved: 0,
        comm: *b"cp\0left over....",
        tty,
        filename: texts.add::<ExecRecord>(b"./cp", 0),
        argv: texts.add::<ExecRecord>(b"cp\0\0/etc/x y\0", 0),
        exe: texts.add::<ExecRecord>(b"cp/bin/usr/", 0),
        script: Text::EMPTY,
        cwd: texts.add::<ExecRecord>(b"", 0),
        cgroup: texts.add::<ExecRecord>(b"ssh.service/system.slice/", 0),
    };
    change(&mut record, &mut texts);
    texts.finish(&record)
}

fn exec_of(bytes: &[u8]) -> Exec {
    match decode(bytes, CLOCK, &directories()).unwrap().kind {
        ObservationKind::Exec(exec) => *exec,
        other => panic!("{other:?}"),
    }
}

fn file_record(change: impl FnOnce(&mut FileRecord)) -> Vec<u8> {
    let mut texts = Texts::default();
    let mut record = FileRecord {
        header: header(kind::FILE),
        actor: wire(20),
        watch: WireWatch { device: ETC_DEVICE, reserved: 0, inode: ETC.1 },
        generation: 5,
        reserved: 0,
        object: Object { device: ETC_DEVICE, mode: 0o100_644, inode: 78 },
        operation: operation::CLOSE,
        hook: hook::WRITE_CLOSED,
        result: 0,
        current: wire(21),
        name: texts.add::<FileRecord>(b"x.service", 0),
    };
    change(&mut record);
    texts.finish(&record)
}

fn fork_record() -> Vec<u8> {
    let fork = ForkRecord { header: header(kind::FORK), creator: wire(1), parent: wire(2), child: wire(3) };
    Texts::default().finish(&fork)
}

fn exit_record() -> Vec<u8> {
    Texts::default().finish(&ExitRecord { header: header(kind::EXIT), process: wire(4) })
}

#[test]
fn fork_names_the_creator_and_the_child() {
    let record = decode(&fork_record(), CLOCK, &directories()).unwrap();
    let expected = KernelRecord {
        time: Timestamp(1_764_000_000_000_005_000),
        lane: 2,
        sequence: 3,
        cpu: 1,
        watch: None,
        kind: ObservationKind::Fork(Fork { parent: key(1), child: key(3) }),
    };
    assert_eq!(record, expected);
}

#[test]
fn exit_names_the_process() {
    let record = decode(&exit_record(), CLOCK, &directories()).unwrap();
    assert_eq!(record.kind, ObservationKind::Exit(key(4)));
}

#[test]
fn exec_tells_all_of_the_process() {
    let exec = exec_of(&exec_record(|_, _| {}));
    let process = &exec.process;
    assert_eq!((process.key, process.parent), (key(20), Some(key(10))));
    assert_eq!(process.comm, Known::Is("cp".into()));
    assert_eq!(process.exe, Known::Is("/usr/bin/cp".into()));
    assert_eq!(process.argv, Known::Is(vec!["cp".into(), "".into(), "/etc/x y".into()]));
    assert!(!process.argv_truncated);
    assert_eq!(process.cwd, Known::Is("/".into()));
    let user = Credentials { uid: 0, gid: 1, euid: 2, login_uid: Some(1000), session: None };
    assert_eq!(process.user, Known::Is(user));
    assert_eq!(process.tty, Known::Is(Some("pts/3".into())));
    assert_eq!(process.cgroup, Known::Is("/system.slice/ssh.service".into()));
    assert_eq!(process.namespaces, Known::Is(Namespaces { mount: 11, pid: 12, user: 13, network: 14 }));
    assert_eq!(exec.filename, Known::Is("./cp".into()));
    assert_eq!(exec.object, Known::Is((0xfe00, 4)));
    assert_eq!(exec.script, None);
}

#[test]
fn a_script_is_told_with_its_own_file() {
    let exec = exec_of(&exec_record(|record, texts| {
        record.script_object = Object { device: 8 << 20 | 0x12345, mode: 0o100_755, inode: 5 };
        record.script = texts.add::<ExecRecord>(b"run.sh/tmp/", 0);
    }));
    let script = exec.script.unwrap();
    assert_eq!(script.path, Known::Is("/tmp/run.sh".into()));
    // makedev(8, 0x12345)
    assert_eq!(script.object, Known::Is((0x1230_0845, 5)));
}

#[test]
fn a_script_whose_file_is_gone_is_still_a_script() {
    let exec = exec_of(&exec_record(|record, _| record.script.flags = text_flag::FAULT));
    let script = exec.script.unwrap();
    assert_eq!(
        (script.path, script.object),
        (Known::Missing(Reason::Failed), Known::Missing(Reason::Failed))
    );
}

#[test]
fn paths_say_what_is_wrong_with_them() {
    use text_flag::{DETACHED, FAULT, TRUNCATED, UNLINKED};
    let missing = |reason| Known::Missing(reason);
    for (text, flags, expected) in [
        (&b"a/b/"[..], 0, Known::Is("/b/a".into())),
        (b"", 0, Known::Is("/".into())),
        (b"a/b/", UNLINKED, Known::Is("/b/a (deleted)".into())),
        (b"memfd:x/", DETACHED | UNLINKED, Known::Is("memfd:x (deleted)".into())),
        (b"a/b/", TRUNCATED, missing(Reason::TooLarge)),
        (b"a/", FAULT, missing(Reason::Failed)),
        (b"a/", FAULT | TRUNCATED, missing(Reason::Failed)),
        // Not written by us, yet answered.
        (b"a", 0, Known::Is("/a".into())),
        (b"//", 0, Known::Is("//".into())),
    ] {
        let exec = exec_of(&exec_record(|record, texts| record.exe = texts.add::<ExecRecord>(text, flags)));
        assert_eq!(exec.process.exe, expected, "{text:?} {flags}");
    }
}

#[test]
fn arguments_say_what_is_wrong_with_them() {
    let words = |words: &[&str]| Known::Is(words.iter().map(|word| BString::from(*word)).collect::<Vec<_>>());
    for (text, flags, expected, truncated) in [
        (&b""[..], 0, words(&[]), false),
        (b"\0", 0, words(&[""]), false),
        (b"a\0b", text_flag::TRUNCATED, words(&["a", "b"]), true),
        (b"a\0", text_flag::TRUNCATED | text_flag::FAULT, words(&["a"]), true),
        (b"", text_flag::TRUNCATED | text_flag::FAULT, Known::Missing(Reason::Failed), true),
    ] {
        let exec = exec_of(&exec_record(|record, texts| record.argv = texts.add::<ExecRecord>(text, flags)));
        assert_eq!(
            (exec.process.argv, exec.process.argv_truncated),
            (expected, truncated),
            "{text:?} {flags}"
        );
    }
}

#[test]
fn file_tells_directory_name_and_actor() {
    let record = decode(&file_record(|_| {}), CLOCK, &directories()).unwrap();
    let expected = FileObservation {
        operation: FileOperation::Close,
        directory: "/etc/systemd/system".into(),
        name: "x.service".into(),
        is_directory: false,
        actor: key(20),
        object: Known::Is((0xfe00, 78)),
        error: 0,
        hook: "locks_remove_file",
    };
    assert_eq!(record.kind, ObservationKind::File(expected));
}

#[test]
fn a_name_below_an_unwatched_directory_tells_that_directory() {
    for (text, directory, name) in [
        (&b"x.service.d/o.conf"[..], "/etc/systemd/system/x.service.d", "o.conf"),
        (b"", "/etc/systemd/system", ""),
        // Not written by us, yet answered.
        (b"/", "/etc/systemd/system/", ""),
        (b"a/b/c", "/etc/systemd/system/a", "b/c"),
    ] {
        let mut texts = Texts::default();
        let whole = file_record(|_| {});
        let (mut record, _) = FileRecord::read_from_prefix(&whole).unwrap();
        record.name = texts.add::<FileRecord>(text, 0);
        let bytes = texts.finish(&record);
        let ObservationKind::File(file) = decode(&bytes, CLOCK, &directories()).unwrap().kind else {
            panic!()
        };
        assert_eq!((file.directory, file.name), (directory.into(), name.into()));
    }
}

#[test]
fn a_failed_attempt_tells_its_error() {
    let bytes = file_record(|record| {
        record.result = -13;
        record.object = Object { mode: 0o040_755, ..Object::NONE };
        record.operation = operation::CREATE;
        record.hook = hook::MKDIR;
    });
    let ObservationKind::File(file) = decode(&bytes, CLOCK, &directories()).unwrap().kind else { panic!() };
    assert_eq!((file.error, file.is_directory, file.hook), (13, true, "vfs_mkdir"));
    assert_eq!(file.object, Known::Missing(Reason::NotRecorded));
}

#[test]
fn each_way_of_being_wrong_has_its_error() {
    let whole = exec_record(|_, _| {});
    let length = whole.len();
    let with = |at: usize, value: &[u8]| {
        let mut bytes = whole.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    let told = u32::try_from(length).unwrap();
    let header_only = {
        let mut bytes = whole[..32].to_vec();
        bytes[4..8].copy_from_slice(&32_u32.to_ne_bytes());
        bytes
    };
    for (bytes, expected) in [
        (Vec::new(), DecodeError::Short { length: 0, expected: 32 }),
        (whole[..31].to_vec(), DecodeError::Short { length: 31, expected: 32 }),
        (header_only, DecodeError::Short { length: 32, expected: size_of::<ExecRecord>() }),
        (with(0, &99_u16.to_ne_bytes()), DecodeError::Version(99)),
        (whole[..length - 1].to_vec(), DecodeError::Length { told, length: length - 1 }),
        (with(2, &9_u16.to_ne_bytes()), DecodeError::Kind(9)),
        (exec_record(|record, _| record.cwd.offset = 100_000), DecodeError::Text { offset: 100_000 }),
        (exec_record(|record, _| record.exe.offset = u32::MAX), DecodeError::Text { offset: u32::MAX }),
        (file_record(|record| record.operation = 0), DecodeError::Operation(0)),
        (file_record(|record| record.hook = hook::EXEC), DecodeError::Hook(hook::EXEC)),
        (file_record(|record| record.watch.inode = 1), DecodeError::Watch { device: 0xfe00, inode: 1 }),
    ] {
        assert_eq!(decode(&bytes, CLOCK, &directories()), Err(expected), "{expected}");
    }
}

#[test]
fn no_time_overflows() {
    assert_eq!(Clock { offset_ns: i64::MAX }.time(u64::MAX), Timestamp(i64::MAX));
    assert_eq!(Clock { offset_ns: i64::MIN }.time(0), Timestamp(i64::MIN));
}

proptest! {
    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = decode(&bytes, CLOCK, &directories());
    }

    /// Damage leads to an error or to another value of the same kind, never further.
    #[test]
    fn damaged_records_are_answered(
        which in 0..4_usize,
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let mut bytes = match which {
            0 => fork_record(),
            1 => exit_record(),
            2 => exec_record(|_, _| {}),
            _ => file_record(|_| {}),
        };
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = decode(&bytes, CLOCK, &directories());
    }

    /// What the kernel wrote comes out as it was.
    #[test]
    fn words_and_paths_come_back(
        words in proptest::collection::vec("[^\0]{0,20}", 1..6),
        names in proptest::collection::vec("[^\0/]{1,20}", 0..6),
    ) {
        let argv: Vec<u8> = words.iter().flat_map(|word| [word.as_bytes(), b"\0"].concat()).collect();
        let path: Vec<u8> = names.iter().rev().flat_map(|name| [name.as_bytes(), b"/"].concat()).collect();
        let exec = exec_of(&exec_record(|record, texts| {
            record.argv = texts.add::<ExecRecord>(&argv, 0);
            record.cwd = texts.add::<ExecRecord>(&path, 0);
        }));
        let expected: Vec<BString> = words.iter().map(|word| BString::from(word.as_str())).collect();
        prop_assert_eq!(exec.process.argv, Known::Is(expected));
        let expected = format!("/{}", names.join("/"));
        prop_assert_eq!(exec.process.cwd, Known::Is(expected.as_str().into()));
    }
}
