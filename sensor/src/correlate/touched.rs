//! Names that changed and whose meaning waits to be told.
//!
//! A writer that still holds a file has not finished it, and a name that goes away may be about to return: editors
//! rename away, write and delete. So some changes wait, by event time and never for long.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bstr::BString;

use crate::model::{FileOperation, ObservationId, ProcessKey, Timestamp};

/// How long what generators write may take to return: a reload removes it all and lets every generator write it anew.
pub const SETTLE_GENERATED: Duration = Duration::from_secs(5);
/// The most names that wait; a further one is told at once.
const MOST_WAITING: usize = 16_384;
/// The most observations that one change names as its evidence.
const MOST_EVIDENCE: usize = 32;
/// The most processes besides the last one that a change names.
const MOST_OTHERS: usize = 8;

/// A name that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The name, with its directory.
    pub path: BString,
    /// Who changed it last.
    pub actor: ProcessKey,
    /// Who else changed it while it waited, oldest first; the first of them, when they are many.
    pub others: Vec<ProcessKey>,
    /// Whether one of them may have made the file what it is, rather than only have removed or touched it.
    pub contested: bool,
    /// Whether `actor` made the directory that it was found in, and nobody was seen to write it.
    pub by_maker: bool,
    /// Who is known to hold it open, at first the same as `actor`.
    pub holder: ProcessKey,
    /// When it changed last.
    pub time: Timestamp,
    /// What happened to it last.
    pub operation: FileOperation,
    /// What was seen of it, oldest first; the first of them, when they are many.
    pub evidence: Vec<ObservationId>,
    /// How many observations it stands for.
    pub observed: u64,
}

/// What to do with a change that was noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Look at the name and tell.
    Now(Touch),
    /// It waits.
    Later,
}

/// Names that changed and whose meaning waits to be told.
#[derive(Default)]
pub struct Touched {
    waiting: HashMap<BString, Waiting>,
    deadlines: BTreeSet<(Timestamp, BString)>,
}

struct Waiting {
    touch: Touch,
    /// `None` while a writer holds the file: its end, its close or a reload tells then.
    deadline: Option<Timestamp>,
}

impl Touch {
    /// A change that was only found at `time`: nobody was seen to make it.
    pub fn found(path: BString, time: Timestamp) -> Self {
        Self {
            path,
            actor: ProcessKey::NOBODY,
            others: Vec::new(),
            contested: false,
            by_maker: false,
            holder: ProcessKey::NOBODY,
            time,
            operation: FileOperation::Reload,
            evidence: Vec::new(),
            observed: 0,
        }
    }

    /// Whether it was only found.
    pub fn is_found(&self) -> bool {
        self.actor == ProcessKey::NOBODY
    }

    /// Joins who changed the name before.
    fn take_over(&mut self, before: &Self) {
        // Whoever only listed the name or changed its attributes did not make it what it is.
        let keeps = (self.by_maker && !before.by_maker) || self.operation == FileOperation::Attribute;
        let (first, last) = ((before.actor, before.by_maker), (self.actor, self.by_maker));
        let ((doer, doer_by_maker), (other, other_by_maker)) =
            if keeps { (first, last) } else { (last, first) };
        if keeps {
            self.holder = doer;
        }
        (self.actor, self.by_maker) = (doer, doer_by_maker);
        self.others.clone_from(&before.others);
        self.contested |= before.contested;
        if !other_by_maker {
            self.others.push(other);
            let only_removed = matches!(before.operation, FileOperation::Unlink | FileOperation::RenameFrom);
            self.contested |= !keeps && !only_removed && other.pid != doer.pid;
        }
        self.others.retain(|other| other.pid != doer.pid);
        self.others.dedup_by_key(|other| other.pid);
        self.others.truncate(MOST_OTHERS);
    }
}

impl Touched {
    /// Notes a change, together with what waits for the same name, for as long as `settle`.
    pub fn note(&mut self, change: Touch, settle: Duration) -> Verdict {
        let mut touch = change;
        let mut deadline = touch.time.after(settle);
        if let Some(waiting) = self.take(&touch.path) {
            let mut evidence = waiting.touch.evidence.clone();
            evidence.append(&mut touch.evidence);
            evidence.truncate(MOST_EVIDENCE);
            touch.evidence = evidence;
            touch.observed = touch.observed.saturating_add(waiting.touch.observed);
            // Whoever only changed attributes, be it by giving the file another name, has no part in what comes now.
            if waiting.touch.operation != FileOperation::Attribute
                || touch.operation == FileOperation::Attribute
            {
                touch.take_over(&waiting.touch);
            }
            // Attributes alone do not prolong the wait of a file that is being written or gone.
            if touch.operation == FileOperation::Attribute {
                touch.operation = waiting.touch.operation;
                deadline = waiting.deadline.unwrap_or(deadline);
            }
        }
        let settled = match touch.operation {
            FileOperation::Close
            | FileOperation::RenameTo
            | FileOperation::Link
            | FileOperation::Symlink
            | FileOperation::Reload => true,
            FileOperation::Create
            | FileOperation::Write
            | FileOperation::RenameFrom
            | FileOperation::Unlink
            | FileOperation::Attribute => false,
        };
        if settled || self.waiting.len() >= MOST_WAITING {
            return Verdict::Now(touch);
        }
        self.put(touch, Some(deadline));
        Verdict::Later
    }

