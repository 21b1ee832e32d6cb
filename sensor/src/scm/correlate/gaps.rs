//! Record numbers that are missing from a channel.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Loss, Timestamp};

/// How many pieces of one channel are kept apart; further ones are joined, and their gaps told at once.
const PIECES: usize = 1024;
/// How many gaps of one channel are told by their numbers.
const TOLD: usize = 8;
/// How many channels are watched.
const CHANNELS: usize = 4096;

/// Watches the record numbers of every channel of every host, in whatever order records come.
#[derive(Clone, Debug, Default)]
pub(super) struct Gaps {
    channels: HashMap<(Arc<str>, &'static str), Pieces>,
}

/// The numbers that were seen, as pieces without a gap: first number, then last number and its time.
#[derive(Clone, Debug, Default)]
struct Pieces {
    pieces: BTreeMap<u64, (u64, Timestamp)>,
}

impl Gaps {
    /// Notes that a record was seen.
    pub(super) fn seen(&mut self, host: &Arc<str>, channel: &str, record: u64, time: Timestamp) {
        let Some(channel) = watched(channel) else { return };
        let key = (Arc::clone(host), channel);
        if self.channels.len() >= CHANNELS && !self.channels.contains_key(&key) {
            return;
        }
        self.channels.entry(key).or_default().add(record, time);
    }

    /// The gaps of all channels, the order of hosts and channels being that of their names.
    pub(super) fn losses(&self) -> Vec<Loss> {
        let mut channels: Vec<_> = self.channels.iter().collect();
        channels.sort_by(|left, right| left.0.cmp(right.0));
        channels.into_iter().filter_map(|((host, channel), pieces)| pieces.loss(host, channel)).collect()
    }
}

/// Channels whose records tell of services; those of others are often left out on purpose.
fn watched(channel: &str) -> Option<&'static str> {
    ["System", "Security", "Microsoft-Windows-Sysmon/Operational"]
        .into_iter()
        .find(|name| channel.eq_ignore_ascii_case(name))
}

impl Pieces {
    fn add(&mut self, record: u64, time: Timestamp) {
        let before = self.pieces.range(..=record).next_back().map(|(first, (last, _))| (*first, *last));
        if let Some((_, last)) = before
            && record <= last
        {
            return;
        }
        let joins_after = record.checked_add(1).and_then(|next| self.pieces.remove(&next));
        let joins_before =
            before.filter(|(_, last)| last.checked_add(1) == Some(record)).map(|(first, _)| first);
        let first = joins_before.unwrap_or(record);
        let piece = joins_after.map_or((record, time), |(last, last_time)| (last, last_time.max(time)));
        self.pieces.insert(first, piece);
        if self.pieces.len() > PIECES {
            self.join_oldest();
        }
    }

    /// Joins the two lowest pieces: that gap is no longer remembered.
    fn join_oldest(&mut self) {
        if let (Some((first, _)), Some((_, piece))) = (self.pieces.pop_first(), self.pieces.pop_first()) {
            self.pieces.insert(first, piece);
        }
    }

    /// One loss for all gaps of a channel: a log that was filtered has them all over.
    fn loss(&self, host: &str, channel: &str) -> Option<Loss> {
        let mut told = String::new();
        let (mut gaps, mut records, mut time) = (0_usize, 0_u64, Timestamp::default());
        let following = self.pieces.iter().skip(1);
        for ((_, (last, _)), (next, (_, noticed))) in self.pieces.iter().zip(following) {
            let (from, to) = (last.saturating_add(1), next.saturating_sub(1));
            if gaps < TOLD {
                let separator = if gaps == 0 { "" } else { ", " };
                let range = if from == to { format!("{from}") } else { format!("{from} to {to}") };
                told.push_str(separator);
                told.push_str(&range);
            }
            gaps += 1;
            records = records.saturating_add(to.saturating_sub(from).saturating_add(1));
            time = time.max(*noticed);
        }
        let more =
            if gaps > TOLD { format!(" and in {} further places", gaps - TOLD) } else { String::new() };
        (gaps > 0).then(|| Loss {
            time,
            source: format!("{channel} log of {host}"),
            reason: format!("record numbers are missing: {told}{more}"),
            count: Some(records),
            consequence: "what they told is not seen; a log that was filtered when it was exported has such gaps as well"
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(records: &[u64]) -> Vec<(String, Option<u64>)> {
        let mut gaps = Gaps::default();
        let (host, channel) = (Arc::from("H"), "system");
        for record in records {
            gaps.seen(&host, channel, *record, Timestamp(0));
        }
        gaps.losses().into_iter().map(|loss| (loss.reason, loss.count)).collect()
    }

    #[test]
    fn gaps_are_told_whatever_the_order() {
        let missing = |text: &str, count| vec![(format!("record numbers are missing: {text}"), Some(count))];
        for (records, expected) in [
            (&[1, 2, 3][..], vec![]),
            (&[3, 1, 2, 2, 1], vec![]),
            (&[1, 5], missing("2 to 4", 3)),
            (&[5, 1, 4, 2], missing("3", 1)),
            (&[u64::MAX, 1], missing("2 to 18446744073709551614", u64::MAX - 2)),
            (&[1, 3, 10], missing("2, 4 to 9", 7)),
            (&[], vec![]),
        ] {
            assert_eq!(told(records), expected, "{records:?}");
        }
    }

    #[test]
    fn many_gaps_are_summed_up() {
        let records: Vec<u64> = (0..20).map(|number| number * 2).collect();
        let text = "record numbers are missing: 1, 3, 5, 7, 9, 11, 13, 15 and in 11 further places";
        assert_eq!(told(&records), [(text.to_owned(), Some(19))]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut pieces = Pieces::default();
        for number in 0..5000 {
            pieces.add(number * 2, Timestamp(0));
        }
        assert_eq!(pieces.pieces.len(), PIECES);
    }
}
