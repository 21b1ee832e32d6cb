//! How the model's values stand in a recording. They are kept apart from the model so that it may change freely:
//! a recording of an older version stays readable.

use bstr::BString;
use serde::{Deserialize, Serialize};

use super::text::Text;
use crate::host::{FileState, Identity, Program, RegularFile, SpecialKind};
use crate::model::process::{Credentials, Namespaces};
use crate::model::{Known, Process, ProcessKey, Reason, Scope};

/// A reason, by its name.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ReasonForm(#[serde(with = "ReasonNames")] pub(super) Reason);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reason", rename_all = "snake_case")]
enum ReasonNames {
    Exited,
    Denied,
    NotFound,
    TooLarge,
    Raced,
    Unsupported,
    NotRecorded,
    Malformed,
    Lost,
    Failed,
    Pending,
}

/// A fact or the reason why it is missing.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KnownForm<T> {
    Is(T),
    Pending,
    Missing(ReasonForm),
}

impl<T> KnownForm<T> {
    pub(super) fn of<U>(known: Known<U>, f: impl FnOnce(U) -> T) -> Self {
        match known {
            Known::Is(value) => Self::Is(f(value)),
            Known::Pending => Self::Pending,
            Known::Missing(reason) => Self::Missing(ReasonForm(reason)),
        }
    }

    pub(super) fn known<U>(self, f: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Is(value) => Known::Is(f(value)),
            Self::Pending => Known::Pending,
            Self::Missing(reason) => Known::Missing(reason.0),
        }
    }
}

/// An answer or the reason why there is none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ResultForm<T> {
    Is(T),
    Missing(ReasonForm),
}

impl<T> ResultForm<T> {
    pub(super) fn of<U>(result: Result<U, Reason>, f: impl FnOnce(U) -> T) -> Self {
        match result {
            Ok(value) => Self::Is(f(value)),
            Err(reason) => Self::Missing(ReasonForm(reason)),
        }
    }

    pub(super) fn result<U>(self, f: impl FnOnce(T) -> U) -> Result<U, Reason> {
        match self {
            Self::Is(value) => Ok(f(value)),
            Self::Missing(reason) => Err(reason.0),
        }
    }
}

/// What stands under a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FileForm {
    Absent,
    Regular {
        content: Text,
        size: u64,
        mode: u32,
        uid: u32,
        gid: u32,
        links: u64,
        device: u64,
        inode: u64,
    },
    Symlink {
        target: Text,
    },
    Directory,
    CharacterDevice,
    BlockDevice,
    /// Recordings of the first days tell all special files as one kind.
    #[serde(alias = "special")]
    Pipe,
    Socket,
    Unreadable(ReasonForm),
}

impl From<FileState> for FileForm {
    fn from(state: FileState) -> Self {
        match state {
            FileState::Absent => Self::Absent,
            FileState::Regular(file) => Self::Regular {
                content: Text(file.content.to_vec()),
                size: file.size,
                mode: file.mode,
                uid: file.uid,
                gid: file.gid,
                links: file.links,
                device: file.object.0,
                inode: file.object.1,
            },
            FileState::Symlink { target } => Self::Symlink { target: target.into() },
            FileState::Directory => Self::Directory,
            FileState::Special(SpecialKind::CharacterDevice) => Self::CharacterDevice,
            FileState::Special(SpecialKind::BlockDevice) => Self::BlockDevice,
            FileState::Special(SpecialKind::Pipe) => Self::Pipe,
            FileState::Special(SpecialKind::Socket) => Self::Socket,
            FileState::Unreadable(reason) => Self::Unreadable(ReasonForm(reason)),
        }
    }
}

impl From<FileForm> for FileState {
    fn from(form: FileForm) -> Self {
        match form {
            FileForm::Absent => Self::Absent,
            FileForm::Regular { content, size, mode, uid, gid, links, device, inode } => {
                Self::Regular(RegularFile {
                    content: content.0.into(),
                    size,
                    mode,
                    uid,
                    gid,
                    links,
                    object: (device, inode),
                })
            }
            FileForm::Symlink { target } => Self::Symlink { target: target.into() },
            FileForm::Directory => Self::Directory,
            FileForm::CharacterDevice => Self::Special(SpecialKind::CharacterDevice),
            FileForm::BlockDevice => Self::Special(SpecialKind::BlockDevice),
            FileForm::Pipe => Self::Special(SpecialKind::Pipe),
            FileForm::Socket => Self::Special(SpecialKind::Socket),
            FileForm::Unreadable(reason) => Self::Unreadable(reason.0),
        }
    }
}

/// A program file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProgramForm {
    path: Text,
    sha256: KnownForm<String>,
    size: u64,
    mode: u32,
    uid: u32,
    gid: u32,
    device: u64,
    inode: u64,
    head: Text,
}

impl From<Program> for ProgramForm {
    fn from(program: Program) -> Self {
        let (uid, gid) = program.owner;
        Self {
            path: program.path.into(),
            sha256: KnownForm::of(program.sha256, |hash| hash),
            size: program.size,
            mode: program.mode,
            uid,
            gid,
            device: program.object.0,
            inode: program.object.1,
            head: Text(program.head),
        }
    }
}

