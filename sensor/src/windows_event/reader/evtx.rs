//! Records of Windows event log files, chunk by chunk.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use evtx::{EvtxChunkData, EvtxChunkHeader, ParserSettings};
use memchr::memmem;

use super::Record;
use super::ahead::Batch;
use super::error::{ReadError, ReadErrorKind};
use super::limits::Limits;
use crate::model::Timestamp;
use crate::windows_event::event::Head;
use crate::windows_event::xml;

const HEADER: u64 = 4096;
const CHUNK: u64 = 65_536;
const CHUNK_HEADER: usize = 512;

/// The records of an event log file, from its oldest chunk on.
pub(super) struct EvtxRecords {
    file: File,
    origin: String,
    limits: Limits,
    settings: Arc<ParserSettings>,
    names: Names,
    /// The offset of the first chunk.
    base: u64,
    length: u64,
    /// How many chunks there are, counting one that is cut off.
    chunks: u64,
    /// How many were read.
    done: u64,
    /// The chunk that holds the oldest records: a full log is written over from its start.
    oldest: u64,
    batch: std::vec::IntoIter<Result<Record, ReadErrorKind>>,
    told_truncation: bool,
}

impl EvtxRecords {
    pub(super) fn new(mut file: File, origin: &str, limits: Limits) -> Result<Self, ReadErrorKind> {
        let length = file.seek(SeekFrom::End(0)).map_err(ReadErrorKind::Io)?;
        let mut magic = [0_u8; 8];
        file.seek(SeekFrom::Start(0)).map_err(ReadErrorKind::Io)?;
        file.read_exact(&mut magic).map_err(ReadErrorKind::Io)?;
        // A chunk that was carved out of a file has no file header before it.
        let base = if magic.starts_with(b"ElfChnk") { 0 } else { HEADER };
        let chunks = length.saturating_sub(base).div_ceil(CHUNK);
        let mut records = Self {
            file,
            origin: origin.to_owned(),
            limits,
            settings: Arc::new(ParserSettings::new().indent(false)),
            names: Names::default(),
            base,
            length,
            chunks,
            done: 0,
            oldest: 0,
            batch: Vec::new().into_iter(),
            told_truncation: false,
        };
        records.oldest = records.find_oldest();
        Ok(records)
    }

    fn offset(&self, chunk: u64) -> u64 {
        self.base.saturating_add(chunk.saturating_mul(CHUNK))
    }

    /// The chunk whose header names the lowest record number.
    fn find_oldest(&mut self) -> u64 {
        let mut oldest = (u64::MAX, 0);
        let mut header = [0_u8; CHUNK_HEADER];
        for chunk in 0..self.chunks {
            let offset = self.offset(chunk);
            if self.file.seek(SeekFrom::Start(offset)).is_err() || self.file.read_exact(&mut header).is_err()
            {
                break;
            }
            if let Ok(header) = EvtxChunkHeader::from_bytes(&header) {
                let sound = header.first_event_record_id <= header.last_event_record_id;
                if sound && header.first_event_record_id < oldest.0 {
                    oldest = (header.first_event_record_id, chunk);
                }
            }
        }
        oldest.1
    }

    /// The file's size in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The records of the next chunk; `None` at the end of the file.
    pub(super) fn next_batch(&mut self) -> Option<Batch> {
        if self.done >= self.chunks {
            if self.told_truncation {
                return None;
            }
            self.told_truncation = true;
            let rest = self.length.saturating_sub(self.base) % CHUNK;
            let items: Vec<_> = if self.length < self.base || self.length == 0 {
                vec![Err(ReadErrorKind::Truncated("it ends within its header".to_owned()))]
            } else if rest != 0 {
                let told = format!("its last chunk has {rest} of {CHUNK} bytes");
                vec![Err(ReadErrorKind::Truncated(told))]
            } else {
                self.missing_chunks().into_iter().map(Err).collect()
            };
            return Some(items);
        }
        let number = self.oldest.saturating_add(self.done) % self.chunks.max(1);
        self.done = self.done.saturating_add(1);
        let items = match self.read_chunk(number) {
            Ok(bytes) if bytes.iter().all(|byte| *byte == 0) => Vec::new(),
            Ok(bytes) => self.decode_or_tell(number, bytes),
            Err(error) => vec![Err(ReadErrorKind::Io(error))],
        };
        Some(items)
    }

    /// Whether the file header counts more chunks than there are.
    fn missing_chunks(&mut self) -> Option<ReadErrorKind> {
        let mut header = [0_u8; 128];
        if self.base == 0 || self.file.seek(SeekFrom::Start(0)).is_err() {
            return None;
        }
        self.file.read_exact(&mut header).ok()?;
        let count = header.get(42..44).and_then(|bytes| <[u8; 2]>::try_from(bytes).ok())?;
        let count = u64::from(u16::from_le_bytes(count));
        (header.starts_with(b"ElfFile") && count > self.chunks).then(|| {
            ReadErrorKind::Truncated(format!(
                "its header counts {count} chunks and {} are there",
                self.chunks
            ))
        })
    }

