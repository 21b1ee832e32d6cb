//! What a live host tells besides records: what is there at the start, what changed in the registry, and the time.

use std::sync::Arc;

use super::draft::NO_RECORD;
use super::services::Service;
use super::tables::Seen as Remembered;
use super::{Correlator, Output};
use crate::model::{ObservationId, Timestamp};
use crate::scm::interest::Source;
use crate::scm::observed::{Name, Observed, ProcessStart, Seen};

/// What a source that has no records saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// When.
    pub time: Timestamp,
    /// Which source.
    pub source: Source,
    /// What it saw.
    pub seen: Seen,
}

/// A service that is there when a run starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownService {
    /// Its names.
    pub name: Name,
    /// Its settings and their values.
    pub settings: Vec<(&'static str, String)>,
}

impl Correlator {
    /// Takes in all services that `host` has at `time`, so that what changes from now on is told with what was before.
    pub fn learn_services(&mut self, host: &Arc<str>, time: Timestamp, services: Vec<KnownService>) {
        drop(self.meet(host));
        let Some(host) = self.hosts.get_mut(&host.to_ascii_lowercase()) else { return };
        for service in &services {
            host.names.learn(&service.name);
        }
        let known = |KnownService { name, settings }| Service::known(name, settings);
        host.services.learn(time, services.into_iter().map(known).collect());
    }

    /// Takes in a process that already runs on `host`; it needs no record of its start to be known by its id.
    pub fn learn_process(&mut self, host: &Arc<str>, started: Timestamp, process: ProcessStart) {
        drop(self.meet(host));
        let Some(host) = self.hosts.get_mut(&host.to_ascii_lowercase()) else { return };
        host.tables.running(Remembered { id: NO_RECORD, time: started, what: process });
    }

    /// Takes in what was seen on `host`, and gives what is complete by it.
    pub fn push_sighting(&mut self, host: &Arc<str>, sighting: Sighting) -> Vec<Output> {
        self.records += 1;
        self.counters.read += 1;
        self.counters.decoded += 1;
        let Sighting { time, source, seen } = sighting;
        self.observe(&Observed {
            id: ObservationId(self.records),
            host: Arc::clone(host),
            time,
            source,
            event_id: 0,
            process_id: None,
            user_sid: None,
            seen,
        })
    }

    /// Hears that it is `now`, and gives what has waited long enough.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Output> {
        let hold = self.hold;
        let mut outputs = Vec::new();
        for host in self.hosts.values_mut() {
            outputs.extend(host.advance(now, hold));
        }
        self.counters.evidence += self.hosts.values_mut().map(super::Host::take_told).sum::<u64>();
        outputs.into_iter().map(|event| self.number(event)).collect()
    }

    /// The run's name, with which the ids of its events begin.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// Whether something waits to be told.
    pub fn is_waiting(&self) -> bool {
        self.hosts.values().any(|host| !host.drafts.is_empty())
    }
}
