//! What the sensor itself takes: from a change to its line, to start, and in memory.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use crate::spread::Spread;

/// Where units are written. Not below /run: that folder's being there says that systemd runs (`sd_booted(3)`).
const UNITS: &str = "/etc/systemd/system";
/// How long a line may take before the measurement is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A sensor that runs, and its lines with the moment at which each was read.
pub(crate) struct Sensor {
    child: Child,
    lines: Receiver<(Instant, String)>,
}

impl Sensor {
    /// Starts it and waits until it watches.
    pub(crate) fn start(path: &Path, arguments: &[&str]) -> Result<(Self, Duration)> {
        let begun = Instant::now();
        let mut child = Command::new(path)
            .args(["run", "--format", "json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", path.display()))?;
        let out = BufReader::new(child.stdout.take().context("the sensor has no output")?);
        let (tell, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if tell.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        });
        let sensor = Self { child, lines };
        let started = sensor.wait_for("\"type\":\"started\"")?;
        Ok((sensor, started.duration_since(begun)))
    }

    /// When the first line with `text` was read.
    fn wait_for(&self, text: &str) -> Result<Instant> {
        loop {
            let (moment, line) =
                self.lines.recv_timeout(PATIENCE).with_context(|| format!("waiting for {text}"))?;
            if line.contains(text) {
                return Ok(moment);
            }
        }
    }

    /// A figure of /proc/PID/status in MiB, such as `VmHWM`.
    fn memory(&self, name: &str) -> Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
        Ok(kibibytes.with_context(|| format!("no {name}"))? / 1024.0)
    }
}

impl Drop for Sensor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Units of ours, which are removed at the end.
struct Units(String);

impl Units {
    fn path(&self, number: usize) -> String {
        format!("{UNITS}/{}-{number}.service", self.0)
    }

    fn write(&self, number: usize) -> Result<()> {
        let path = self.path(number);
        fs::write(&path, format!("[Unit]\nDescription={number}\n[Service]\nExecStart=/bin/true {number}\n"))
            .with_context(|| format!("writing {path}"))
    }
}

impl Drop for Units {
    fn drop(&mut self) {
        for entry in fs::read_dir(UNITS).into_iter().flatten().filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(&format!("{}-", self.0)) {
                let _gone = fs::remove_file(entry.path());
            }
        }
    }
}

/// From the end of a write to the moment at which its line is read from the pipe.
pub(crate) fn latency(path: &Path) -> Result<()> {
    const TIMES: usize = 500;
    let (sensor, _) = Sensor::start(path, &[])?;
    let units = Units("svcsensor-bench-latency".into());
    let mut latencies = Vec::new();
    for number in 0..TIMES {
        units.write(number)?;
        let written = Instant::now();
        let told = sensor.wait_for(&format!("{}-{number}.service", units.0))?;
        latencies.push(told.saturating_duration_since(written));
    }
    let spread = Spread::of_durations(latencies);
    println!(
        "write to line: p50 {:.0} us, p99 {:.0} us, most {:.0} us, {TIMES} times",
        spread.percentile(50),
        spread.percentile(99),
        spread.percentile(100)
    );
    println!(
        "resident memory on this host: {:.1} MiB, at most {:.1} MiB",
        sensor.memory("VmRSS")?,
        sensor.memory("VmHWM")?
    );
    Ok(())
}

/// How many changes a second are told, none missing.
pub(crate) fn throughput(path: &Path) -> Result<()> {
    const UNITS_WRITTEN: usize = 10_000;
    let (sensor, _) = Sensor::start(path, &[])?;
    let units = Units("svcsensor-bench-throughput".into());
    let begun = Instant::now();
    for number in 0..UNITS_WRITTEN {
        units.write(number)?;
    }
    let written = begun.elapsed();
    let mut told = 0;
    let mut last = begun;
    while told < UNITS_WRITTEN {
        let (moment, line) = sensor.lines.recv_timeout(PATIENCE).context("waiting for the rest")?;
        ensure!(!line.contains("\"type\":\"loss\""), "lost: {line}");
        told += usize::from(line.contains("\"action\":\"created\""));
        last = moment;
    }
    let seconds = last.duration_since(begun).as_secs_f64();
    println!(
        "a burst of {UNITS_WRITTEN} units, written in {:.2} s: {:.0} events/s, none lost, at most {:.1} MiB resident",
        written.as_secs_f64(),
        f64::from(u32::try_from(told)?) / seconds,
        sensor.memory("VmHWM")?
    );
    Ok(())
}

/// Start-up with so many units besides those of this host.
pub(crate) fn start_up(path: &Path, units: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for number in 0..units {
        let text = format!("[Unit]\nDescription=Unit {number}\n[Service]\nExecStart=/bin/true {number}\n");
        fs::write(folder.path().join(format!("bench-{number}.service")), text)?;
    }
    let config = tempfile::NamedTempFile::new()?;
    fs::write(
        config.path(),
        format!("[linux]\nextra_unit_directories = [{:?}]\n", folder.path().display().to_string()),
    )?;
    let config = config.path().display().to_string();
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..5 {
        let (sensor, time) = Sensor::start(path, &["--config", &config])?;
        memory = sensor.memory("VmHWM")?;
        times.push(time);
    }
    let spread = Spread::of(times.iter().map(|time| time.as_secs_f64() * 1e3));
    println!("start-up with {units} units more: {spread:.0} ms, 5 times, at most {memory:.1} MiB resident");
    Ok(())
}
