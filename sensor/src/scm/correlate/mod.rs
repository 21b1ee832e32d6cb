//! From what many records say to what happened, once: by host, by event time, in any order of records.
//!
//! Every happening is a draft until the clock of its host, which its records move, is past a window. Until then
//! further records of the same happening join it. So the events of a host come in the order of their times, and a run
//! over the same records gives the same events with the same numbers.

mod bounded;
mod counters;
mod dedupe;
mod draft;
mod event;
mod gaps;
mod host;
mod install;
mod keys;
mod names;
mod registry;
mod request;
mod services;
mod sighting;
mod state;
mod tables;
mod who;

#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub use counters::Counters;
pub use sighting::{KnownService, Sighting};

use super::decode::{Decoded, decode};
use super::image_path::Variables;
use super::interest::Source;
use super::observed::{Observed, Seen};
use crate::model::{EventId, Loss, ServiceEvent, Timestamp};
use crate::windows_event::WindowsEvent;
use crate::windows_event::reader::{ReadError, Record};
use dedupe::Dedupe;
use gaps::Gaps;
use host::Host;
use keys::KeyNames;

/// Records of one happening are logged within this time of each other.
const JOIN: Duration = Duration::from_secs(10);
/// Records of one moment, by different sources.
const SKEW: Duration = Duration::from_secs(3);
/// How long a draft waits for what may still be said of it, in a replay: as long as the SCM waits for a service to
/// start, since the record of that failure is often the only one that has both names.
const REPLAY_HOLD: Duration = Duration::from_mins(1);
/// The same for a live host: as long as records of one moment by different sources may be apart.
const LIVE_HOLD: Duration = SKEW;
/// A clock that goes back further than this was set, or belongs to another log: what waits is told first.
const BACKWARDS: Duration = Duration::from_mins(5);
/// How many hosts are kept in mind at a time.
const HOSTS: usize = 256;

/// What comes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Something happened to a service.
    Event(Box<ServiceEvent>),
    /// Something was not seen.
    Loss(Loss),
}

/// Turns records into events.
#[derive(Debug)]
pub struct Correlator {
    run: String,
    hold: Duration,
    hosts: HashMap<String, Host>,
    /// Host names in the order in which they were last heard of, for forgetting the oldest.
    heard: u64,
    records: u64,
    events: u64,
    dedupe: Dedupe,
    /// Of logs that are read whole; a live subscription leaves out what it doesn't ask for.
    gaps: Option<Gaps>,
    keys: KeyNames,
    counters: Counters,
    /// Of the machine that the records are of, as far as that is known.
    machine: Arc<Variables>,
}

impl Correlator {
    /// A correlator for recorded logs; `run` is the first part of its events' ids.
    pub fn new(run: String) -> Self {
        Self { gaps: Some(Gaps::default()), ..Self::with_hold(run, REPLAY_HOLD) }
    }

    /// A correlator for a live host, which has these variables: it tells sooner, needs to hear of the passing of time by [`Self::tick`], and takes no
    /// record number that is missing for a loss.
    pub fn live(run: String, machine: Variables) -> Self {
        Self { machine: Arc::new(machine), ..Self::with_hold(run, LIVE_HOLD) }
    }

    /// A correlator that tells an event when the records of its host are `hold` past it.
    fn with_hold(run: String, hold: Duration) -> Self {
        Self {
            run,
            hold,
            hosts: HashMap::new(),
            heard: 0,
            records: 0,
            events: 0,
            dedupe: Dedupe::default(),
            gaps: None,
            keys: KeyNames::new(),
            counters: Counters::default(),
            machine: Arc::new(Variables::usual()),
        }
    }

    /// Takes in a record, and gives what is complete by it.
    pub fn push(&mut self, record: Record) -> Vec<Output> {
        match record {
            Record::Event(event) => self.push_event(&event),
            Record::Other(head) => {
                self.records += 1;
                self.counters.read += 1;
                self.counters.decoded += 1;
                self.counters.ignored("other event");
                if let (Some(gaps), Some(record), Some(time)) = (&mut self.gaps, head.record_id, head.time) {
                    gaps.seen(&head.computer, &head.channel, record, time);
                }
                Vec::new()
            }
        }
    }

