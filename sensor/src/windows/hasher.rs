//! Hashes of programs: of small ones at once, of large ones by a thread of their own, so that none holds up what comes
//! after it.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sha2::{Digest as _, Sha256};

use super::clock;
use super::sources::Input;
use crate::model::event::EventId;
use crate::model::line::{Enrichment, Fact};
use crate::model::{Known, Reason};

/// Programs of up to so many bytes are hashed before an event is told; larger ones follow.
const AT_ONCE: u64 = 4 * 1024 * 1024;
/// The most large programs that wait to be hashed.
const MOST_WAITING: usize = 256;
/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

/// Hashes programs.
#[derive(Debug)]
pub(super) struct Hasher {
    limit: u64,
    /// `None` once the run ends.
    large: Option<SyncSender<Large>>,
    is_over: Arc<AtomicBool>,
}

/// A large program, and the event that runs it.
#[derive(Debug)]
struct Large {
    event: EventId,
    path: String,
}

impl Hasher {
    /// Starts the thread, which hands each hash to `to`. Files larger than `limit` bytes are not hashed.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub(super) fn start(limit: u64, to: SyncSender<Input>) -> io::Result<Self> {
        let (large, waiting) = sync_channel(MOST_WAITING);
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        thread::Builder::new()
            .name("hash".to_owned())
            .spawn(move || hash_all(&waiting, limit, &to, &over))?;
        Ok(Self { limit, large: Some(large), is_over })
    }

    /// The SHA-256 of the program at `path`, in hexadecimal; of a large one it follows as a fact of `event`.
    pub(super) fn hash(&self, event: &EventId, path: &str) -> Known<String> {
        let size = match size(path) {
            Ok(size) => size,
            Err(reason) => return Known::Missing(reason),
        };
        if size <= AT_ONCE.min(self.limit) {
            return Known::from(sha256(path, AT_ONCE, || false));
        }
        let large = Large { event: event.clone(), path: path.to_owned() };
        let is_taken = self.large.as_ref().is_some_and(|to| size <= self.limit && to.try_send(large).is_ok());
        if is_taken { Known::Pending } else { Known::Missing(Reason::TooLarge) }
    }

    /// Ends the thread: what still waits is not hashed any more, since the end of a run waits for it.
    pub(super) fn end(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.large = None;
    }
}

fn hash_all(waiting: &Receiver<Large>, limit: u64, to: &SyncSender<Input>, over: &AtomicBool) {
    for Large { event, path } in waiting {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let sha256 = Known::from(sha256(&path, limit, || over.load(Ordering::Relaxed)));
        let fact = Fact::Program { path, sha256 };
        if to.send(Input::Fact(Box::new(Enrichment { time: clock::now(), event, fact }))).is_err() {
            return;
        }
    }
}

fn size(path: &str) -> Result<u64, Reason> {
    let about = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if about.is_file() { Ok(about.len()) } else { Err(Reason::Unsupported) }
}

/// The SHA-256 of a file of at most `limit` bytes, unless it is over before.
fn sha256(path: &str, limit: u64, is_over: impl Fn() -> bool) -> Result<String, Reason> {
    let mut file = File::open(path).map_err(|error| reason(&error))?;
    if !file.metadata().map_err(|error| reason(&error))?.is_file() {
        return Err(Reason::Unsupported);
    }
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
