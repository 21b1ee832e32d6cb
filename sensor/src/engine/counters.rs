//! What the core counts, and the balance of it.

use super::Engine;
use crate::model::Timestamp;
use crate::model::line::Totals;

/// What the core counts.
///
/// `records` = decoded + `stale` + `undecodable`; file observations = `evidence` + `directories` + noise + those that still
/// wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Kernel records that came.
    pub(super) records: u64,
    /// Those that never came, by the numbers of those that did.
    pub(super) missing: u64,
    /// Those of a directory or file that is no longer watched.
    pub(super) stale: u64,
    /// Those that made no sense.
    pub(super) undecodable: u64,
    /// Observations of processes.
    pub(super) processes: u64,
    /// Observations of files.
    pub(super) files: u64,
    /// File observations that are evidence of an event.
    pub(super) evidence: u64,
    /// File observations that ended in the state that was known.
    pub(super) unchanged: u64,
    /// File observations of attributes that were set as the last step of a change that was told.
    pub(super) finishing: u64,
    /// File observations of a change that is no unit's.
    pub(super) without_unit: u64,
    /// File observations of names that systemd doesn't read.
    pub(super) not_a_unit: u64,
    /// File observations of directories: what they hold is told by itself.
    pub(super) directories: u64,
    /// File observations outside of the unit directories.
    pub(super) elsewhere: u64,
    /// Losses that were told.
    pub(super) losses: u64,
}

impl Engine {
    /// All counters, the sources' first.
    pub(super) fn totals(&self, time: Timestamp, sources: Vec<(String, u64)>) -> Totals {
        let counters = self.counters;
        let own = [
            ("kernel.records", counters.records),
            ("kernel.missing", counters.missing),
            ("kernel.stale", counters.stale),
            ("kernel.undecodable", counters.undecodable),
            ("observations.processes", counters.processes),
            ("observations.files", counters.files),
            ("observations.evidence", counters.evidence),
            ("observations.noise.unchanged", counters.unchanged),
            ("observations.noise.finishing", counters.finishing),
            ("observations.noise.without_unit", counters.without_unit),
            ("observations.noise.not_a_unit", counters.not_a_unit),
            ("observations.directories", counters.directories),
            ("observations.noise.elsewhere", counters.elsewhere),
            ("observations.pending", self.touched.observed()),
            ("processes.known", self.processes.len() as u64),
            ("processes.refused", self.processes.refused()),
            ("services.known", self.units.len() as u64),
            ("events", self.events),
            ("losses", counters.losses),
        ];
        let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
        Totals { time, counters: sources.into_iter().chain(own).collect() }
    }
}
