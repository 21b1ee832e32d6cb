//! Who is who: every process of the host, living and lately dead.
//!
//! Filled from fork, exec and exit, and from the host's own table at start. The dead stay for a while, since a
//! writer has often ended by the time its write is told, and as long as a descendant lives, since they are its ancestry.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::model::observation::Fork;
use crate::model::{Process, ProcessKey, Timestamp};

/// How long the dead are kept.
const MEMORY: Duration = Duration::from_secs(30);
/// The most dead that are kept: a storm of short processes must not fill the memory.
const DEAD: usize = 4_096;
/// The most processes that are kept; beyond it the longest dead go first, then nothing new is taken in.
const CAPACITY: usize = 131_072;
/// The most ancestors that are told.
const DEPTH: usize = 64;

struct Entry {
    key: ProcessKey,
    parent: Option<ProcessKey>,
    /// What it runs: shared with the parent until it executes a program of its own.
    image: Arc<Process>,
    exited: Option<Timestamp>,
    /// Living or remembered children.
    children: u32,
}

/// Every process of the host, living and lately dead.
#[derive(Default)]
pub struct ProcessTable {
    entries: HashMap<ProcessKey, Entry>,
    /// The incarnations of a process id, oldest first.
    by_pid: HashMap<u32, Vec<ProcessKey>>,
    /// The dead in the order of their end.
    dead: VecDeque<(Timestamp, ProcessKey)>,
    refused: u64,
}

impl ProcessTable {
    /// Takes in a process that was there before the sensor, unless it is known already.
    pub fn seed(&mut self, process: Process) {
        if self.find(process.key).is_none() {
            self.insert(process.key, process.parent, Arc::new(process));
        }
    }

    /// A process came to be: it runs what its parent runs.
    pub fn fork(&mut self, fork: Fork) {
        let image = self
            .find(fork.parent)
            .and_then(|key| self.entries.get(&key))
            .map(|parent| Arc::clone(&parent.image));
        let parent = self.find(fork.parent).unwrap_or(fork.parent);
        // A parent that is not known leaves the child without an image; it is looked up when it matters.
        if let Some(image) = image {
            self.insert(fork.child, Some(parent), image);
        }
    }

    /// A process runs another program.
    pub fn exec(&mut self, process: Process) {
        let parent = process.parent.map(|parent| self.find(parent).unwrap_or(parent));
        if let Some(entry) = self.find(process.key).and_then(|key| self.entries.get_mut(&key)) {
            entry.image = Arc::new(process);
            return;
        }
        self.insert(process.key, parent, Arc::new(process));
    }

    /// A process ended at `now`.
    pub fn exit(&mut self, key: ProcessKey, now: Timestamp) {
        let Some(key) = self.find(key) else { return };
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.exited.is_none()
        {
            entry.exited = Some(now);
            self.dead.push_back((now, key));
        }
        self.forget(now);
    }

    /// The process that `key` means; a start of zero means the latest one of that id.
    pub fn get(&self, key: ProcessKey) -> Option<Process> {
        let key = self.find(key)?;
        self.entries.get(&key).map(Entry::process)
    }

    /// The whole identity of the process that `key` means, as far as it is known.
    pub fn resolve(&self, key: ProcessKey) -> ProcessKey {
        self.find(key).unwrap_or(key)
    }

    /// Whether the process is known to have ended.
    pub fn has_exited(&self, key: ProcessKey) -> bool {
        self.find(key).and_then(|key| self.entries.get(&key)).is_some_and(|entry| entry.exited.is_some())
    }

    /// The parents of `key`, nearest first, as far as they are known.
    pub fn ancestry(&self, key: ProcessKey) -> Vec<Process> {
        let mut ancestors = Vec::new();
        let mut next = self.find(key).and_then(|key| self.entries.get(&key)).and_then(|entry| entry.parent);
        while let Some(entry) = next.and_then(|key| self.find(key)).and_then(|key| self.entries.get(&key)) {
            if ancestors.len() == DEPTH {
                break;
            }
            ancestors.push(entry.process());
            next = entry.parent;
        }
        ancestors
    }

    /// Living processes that came from `key`, at most `most`, the latest first: they inherited what it had open.
    pub fn heirs(&self, key: ProcessKey, most: usize) -> Vec<ProcessKey> {
        let Some(key) = self.find(key).filter(|key| self.entries.get(key).is_some_and(|e| e.children > 0))
        else {
            return Vec::new();
        };
        let comes_from = |entry: &Entry| {
            let parent = |child: &ProcessKey| self.entries.get(&self.find(*child)?)?.parent;
            std::iter::successors(entry.parent, parent)
                .take(DEPTH)
                .any(|ancestor| self.find(ancestor) == Some(key))
        };
        let living = self.entries.values().filter(|entry| entry.exited.is_none());
        let mut heirs: Vec<ProcessKey> =
            living.filter(|entry| comes_from(entry)).map(|entry| entry.key).collect();
        heirs.sort_unstable_by_key(|heir| std::cmp::Reverse((heir.start_ns, heir.pid)));
        heirs.truncate(most);
        heirs
    }

