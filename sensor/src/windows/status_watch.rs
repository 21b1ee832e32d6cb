//! Which services run, by asking the SCM every now and then: for hosts whose System log can't be read.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::scm::{Scm, Status};
use super::sources::Input;
use super::{clock, fault};
use crate::scm::correlate::Sighting;
use crate::scm::interest::Source;
use crate::scm::observed::{Name, Seen, State, StateChange};

/// How often it is asked. What runs for less may be missed.
const INTERVAL: Duration = Duration::from_secs(1);

/// The thread that asks.
#[derive(Debug)]
pub(super) struct StatusWatch {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl StatusWatch {
    /// Begins to ask.
    ///
    /// # Errors
    /// When the SCM doesn't answer, and why.
    pub(super) fn start(to: SyncSender<Input>) -> Result<Self, String> {
        let scm = Scm::connect().map_err(|error| fault::words(&error))?;
        let known = scm.statuses().map_err(|error| fault::words(&error))?;
        let known = known.into_iter().map(|status| (status.name, status.state)).collect();
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("states".to_owned())
            .spawn(move || ask(&scm, known, &to, &stopped))
            .map_err(|error| error.to_string())?;
        Ok(Self { stop, thread })
    }

    /// Asks a last time, and ends.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the watch of states ended by a fault of its own");
        }
    }
}

fn ask(scm: &Scm, mut known: HashMap<OsString, Option<State>>, to: &SyncSender<Input>, stop: &Receiver<()>) {
    loop {
        let stopping = !matches!(stop.recv_timeout(INTERVAL), Err(RecvTimeoutError::Timeout));
        // A failure to answer is no change; the next answer is compared with the last one.
        if let Ok(now) = scm.statuses() {
            let time = clock::now();
            for seen in changes(&mut known, now) {
                let sighting = Sighting { time, source: Source::StatusWatch, seen };
                if to.send(Input::Sighting(Box::new(sighting))).is_err() {
                    return;
                }
            }
        }
        if stopping {
            return;
        }
    }
}

/// What changed since the last answer. States on the way to another are not told.
fn changes(known: &mut HashMap<OsString, Option<State>>, now: Vec<Status>) -> Vec<Seen> {
    let lasting = |state: &State| matches!(state, State::Running | State::Stopped | State::Paused);
    let mut seen = Vec::new();
    let mut next = HashMap::with_capacity(now.len());
    for status in now {
        let before = known.remove(&status.name).flatten();
        let state = status.state.filter(lasting).or(before);
        // A service that is new and doesn't run has not stopped.
        let news =
            state.filter(|state| Some(*state) != before && (before.is_some() || *state != State::Stopped));
        seen.extend(news.map(|state| {
            let key = status.name.to_string_lossy().into_owned();
            let name = Name { key: Some(key), display: Some(status.display.clone()) };
            Seen::State(StateChange { name, state, by_word: false })
        }));
        next.insert(status.name, state);
    }
    // One that was deleted while it ran goes with the end of it.
    for (name, _) in known.drain().filter(|(_, state)| *state == Some(State::Running)) {
        seen.push(Seen::State(StateChange {
            name: Name::of_key(name.to_string_lossy()),
            state: State::Stopped,
            by_word: false,
        }));
    }
    *known = next;
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer of the SCM, and what is told of it.
    type Answer<'a> = (&'a [(&'a str, State)], &'a [&'a str]);

    fn status(name: &str, state: State) -> Status {
        Status { name: name.into(), display: format!("{name} service"), state: Some(state) }
    }

    #[test]
    fn only_lasting_states_that_are_new_are_told() {
        let mut known = HashMap::new();
        let answers: [Answer<'_>; 6] = [
            // A new service that runs has started, one that doesn't has not stopped.
            (&[("A", State::Running), ("B", State::Stopped)], &["A running"]),
            (&[("A", State::Running), ("B", State::StartPending)], &[]),
            (&[("A", State::StopPending), ("B", State::Running)], &["B running"]),
            (&[("A", State::Stopped), ("B", State::Running)], &["A stopped"]),
            // B was deleted while it ran.
            (&[("A", State::Stopped)], &["B stopped"]),
            (&[], &[]),
        ];
        for (answer, expected) in answers {
            let now = answer.iter().map(|(name, state)| status(name, *state)).collect();
            let told: Vec<String> = changes(&mut known, now)
                .into_iter()
                .map(|seen| match seen {
                    Seen::State(change) => format!("{} {}", change.name.best(), change.state.word()),
                    other => panic!("{other:?}"),
                })
                .collect();
            assert_eq!(told, expected, "{answer:?}");
        }
    }
}
