//! An object that is loaded: its ring buffer, its lanes and its counters.

use std::os::fd::{AsFd, BorrowedFd};

use aya::maps::{Array, Map, MapData, MapError, PerCpuArray, RingBuf, Stack};
use aya::programs::{Program, ProgramError};
use aya::{Ebpf, EbpfLoader};
use sensor_common::{Counter, SPARE_LANES, hook};

use super::counters::Skips;
use super::{Counters, EbpfError, Losses};

/// A loaded object. Dropping it detaches its programs.
pub(super) struct Object {
    pub(super) ebpf: Ebpf,
    ring: RingBuf<MapData>,
    counters: PerCpuArray<MapData, u64>,
    hooks: PerCpuArray<MapData, u64>,
    rescued: PerCpuArray<MapData, u64>,
    sequences: Array<MapData, u64>,
    /// Those of each first program that has a standby, by the number of its hook.
    skips: Vec<(u16, Skips)>,
}

/// In which order the kernel runs the programs of one place. A standby must run after the program that it stands in for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// That in which they were attached: tracepoints (`func_add` of kernel/tracepoint.c).
    OldestFirst,
    /// The reverse: functions (`__bpf_trampoline_link_prog` of kernel/bpf/trampoline.c).
    NewestFirst,
}

/// How large an object's maps are made.
pub(super) struct Sizes {
    /// Bytes of the ring buffer: a power of two.
    pub(super) ring: u32,
    /// Lanes, each with a scratch slot of 40 KiB.
    pub(super) lanes: u32,
}

impl Sizes {
    /// The most CPUs that get a lane of their own; the others share the spare ones.
    const MOST_CPUS: u32 = 1024;

    /// For a host with as many CPUs as this one may have.
    pub(super) fn of_host(ring: u32) -> Result<Self, EbpfError> {
        let cpus = aya::util::nr_cpus().map_err(|(_, error)| EbpfError::Cpus(error))?;
        let own = u32::try_from(cpus).unwrap_or(u32::MAX).min(Self::MOST_CPUS);
        Ok(Self { ring, lanes: SPARE_LANES + own })
    }
}

