//! The sensor's program, run to its end, and the lines that it adds to a file.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a line may take. Wine on a loaded host is slow.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often a file that others write is read anew.
const STEP: Duration = Duration::from_millis(100);

/// The sensor's program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_svcsensor");

/// Runs the sensor with these arguments to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// Runs the sensor with these arguments, which it must do well.
pub(crate) fn done(arguments: &[&str]) -> String {
    let output = run(arguments);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}\n{error}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The file that a sensor adds lines to elsewhere.
pub(crate) struct Lines {
    path: PathBuf,
    read: usize,
}

impl Lines {
    /// The lines that come to this file from now on.
    pub(crate) fn of(path: PathBuf) -> Self {
        let read = std::fs::read(&path).map_or(0, |bytes| bytes.len());
        Self { path, read }
    }

    /// Waits until the file is there.
    pub(crate) fn wait_for_file(&self) {
        let end = Instant::now() + PATIENCE;
        while !self.path.is_file() {
            assert!(Instant::now() < end, "{} is not made", self.path.display());
            thread::sleep(STEP);
        }
    }

    /// The first line that is as wanted, of those to come.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut others = Vec::new();
        loop {
            let bytes = std::fs::read(&self.path).unwrap_or_default();
            let whole = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            while let Some(length) = bytes.get(self.read..).and_then(whole) {
                let line: Value = serde_json::from_slice(&bytes[self.read..self.read + length]).unwrap();
                self.read += length;
                if wanted(&line) {
                    return line;
                }
                others.push(line);
            }
            assert!(Instant::now() < end, "no such line, but {}", Value::from(others));
            thread::sleep(STEP);
        }
    }
}
