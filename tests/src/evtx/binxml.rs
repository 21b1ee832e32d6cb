//! Chunks, and the binary XML in them (MS-EVEN6 2.2.12, and the notes of the libevtx project on the file form).

use std::collections::HashMap;

use super::{CHUNK, Record};

const CHUNK_HEADER: usize = 512;

/// A value of a template instance.
pub(super) enum Value {
    Text(String),
    U16(u16),
    U32(u32),
    U64(u64),
    Hex64(u64),
    FileTime(u64),
    Bytes(Vec<u8>),
}

impl Value {
    /// Its type and its bytes.
    fn encode(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Text(text) => (0x01, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::U16(number) => (0x06, number.to_le_bytes().to_vec()),
            Self::U32(number) => (0x08, number.to_le_bytes().to_vec()),
            Self::U64(number) => (0x0a, number.to_le_bytes().to_vec()),
            Self::Bytes(bytes) => (0x0e, bytes.clone()),
            Self::FileTime(number) => (0x11, number.to_le_bytes().to_vec()),
            Self::Hex64(number) => (0x15, number.to_le_bytes().to_vec()),
        }
    }
}

/// An element of a template.
struct Element {
    name: String,
    attributes: Vec<(String, Content)>,
    children: Vec<Content>,
}

/// What stands in an element or an attribute.
enum Content {
    Element(Element),
    Text(String),
    /// The value of this number, and its type.
    Slot(u16, u8),
}

/// A chunk in the making.
pub(super) struct ChunkWriter {
    bytes: Vec<u8>,
    first_id: u64,
    last_id: u64,
    count: u64,
    last_record: usize,
    names: HashMap<String, u32>,
    /// Where templates are defined, by what they are for.
    templates: HashMap<String, u32>,
}

impl ChunkWriter {
    pub(super) fn new(first_id: u64) -> Self {
        Self {
            bytes: vec![0; CHUNK_HEADER],
            first_id,
            last_id: first_id,
            count: 0,
            last_record: CHUNK_HEADER,
            names: HashMap::new(),
            templates: HashMap::new(),
        }
    }

    pub(super) fn records(&self) -> u64 {
        self.count
    }

    /// Adds a record; false when it has no place any more, and the chunk is as it was.
    pub(super) fn add(&mut self, record: &Record, id: u64) -> bool {
        let (length, names, templates) = (self.bytes.len(), self.names.clone(), self.templates.clone());
        let start = self.bytes.len();
        self.bytes.extend(b"**\0\0\0\0\0\0");
        self.bytes.extend(id.to_le_bytes());
        self.bytes.extend(record.filetime.to_le_bytes());
        self.system(record, id);
        let size = u32::try_from(self.bytes.len() + 4 - start).unwrap_or(u32::MAX).to_le_bytes();
        self.bytes.extend(size);
        self.bytes.splice(start + 4..start + 8, size);
        if self.bytes.len() > CHUNK {
            self.bytes.truncate(length);
            self.names = names;
            self.templates = templates;
            return false;
        }
        self.last_record = start;
        self.last_id = id;
        self.count += 1;
        true
    }

