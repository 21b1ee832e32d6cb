//! How fast recorded Windows logs are read, with all findings on, and in how much memory.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use sensor_tests::evtx::{self, Record, form, mix};

use crate::spread::Spread;

/// How many records the large log has. In public comparisons of tools such a log is 256 MiB long.
const RECORDS: u64 = 513_621;
/// How many hosts sent them.
const HOSTS: u64 = 5;
/// How often each log is read.
const TIMES: usize = 3;

/// Prints how fast each form is read, the large one also by a quarter of it: the time is to grow with the length alone.
pub(crate) fn replay(path: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    for count in [RECORDS / 4, RECORDS] {
        let log = at("log.evtx");
        std::fs::write(&log, evtx::write(mix::records(count, HOSTS), 1))?;
        measure(path, &log, "EVTX", count)?;
    }
    for (form, name) in [(form::xml as Form, "event XML"), (form::json, "JSON lines")] {
        let log = at("log");
        let mut file = BufWriter::new(File::create(&log)?);
        for (record, id) in mix::records(RECORDS / 4, HOSTS).zip(1..) {
            writeln!(file, "{}", form(&record, id))?;
        }
        file.into_inner()?;
        measure(path, &log, name, RECORDS / 4)?;
    }
    Ok(())
}

/// How a record is written.
type Form = fn(&Record, u64) -> String;

fn measure(path: &Path, log: &Path, form: &str, records: u64) -> Result<()> {
    let mut wall = Vec::new();
    let (mut cpu, mut memory) = (0.0_f64, 0.0_f64);
    for _ in 0..TIMES {
        let begun = Instant::now();
        // The largest of all children is all that a process can be told: so one of its own waits for this one.
        let told = Command::new(std::env::current_exe()?).arg(READ).arg(path).arg(log).output()?;
        wall.push(begun.elapsed().as_secs_f64());
        ensure!(told.status.success(), "reading it failed: {}", String::from_utf8_lossy(&told.stderr));
        let figures = String::from_utf8_lossy(&told.stdout);
        let mut figures = figures.split_whitespace().map(str::parse::<f64>);
        let mut next = || figures.next().context("no figures").and_then(|figure| Ok(figure?));
        cpu = cpu.max(next()?);
        memory = memory.max(next()?);
    }
    let size = std::fs::metadata(log)?.len() / (1024 * 1024);
    let wall = Spread::of(wall);
    let rate = f64::from(u32::try_from(records)?) / wall.percentile(50);
    println!(
        "{form} of {records} records, {size} MiB: {wall:.2} s, {TIMES} times, at most {cpu:.2} s of processor and \
         {memory:.1} MiB; {rate:.0} records/s"
    );
    Ok(())
}

/// The argument that has this program read one log and tell what that took.
pub(crate) const READ: &str = "read-one-log";

/// Reads one log; tells seconds of processor time and MiB of memory.
pub(crate) fn read_one(arguments: &[PathBuf]) -> Result<()> {
    let [program, log] = arguments else { anyhow::bail!("name the sensor's program and a log") };
    let status = Command::new(program)
        .args(["replay", "--format", "json"])
        .arg(log)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "it ended with {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let microseconds = (usage.user_time() + usage.system_time()).num_microseconds();
    let seconds = f64::from(u32::try_from(microseconds)?) / 1e6;
    println!("{seconds} {}", f64::from(u32::try_from(usage.max_rss())?) / 1024.0);
    Ok(())
}
