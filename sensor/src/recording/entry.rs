//! The lines of a recording: what reached the engine, and after it what the host answered to the questions that followed.

use std::time::Duration;

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::form::{FileForm, IdentityForm, KeyForm, ProcessForm, ProgramForm, ResultForm, ScopeForm};
use super::text::Text;
use crate::engine::{Input, NewUser, NewUsers, Start};
use crate::model::line::{SourceState, Started};
use crate::model::observation::FileObservation;
use crate::model::{FileOperation, Known, Loss, Reason, Timestamp};

/// The first line's version; one that is newer is refused.
pub(super) const VERSION: u32 = 1;

/// A line of a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    /// The first line.
    Recording { version: u32 },
    /// What is watched, as it stood at the start.
    Start(Box<StartForm>),
    /// A kernel record in hexadecimal.
    Kernel(String),
    /// A directory is watched by the kernel programs, or no longer.
    Watch { device: u64, inode: u64, path: Option<Text> },
    /// A name in a watched directory changed.
    File(FileObservationForm),
    /// Time has passed.
    Tick(i64),
    /// The wall clock was set.
    Clock(i64),
    /// Users came, with their homes and since when.
    Users { time: i64, users: Vec<(u32, Text, i64)>, links: Vec<(Text, Text)> },
    /// A large program's hash is ready.
    Hashed { time: i64, path: Text, sha256: ResultForm<String> },
    /// Something was not seen.
    Loss { time: i64, source: String, reason: String, count: Option<u64>, consequence: String },
    /// Everything is read again.
    Rescan(i64),
    /// A sign of life, with the sources' counters.
    Heartbeat { time: i64, counters: Vec<(String, u64)> },
    /// The end.
    Stop { time: i64, reason: String, counters: Vec<(String, u64)> },
    /// What the host answered.
    Answer(Answer),
}

/// A question and its answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    File { path: Text, state: FileForm },
    Link { path: Text, target: ResultForm<Text> },
    List { path: Text, names: ResultForm<Vec<Text>> },
    Program { path: Text, program: ResultForm<ProgramForm> },
    Identity { path: Text, identity: ResultForm<IdentityForm> },
    Size { path: Text, size: ResultForm<u64> },
    Changed { path: Text, time: ResultForm<i64> },
    Comm { pid: u32, comm: ResultForm<Text> },
    Process { pid: u32, process: ResultForm<Box<ProcessForm>> },
    Processes { pids: Vec<u32> },
    Writes { pid: u32, device: u64, inode: u64, writes: bool },
    UserName { uid: u32, name: ResultForm<String> },
    RemoteAddress { session: u32, address: ResultForm<String> },
    ManagerRuns { scope: ScopeForm, runs: bool },
}

/// What is watched, as it stood at the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StartForm {
    time: i64,
    run: String,
    version: String,
    os_release: ResultForm<String>,
    host: ResultForm<String>,
    boot_id: ResultForm<String>,
    sources: Vec<(String, Option<String>)>,
    blind: Vec<String>,
    boot_offset_ns: i64,
    users: Vec<(u32, Text)>,
    merged_usr: bool,
    links: Vec<(Text, Text)>,
    extra: Vec<Text>,
    settle_ns: u64,
    redaction_key: [u8; 32],
}

