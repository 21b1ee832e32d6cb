//! The trace over a whole run: a session that was refused is tried again, and one that somebody else ends is started again.

use std::sync::mpsc::SyncSender;

use super::clock;
use super::session::{self, Session};
use super::sources::Input;
use crate::model::Loss;

/// What is not seen without it.
pub(super) const BLIND: &str = "which process wrote to the registry, and which called the SCM, is not seen";

/// A session, or none.
pub(super) struct Trace {
    session: Option<Session>,
    /// Somebody else has ended it, so that it is not merely the start of it that was refused: a host has room for so many
    /// sessions only.
    was_ended: bool,
}

impl Trace {
    /// A trace by this session; without one, which was refused, it is tried again.
    pub(super) fn new(session: Option<Session>) -> Self {
        Self { session, was_ended: false }
    }

    /// What was lost since the last call. A session that was refused or that somebody else has ended is started again, if not
    /// now, then at a later call.
    pub(super) fn losses(&mut self, to: &SyncSender<Input>) -> Vec<Loss> {
        let Some(session) = &mut self.session else { return self.start_again(to).into_iter().collect() };
        let mut losses = session.losses();
        if !session.has_ended() {
            return losses;
        }
        if let Some(session) = self.session.take() {
            session.leave();
        }
        let why = self.start(to).err();
        self.was_ended = true;
        losses.push(lost(
            "the session was ended by somebody else",
            match why {
                None => "it was started again; writers and clients of changes until then may be unknown"
                    .to_owned(),
                Some(why) => format!("{BLIND} until it can be started again: {why}"),
            },
        ));
        losses
    }

    /// Ends it with what it still holds, and gives what was lost.
    pub(super) fn stop(self) -> Vec<Loss> {
        self.session.map(Session::stop).unwrap_or_default()
    }

    fn start_again(&mut self, to: &SyncSender<Input>) -> Option<Loss> {
        self.start(to).ok()?;
        let reason = if self.was_ended {
            "the session that was ended by somebody else runs again"
        } else {
            "the session was refused until now"
        };
        Some(lost(reason, "writers and clients of changes until now may be unknown".to_owned()))
    }

    fn start(&mut self, to: &SyncSender<Input>) -> Result<(), String> {
        self.session = Some(Session::start(session::RUN, to)?);
        Ok(())
    }
}

fn lost(reason: &str, consequence: String) -> Loss {
    Loss {
        time: clock::now(),
        source: "trace session".to_owned(),
        reason: reason.to_owned(),
        count: None,
        consequence,
    }
}
