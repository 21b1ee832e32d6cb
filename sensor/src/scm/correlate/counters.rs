//! What was read, and what became of it.

use std::collections::BTreeMap;

/// Counts of records and of what they became. They balance:
/// `read = decoded + undecodable` and `decoded = evidence + context + ignored + losses + pending`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records that were read, or known to be there.
    pub read: u64,
    /// Records that were understood.
    pub decoded: u64,
    /// Records that could not be understood, by reason.
    pub undecodable: BTreeMap<&'static str, u64>,
    /// Records that say nothing about services, by reason.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Records on which events rest.
    pub evidence: u64,
    /// Records that only tell who is who: processes, logons, accesses.
    pub context: u64,
    /// Records that tell that records are gone.
    pub losses: u64,
    /// Records on which events rest that are not told yet.
    pub pending: u64,
    /// Events that were told.
    pub events: u64,
}

impl Counters {
    pub(super) fn undecodable(&mut self, why: &'static str) {
        *self.undecodable.entry(why).or_default() += 1;
    }

    pub(super) fn ignored(&mut self, why: &'static str) {
        *self.ignored.entry(why).or_default() += 1;
    }

    /// Whether nothing got lost between reading and telling.
    pub fn balance(&self) -> bool {
        let undecodable: u64 = self.undecodable.values().sum();
        let ignored: u64 = self.ignored.values().sum();
        self.read == self.decoded + undecodable
            && self.decoded == self.evidence + self.context + ignored + self.losses + self.pending
    }

    /// Names and values in a fixed order, for the stream's totals.
    pub fn named(&self) -> Vec<(String, u64)> {
        let mut named =
            vec![("records read".to_owned(), self.read), ("records decoded".to_owned(), self.decoded)];
        named.extend(
            self.undecodable.iter().map(|(why, count)| (format!("records undecodable: {why}"), *count)),
        );
        named.extend(self.ignored.iter().map(|(why, count)| (format!("records ignored: {why}"), *count)));
        named.extend([
            ("records used as evidence".to_owned(), self.evidence),
            ("records used as context".to_owned(), self.context),
            ("records telling a loss".to_owned(), self.losses),
            ("records pending".to_owned(), self.pending),
            ("service events".to_owned(), self.events),
        ]);
        named
    }
}