    /// The chunk with its header and checksums.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let free = self.bytes.len();
        let records = crc32fast::hash(self.bytes.get(CHUNK_HEADER..).unwrap_or_default());
        self.bytes.resize(CHUNK, 0);
        let mut header = b"ElfChnk\0".to_vec();
        header.extend(1_u64.to_le_bytes());
        header.extend(self.count.to_le_bytes());
        header.extend(self.first_id.to_le_bytes());
        header.extend(self.last_id.to_le_bytes());
        header.extend(128_u32.to_le_bytes());
        header.extend(u32::try_from(self.last_record).unwrap_or_default().to_le_bytes());
        header.extend(u32::try_from(free).unwrap_or_default().to_le_bytes());
        header.extend(records.to_le_bytes());
        header.resize(CHUNK_HEADER, 0);
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(header.get(..120).unwrap_or_default());
        hasher.update(header.get(128..).unwrap_or_default());
        header.splice(124..128, hasher.finalize().to_le_bytes());
        self.bytes.splice(..CHUNK_HEADER, header);
        self.bytes
    }

    fn system(&mut self, record: &Record, id: u64) {
        self.bytes.extend([0x0f, 1, 1, 0]);
        let values = record.system_values(id);
        let payload = u16::try_from(values.len()).unwrap_or_default();
        self.instance(&format!("system {}", record.provider), || system_template(&record.provider, payload));
        let mut encoded: Vec<(u8, Vec<u8>)> = values.iter().map(Value::encode).collect();
        // The payload's place and size are known only when it is written: its descriptor is filled in afterwards.
        encoded.push((0x21, Vec::new()));
        let descriptor = self.descriptors(&encoded);
        for (_, bytes) in &encoded {
            self.bytes.extend(bytes);
        }
        let start = self.bytes.len();
        self.payload(record);
        let size = u16::try_from(self.bytes.len() - start).unwrap_or(u16::MAX).to_le_bytes();
        self.bytes.splice(descriptor..descriptor + 2, size);
        self.bytes.push(0);
    }

    fn payload(&mut self, record: &Record) {
        self.bytes.extend([0x0f, 1, 1, 0]);
        let names: Vec<&str> = record.fields.iter().map(|(name, _)| name.as_str()).collect();
        let encoded: Vec<(u8, Vec<u8>)> = record.field_values().iter().map(Value::encode).collect();
        let kinds: Vec<u8> = encoded.iter().map(|(kind, _)| *kind).collect();
        let what = format!("data {} {} {names:?} {kinds:?}", record.provider, record.id);
        self.instance(&what, || payload_template(&names, &kinds));
        self.descriptors(&encoded);
        for (_, bytes) in &encoded {
            self.bytes.extend(bytes);
        }
        self.bytes.push(0);
    }

    /// The descriptors of values; where that of the last one stands.
    fn descriptors(&mut self, values: &[(u8, Vec<u8>)]) -> usize {
        self.bytes.extend(u32::try_from(values.len()).unwrap_or_default().to_le_bytes());
        let mut last = self.bytes.len();
        for (kind, bytes) in values {
            last = self.bytes.len();
            self.bytes.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
            self.bytes.extend([*kind, 0]);
        }
        last
    }

    /// An instance of a template, which is defined where it is used first.
    fn instance(&mut self, what: &str, template: impl FnOnce() -> Element) {
        self.bytes.extend([0x0c, 1]);
        let number =
            u32::try_from(what.bytes().fold(17_u64, |hash, byte| {
                hash.wrapping_mul(31).wrapping_add(u64::from(byte)) & 0xffff_ffff
            }))
            .unwrap_or_default();
        self.bytes.extend(number.to_le_bytes());
        if let Some(place) = self.templates.get(what) {
            self.bytes.extend(place.to_le_bytes());
            return;
        }
        let place = u32::try_from(self.bytes.len() + 4).unwrap_or_default();
        self.templates.insert(what.to_owned(), place);
        self.bytes.extend(place.to_le_bytes());
        self.bytes.extend(0_u32.to_le_bytes());
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend([0; 12]);
        let size_at = self.bytes.len();
        self.bytes.extend(0_u32.to_le_bytes());
        let start = self.bytes.len();
        self.bytes.extend([0x0f, 1, 1, 0]);
        self.element(&template());
        self.bytes.push(0);
        self.patch(size_at, start);
    }

    /// Writes at `place` how many bytes follow `start`.
    fn patch(&mut self, place: usize, start: usize) {
        let size = u32::try_from(self.bytes.len() - start).unwrap_or_default().to_le_bytes();
        self.bytes.splice(place..place + 4, size);
    }

    fn element(&mut self, element: &Element) {
        let flag = if element.attributes.is_empty() { 0x01 } else { 0x41 };
        self.bytes.push(flag);
        self.bytes.extend(0xffff_u16.to_le_bytes());
        let size_at = self.bytes.len();
        self.bytes.extend(0_u32.to_le_bytes());
        let start = self.bytes.len();
        self.name(&element.name);
        if !element.attributes.is_empty() {
            let list_at = self.bytes.len();
            self.bytes.extend(0_u32.to_le_bytes());
            let list = self.bytes.len();
            let final_one = element.attributes.len() - 1;
            for (number, (name, value)) in element.attributes.iter().enumerate() {
                self.bytes.push(if number == final_one { 0x06 } else { 0x46 });
                self.name(name);
                self.content(value);
            }
            self.patch(list_at, list);
        }
        if element.children.is_empty() {
            self.bytes.push(0x03);
        } else {
            self.bytes.push(0x02);
            for child in &element.children {
                self.content(child);
            }
            self.bytes.push(0x04);
        }
        self.patch(size_at, start);
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Element(element) => self.element(element),
            Content::Text(text) => {
                self.bytes.extend([0x05, 0x01]);
                let units: Vec<u16> = text.encode_utf16().collect();
                self.bytes.extend(u16::try_from(units.len()).unwrap_or_default().to_le_bytes());
                self.bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
            }
            Content::Slot(number, kind) => {
                self.bytes.push(0x0d);
                self.bytes.extend(number.to_le_bytes());
                self.bytes.push(*kind);
            }
        }
    }

    /// A name, which stands where it is used first.
    fn name(&mut self, name: &str) {
        if let Some(place) = self.names.get(name) {
            self.bytes.extend(place.to_le_bytes());
            return;
        }
        let place = u32::try_from(self.bytes.len() + 4).unwrap_or_default();
        self.names.insert(name.to_owned(), place);
        self.bytes.extend(place.to_le_bytes());
        self.bytes.extend(0_u32.to_le_bytes());
        let units: Vec<u16> = name.encode_utf16().collect();
        let hash =
            units.iter().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(*unit)));
        let hash = hash.to_le_bytes();
        self.bytes.extend(hash.get(..2).unwrap_or_default());
        self.bytes.extend(u16::try_from(units.len()).unwrap_or_default().to_le_bytes());
        self.bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
        self.bytes.extend([0, 0]);
    }
}

