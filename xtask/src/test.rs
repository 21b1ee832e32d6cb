//! `cargo xtask test`: every layer of tests, quiet on success, with the failing part in full.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::cargo::cargo;
use crate::{build, vm, windows};

/// Builds everything and runs every test.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out the virtual machines.
    #[arg(long)]
    no_vm: bool,
    /// Leave out Windows.
    #[arg(long)]
    no_windows: bool,
}

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
    /// Those that could not run here and said why.
    pub(crate) skipped: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Runs every layer of tests; the last line is the tally.
pub(crate) fn test(args: &Args) -> Result<ExitCode> {
    let mut tally = Tally::default();
    let started = Instant::now();
    build::build(&build::Args::default())?;
    tally.add(workspace_tests()?);
    report("unit, property, golden, detection, command-line and host tests", tally, started);
    if args.no_windows {
        println!("Windows: left out");
    } else {
        let started = Instant::now();
        let windows = windows::test()?;
        report("lints, unit tests and a real Service Control Manager for Windows, in Wine", windows, started);
        tally.add(windows);
    }
    if args.no_vm {
        println!("virtual machines: left out");
    } else {
        let started = Instant::now();
        let machines = vm::test::core()?.tally();
        report("core scenarios in virtual machines", machines, started);
        tally.add(machines);
    }
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
    Ok(if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

pub(crate) fn report(name: &str, tally: Tally, started: Instant) {
    let Tally { passed, failed, skipped } = tally;
    println!(
        "{name}: {passed} passed, {failed} failed, {skipped} skipped in {} s",
        started.elapsed().as_secs()
    );
}

/// The tests of all crates, by cargo's own runner.
fn workspace_tests() -> Result<Tally> {
    cargo_tests(cargo().args(["test", "--workspace", "--quiet", "--no-fail-fast", "--", "--show-output"]))
}

/// Runs tests by cargo's own runner: quiet on success but for what was skipped, else with all that it says.
pub(crate) fn cargo_tests(command: &mut Command) -> Result<Tally> {
    let output = command.stdin(Stdio::null()).output().context("starting cargo test")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut tally = tally(&text);
    if output.status.success() {
        for skip in text.lines().filter(|line| line.starts_with("skipped:")) {
            println!("{skip}");
        }
    } else {
        println!("{text}{}", String::from_utf8_lossy(&output.stderr));
        // A crate that does not compile, or a test that ends the runner, has no line of its own.
        tally.failed = tally.failed.max(1);
    }
    Ok(tally)
}

/// Adds up cargo's lines of results; a test that says `skipped:` counts as such and not as passed.
fn tally(text: &str) -> Tally {
    let mut tally = Tally::default();
    for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        let count = |what: &str| -> u64 {
            line.split([';', '.'])
                .filter_map(|part| part.trim().strip_suffix(what))
                .find_map(|number| number.trim().parse().ok())
                .unwrap_or(0)
        };
        tally.passed += count("passed");
        tally.failed += count("failed");
        tally.skipped += count("ignored");
    }
    let skipped = text.lines().filter(|line| line.starts_with("skipped:")).count() as u64;
    tally.passed = tally.passed.saturating_sub(skipped);
    tally.skipped += skipped;
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_what_cargo_says() {
        let text = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.02s\n\
            ---- a stdout ----\nskipped: no fanotify\n\
            test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.02s\n";
        assert_eq!(tally(text), Tally { passed: 6, failed: 2, skipped: 2 });
        assert_eq!(tally("error: could not compile"), Tally::default());
    }
}
