//! The core: takes what sources saw, asks the host, and tells lines. It has no clock and opens nothing.

mod actor;
mod command;
mod counters;
mod event;
mod executables;
mod files;
mod input;
mod loaded;
mod naming;
mod program;
#[cfg(test)]
mod tests;
mod units;
mod users;

use std::time::Duration;

use crate::correlate::touched::Touched;
use crate::correlate::{ProcessTable, Requests, Tools};
use crate::decode::kernel::{self, Clock, DecodeError, Directories, Lanes};
use crate::host::Host;
use crate::model::event::EventId;
use crate::model::line::{Enrichment, Fact, Started};
use crate::model::{Line, Loss, Observation, ObservationId, ObservationKind, Timestamp};

use crate::systemd::cgroup;

use counters::Counters;
pub use input::{Input, NewUser, NewUsers, Start};
pub use program::INIT_SCRIPTS;
use units::Units;

/// The core.
pub struct Engine {
    run: String,
    clock: Clock,
    /// By how much the wall clock was set since the start. Inputs keep to the clock as it stood then, so that no wait
    /// gets longer or shorter; what is told keeps to the clock as it stands.
    wall_shift_ns: i64,
    lanes: Lanes,
    directories: Directories,
    now: Timestamp,
    settle: Duration,
    processes: ProcessTable,
    tools: Tools,
    requests: Requests,
    units: Units,
    programs: program::Programs,
    touched: Touched,
    hashes: event::Hashes,
    told: files::Told,
    loads: loaded::Loads,
    executables: executables::Executables,
    counters: Counters,
    observations: u64,
    events: u64,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// A core that waits for [`Input::Start`].
    pub fn new() -> Self {
        Self {
            run: String::new(),
            clock: Clock::default(),
            wall_shift_ns: 0,
            lanes: Lanes::default(),
            directories: Directories::new(),
            now: Timestamp(0),
            settle: Duration::ZERO,
            processes: ProcessTable::default(),
            tools: Tools::default(),
            requests: Requests::default(),
            units: Units::default(),
            programs: program::Programs::default(),
            touched: Touched::default(),
            hashes: event::Hashes::default(),
            told: files::Told::default(),
            loads: loaded::Loads::default(),
            executables: executables::Executables::default(),
            counters: Counters::default(),
            observations: 0,
            events: 0,
        }
    }

    /// Takes one input and adds the lines that it causes to `lines`.
    pub fn feed(&mut self, input: Input, host: &mut dyn Host, lines: &mut Vec<Line>) {
        let before = lines.len();
        self.take(input, host, lines);
        for line in lines.iter_mut().skip(before) {
            let time = line.time_mut();
            time.0 = time.0.saturating_add(self.wall_shift_ns);
        }
    }

    fn take(&mut self, input: Input, host: &mut dyn Host, lines: &mut Vec<Line>) {
        match input {
            Input::Start(start) => self.start(*start, host, lines),
            Input::Kernel(bytes) => self.kernel(&bytes, host, lines),
            Input::Watch(key, Some(path)) => drop(self.directories.insert(key, path)),
            Input::Watch(key, None) => drop(self.directories.remove(&key)),
            Input::File(time, seen) => {
                self.pass(time, host, lines);
                let kind = ObservationKind::File(*seen);
                let id = self.next_observation();
                self.observe(Observation { id, time, kind }, host, lines);
            }
            Input::Tick(time) => self.pass(time, host, lines),
            Input::Clock(offset) => self.wall_shift_ns = offset.saturating_sub(self.clock.offset_ns),
            Input::Users(time, new) => {
                self.pass(time, host, lines);
                self.users(*new, host, lines);
            }
            Input::Hashed(time, path, sha256) => {
                self.pass(time, host, lines);
                for event in self.hashes.take(&path) {
                    lines.push(Line::Enrichment(Enrichment {
                        time,
                        event,
                        fact: Fact::Program {
                            path: path.to_string(),
                            sha256: sha256.clone().into(),
                            details: Vec::new(),
                            missing: Vec::new(),
                        },
                    }));
                }
            }
            Input::Loss(loss) => {
                self.counters.losses += 1;
                lines.push(Line::Loss(loss));
            }
            Input::Rescan(time) => {
                self.pass(time, host, lines);
                self.rescan(host, lines);
            }
            Input::Heartbeat(time, sources) => {
                self.pass(time, host, lines);
                lines.push(Line::Heartbeat(self.totals(time, sources)));
            }
            Input::Stop(time, reason, sources) => {
                self.finish(time, host, lines);
                self.tell_refused(lines);
                lines.push(Line::Stopped { reason, totals: self.totals(time, sources) });
            }
        }
        self.tell_refused(lines);
    }

