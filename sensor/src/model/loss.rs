//! What the sensor did not see, as data.

use super::Timestamp;

/// A number of records, observations or lines that were lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// When it was noticed.
    pub time: Timestamp,
    /// The boundary at which it happened, such as `process ring buffer`.
    pub source: String,
    /// Why, in words.
    pub reason: String,
    /// How many; `None` when the source can't tell.
    pub count: Option<u64>,
    /// What may be missing as a result, and what is done about it.
    pub consequence: String,
}
