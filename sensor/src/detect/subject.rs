//! An event as analytics look at it: with what else is known of its service.

use std::cell::OnceCell;
use std::time::Duration;

use crate::model::change::Change;
use crate::model::event::{Action, EventId, ServiceEvent};
use crate::model::service::{Manager, Scope, Setting};
use crate::model::time::Timestamp;

use super::burst::Burst;
use super::command::{self, Command, is_setting};
use super::packaging::Packaging;
use super::request::{self, Effect};
use super::text::quoted;

/// How a service came to be, if that was lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Birth {
    /// When.
    pub(crate) time: Timestamp,
    /// The event that told.
    pub(crate) event: EventId,
}

/// An event and what analytics ask of it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// The event.
    pub(crate) event: &'a ServiceEvent,
    /// How the service came to be, if that was lately and not by this event.
    pub(crate) birth: Option<Birth>,
    /// Whether a package manager did it.
    pub(crate) packaging: Packaging,
    /// The services of its host that were stopped at about the same time, if it is such a stop.
    pub(crate) burst: Burst,
    commands: OnceCell<Vec<Command<'a>>>,
}

impl<'a> Subject<'a> {
    /// An event whose service came to be by `birth`, and which adds to `burst`.
    pub(crate) fn new(event: &'a ServiceEvent, birth: Option<Birth>, burst: Burst) -> Self {
        Self { event, birth, burst, packaging: Packaging::of(event), commands: OnceCell::new() }
    }

    /// The command lines that came with the event.
    pub(crate) fn commands(&self) -> &[Command<'a>] {
        self.commands.get_or_init(|| command::new_commands(self.event))
    }

    /// Whether it is about Windows.
    pub(crate) fn is_windows(&self) -> bool {
        self.event.service.manager == Manager::Scm
    }

    /// Whether it is a service of the host or of every user.
    pub(crate) fn is_shared(&self) -> bool {
        !matches!(self.event.service.scope, Scope::User(_))
    }

    /// What the event does to the service.
    pub(crate) fn effect(&self) -> Effect {
        Effect::of(self.event)
    }

    /// How long after the service came to be.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.birth.as_ref().map(|birth| self.event.time.since(birth.time))
    }

    /// The changes of a setting.
    pub(crate) fn changes_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a Change> + 's {
        self.event.changes.iter().filter(move |change| is_setting(&change.name, name))
    }

    /// The first value of a setting after the event.
    pub(crate) fn value_of(&self, name: &str) -> Option<&'a str> {
        self.settings_of(name).find_map(|setting| setting.values.first()).map(String::as_str)
    }

    /// A setting after the event.
    pub(crate) fn settings_of<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a Setting> + 's {
        self.event.definition.iter().filter(move |setting| is_setting(&setting.name, name))
    }

    /// A detail of the event.
    pub(crate) fn detail(&self, name: &str) -> Option<&'a str> {
        request::detail(self.event, name)
    }

    /// The path of the file that was touched, as far as it is text.
    pub(crate) fn file(&self) -> Option<&'a str> {
        self.event.file.as_ref().and_then(|file| std::str::from_utf8(&file.path).ok())
    }

    /// The client on another machine that caused the event, as a phrase.
    pub(crate) fn remote_client(&self) -> Option<String> {
        let told = self.detail("remote_address");
        let address = told.or_else(|| {
            self.event.actor.get().and_then(|actor| actor.remote_address.get()).map(String::as_str)
        });
        match address.map(|address| address.strip_prefix("::ffff:").unwrap_or(address).trim()) {
            Some(address) if is_own(address) => None,
            Some(address) => Some(format!("a client at {}", quoted(address))),
            None => self
                .detail("client_is_remote")
                .is_some_and(|remote| remote.eq_ignore_ascii_case("true"))
                .then(|| "a client on another machine".to_owned()),
        }
    }

    /// Whether the event defines what the service runs: it came to be, its definition changed, or somebody asks for
    /// that with the settings at hand.
    pub(crate) fn defines(&self) -> bool {
        self.creates() || self.changes()
    }

    /// Whether the service came to be, or somebody asks for that.
    pub(crate) fn creates(&self) -> bool {
        self.event.action == Action::Created || self.asked().is_some_and(|verb| verb == "create")
    }

    /// Whether the definition of the service changed, or somebody asks for that.
    ///
    /// On Windows an event that tells a new start type may tell other changes as well.
    pub(crate) fn changes(&self) -> bool {
        let with_start = matches!(self.event.action, Action::Enabled | Action::Disabled)
            && self.is_windows()
            && !self.event.changes.is_empty();
        self.event.action == Action::Modified
            || with_start
            || self.asked().is_some_and(|verb| verb == "change")
    }

    /// The verb of a request.
    fn asked(&self) -> Option<&'a str> {
        request::request(self.event).map(|request| request.verb)
    }
}

/// Whether an address is this machine's own, or none.
fn is_own(address: &str) -> bool {
    address.is_empty()
        || matches!(address, "-" | "::1" | "0.0.0.0" | "::")
        || address.eq_ignore_ascii_case("local")
        || address.eq_ignore_ascii_case("localhost")
        || address.starts_with("127.")
}
