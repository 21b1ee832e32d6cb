//! Counts what was lost between the kernel and the reader.

use std::collections::HashMap;

use sensor_common::{Header, kind};

use super::prefix;

/// The numbers of the records that came, by lane.
///
/// Each CPU has a lane, and there are spare ones for what preempts a program (see [`Header::lane`]). A lane numbers all
/// records that it tries to send, so each number that does not come was dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    /// Each object has lanes of its own: whether it is that of files, and the lane.
    last: HashMap<(bool, u32), u64>,
}

impl Lanes {
    /// The most lanes that are followed: what claims more is not a record of ours.
    const LIMIT: usize = 4096;

    /// Takes note of a record's bytes, whether or not the rest of them can be decoded, and tells how many of the same lane
    /// were lost before it. Lanes count from one. Bytes that are no record tell of no loss.
    pub fn note(&mut self, bytes: &[u8]) -> u64 {
        match prefix::<Header>(bytes) {
            Ok(header) => self.note_number((header.kind == kind::FILE, header.lane), header.sequence),
            Err(_) => 0,
        }
    }

    fn note_number(&mut self, lane: (bool, u32), sequence: u64) -> u64 {
        if self.last.len() >= Self::LIMIT && !self.last.contains_key(&lane) {
            return 0;
        }
        let highest = self.last.entry(lane).or_insert(0);
        let gap = sequence.saturating_sub(*highest).saturating_sub(1);
        // A number that goes back is a repeat, or not ours: nothing was lost by it.
        *highest = (*highest).max(sequence);
        gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_losses() {
        let mut lanes = Lanes::default();
        for (lane, sequence, lost) in [
            (0, 1, 0),
            (0, 2, 0),
            (1, 1, 0),
            (0, 5, 2),
            (1, 2, 0),
            (0, 5, 0),
            (0, 3, 0),
            (0, 6, 0),
            (2, 4, 3),
        ] {
            assert_eq!(lanes.note_number((false, lane), sequence), lost, "lane {lane}, number {sequence}");
        }
    }

    #[test]
    fn each_object_has_its_own_lanes() {
        let mut lanes = Lanes::default();
        assert_eq!(lanes.note_number((false, 0), 1), 0);
        assert_eq!(lanes.note_number((true, 0), 1), 0);
        assert_eq!(lanes.note_number((true, 0), 3), 1);
        assert_eq!(lanes.note_number((false, 0), 2), 0);
    }

    #[test]
    fn any_lane_is_taken_and_memory_is_bounded() {
        let mut lanes = Lanes::default();
        for lane in 0..10_000 {
            lanes.note_number((false, lane), 1);
        }
        assert_eq!(lanes.last.len(), Lanes::LIMIT);
        assert_eq!(lanes.note_number((false, 0), u64::MAX), u64::MAX - 2);
    }
}
