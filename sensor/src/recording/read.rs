//! Reading a recording.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead, Read as _};

use bstr::{BStr, BString};

use super::entry::{self, Answer, Entry, VERSION};
use super::text::Text;
use crate::engine::Input;
use crate::host::{FileState, Host, Identity, Program};
use crate::model::{Process, Reason, Scope, Timestamp};

/// The longest line that is read: a unit file's content, in base64, and some.
const MOST_LINE: u64 = 4 * 1024 * 1024;

/// A line of a recording can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Reading failed; nothing more comes.
    #[error("line {line}")]
    Read {
        /// Where, from 1.
        line: u64,
        /// What the operating system said.
        #[source]
        error: io::Error,
    },
    /// The line makes no sense; those after it are read.
    #[error("line {line}: {what}")]
    Malformed {
        /// Where, from 1.
        line: u64,
        /// What is wrong.
        what: String,
    },
}

/// Reads a recording, an input and its answers at a time.
pub struct Reader<R> {
    input: R,
    line: u64,
    /// An input that was read while looking for answers.
    next: Option<Input>,
    ended: bool,
}

impl<R: BufRead> Reader<R> {
    /// Reads the recording in `input`.
    pub fn new(input: R) -> Self {
        Self { input, line: 0, next: None, ended: false }
    }

    /// The next input and the answers to the questions that it raises.
    pub fn read(&mut self, errors: &mut Vec<RecordingError>) -> Option<(Input, Answers)> {
        let input = match self.next.take() {
            Some(input) => input,
            None => loop {
                match self.entry()? {
                    Ok(entry) => {
                        if let Some(input) = self.input_of(entry, errors) {
                            break input;
                        }
                    }
                    Err(error) => errors.push(error),
                }
            },
        };
        let mut answers = Answers::default();
        while self.next.is_none() {
            match self.entry() {
                None => break,
                Some(Ok(Entry::Answer(answer))) => answers.add(answer),
                Some(Ok(entry)) => self.next = self.input_of(entry, errors),
                Some(Err(error)) => errors.push(error),
            }
        }
        Some((input, answers))
    }

    fn input_of(&self, entry: Entry, errors: &mut Vec<RecordingError>) -> Option<Input> {
        let what = match entry {
            Entry::Recording { version } if version <= VERSION => return None,
            Entry::Recording { version } => {
                format!("version {version} is newer than {VERSION}, the last that is understood")
            }
            Entry::Answer(_) => "an answer before any input".to_owned(),
            entry => match entry.input() {
                Ok(input) => return input,
                Err(error) => error.to_string(),
            },
        };
        errors.push(RecordingError::Malformed { line: self.line, what });
        None
    }

    fn entry(&mut self) -> Option<Result<Entry, RecordingError>> {
        if self.ended {
            return None;
        }
        self.line += 1;
        let mut text = Vec::new();
        match self.input.by_ref().take(MOST_LINE).read_until(b'\n', &mut text) {
            Ok(0) => {
                self.ended = true;
                None
            }
            Ok(_) => Some(
                serde_json::from_slice(&text)
                    .map_err(|error| RecordingError::Malformed { line: self.line, what: error.to_string() }),
            ),
            Err(error) => {
                self.ended = true;
                Some(Err(RecordingError::Read { line: self.line, error }))
            }
        }
    }
}

/// What the host answered to the questions that one input raised. A question that was not asked then has no answer.
#[derive(Default)]
pub struct Answers {
    files: HashMap<BString, VecDeque<FileState>>,
    links: HashMap<BString, VecDeque<Result<BString, Reason>>>,
    lists: HashMap<BString, VecDeque<Result<Vec<BString>, Reason>>>,
    programs: HashMap<BString, VecDeque<Result<Program, Reason>>>,
    identities: HashMap<BString, VecDeque<Result<Identity, Reason>>>,
    sizes: HashMap<BString, VecDeque<Result<u64, Reason>>>,
    changes: HashMap<BString, VecDeque<Result<Timestamp, Reason>>>,
    comms: HashMap<u32, VecDeque<Result<BString, Reason>>>,
    processes: HashMap<u32, VecDeque<Result<Process, Reason>>>,
    all_processes: VecDeque<Vec<u32>>,
    writes: HashMap<(u32, u64, u64), VecDeque<bool>>,
    user_names: HashMap<u32, VecDeque<Result<String, Reason>>>,
    remote_addresses: HashMap<u32, VecDeque<Result<String, Reason>>>,
    managers: HashMap<super::form::ScopeForm, VecDeque<bool>>,
    unanswered: u64,
}

impl Answers {
    /// How many questions had no answer.
    pub fn unanswered(&self) -> u64 {
        self.unanswered
    }

