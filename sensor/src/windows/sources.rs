//! What sources hand to the run, and how each of them says whether it runs.

use crate::model::line::{Enrichment, SourceState};
use crate::model::{Loss, Timestamp};
use crate::scm::correlate::{KnownService, Sighting};
use crate::windows_event::WindowsEvent;

/// How many inputs wait for the run at most. Sources that can wait do so; the trace drops, and counts.
pub(super) const QUEUE: usize = 65_536;

/// What a source hands over.
#[derive(Debug)]
pub(super) enum Input {
    /// A record of a log or trace.
    Event(Box<WindowsEvent>),
    /// Something that has no record.
    Sighting(Box<Sighting>),
    /// All services that are there at a time.
    Inventory(Timestamp, Vec<KnownService>),
    /// Something was not seen.
    Loss(Loss),
    /// How far a log was read, as the system writes it; what came before this is told.
    Bookmark(&'static str, String),
    /// What became known of an event that was told.
    Fact(Box<Enrichment>),
}

/// A source that can't run: what that leaves unseen.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Each source and whether it runs.
    pub(super) states: Vec<SourceState>,
    /// What can't be seen, a sentence each.
    pub(super) blind: Vec<String>,
    /// The same for people, with the reason.
    pub(super) refusals: Vec<String>,
}

impl Plan {
    /// Notes whether a source runs; what it alone sees is blind when it doesn't. Gives it when it does.
    pub(super) fn note<T>(&mut self, name: &str, blind: &str, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(source) => {
                self.states.push(SourceState { name: name.to_owned(), error: None });
                Some(source)
            }
            Err(why) => {
                self.refusals.push(format!("{name} is refused: {why}; {blind}"));
                self.blind.push(blind.to_owned());
                self.states.push(SourceState { name: name.to_owned(), error: Some(why) });
                None
            }
        }
    }

    /// Whether anything runs.
    pub(super) fn runs(&self) -> bool {
        self.states.iter().any(|state| state.error.is_none())
    }

    /// Whether everything runs.
    pub(super) fn is_whole(&self) -> bool {
        self.states.iter().all(|state| state.error.is_none())
    }
}
