//! Tells the service manager that the run goes on (`WatchdogSec=` of systemd.service(5)).

use std::future::pending;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// A sign of life at half of the time that the service manager waits for one, as `sd_watchdog_enabled(3)` advises.
pub(super) struct Watchdog(Option<Interval>);

impl Watchdog {
    /// Asks the environment whether the service manager waits for signs of life.
    pub(super) fn of_environment() -> Self {
        Self(sd_notify::watchdog_enabled().map(|patience| {
            // An interval of no length at all panics.
            let mut signs = interval((patience / 2).max(Duration::from_millis(1)));
            signs.set_missed_tick_behavior(MissedTickBehavior::Delay);
            signs
        }))
    }

    /// Waits until the next sign of life is due, and gives it; for ever where nobody waits for it.
    pub(super) async fn sign(&mut self) {
        let Some(signs) = &mut self.0 else { return pending().await };
        signs.tick().await;
        if let Err(error) = sd_notify::notify(&[NotifyState::Watchdog]) {
            tracing::warn!(%error, "the service manager got no sign of life");
        }
    }
}
