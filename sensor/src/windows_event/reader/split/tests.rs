//! Tests of cutting, with blocks of every size.

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Gives its bytes in pieces of `size`.
struct Pieces<'bytes> {
    bytes: &'bytes [u8],
    size: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(out.len());
        self.bytes.read(&mut out[..size])
    }
}

fn cut<C: Cutter>(text: &str, size: usize, cutter: C) -> Vec<String> {
    let mut split = Split::new(Pieces { bytes: text.as_bytes(), size }, cutter, 1 << 20);
    let mut found = Vec::new();
    while let Some(record) = split.next_with(|record| Ok(String::from_utf8_lossy(record).into_owned())) {
        found.push(record.unwrap_or_else(|error| format!("!{error}")));
    }
    found
}

#[test]
fn xml_is_cut_at_events_only() {
    let text = "<?xml version='1.0'?><Events>\n<Event xmlns='x'><EventData/></Event><Event>2</Event>\n\
                <Event>broken<Event>3</Event></Events><Event>cut";
    let expected = [
        "<Event xmlns='x'><EventData/></Event>",
        "<Event>2</Event>",
        "!a record is damaged: an Event element has no end",
        "<Event>3</Event>",
        "!a record is damaged: the last Event element has no end",
    ];
    for size in [1, 2, 3, 7, 64, 4096] {
        assert_eq!(cut(text, size, XmlCutter::default()), expected, "pieces of {size}");
    }
}

#[test]
fn json_is_cut_in_every_layout() {
    for (text, expected) in [
        ("{\"a\":1}\n{\"b\":{}}\n", vec!["{\"a\":1}", "{\"b\":{}}"]),
        ("[{\"a\":1},\n {\"b\":2}]", vec!["{\"a\":1}", "{\"b\":2}"]),
        ("{\n  \"a\": [\n    1\n  ]\n}\n{\"b\":2}", vec!["{\n  \"a\": [\n    1\n  ]\n}", "{\"b\":2}"]),
        ("{\"a\":\"}{\\\"\"}", vec!["{\"a\":\"}{\\\"\"}"]),
        ("{\"a\":{\"b\":1\n{\"c\":2}", vec!["!a record is damaged: an object has no end", "{\"c\":2}"]),
        (
            "{\"a\":\"cut\n{\"c\":2}",
            vec!["!a record is damaged: a string has no end on its line", "{\"c\":2}"],
        ),
        ("{\"a\":1}\n{\"cut\":", vec!["{\"a\":1}", "!a record is damaged: the last object has no end"]),
        ("noise\n{\"a\":1}", vec!["!5 bytes belong to no record", "{\"a\":1}"]),
        ("\u{feff}{\"a\":1}", vec!["{\"a\":1}"]),
        ("Record 1\n{\"a\":1}\nRecord 2\n{\"b\":2}", vec!["{\"a\":1}", "{\"b\":2}"]),
        (
            "<134>1 2024-05-06T07:08:09Z HOST1 X - - - {\"a\":1}\n<14>May  6 07:08:09 HOST1 {\"b\":2}\n",
            vec!["{\"a\":1}", "{\"b\":2}"],
        ),
        ("", vec![]),
    ] {
        for size in [1, 7, 1024] {
            assert_eq!(cut(text, size, JsonCutter::default()), expected, "{text:?} in pieces of {size}");
        }
    }
    let text = "{\"a\":\"\\\\\"}\n{\"b\":{\n \"c\": 1}}";
    for size in 1..text.len() {
        assert_eq!(
            cut(text, size, JsonCutter::default()),
            ["{\"a\":\"\\\\\"}", "{\"b\":{\n \"c\": 1}}"],
            "pieces of {size}"
        );
    }
}

