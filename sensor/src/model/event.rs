//! What was concluded about a service.

use bstr::BString;

use super::change::{Change, TextDiff};
use super::known::{Known, Reason};
use super::observation::ObservationId;
use super::process::{Actor, Confidence};
use super::service::{Enablement, ServiceId, Setting};
use super::time::Timestamp;

/// Identifies an event within the stream: the run and a number that counts up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId {
    /// The run: random at start, and kept by a recording.
    pub run: String,
    /// Counts up from 1.
    pub number: u64,
}

/// One thing that happened to one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// Its identity.
    pub id: EventId,
    /// When the last of the observations behind it happened.
    pub time: Timestamp,
    /// The host that it happened on, where it is not this one.
    pub host: Option<String>,
    /// What happened.
    pub action: Action,
    /// By which way.
    pub mechanism: Mechanism,
    /// To which service.
    pub service: ServiceId,
    /// The name that people read: `Description=`, or the display name.
    pub display_name: Option<String>,
    /// The effective definition after it; for a removed service, the last one.
    pub definition: Vec<Setting>,
    /// The settings that changed. An event may have none: see `note`.
    pub changes: Vec<Change>,
    /// The file that was touched, where there is one.
    pub file: Option<FileFacts>,
    /// The programs that the service runs, each once, in the order in which they would run.
    pub executables: Vec<Executable>,
    /// Whether the manager starts it by itself, after the event.
    pub enablement: Known<Enablement>,
    /// The same before the event.
    pub enablement_before: Known<Enablement>,
    /// Whether the manager has already read what the event tells.
    pub loaded: Known<bool>,
    /// Who did it.
    pub actor: Known<Actor>,
    /// How sure it is that this happened.
    pub confidence: Confidence,
    /// What a reader must know besides, such as that the change has no effect.
    pub note: Option<String>,
    /// Further facts that only this kind of event has, by name.
    pub details: Vec<(&'static str, String)>,
    /// Names of facts that could not be had, each with its reason, besides those that say so in their own place.
    pub missing: Vec<(&'static str, Reason)>,
    /// The observations that it rests on.
    pub evidence: Vec<ObservationId>,
}

/// What happened to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// It came to be.
    Created,
    /// Its definition changed.
    Modified,
    /// It is gone.
    Removed,
    /// The manager will start it by itself.
    Enabled,
    /// The manager no longer starts it by itself.
    Disabled,
    /// It can no longer be started.
    Masked,
    /// It can be started again.
    Unmasked,
    /// It got a further name.
    Aliased,
    /// It runs.
    Started,
    /// It stopped.
    Stopped,
    /// It failed.
    Failed,
    /// Somebody asked the manager to act on it.
    ControlRequested,
}

/// The way by which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mechanism {
    /// A unit's main file.
    UnitFile,
    /// A drop-in file below `UNIT.d`.
    DropIn,
    /// A link in `.wants`, `.requires` or `.upholds`.
    DependencyLink,
    /// A link from one unit name to another.
    AliasLink,
    /// A link to /dev/null, or an empty file.
    Mask,
    /// A unit made through the manager's interface, without a file of its own making.
    Transient,
    /// A generator, or what it wrote.
    Generator,
    /// A command such as `systemctl` or `sc`.
    Command,
    /// An init script.
    InitScript,
    /// The Service Control Manager did it.
    ServiceControlManager,
    /// The registry was written.
    Registry,
    /// A program file was replaced.
    Executable,
}

/// The file that was touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its true path on the host.
    pub path: BString,
    /// The path by which it was named, where that differs or is known.
    pub path_as_named: Known<BString>,
    /// What a symbolic link points to.
    pub link_target: Option<BString>,
    /// SHA-256 of the content.
    pub sha256: Known<String>,
    /// The content's size in bytes.
    pub size: Known<u64>,
    /// Permission bits.
    pub mode: Known<u32>,
    /// Owner's user and group id.
    pub owner: Known<(u32, u32)>,
    /// The text before and after, as differing lines.
    pub diff: Option<TextDiff>,
}

/// A program that a service runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Executable {
    /// The setting that names it: `ExecStart`, `ImagePath`, `ServiceDll`.
    pub setting: String,
    /// The whole command line as it stands.
    pub command_line: String,
    /// The program's path, resolved as the manager does.
    pub path: String,
    /// The arguments, without the program.
    pub arguments: Vec<String>,
    /// SHA-256 of the program.
    pub sha256: Known<String>,
    /// Its owner's user and group id.
    pub owner: Known<(u32, u32)>,
    /// Its permission bits.
    pub mode: Known<u32>,
}