    /// Keeps `touch` until its writer lets go: for one that was due and whose writer still holds the file.
    pub fn hold(&mut self, touch: Touch) {
        self.put(touch, None);
    }

    /// Takes those whose time has come by `now`, in the order in which it came.
    pub fn due(&mut self, now: Timestamp) -> Vec<Touch> {
        let mut due = Vec::new();
        while let Some((deadline, path)) = self.deadlines.first().cloned() {
            if deadline > now {
                break;
            }
            due.extend(self.take(&path).map(|waiting| waiting.touch));
        }
        due
    }

    /// When the next one is due.
    pub fn deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(deadline, _path)| *deadline)
    }

    /// Takes those of the meant ones that wait for a writer to let go, sorted by name.
    pub fn held(&mut self, is_meant: impl Fn(&Touch) -> bool) -> Vec<Touch> {
        let mut paths: Vec<BString> = self
            .waiting
            .values()
            .map(|waiting| &waiting.touch)
            .filter(|touch| matches!(touch.operation, FileOperation::Create | FileOperation::Write))
            .filter(|touch| is_meant(touch))
            .map(|touch| touch.path.clone())
            .collect();
        paths.sort_unstable();
        paths.iter().filter_map(|path| self.take(path)).map(|waiting| waiting.touch).collect()
    }

    /// Takes all that wait, sorted by name.
    pub fn all(&mut self) -> Vec<Touch> {
        self.deadlines.clear();
        let mut all: Vec<Touch> = self.waiting.drain().map(|(_path, waiting)| waiting.touch).collect();
        all.sort_unstable_by(|one, other| one.path.cmp(&other.path));
        all
    }

    /// Whether a change of the name at `path` waits.
    pub fn waits_for(&self, path: &BString) -> bool {
        self.waiting.contains_key(path)
    }

    /// How many observations those that wait stand for.
    pub fn observed(&self) -> u64 {
        self.waiting.values().map(|waiting| waiting.touch.observed).sum()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn put(&mut self, touch: Touch, deadline: Option<Timestamp>) {
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, touch.path.clone()));
        }
        self.waiting.insert(touch.path.clone(), Waiting { touch, deadline });
    }

    fn take(&mut self, path: &BString) -> Option<Waiting> {
        let waiting = self.waiting.remove(path)?;
        if let Some(deadline) = waiting.deadline {
            self.deadlines.remove(&(deadline, path.clone()));
        }
        Some(waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTLE: Duration = Duration::from_millis(250);

    const CP: ProcessKey = ProcessKey { pid: 7, start_ns: 1 };
    const VIM: ProcessKey = ProcessKey { pid: 8, start_ns: 1 };

    fn touch(number: u64, milliseconds: i64, actor: ProcessKey, operation: FileOperation) -> Touch {
        Touch {
            path: "/etc/systemd/system/x.service".into(),
            actor,
            others: Vec::new(),
            contested: false,
            by_maker: false,
            holder: actor,
            time: Timestamp(milliseconds * 1_000_000),
            operation,
            evidence: vec![ObservationId(number)],
            observed: 1,
        }
    }

    fn milliseconds(time: i64) -> Timestamp {
        Timestamp(time * 1_000_000)
    }

    #[test]
    fn a_close_tells_at_once_with_what_came_before() {
        let mut touched = Touched::default();
        assert_eq!(touched.note(touch(1, 0, CP, FileOperation::Create), SETTLE), Verdict::Later);
        assert_eq!(touched.note(touch(2, 1, CP, FileOperation::Write), SETTLE), Verdict::Later);
        let Verdict::Now(told) = touched.note(touch(3, 2, CP, FileOperation::Close), SETTLE) else {
            panic!("waits")
        };
        assert_eq!(told.evidence, [ObservationId(1), ObservationId(2), ObservationId(3)]);
        assert_eq!((told.observed, touched.len(), touched.deadline()), (3, 0, None));
    }

    #[test]
    fn a_name_that_goes_away_waits_for_its_return() {
        let mut touched = Touched::default();
        touched.note(touch(1, 0, VIM, FileOperation::RenameFrom), SETTLE);
        assert_eq!(touched.due(milliseconds(249)), []);
        touched.note(touch(2, 100, VIM, FileOperation::Create), SETTLE);
        let Verdict::Now(told) = touched.note(touch(3, 110, VIM, FileOperation::Close), SETTLE) else {
            panic!("waits")
        };
        assert_eq!(told.evidence.len(), 3);
        assert_eq!(touched.due(milliseconds(9_999)), []);
    }

    #[test]
    fn a_name_that_stays_away_is_due_once() {
        let mut touched = Touched::default();
        touched.note(touch(1, 0, CP, FileOperation::Unlink), SETTLE);
        assert_eq!(touched.deadline(), Some(milliseconds(250)));
        assert_eq!(touched.due(milliseconds(250)).len(), 1);
        assert_eq!(touched.due(milliseconds(500)), []);
    }

    #[test]
    fn a_file_that_is_held_waits_for_its_writer() {
        let mut touched = Touched::default();
        touched.note(touch(1, 0, CP, FileOperation::Write), SETTLE);
        let due = touched.due(milliseconds(250));
        touched.hold(due[0].clone());
        assert_eq!((touched.deadline(), touched.held(|touch| touch.holder == VIM)), (None, vec![]));
        assert_eq!(touched.held(|touch| touch.holder == CP).len(), 1);
        touched.note(touch(2, 300, CP, FileOperation::Write), SETTLE);
        assert_eq!(touched.held(|_| true).len(), 1, "a reload tells what anyone holds");
    }

    #[test]
    fn attributes_do_not_prolong_a_wait() {
        let mut touched = Touched::default();
        touched.note(touch(1, 0, CP, FileOperation::Unlink), SETTLE);
        touched.note(touch(2, 200, CP, FileOperation::Attribute), SETTLE);
        assert_eq!(touched.deadline(), Some(milliseconds(250)));
        assert_eq!(touched.due(milliseconds(250))[0].operation, FileOperation::Unlink);
    }

    #[test]
    fn everyone_who_took_part_is_named() {
        let found = |touch: Touch| Touch { by_maker: true, ..touch };
        let write = FileOperation::Write;
        for (name, first, second, expected) in [
            (
                "the last one did it",
                touch(1, 0, CP, write),
                touch(2, 1, VIM, write),
                (8, vec![7], false, true),
            ),
            (
                "who removed it did not write it",
                touch(1, 0, CP, FileOperation::Unlink),
                touch(2, 1, VIM, write),
                (8, vec![7], false, false),
            ),
            ("one alone", touch(1, 0, CP, write), touch(2, 1, CP, write), (7, vec![], false, false)),
            (
                "attributes are the lesser part",
                touch(1, 0, CP, write),
                touch(2, 1, VIM, FileOperation::Attribute),
                (7, vec![8], false, false),
            ),
            (
                "a writer that was seen replaces the directory's maker",
                found(touch(1, 0, CP, FileOperation::Create)),
                touch(2, 1, VIM, write),
                (8, vec![], false, false),
            ),
            (
                "and is not replaced by it",
                touch(1, 0, VIM, write),
                found(touch(2, 1, CP, FileOperation::Create)),
                (8, vec![], false, false),
            ),
            (
                "nobody but the maker was seen",
                found(touch(1, 0, CP, FileOperation::Create)),
                found(touch(2, 1, CP, FileOperation::Create)),
                (7, vec![], true, false),
            ),
        ] {
            let mut touched = Touched::default();
            touched.note(first, SETTLE);
            touched.note(second, SETTLE);
            let told = &touched.all()[0];
            let others: Vec<u32> = told.others.iter().map(|other| other.pid).collect();
            assert_eq!((told.actor.pid, others, told.by_maker, told.contested), expected, "{name}");
        }
    }

    #[test]
    fn a_flood_is_told_rather_than_kept() {
        let mut touched = Touched::default();
        for number in 0..MOST_WAITING {
            let path = format!("/x/{number}.service").into();
            touched.note(Touch { path, ..touch(1, 0, CP, FileOperation::Create) }, SETTLE);
        }
        assert!(matches!(touched.note(touch(2, 0, CP, FileOperation::Create), SETTLE), Verdict::Now(_)));
        assert_eq!(touched.len(), MOST_WAITING);
    }
}
