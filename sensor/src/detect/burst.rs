//! How many services of a host are stopped or disabled at about the same time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::model::event::{Action, ServiceEvent};
use crate::model::time::Timestamp;

use super::packaging::Packaging;
use super::recent::Recent;
use super::request::{self, Effect};

/// The time within which stops belong together.
pub(super) const WINDOW: Duration = Duration::from_mins(1);
/// How many names are kept of one host.
const NAMES: usize = 256;
/// Of how many hosts names are kept.
const HOSTS: usize = 256;

/// What was stopped or disabled lately, by host.
#[derive(Debug)]
pub(super) struct Bursts {
    hosts: Recent<Option<String>, VecDeque<(Timestamp, String)>>,
}

/// The services of one host that were stopped or disabled within a minute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Burst {
    /// How many there were before the event.
    pub(super) before: usize,
    /// The names of all, the first ones first.
    pub(super) names: Vec<String>,
}

impl Bursts {
    pub(super) fn new() -> Self {
        Self { hosts: Recent::new(WINDOW, HOSTS) }
    }

    /// Takes in an event; gives the services that somebody stopped, disabled, masked or removed on its host within the
    /// last minute, if the event is such a stop itself.
    ///
    /// That a service stopped is not enough, as all do at a shutdown: somebody must have asked, or its start changed.
    /// What package managers do is left out, and so are the end of a service that `is_newborn` and the mask of a name
    /// that no unit had: nothing that the host had is stopped by them.
    pub(super) fn count(&mut self, event: &ServiceEvent, is_newborn: bool) -> Burst {
        let counts = matches!(
            Effect::of(event),
            Effect::Stopped | Effect::Killed | Effect::Disabled | Effect::Masked | Effect::Removed
        );
        if !counts
            || matches!(event.action, Action::Stopped | Action::Failed)
            || (is_newborn && event.action == Action::Removed)
            || (event.action == Action::Masked && request::hides_nothing(event))
            || Packaging::of(event).is_involved()
        {
            return Burst::default();
        }
        let mut lately = self.hosts.take(&event.host).unwrap_or_default();
        lately.retain(|(time, _)| event.time.since(*time) <= WINDOW);
        let before = lately.len();
        let asked = request::request(event).map(|request| request.services);
        for name in asked.unwrap_or_else(|| vec![event.service.name.as_str()]) {
            let name = name.strip_suffix(".service").unwrap_or(name);
            if !lately.iter().any(|(_, known)| known == name) {
                lately.push_back((event.time, name.to_owned()));
            }
            while lately.len() > NAMES {
                lately.pop_front();
            }
        }
        let burst = Burst { before, names: lately.iter().map(|(_, name)| name.clone()).collect() };
        self.hosts.insert(event.host.clone(), lately, event.time);
        burst
    }

    /// How many hosts are held.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.hosts.len()
    }
}
