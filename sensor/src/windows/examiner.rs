//! Looks at programs: their hash, who signed them, and what they say of themselves.
//!
//! A thread of its own does it, since reading a program, and having the system verify its signature, takes as long as it
//! takes: what is not known soon follows the event, and holds up nothing that comes after it.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::signature::{self, Signature};
use super::sources::Input;
use super::{clock, version};
use crate::model::event::EventId;
use crate::model::line::{Enrichment, Fact};
use crate::model::{Known, Reason};

/// Programs of up to so many bytes are waited for; what is known of larger ones follows.
const SMALL: u64 = 4 * 1024 * 1024;
/// How long one is waited for, while nothing else is looked at.
const PATIENCE: Duration = Duration::from_millis(250);
/// The most programs that wait to be looked at.
const MOST_WAITING: usize = 256;
/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

/// Looks at programs.
#[derive(Debug)]
pub(super) struct Examiner {
    limit: u64,
    /// `None` once the run ends.
    programs: Option<SyncSender<Program>>,
    /// How many programs are not done yet.
    waiting: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

/// A program that is to be looked at.
#[derive(Debug)]
struct Program {
    /// The event that tells of it.
    event: EventId,
    /// As the event names it.
    path: String,
    /// Where it lies.
    file: PathBuf,
    /// Whether more than its hash is wanted.
    whole: bool,
    /// Who waits for it: without a buffer, so that what is known goes either there or after the event.
    answer: SyncSender<Facts>,
}

/// What is known of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Its SHA-256 in hexadecimal.
    pub(super) sha256: Known<String>,
    /// What else is known, by the names of an event's details.
    pub(super) details: Vec<(&'static str, String)>,
    /// What is not, and why.
    pub(super) missing: Vec<(&'static str, Reason)>,
}

impl Facts {
    /// Nothing is known, for this reason.
    pub(super) fn none(reason: Reason, whole: bool) -> Self {
        let missing =
            if whole { vec![("image_signed", reason), ("image_version", reason)] } else { Vec::new() };
        Self { sha256: Known::Missing(reason), details: Vec::new(), missing }
    }

    /// All of it follows.
    fn pending(whole: bool) -> Self {
        Self { sha256: Known::Pending, ..Self::none(Reason::Pending, whole) }
    }
}

impl Examiner {
    /// Starts the thread, which hands what follows an event to `to`. Files larger than `limit` bytes are not read.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn start(limit: u64, to: SyncSender<Input>) -> io::Result<Self> {
        let (programs, taken) = sync_channel(MOST_WAITING);
        let (waiting, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let worker = Worker { limit, to, waiting: Arc::clone(&waiting), is_over: Arc::clone(&is_over) };
        thread::Builder::new().name("programs".to_owned()).spawn(move || worker.run(&taken))?;
        Ok(Self { limit, programs: Some(programs), waiting, is_over })
    }

    /// What is known soon of the program that `event` names as `path` and that lies at `file`, that is, its hash and, of the
    /// `whole`, its signature and version; the rest follows as a fact of the event.
    pub(super) fn look(&self, event: &EventId, path: &str, file: PathBuf, whole: bool) -> Facts {
        let size = match size(&file) {
            Ok(size) if size > self.limit => return Facts::none(Reason::TooLarge, whole),
            Ok(size) => size,
            Err(reason) => return Facts::none(reason, whole),
        };
        let (answer, facts) = sync_channel(0);
        let program = Program { event: event.clone(), path: path.to_owned(), file, whole, answer };
        let is_free = self.waiting.fetch_add(1, Ordering::AcqRel) == 0;
        if self.programs.as_ref().is_none_or(|programs| programs.try_send(program).is_err()) {
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            return Facts::none(Reason::Failed, whole);
        }
        // While the thread is busy with another one nobody waits: one wait after the other would add up.
        if is_free && size <= SMALL {
            facts.recv_timeout(PATIENCE).unwrap_or_else(|_| Facts::pending(whole))
        } else {
            Facts::pending(whole)
        }
    }

    /// Ends the thread: what still waits is not looked at any more, since the end of a run waits for it.
    pub(super) fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.programs = None;
    }
}

/// What the thread works with.
struct Worker {
    limit: u64,
    to: SyncSender<Input>,
    waiting: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self, programs: &Receiver<Program>) {
        for Program { event, path, file, whole, answer } in programs {
            if self.is_over() {
                return;
            }
            let facts = self.examine(&file, whole);
            // Before it is told: whoever hears of it may ask for the next one.
            self.waiting.fetch_sub(1, Ordering::AcqRel);
            let Err(late) = answer.send(facts) else { continue };
            let Facts { sha256, details, missing } = late.0;
            let fact = Fact::Program { path, sha256, details, missing };
            if self.to.send(Input::Fact(Box::new(Enrichment { time: clock::now(), event, fact }))).is_err() {
                return;
            }
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn examine(&self, path: &Path, whole: bool) -> Facts {
        // Once for all that is looked at, so that all of it is of one file, and shared, so that others may change and delete
        // it meanwhile.
        let mut file = match open(path) {
            Ok(file) => file,
            Err(reason) => return Facts::none(reason, whole),
        };
        let sha256 = Known::from(sha256(&mut file, self.limit, || self.is_over()));
        let mut facts = Facts { sha256, details: Vec::new(), missing: Vec::new() };
        if whole && !self.is_over() {
            describe(&mut file, path, &mut facts);
        }
        facts
    }
}

fn describe(file: &mut File, path: &Path, Facts { details, missing, .. }: &mut Facts) {
    if let Err(error) = file.rewind() {
        missing.push(("image_signed", reason(&error)));
        return;
    }
    match signature::check(file, path) {
        Signature::Good(signer) => {
            details.push(("image_signed", "true".to_owned()));
            details.extend(signer.map(|signer| ("image_signer", signer)));
        }
        Signature::None => {
            details.push(("image_signed", "false".to_owned()));
            missing.push(("image_signer", Reason::NotFound));
        }
        Signature::Bad(code) => {
            details.push(("image_signed", "false".to_owned()));
            details.push(("image_signature_error", format!("{code:#x}")));
        }
    }
    match version::read(path) {
        Some(version) => {
            details.extend(version.file.map(|text| ("image_version", text)));
            details.extend(version.company.map(|text| ("image_company", text)));
            details.extend(version.original_name.map(|text| ("image_original_name", text)));
        }
        None => missing.push(("image_version", Reason::NotFound)),
    }
}

fn size(path: &Path) -> Result<u64, Reason> {
    let about = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if about.is_file() { Ok(about.len()) } else { Err(Reason::Unsupported) }
}

fn open(path: &Path) -> Result<File, Reason> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    let about = file.metadata().map_err(|error| reason(&error))?;
    if about.is_file() { Ok(file) } else { Err(Reason::Unsupported) }
}

/// The SHA-256 of a file of at most `limit` bytes, unless it is over before.
fn sha256(file: &mut File, limit: u64, is_over: impl Fn() -> bool) -> Result<String, Reason> {
    let mut hash = Sha256::new();
    let mut piece = vec![0; PIECE];
    let mut left = limit;
    while !is_over() {
        let count = file.read(&mut piece).map_err(|error| reason(&error))?;
        if count == 0 {
            return Ok(hex::encode(hash.finalize()));
        }
        left = left.checked_sub(count as u64).ok_or(Reason::Raced)?;
        hash.update(piece.get(..count).unwrap_or_default());
    }
    Err(Reason::Failed)
}

fn reason(error: &io::Error) -> Reason {
    match error.kind() {
        io::ErrorKind::NotFound => Reason::NotFound,
        io::ErrorKind::PermissionDenied => Reason::Denied,
        _ => Reason::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64) -> EventId {
        EventId { run: "run".to_owned(), number }
    }

    #[test]
    fn what_takes_long_holds_up_nothing_and_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let look = |examiner: &Examiner, number, name: &str, whole| {
            examiner.look(&event(number), name, path(name), whole)
        };
        std::fs::write(path("small"), "").unwrap();
        std::fs::write(path("large"), vec![7; 64 << 20]).unwrap();
        let (to, from) = sync_channel(16);
        let mut examiner = Examiner::start(64 << 20, to).unwrap();
        assert_eq!(look(&examiner, 1, "none", true), Facts::none(Reason::NotFound, true));
        assert_eq!(look(&examiner, 2, "", false).sha256, Known::Missing(Reason::Unsupported));
        assert_eq!(look(&examiner, 3, "large", false), Facts::pending(false));
        // While the large one is read, nobody waits for the small one.
        for number in 4..14 {
            assert_eq!(look(&examiner, number, "small", false), Facts::pending(false));
        }
        for number in 3..14 {
            let Ok(Input::Fact(fact)) = from.recv_timeout(Duration::from_mins(1)) else { panic!("no fact") };
            assert_eq!(fact.event, event(number));
        }
        std::fs::write(path("more"), vec![7; (64 << 20) + 1]).unwrap();
        assert_eq!(look(&examiner, 104, "more", false), Facts::none(Reason::TooLarge, false));
        examiner.end();
        assert_eq!(look(&examiner, 105, "small", false), Facts::none(Reason::Failed, false));
    }
}