impl Object {
    /// Creates the maps; programs are loaded and attached by the caller.
    pub(super) fn load(
        name: &'static str,
        bytes: &[u8],
        globals: &[(&'static str, &[u8])],
        sizes: &Sizes,
        btf: &aya::Btf,
    ) -> Result<Self, EbpfError> {
        let mut loader = EbpfLoader::new();
        loader.btf(Some(btf));
        for (name, value) in globals {
            loader.override_global(name, *value, true);
        }
        let mut ebpf = loader
            .map_max_entries("RECORDS", sizes.ring)
            .map_max_entries("SLOTS", sizes.lanes)
            .map_max_entries("SEQUENCES", sizes.lanes)
            .map_max_entries("IN_USE", sizes.lanes)
            .load(bytes)
            .map_err(|source| EbpfError::Load { object: name, source: Box::new(source) })?;
        // Borrowed, not taken: programs that are not loaded yet refer to the map by its descriptor.
        let free = ebpf.map_mut("FREE_SPARES").ok_or(EbpfError::Absent("FREE_SPARES"))?;
        let mut free: Stack<_, u32> = free.try_into().map_err(|source| map_error("FREE_SPARES", source))?;
        for lane in 0..SPARE_LANES {
            free.push(lane, 0).map_err(|source| map_error("FREE_SPARES", source))?;
        }
        let ring = take(&mut ebpf, "RECORDS")?;
        let counters = take(&mut ebpf, "COUNTERS")?;
        let hooks = take(&mut ebpf, "HOOKS")?;
        let rescued = take(&mut ebpf, "RESCUED")?;
        let sequences = take(&mut ebpf, "SEQUENCES")?;
        Ok(Self { ebpf, ring, counters, hooks, rescued, sequences, skips: Vec::new() })
    }

    /// Loads and attaches the program `name`, and its standby where the kernel may skip the first.
    pub(super) fn attach(
        &mut self,
        name: &'static str,
        hook: u16,
        order: Order,
        load: impl Fn(&mut Program) -> Result<(), ProgramError>,
        attach: impl Fn(&mut Program) -> Result<(), ProgramError>,
    ) -> Result<(), EbpfError> {
        let refused = |source| EbpfError::Program { program: name, source: Box::new(source) };
        let first = self.ebpf.program_mut(name).ok_or(EbpfError::Absent(name))?;
        load(first).map_err(refused)?;
        let Some(skips) = Skips::of(first) else { return attach(first).map_err(refused) };
        if order == Order::OldestFirst {
            attach(first).map_err(refused)?;
        }
        let standby = self.ebpf.program_mut(&format!("{name}_standby")).ok_or(EbpfError::Absent(name))?;
        load(standby).map_err(refused)?;
        attach(standby).map_err(refused)?;
        if order == Order::NewestFirst {
            let first = self.ebpf.program_mut(name).ok_or(EbpfError::Absent(name))?;
            attach(first).map_err(refused)?;
        }
        self.skips.push((hook, skips));
        Ok(())
    }

    /// Hands at most `max` records to `f`, oldest first, and tells how many there were.
    pub(super) fn drain(&mut self, max: usize, mut f: impl FnMut(&[u8])) -> usize {
        for done in 0..max {
            match self.ring.next() {
                Some(record) => f(&record),
                None => return done,
            }
        }
        max
    }

    /// Lets each lane count from one again. No record must be in the making: a gap would appear.
    pub(super) fn restart_lanes(&mut self) -> Result<(), EbpfError> {
        (0..self.sequences.len()).try_for_each(|lane| {
            self.sequences.set(lane, 0, 0).map_err(|source| map_error("SEQUENCES", source))
        })
    }

    /// The counters, summed over the CPUs.
    pub(super) fn counters(&self) -> Result<Counters, EbpfError> {
        let (mut seen, mut rescued) = (0_u64, 0_u64);
        for index in 0..hook::COUNT {
            seen = seen.saturating_add(sum(&self.hooks, "HOOKS", index)?);
            rescued = rescued.saturating_add(sum(&self.rescued, "RESCUED", index)?);
        }
        Ok(Counters {
            seen,
            filtered: self.counter(Counter::Filtered)?,
            submitted: self.counter(Counter::Submitted)?,
            truncated: self.counter(Counter::Truncated)?,
            rescued,
            losses: self.losses()?,
        })
    }

    /// What never reaches the reader.
    pub(super) fn losses(&self) -> Result<Losses, EbpfError> {
        let mut skipped = 0_u64;
        for (hook, skips) in &self.skips {
            let skips = skips.read().unwrap_or(0);
            if skips > 0 {
                let rescued = sum(&self.rescued, "RESCUED", u32::from(*hook))?;
                skipped = skipped.saturating_add(skips.saturating_sub(rescued));
            }
        }
        Ok(Losses {
            dropped: self.counter(Counter::Dropped)?,
            no_slot: self.counter(Counter::NoSlot)?,
            skipped,
        })
    }

    fn counter(&self, counter: Counter) -> Result<u64, EbpfError> {
        sum(&self.counters, "COUNTERS", counter as u32)
    }

    /// How often a hook of [`hook`] was called.
    pub(super) fn calls(&self, hook: u16) -> Result<u64, EbpfError> {
        sum(&self.hooks, "HOOKS", u32::from(hook))
    }
}

impl AsFd for Object {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ring.as_fd()
    }
}

fn sum(map: &PerCpuArray<MapData, u64>, name: &'static str, index: u32) -> Result<u64, EbpfError> {
    let values = map.get(&index, 0).map_err(|source| map_error(name, source))?;
    Ok(values.iter().fold(0_u64, |sum, value| sum.saturating_add(*value)))
}

/// Takes a map out of the object.
pub(super) fn take<M>(ebpf: &mut Ebpf, name: &'static str) -> Result<M, EbpfError>
where
    M: TryFrom<Map, Error = MapError>,
{
    let map = ebpf.take_map(name).ok_or(EbpfError::Absent(name))?;
    M::try_from(map).map_err(|source| map_error(name, source))
}

pub(super) fn map_error(map: &'static str, source: MapError) -> EbpfError {
    EbpfError::Map { map, source: Box::new(source) }
}
