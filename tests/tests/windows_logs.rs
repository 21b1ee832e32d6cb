//! Reading Windows logs of every form and in every state, through the public interface.
#![cfg(test)]

use std::path::{Path, PathBuf};

use sensor_tests::evtx::{Field, Record as Written, form, write};
use svcsensor::windows_event::reader::{Limits, ReadErrorKind, Record, open, open_all};
use svcsensor::windows_event::{Value, WindowsEvent};

/// 2024-01-01 00:00:00 UTC as a FILETIME.
const START: u64 = 133_485_408_000_000_000;

/// A record of a service that starts, `number` seconds after the start.
fn started(number: u64, computer: &str) -> Written {
    let binary: Vec<u8> = format!("Svc{number}/4\0").encode_utf16().flat_map(u16::to_le_bytes).collect();
    Written {
        provider: "Service Control Manager".to_owned(),
        id: 7036,
        channel: "System".to_owned(),
        computer: computer.to_owned(),
        filetime: START + number * 10_000_000,
        process_id: 700,
        keywords: 0x8080_0000_0000_0000,
        fields: vec![
            ("param1".to_owned(), Field::Text(format!("Service <{number}> & \u{e9}\u{1f600}"))),
            ("param2".to_owned(), Field::Text("running".to_owned())),
            ("Binary".to_owned(), Field::Bytes(binary)),
        ],
    }
}

fn log(numbers: std::ops::Range<u64>, computer: &str) -> Vec<u8> {
    write(numbers.clone().map(|number| started(number, computer)), numbers.start + 1)
}

/// The events and the failures that a path gives.
fn read(paths: &[PathBuf]) -> (Vec<WindowsEvent>, Vec<ReadErrorKind>) {
    let (mut events, mut failures) = (Vec::new(), Vec::new());
    for record in open_all(paths, Limits::new(|_, _, id| id == 7036)) {
        match record {
            Ok(Record::Event(event)) => events.push(*event),
            // Only where the event's number was damaged.
            Ok(Record::Other(_)) => {}
            Err(error) => failures.push(error.kind),
        }
    }
    (events, failures)
}

fn put(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// The numbers of services, in the order in which they were read.
fn numbers(events: &[WindowsEvent]) -> Vec<u64> {
    events.iter().map(|event| event.record_id.unwrap() - 1).collect()
}

#[test]
fn a_log_is_read_with_all_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "log.bin", &log(0..1000, "HOST"));
    let (events, failures) = read(&[path]);
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(numbers(&events), (0..1000).collect::<Vec<_>>());
    let event = &events[7];
    assert_eq!(
        (&*event.provider, &*event.channel, &*event.computer),
        ("Service Control Manager", "System", "HOST")
    );
    assert_eq!(event.time.to_string(), "2024-01-01T00:00:07.000000000Z");
    assert_eq!(event.process_id, Some(700));
    assert_eq!(event.text("param1").as_deref(), Some("Service <7> & \u{e9}\u{1f600}"));
    let binary: Vec<u8> = "Svc7/4\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(event.field("Binary").and_then(Value::bytes).as_deref(), Some(binary.as_slice()));
}

#[test]
fn a_log_that_has_gone_round_is_read_from_its_oldest_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let whole = log(0..1000, "HOST");
    let (header, chunks) = whole.split_at(4096);
    let mut chunks: Vec<&[u8]> = chunks.chunks(65_536).collect();
    assert!(chunks.len() >= 3);
    chunks.rotate_left(1);
    let turned = [&[header], chunks.as_slice()].concat().concat();
    let (events, failures) = read(&[put(folder.path(), "turned.evtx", &turned)]);
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(numbers(&events), (0..1000).collect::<Vec<_>>());
}

#[test]
fn damage_costs_what_it_hits_and_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let whole = log(0..1000, "HOST");
    let chunks = (whole.len() - 4096) / 65_536;

    let mut overwritten = whole.clone();
    overwritten[4096 + 65_536..4096 + 65_536 + 512].fill(0xaa);
    let (events, failures) = read(&[put(folder.path(), "overwritten.evtx", &overwritten)]);
    assert!(matches!(failures.as_slice(), [ReadErrorKind::DamagedChunk { number: 1, .. }]), "{failures:?}");
    assert!(events.len() > 500 && events.len() < 1000);

    // Cut within the last chunk: what is there is read.
    let cut = &whole[..4096 + (chunks - 1) * 65_536 + 3000];
    let (events, failures) = read(&[put(folder.path(), "cut.evtx", cut)]);
    assert!(failures.iter().any(|kind| matches!(kind, ReadErrorKind::Truncated(_))), "{failures:?}");
    let before = numbers(&events);
    assert_eq!(before, (0..u64::try_from(before.len()).unwrap()).collect::<Vec<_>>());

    // Whole chunks are gone: the header says so.
    let (_, failures) = read(&[put(folder.path(), "short.evtx", &whole[..4096 + 65_536])]);
    assert!(matches!(failures.as_slice(), [ReadErrorKind::Truncated(_)]), "{failures:?}");

    let mut headless = whole.clone();
    headless[..128].fill(0);
    let (events, failures) = read(&[put(folder.path(), "headless.evtx", &headless)]);
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(events.len(), 1000);

    let (events, failures) = read(&[put(folder.path(), "carved.bin", &whole[4096..4096 + 65_536])]);
    assert!(failures.is_empty() && events.len() > 100, "{failures:?}");

    for length in [0, 1, 7, 100, 4095, 4096] {
        let (events, failures) = read(&[put(folder.path(), "stump.evtx", &whole[..length])]);
        assert!(events.is_empty());
        assert_eq!(failures.is_empty(), length == 0, "{length}: {failures:?}");
    }
}

