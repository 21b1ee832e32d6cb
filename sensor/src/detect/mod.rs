//! Judges events: which of them somebody should look at, and why.
//!
//! An event goes through every analytic of [`analytic::ALL`]; each gives its conclusions, and the detector makes
//! findings of them. It is pure: the same events in the same order give the same findings. The only time is that of
//! the events, and what it remembers is bounded.

pub mod analytic;
mod burst;
mod catalog;
mod command;
pub mod glob;
mod options;
mod packaging;
mod place;
mod recent;
pub mod reference;
mod request;
mod subject;
pub mod technique;
mod text;
mod verdict;

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod windows_tests;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

pub use options::{Allowed, Options, OptionsError};

use crate::model::event::{Action, EventId, ServiceEvent};
use crate::model::finding::{DataComponent, Finding};
use crate::model::service::ServiceId;
use crate::model::time::Timestamp;

use analytic::Analytic;
use burst::Bursts;
use recent::Recent;
use subject::{Birth, Subject};
use verdict::Verdict;

/// For how long the same conclusion on the same service is not repeated: one command shows up as a request and as
/// its effect.
const REPEAT: Duration = Duration::from_secs(30);
/// For how long a service's birth is remembered.
const REMEMBERED: Duration = Duration::from_mins(10);
/// Of how many services something is remembered.
const SERVICES: usize = 4096;
/// How many conclusions are remembered of one service.
const TOLD: usize = 32;

/// Judges events.
#[derive(Debug)]
pub struct Detector {
    analytics: Vec<&'static Analytic>,
    options: Options,
    past: Recent<(Option<String>, ServiceId), History>,
    bursts: Bursts,
    counters: Counters,
}

/// How many conclusions became what. They add up: every conclusion is told, expected or repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Findings that were given.
    pub findings: u64,
    /// Conclusions that the allow list expects.
    pub allowed: u64,
    /// Conclusions that repeat a finding of the last 30 seconds.
    pub repeated: u64,
}

/// What is remembered of a service.
#[derive(Clone, Debug, Default)]
struct History {
    birth: Option<Birth>,
    told: Vec<Told>,
}

/// A conclusion that was told.
#[derive(Clone, Debug)]
struct Told {
    analytic: &'static str,
    aspect: u64,
    time: Timestamp,
}

impl Detector {
    /// A detector that remembers nothing yet.
    ///
    /// # Errors
    /// When the options name an analytic that does not exist, or an allow-list entry lacks its reason.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        options.check()?;
        let analytics = analytic::ALL
            .iter()
            .copied()
            .filter(|analytic| !options.disabled.iter().any(|name| name == analytic.name))
            .collect();
        Ok(Self {
            analytics,
            options,
            past: Recent::new(REMEMBERED, SERVICES),
            bursts: Bursts::new(),
            counters: Counters::default(),
        })
    }

    /// The findings that an event gives rise to, in the order of the analytics.
    pub fn judge(&mut self, event: &ServiceEvent) -> Vec<Finding> {
        let birth = self.birth_of(event);
        let burst = self.bursts.count(event, birth.is_some());
        let subject = Subject::new(event, birth, burst);
        let mut findings = Vec::new();
        for analytic in self.analytics.clone() {
            if !analytic.managers.contains(&event.service.manager) {
                continue;
            }
            for verdict in (analytic.judge)(&subject) {
                findings.extend(self.conclude(analytic, &subject, verdict));
            }
        }
        findings
    }

    /// How many conclusions were told, and how many not.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Keeps the history of services up to date and tells how the event's service came to be, if that was lately.
    fn birth_of(&mut self, event: &ServiceEvent) -> Option<Birth> {
        let key = (event.host.clone(), event.service.clone());
        match event.action {
            Action::Created => {
                let birth = Birth { time: event.time, event: event.id.clone() };
                let told = self.past.take(&key).map(|history| history.told).unwrap_or_default();
                self.past.insert(key, History { birth: Some(birth), told }, event.time);
                None
            }
            Action::Removed => {
                let live = self.past.get(&key, event.time).and_then(|history| history.birth.clone());
                self.past.take(&key);
                live
            }
            Action::Modified
            | Action::Enabled
            | Action::Disabled
            | Action::Masked
            | Action::Unmasked
            | Action::Aliased
            | Action::Started
            | Action::Stopped
            | Action::Failed
            | Action::ControlRequested => {
                self.past.get(&key, event.time).and_then(|history| history.birth.clone())
            }
        }
    }

    /// Makes a finding of a conclusion, unless it is expected or was told a moment ago.
    fn conclude(
        &mut self,
        analytic: &'static Analytic,
        subject: &Subject<'_>,
        verdict: Verdict,
    ) -> Option<Finding> {
        let event = subject.event;
        let service = verdict.service.unwrap_or_else(|| event.service.clone());
        if self.is_allowed(analytic.name, &service.name, event.time) {
            self.counters.allowed = self.counters.allowed.saturating_add(1);
            return None;
        }
        if self.is_repeated(analytic.name, &service, event, &verdict.aspect) {
            self.counters.repeated = self.counters.repeated.saturating_add(1);
            return None;
        }
        self.counters.findings = self.counters.findings.saturating_add(1);
        let mut evidence: Vec<EventId> = Vec::with_capacity(2);
        if verdict.rests_on_birth {
            evidence.extend(subject.birth.as_ref().map(|birth| birth.event.clone()));
        }
        evidence.push(event.id.clone());
        Some(Finding {
            time: event.time,
            analytic: analytic.name,
            title: analytic.title,
            service,
            host: event.host.clone(),
            severity: verdict.severity,
            why: verdict.why,
            techniques: verdict.techniques,
            component: component(event.action),
            evidence,
        })
    }

    /// Whether the allow list expects a finding.
    fn is_allowed(&self, analytic: &str, service: &str, time: Timestamp) -> bool {
        self.options.allowed.iter().any(|entry| {
            (entry.analytic == "*" || entry.analytic == analytic)
                && glob::matches(&entry.service, service)
                && entry.until.is_none_or(|until| time <= until)
        })
    }

    /// Whether the same was told of the same service within the last 30 seconds; remembers it if not.
    fn is_repeated(
        &mut self,
        analytic: &'static str,
        service: &ServiceId,
        event: &ServiceEvent,
        aspect: &str,
    ) -> bool {
        let key = (event.host.clone(), service.clone());
        let mut hasher = DefaultHasher::new();
        aspect.hash(&mut hasher);
        let aspect = hasher.finish();
        let mut history = self.past.take(&key).unwrap_or_default();
        history.told.retain(|told| event.time.since(told.time) <= REPEAT);
        let repeated = history.told.iter().any(|told| told.analytic == analytic && told.aspect == aspect);
        if !repeated && history.told.len() < TOLD {
            history.told.push(Told { analytic, aspect, time: event.time });
        }
        self.past.insert(key, history, event.time);
        repeated
    }
}

/// The data component of DS0019 by which an action is seen.
///
/// What becomes of a service's state (enabled, stopped, asked to stop) is metadata; what becomes of its definition is
/// a modification, and so is its end.
fn component(action: Action) -> DataComponent {
    match action {
        Action::Created => DataComponent::Creation,
        Action::Modified | Action::Removed | Action::Aliased => DataComponent::Modification,
        Action::Enabled
        | Action::Disabled
        | Action::Masked
        | Action::Unmasked
        | Action::Started
        | Action::Stopped
        | Action::Failed
        | Action::ControlRequested => DataComponent::Metadata,
    }
}
