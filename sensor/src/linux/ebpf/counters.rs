//! What the kernel programs count, and how often the kernel skipped them.

use std::fs::File;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::FileExt as _;

use aya::programs::Program;

/// Counters of an object since it was loaded, summed over the CPUs.
///
/// submitted + dropped + `no_slot` is the number of records that were to be sent, and submitted is what the reader gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Calls of all hooks.
    pub seen: u64,
    /// Calls that were no matter of ours.
    pub filtered: u64,
    /// Records handed to the ring buffer.
    pub submitted: u64,
    /// Records with a text cut off.
    pub truncated: u64,
    /// Calls for which the kernel skipped a program, and its standby did the work.
    pub rescued: u64,
    /// What never reaches the reader.
    pub losses: Losses,
}

/// What never reaches the reader of an object's records, since it was loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Records that the ring buffer had no room for, or whose lock the kernel gave up waiting for.
    pub dropped: u64,
    /// Records for which no scratch memory was free.
    pub no_slot: u64,
    /// Calls for which the kernel skipped a program and its standby. Not each would have led to a record.
    pub skipped: u64,
}

impl Losses {
    /// What was lost since `before`, by reason.
    pub fn since(self, before: Self) -> impl Iterator<Item = (&'static str, u64)> {
        let reasons = [
            ("the ring buffer was full", self.dropped, before.dropped),
            ("no scratch memory was free", self.no_slot, before.no_slot),
            ("the kernel skipped a program and its standby", self.skipped, before.skipped),
        ];
        let counts = reasons.into_iter().map(|(reason, now, before)| (reason, now.saturating_sub(before)));
        counts.filter(|(_, count)| *count > 0)
    }
}

/// Losses that were told, so that each is told once.
///
/// A call counts as skipped from the moment at which the kernel skipped the first program until its standby has run; so
/// it is told only when a second look finds it still.
#[derive(Default)]
pub struct ToldLosses {
    told: Losses,
    looked: Losses,
}

impl ToldLosses {
    /// What is to be told of the losses as they are `now`, by reason.
    pub fn look(&mut self, now: Losses) -> impl Iterator<Item = (&'static str, u64)> + use<> {
        let skipped = now.skipped.min(self.looked.skipped).max(self.told.skipped);
        self.looked = now;
        let sure = Losses { skipped, ..now };
        sure.since(std::mem::replace(&mut self.told, sure))
    }

    /// Whether another look is needed to know.
    pub fn is_unsure(&self) -> bool {
        self.looked.skipped > self.told.skipped
    }
}

/// How often the kernel skipped a program because another task was in its midst on the same CPU.
pub(super) struct Skips {
    /// /proc/self/fdinfo of its descriptor (`bpf_prog_show_fdinfo` of kernel/bpf/syscall.c).
    told: File,
}

impl Skips {
    /// Those of `program`, which is loaded; `None` where the kernel skips none, before Linux 5.12.
    pub(super) fn of(program: &Program) -> Option<Self> {
        let fd = program.fd().ok()?.as_fd().as_raw_fd();
        let skips = Self { told: File::open(format!("/proc/self/fdinfo/{fd}")).ok()? };
        skips.read().map(|_| skips)
    }

    /// How many there were.
    pub(super) fn read(&self) -> Option<u64> {
        let mut text = [0; 1024];
        let length = self.told.read_at(&mut text, 0).ok()?;
        parse_misses(std::str::from_utf8(text.get(..length)?).ok()?)
    }
}

fn parse_misses(fdinfo: &str) -> Option<u64> {
    fdinfo
        .lines()
        .find_map(|line| line.strip_prefix("recursion_misses:"))
        .and_then(|value| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_stand_in_fdinfo() {
        let text = "pos:\t0\nflags:\t02000000\nprog_type:\t26\nrun_cnt:\t0\nrecursion_misses:\t17\nverified_insns:\t93\n";
        assert_eq!(parse_misses(text), Some(17));
        assert_eq!(parse_misses("pos:\t0\n"), None);
    }

    #[test]
    fn a_skip_is_told_when_its_standby_did_not_run_either() {
        let skipped = |skipped| Losses { skipped, ..Losses::default() };
        let mut told = ToldLosses::default();
        let mut look = |count| {
            let counts: Vec<u64> = told.look(skipped(count)).map(|(_, count)| count).collect();
            (counts, told.is_unsure())
        };
        assert_eq!(look(1), (vec![], true));
        assert_eq!(look(0), (vec![], false), "the standby had only not run yet");
        assert_eq!(look(2), (vec![], true));
        assert_eq!(look(3), (vec![2], true));
        assert_eq!(look(3), (vec![1], false));
        assert_eq!(look(3), (vec![], false));
        let mut told = ToldLosses::default();
        assert_eq!(told.look(Losses { dropped: 4, ..skipped(1) }).count(), 1, "what was dropped is sure");
    }

    #[test]
    fn only_new_losses_are_told() {
        let before = Losses { dropped: 2, no_slot: 3, skipped: 0 };
        let now = Losses { dropped: 2, no_slot: 4, skipped: 7 };
        let told: Vec<u64> = now.since(before).map(|(_, count)| count).collect();
        assert_eq!(told, [1, 7]);
        assert_eq!(now.since(now).count(), 0);
        assert_eq!(before.since(now).count(), 0);
    }
}
