//! Writes Windows event log files, so that tests and measurements need none from elsewhere.
//!
//! The layout follows what Windows writes: chunks of 64 KiB, each with its own table of names and templates; a record is
//! an instance of a template for `System` whose last value holds an instance of a template for `EventData`.

mod binxml;
pub mod form;
pub mod mix;

use binxml::{ChunkWriter, Value};

const HEADER: usize = 4096;
pub(crate) const CHUNK: usize = 65_536;

/// A record to be written.
#[derive(Clone, Debug)]
pub struct Record {
    /// The provider's name.
    pub provider: String,
    /// The event's number.
    pub id: u16,
    /// The channel.
    pub channel: String,
    /// The computer.
    pub computer: String,
    /// Units of 100 ns since 1601-01-01.
    pub filetime: u64,
    /// The process that logs.
    pub process_id: u32,
    /// The event's keywords.
    pub keywords: u64,
    /// Names and values of the payload; a field called `Binary` is written as bytes.
    pub fields: Vec<(String, Field)>,
}

/// A field's value.
#[derive(Clone, Debug)]
pub enum Field {
    /// Text.
    Text(String),
    /// A number.
    Number(u32),
    /// A number that is shown in hexadecimal.
    Hex(u64),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Writes records, numbered from `first_id`, as the content of an event log file.
pub fn write(records: impl IntoIterator<Item = Record>, first_id: u64) -> Vec<u8> {
    let mut file = vec![0; HEADER];
    let mut chunks = 0_u64;
    let mut next_id = first_id;
    let mut chunk = ChunkWriter::new(next_id);
    for record in records {
        if !chunk.add(&record, next_id) {
            file.extend(chunk.finish());
            chunks += 1;
            chunk = ChunkWriter::new(next_id);
            chunk.add(&record, next_id);
        }
        next_id += 1;
    }
    if chunk.records() > 0 {
        file.extend(chunk.finish());
        chunks += 1;
    }
    let header = header(chunks, next_id);
    file.splice(..HEADER, header);
    file
}

fn header(chunks: u64, next_id: u64) -> Vec<u8> {
    let mut header = b"ElfFile\0".to_vec();
    header.extend(0_u64.to_le_bytes());
    header.extend(chunks.saturating_sub(1).to_le_bytes());
    header.extend(next_id.to_le_bytes());
    header.extend(128_u32.to_le_bytes());
    header.extend(1_u16.to_le_bytes());
    header.extend(3_u16.to_le_bytes());
    header.extend(4096_u16.to_le_bytes());
    header.extend(u16::try_from(chunks).unwrap_or(u16::MAX).to_le_bytes());
    header.resize(120, 0);
    let checksum = crc32fast::hash(&header);
    header.extend(0_u32.to_le_bytes());
    header.extend(checksum.to_le_bytes());
    header.resize(HEADER, 0);
    header
}

impl Record {
    fn system_values(&self, id: u64) -> Vec<Value> {
        vec![
            Value::U16(self.id),
            Value::Hex64(self.keywords),
            Value::FileTime(self.filetime),
            Value::U64(id),
            Value::U32(self.process_id),
            Value::Text(self.channel.clone()),
            Value::Text(self.computer.clone()),
        ]
    }

    fn field_values(&self) -> Vec<Value> {
        self.fields
            .iter()
            .map(|(_, field)| match field {
                Field::Text(text) => Value::Text(text.clone()),
                Field::Number(number) => Value::U32(*number),
                Field::Hex(number) => Value::Hex64(*number),
                Field::Bytes(bytes) => Value::Bytes(bytes.clone()),
            })
            .collect()
    }
}
