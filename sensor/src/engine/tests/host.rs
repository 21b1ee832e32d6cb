//! A host of a few files and processes, and an engine on it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bstr::{BStr, BString};

use crate::engine::{Engine, Input, Start};
use crate::host::{FileState, Host, Identity, Program, RegularFile};
use crate::model::line::{Enrichment, Fact, Started};
use crate::model::observation::{Exec, FileObservation, Fork};
use crate::model::process::Credentials;
use crate::model::{
    FileOperation, Known, Line, Observation, ObservationId, ObservationKind, Process, ProcessKey, Reason,
    Scope, ServiceEvent, Timestamp,
};
use crate::systemd::cgroup;

pub(in crate::engine) const ETC: &str = "/etc/systemd/system";

/// What the engine asks.
#[derive(Default)]
pub(in crate::engine) struct Tree {
    pub(in crate::engine) files: BTreeMap<BString, FileState>,
    pub(in crate::engine) writers: HashSet<u32>,
    /// When files changed, by the wall clock.
    pub(in crate::engine) changed: BTreeMap<BString, i64>,
}

impl Host for Tree {
    fn file(&mut self, path: &BStr) -> FileState {
        let below = [path.as_ref() as &[u8], b"/"].concat();
        let is_directory = || self.files.keys().any(|file| file.starts_with(&below));
        let missing = || if is_directory() { FileState::Directory } else { FileState::Absent };
        self.files.get(path).cloned().unwrap_or_else(missing)
    }
    fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
        match self.files.get(path) {
            Some(FileState::Symlink { target }) => Ok(target.clone()),
            _ => Err(Reason::Unsupported),
        }
    }
    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason> {
        let below = [path.as_ref() as &[u8], b"/"].concat();
        let names = self.files.keys().filter_map(|file| file.strip_prefix(below.as_slice()));
        let mut names: Vec<BString> =
            names.map(|rest| rest.split(|byte| *byte == b'/').next().unwrap().into()).collect();
        names.dedup();
        Ok(names)
    }
    fn program(&mut self, _path: &BStr) -> Result<Program, Reason> {
        Err(Reason::NotFound)
    }
    fn identity(&mut self, path: &BStr) -> Result<Identity, Reason> {
        match self.files.get(path) {
            Some(FileState::Regular(file)) => Ok(Identity {
                path: path.into(),
                object: file.object,
                born_ns: 0,
                size: file.size,
                modified_ns: file.links.cast_signed(),
                sha256: (file.size < 100).then(|| BString::from(&*file.content).to_string()),
                mode: file.mode,
                owner: (file.uid, file.gid),
            }),
            _ => Err(Reason::NotFound),
        }
    }
    fn size(&mut self, _path: &BStr) -> Result<u64, Reason> {
        Err(Reason::NotFound)
    }
    fn changed(&mut self, path: &BStr) -> Result<Timestamp, Reason> {
        self.changed.get(path).map(|time| Timestamp(*time)).ok_or(Reason::NotFound)
    }
    fn comm(&mut self, _pid: u32) -> Result<BString, Reason> {
        Err(Reason::NotFound)
    }
    fn follow(&mut self, _path: &BStr, _file: &BStr) {}
    fn watch_name(&mut self, _path: &BStr, _name: &BStr) {}

    fn await_names(&mut self, _path: &BStr) {}
    fn process(&mut self, _pid: u32) -> Result<Process, Reason> {
        Err(Reason::NotFound)
    }
    fn processes(&mut self) -> Vec<u32> {
        Vec::new()
    }
    fn writes(&mut self, pid: u32, _object: (u64, u64)) -> bool {
        self.writers.contains(&pid)
    }
    fn user_name(&mut self, _uid: u32) -> Result<String, Reason> {
        Err(Reason::NotFound)
    }
    fn remote_address(&mut self, _session: u32) -> Result<String, Reason> {
        Err(Reason::NotFound)
    }
    fn manager_runs(&mut self, _scope: Scope) -> bool {
        true
    }
}

/// A regular file of root's.
pub(in crate::engine) fn regular(content: &str) -> FileState {
    FileState::Regular(RegularFile {
        content: content.as_bytes().into(),
        size: content.len() as u64,
        mode: 0o644,
        uid: 0,
        gid: 0,
        links: 1,
        object: (1, 2),
    })
}

/// An engine on a host, and what it has told.
pub(in crate::engine) struct Run {
    pub(in crate::engine) engine: Engine,
    pub(in crate::engine) host: Tree,
    pub(in crate::engine) lines: Vec<Line>,
    now: i64,
    seen: u64,
}

