//! `cargo xtask test`: every layer of tests, quiet on success, with the failing part in full.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::cargo::cargo;
use crate::outcome::{Outcome, Tally};
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
    let mut command = cargo();
    command.args(["test", "--workspace", "--quiet", "--no-fail-fast", "--", "--show-output"]);
    let outcome = Outcome::of(&mut command)?;
    outcome.tell();
    Ok(outcome.tally())
}
