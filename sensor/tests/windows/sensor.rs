//! A running sensor, and the lines that it tells.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::program::{PATIENCE, PROGRAM};

/// Whether a line is an event of this service with this action.
pub(crate) fn is_event(line: &Value, service: &str, action: &str) -> bool {
    line["type"] == "event" && line["service"]["name"] == service && line["action"] == action
}

/// What a change of this setting was before and after, in an event.
pub(crate) fn change<'a>(event: &'a Value, setting: &str) -> Option<(&'a Value, &'a Value)> {
    let changes = event["changes"].as_array()?;
    let change = changes.iter().find(|change| change["setting"] == setting)?;
    Some((&change["before"][0], &change["after"][0]))
}

/// A sensor that runs in this process's console.
pub(crate) struct Sensor {
    child: Child,
    lines: Receiver<String>,
    /// Its first line.
    pub(crate) started: Value,
}

impl Sensor {
    /// Starts one and waits until it watches.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["run", "--format", "json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                if line.is_err() || line.is_ok_and(|line| sender.send(line).is_err()) {
                    break;
                }
            }
        });
        let mut sensor = Self { child, lines, started: Value::Null };
        sensor.started = sensor.until(|line| line["type"] == "started");
        sensor
    }

    /// The first line that is as wanted, of those to come.
    pub(crate) fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        let mut others = Vec::new();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line: Value = serde_json::from_str(&line).unwrap();
                    if wanted(&line) {
                        return line;
                    }
                    others.push(line);
                }
                Err(RecvTimeoutError::Timeout) => panic!("no such line, but {}", Value::from(others)),
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().unwrap();
                    let mut log = String::new();
                    self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
                    panic!("it ended with {status}: {log}");
                }
            }
        }
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // Both fail only where it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
