//! `cargo xtask windows-test`: builds, lints and tests for Windows, and runs the result in Wine.

mod compiler;
mod signed;
mod stand_in;
mod wine;

use std::ffi::OsStr;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;

use crate::host::run as run_quietly;
use crate::outcome::{Outcome, Tally};
use crate::test::report;
use compiler::Compiler;
use wine::Wine;

/// What is built for: Windows on x86-64, with the GNU tools that other systems have.
const TARGET: &str = "x86_64-pc-windows-gnu";

/// Builds, lints and tests svcsensor for Windows, and runs the tests in Wine; finds or installs what it takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only tests whose names contain this text.
    filter: Option<String>,
    /// Leave out the lints.
    #[arg(long)]
    no_lint: bool,
}

/// Does what the arguments ask for.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let started = Instant::now();
    let tally = play(args)?;
    report("Windows", tally, started);
    Ok(if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Everything, as a part of all tests.
pub(crate) fn test() -> Result<Tally> {
    play(&Args { filter: None, no_lint: false })
}

fn play(args: &Args) -> Result<Tally> {
    let compiler = Compiler::find_or_install()?;
    println!("compiler for Windows: {compiler}");
    if !args.no_lint {
        run_quietly(compiler.clippy().args([
            "--package",
            "svcsensor",
            "--all-targets",
            "--",
            "--deny",
            "warnings",
        ]))?;
    }
    let wine = Wine::open()?;
    let outcome = play_in(&wine, &compiler, args.filter.as_slice())?;
    outcome.tell();
    let mut tally = outcome.tally();
    let failures = outcome.failures();
    if !failures.is_empty() && Wine::has_faulted(&outcome.errors) {
        println!("a program in Wine had a fault: a second try of {}", failures.join(", "));
        wine.end()?;
        let again = play_in(&wine, &compiler, &[&["--exact"], failures.as_slice()].concat())?;
        again.tell();
        tally.amend(again.tally());
    }
    wine.end()?;
    Ok(tally)
}

/// Plays the tests that these arguments of the runner ask for.
fn play_in<T: AsRef<OsStr>>(wine: &Wine, compiler: &Compiler, which: &[T]) -> Result<Outcome> {
    let mut command = compiler.cargo("test");
    wine.serve(&mut command);
    // The tests of the library and of a running sensor: the others look at the same portable code as on Linux.
    command.args(["--package", "svcsensor", "--lib", "--test", "windows", "--quiet", "--no-fail-fast", "--"]);
    Outcome::of(command.args(which).arg("--show-output"))
}
