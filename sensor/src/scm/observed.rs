//! What one Windows record says about services, or about who acts on them. It concludes nothing.

use std::sync::Arc;

use super::interest::Source;
use super::svcctl::{Operation, Transport};
use crate::model::{ObservationId, Timestamp};

/// One record that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Its number within the run: that of the record, from 1.
    pub id: ObservationId,
    /// The computer that it was logged on, as the record writes it.
    pub host: Arc<str>,
    /// When it was logged.
    pub time: Timestamp,
    /// What logged it.
    pub source: Source,
    /// The event's number within its source.
    pub event_id: u32,
    /// The process that logged it; of SCM records that is services.exe.
    pub process_id: Option<u32>,
    /// The security id in whose name it was logged.
    pub user_sid: Option<String>,
    /// What it says.
    pub seen: Seen,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A service was installed: 7045, 4697.
    Installed(Box<Installed>),
    /// A service's start type changed: 7040, and 201 of Microsoft-Windows-Services.
    StartType(StartTypeChange),
    /// The SCM changed a service's configuration, of which the record tells next to nothing: 202 and 203 of
    /// Microsoft-Windows-Services.
    Configured(Configured),
    /// A service entered a state: 7036.
    State(StateChange),
    /// A control was sent to a service, or its start asked for: 7035, and 200, 204 and 205 of Microsoft-Windows-Services.
    Control(ControlSent),
    /// A service failed: 7000, 7009, 7023, 7024, 7031, 7034.
    Failure(Failure),
    /// A service that is marked as interactive was started where that is not allowed: 7030.
    Interactive(Name),
    /// A setting was written to or deleted from the registry: Sysmon 12, 13 and 14, 4657.
    Value(Box<ValueWrite>),
    /// A value with the name of a setting was written to or deleted from a key whose path is not known.
    Unplaced(Box<UnplacedWrite>),
    /// A service's key was created, deleted or renamed: Sysmon 12 and 14.
    Key(Box<KeyChange>),
    /// The permissions on a service's key changed: 4670.
    KeyPermissions(Box<ValueWrite>),
    /// A handle to the SCM or to a service was asked for: 4656, 4674.
    Handle(Box<Handle>),
    /// A handle to a service's key was asked for or used: 4656, 4663.
    KeyHandle(Box<Handle>),
    /// A process started: Sysmon 1, 4688.
    Process(Box<ProcessStart>),
    /// A driver was loaded: Sysmon 6.
    Driver(Box<DriverLoad>),
    /// Somebody logged on: 4624.
    Logon(Box<Logon>),
    /// The SCM's pipe was opened from elsewhere: 5145.
    Pipe(Box<Logon>),
    /// The SCM was called over RPC.
    Call(Box<Call>),
    /// A log was cleared: 104, 1102.
    Cleared(Cleared),
}

/// The names of a service that a record gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The key's name below `Services`.
    pub key: Option<String>,
    /// The name that people read.
    pub display: Option<String>,
}

/// A process, or a user without one, that did or asked for something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doer {
    /// The process id. Zero is told by clients that hide theirs.
    pub process_id: Option<u32>,
    /// The process's unique id, as Sysmon gives it.
    pub guid: Option<String>,
    /// The program's path.
    pub image: Option<String>,
    /// The parent's process id.
    pub parent_id: Option<u32>,
    /// The user as `DOMAIN\name`.
    pub user: Option<String>,
    /// The user's security id.
    pub sid: Option<String>,
    /// The logon session.
    pub logon_id: Option<u64>,
}

/// A service was installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// 7045 gives the display name, 4697 the key's.
    pub name: Name,
    /// The program or driver image.
    pub image_path: Option<String>,
    /// The type, in words.
    pub service_type: Option<String>,
    /// The type as bits (`dwServiceType`).
    pub type_bits: Option<u64>,
    /// The start type, in words.
    pub start: Option<String>,
    /// The account that it runs as.
    pub account: Option<String>,
    /// Who asked.
    pub client: Doer,
    /// Whether the client is on another host (`RpcCallClientLocality`); `None` where that isn't told.
    pub client_is_remote: Option<bool>,
}

/// A start type changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartTypeChange {
    /// The service.
    pub name: Name,
    /// Before, in words.
    pub before: Option<String>,
    /// After, in words.
    pub after: String,
    /// Who asked.
    pub client: Doer,
}

/// The SCM changed a service's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The service.
    pub name: Name,
    /// The record's `NewValueName`. What it says of the change is not documented.
    pub value: Option<String>,
    /// Who asked.
    pub client: Doer,
}

/// A service entered a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// The service.
    pub name: Name,
    /// The state.
    pub state: State,
    /// The state was read from a word, since the record's binary field is gone.
    pub by_word: bool,
}

/// The states of a service (`dwCurrentState`, winsvc.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// 1.
    Stopped,
    /// 2.
    StartPending,
    /// 3.
    StopPending,
    /// 4.
    Running,
    /// 5.
    ContinuePending,
    /// 6.
    PausePending,
    /// 7.
    Paused,
}

/// A control was sent to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlSent {
    /// The service.
    pub name: Name,
    /// The control, as the record writes it.
    pub control: String,
    /// Who sent it, where the record tells.
    pub client: Doer,
}

/// A service failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The service.
    pub name: Name,
    /// What failed.
    pub kind: FailureKind,
    /// The error as the record writes it, without `%%`.
    pub error: Option<String>,
}

/// How a service failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// 7000: it did not start.
    NotStarted,
    /// 7009: it did not connect to the SCM in time.
    StartTimeout,
    /// 7023, 7024: it ended with an error.
    EndedWithError,
    /// 7031, 7034: it ended unexpectedly.
    Crashed,
}

