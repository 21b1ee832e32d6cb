//! What happens to everything that is concluded: it is judged, redacted and written, each line as valid JSON.

use std::cell::RefCell;

use serde_json::Value;
use svcsensor::detect::{Detector, Options};
use svcsensor::engine::{Engine, Input};
use svcsensor::host::Host;
use svcsensor::model::Line;
use svcsensor::output::encode::human::{Color, HumanEncoder};
use svcsensor::output::encode::json::JsonEncoder;
use svcsensor::output::redact::{Key, Redactor};
use svcsensor::pipeline::{Encoder, WayOut};

thread_local! {
    /// Making one takes far longer than telling a line.
    static WAY_OUT: RefCell<Option<WayOut>> = const { RefCell::new(None) };
}

fn way_out() -> Option<WayOut> {
    Some(WayOut {
        detector: Detector::new(Options::default()).ok()?,
        redactor: Some(Redactor::new(Key::from_bytes([7; 32]), Vec::new())),
        encoder: Encoder::Json(JsonEncoder::new(None)),
    })
}

/// Tells `lines`; gives what is written.
pub(super) fn tell(lines: Vec<Line>) -> Vec<u8> {
    let human = HumanEncoder::new(Color::Off);
    let mut out = Vec::new();
    for line in &lines {
        human.encode(line, &mut out);
    }
    assert!(std::str::from_utf8(&out).is_ok(), "lines for people are no text");
    out.clear();
    WAY_OUT.with_borrow_mut(|kept| {
        if kept.is_none() {
            *kept = way_out();
        }
        if let Some(way_out) = kept {
            for line in lines {
                way_out.tell(line, &mut out);
            }
        }
    });
    for line in out.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.ends_with(b"\n"), "a line has no end");
        let told = serde_json::from_slice::<Value>(line);
        assert!(
            told.is_ok_and(|told| told.is_object()),
            "a line is no JSON: {}",
            String::from_utf8_lossy(line)
        );
    }
    out
}

/// Feeds `inputs` to a new engine on `host`, and tells what it tells.
pub(super) fn tell_inputs(inputs: impl IntoIterator<Item = Input>, host: &mut dyn Host) -> Vec<u8> {
    let (mut engine, mut lines) = (Engine::new(), Vec::new());
    for input in inputs {
        engine.feed(input, host, &mut lines);
    }
    tell(lines)
}