    /// The bytes of a chunk; a chunk that is cut off is filled up with zeros, so that what is there can be read.
    fn read_chunk(&mut self, number: u64) -> std::io::Result<Vec<u8>> {
        let offset = self.offset(number);
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(usize::try_from(CHUNK).unwrap_or_default());
        self.file.by_ref().take(CHUNK).read_to_end(&mut bytes)?;
        bytes.resize(usize::try_from(CHUNK).unwrap_or_default(), 0);
        Ok(bytes)
    }

    /// Decodes a chunk. Should the decoder not be up to what the chunk holds, the chunk counts as damaged.
    fn decode_or_tell(&mut self, number: u64, bytes: Vec<u8>) -> Batch {
        catch_unwind(AssertUnwindSafe(|| self.decode(number, bytes))).unwrap_or_else(|_| {
            vec![Err(ReadErrorKind::DamagedChunk { number, reason: "its decoder gave up".to_owned() })]
        })
    }

    fn decode(&mut self, number: u64, bytes: Vec<u8>) -> Batch {
        let damaged = |reason: String| vec![Err(ReadErrorKind::DamagedChunk { number, reason })];
        let mut data = match EvtxChunkData::new(bytes, false) {
            Ok(data) => data,
            Err(error) => return damaged(error.to_string()),
        };
        let mut chunk = match data.parse(Arc::clone(&self.settings)) {
            Ok(chunk) => chunk,
            Err(error) => return damaged(error.to_string()),
        };
        let mut items = Vec::new();
        for record in chunk.iter() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    items.push(Err(ReadErrorKind::DamagedRecord(error.to_string())));
                    continue;
                }
            };
            let time = Timestamp(i64::try_from(record.timestamp.as_nanosecond()).unwrap_or_default());
            let record_id = record.event_record_id;
            items.push(match record.into_xml_bytes() {
                Ok(xml) => self.names.record(&xml.data, record_id, time, self.limits),
                Err(error) => Err(ReadErrorKind::DamagedRecord(error.to_string())),
            });
        }
        items
    }
}

impl Iterator for EvtxRecords {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.batch.next() {
                return Some(record.map_err(|kind| kind.at(&self.origin)));
            }
            self.batch = self.next_batch()?.into_iter();
        }
    }
}

/// Names that repeat in every record, kept once.
#[derive(Default)]
struct Names {
    channel: Arc<str>,
    computer: Arc<str>,
}

impl Names {
    /// Decodes a record that is wanted, and only looks at the header of one that isn't.
    fn record(
        &mut self,
        text: &[u8],
        record_id: u64,
        time: Timestamp,
        limits: Limits,
    ) -> Result<Record, ReadErrorKind> {
        if let Some(glance) = Glance::at(text)
            && !(limits.interest)(glance.provider, glance.channel, glance.id)
        {
            share(&mut self.channel, glance.channel);
            share(&mut self.computer, glance.computer);
            return Ok(Record::Other(Head {
                channel: Arc::clone(&self.channel),
                computer: Arc::clone(&self.computer),
                record_id: Some(record_id),
                time: Some(time),
            }));
        }
        let mut event = xml::parse(text, Some(time)).map_err(ReadErrorKind::Xml)?;
        event.record_id = event.record_id.or(Some(record_id));
        if (limits.interest)(&event.provider, &event.channel, event.id) {
            Ok(Record::Event(Box::new(event)))
        } else {
            Ok(Record::Other(event.head()))
        }
    }
}

fn share(kept: &mut Arc<str>, name: &str) {
    if kept.as_ref() != name {
        *kept = Arc::from(name);
    }
}

/// What the header of a rendered record says, found without parsing it.
struct Glance<'text> {
    provider: &'text str,
    id: u32,
    channel: &'text str,
    computer: &'text str,
}

impl<'text> Glance<'text> {
    /// `None` when the header has no such form; then it is parsed.
    fn at(text: &'text [u8]) -> Option<Self> {
        let end = memmem::find(text, b"</System>")?;
        let system = std::str::from_utf8(text.get(..end)?).ok()?;
        let (_, provider) = system.split_once("<Provider Name=\"")?;
        let (provider, rest) = provider.split_once('"')?;
        let (_, id) = rest.split_once("<EventID")?;
        let (id, rest) = id.split_once("</EventID>")?;
        let (_, id) = id.rsplit_once('>')?;
        let element = |name: &str, close: &str| {
            rest.split_once(name).and_then(|(_, rest)| rest.split_once(close)).map_or("", |(value, _)| value)
        };
        let channel = element("<Channel>", "</Channel>");
        let computer = element("<Computer>", "</Computer>");
        let plain = |text: &str| !text.contains(['&', '<']);
        if !plain(provider) || !plain(channel) || !plain(computer) {
            return None;
        }
        Some(Self { provider, id: id.trim().parse().ok()?, channel, computer })
    }
}
