//! The clocks of a live host.

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::model::Timestamp;

/// Now, by the host's wall clock.
pub fn now() -> Timestamp {
    Timestamp(nanoseconds(clock_gettime(ClockId::Realtime)))
}

/// What must be added to a time of the boot clock, in nanoseconds, to get one since 1970.
///
/// It changes when the wall clock is set.
pub fn boot_offset_ns() -> i64 {
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
    fn the_boot_clock_lies_behind_the_wall_clock() {
        assert!(boot_offset_ns() > 0 && boot_offset_ns() < now().0);
    }
}