    /// How many processes are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many processes were not taken in because the table was full of living ones.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn insert(&mut self, key: ProcessKey, parent: Option<ProcessKey>, image: Arc<Process>) {
        if self.entries.len() >= CAPACITY && !self.drop_longest_dead() {
            self.refused = self.refused.saturating_add(1);
            return;
        }
        if let Some(parent) = parent.and_then(|parent| self.entries.get_mut(&parent)) {
            parent.children = parent.children.saturating_add(1);
        }
        let parent = parent.filter(|parent| *parent != key);
        self.entries.insert(key, Entry { key, parent, image, exited: None, children: 0 });
        let incarnations = self.by_pid.entry(key.pid).or_default();
        if !incarnations.contains(&key) {
            incarnations.push(key);
        }
    }

    /// The entry that `key` means: times from /proc are cut to a tick, and those from a source without a clock are zero.
    fn find(&self, key: ProcessKey) -> Option<ProcessKey> {
        if self.entries.contains_key(&key) {
            return Some(key);
        }
        let incarnations = self.by_pid.get(&key.pid)?;
        if key.start_ns == 0 {
            return incarnations.last().copied();
        }
        incarnations.iter().rev().find(|known| known.is_same(key)).copied()
    }

    fn forget(&mut self, now: Timestamp) {
        // Those whose descendants live go to the back, a few at a time, so that a call stays short.
        for _ in 0..8 {
            let Some((exited, key)) = self.dead.front().copied() else { break };
            if now.since(exited) < MEMORY && self.dead.len() <= DEAD {
                break;
            }
            self.dead.pop_front();
            if !self.remove_childless(key) {
                self.dead.push_back((now, key));
            }
        }
    }

    fn drop_longest_dead(&mut self) -> bool {
        for _ in 0..self.dead.len() {
            let Some((exited, key)) = self.dead.pop_front() else { break };
            if self.remove_childless(key) {
                return true;
            }
            self.dead.push_back((exited, key));
        }
        false
    }

    fn remove_childless(&mut self, key: ProcessKey) -> bool {
        match self.entries.get(&key) {
            Some(entry) if entry.children > 0 => return false,
            Some(_) => {}
            None => return true,
        }
        if let Some(entry) = self.entries.remove(&key)
            && let Some(parent) = entry.parent.and_then(|parent| self.entries.get_mut(&parent))
        {
            parent.children = parent.children.saturating_sub(1);
        }
        if let Some(incarnations) = self.by_pid.get_mut(&key.pid) {
            incarnations.retain(|known| *known != key);
            if incarnations.is_empty() {
                self.by_pid.remove(&key.pid);
            }
        }
        true
    }
}

impl Entry {
    fn process(&self) -> Process {
        Process { key: self.key, parent: self.parent, ..(*self.image).clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Known, Reason};

    fn key(pid: u32, start_ns: u64) -> ProcessKey {
        ProcessKey { pid, start_ns }
    }

    fn process(key: ProcessKey, parent: Option<ProcessKey>, exe: &str) -> Process {
        Process { parent, exe: Known::Is(exe.into()), ..Process::unknown(key, Reason::NotRecorded) }
    }

    fn exe(process: &Process) -> String {
        process.exe.get().map(ToString::to_string).unwrap_or_default()
    }

    /// init(1) → bash(10) → a subshell(11) that never executes anything.
    fn table() -> ProcessTable {
        let mut table = ProcessTable::default();
        table.seed(process(key(1, 10_000_000), None, "/sbin/init"));
        table.seed(process(key(10, 50_000_000), Some(key(1, 10_000_000)), "/bin/bash"));
        table.fork(Fork { parent: key(10, 51_234_567), child: key(11, 77_777_777) });
        table
    }

    #[test]
    fn a_subshell_runs_what_its_parent_runs() {
        let table = table();
        let subshell = table.get(key(11, 0)).unwrap();
        assert_eq!((exe(&subshell).as_str(), subshell.key.start_ns), ("/bin/bash", 77_777_777));
        let pids: Vec<_> = table.ancestry(key(11, 0)).iter().map(|process| process.key.pid).collect();
        assert_eq!(pids, [10, 1]);
    }

    #[test]
    fn the_dead_are_remembered_and_then_forgotten() {
        let mut table = table();
        table.exit(key(11, 77_777_777), Timestamp(0));
        assert!(table.get(key(11, 0)).is_some() && table.has_exited(key(11, 0)));
        table.exit(key(99, 0), Timestamp(0).after(MEMORY));
        table.exit(key(10, 0), Timestamp(0).after(MEMORY));
        assert!(table.get(key(11, 0)).is_none());
    }

    #[test]
    fn a_dead_parent_stays_while_a_child_lives() {
        let mut table = table();
        table.exit(key(10, 0), Timestamp(0));
        for second in 1..100 {
            table.exit(key(99, 0), Timestamp(0).after(MEMORY * second));
        }
        assert_eq!(table.ancestry(key(11, 0)).len(), 2);
    }

    #[test]
    fn a_process_id_that_is_used_again_means_the_latest() {
        let mut table = table();
        table.exit(key(11, 77_777_777), Timestamp(0));
        table.fork(Fork { parent: key(10, 0), child: key(11, 99_999_999) });
        table.exec(process(key(11, 99_999_999), Some(key(10, 0)), "/bin/cp"));
        assert_eq!(exe(&table.get(key(11, 0)).unwrap()), "/bin/cp");
        assert_eq!(exe(&table.get(key(11, 77_777_777)).unwrap()), "/bin/bash");
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let mut table = ProcessTable::default();
        table.seed(process(key(5, 1), Some(key(6, 1)), "a"));
        table.seed(process(key(6, 1), Some(key(5, 1)), "b"));
        assert_eq!(table.ancestry(key(5, 1)).len(), DEPTH);
    }

    #[test]
    fn a_full_table_drops_the_dead_first() {
        let mut table = table();
        for pid in 100..(100 + u32::try_from(CAPACITY).unwrap()) {
            table.fork(Fork { parent: key(10, 0), child: key(pid, u64::from(pid)) });
            table.exit(key(pid, 0), Timestamp(1));
        }
        assert!(table.len() <= CAPACITY);
        assert_eq!(table.refused(), 0);
        assert!(table.get(key(11, 0)).is_some());
    }
}