    fn add(&mut self, answer: Answer) {
        match answer {
            Answer::File { path, state } => {
                self.files.entry(entry::path(path)).or_default().push_back(state.into());
            }
            Answer::Link { path, target } => {
                self.links.entry(entry::path(path)).or_default().push_back(target.result(Into::into));
            }
            Answer::List { path, names } => {
                self.lists.entry(entry::path(path)).or_default().push_back(
                    names.result(|names: Vec<Text>| names.into_iter().map(BString::from).collect()),
                );
            }
            Answer::Program { path, program } => {
                self.programs.entry(entry::path(path)).or_default().push_back(program.result(Into::into));
            }
            Answer::Identity { path, identity } => {
                self.identities.entry(entry::path(path)).or_default().push_back(identity.result(Into::into));
            }
            Answer::Size { path, size } => {
                self.sizes.entry(entry::path(path)).or_default().push_back(size.result(|size| size));
            }
            Answer::Changed { path, time } => {
                self.changes.entry(entry::path(path)).or_default().push_back(time.result(Timestamp));
            }
            Answer::Comm { pid, comm } => {
                self.comms.entry(pid).or_default().push_back(comm.result(Into::into));
            }
            Answer::Process { pid, process } => {
                self.processes.entry(pid).or_default().push_back(process.result(|process| (*process).into()));
            }
            Answer::Processes { pids } => self.all_processes.push_back(pids),
            Answer::Writes { pid, device, inode, writes } => {
                self.writes.entry((pid, device, inode)).or_default().push_back(writes);
            }
            Answer::UserName { uid, name } => {
                self.user_names.entry(uid).or_default().push_back(name.result(|name| name));
            }
            Answer::RemoteAddress { session, address } => {
                self.remote_addresses
                    .entry(session)
                    .or_default()
                    .push_back(address.result(|address| address));
            }
            Answer::ManagerRuns { scope, runs } => self.managers.entry(scope).or_default().push_back(runs),
        }
    }

    fn give<T>(&mut self, answer: Option<T>) -> Result<T, Reason> {
        answer.ok_or_else(|| {
            self.unanswered += 1;
            Reason::NotRecorded
        })
    }
}