/// A name in a watched directory changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FileObservationForm {
    time: i64,
    operation: OperationForm,
    directory: Text,
    name: Text,
    is_directory: bool,
    actor: KeyForm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<(u64, u64)>,
    #[serde(default)]
    error: i32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct OperationForm(#[serde(with = "OperationNames")] FileOperation);

#[derive(Serialize, Deserialize)]
#[serde(remote = "FileOperation", rename_all = "snake_case")]
enum OperationNames {
    Create,
    Write,
    Close,
    RenameTo,
    RenameFrom,
    Link,
    Symlink,
    Unlink,
    Attribute,
    Reload,
}

/// A fact that is known or not, where being looked up can't happen.
fn settled(known: Known<String>) -> Result<String, Reason> {
    match known {
        Known::Is(value) => Ok(value),
        Known::Pending => Err(Reason::NotRecorded),
        Known::Missing(reason) => Err(reason),
    }
}

impl From<Start> for StartForm {
    fn from(start: Start) -> Self {
        let started = start.started;
        let fact = |known| ResultForm::of(settled(known), |value| value);
        Self {
            time: started.time.0,
            run: started.run,
            version: started.version,
            os_release: fact(started.os_release),
            host: fact(started.host),
            boot_id: fact(started.boot_id),
            sources: started.sources.into_iter().map(|source| (source.name, source.error)).collect(),
            blind: started.blind,
            boot_offset_ns: start.boot_offset_ns,
            users: start.users.into_iter().map(|(uid, home)| (uid, home.into())).collect(),
            merged_usr: start.merged_usr,
            extra: start.extra.into_iter().map(Into::into).collect(),
            settle_ns: u64::try_from(start.settle.as_nanos()).unwrap_or(u64::MAX),
            redaction_key: start.redaction_key,
            links: start.links.into_iter().map(|(named, path)| (named.into(), path.into())).collect(),
        }
    }
}

impl From<StartForm> for Start {
    fn from(form: StartForm) -> Self {
        let fact = |form: ResultForm<String>| form.result(|value| value).into();
        let sources = form.sources.into_iter().map(|(name, error)| SourceState { name, error }).collect();
        Self {
            started: Started {
                time: Timestamp(form.time),
                run: form.run,
                version: form.version,
                os_release: fact(form.os_release),
                host: fact(form.host),
                boot_id: fact(form.boot_id),
                sources,
                blind: form.blind,
                services: 0,
            },
            boot_offset_ns: form.boot_offset_ns,
            users: form.users.into_iter().map(|(uid, home)| (uid, home.into())).collect(),
            merged_usr: form.merged_usr,
            extra: form.extra.into_iter().map(Into::into).collect(),
            settle: Duration::from_nanos(form.settle_ns),
            redaction_key: form.redaction_key,
            links: form.links.into_iter().map(|(named, path)| (named.into(), path.into())).collect(),
        }
    }
}

impl From<Input> for Entry {
    fn from(input: Input) -> Self {
        match input {
            Input::Start(start) => Self::Start(Box::new((*start).into())),
            Input::Kernel(bytes) => Self::Kernel(hex::encode(bytes)),
            Input::Watch((device, inode), path) => Self::Watch { device, inode, path: path.map(Into::into) },
            Input::File(time, seen) => Self::File(FileObservationForm {
                time: time.0,
                operation: OperationForm(seen.operation),
                directory: seen.directory.into(),
                name: seen.name.into(),
                is_directory: seen.is_directory,
                actor: seen.actor.into(),
                object: seen.object.get().copied(),
                error: seen.error,
            }),
            Input::Tick(time) => Self::Tick(time.0),
            Input::Clock(offset) => Self::Clock(offset),
            Input::Users(time, new) => {
                let users = new.users.into_iter();
                let links = new.links.into_iter();
                Self::Users {
                    time: time.0,
                    users: users.map(|user| (user.uid, user.home.into(), user.since.0)).collect(),
                    links: links.map(|(named, path)| (named.into(), path.into())).collect(),
                }
            }
            Input::Hashed(time, path, sha256) => {
                Self::Hashed { time: time.0, path: path.into(), sha256: ResultForm::of(sha256, |hash| hash) }
            }
            Input::Loss(loss) => Self::Loss {
                time: loss.time.0,
                source: loss.source,
                reason: loss.reason,
                count: loss.count,
                consequence: loss.consequence,
            },
            Input::Rescan(time) => Self::Rescan(time.0),
            Input::Heartbeat(time, counters) => Self::Heartbeat { time: time.0, counters },
            Input::Stop(time, reason, counters) => Self::Stop { time: time.0, reason, counters },
        }
    }
}

impl Entry {
    /// The input that this line holds; `None` for an answer and for the first line.
    ///
    /// # Errors
    /// Where a kernel record is not hexadecimal.
    pub(super) fn input(self) -> Result<Option<Input>, hex::FromHexError> {
        Ok(Some(match self {
            Self::Recording { .. } | Self::Answer(_) => return Ok(None),
            Self::Start(start) => Input::Start(Box::new((*start).into())),
            Self::Kernel(text) => Input::Kernel(hex::decode(text)?),
            Self::Watch { device, inode, path } => Input::Watch((device, inode), path.map(Into::into)),
            Self::File(form) => Input::File(
                Timestamp(form.time),
                Box::new(FileObservation {
                    operation: form.operation.0,
                    directory: form.directory.into(),
                    name: form.name.into(),
                    is_directory: form.is_directory,
                    actor: form.actor.into(),
                    object: form.object.map_or(Known::Missing(Reason::Unsupported), Known::Is),
                    error: form.error,
                    hook: crate::model::observation::FANOTIFY,
                }),
            ),
            Self::Tick(time) => Input::Tick(Timestamp(time)),
            Self::Clock(offset) => Input::Clock(offset),
            Self::Users { time, users, links } => {
                let users = users.into_iter().map(|(uid, home, since)| NewUser {
                    uid,
                    home: home.into(),
                    since: Timestamp(since),
                });
                let links = links.into_iter().map(|(named, path)| (named.into(), path.into()));
                let new = NewUsers { users: users.collect(), links: links.collect() };
                Input::Users(Timestamp(time), Box::new(new))
            }
            Self::Hashed { time, path, sha256 } => {
                Input::Hashed(Timestamp(time), path.into(), sha256.result(|hash| hash))
            }
            Self::Loss { time, source, reason, count, consequence } => {
                Input::Loss(Loss { time: Timestamp(time), source, reason, count, consequence })
            }
            Self::Rescan(time) => Input::Rescan(Timestamp(time)),
            Self::Heartbeat { time, counters } => Input::Heartbeat(Timestamp(time), counters),
            Self::Stop { time, reason, counters } => Input::Stop(Timestamp(time), reason, counters),
        }))
    }
}

/// Bytes of a path, as the model has them.
pub(super) fn path(text: Text) -> BString {
    text.into()
}
