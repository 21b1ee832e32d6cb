//! A host of a few files, as the engine asks it.

use std::collections::BTreeMap;

use bstr::{BStr, BString};
use svcsensor::engine::Start;
use svcsensor::host::{FileState, Host, Identity, Program, RegularFile};
use svcsensor::model::line::Started;
use svcsensor::model::{Known, Process, Reason, Scope, Timestamp};

/// How long a name may be away.
pub(super) const SETTLE: std::time::Duration = std::time::Duration::from_millis(250);

/// A host of a few files and no processes.
#[derive(Default)]
pub(super) struct Tree {
    pub(super) files: BTreeMap<BString, FileState>,
}

/// A regular file of root's.
pub(super) fn regular(content: &[u8]) -> FileState {
    FileState::Regular(RegularFile {
        content: content.into(),
        size: content.len() as u64,
        mode: 0o644,
        uid: 0,
        gid: 0,
        links: 1,
        object: (1, 2),
    })
}

/// What the engine hears first.
pub(super) fn start() -> Start {
    Start {
        started: Started {
            time: Timestamp(0),
            run: "fuzz".to_owned(),
            version: String::new(),
            os_release: Known::Missing(Reason::NotRecorded),
            host: Known::Missing(Reason::NotRecorded),
            boot_id: Known::Missing(Reason::NotRecorded),
            sources: Vec::new(),
            blind: Vec::new(),
            services: 0,
        },
        boot_offset_ns: 0,
        users: vec![(1000, "/home/kim".into())],
        merged_usr: true,
        extra: Vec::new(),
        settle: SETTLE,
        redaction_key: [7; 32],
        links: Vec::new(),
    }
}

impl Host for Tree {
    fn file(&mut self, path: &BStr) -> FileState {
        self.files.get(path).cloned().unwrap_or(FileState::Absent)
    }

    fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
        match self.files.get(path) {
            Some(FileState::Symlink { target }) => Ok(target.clone()),
            _ => Err(Reason::Unsupported),
        }
    }

    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason> {
        let mut names: Vec<BString> = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(path.as_ref() as &[u8])?.strip_prefix(b"/"))
            .map(|rest| rest.split(|byte| *byte == b'/').next().unwrap_or_default().into())
            .collect();
        names.dedup();
        Ok(names)
    }

    fn program(&mut self, _path: &BStr) -> Result<Program, Reason> {
        Err(Reason::NotFound)
    }

    fn identity(&mut self, _path: &BStr) -> Result<Identity, Reason> {
        Err(Reason::NotFound)
    }

    fn size(&mut self, _path: &BStr) -> Result<u64, Reason> {
        Err(Reason::NotFound)
    }

    fn changed(&mut self, _path: &BStr) -> Result<Timestamp, Reason> {
        Err(Reason::NotFound)
    }

    fn comm(&mut self, _pid: u32) -> Result<BString, Reason> {
        Err(Reason::NotFound)
    }

    fn follow(&mut self, _path: &BStr, _file: &BStr) {}

    fn watch_name(&mut self, _path: &BStr, _name: &BStr) {}

    fn await_names(&mut self, _path: &BStr) {}

    fn process(&mut self, _pid: u32) -> Result<Process, Reason> {
        Err(Reason::Exited)
    }

    fn processes(&mut self) -> Vec<u32> {
        Vec::new()
    }

    fn writes(&mut self, _pid: u32, _object: (u64, u64)) -> bool {
        false
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
