//! What the sensor costs others: the same work with and without it, in turn, so that drift of the machine cancels out.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::sensor::Sensor;
use crate::spread::Spread;

/// How many pairs of runs are made.
const PAIRS: usize = 7;

/// A kind of work, how often it is done in one run, and what does it once.
type Work<'a> = (&'static str, u32, Box<dyn Fn() -> Result<()> + 'a>);

/// Prints the ratio of each kind of work with the sensor to that without.
pub(crate) fn costs(path: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::write(at("opened"), "x")?;
    let works: [Work<'_>; 3] = [
        (
            "open and close of a file elsewhere",
            100_000,
            Box::new(|| {
                File::open(at("opened"))?;
                Ok(())
            }),
        ),
        (
            "create, rename and unlink elsewhere",
            20_000,
            Box::new(|| {
                File::create(at("one"))?;
                fs::rename(at("one"), at("two"))?;
                Ok(fs::remove_file(at("two"))?)
            }),
        ),
        (
            "fork, exec and wait",
            300,
            Box::new(|| {
                Command::new("/bin/true").status()?;
                Ok(())
            }),
        ),
    ];
    for (name, times, work) in works {
        time(times / 10, &work)?;
        let mut ratios = Vec::new();
        let mut without = Vec::new();
        for pair in 0..PAIRS {
            // Which comes first alternates.
            let bare_first = pair % 2 == 0;
            let early = if bare_first { Some(time(times, &work)?) } else { None };
            let (sensor, _) = Sensor::start(path, &[])?;
            let watched = time(times, &work)?;
            drop(sensor);
            let bare = match early {
                Some(bare) => bare,
                None => time(times, &work)?,
            };
            ratios.push(watched.as_secs_f64() / bare.as_secs_f64());
            without.push(bare / times);
        }
        println!(
            "{name}: {:.3} times as long with the sensor, {PAIRS} pairs of {times}; {:.2} us without",
            Spread::of(ratios),
            Spread::of_durations(without)
        );
    }
    Ok(())
}

fn time(times: u32, work: &dyn Fn() -> Result<()>) -> Result<Duration> {
    let begun = Instant::now();
    for _ in 0..times {
        work()?;
    }
    Ok(begun.elapsed())
}
