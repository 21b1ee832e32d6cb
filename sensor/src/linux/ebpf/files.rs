//! The object `files`: what happens to names in watched directories.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::Path;

use aya::maps::{Array, MapData};
use aya::programs::{FEntry, FExit, Program as Loaded};
use rustix::fs::{CWD, Mode, OFlags};
use sensor_common::{Learn, Watch, hook, watch_flag};
use thiserror::Error;
use zerocopy::{FromBytes as _, IntoBytes as _};

use super::btf::Btf;
use super::ring::{Object, Order, Sizes, take};
use super::{Counters, EbpfError, Losses, object, offsets};
use crate::decode::kernel::{WatchKey, Watched, device};

/// Bytes of the ring buffer: a burst of some ten thousand records.
const RING: u32 = 4 << 20;

/// A program of the object.
pub(super) struct Program {
    pub(super) name: &'static str,
    /// The kernel function that it is attached to.
    pub(super) function: &'static str,
    pub(super) hook: u16,
    end: End,
    /// Kernels that lack the function lose only this.
    optional: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Entry,
    Exit,
    /// At its exit, if it returns a pointer.
    ExitPointer,
    /// At its exit, unless it returns a pointer.
    ExitNumber,
}

const fn program(name: &'static str, function: &'static str, hook: u16, end: End) -> Program {
    Program { name, function, hook, end, optional: false }
}

const fn optional(name: &'static str, hook: u16) -> Program {
    Program { name, function: name, hook, end: End::Exit, optional: true }
}

/// Those that most depends on come first: where tracing programs are refused, the first says so.
pub(super) const PROGRAMS: [Program; 17] = [
    program("locks_remove_file", "locks_remove_file", hook::WRITE_CLOSED, End::Entry),
    program("security_file_open", "security_file_open", hook::OPEN, End::Entry),
    program("vfs_rename_end", "vfs_rename", hook::RENAME, End::Exit),
    program("vfs_rename_begin", "vfs_rename", hook::RENAME_BEGIN, End::Entry),
    program("vfs_unlink", "vfs_unlink", hook::UNLINK, End::Exit),
    program("d_delete", "d_delete", hook::RMDIR, End::Entry),
    program("vfs_link", "vfs_link", hook::LINK, End::Exit),
    program("vfs_symlink", "vfs_symlink", hook::SYMLINK, End::Exit),
    program("vfs_mkdir", "vfs_mkdir", hook::MKDIR, End::ExitNumber),
    program("vfs_mkdir_dentry", "vfs_mkdir", hook::MKDIR, End::ExitPointer),
    program("notify_change", "notify_change", hook::ATTRIBUTE, End::Exit),
    optional("vfs_mknod", hook::MKNOD),
    optional("vfs_create", hook::CREATE),
    optional("vfs_setxattr", hook::SETXATTR),
    optional("vfs_removexattr", hook::REMOVEXATTR),
    optional("vfs_set_acl", hook::SET_ACL),
    optional("vfs_fileattr_set", hook::FILEATTR),
];

/// Whether a hook works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookState {
    /// Its programs are attached, which does not prove that they run.
    Attached,
    /// The kernel has no such function.
    Absent,
    /// The kernel refused a program, and why.
    Refused(String),
}

