//! `cargo xtask lint`: format and lints, with warnings as errors.

use std::process::ExitCode;

use anyhow::Result;

use crate::cargo::cargo;
use crate::host::run;

/// Checks the format, and lints every crate.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Checks the format, and lints every crate.
pub(crate) fn lint(_args: &Args) -> Result<ExitCode> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    println!("format and lints are clean");
    Ok(ExitCode::SUCCESS)
}
