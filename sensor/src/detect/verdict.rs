//! What an analytic says of an event, before it becomes a finding.

use crate::model::finding::{Severity, Technique};
use crate::model::service::ServiceId;

/// One conclusion of one analytic.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// One sentence with the facts.
    pub(crate) why: String,
    /// The techniques that it points to.
    pub(crate) techniques: Vec<&'static Technique>,
    /// What it is about within the service: the same aspect is not told twice in a short time.
    pub(crate) aspect: String,
    /// The service that it is about, where that is not the event's.
    pub(crate) service: Option<ServiceId>,
    /// Whether it rests on the event by which the service came to be as well.
    pub(crate) rests_on_birth: bool,
}

impl Verdict {
    /// A conclusion about the event's own service.
    pub(crate) fn new(severity: Severity, aspect: impl Into<String>, why: String) -> Self {
        Self {
            severity,
            why,
            techniques: Vec::new(),
            aspect: aspect.into(),
            service: None,
            rests_on_birth: false,
        }
    }

    /// Adds a technique that it points to, once.
    pub(crate) fn points_to(mut self, technique: &'static Technique) -> Self {
        if !self.techniques.contains(&technique) {
            self.techniques.push(technique);
        }
        self
    }

    /// Adds techniques that it points to.
    pub(crate) fn points_to_all(self, techniques: impl IntoIterator<Item = &'static Technique>) -> Self {
        techniques.into_iter().fold(self, Self::points_to)
    }
}
