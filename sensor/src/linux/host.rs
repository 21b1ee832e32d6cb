//! A live Linux host, as the core asks it.

use std::path::Path;
use std::sync::mpsc;

use bstr::{BStr, BString};

use super::hashes::Hashes;
use super::users::UserNames;
use super::{files, proc, users};
use crate::host::{FileState, Host, Identity, Program};
use crate::model::{Known, Process, Reason, Scope, Timestamp};

/// Programs of up to so many bytes are hashed before an event is told; larger ones follow. SHA-256 takes some 3 ms for
/// as much without the processor's help, and an event is to be told within 20 ms.
const AT_ONCE: u64 = 4 * 1024 * 1024;
/// The most large programs that wait to be hashed.
const MOST_WAITING: usize = 256;

/// A live Linux host.
pub struct LiveHost {
    names: UserNames,
    hashes: Hashes,
    hash_limit: u64,
    hasher: mpsc::SyncSender<BString>,
    follow: Vec<(BString, BString)>,
    watch_names: Vec<(BString, BString)>,
    await_names: Vec<BString>,
}

/// A large program's hash that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashed {
    /// The program, by its true path.
    pub path: BString,
    /// Its SHA-256 in hexadecimal, or why there is none.
    pub sha256: Result<String, Reason>,
}

impl LiveHost {
    /// A host whose small programs are hashed at once, and larger ones of up to `hash_limit` bytes by a thread of their
    /// own, which hands each hash to `ready`.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn new(hash_limit: u64, ready: impl Fn(Hashed) + Send + 'static) -> std::io::Result<Self> {
        let (hasher, waiting) = mpsc::sync_channel::<BString>(MOST_WAITING);
        std::thread::Builder::new().name("hash".into()).spawn(move || {
            for path in waiting {
                let sha256 = files::sha256(super::path::os_path(path.as_ref()));
                ready(Hashed { path, sha256 });
            }
        })?;
        Ok(Self {
            names: UserNames::default(),
            hashes: Hashes::default(),
            hash_limit,
            hasher,
            follow: Vec::new(),
            watch_names: Vec::new(),
            await_names: Vec::new(),
        })
    }
}

impl LiveHost {
    /// Takes what was asked to be followed: a path and the file that it leads to.
    pub fn take_followed(&mut self) -> Vec<(BString, BString)> {
        std::mem::take(&mut self.follow)
    }

    /// Takes the names that are to be watched: the path at which that is told, and the name.
    pub fn take_watched(&mut self) -> Vec<(BString, BString)> {
        std::mem::take(&mut self.watch_names)
    }

    /// Takes the paths of files whose further names are to be told.
    pub fn take_awaited(&mut self) -> Vec<BString> {
        std::mem::take(&mut self.await_names)
    }
}

impl Host for LiveHost {
    fn file(&mut self, path: &BStr) -> FileState {
        files::state(path)
    }

    fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
        files::link(path)
    }

    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason> {
        files::list(path)
    }

    fn program(&mut self, path: &BStr) -> Result<Program, Reason> {
        let mut program = files::program(path, self.hash_limit.min(AT_ONCE), &mut self.hashes)?;
        let waits = program.sha256 == Known::Pending;
        if waits && (program.size > self.hash_limit || self.hasher.try_send(program.path.clone()).is_err()) {
            program.sha256 = Known::Missing(Reason::TooLarge);
        }
        Ok(program)
    }

    fn identity(&mut self, path: &BStr) -> Result<Identity, Reason> {
        files::identity(path, &mut self.hashes)
    }

    fn size(&mut self, path: &BStr) -> Result<u64, Reason> {
        files::size(path)
    }

    fn changed(&mut self, path: &BStr) -> Result<Timestamp, Reason> {
        files::changed(path)
    }

    fn comm(&mut self, pid: u32) -> Result<BString, Reason> {
        proc::comm(pid)
    }

    fn follow(&mut self, path: &BStr, file: &BStr) {
        self.follow.push((path.into(), file.into()));
    }

    fn watch_name(&mut self, path: &BStr, name: &BStr) {
        self.watch_names.push((path.into(), name.into()));
    }

    fn await_names(&mut self, path: &BStr) {
        self.await_names.push(path.into());
    }

    fn process(&mut self, pid: u32) -> Result<Process, Reason> {
        proc::process(pid)
    }

    fn processes(&mut self) -> Vec<u32> {
        proc::all().unwrap_or_default()
    }

    fn writes(&mut self, pid: u32, object: (u64, u64)) -> bool {
        proc::writes(pid, object.0, object.1)
    }

    fn user_name(&mut self, uid: u32) -> Result<String, Reason> {
        self.names.name(uid)
    }

    fn remote_address(&mut self, session: u32) -> Result<String, Reason> {
        users::remote_address(session)
    }

    fn manager_runs(&mut self, scope: Scope) -> bool {
        match scope {
            // sd_booted(3).
            Scope::System | Scope::AllUsers => Path::new("/run/systemd/system").is_dir(),
            Scope::User(uid) => Path::new(&format!("/run/user/{uid}/systemd/private")).exists(),
        }
    }
}
