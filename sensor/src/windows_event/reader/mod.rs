//! Reading recorded events: EVTX, event XML and JSON, packed or not, alone or in folders, merged by time.

mod ahead;
mod error;
mod evtx;
mod format;
mod limits;
mod merge;
mod part;
mod split;
mod text;
mod unpack;
mod utf16;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use error::{ReadError, ReadErrorKind};
pub use limits::{Interest, Limits};
pub use merge::Reader;

use super::event::{Head, WindowsEvent};
use crate::model::Timestamp;

/// One record of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An event that was wanted.
    Event(Box<WindowsEvent>),
    /// An event that was not.
    Other(Head),
}

impl Record {
    /// When it was logged, where known.
    fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Event(event) => Some(event.time),
            Self::Other(head) => head.time,
        }
    }
}

/// Reads the file, archive or folder `path`.
pub fn open(path: &Path, limits: Limits) -> Reader {
    open_all(&[path.to_owned()], limits)
}

/// Reads several files, archives and folders as one, merged by the time of their records.
///
/// Nothing fails here: what can't be opened is an item of the reader, beside the records of the rest.
pub fn open_all(paths: &[PathBuf], limits: Limits) -> Reader {
    Reader::new(paths, limits)
}
