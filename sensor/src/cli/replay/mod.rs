//! `svcsensor replay`: what happened then, from recordings and Windows event logs.

mod logs;
mod progress;
mod recording;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use super::output::{self, Pace};
use super::settings::SettingsArgs;
use crate::output::redact::Key;

/// Reads recordings or Windows event logs, and tells what happened then.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Recordings made by `svcsensor run --record`, and Windows event logs: EVTX, event XML, JSON lines, alone, in zip
    /// or gz, or in folders. Logs are read as one, by the time of their records.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    settings: SettingsArgs,
}

/// Replays everything; the exit status is 1 when something can't be read to its end.
pub(super) fn replay(args: &Args) -> Result<ExitCode> {
    let config = args.settings.load()?;
    let writer = output::writer(&config, Pace::Replay, || {})?;
    let way_out = || output::way_out(&config, Key::of_installation(&config.redact.key_file)?);
    let (recordings, logs): (Vec<_>, Vec<_>) =
        args.files.iter().cloned().partition(|path| recording::is_one(path));
    let mut whole = true;
    for path in &recordings {
        let replayed = recording::replay(path, way_out()?, &writer);
        whole &= replayed.with_context(|| format!("replaying {}", path.display()))?;
    }
    if !logs.is_empty() {
        whole &= logs::replay(&logs, way_out()?, &writer);
    }
    let closed = writer.close(output::PATIENCE).closed;
    Ok(match (closed, whole) {
        (true, _) => ExitCode::from(super::READER_GONE),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}