#[test]
fn every_byte_may_be_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let whole = log(0..3, "HOST");
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..500 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let mut damaged = whole.clone();
        // Mostly where records, templates and names are.
        let place = if state & 1 == 0 { 4096 + (state >> 8) % 2048 } else { (state >> 8) % 70_000 };
        let place = usize::try_from(place).unwrap().min(damaged.len() - 1);
        damaged[place] = u8::try_from(state >> 56).unwrap();
        let (events, failures) = read(&[put(folder.path(), "damaged.evtx", &damaged)]);
        assert!(events.len() <= 3 && failures.len() <= 4, "{failures:?}");
    }
}

/// The events of a log as XML, as JSON lines in the shape of ECS, and in that of agents that put all side by side.
fn as_text(numbers: std::ops::Range<u64>, computer: &str) -> (String, String, String) {
    use std::fmt::Write as _;
    let mut xml = "<?xml version=\"1.0\"?>\r\n<Events>".to_owned();
    let (mut ecs, mut flat) = (String::new(), String::new());
    for number in numbers {
        let time = format!("2024-01-01T00:{:02}:{:02}Z", number / 60, number % 60);
        let record = number + 1;
        write!(xml, "{}\r\n", form::xml(&started(number, computer), record)).unwrap();
        writeln!(ecs, "{}", form::json(&started(number, computer), record)).unwrap();
        writeln!(
            flat,
            "{{\"EventID\":7036,\"SourceName\":\"Service Control Manager\",\"Channel\":\"System\",\"Hostname\":\
             \"{computer}\",\"RecordNumber\":{record},\"@timestamp\":\"{time}\",\"param1\":\"Service <{number}> & \
             \u{e9}\"}}"
        )
        .unwrap();
    }
    xml.push_str("</Events>");
    (xml, ecs, flat)
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        packed.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        packed.write_all(content).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

#[test]
fn every_form_gives_the_same_events() {
    let folder = tempfile::tempdir().unwrap();
    let (xml, ecs, json) = as_text(0..50, "HOST");
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(xml.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let array = format!("[\n{}\n]", json.trim().replace('\n', ",\n"));
    let evtx = log(0..50, "HOST");
    for (name, content) in [
        ("plain.xml", xml.clone().into_bytes()),
        ("utf16.xml", utf16.clone()),
        ("ecs.json", ecs.into_bytes()),
        ("lines.json", json.clone().into_bytes()),
        ("array.json", array.into_bytes()),
        ("lines.json.gz", gzip(json.as_bytes())),
        ("utf16.gz", gzip(&utf16)),
        ("log.evtx.gz", gzip(&evtx)),
        ("twice.gz", gzip(&gzip(&evtx))),
        ("log.zip", zip(&[("a/", b""), ("a/log.evtx", &evtx)])),
        ("in.zip", zip(&[("in.zip", &zip(&[("log.evtx", &evtx)]))])),
        ("gz.zip", zip(&[("x.json.gz", &gzip(json.as_bytes())), ("__MACOSX/._x", b"Mac")])),
    ] {
        let (events, failures) = read(&[put(folder.path(), name, &content)]);
        assert!(failures.is_empty(), "{name}: {failures:?}");
        assert_eq!(numbers(&events), (0..50).collect::<Vec<_>>(), "{name}");
        assert!(
            events[7].text("param1").is_some_and(|text| text.starts_with("Service <7> & \u{e9}")),
            "{name}"
        );
    }
}

#[test]
fn packed_content_that_is_cut_off_is_read_as_far_as_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (_, _, json) = as_text(0..500, "HOST");
    let packed = gzip(json.as_bytes());
    let (events, failures) = read(&[put(folder.path(), "cut.gz", &packed[..packed.len() / 2])]);
    assert!(!events.is_empty() && events.len() < 500);
    assert!(failures.iter().any(|kind| matches!(kind, ReadErrorKind::Truncated(_))), "{failures:?}");

    let packed = zip(&[("one.json", json.as_bytes()), ("two.json", json.as_bytes())]);
    let (events, failures) = read(&[put(folder.path(), "cut.zip", &packed[..packed.len() * 3 / 4])]);
    assert!(events.len() >= 500, "{}", events.len());
    assert!(!failures.is_empty());

    let (events, failures) = read(&[put(folder.path(), "bad.zip", b"PK\x03\x04nonsense")]);
    assert!(events.is_empty() && !failures.is_empty());
}

#[test]
fn an_archive_that_unpacks_to_far_too_much_is_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let line = "{\"EventID\":1,\"@timestamp\":\"2024-01-01T00:00:00Z\",\"x\":\"y\"}\n";
    let many = line.repeat(10_000);
    let packed = zip(&[("many.json", many.as_bytes())]);
    let limits = Limits { unpacked_bytes: 200_000, ..Limits::new(|_, _, _| false) };
    for (name, content) in [("many.zip", packed), ("many.gz", gzip(many.as_bytes()))] {
        let path = put(folder.path(), name, &content);
        let failures: Vec<_> =
            open(&path, limits).filter_map(Result::err).map(|error| error.kind.reason()).collect();
        assert!(failures.contains(&"limit reached"), "{name}: {failures:?}");
    }
}

