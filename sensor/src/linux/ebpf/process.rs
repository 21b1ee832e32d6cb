//! The object `process`: forks, execs and exits of the whole host.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use aya::programs::{BtfTracePoint, Program};
use sensor_common::hook;
use zerocopy::IntoBytes as _;

use super::btf::Btf;
use super::ring::{Object, Order, Sizes};
use super::{Counters, EbpfError, Losses, object, offsets};

/// Bytes of the ring buffer: a burst of some five thousand execs. Its pages count twice, as they are mapped twice.
const RING: u32 = 4 << 20;

/// The programs and the tracepoints that they are attached to, whose names are the same.
const PROGRAMS: [(&str, u16); 3] = [
    ("sched_process_fork", hook::FORK),
    ("sched_process_exec", hook::EXEC),
    ("sched_process_exit", hook::EXIT),
];

/// Tells what processes do, from the moment at which [`ProcessSource::start`] returns. Dropping it detaches.
pub struct ProcessSource {
    object: Object,
}

impl ProcessSource {
    /// Loads and attaches; takes some 100 ms. Needs `CAP_BPF` and `CAP_PERFMON`, or root.
    pub fn start() -> Result<Self, EbpfError> {
        let bytes = object::checked(object::PROCESS)?;
        let offsets = offsets::resolve(&Btf::running()?)?;
        let btf = aya::Btf::from_sys_fs().map_err(|error| EbpfError::LoaderBtf(Box::new(error)))?;
        let mut object =
            Object::load("process", bytes, &[("OFFSETS", offsets.as_bytes())], &Sizes::of_host(RING)?, &btf)?;
        for (name, hook) in PROGRAMS {
            let load = |program: &mut Program| <&mut BtfTracePoint>::try_from(program)?.load(name, &btf);
            let attach = |program: &mut Program| <&mut BtfTracePoint>::try_from(program)?.attach().map(drop);
            object.attach(name, hook, Order::OldestFirst, load, attach)?;
        }
        Ok(Self { object })
    }

    /// Hands at most `max` raw records to `f`, oldest first, and tells how many there were. Fewer than `max` means that
    /// the buffer was empty. Never blocks; the descriptor becomes readable with an exec, or when much has gathered: forks
    /// and exits alone wake nobody, and are to be drained before anything that they may explain.
    pub fn drain(&mut self, max: usize, f: impl FnMut(&[u8])) -> usize {
        self.object.drain(max, f)
    }

    /// What the programs have counted.
    pub fn counters(&self) -> Result<Counters, EbpfError> {
        self.object.counters()
    }

    /// What never reached the reader.
    pub fn losses(&self) -> Result<Losses, EbpfError> {
        self.object.losses()
    }

    /// How often each hook was called, by the tracepoint's name.
    pub fn calls(&self) -> Result<Vec<(&'static str, u64)>, EbpfError> {
        PROGRAMS.iter().map(|(name, hook)| Ok((*name, self.object.calls(*hook)?))).collect()
    }
}

impl AsFd for ProcessSource {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.object.as_fd()
    }
}

impl AsRawFd for ProcessSource {
    fn as_raw_fd(&self) -> RawFd {
        self.object.as_fd().as_raw_fd()
    }
}
