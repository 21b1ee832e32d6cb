//! Writing a recording.

use std::io::Write;

use bstr::{BStr, BString};

use super::entry::{Answer, Entry, VERSION};
use super::form::ResultForm;
use super::text::Text;
use crate::engine::Input;
use crate::host::{FileState, Host, Identity, Program};
use crate::model::{Process, Reason, Scope, Timestamp};

/// Writes a recording.
pub struct Recorder {
    /// `None` once writing has failed.
    out: Option<Box<dyn Write + Send>>,
}

impl Recorder {
    /// A recorder that keeps nothing.
    pub fn none() -> Self {
        Self { out: None }
    }

    /// A recorder that writes to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let mut recorder = Self { out: Some(Box::new(out)) };
        recorder.write(&Entry::Recording { version: VERSION });
        recorder
    }

    /// Keeps what reached the engine.
    pub fn input(&mut self, input: &Input) {
        if self.out.is_some() {
            self.write(&Entry::from(input.clone()));
        }
    }

    /// Hands what is buffered to the operating system.
    pub fn flush(&mut self) {
        if let Some(Err(error)) = self.out.as_mut().map(Write::flush) {
            self.fail(&error);
        }
    }

    fn answer(&mut self, answer: impl FnOnce() -> Answer) {
        if self.out.is_some() {
            self.write(&Entry::Answer(answer()));
        }
    }

    fn write(&mut self, entry: &Entry) {
        let Some(out) = self.out.as_mut() else { return };
        let written = serde_json::to_vec(entry).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            out.write_all(&line)
        });
        if let Err(error) = written {
            self.fail(&error);
        }
    }

    /// A recording with a hole would replay to something else: it ends at the first failure.
    fn fail(&mut self, error: &std::io::Error) {
        tracing::error!(%error, "the recording ends here: it can't be written");
        self.out = None;
    }
}

/// A host whose answers are recorded.
pub struct RecordingHost<'a, H> {
    /// Who answers.
    pub host: &'a mut H,
    /// Who writes.
    pub recorder: &'a mut Recorder,
}

fn text(path: &BStr) -> Text {
    Text(path.to_vec())
}

impl<H: Host> Host for RecordingHost<'_, H> {
    fn file(&mut self, path: &BStr) -> FileState {
        let state = self.host.file(path);
        self.recorder.answer(|| Answer::File { path: text(path), state: state.clone().into() });
        state
    }

    fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
        let target = self.host.link(path);
        self.recorder
            .answer(|| Answer::Link { path: text(path), target: ResultForm::of(target.clone(), Into::into) });
        target
    }

    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason> {
        let names = self.host.list(path);
        self.recorder.answer(|| Answer::List {
            path: text(path),
            names: ResultForm::of(names.clone(), |names| names.into_iter().map(Into::into).collect()),
        });
        names
    }

    fn program(&mut self, path: &BStr) -> Result<Program, Reason> {
        let program = self.host.program(path);
        self.recorder.answer(|| Answer::Program {
            path: text(path),
            program: ResultForm::of(program.clone(), Into::into),
        });
        program
    }

    fn identity(&mut self, path: &BStr) -> Result<Identity, Reason> {
        let identity = self.host.identity(path);
        self.recorder.answer(|| Answer::Identity {
            path: text(path),
            identity: ResultForm::of(identity.clone(), Into::into),
        });
        identity
    }

    fn size(&mut self, path: &BStr) -> Result<u64, Reason> {
        let size = self.host.size(path);
        self.recorder.answer(|| Answer::Size { path: text(path), size: ResultForm::of(size, |size| size) });
        size
    }

    fn changed(&mut self, path: &BStr) -> Result<Timestamp, Reason> {
        let changed = self.host.changed(path);
        self.recorder
            .answer(|| Answer::Changed { path: text(path), time: ResultForm::of(changed, |time| time.0) });
        changed
    }

    fn comm(&mut self, pid: u32) -> Result<BString, Reason> {
        let comm = self.host.comm(pid);
        self.recorder.answer(|| Answer::Comm { pid, comm: ResultForm::of(comm.clone(), Into::into) });
        comm
    }

    fn follow(&mut self, path: &BStr, file: &BStr) {
        self.host.follow(path, file);
    }

    fn watch_name(&mut self, path: &BStr, name: &BStr) {
        self.host.watch_name(path, name);
    }

    fn await_names(&mut self, path: &BStr) {
        self.host.await_names(path);
    }

    fn process(&mut self, pid: u32) -> Result<Process, Reason> {
        let process = self.host.process(pid);
        self.recorder.answer(|| Answer::Process {
            pid,
            process: ResultForm::of(process.clone(), |process| Box::new(process.into())),
        });
        process
    }

    fn processes(&mut self) -> Vec<u32> {
        let pids = self.host.processes();
        self.recorder.answer(|| Answer::Processes { pids: pids.clone() });
        pids
    }

    fn writes(&mut self, pid: u32, object: (u64, u64)) -> bool {
        let writes = self.host.writes(pid, object);
        self.recorder.answer(|| Answer::Writes { pid, device: object.0, inode: object.1, writes });
        writes
    }

    fn user_name(&mut self, uid: u32) -> Result<String, Reason> {
        let name = self.host.user_name(uid);
        self.recorder.answer(|| Answer::UserName { uid, name: ResultForm::of(name.clone(), |name| name) });
        name
    }

    fn remote_address(&mut self, session: u32) -> Result<String, Reason> {
        let address = self.host.remote_address(session);
        self.recorder.answer(|| Answer::RemoteAddress {
            session,
            address: ResultForm::of(address.clone(), |address| address),
        });
        address
    }

    fn manager_runs(&mut self, scope: Scope) -> bool {
        let runs = self.host.manager_runs(scope);
        self.recorder.answer(|| Answer::ManagerRuns { scope: scope.into(), runs });
        runs
    }
}
