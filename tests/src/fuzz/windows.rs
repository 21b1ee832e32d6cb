//! Windows event logs, live events and what they hold.

use std::io::Write as _;
use std::sync::Arc;

use svcsensor::model::{Line, Timestamp};
use svcsensor::scm::correlate::{Correlator, Output};
use svcsensor::scm::{command, descriptor};
use svcsensor::windows_event::etw::{self, Header, KERNEL_PROCESS, KERNEL_REGISTRY, RPC, SERVICES};
use svcsensor::windows_event::reader::{self, Limits};
use svcsensor::windows_event::{WindowsEvent, json, xml};

use super::lines;

/// The size of a chunk of an event log file.
const CHUNK: usize = 64 * 1024;
/// 2024-01-01 00:00:00 UTC as a FILETIME.
const NEW_YEAR: u64 = 133_485_408_000_000_000;
/// Settings whose values are read in different ways.
const SETTINGS: [&str; 8] = [
    "ImagePath",
    "Start",
    "Type",
    "FailureActions",
    "Security",
    "DependOnService",
    "ServiceDll",
    "Description",
];

/// A chunk of an event log file, from behind its magic number on; what is missing of it is zero.
pub fn event_log(data: &[u8]) {
    let mut chunk = b"ElfChnk\0".to_vec();
    chunk.extend(data.iter().take(CHUNK - chunk.len()));
    chunk.resize(CHUNK, 0);
    read(&chunk);
}

/// A file that should hold records in one form or another, packed or not.
pub fn log_file(data: &[u8]) {
    read(data);
}

/// An event as the Event Log renders it.
pub fn event_xml(data: &[u8]) {
    if let Ok(event) = xml::parse(data, Some(Timestamp(0))) {
        conclude([event]);
    }
}

/// An event as a line of JSON.
pub fn event_json(data: &[u8]) {
    if let Ok(event) = json::parse(data) {
        conclude([event]);
    }
}

/// A live event: which one by the first four bytes, then its payload.
pub fn etw_event(data: &[u8]) {
    let Some(([provider, id, version, pointer], payload)) = data.split_first_chunk() else { return };
    let providers = [KERNEL_REGISTRY, KERNEL_PROCESS, SERVICES, RPC];
    let Some(provider) = providers.get(usize::from(*provider) % providers.len()) else { return };
    let pointer_bytes = if pointer % 2 == 0 { 8 } else { 4 };
    if let Ok(event) = etw::decode(&header(provider, u16::from(*id), *version, pointer_bytes), payload) {
        conclude([event]);
    }
}

/// A registry value: its setting and its type by the first two bytes, then its bytes; it is written and written over.
pub fn registry_value(data: &[u8]) {
    let Some(([setting, kind], value)) = data.split_first_chunk() else { return };
    let Some(setting) = SETTINGS.get(usize::from(*setting) % SETTINGS.len()) else { return };
    let half = value.len().min(usize::from(u16::MAX)) / 2;
    let (before, after) = value.split_at_checked(half).unwrap_or((value, &[]));
    let written = [before, after].map(|value| {
        etw::decode(&header(KERNEL_REGISTRY, 5, 0, 8), &set_value(setting, u32::from(*kind % 12), value))
    });
    conclude(written.into_iter().flatten());
}

/// A security descriptor, as bytes and as text.
pub fn security_descriptor(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = [descriptor::from_bytes(data), descriptor::from_text(&text), descriptor::parse(&text)];
    for descriptor in found.iter().flatten() {
        let entries = descriptor.entries.as_ref().map_or(0, Vec::len);
        assert!(entries <= data.len(), "there are more entries than bytes");
        let _both_are_answered = (descriptor.hides(), descriptor.opens());
    }
}

/// A command line, with the program's path before the first line feed.
pub fn windows_command(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (image, line) = text.split_once('\n').unwrap_or(("C:\\Windows\\System32\\sc.exe", &text));
    for request in command::parse(image, line) {
        assert!(request.settings.len() <= line.len(), "there are more settings than bytes");
    }
}

fn header(provider: &str, id: u16, version: u8, pointer_bytes: usize) -> Header {
    Header {
        provider: provider.to_owned(),
        id,
        version,
        filetime: NEW_YEAR,
        process_id: 700,
        thread_id: 701,
        activity_id: None,
        pointer_bytes,
        computer: Arc::from("HOST"),
    }
}

/// The payload of an event of Microsoft-Windows-Kernel-Registry that tells that a value was set.
fn set_value(setting: &str, kind: u32, value: &[u8]) -> Vec<u8> {
    let text = |text: &str| text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
    [
        &7_u64.to_le_bytes()[..],
        &0_u32.to_le_bytes(),
        &kind.to_le_bytes(),
        &size.to_le_bytes(),
        &text(r"\REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\Svc"),
        &text(setting),
        &u16::try_from(value.len()).unwrap_or(u16::MAX).to_le_bytes(),
        value,
        &[0; 10],
    ]
    .concat()
}

/// Reads a file of this content, and concludes from it.
fn read(content: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else { return };
    if file.write_all(content).is_err() {
        return;
    }
    let small =
        Limits { record_bytes: 1 << 20, unpacked_bytes: 4 << 20, files: 64, ..Limits::new(|_, _, _| true) };
    let (mut correlator, mut told) = (Correlator::new("fuzz".to_owned()), Vec::new());
    for record in reader::open(file.path(), small) {
        match record {
            Ok(record) => told.extend(correlator.push(record).into_iter().map(line)),
            Err(error) => told.push(Line::Loss(correlator.read_failed(&error, Timestamp(0)))),
        }
    }
    finish(correlator, told);
}

/// Concludes from events, and tells all of it.
fn conclude(events: impl IntoIterator<Item = WindowsEvent>) {
    let (mut correlator, mut told) = (Correlator::new("fuzz".to_owned()), Vec::new());
    for event in events {
        told.extend(correlator.push_event(&event).into_iter().map(line));
    }
    finish(correlator, told);
}

fn finish(mut correlator: Correlator, mut told: Vec<Line>) {
    told.extend(correlator.finish().into_iter().map(line));
    assert!(correlator.counters().balance(), "what was read and what became of it differ");
    lines::tell(told);
}

fn line(output: Output) -> Line {
    match output {
        Output::Event(event) => Line::Event(event),
        Output::Loss(loss) => Line::Loss(loss),
    }
}
