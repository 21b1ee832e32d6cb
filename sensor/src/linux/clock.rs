//! The clock of a live run.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::model::Timestamp;

/// What two looks at two clocks may differ by without one of them having been set, in nanoseconds.
const JITTER_NS: u64 = 1_000_000;

/// The wall clock as it stood when a run began, carried on by the boot clock: setting the wall clock later makes no wait
/// longer. `clock_gettime(2)`, `CLOCK_BOOTTIME`.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start_ns: i64,
    followed_ns: i64,
}

impl Clock {
    /// Begins with the wall clock of this moment.
    pub fn start() -> Self {
        let offset_ns = wall_offset_ns();
        Self { start_ns: offset_ns, followed_ns: offset_ns }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        Timestamp(nanoseconds(clock_gettime(ClockId::Boottime)).saturating_add(self.start_ns))
    }

    /// What is added to a time of the boot clock, in nanoseconds, to get one of this clock.
    pub fn offset_ns(&self) -> i64 {
        self.start_ns
    }

    /// Where the wall clock was set since this was asked last: what must now be added to a time of the boot clock, in
    /// nanoseconds, to get one of the wall clock.
    pub fn follow(&mut self) -> Option<i64> {
        let offset_ns = wall_offset_ns();
        if offset_ns.abs_diff(self.followed_ns) < JITTER_NS {
            return None;
        }
        self.followed_ns = offset_ns;
        Some(offset_ns)
    }
}

/// The wall clock, as files bear it.
pub fn wall() -> Timestamp {
    Timestamp(nanoseconds(clock_gettime(ClockId::Realtime)))
}

fn wall_offset_ns() -> i64 {
    nanoseconds(clock_gettime(ClockId::Realtime))
        .saturating_sub(nanoseconds(clock_gettime(ClockId::Boottime)))
}

fn nanoseconds(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_with_the_wall_clock() {
        let before = nanoseconds(clock_gettime(ClockId::Realtime));
        let clock = Clock::start();
        assert!(clock.offset_ns() > 0);
        assert!(clock.now().0.abs_diff(before) < 60_000_000_000);
    }

    #[test]
    fn follows_a_clock_that_was_set_once() {
        let mut clock = Clock { start_ns: 0, followed_ns: 0 };
        assert!(clock.follow().is_some());
        assert_eq!(clock.offset_ns(), 0);
    }
}