impl Host for Answers {
    fn file(&mut self, path: &BStr) -> FileState {
        let answer = self.files.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer).unwrap_or_else(FileState::Unreadable)
    }

    fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
        let answer = self.links.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn list(&mut self, path: &BStr) -> Result<Vec<BString>, Reason> {
        let answer = self.lists.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn program(&mut self, path: &BStr) -> Result<Program, Reason> {
        let answer = self.programs.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn identity(&mut self, path: &BStr) -> Result<Identity, Reason> {
        let answer = self.identities.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn size(&mut self, path: &BStr) -> Result<u64, Reason> {
        let answer = self.sizes.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn changed(&mut self, path: &BStr) -> Result<Timestamp, Reason> {
        let answer = self.changes.get_mut(path).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn comm(&mut self, pid: u32) -> Result<BString, Reason> {
        let answer = self.comms.get_mut(&pid).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn follow(&mut self, _path: &BStr, _file: &BStr) {
        // What came of it was recorded as observations.
    }

    fn watch_name(&mut self, _path: &BStr, _name: &BStr) {
        // The same.
    }

    fn await_names(&mut self, _path: &BStr) {
        // The same.
    }

    fn process(&mut self, pid: u32) -> Result<Process, Reason> {
        let answer = self.processes.get_mut(&pid).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn processes(&mut self) -> Vec<u32> {
        let answer = self.all_processes.pop_front();
        self.give(answer).unwrap_or_default()
    }

    fn writes(&mut self, pid: u32, object: (u64, u64)) -> bool {
        let answer = self.writes.get_mut(&(pid, object.0, object.1)).and_then(VecDeque::pop_front);
        self.give(answer).unwrap_or(false)
    }

    fn user_name(&mut self, uid: u32) -> Result<String, Reason> {
        let answer = self.user_names.get_mut(&uid).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn remote_address(&mut self, session: u32) -> Result<String, Reason> {
        let answer = self.remote_addresses.get_mut(&session).and_then(VecDeque::pop_front);
        self.give(answer)?
    }

    fn manager_runs(&mut self, scope: Scope) -> bool {
        let answer = self.managers.get_mut(&scope.into()).and_then(VecDeque::pop_front);
        self.give(answer).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{NewUser, NewUsers};
    use crate::recording::{Recorder, RecordingHost};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A host that answers every question with something of its own.
    struct Invented;

    impl Host for Invented {
        fn file(&mut self, path: &BStr) -> FileState {
            FileState::Symlink { target: BString::from(vec![0xff, path[0]]) }
        }
        fn link(&mut self, path: &BStr) -> Result<BString, Reason> {
            Ok(BString::from(vec![0xfd, path[0]]))
        }
        fn list(&mut self, _path: &BStr) -> Result<Vec<BString>, Reason> {
            Ok(vec!["a".into(), BString::from(vec![0xfe])])
        }
        fn program(&mut self, _path: &BStr) -> Result<Program, Reason> {
            Err(Reason::NotFound)
        }
        fn identity(&mut self, path: &BStr) -> Result<Identity, Reason> {
            Ok(Identity {
                path: path.into(),
                object: (3, 4),
                born_ns: 9,
                size: 5,
                modified_ns: -6,
                sha256: Some("00".into()),
                mode: 0o4755,
                owner: (7, 8),
            })
        }
        fn size(&mut self, _path: &BStr) -> Result<u64, Reason> {
            Ok(77)
        }
        fn changed(&mut self, _path: &BStr) -> Result<Timestamp, Reason> {
            Ok(Timestamp(-8))
        }
        fn comm(&mut self, _pid: u32) -> Result<BString, Reason> {
            Ok("cp".into())
        }
        fn follow(&mut self, _path: &BStr, _file: &BStr) {}
        fn watch_name(&mut self, _path: &BStr, _name: &BStr) {}

        fn await_names(&mut self, _path: &BStr) {}
        fn process(&mut self, pid: u32) -> Result<Process, Reason> {
            let key = crate::model::ProcessKey { pid, start_ns: 7 };
            Ok(Process::unknown(key, Reason::Denied))
        }
        fn processes(&mut self) -> Vec<u32> {
            vec![1, 2]
        }
        fn writes(&mut self, _pid: u32, _object: (u64, u64)) -> bool {
            true
        }
        fn user_name(&mut self, uid: u32) -> Result<String, Reason> {
            Ok(format!("user{uid}"))
        }
        fn remote_address(&mut self, _session: u32) -> Result<String, Reason> {
            Ok("192.0.2.1".into())
        }
        fn manager_runs(&mut self, _scope: Scope) -> bool {
            true
        }
    }

    fn ask(host: &mut dyn Host) -> String {
        format!(
            "{:?}",
            (
                host.file(BStr::new("/x")),
                (host.link(BStr::new("/l")), host.list(BStr::new("/d"))),
                host.program(BStr::new("/p")),
                (
                    host.size(BStr::new("/p")),
                    host.changed(BStr::new("/x")),
                    host.comm(5),
                    host.identity(BStr::new("/p"))
                ),
                host.process(5),
                host.processes(),
                host.writes(5, (1, 2)),
                host.user_name(0),
                host.remote_address(3),
                host.manager_runs(Scope::User(7)),
            )
        )
    }

    #[test]
    fn a_replay_hears_what_was_answered_then() {
        let file = Shared::default();
        let mut recorder = Recorder::new(file.clone());
        recorder.input(&Input::Tick(Timestamp(1)));
        let told = ask(&mut RecordingHost { host: &mut Invented, recorder: &mut recorder });
        recorder.input(&Input::Kernel(vec![1, 2, 255]));
        let bytes = file.0.lock().unwrap().clone();

        let mut errors = Vec::new();
        let mut reader = Reader::new(bytes.as_slice());
        let (input, mut answers) = reader.read(&mut errors).unwrap();
        assert_eq!(input, Input::Tick(Timestamp(1)));
        assert_eq!(ask(&mut answers), told);
        assert_eq!(answers.unanswered(), 0);
        let (input, mut answers) = reader.read(&mut errors).unwrap();
        assert_eq!(input, Input::Kernel(vec![1, 2, 255]));
        assert_eq!(answers.user_name(0), Err(Reason::NotRecorded));
        assert_eq!(answers.unanswered(), 1);
        assert!(reader.read(&mut errors).is_none() && errors.is_empty());
    }

    #[test]
    fn users_who_came_come_again() {
        let file = Shared::default();
        let mut recorder = Recorder::new(file.clone());
        let user = NewUser { uid: 7, home: BString::from(vec![b'/', 0xff]), since: Timestamp(-3) };
        let links = vec![("/a".into(), "/b".into())];
        let input = Input::Users(Timestamp(1), Box::new(NewUsers { users: vec![user], links }));
        recorder.input(&input);
        let bytes = file.0.lock().unwrap().clone();
        assert_eq!(Reader::new(bytes.as_slice()).read(&mut Vec::new()).unwrap().0, input);
    }

    #[test]
    fn a_line_that_makes_no_sense_is_told_and_passed_over() {
        let text =
            b"{\"recording\":{\"version\":1}}\nnonsense\n{\"tick\":5}\n{\"kernel\":\"0g\"}\n{\"tick\":6}\n";
        let mut errors = Vec::new();
        let mut reader = Reader::new(text.as_slice());
        let mut ticks = Vec::new();
        while let Some((input, _answers)) = reader.read(&mut errors) {
            ticks.push(input);
        }
        assert_eq!(ticks, [Input::Tick(Timestamp(5)), Input::Tick(Timestamp(6))]);
        let told: Vec<String> =
            errors.iter().map(|error| error.to_string().chars().take(7).collect()).collect();
        assert_eq!(told, ["line 2:", "line 4:"]);
    }

    #[test]
    fn a_newer_recording_is_refused_by_name() {
        let mut errors = Vec::new();
        let mut reader = Reader::new(b"{\"recording\":{\"version\":9}}\n".as_slice());
        assert!(reader.read(&mut errors).is_none());
        assert!(errors[0].to_string().contains("version 9 is newer"));
    }
}
