//! A running sensor, and the lines that it tells.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal};
use sensor_tests::scenario::{Pattern, Plan};
use serde_json::{Value, json};

/// How long the sensor may take to start, to tell of a marker, and to stop. Emulated processors are slow.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many of its lines are shown when it tells others than the awaited one.
const SHOWN: usize = 2;

/// How much of its log is shown when it fails.
const LOG_TAIL: u64 = 4096;

/// A sensor that runs on one plan.
pub(crate) struct Sensor {
    /// Its plan.
    pub(crate) plan: Plan,
    child: Child,
    lines: Receiver<Result<Value>>,
    log: File,
    has_failed: bool,
    started: Value,
}

impl Sensor {
    /// Starts a sensor and waits until it watches.
    pub(crate) fn start(program: &Path, plan: Plan) -> Result<Self> {
        let log = tempfile::tempfile().context("making a file for the sensor's log")?;
        let mut child = Command::new(program)
            .args(["run", "--attach", &plan.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.try_clone()?)
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let output = child.stdout.take().context("the sensor has no output")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let value = line.map_err(Into::into).and_then(|line| {
                    serde_json::from_str(&line).with_context(|| format!("the sensor told no JSON: {line}"))
                });
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        let mut sensor = Self { plan, child, lines, log, has_failed: false, started: Value::Null };
        sensor.started = sensor.until(&json!({"type": "started"}))?.pop().unwrap_or_default();
        Ok(sensor)
    }

    /// The sources that it could not start, and what it says that it can't see; `None` where all of them run.
    pub(crate) fn failed_sources(&self) -> Option<String> {
        let sources = self.started.get("sources").and_then(Value::as_array);
        let fails = |source: &Value| source.get("error").is_some_and(|error| !error.is_null());
        match sources {
            Some(sources) if !sources.is_empty() && !sources.iter().any(fails) => None,
            _ => Some(self.started.to_string()),
        }
    }

    /// The lines up to the first that matches a pattern, this one included.
    ///
    /// A sensor that fails once is not asked again, since what it tells later can't be put in its place, but
    /// [restarted](Self::restart).
    pub(crate) fn until(&mut self, pattern: &Value) -> Result<Vec<Value>> {
        ensure!(!self.has_failed, "the sensor has failed before");
        let lines = self.lines_until(pattern);
        if lines.is_err() {
            self.has_failed = true;
            // Fails only where it has ended by itself.
            _ = self.child.kill();
        }
        lines
    }

    /// Puts a new sensor in the place of one that has failed.
    pub(crate) fn restart(&mut self, program: &Path) -> Result<()> {
        if self.has_failed {
            *self = Self::start(program, self.plan)?;
        }
        Ok(())
    }

    fn lines_until(&mut self, pattern: &Value) -> Result<Vec<Value>> {
        let end = Instant::now() + PATIENCE;
        let pattern = Pattern::parse(pattern.clone())?;
        let mut lines = Vec::new();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let line = line?;
                    let found = pattern.matches(&line);
                    lines.push(line);
                    if found {
                        return Ok(lines);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let last = lines.iter().rev().take(SHOWN).rev().cloned().collect::<Vec<_>>();
                    bail!(
                        "the sensor told no {pattern} within {} s, but {} lines, at the end of them {:#}; its log ends \
                         with\n{}",
                        PATIENCE.as_secs(),
                        lines.len(),
                        Value::from(last),
                        self.log_tail()
                    );
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait().context("waiting for the sensor")?;
                    bail!("the sensor ended with {status}; its log ends with\n{}", self.log_tail());
                }
            }
        }
    }

    /// Stops it as the service manager does, and checks that it says its last line and ends well.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid =
            i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("the sensor has no pid")?;
        rustix::process::kill_process(pid, Signal::TERM).context("stopping the sensor")?;
        self.until(&json!({"type": "stopped"}))?;
        let status = self.child.wait().context("waiting for the sensor")?;
        if !status.success() {
            bail!("the sensor ended with {status}; its log ends with\n{}", self.log_tail());
        }
        Ok(())
    }

    fn log_tail(&mut self) -> String {
        let mut bytes = Vec::new();
        let size = self.log.metadata().map_or(0, |metadata| metadata.len());
        // A log that can't be read is shown as an empty one: the failure itself is what counts.
        _ = self.log.seek(SeekFrom::Start(size.saturating_sub(LOG_TAIL)));
        _ = self.log.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // Both fail only where it has ended and was waited for.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
