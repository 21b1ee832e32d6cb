//! The clock of a live host.

use crate::model::Timestamp;

/// Now, by the host's wall clock.
pub fn now() -> Timestamp {
    Timestamp(i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX))
}
