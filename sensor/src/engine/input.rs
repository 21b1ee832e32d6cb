//! What drives the engine: everything that reaches it from outside, in order.

use std::time::Duration;

use bstr::BString;

use crate::model::line::Started;
use crate::model::observation::FileObservation;
use crate::model::{Loss, Reason, Timestamp};

/// One thing that reaches the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The first: what is watched and how.
    Start(Box<Start>),
    /// Bytes of one kernel record, to be decoded.
    Kernel(Vec<u8>),
    /// A directory is watched by the kernel programs, or no longer: its device and inode, and its path.
    Watch((u64, u64), Option<BString>),
    /// A name in a watched directory changed, as a source without kernel records saw it.
    File(Timestamp, Box<FileObservation>),
    /// Time has passed, and nothing else happened.
    Tick(Timestamp),
    /// The wall clock was set: what must now be added to a time of the boot clock, in nanoseconds. The times of inputs
    /// go on as if it had not been.
    Clock(i64),
    /// Users came whose managers' directories are watched from now on.
    Users(Timestamp, Box<NewUsers>),
    /// A large program's hash is ready.
    Hashed(Timestamp, BString, Result<String, Reason>),
    /// Something was not seen.
    Loss(Loss),
    /// What is watched was not seen for a while: everything is read again and compared.
    Rescan(Timestamp),
    /// Time for a sign of life, with the counters that sources keep.
    Heartbeat(Timestamp, Vec<(String, u64)>),
    /// The last: why it ends, and the counters that sources keep.
    Stop(Timestamp, String, Vec<(String, u64)>),
}

/// Users who came after the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewUsers {
    /// Who they are.
    pub users: Vec<NewUser>,
    /// Those of their unit directories that are named by way of links, each with its true path.
    pub links: Vec<(BString, BString)>,
}

/// A user who came after the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUser {
    /// The user's id.
    pub uid: u32,
    /// The user's home.
    pub home: BString,
    /// When the user was not there yet, by the wall clock as it stood then. What changed in the user's directories since is
    /// told as found, and what is older was there before.
    pub since: Timestamp,
}

/// What is watched and how, as it stands at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The line that is told; its number of services is filled in.
    pub started: Started,
    /// What must be added to a time of the boot clock, in nanoseconds, to get one since 1970.
    pub boot_offset_ns: i64,
    /// Users whose managers' directories are watched.
    pub users: Vec<(u32, BString)>,
    /// Whether /lib is a link to usr/lib, so that both are one.
    pub merged_usr: bool,
    /// Directories of the system manager besides those that systemd reads.
    pub extra: Vec<BString>,
    /// How long a name that went away may take to return.
    pub settle: Duration,
    /// The key under which secrets are marked.
    pub redaction_key: [u8; 32],
    /// Unit directories that are named by way of links, each with its true path.
    pub links: Vec<(BString, BString)>,
}
