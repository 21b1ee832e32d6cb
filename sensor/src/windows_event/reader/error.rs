//! What can go wrong while reading recorded events: every one is told and counted, and reading goes on where it can.

use std::io;

use crate::windows_event::json::JsonError;
use crate::windows_event::xml::XmlError;

/// A failure, and the file in which it happened.
#[derive(Debug, thiserror::Error)]
#[error("{origin}: {}", self.what())]
pub struct ReadError {
    /// The file, and the member within an archive after `!`.
    pub origin: String,
    /// Where in the text, in bytes of UTF-8 from its start; `None` where the content has a place of another kind.
    pub byte: Option<u64>,
    /// What happened.
    pub kind: ReadErrorKind,
}

/// What happened.
#[derive(Debug, thiserror::Error)]
pub enum ReadErrorKind {
    /// The system refused.
    #[error("reading failed: {0}")]
    Io(io::Error),
    /// The content is none of the known formats.
    #[error("the content is neither EVTX, event XML, JSON, zip nor gzip")]
    UnknownFormat,
    /// The content ends before it should.
    #[error("the file is cut off: {0}")]
    Truncated(String),
    /// A chunk of an EVTX file can't be read; it holds up to some hundred records.
    #[error("chunk {number} is damaged: {reason}")]
    DamagedChunk {
        /// Its number in the file, from 0.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// One record can't be read.
    #[error("a record is damaged: {0}")]
    DamagedRecord(String),
    /// A record is larger than is read.
    #[error("a record is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Bytes between records that belong to none.
    #[error("{bytes} bytes belong to no record")]
    Junk {
        /// How many.
        bytes: u64,
    },
    /// A piece of XML is no event.
    #[error("not an event: {0}")]
    Xml(XmlError),
    /// A piece of JSON is no event.
    #[error("not an event: {0}")]
    Json(JsonError),
    /// An archive can't be read, or not further.
    #[error("the archive is damaged: {0}")]
    DamagedArchive(String),
    /// Archives within archives, deeper than is read.
    #[error("archives are nested deeper than {0}")]
    TooDeep(usize),
    /// More files than are read.
    #[error("more than {0} files")]
    TooManyFiles(usize),
    /// An archive unpacks to more than is read.
    #[error("the content unpacks to {0}")]
    TooMuch(String),
}

impl ReadError {
    /// What happened, and where in the text.
    pub fn what(&self) -> String {
        match self.byte {
            Some(byte) => format!("{} (at byte {byte})", self.kind),
            None => self.kind.to_string(),
        }
    }
}

impl ReadErrorKind {
    /// A few words by which failures are counted.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Io(_) => "reading failed",
            Self::UnknownFormat => "unknown format",
            Self::Truncated(_) => "cut off",
            Self::DamagedChunk { .. } => "damaged chunk",
            Self::DamagedRecord(_) => "damaged record",
            Self::TooLarge { .. } => "record too large",
            Self::Junk { .. } => "bytes outside of records",
            Self::Xml(_) | Self::Json(_) => "not an event",
            Self::DamagedArchive(_) => "damaged archive",
            Self::TooDeep(_) | Self::TooManyFiles(_) | Self::TooMuch(_) => "limit reached",
        }
    }

    /// How many records were lost; `None` when that can't be told.
    pub fn records(&self) -> Option<u64> {
        match self {
            Self::DamagedRecord(_) | Self::TooLarge { .. } | Self::Xml(_) | Self::Json(_) => Some(1),
            _ => None,
        }
    }

    pub(super) fn at(self, origin: &str) -> ReadError {
        ReadError { origin: origin.to_owned(), byte: None, kind: self }
    }

    /// The same, of a text.
    pub(super) fn at_byte(self, origin: &str, byte: u64) -> ReadError {
        ReadError { byte: Some(byte), ..self.at(origin) }
    }
}