/// Why something can't be watched.
#[derive(Debug, Error)]
pub enum WatchError {
    /// It can't be opened.
    #[error("opening it")]
    Open(#[from] io::Error),
    /// The programs did not see our own open: they don't run, or the sensor lives in another pid namespace.
    #[error("the kernel programs did not see it being opened")]
    Unseen,
    /// The kernel's map can't be changed, such as when it is full.
    #[error("writing to the kernel's map")]
    Map(#[from] aya::maps::MapError),
}

/// Tells what happens to names in watched directories. Dropping it detaches, which takes a second.
pub struct FileSource {
    object: Object,
    watches: aya::maps::HashMap<MapData, [u8; 16], [u8; 8]>,
    learn: Array<MapData, [u8; 32]>,
    /// How the kernel knows what is watched.
    watched: HashMap<WatchKey, (sensor_common::WatchKey, Watch)>,
    hooks: Vec<(&'static str, HookState)>,
}

impl FileSource {
    /// Loads and attaches; takes some 200 ms. Needs `CAP_BPF`, `CAP_PERFMON` and a kernel that allows tracing programs: one
    /// that is locked down refuses them with EPERM.
    pub fn start() -> Result<Self, EbpfError> {
        let bytes = object::checked(object::FILES)?;
        let kernel = Btf::running()?;
        let (offsets, arguments) = (offsets::resolve(&kernel)?, offsets::resolve_arguments(&kernel));
        let globals = [("OFFSETS", offsets.as_bytes()), ("ARGUMENTS", arguments.as_bytes())];
        let btf = aya::Btf::from_sys_fs().map_err(|error| EbpfError::LoaderBtf(Box::new(error)))?;
        let mut object = Object::load("files", bytes, &globals, &Sizes::of_host(RING)?, &btf)?;
        let mut hooks = Vec::with_capacity(PROGRAMS.len());
        for program in &PROGRAMS {
            let prototype = kernel.prototype(program.function);
            let returns_pointer = prototype.as_ref().is_some_and(|prototype| prototype.returns_pointer);
            match program.end {
                End::ExitPointer if !returns_pointer => continue,
                End::ExitNumber if returns_pointer => continue,
                _ => {}
            }
            let state = match (prototype, attach(&mut object, program, &btf)) {
                (None, _) if program.optional => HookState::Absent,
                (_, Ok(())) => HookState::Attached,
                (_, Err(EbpfError::Program { source, .. })) if program.optional => {
                    HookState::Refused(source.to_string())
                }
                (_, Err(error)) => return Err(error),
            };
            hooks.push((program.name, state));
        }
        let watches = take(&mut object.ebpf, "WATCHES")?;
        let learn = take(&mut object.ebpf, "LEARN")?;
        Ok(Self { object, watches, learn, watched: HashMap::new(), hooks })
    }

    /// Watches a directory or a file, which must not be a symbolic link. With `children`, names in the directories that
    /// lie in it are told as well, so that nothing is missed before those are watched themselves.
    ///
    /// What changed before this returns may have been missed: read the directory afterwards.
    pub fn watch(&mut self, path: &Path, children: bool) -> Result<WatchKey, WatchError> {
        let learned = self.learn(path)?;
        let shown = (device(learned.key.device), learned.key.inode);
        // What is watched for several reasons is watched for all of them.
        let before = self.watched.get(&shown).filter(|(_, before)| before.generation == learned.generation);
        let flags = before.map_or(0, |(_, before)| before.flags);
        let flags = if children { flags | watch_flag::CHILDREN } else { flags };
        let watch = Watch { flags, generation: learned.generation };
        self.watches.insert(key_bytes(learned.key), watch_bytes(watch), 0)?;
        self.watched.insert(shown, (learned.key, watch));
        Ok(shown)
    }

    /// Whether `path` still leads to what is watched as `key`.
    pub fn confirm(&mut self, path: &Path, key: WatchKey) -> bool {
        let Ok(learned) = self.learn(path) else { return false };
        let is_same = (device(learned.key.device), learned.key.inode) == key;
        is_same && self.watch(path, false).is_ok_and(|again| again == key)
    }

    /// Whether what a record is about surely is what was watched. It is not sure when the inode has another generation by
    /// now, or its file system keeps none, as overlayfs does: watch the path again to know.
    pub fn is_sure(&self, watched: Watched) -> bool {
        let known = self.watched.get(&watched.key);
        watched.generation != 0 && known.is_some_and(|(_, known)| known.generation == watched.generation)
    }

    /// Ends a watch; nothing happens if there is none.
    pub fn unwatch(&mut self, key: WatchKey) -> Result<(), WatchError> {
        let Some((key, _)) = self.watched.remove(&key) else { return Ok(()) };
        Ok(self.watches.remove(&key_bytes(key))?)
    }

    /// Hands at most `max` raw records to `f`, oldest first, and tells how many there were. Fewer than `max` means that
    /// the buffer was empty. Never blocks; the descriptor becomes readable when there is something.
    pub fn drain(&mut self, max: usize, f: impl FnMut(&[u8])) -> usize {
        self.object.drain(max, f)
    }

    /// What the programs have counted.
    pub fn counters(&self) -> Result<Counters, EbpfError> {
        self.object.counters()
    }

    /// What never reached the reader.
    pub fn losses(&self) -> Result<Losses, EbpfError> {
        self.object.losses()
    }

    /// Each program and whether it is attached.
    pub fn hooks(&self) -> &[(&'static str, HookState)] {
        &self.hooks
    }

    /// How often a hook of [`hook`] was called.
    pub(super) fn calls(&self, hook: u16) -> Result<u64, EbpfError> {
        self.object.calls(hook)
    }

    /// Lets each lane count from one again, when nothing is watched.
    pub(super) fn restart_lanes(&mut self) -> Result<(), EbpfError> {
        self.object.restart_lanes()
    }

    /// Opens something in sight of the kernel programs, which tell its key.
    fn learn(&mut self, path: &Path) -> Result<Learn, WatchError> {
        let process = u64::from(rustix::process::getpid().as_raw_nonzero().get().unsigned_abs());
        let thread = u64::from(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs());
        let question = Learn { thread: process << 32 | thread, ..Learn::default() };
        self.learn.set(0, learn_bytes(question), 0)?;
        // By O_NOATIME the programs know that it may be us. O_NONBLOCK: a pipe in its place must not hold us.
        let flags = OFlags::RDONLY
            | OFlags::NOATIME
            | OFlags::NOFOLLOW
            | OFlags::NONBLOCK
            | OFlags::CLOEXEC
            | OFlags::NOCTTY;
        let opened = rustix::fs::openat(CWD, path, flags, Mode::empty());
        let answer = self.learn.get(&0, 0)?;
        self.learn.set(0, learn_bytes(Learn::default()), 0)?;
        drop(opened.map_err(io::Error::from)?);
        let answer = Learn::read_from_bytes(&answer).unwrap_or_default();
        if answer.key.inode == 0 { Err(WatchError::Unseen) } else { Ok(answer) }
    }
}

impl AsFd for FileSource {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.object.as_fd()
    }
}

impl AsRawFd for FileSource {
    fn as_raw_fd(&self) -> RawFd {
        self.object.as_fd().as_raw_fd()
    }
}

fn attach(object: &mut Object, program: &Program, btf: &aya::Btf) -> Result<(), EbpfError> {
    let Program { name, function, hook, end, .. } = *program;
    if end == End::Entry {
        let load = |loaded: &mut Loaded| <&mut FEntry>::try_from(loaded)?.load(function, btf);
        let attach = |loaded: &mut Loaded| <&mut FEntry>::try_from(loaded)?.attach().map(drop);
        object.attach(name, hook, Order::NewestFirst, load, attach)
    } else {
        let load = |loaded: &mut Loaded| <&mut FExit>::try_from(loaded)?.load(function, btf);
        let attach = |loaded: &mut Loaded| <&mut FExit>::try_from(loaded)?.attach().map(drop);
        object.attach(name, hook, Order::NewestFirst, load, attach)
    }
}

// Keys and values as bytes: the loader's library takes arrays, and conversions are checked.

fn key_bytes(key: sensor_common::WatchKey) -> [u8; 16] {
    zerocopy::transmute!(key)
}

fn watch_bytes(watch: Watch) -> [u8; 8] {
    zerocopy::transmute!(watch)
}

fn learn_bytes(learn: Learn) -> [u8; 32] {
    zerocopy::transmute!(learn)
}
