//! Reads the System and Security logs as they are written, and tries again those that were refused at first.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::event::{Event, Reset};
use super::fault;
use super::sources::Input;
use super::subscription::{Subscription, gap};
use crate::model::Loss;
use crate::scm::interest::Log;

/// How long a log may be quiet before it is looked at without being told.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a log is tried again that was refused.
const RETRY: Duration = Duration::from_secs(10);
/// How long logs are read further once it is to end. What is still there then is read by the next run.
const LAST: Duration = Duration::from_secs(2);

/// Reads logs until it is stopped.
#[derive(Debug)]
pub(super) struct Reader {
    stop: Arc<Stop>,
    thread: JoinHandle<()>,
}

/// A log that can't be read yet, as when the Event Log itself starts after the sensor, and how far earlier runs read it.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) log: Log,
    pub(super) bookmark: Option<String>,
}

/// That it is to end.
#[derive(Debug)]
struct Stop {
    event: Event,
    is_set: AtomicBool,
}

impl Reader {
    /// Reads `subscriptions` as one, by the time of their records, and `refused` once they can be.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(super) fn start(
        subscriptions: Vec<Subscription>,
        refused: Vec<Refused>,
        to: SyncSender<Input>,
    ) -> Result<Self, String> {
        let event = Event::new(Reset::Manual).map_err(|error| fault::words(&error))?;
        let stop = Arc::new(Stop { event, is_set: AtomicBool::new(false) });
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("event log".to_owned())
            .spawn(move || run(subscriptions, refused, &to, &stopped))
            .map_err(|error| error.to_string())?;
        Ok(Self { stop, thread })
    }

    /// Reads what is still there, as far as there is time, and ends.
    pub(super) fn stop(self) {
        self.stop.is_set.store(true, Ordering::Release);
        self.stop.event.set();
        if self.thread.join().is_err() {
            tracing::error!("the reader of the logs ended by a fault of its own");
        }
    }
}

impl Stop {
    fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }
}

fn run(mut subscriptions: Vec<Subscription>, mut refused: Vec<Refused>, to: &SyncSender<Input>, stop: &Stop) {
    let mut retry = Instant::now() + RETRY;
    loop {
        let stopping = stop.is_set();
        for subscription in &subscriptions {
            // Before it is read: what is logged in between sets it again.
            subscription.signal().reset();
        }
        if !drain(&mut subscriptions, to, stop) || stopping {
            return;
        }
        let events: Vec<&Event> =
            subscriptions.iter().map(Subscription::signal).chain([&stop.event]).collect();
        Event::wait_for_any(&events, PATIENCE);
        if !refused.is_empty() && Instant::now() >= retry && !stop.is_set() {
            retry = Instant::now() + RETRY;
            if !try_again(&mut refused, &mut subscriptions, to) {
                return;
            }
        }
    }
}

/// Hands over all that there is, the oldest first; false when nobody takes it any more, or there is no more time for it.
fn drain(subscriptions: &mut [Subscription], to: &SyncSender<Input>, stop: &Stop) -> bool {
    let mut end = None;
    loop {
        // A log may hold more than can be read before the system loses its patience with a service that stops.
        if stop.is_set() && *end.get_or_insert_with(|| Instant::now() + LAST) <= Instant::now() {
            return false;
        }
        for subscription in subscriptions.iter_mut().filter(|subscription| subscription.next_time().is_none())
        {
            // All that was read of it is handed over, so that the bookmark speaks of what is told.
            if let Some(bookmark) = subscription.moved()
                && to.send(Input::Bookmark(subscription.log().channel(), bookmark)).is_err()
            {
                return false;
            }
            subscription.read();
            for loss in subscription.losses() {
                if to.send(Input::Loss(loss)).is_err() {
                    return false;
                }
            }
        }
        let next = subscriptions
            .iter_mut()
            .filter(|subscription| subscription.next_time().is_some())
            .min_by_key(|subscription| subscription.next_time());
        let Some(event) = next.and_then(Subscription::pop) else { return true };
        if to.send(Input::Event(Box::new(event))).is_err() {
            return false;
        }
    }
}

/// Subscribes to the logs that were refused, as far as they no longer are, which is told; false when nobody listens any
/// more.
fn try_again(
    refused: &mut Vec<Refused>,
    subscriptions: &mut Vec<Subscription>,
    to: &SyncSender<Input>,
) -> bool {
    let mut still = Vec::new();
    for log in refused.drain(..) {
        let Ok(mut subscription) = Subscription::new(log.log, log.bookmark.as_deref()) else {
            still.push(log);
            continue;
        };
        let consequence = if log.bookmark.is_some() {
            "what it told since the last run is told now"
        } else {
            "what it told until now is not seen, unless another source told it"
        };
        let late = gap(log.log, "the log could not be read until now");
        let mut inputs = vec![Input::Loss(Loss { consequence: consequence.to_owned(), ..late })];
        let beginning = subscription.beginning();
        inputs.extend(beginning.map(|(channel, bookmark)| Input::Bookmark(channel, bookmark)));
        subscriptions.push(subscription);
        if inputs.into_iter().any(|input| to.send(input).is_err()) {
            return false;
        }
    }
    *refused = still;
    true
}
