//! Records of the text formats.

use std::io::Read;

use super::Record;
use super::error::{ReadError, ReadErrorKind};
use super::limits::Limits;
use super::split::{JsonCutter, Split, XmlCutter};
use crate::windows_event::{WindowsEvent, json, xml};

/// The records of event XML.
pub(super) struct XmlRecords<R> {
    split: Split<R, XmlCutter>,
    origin: String,
    limits: Limits,
}

impl<R: Read> XmlRecords<R> {
    pub(super) fn new(content: R, origin: &str, limits: Limits) -> Self {
        let split = Split::new(content, XmlCutter::default(), limits.record_bytes);
        Self { split, origin: origin.to_owned(), limits }
    }
}

impl<R: Read> Iterator for XmlRecords<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let limits = self.limits;
        let record = self.split.next_with(|text| {
            xml::parse(text, None).map(|event| record(event, limits)).map_err(ReadErrorKind::Xml)
        })?;
        Some(record.map_err(|kind| kind.at_byte(&self.origin, self.split.failed_at())))
    }
}

/// The records of JSON.
pub(super) struct JsonRecords<R> {
    split: Split<R, JsonCutter>,
    origin: String,
    limits: Limits,
}

impl<R: Read> JsonRecords<R> {
    pub(super) fn new(content: R, origin: &str, limits: Limits) -> Self {
        let split = Split::new(content, JsonCutter::default(), limits.record_bytes);
        Self { split, origin: origin.to_owned(), limits }
    }
}

impl<R: Read> Iterator for JsonRecords<R> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let limits = self.limits;
        let record = self.split.next_with(|text| {
            json::parse(text).map(|event| record(event, limits)).map_err(ReadErrorKind::Json)
        })?;
        Some(record.map_err(|kind| kind.at_byte(&self.origin, self.split.failed_at())))
    }
}

fn record(event: WindowsEvent, limits: Limits) -> Record {
    if (limits.interest)(&event.provider, &event.channel, event.id) {
        Record::Event(Box::new(event))
    } else {
        Record::Other(event.head())
    }
}