/// A setting was written or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueWrite {
    /// The service's key name.
    pub service: String,
    /// The setting.
    pub setting: &'static str,
    /// The value before, where the record tells it.
    pub before: Option<String>,
    /// The value after; `None` when it was deleted.
    pub after: Option<String>,
    /// Who wrote.
    pub writer: Doer,
    /// The control set, where it is not the current one.
    pub control_set: Option<u16>,
}

/// A value was written to or deleted from a key whose path is not known.
///
/// The kernel's trace names a key where it is opened; whoever changes a service opens its key by a call that is not traced,
/// since every process does so all the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnplacedWrite {
    /// The value's name.
    pub value: String,
    /// Its bytes and their registry type, where they were captured; `None` too when it was deleted.
    pub data: Option<(Vec<u8>, u64)>,
    /// Who wrote.
    pub writer: Doer,
}

/// A service's key was created, deleted or renamed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The service's key name.
    pub service: String,
    /// What happened to the key.
    pub change: KeyOperation,
    /// Who did it.
    pub writer: Doer,
}

/// What happened to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOperation {
    /// It was created, or opened by a call that creates what is missing.
    Created,
    /// It was deleted.
    Deleted,
    /// It got another name.
    Renamed(String),
}

/// A handle was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    /// The service's key name; `None` for the SCM itself.
    pub service: Option<String>,
    /// The access mask: rights of services and of the SCM (winsvc.h), or of keys (winnt.h).
    pub access: u32,
    /// Who asked: the user is the client's, the process services.exe's where a service or the SCM is concerned.
    pub requester: Doer,
}

/// A process started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessStart {
    /// The process.
    pub process: Doer,
    /// Its command line.
    pub command_line: Option<String>,
    /// The name that its program was built under, by its version resource: another one than its file's when that was
    /// renamed.
    pub original_name: Option<String>,
    /// SHA-256 of its program.
    pub sha256: Option<String>,
    /// The parent's unique id, as Sysmon gives it.
    pub parent_guid: Option<String>,
    /// The parent's program.
    pub parent_image: Option<String>,
    /// The parent's command line.
    pub parent_command_line: Option<String>,
}

/// A driver was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverLoad {
    /// The image's path.
    pub image: String,
    /// SHA-256 of it.
    pub sha256: Option<String>,
    /// Whether it is signed.
    pub signed: Option<bool>,
    /// Who signed it.
    pub signer: Option<String>,
}

/// A logon, or an access from one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logon {
    /// The session.
    pub logon_id: Option<u64>,
    /// The logon type: 3 network, 10 remote interactive and so on.
    pub kind: Option<u64>,
    /// The address that it came from.
    pub address: Option<String>,
    /// The client's name for itself.
    pub workstation: Option<String>,
    /// The user as `DOMAIN\name`.
    pub user: Option<String>,
    /// The user's security id.
    pub sid: Option<String>,
}

/// A call of the SCM's interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The operation.
    pub operation: Operation,
    /// The caller's process where the caller's side was traced; services.exe where the SCM's was.
    pub process_id: Option<u32>,
    /// Whether the caller's side was traced.
    pub by_client: bool,
    /// Over what it came.
    pub transport: Transport,
    /// The endpoint, such as `\\PIPE\\svcctl`.
    pub endpoint: Option<String>,
    /// The address that the runtime gives.
    pub address: Option<String>,
}

/// A log was cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleared {
    /// The channel that was cleared.
    pub channel: String,
    /// The user who did it, as `DOMAIN\name`.
    pub user: Option<String>,
}

impl Name {
    /// A service that is known by its key's name.
    pub fn of_key(key: impl Into<String>) -> Self {
        Self { key: Some(key.into()), display: None }
    }

    /// A service that is known by its display name.
    pub fn of_display(display: impl Into<String>) -> Self {
        Self { key: None, display: Some(display.into()) }
    }

    /// The key's name, else the display name.
    pub fn best(&self) -> &str {
        self.key.as_deref().or(self.display.as_deref()).unwrap_or_default()
    }
}

impl State {
    /// From its number.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Stopped),
            2 => Some(Self::StartPending),
            3 => Some(Self::StopPending),
            4 => Some(Self::Running),
            5 => Some(Self::ContinuePending),
            6 => Some(Self::PausePending),
            7 => Some(Self::Paused),
            _ => None,
        }
    }

    /// From the word of English records.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "stopped" => Some(Self::Stopped),
            "running" => Some(Self::Running),
            "paused" => Some(Self::Paused),
            "start pending" => Some(Self::StartPending),
            "stop pending" => Some(Self::StopPending),
            _ => None,
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::StartPending => "start pending",
            Self::StopPending => "stop pending",
            Self::Running => "running",
            Self::ContinuePending => "continue pending",
            Self::PausePending => "pause pending",
            Self::Paused => "paused",
        }
    }
}

impl Doer {
    /// The SCM itself.
    pub fn manager() -> Self {
        Self { image: Some(r"C:\Windows\System32\services.exe".to_owned()), ..Self::default() }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Fills in what is missing from `other`.
    pub fn complete(&mut self, other: &Self) {
        let take = |mine: &mut Option<String>, theirs: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(theirs);
            }
        };
        self.process_id = self.process_id.or(other.process_id);
        self.parent_id = self.parent_id.or(other.parent_id);
        self.logon_id = self.logon_id.or(other.logon_id);
        take(&mut self.guid, &other.guid);
        take(&mut self.image, &other.image);
        take(&mut self.user, &other.user);
        take(&mut self.sid, &other.sid);
    }
}
