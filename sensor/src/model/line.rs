//! A line of the output stream.

use super::event::{EventId, ServiceEvent};
use super::finding::Finding;
use super::known::{Known, Reason};
use super::loss::Loss;
use super::service::Scope;
use super::time::Timestamp;

/// A line of the output stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The first: what is watched and how.
    Started(Started),
    /// Something happened to a service.
    Event(Box<ServiceEvent>),
    /// Something deserves a look.
    Finding(Box<Finding>),
    /// A fact of an earlier event that was not ready in time.
    Enrichment(Enrichment),
    /// Something was not seen.
    Loss(Loss),
    /// The sensor lives.
    Heartbeat(Totals),
    /// The last: why it ended, and totals.
    Stopped {
        /// Why.
        reason: String,
        /// The totals.
        totals: Totals,
    },
}

impl Line {
    /// When it was told of.
    pub fn time_mut(&mut self) -> &mut Timestamp {
        match self {
            Self::Started(started) => &mut started.time,
            Self::Event(event) => &mut event.time,
            Self::Finding(finding) => &mut finding.time,
            Self::Enrichment(enrichment) => &mut enrichment.time,
            Self::Loss(loss) => &mut loss.time,
            Self::Heartbeat(totals) | Self::Stopped { totals, .. } => &mut totals.time,
        }
    }
}

/// What is watched and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// When.
    pub time: Timestamp,
    /// The run's random name; event ids begin with it.
    pub run: String,
    /// The sensor's version.
    pub version: String,
    /// The kernel's or operating system's release.
    pub os_release: Known<String>,
    /// The host's name.
    pub host: Known<String>,
    /// Identifies the boot.
    pub boot_id: Known<String>,
    /// Each source that runs, and how.
    pub sources: Vec<SourceState>,
    /// What can't be seen, a sentence each.
    pub blind: Vec<String>,
    /// How many services were known at start.
    pub services: usize,
}

/// A source and whether it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Its name.
    pub name: String,
    /// `None` when it runs, else why it doesn't.
    pub error: Option<String>,
}

/// A fact of an earlier event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrichment {
    /// When it was ready.
    pub time: Timestamp,
    /// The event that it belongs to.
    pub event: EventId,
    /// The fact.
    pub fact: Fact,
}

/// A fact that is known later than its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// What took longer to find out of a program.
    Program {
        /// The program.
        path: String,
        /// Its SHA-256.
        sha256: Known<String>,
        /// Further facts, by the names that they have in an event's details.
        details: Vec<(&'static str, String)>,
        /// Names of facts that could not be had, each with its reason.
        missing: Vec<(&'static str, Reason)>,
    },
    /// A manager has read what the event tells.
    Loaded {
        /// Whose manager: of a unit for all users, each user's reads it for itself.
        scope: Scope,
    },
}

/// Counters of the whole run; names and values in a fixed order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// When they were read.
    pub time: Timestamp,
    /// Each counter's name and value.
    pub counters: Vec<(String, u64)>,
}