#[test]
fn what_is_no_log_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "a.exe", b"MZ\x90\x00");
    put(folder.path(), "a.evtx", b"MZ\x90\x00");
    put(folder.path(), "b.evtx", &log(0..5, "HOST"));
    std::fs::create_dir(folder.path().join("below")).unwrap();
    put(&folder.path().join("below"), "c.json", as_text(5..9, "HOST").2.as_bytes());
    put(folder.path(), "empty", b"");
    let (events, failures) = read(&[folder.path().to_owned()]);
    assert!(matches!(failures.as_slice(), [ReadErrorKind::UnknownFormat]), "{failures:?}");
    assert_eq!(numbers(&events), (0..9).collect::<Vec<_>>());
    let (_, failures) = read(&[folder.path().join("a.exe")]);
    assert!(matches!(failures.as_slice(), [ReadErrorKind::UnknownFormat]), "{failures:?}");
    let (events, failures) = read(&[folder.path().join("missing")]);
    assert!(events.is_empty());
    assert!(matches!(failures.as_slice(), [ReadErrorKind::Io(_)]), "{failures:?}");
}

#[test]
fn files_are_merged_by_time() {
    let folder = tempfile::tempdir().unwrap();
    // Three times as many files as are open at once.
    for part in 0..12_u64 {
        let content = log(part * 10..part * 10 + 20, "HOST");
        put(folder.path(), &format!("{:02}.evtx", 11 - part), &content);
    }
    let limits = Limits { open_files: 4, ..Limits::new(|_, _, _| true) };
    let times: Vec<_> = open(folder.path(), limits)
        .map(|record| match record.unwrap() {
            Record::Event(event) => event.time,
            Record::Other(head) => panic!("{head:?}"),
        })
        .collect();
    assert_eq!(times.len(), 240);
    assert!(times.is_sorted());
}

#[test]
fn a_thread_of_its_own_makes_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let mut content = log(0..1000, "HOST");
    content[4096 + 65_536..4096 + 65_536 + 8].fill(0);
    let path = put(folder.path(), "log.evtx", &content);
    let read = |ahead_bytes| -> Vec<String> {
        let limits = Limits { ahead_bytes, ..Limits::new(|_, _, _| true) };
        open(&path, limits)
            .map(|record| format!("{:?}", record.map_err(|error| error.kind.to_string())))
            .collect()
    };
    let expected = read(u64::MAX);
    assert!(expected.len() > 500);
    assert_eq!(read(0), expected);
    // Records that nobody takes do not keep the thread.
    let limits = Limits { ahead_bytes: 0, ..Limits::new(|_, _, _| true) };
    assert!(open(&path, limits).next().is_some());
}

#[test]
fn what_nobody_asked_for_is_only_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = put(folder.path(), "log.evtx", &log(0..10, "HOST"));
    let heads: Vec<_> = open(&path, Limits::new(|_, _, _| false))
        .map(|record| match record.unwrap() {
            Record::Other(head) => (head.record_id, head.channel.to_string(), head.computer.to_string()),
            Record::Event(event) => panic!("{event:?}"),
        })
        .collect();
    let expected: Vec<_> = (1..=10).map(|id| (Some(id), "System".to_owned(), "HOST".to_owned())).collect();
    assert_eq!(heads, expected);
}
