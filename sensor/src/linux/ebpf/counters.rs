//! What the kernel programs count.

use std::os::fd::{AsFd, AsRawFd};

use aya::Ebpf;

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
    /// Records that the ring buffer had no room for.
    pub dropped: u64,
    /// Records for which no scratch memory was free.
    pub no_slot: u64,
    /// Records with a text cut off.
    pub truncated: u64,
    /// Calls that the kernel skipped because the program was already running there; `None` before Linux 5.12.
    pub recursion_misses: Option<u64>,
}

impl Counters {
    /// Records that never reach the reader.
    pub fn lost(&self) -> u64 {
        self.dropped.saturating_add(self.no_slot).saturating_add(self.recursion_misses.unwrap_or(0))
    }
}

/// The sum over an object's programs, from /proc/self/fdinfo (`bpf_prog_show_fdinfo` of kernel/bpf/syscall.c).
pub(super) fn recursion_misses(ebpf: &Ebpf) -> Option<u64> {
    let mut sum = None;
    for (_, program) in ebpf.programs() {
        // A program that is not loaded has no calls.
        let Ok(fd) = program.fd() else { continue };
        let path = format!("/proc/self/fdinfo/{}", fd.as_fd().as_raw_fd());
        let Some(misses) = std::fs::read_to_string(path).ok().as_deref().and_then(parse_misses) else {
            continue;
        };
        sum = Some(sum.unwrap_or(0_u64).saturating_add(misses));
    }
    sum
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
    fn what_was_lost_adds_up() {
        let counters = Counters {
            dropped: 2,
            no_slot: 3,
            recursion_misses: Some(4),
            submitted: 9,
            ..Counters::default()
        };
        assert_eq!(counters.lost(), 9);
        assert_eq!(Counters { recursion_misses: None, ..counters }.lost(), 5);
    }
}