#[test]
fn the_records_of_an_export_are_cut_out_of_what_is_around_them() {
    let records = vec!["{\"a\":1}", "{\"b\":[{}]}"];
    for (text, expected) in [
        ("{\"events\":[{\"a\":1},{\"b\":[{}]}]}", records.clone()),
        ("{\n  \"expected\": [\n    {\"a\":1},\n    {\"b\":[{}]}\n  ]\n}\n", records.clone()),
        (
            "{\"took\":3,\"_shards\":{\"failed\":0},\"hits\":{\"total\":{\"value\":2},\"hits\":[{\"a\":1},{\"b\":[{}]}]},\
             \"aggregations\":{\"x\\\\\\\"\":[{\"c\":[{}]}]}}",
            records.clone(),
        ),
        // An empty list that bears the name of another tool's.
        (
            "{\"messages\":[],\"fields\":[{\"name\":\"_raw\"}],\"results\":[{\"a\":1},{\"b\":[{}]}],\"x\":{}}",
            records.clone(),
        ),
        // Two lists in one, several exports in a row, and records behind one.
        ("{\"value\":[{\"a\":1}],\"n\":[{}],\"results\" : [ {\"b\":[{}]}],\"Count\":2}", records.clone()),
        ("{\"events\":[{\"a\":1}]}\n{\"events\":[{\"b\":[{}]}]}", records.clone()),
        ("{\"Events\":{\"@x\":\"\",\"Event\":[{\"a\":1}]}}\n{\"b\":[{}]}", records.clone()),
        // Cut off behind its records, and within one.
        ("{\"hits\":{\"hits\":[{\"a\":1}],\"cut\n{\"b\":[{}]}", records.clone()),
        (
            "{\"events\":[{\"a\":1},{\"cut\":\n{\"b\":[{}]}]}",
            vec!["{\"a\":1}", "!a record is damaged: an object has no end", "{\"b\":[{}]}"],
        ),
        (
            "{\"events\":[{\"a\":1},{\"cut",
            vec!["{\"a\":1}", "!a record is damaged: the last object has no end"],
        ),
        // Lists of other names, of others than objects, and those of events.
        ("{\"tags\":[{\"a\":1}]}", vec!["{\"tags\":[{\"a\":1}]}"]),
        ("{\"events\":[1]}", vec!["{\"events\":[1]}"]),
        ("{\"a\":{\"events\":[{}]}}", vec!["{\"a\":{\"events\":[{}]}}"]),
        ("{\"EventID\":1,\"events\":[{}]}", vec!["{\"EventID\":1,\"events\":[{}]}"]),
    ] {
        for size in [1, 2, 3, 5, 1024] {
            assert_eq!(cut(text, size, JsonCutter::default()), expected, "{text:?} in pieces of {size}");
        }
    }
}

#[test]
fn failures_tell_where_they_are_and_junk_is_told_once() {
    let noise = "noise ".repeat(40_000);
    let text = format!("{{\"a\":1}}\n{noise}\n{{\"b\":1}}\n{{\"cut\":\n{{\"c\":1}}\n  tail");
    for size in [100, 1 << 20] {
        let pieces = Pieces { bytes: text.as_bytes(), size };
        let mut split = Split::new(pieces, JsonCutter::default(), 1 << 20);
        let mut told = Vec::new();
        while let Some(record) = split.next_with(|record| Ok(record.len())) {
            if let Err(error) = record {
                told.push((split.failed_at(), error.to_string()));
            }
        }
        let at = |part: &str| u64::try_from(text.find(part).unwrap()).unwrap();
        assert_eq!(
            told,
            [
                (at("noise"), "200000 bytes belong to no record".to_owned()),
                (at("{\"cut"), "a record is damaged: an object has no end".to_owned()),
                (at("tail"), "4 bytes belong to no record".to_owned()),
            ]
        );
    }
}

#[test]
fn a_record_above_the_limit_is_left_out_and_told() {
    let text = format!("{{\"a\":\"{}\"}}\n{{\"b\":1}}", "x".repeat(300_000));
    let mut split = Split::new(text.as_bytes(), JsonCutter::default(), 100_000);
    let mut results = Vec::new();
    while let Some(record) = split.next_with(|record| Ok(record.len())) {
        results.push(record);
    }
    assert!(matches!(results.first(), Some(Err(ReadErrorKind::TooLarge { limit: 100_000 }))));
    assert!(matches!(results.last(), Some(Ok(7))), "{results:?}");
}

proptest! {
    #[test]
    fn any_text_is_cut_to_its_end(text in "([<>/Eventa{}\\[\\]\"\\\\\n ,]|[{]\"events\":\\[){0,200}", size in 1_usize..40) {
        let records = cut(&text, size, JsonCutter::default()).len() + cut(&text, size, XmlCutter::default()).len();
        prop_assert!(records <= text.len());
    }
}
