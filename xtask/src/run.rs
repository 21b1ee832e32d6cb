//! `cargo xtask run`: the main job on this host.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::build;
use crate::host::as_root;

/// Builds the sensor and runs it on this host, as root.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments for `svcsensor run`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Builds the sensor and runs it until it ends.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    build::build(&build::Args::release())?;
    let binary = build::target_folder()?.join("release/svcsensor");
    eprintln!("running {} run; Ctrl-C ends it", binary.display());
    let status = as_root(&binary.display().to_string())
        .arg("run")
        .args(&args.arguments)
        .status()
        .with_context(|| format!("starting {}", binary.display()))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
