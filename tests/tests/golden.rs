//! Golden recordings: what reached the sensor then gives the same lines today.
//!
//! With `UPDATE_GOLDEN=1` the expected lines are written anew; their difference is reviewed like code.

#![expect(clippy::expect_used, reason = "a test stops at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};

use svcsensor::detect::{Detector, Options};
use svcsensor::output::encode::json::JsonEncoder;
use svcsensor::output::redact::{Key, Redactor};
use svcsensor::pipeline::{Encoder, Pipeline, WayOut};
use svcsensor::recording::Reader;

/// The ending of a recording's name; its lines have the other one.
const RECORDING: &str = ".recording.jsonl";
const LINES: &str = ".lines.jsonl";

/// The lines that a recording gives.
fn replay(recording: &[u8]) -> String {
    let detector = Detector::new(Options::default()).expect("the defaults make sense");
    let redactor = Some(Redactor::new(Key::from_bytes([0; 32]), Vec::new()));
    let mut pipeline =
        Pipeline::new(WayOut { detector, redactor, encoder: Encoder::Json(JsonEncoder::new(None)) });
    let mut reader = Reader::new(recording);
    let (mut errors, mut lines) = (Vec::new(), Vec::new());
    while let Some((input, mut answers)) = reader.read(&mut errors) {
        pipeline.feed(input, &mut answers, &mut lines);
        assert_eq!(answers.unanswered(), 0, "a question was not answered when this was recorded");
    }
    assert!(errors.is_empty(), "{errors:?}");
    String::from_utf8(lines).expect("JSON is text")
}

fn recordings() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let entries = fs::read_dir(&folder).expect("the folder of recordings");
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(RECORDING));
    paths.sort();
    paths
}

#[test]
fn recordings_give_their_lines() {
    let recordings = recordings();
    assert!(!recordings.is_empty());
    for path in recordings {
        let told = replay(&fs::read(&path).unwrap());
        let golden = PathBuf::from(path.to_string_lossy().replace(RECORDING, LINES));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &told).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (number, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
            assert_eq!(told, expected, "line {} of {}", number + 1, golden.display());
        }
        assert_eq!(told.lines().count(), expected.lines().count(), "{}", golden.display());
    }
}

#[test]
fn a_damaged_recording_is_told_and_never_panics() {
    for path in recordings() {
        let whole = fs::read(&path).unwrap();
        // Cut off, and with a byte of each stretch changed.
        for stretch in 0..64 {
            let at = whole.len() * stretch / 64;
            let mut damaged = whole.clone();
            damaged[at] ^= 0x11;
            for text in [&whole[..at], &damaged] {
                let (mut errors, mut lines) = (Vec::new(), Vec::new());
                let detector = Detector::new(Options::default()).unwrap();
                let encoder = Encoder::Json(JsonEncoder::new(None));
                let mut pipeline = Pipeline::new(WayOut { detector, redactor: None, encoder });
                let mut reader = Reader::new(text);
                while let Some((input, mut answers)) = reader.read(&mut errors) {
                    pipeline.feed(input, &mut answers, &mut lines);
                }
            }
        }
    }
}
