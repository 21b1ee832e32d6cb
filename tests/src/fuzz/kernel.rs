//! What the kernel hands over, and recordings of it.

use svcsensor::decode::kernel::{self, Clock, DecodeError, Directories};
use svcsensor::engine::{Engine, Input};
use svcsensor::linux::fanotify::Notices;
use svcsensor::model::Timestamp;
use svcsensor::recording::Reader;

use super::host::{self, Tree};
use super::lines;

/// The most inputs of one recording that are replayed.
const MOST_INPUTS: usize = 256;

/// A record of the kernel programs, taken in by the engine; the directory that it names is watched.
pub fn kernel_record(data: &[u8]) {
    let watched = match kernel::decode(data, Clock::default(), &Directories::new()) {
        Err(DecodeError::Watch { device, inode }) => Some((device, inode)),
        Ok(_) | Err(_) => None,
    };
    let watch = watched.map(|key| Input::Watch(key, Some("/etc/systemd/system".into())));
    let inputs = std::iter::once(Input::Start(Box::new(host::start())))
        .chain(watch)
        .chain([Input::Kernel(data.to_vec()), Input::Stop(Timestamp(i64::MAX), String::new(), Vec::new())]);
    let mut tree = Tree::default();
    tree.files.insert("/etc/systemd/system/a.service".into(), host::regular(b"[Service]\nExecStart=/x\n"));
    lines::tell_inputs(inputs, &mut tree);
}

/// A buffer that fanotify's read(2) filled.
pub fn fanotify_events(data: &[u8]) {
    let mut failed = false;
    for notice in Notices::new(data) {
        assert!(!failed || data.len() > 24, "events go on after the end");
        failed = notice.is_err();
    }
    // Each event takes at least its 24 bytes, but for the last, which may be cut off.
    assert!(Notices::new(data).count() <= data.len() / 24 + 1, "there are more events than room for them");
}

/// A recording, replayed twice: both tell the same.
pub fn recording(data: &[u8]) {
    assert!(replay(data) == replay(data), "two replays differ");
}

fn replay(data: &[u8]) -> Vec<u8> {
    let (mut engine, mut told, mut errors) = (Engine::new(), Vec::new(), Vec::new());
    let mut reader = Reader::new(data);
    for _ in 0..MOST_INPUTS {
        let Some((input, mut answers)) = reader.read(&mut errors) else { break };
        engine.feed(input, &mut answers, &mut told);
    }
    // A finding rests on what was told before: the detector is not asked, so that both have the same past.
    let mut out = Vec::new();
    for line in &told {
        svcsensor::output::encode::json::JsonEncoder::new(None).encode(line, &mut out);
    }
    lines::tell(told);
    out
}