    /// Tells files that there was no room for, as the loss that they are.
    fn tell_refused(&mut self, lines: &mut Vec<Line>) {
        let count = self.units.take_refused();
        if count == 0 {
            return;
        }
        self.counters.losses += 1;
        lines.push(Line::Loss(Loss {
            time: self.now,
            source: "inventory of units".into(),
            reason: "a unit directory holds more than is kept of one".into(),
            count: Some(count),
            consequence: "what these files say is not known".into(),
        }));
    }

    /// When the core wants to hear that time has passed, if nothing happens before.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.touched.deadline()
    }

    fn start(&mut self, start: Start, host: &mut dyn Host, lines: &mut Vec<Line>) {
        self.run.clone_from(&start.started.run);
        self.now = start.started.time;
        self.settle = start.settle;
        self.clock = Clock { offset_ns: start.boot_offset_ns };
        actor::seed(&mut self.processes, host);
        self.tools.read(host);
        self.units = Units::new(&start);
        self.units.read(host);
        self.programs.read(self.units.programs_there(host), host);
        for (program, units) in self.units.programs_at_a_glance(self.units.directories()) {
            self.follow_executable(program.as_ref(), units, host);
        }
        lines.push(Line::Started(Started { services: self.units.len(), ..start.started }));
    }

    fn kernel(&mut self, bytes: &[u8], host: &mut dyn Host, lines: &mut Vec<Line>) {
        self.counters.records += 1;
        // The source tells what was lost, by the kernel's own counters; this is the proof of it.
        self.counters.missing += self.lanes.note(bytes);
        match kernel::decode(bytes, self.clock, &self.directories) {
            Ok(record) => {
                self.pass(record.time, host, lines);
                let id = self.next_observation();
                self.observe(Observation { id, time: record.time, kind: record.kind }, host, lines);
            }
            // Whatever ends a watch is told before: nothing of the directory that was meant is missing.
            Err(DecodeError::Watch { .. }) => self.counters.stale += 1,
            Err(error) => {
                self.counters.undecodable += 1;
                // The first of a kind speaks for the others: a broken source must not flood its reader.
                if self.counters.undecodable.is_power_of_two() {
                    lines.push(Line::Loss(Loss {
                        time: self.now,
                        source: "kernel record".into(),
                        reason: format!("{error}; {} such records so far", self.counters.undecodable),
                        count: Some(1),
                        consequence: "what the record told is missing".into(),
                    }));
                }
            }
        }
    }

    fn observe(&mut self, seen: Observation, host: &mut dyn Host, lines: &mut Vec<Line>) {
        match seen.kind {
            ObservationKind::Fork(fork) => {
                self.counters.processes += 1;
                self.processes.fork(fork);
            }
            ObservationKind::Exec(mut exec) => {
                self.counters.processes += 1;
                if let Some(path) = exec.process.cgroup.get() {
                    exec.process.unit = cgroup::unit_of(path.as_ref());
                    exec.process.container = cgroup::container_of(path.as_ref());
                }
                self.processes.exec(exec.process.clone());
                self.command(seen.id, seen.time, &exec, host, lines);
                self.note_return(seen.id, seen.time, &exec, host, lines);
            }
            ObservationKind::Exit(key) => {
                self.counters.processes += 1;
                let key = self.processes.resolve(key);
                self.processes.exit(key, seen.time);
                self.requests.exit(key, seen.time);
                self.note_reload(key, seen.time, lines);
                // What the process was still writing is finished now, unless another one holds it as well.
                for touch in self.touched.held(|touch| touch.holder == key) {
                    self.due(touch, host, lines);
                }
            }
            ObservationKind::File(file) => self.file(seen.id, seen.time, &file, host, lines),
        }
    }

    /// Time has come to `now`: tells what is due. Time never goes back.
    fn pass(&mut self, now: Timestamp, host: &mut dyn Host, lines: &mut Vec<Line>) {
        if now > self.now {
            self.now = now;
        }
        for touch in self.touched.due(self.now) {
            self.due(touch, host, lines);
        }
    }

    fn next_observation(&mut self) -> ObservationId {
        self.observations += 1;
        ObservationId(self.observations)
    }

    fn next_event(&mut self) -> EventId {
        self.events += 1;
        EventId { run: self.run.clone(), number: self.events }
    }
}