    /// Takes in an event, and gives what is complete by it.
    pub fn push_event(&mut self, event: &WindowsEvent) -> Vec<Output> {
        self.records += 1;
        self.counters.read += 1;
        if let (Some(gaps), Some(record)) = (&mut self.gaps, event.record_id) {
            gaps.seen(&event.computer, &event.channel, record, event.time);
        }
        let named = (Source::of(&event.provider, &event.channel, event.id) == Some(Source::KernelRegistry))
            .then(|| {
                let mut event = event.clone();
                self.keys.complete(&mut event);
                event
            });
        let event = named.as_ref().unwrap_or(event);
        match decode(event, self.records) {
            Decoded::Undecodable(why) => {
                self.counters.undecodable(why);
                Vec::new()
            }
            Decoded::Ignored(why) => {
                self.counters.decoded += 1;
                self.counters.ignored(why);
                Vec::new()
            }
            Decoded::Observed(observed) => {
                self.counters.decoded += 1;
                if self.dedupe.seen_before(event) {
                    self.counters.ignored("read before");
                    return Vec::new();
                }
                self.observe(&observed)
            }
        }
    }

    /// Tells a failure of reading as a loss, and counts it.
    pub fn read_failed(&mut self, error: &ReadError, now: Timestamp) -> Loss {
        let lost = error.kind.records();
        self.counters.read += lost.unwrap_or(0);
        for _ in 0..lost.unwrap_or(0) {
            self.counters.undecodable(error.kind.reason());
        }
        Loss {
            time: now,
            source: error.origin.clone(),
            reason: error.what(),
            count: lost,
            consequence: "what these records told is not seen".to_owned(),
        }
    }

    fn observe(&mut self, observed: &Observed) -> Vec<Output> {
        if let Seen::Cleared(cleared) = &observed.seen {
            self.counters.losses += 1;
            let by = cleared.user.as_ref().map(|user| format!(" by {user}")).unwrap_or_default();
            return vec![Output::Loss(Loss {
                time: observed.time,
                source: if observed.host.is_empty() {
                    format!("{} log", cleared.channel)
                } else {
                    format!("{} log of {}", cleared.channel, observed.host)
                },
                reason: format!("the log was cleared{by}"),
                count: None,
                consequence: "records from before that were not read elsewhere are gone".to_owned(),
            })];
        }
        let mut outputs = self.meet(&observed.host);
        let Some(host) = self.hosts.get_mut(&observed.host.to_ascii_lowercase()) else { return outputs };
        let mut events = host.advance(observed.time, self.hold);
        host.observe(observed, &mut self.counters);
        events.extend(host.overflow());
        self.counters.evidence += host.take_told();
        outputs.extend(events.into_iter().map(|event| self.number(event)));
        outputs
    }

    /// Hears of a host, and gives what is told of another one that is forgotten for it.
    fn meet(&mut self, host: &Arc<str>) -> Vec<Output> {
        self.heard += 1;
        let heard = self.heard;
        let name = host.to_ascii_lowercase();
        let mut outputs = Vec::new();
        if !self.hosts.contains_key(&name) && self.hosts.len() >= HOSTS {
            outputs = self.forget_a_host();
        }
        let machine = &self.machine;
        let host = || Host::new(Arc::clone(host), Arc::clone(machine));
        self.hosts.entry(name).or_insert_with(host).heard = heard;
        outputs
    }

    /// Gives what still waits, and the gaps that were found in the logs.
    pub fn finish(&mut self) -> Vec<Output> {
        let mut events: Vec<ServiceEvent> = self.hosts.values_mut().flat_map(Host::finish).collect();
        // Of different hosts, by time; of one moment, in the order of records.
        events.sort_by(|left, right| {
            (left.time, left.evidence.first()).cmp(&(right.time, right.evidence.first()))
        });
        self.counters.evidence += self.hosts.values_mut().map(Host::take_told).sum::<u64>();
        self.hosts.clear();
        let mut outputs: Vec<Output> = events.into_iter().map(|event| self.number(event)).collect();
        let losses = self.gaps.take().map(|gaps| gaps.losses()).unwrap_or_default();
        outputs.extend(losses.into_iter().map(Output::Loss));
        outputs
    }

    /// What was read, and what became of it.
    pub fn counters(&self) -> Counters {
        let mut counters = self.counters.clone();
        counters.pending = self.hosts.values().map(Host::pending).sum();
        counters
    }

    fn number(&mut self, mut event: ServiceEvent) -> Output {
        self.events += 1;
        self.counters.events += 1;
        event.id = EventId { run: self.run.clone(), number: self.events };
        Output::Event(Box::new(event))
    }

    /// Forgets the host that was not heard of for longest.
    fn forget_a_host(&mut self) -> Vec<Output> {
        let oldest = self.hosts.iter().min_by_key(|(_, host)| host.heard).map(|(name, _)| name.clone());
        let Some(mut host) = oldest.and_then(|name| self.hosts.remove(&name)) else { return Vec::new() };
        let events = host.finish();
        self.counters.evidence += host.take_told();
        events.into_iter().map(|event| self.number(event)).collect()
    }
}
