//! `cargo xtask bench`: measures the sensor on this host.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::build;
use crate::cargo::cargo;
use crate::host::{as_root, run};

/// Builds the sensor as it is installed, and measures latency, throughput, start-up, memory and what it costs others.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Measures; needs root, since the sensor does.
pub(crate) fn bench(_args: &Args) -> Result<ExitCode> {
    build::build(&build::Args::release())?;
    run(cargo().args(["build", "--quiet", "--release", "--package", "sensor-tests", "--bin", "bench"]))?;
    let release = build::target_folder()?.join("release");
    let bench = release.join("bench");
    let status = as_root(&bench.display().to_string())
        .arg(release.join("svcsensor"))
        .status()
        .with_context(|| format!("starting {}", bench.display()))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