fn element(name: &str, attributes: Vec<(&str, Content)>, children: Vec<Content>) -> Element {
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Element { name: name.to_owned(), attributes, children }
}

fn leaf(name: &str, slot: u16, kind: u8) -> Content {
    Content::Element(element(name, Vec::new(), vec![Content::Slot(slot, kind)]))
}

fn system_template(provider: &str, payload: u16) -> Element {
    let text = |text: &str| Content::Text(text.to_owned());
    let provider = element("Provider", vec![("Name", text(provider))], Vec::new());
    let time = element("TimeCreated", vec![("SystemTime", Content::Slot(2, 0x11))], Vec::new());
    let process = element("Execution", vec![("ProcessID", Content::Slot(4, 0x08))], Vec::new());
    let system = element(
        "System",
        Vec::new(),
        vec![
            Content::Element(provider),
            leaf("EventID", 0, 0x06),
            leaf("Keywords", 1, 0x15),
            Content::Element(time),
            leaf("EventRecordID", 3, 0x0a),
            Content::Element(process),
            leaf("Channel", 5, 0x01),
            leaf("Computer", 6, 0x01),
        ],
    );
    let namespace = text("http://schemas.microsoft.com/win/2004/08/events/event");
    element("Event", vec![("xmlns", namespace)], vec![Content::Element(system), Content::Slot(payload, 0x21)])
}

fn payload_template(names: &[&str], kinds: &[u8]) -> Element {
    let children = names
        .iter()
        .zip(kinds)
        .zip(0_u16..)
        .map(|((name, kind), slot)| {
            if *name == "Binary" {
                return leaf("Binary", slot, *kind);
            }
            let name = vec![("Name", Content::Text((*name).to_owned()))];
            Content::Element(element("Data", name, vec![Content::Slot(slot, *kind)]))
        })
        .collect();
    element("EventData", Vec::new(), children)
}