impl Run {
    /// An engine that has read a host with these files; the first process is systemd, and 100 a shell.
    pub(in crate::engine) fn new(files: &[(&str, &str)]) -> Self {
        let mut host = Tree::default();
        host.files.extend(files.iter().map(|(path, content)| ((*path).into(), regular(content))));
        let mut run = Self { engine: Engine::new(), host, lines: Vec::new(), now: 0, seen: 0 };
        let unknown = Known::Missing(Reason::NotRecorded);
        run.feed(Input::Start(Box::new(Start {
            started: Started {
                time: Timestamp(0),
                run: "r".into(),
                version: String::new(),
                os_release: unknown.clone(),
                host: unknown.clone(),
                boot_id: unknown,
                sources: Vec::new(),
                blind: Vec::new(),
                services: 0,
            },
            boot_offset_ns: 0,
            users: vec![(1000, "/home/kim".into())],
            merged_usr: true,
            extra: Vec::new(),
            settle: Duration::from_millis(250),
            redaction_key: [0; 32],
            links: Vec::new(),
        })));
        run.exec(1, 0, "/usr/lib/systemd/systemd", &["/sbin/init"], "/init.scope");
        run.exec(100, 1, "/usr/bin/bash", &["-bash"], "/user.slice/user-0.slice/session-1.scope");
        run.lines.clear();
        run
    }

    pub(in crate::engine) fn feed(&mut self, input: Input) {
        self.engine.feed(input, &mut self.host, &mut self.lines);
    }

    /// Lets time pass.
    pub(in crate::engine) fn pass(&mut self, milliseconds: i64) {
        self.now += milliseconds * 1_000_000;
        self.feed(Input::Tick(Timestamp(self.now)));
    }

    fn observe(&mut self, kind: ObservationKind) {
        self.now += 1_000;
        self.seen += 1;
        let seen = Observation { id: ObservationId(self.seen), time: Timestamp(self.now), kind };
        self.engine.observe(seen, &mut self.host, &mut self.lines);
        self.engine.tell_refused(&mut self.lines);
    }

    pub(in crate::engine) fn fork(&mut self, parent: u32, child: u32) {
        self.observe(ObservationKind::Fork(Fork { parent: key(parent), child: key(child) }));
    }

    /// A process begins to run a program, in /root.
    pub(in crate::engine) fn exec(&mut self, pid: u32, parent: u32, exe: &str, argv: &[&str], group: &str) {
        let uid = cgroup::user_manager(group.into()).unwrap_or(0);
        let process = Process {
            parent: (parent != 0).then(|| key(parent)),
            comm: Known::Is(exe.rsplit('/').next().unwrap().into()),
            exe: Known::Is(exe.into()),
            argv: Known::Is(argv.iter().map(|word| BString::from(*word)).collect()),
            cwd: Known::Is("/root".into()),
            user: Known::Is(Credentials { uid, gid: uid, euid: uid, login_uid: None, session: None }),
            cgroup: Known::Is(group.into()),
            unit: cgroup::unit_of(group.into()),
            ..Process::unknown(key(pid), Reason::NotRecorded)
        };
        self.observe(ObservationKind::Exec(Box::new(Exec {
            process,
            filename: Known::Is(exe.into()),
            object: Known::Missing(Reason::NotRecorded),
            script: None,
        })));
    }

    /// A command of the shell's.
    pub(in crate::engine) fn command(&mut self, pid: u32, argv: &[&str]) {
        self.fork(100, pid);
        let exe = format!("/usr/bin/{}", argv[0]);
        self.exec(pid, 100, &exe, argv, "/user.slice/user-0.slice/session-1.scope");
    }

    pub(in crate::engine) fn exit(&mut self, pid: u32) {
        self.observe(ObservationKind::Exit(key(pid)));
    }

    /// Something happens to a name.
    pub(in crate::engine) fn touch(&mut self, pid: u32, operation: FileOperation, path: &str) {
        let (directory, name) = path.rsplit_once('/').unwrap();
        self.observe(ObservationKind::File(FileObservation {
            operation,
            directory: directory.into(),
            name: name.into(),
            is_directory: false,
            actor: ProcessKey { pid, start_ns: 0 },
            object: Known::Missing(Reason::Unsupported),
            error: 0,
            hook: "test",
        }));
    }

    /// A process writes a file and closes it.
    pub(in crate::engine) fn write(&mut self, pid: u32, path: &str, content: &str) {
        self.host.files.insert(path.into(), regular(content));
        self.touch(pid, FileOperation::Close, path);
    }

    pub(in crate::engine) fn remove(&mut self, pid: u32, path: &str) {
        self.host.files.remove(BStr::new(path));
        self.touch(pid, FileOperation::Unlink, path);
    }

    /// The events that were told since this was asked last, and of which events it was told that they are loaded.
    pub(in crate::engine) fn told(&mut self) -> (Vec<ServiceEvent>, Vec<u64>) {
        let (events, loaded) = self.told_by_manager();
        (events, loaded.into_iter().map(|(event, _scope)| event).collect())
    }

    /// As [`Self::told`], with whose manager has loaded them.
    pub(in crate::engine) fn told_by_manager(&mut self) -> (Vec<ServiceEvent>, Vec<(u64, Scope)>) {
        let (mut events, mut loaded) = (Vec::new(), Vec::new());
        for line in self.lines.drain(..) {
            match line {
                Line::Event(event) => events.push(*event),
                Line::Enrichment(Enrichment { event, fact: Fact::Loaded { scope }, .. }) => {
                    loaded.push((event.number, scope));
                }
                _ => {}
            }
        }
        (events, loaded)
    }
}

fn key(pid: u32) -> ProcessKey {
    ProcessKey { pid, start_ns: u64::from(pid) * 1_000_000_000 }
}
