//! Decoding a large log on a thread of its own, ahead of whoever takes its records.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::Record;
use super::error::{ReadError, ReadErrorKind};
use super::evtx::EvtxRecords;
use super::limits::Limits;
use super::part::Records;

/// How many chunks are decoded ahead: memory stays small, and the order is that of the file.
const AHEAD: usize = 4;

/// The records of `log`, decoded ahead where that pays.
pub(super) fn ahead(mut log: EvtxRecords, origin: &str, limits: Limits) -> Records {
    if log.length() < limits.ahead_bytes {
        return Box::new(log);
    }
    let (sender, batches) = sync_channel(AHEAD);
    let origin = origin.to_owned();
    let worker = thread::Builder::new().name("evtx".to_owned()).spawn(move || {
        loop {
            let batch = log.next_batch();
            let is_last = batch.is_none();
            // An error means that nobody takes records any more.
            if sender.send(batch).is_err() || is_last {
                return;
            }
        }
    });
    match worker {
        Ok(_) => Box::new(Ahead { batches, batch: Vec::new().into_iter(), origin, ended: false }),
        Err(error) => Box::new(std::iter::once(Err(ReadErrorKind::Io(error).at(&origin)))),
    }
}

/// A batch of records, in the order of the file.
pub(super) type Batch = Vec<Result<Record, ReadErrorKind>>;

struct Ahead {
    /// `None` at the end of the file.
    batches: Receiver<Option<Batch>>,
    batch: std::vec::IntoIter<Result<Record, ReadErrorKind>>,
    origin: String,
    ended: bool,
}

impl Iterator for Ahead {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.batch.next() {
                return Some(record.map_err(|kind| kind.at(&self.origin)));
            }
            if self.ended {
                return None;
            }
            match self.batches.recv() {
                Ok(Some(batch)) => self.batch = batch.into_iter(),
                Ok(None) => self.ended = true,
                // It has to say that it is at the end: a thread that is gone without it has failed.
                Err(_) => {
                    self.ended = true;
                    let reason = "the thread that decodes it ended early".to_owned();
                    return Some(Err(ReadErrorKind::Truncated(reason).at(&self.origin)));
                }
            }
        }
    }
}