impl From<ProgramForm> for Program {
    fn from(form: ProgramForm) -> Self {
        Self {
            path: form.path.into(),
            sha256: form.sha256.known(|hash| hash),
            size: form.size,
            mode: form.mode,
            owner: (form.uid, form.gid),
            object: (form.device, form.inode),
            head: form.head.0,
        }
    }
}

/// What tells a program from another one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct IdentityForm {
    path: Text,
    device: u64,
    inode: u64,
    born_ns: i64,
    size: u64,
    modified_ns: i64,
    #[serde(default)]
    sha256: Option<String>,
    mode: u32,
    uid: u32,
    gid: u32,
}

impl From<Identity> for IdentityForm {
    fn from(identity: Identity) -> Self {
        Self {
            path: identity.path.into(),
            device: identity.object.0,
            inode: identity.object.1,
            born_ns: identity.born_ns,
            size: identity.size,
            modified_ns: identity.modified_ns,
            sha256: identity.sha256,
            mode: identity.mode,
            uid: identity.owner.0,
            gid: identity.owner.1,
        }
    }
}

impl From<IdentityForm> for Identity {
    fn from(form: IdentityForm) -> Self {
        Self {
            path: form.path.into(),
            object: (form.device, form.inode),
            born_ns: form.born_ns,
            size: form.size,
            modified_ns: form.modified_ns,
            sha256: form.sha256,
            mode: form.mode,
            owner: (form.uid, form.gid),
        }
    }
}

/// A process's identity.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct KeyForm {
    pid: u32,
    start_ns: u64,
}

impl From<ProcessKey> for KeyForm {
    fn from(key: ProcessKey) -> Self {
        Self { pid: key.pid, start_ns: key.start_ns }
    }
}

impl From<KeyForm> for ProcessKey {
    fn from(form: KeyForm) -> Self {
        Self { pid: form.pid, start_ns: form.start_ns }
    }
}

/// A process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessForm {
    key: KeyForm,
    parent: Option<KeyForm>,
    comm: KnownForm<Text>,
    exe: KnownForm<Text>,
    argv: KnownForm<Vec<Text>>,
    argv_truncated: bool,
    cwd: KnownForm<Text>,
    user: KnownForm<CredentialsForm>,
    tty: KnownForm<Option<Text>>,
    cgroup: KnownForm<Text>,
    unit: Option<Text>,
    container: Option<Text>,
    namespaces: KnownForm<NamespacesForm>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct CredentialsForm {
    uid: u32,
    gid: u32,
    euid: u32,
    login_uid: Option<u32>,
    session: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct NamespacesForm {
    mount: u32,
    pid: u32,
    user: u32,
    network: u32,
}

impl From<Process> for ProcessForm {
    fn from(process: Process) -> Self {
        Self {
            key: process.key.into(),
            parent: process.parent.map(Into::into),
            comm: KnownForm::of(process.comm, Into::into),
            exe: KnownForm::of(process.exe, Into::into),
            argv: KnownForm::of(process.argv, |argv| argv.into_iter().map(Into::into).collect()),
            argv_truncated: process.argv_truncated,
            cwd: KnownForm::of(process.cwd, Into::into),
            user: KnownForm::of(process.user, |user| CredentialsForm {
                uid: user.uid,
                gid: user.gid,
                euid: user.euid,
                login_uid: user.login_uid,
                session: user.session,
            }),
            tty: KnownForm::of(process.tty, |tty| tty.map(Into::into)),
            cgroup: KnownForm::of(process.cgroup, Into::into),
            unit: process.unit.map(Into::into),
            container: process.container.map(Into::into),
            namespaces: KnownForm::of(process.namespaces, |namespaces| NamespacesForm {
                mount: namespaces.mount,
                pid: namespaces.pid,
                user: namespaces.user,
                network: namespaces.network,
            }),
        }
    }
}

impl From<ProcessForm> for Process {
    fn from(form: ProcessForm) -> Self {
        Self {
            key: form.key.into(),
            parent: form.parent.map(Into::into),
            comm: form.comm.known(Into::into),
            exe: form.exe.known(Into::into),
            argv: form.argv.known(|argv| argv.into_iter().map(BString::from).collect()),
            argv_truncated: form.argv_truncated,
            cwd: form.cwd.known(Into::into),
            user: form.user.known(|user| Credentials {
                uid: user.uid,
                gid: user.gid,
                euid: user.euid,
                login_uid: user.login_uid,
                session: user.session,
            }),
            tty: form.tty.known(|tty| tty.map(Into::into)),
            cgroup: form.cgroup.known(Into::into),
            unit: form.unit.map(Into::into),
            container: form.container.map(Into::into),
            namespaces: form.namespaces.known(|namespaces| Namespaces {
                mount: namespaces.mount,
                pid: namespaces.pid,
                user: namespaces.user,
                network: namespaces.network,
            }),
        }
    }
}

/// For whom a manager runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScopeForm {
    System,
    AllUsers,
    User(u32),
}

impl From<Scope> for ScopeForm {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::System => Self::System,
            Scope::AllUsers => Self::AllUsers,
            Scope::User(uid) => Self::User(uid),
        }
    }
}
