//! An event in the making: what several records say about one thing that happened.

use crate::model::process::Confidence;
use crate::model::{Mechanism, ObservationId, Timestamp};
use crate::scm::command::{Request, Verb};
use crate::scm::decode::is_untold;
use crate::scm::interest::Source;
use crate::scm::observed::{Doer, FailureKind, Name, Observed, State};
use crate::scm::setting::{START, StartType, TRIGGERS, TYPE, is_type_word};
use crate::windows_event::field::parse_integer;

/// What is known without a record; records are numbered from 1.
pub(super) const NO_RECORD: ObservationId = ObservationId(0);

/// Orders the drafts of a host: by the time of the first record, then in the order of records.
pub(super) type DraftKey = (Timestamp, u64);

/// An event in the making.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    pub(super) name: Name,
    /// When the first and the last of its records were logged.
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
    /// Settings that were set, changed or removed, each once.
    pub(super) changes: Vec<DraftChange>,
    /// The process that wrote to the registry.
    pub(super) writer: Doer,
    /// The process or user on whose behalf the SCM acted.
    pub(super) client: Doer,
    /// How the client is known.
    pub(super) basis: Option<(&'static str, Confidence)>,
    pub(super) client_is_remote: Option<bool>,
    /// What the command asked for that brought it about.
    pub(super) asked: Option<Verb>,
    /// services.exe, where a record of it tells its process id.
    pub(super) manager_id: Option<u32>,
    pub(super) mechanism: Mechanism,
    pub(super) confidence: Confidence,
    /// The kinds of records that it rests on already.
    pub(super) marks: Vec<(Source, u32)>,
    /// All records that it rests on, in their order.
    pub(super) evidence: Vec<ObservationId>,
    /// Those of them that tell of it, and of nothing else; the others only tell who is who.
    pub(super) own: Vec<ObservationId>,
    pub(super) notes: Vec<String>,
    pub(super) details: Vec<(&'static str, String)>,
}

/// What a draft is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A service came to be.
    Created,
    /// Settings changed.
    Changed,
    /// A service is gone.
    Removed,
    /// A service entered a state.
    State(State),
    /// A service failed.
    Failed(FailureKind),
    /// A control was sent.
    Control(String),
    /// An interactive service was started.
    Interactive,
    /// A driver was loaded.
    Driver,
    /// A command asks for something, and nothing else shows it yet.
    Request(Box<Request>),
}

/// A setting in a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DraftChange {
    pub(super) setting: &'static str,
    /// The value before, where a record tells it.
    pub(super) before: Option<String>,
    /// The value after; `None` when it was removed.
    pub(super) after: Option<String>,
}

impl Draft {
    /// A draft that begins with `observed`.
    pub(super) fn new(kind: Kind, name: Name, mechanism: Mechanism, observed: &Observed) -> Self {
        Self {
            kind,
            name,
            first: observed.time,
            last: observed.time,
            changes: Vec::new(),
            writer: Doer::default(),
            client: Doer::default(),
            basis: None,
            client_is_remote: None,
            asked: None,
            manager_id: None,
            mechanism,
            confidence: Confidence::High,
            marks: vec![(observed.source, observed.event_id)],
            evidence: vec![observed.id],
            own: vec![observed.id],
            notes: Vec::new(),
            details: Vec::new(),
        }
    }

    /// Adds a record to what it rests on.
    pub(super) fn rest_on(&mut self, observed: &Observed) {
        self.first = self.first.min(observed.time);
        self.last = self.last.max(observed.time);
        let mark = (observed.source, observed.event_id);
        if !self.marks.contains(&mark) {
            self.marks.push(mark);
        }
        self.cite(observed.id);
        if !self.own.contains(&observed.id) {
            self.own.push(observed.id);
        }
    }

    /// Names a record as evidence.
    pub(super) fn cite(&mut self, id: ObservationId) {
        if id == NO_RECORD {
            return;
        }
        if let Err(place) = self.evidence.binary_search(&id) {
            self.evidence.insert(place, id);
        }
    }

    pub(super) fn has_mark(&self, source: Source, event_id: u32) -> bool {
        self.marks.contains(&(source, event_id))
    }

    /// Whether it is a change of which no more is known than that there was one.
    pub(super) fn is_bare(&self) -> bool {
        self.kind == Kind::Changed && self.changes.is_empty()
    }

    /// Takes the client from a record of the SCM's that may name it.
    pub(super) fn take_client(&mut self, client: &Doer) {
        self.client.complete(client);
        if client.process_id.is_some_and(|pid| pid != 0) {
            self.basis = Some(("the record names the client process", Confidence::High));
        }
    }

    pub(super) fn change(&self, setting: &str) -> Option<&DraftChange> {
        self.changes.iter().find(|change| change.setting == setting)
    }

    /// The value that a setting has after it.
    pub(super) fn after(&self, setting: &str) -> Option<&str> {
        self.change(setting).and_then(|change| change.after.as_deref())
    }

    /// Takes a setting in, or completes what is known of it.
    pub(super) fn set(&mut self, setting: &'static str, before: Option<String>, after: Option<String>) {
        match self.changes.iter_mut().find(|change| change.setting == setting) {
            // Several values make up one trigger.
            Some(change) if setting == TRIGGERS => {
                if let (Some(known), Some(after)) = (&mut change.after, &after)
                    && !known.lines().any(|line| line == after)
                {
                    known.push('\n');
                    known.push_str(after);
                }
            }
            Some(change) => {
                let vague = |value: &str| is_untold(value) || is_foreign(setting, value);
                if change.after.as_deref().is_none_or(vague) && after.is_some() {
                    // Words of two languages tell no difference.
                    change.before.take_if(|before| is_foreign(setting, before));
                    change.after = after;
                }
                change.before = change.before.take().or(before);
            }
            None => self.changes.push(DraftChange { setting, before, after }),
        }
    }

    /// Takes over what another draft of the same happening knows.
    pub(super) fn absorb(&mut self, other: Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for change in other.changes {
            self.set(change.setting, change.before, change.after);
        }
        self.writer.complete(&other.writer);
        // A process that was joined by its command says more than the user of a record.
        let names_process = self.client.process_id.is_some_and(|pid| pid != 0);
        if self.client.is_empty() || (self.asked.is_none() && other.asked.is_some() && !names_process) {
            self.basis = other.basis;
        }
        self.asked = self.asked.or(other.asked);
        self.client.complete(&other.client);
        self.client_is_remote = self.client_is_remote.or(other.client_is_remote);
        self.manager_id = self.manager_id.or(other.manager_id);
        self.name.key = self.name.key.take().or(other.name.key);
        self.name.display = self.name.display.take().or(other.name.display);
        for mark in other.marks {
            if !self.marks.contains(&mark) {
                self.marks.push(mark);
            }
        }
        for id in other.evidence {
            self.cite(id);
        }
        self.own.extend(other.own);
        for note in other.notes {
            self.note(note);
        }
        self.details.extend(other.details);
    }

    /// Adds a note, once.
    pub(super) fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Whether a value is a word of a language that is not known.
pub(super) fn is_foreign(setting: &str, value: &str) -> bool {
    let known = match setting {
        START => StartType::from_word(value).is_some(),
        TYPE => is_type_word(value),
        _ => true,
    };
    !known && parse_integer(value).is_none() && !is_untold(value)
}
