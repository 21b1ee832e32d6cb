//! The logs of the Event Log's stand-in, and a sensor that reads them. `wevtapi/stand_in.h` tells what the stand-in does.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use svcsensor::windows::folder;
use tempfile::TempDir;

use crate::place::stand_in;
use crate::program::{PATIENCE, PROGRAM};
use crate::record::Record;
use crate::sensor::Sensor;

/// The logs that the sensor reads.
const CHANNELS: [&str; 2] = ["System", "Security"];
/// How often a file that others write is read anew.
const STEP: Duration = Duration::from_millis(50);

/// The stand-in of the Event Log.
const STAND_IN: &str = "wevtapi.dll";

/// Why there is no stand-in.
pub(crate) fn missing_stand_in() -> Option<&'static str> {
    stand_in(STAND_IN)
        .is_none()
        .then_some("the stand-in of the Event Log is needed, which only `cargo xtask windows-test` builds")
}

/// Logs that a test writes, with a copy of the sensor that reads them, which has no state yet.
pub(crate) struct Logs {
    folder: TempDir,
    /// The lines of each log.
    lines: RefCell<HashMap<&'static str, Log>>,
}

/// A log that nobody can read.
pub(crate) struct Hidden {
    path: PathBuf,
    kept: PathBuf,
}

/// A log.
#[derive(Default)]
struct Log {
    /// The number of the last record.
    last: u64,
    lines: Vec<String>,
}

impl Logs {
    /// Empty logs. What earlier runs have kept of how far they read is forgotten.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let beside = |name: &str| folder.path().join(name);
        // It is large.
        if fs::hard_link(PROGRAM, beside("svcsensor.exe")).is_err() {
            fs::copy(PROGRAM, beside("svcsensor.exe")).unwrap();
        }
        // A library beside the program goes before the system's own.
        fs::copy(stand_in(STAND_IN).unwrap(), beside(STAND_IN)).unwrap();
        fs::create_dir(beside("logs")).unwrap();
        forget();
        let logs = Self { folder, lines: RefCell::default() };
        for channel in CHANNELS {
            logs.change(channel, |_| {});
        }
        logs
    }

    /// The program that reads these logs.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(self.folder.path().join("svcsensor.exe"));
        command.env("SVCSENSOR_TEST_LOGS", self.folder());
        command
    }

    /// Starts a sensor that reads these logs.
    pub(crate) fn sensor(&self) -> Sensor {
        Sensor::start_as(self.program())
    }

    /// Logs these records, each in its log.
    pub(crate) fn add(&self, records: &[Record]) {
        for channel in CHANNELS {
            let records: Vec<_> = records.iter().filter(|record| record.channel() == channel).collect();
            if !records.is_empty() {
                self.change(channel, |log| log.extend(records));
            }
        }
    }

    /// Logs as many other records as overwrite all that is there but for these, the last.
    pub(crate) fn overwrite(&self, records: &[Record]) {
        let channel = records.first().unwrap().channel();
        self.change(channel, |log| {
            log.lines.clear();
            log.last += 1000;
            log.extend(records);
        });
    }

    /// Clears the System log, which logs that first.
    pub(crate) fn clear(&self) {
        self.change("System", |log| {
            log.lines.clear();
            log.extend([&Record::cleared()]);
        });
    }

    /// Takes a log away until what this gives is dropped, as the Event Log does that has not started yet.
    pub(crate) fn hide(&self, channel: &str) -> Hidden {
        let path = self.folder().join(format!("{channel}.log"));
        let hidden = Hidden { kept: path.with_extension("kept"), path };
        replace(&hidden.path, &hidden.kept);
        hidden
    }

    /// Sets a channel up: whether it is on, its largest size in bytes, and whether it keeps the oldest.
    pub(crate) fn configure(&self, channel: &str, on: bool, most_bytes: u64, keeps_oldest: bool) {
        let text = format!("{} {most_bytes} {}", u8::from(on), u8::from(keeps_oldest));
        fs::write(self.folder().join(format!("{channel}.config")), text).unwrap();
    }

    /// The queries by which a log was subscribed to.
    pub(crate) fn queries(&self, channel: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder().join(format!("{channel}.queries"))).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// Waits until it is kept that the log was read up to its last record.
    pub(crate) fn wait_until_kept(&self, channel: &str) {
        let last = self.lines.borrow()[channel].last;
        let end = Instant::now() + PATIENCE;
        loop {
            let kept = fs::read_to_string(bookmarks()).unwrap_or_default();
            if kept.contains(&format!("Channel='{channel}' RecordId='{last}'")) {
                return;
            }
            assert!(Instant::now() < end, "record {last} of {channel} is not kept: {kept}");
            thread::sleep(STEP);
        }
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().join("logs")
    }

    /// Changes a log in one step, so that the sensor sees it before or after that.
    fn change(&self, channel: &'static str, change: impl FnOnce(&mut Log)) {
        let mut logs = self.lines.borrow_mut();
        let log = logs.entry(channel).or_default();
        change(log);
        let (path, new) = (self.folder().join(format!("{channel}.log")), self.folder().join("new"));
        fs::write(&new, log.lines.concat()).unwrap();
        replace(&new, &path);
    }
}

impl Log {
    fn extend<'a>(&mut self, records: impl IntoIterator<Item = &'a Record>) {
        for record in records {
            self.last += 1;
            self.lines.push(record.line(self.last));
        }
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        replace(&self.kept, &self.path);
    }
}

impl Drop for Logs {
    fn drop(&mut self) {
        forget();
        let misuse = fs::read_to_string(self.folder().join("misuse.txt")).unwrap_or_default();
        assert!(
            misuse.is_empty() || thread::panicking(),
            "the Event Log was called as it must not be: {misuse}"
        );
    }
}

/// Where it is kept how far logs were read.
fn bookmarks() -> PathBuf {
    folder::state().unwrap().join("bookmarks.json")
}

fn forget() {
    // Most often there is none.
    drop(fs::remove_file(bookmarks()));
}

/// Puts a file in the place of one that others may have open for a moment.
fn replace(new: &Path, path: &Path) {
    let end = Instant::now() + PATIENCE;
    while let Err(error) = fs::rename(new, path) {
        assert!(Instant::now() < end, "{}: {error}", path.display());
        thread::sleep(STEP);
    }
}
